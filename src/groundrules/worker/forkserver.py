"""The process that imports the libraries once and forks a worker for each request.

Run as `python -m groundrules.worker.forkserver FD MODULE…`: FD is a Unix socket on which orders come as
lines of JSON, each with the descriptors that the worker is to use; MODULE… are imported beforehand.
Whatever happens to a worker, the order-giver hears how it ended: `{"ended": …, "code": …}`.
"""

import importlib
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from groundrules.worker.protocol import JSON, decode, encode, forget_json

PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h


def main() -> None:
    """Serve orders until the order-giver is gone; then end all workers."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the order-giver
    _adopt_orphans()
    forget_json()
    for module in sys.argv[2:]:
        with suppress(ImportError):  # the worker that needs it will say so
            importlib.import_module(module)
    from groundrules.worker import child  # noqa: F401 - imported once, here, for all workers

    waker, wakes = os.pipe()
    for descriptor in (waker, wakes):
        os.set_blocking(descriptor, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(orders, selectors.EVENT_READ)
    selector.register(waker, selectors.EVENT_READ)
    workers: set[int] = set()
    try:
        while True:
            for key, _ in selector.select():
                if key.fileobj is orders:
                    order, descriptors = _receive(orders)
                    if order is None:
                        return
                    pid = _fork(order, descriptors, private=(orders.fileno(), waker, wakes))
                    workers.add(pid)
                    orders.sendall(encode({"started": pid}))
                else:
                    os.read(waker, 4096)
                    _report_ended(orders, workers)
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        for pid in workers:
            _end_group(pid)
            _end(pid)
            os.waitpid(pid, 0)
        _end_orphans(set())


def _receive(orders: socket.socket) -> tuple[dict[str, JSON] | None, list[int]]:
    line, descriptors = b"", []
    while not line.endswith(b"\n"):
        data, received, _, _ = socket.recv_fds(orders, 65536, 8)
        if not data:
            return None, []
        line += data
        descriptors += received
    return decode(line), descriptors


def _fork(order: dict[str, JSON], descriptors: list[int], *, private: tuple[int, ...]) -> int:
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for descriptor in private:
            os.close(descriptor)
        from groundrules.worker import child

        child.run_forked(order, descriptors)
    finally:
        os._exit(1)


def _report_ended(orders: socket.socket, workers: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in workers:
            workers.discard(pid)
            _end_group(pid)
            _end_orphans(workers)
            code = os.waitstatus_to_exitcode(status)
            orders.sendall(encode({"ended": pid, "code": code}))


def _adopt_orphans() -> None:
    """Become the parent of what workers leave behind, in sessions of their own too."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_orphans(workers: set[int]) -> None:
    """End the children of workers that are gone."""
    me = os.getpid()
    with suppress(OSError):
        children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii")
        for pid in {int(each) for each in children.split()} - workers:
            _end(pid)


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # one that has the terminal leads no group
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
    os._exit(0)  # nothing is left to tidy up, and tidying takes a tenth of a second
