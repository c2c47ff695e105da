"""A process that has imported the libraries and forks one for each order; see `processes.py`.

An order is three descriptors and a line of JSON; the replies are the number of the process, then its status.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
from importlib import import_module
from runpy import run_module, run_path

LIBRARIES = ("asyncpg", "httpx2", "pydantic", "pygments.lexers", "typer", "unittest.mock")


def serve(orders: socket.socket) -> list[str]:
    """Fork until nobody orders any more; in each fork, return the command that it has to run."""
    from _pytest.config import default_plugins

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who order
    for module in (*LIBRARIES, *(f"_pytest.{name}" for name in default_plugins)):
        import_module(module)
    gc.collect()
    gc.freeze()
    while True:
        first, streams, _, _ = socket.recv_fds(orders, 1, 3)
        if not first:
            os._exit(0)
        with orders.makefile("rb") as file:
            order = json.loads(first + file.readline())
        pid = os.fork()
        if not pid:
            orders.close()
            return become(order, streams)
        for stream in streams:
            os.close(stream)
        orders.sendall(number(pid))
        orders.sendall(number(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


def become(order: dict[str, object], streams: list[int]) -> list[str]:
    """Have what a process is started with; return its command."""
    command, cwd, environment = order["command"], order["cwd"], order["environment"]
    assert isinstance(command, list)
    assert isinstance(cwd, str)
    assert isinstance(environment, dict)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ours, theirs in enumerate(streams):
        os.dup2(theirs, ours)
        os.close(theirs)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    return command


def number(value: int) -> bytes:
    """Return a number as it is sent."""
    return value.to_bytes(4, "big", signed=True)


if __name__ == "__main__":
    program, *arguments = serve(socket.socket(fileno=int(sys.argv[1])))
    if program != sys.executable:
        sys.argv[:] = [program, *arguments]
        sys.path[0] = os.path.dirname(program)  # noqa: PTH120
        run_path(program, run_name="__main__")
    elif arguments[0] == "-m":
        sys.argv[1:] = arguments[2:]
        sys.path[0] = os.getcwd()  # noqa: PTH109
        run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = ["-c", *arguments[2:]]
        sys.path[0] = ""
        exec(arguments[1])
