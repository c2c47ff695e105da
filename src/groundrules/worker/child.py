"""What a worker does before it lets the trainee's code in: its descriptors, environment and limits."""

import asyncio
import faulthandler
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType

from groundrules.worker.agent import Agent
from groundrules.worker.confinement import confine
from groundrules.worker.protocol import BROKEN, JSON, decode, forget_json

MEMORY_LIMIT = 4 * 1024**3  # bytes: a runaway list must not take the machine with it


def run_forked(order: dict[str, JSON], descriptors: list[int]) -> None:
    """Be the worker that `order` asks for, in a fresh fork; the process ends with it.

    `descriptors` are the connection to the client, where stacks are dumped on SIGUSR1, and then standard
    input, output and error.
    """
    connection, stacks, *standard = descriptors
    if not order["terminal"]:
        os.setsid()
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    for descriptor in set(standard):
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.register(signal.SIGUSR1, file=stacks, all_threads=True)
    _work(socket.socket(fileno=connection), order)


def main() -> None:
    """Be a worker in a process of its own: connect to the client and take the order from there."""
    port, secret, *preload = sys.argv[1:]
    forget_json()
    for module in preload:
        with suppress(ImportError):  # whoever needs it will say so
            import_module(module)
    connection = socket.create_connection(("127.0.0.1", int(port)))
    connection.sendall(secret.encode() + b"\n")
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    _work(connection, decode(line))


def _work(connection: socket.socket, order: dict[str, JSON]) -> None:
    folder, environment = order["folder"], order["environment"]
    assert isinstance(folder, str)
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update({name: str(value) for name, value in environment.items()})
    if hasattr(time, "tzset"):  # Windows has none
        time.tzset()  # a fork keeps the zone of its server
    os.chdir(folder)
    _limit_resources()
    temporary = order["temporary"]
    if temporary is not None:
        confine(Path(folder), Path(str(temporary)))
    sys.argv = ["uvicorn", "app.main:app"]
    sys.path.insert(0, folder)
    sys.path_hooks.insert(0, _read_sources_of(Path(folder)))
    if not order["terminal"]:
        sys.breakpointhook = _no_terminal
    try:
        asyncio.new_event_loop().run_until_complete(Agent(connection, Path(folder)).run())
    except SystemExit as error:  # in a task of its own, where nobody catches it
        os._exit(error.code if isinstance(error.code, int) else error.code is not None)
    finally:
        os._exit(BROKEN)


def _limit_resources() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))


class _SourceLoader(SourceFileLoader):
    """Compile the source that is there; a cached file may be older, or forged."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _read_sources_of(folder: Path) -> Callable[[str], FileFinder]:
    """Return a path hook that loads modules below `folder` from their sources only."""
    hook = FileFinder.path_hook((_SourceLoader, [".py"]))

    def find(path: str) -> FileFinder:
        if not Path(path).is_relative_to(folder):
            raise ImportError
        return hook(path)  # type: ignore[return-value]

    return find


def _no_terminal(*_: object, **__: object) -> None:
    raise RuntimeError("breakpoint() has no terminal here: run pytest with -s, or remove the call")


if __name__ == "__main__":
    main()
