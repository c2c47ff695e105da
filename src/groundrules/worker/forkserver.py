"""The process that imports the libraries once and forks a worker for each order.

Run as `python -m groundrules.worker.forkserver FD[,FD] MODULE…`: the first FD is a Unix socket on which the
owner hands over the sockets of those who may give orders, and everything ends with it; the second listens for
others, who must send the token that the owner has sent first. MODULE… are imported beforehand.
An order is a line of JSON with the descriptors that the worker is to use. Whatever happens to a worker, who
ordered it hears how it ended: `{"ended": …, "code": …}`; when the orderer is gone, its workers are ended.
"""

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Container
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path

from groundrules.worker.protocol import JSON, decode, encode, forget_json

TOKEN_LENGTH = 32
PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h


def main() -> None:
    """Serve orders until the owner is gone; then end all workers."""
    owner, *listeners = (socket.socket(fileno=int(number)) for number in sys.argv[1].split(","))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who give orders
    _adopt_orphans()
    forget_json()
    gc.disable()  # until a worker begins: what is imported here lives as long as the process
    for module in sys.argv[2:]:
        with suppress(ImportError):  # the worker that needs it will say so
            importlib.import_module(module)
    from groundrules.worker import child  # noqa: F401 - imported once, here, for all workers

    gc.freeze()  # no worker looks through it, which would also copy it
    waker, wakes = os.pipe()
    for descriptor in (waker, wakes):
        os.set_blocking(descriptor, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(owner, selectors.EVENT_READ)
    selector.register(waker, selectors.EVENT_READ)
    token = owner.recv(TOKEN_LENGTH, socket.MSG_WAITALL) if listeners else b""
    for listener in listeners:
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)
    strangers: set[socket.socket] = set()
    orderers: set[socket.socket] = set()
    workers: dict[int, socket.socket] = {}
    try:
        while True:
            for key, _ in selector.select():
                if key.fileobj is waker:
                    os.read(waker, 4096)
                    _report_ended(workers)
                elif key.fileobj is owner:
                    data, received, _, _ = socket.recv_fds(owner, 1, 1)
                    if not data:
                        return
                    orderer = socket.socket(fileno=received[0])
                    orderers.add(orderer)
                    selector.register(orderer, selectors.EVENT_READ)
                elif key.fileobj in listeners:
                    with suppress(OSError):  # it has gone again
                        stranger, _ = listeners[0].accept()
                        strangers.add(stranger)
                        selector.register(stranger, selectors.EVENT_READ)
                elif key.fileobj in strangers:
                    stranger = key.fileobj
                    strangers.discard(stranger)
                    if _knows(stranger, token):
                        orderers.add(stranger)
                    else:
                        selector.unregister(stranger)
                        stranger.close()
                else:
                    orderer = key.fileobj  # type: ignore[assignment]
                    order, descriptors = _receive(orderer)
                    if order is None:
                        selector.unregister(orderer)
                        orderers.discard(orderer)
                        orderer.close()
                        _end_all(workers, orderer)
                        continue
                    everything = [owner, *listeners, *strangers, *orderers]
                    private = (waker, wakes, *(each.fileno() for each in everything))
                    pid = _fork(order, descriptors, private=private)
                    workers[pid] = orderer
                    _tell(orderer, {"started": pid})
    finally:
        for pid in workers:
            _end_group(pid)
            _end(pid)
            os.waitpid(pid, 0)
        _end_orphans(())


def _knows(stranger: socket.socket, token: bytes) -> bool:
    """Whether what a stranger has sent by now is the token."""
    with suppress(OSError):
        sent = stranger.recv(TOKEN_LENGTH, socket.MSG_DONTWAIT)
        return compare_digest(sent, token)
    return False


def _receive(orders: socket.socket) -> tuple[dict[str, JSON] | None, list[int]]:
    line, descriptors = b"", []
    while not line.endswith(b"\n"):
        try:
            data, received, _, _ = socket.recv_fds(orders, 65536, 8)
        except ConnectionResetError:
            data = b""
        if not data:
            return None, []
        line += data
        descriptors += received
    return decode(line), descriptors


def _tell(orderer: socket.socket, what: dict[str, JSON]) -> None:
    with suppress(OSError):  # it is gone, which is seen when it is read from
        orderer.sendall(encode(what))


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

        gc.enable()
        child.run_forked(order, descriptors)
    finally:
        os._exit(1)


def _report_ended(workers: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in workers:
            orderer = workers.pop(pid)
            _end_group(pid)
            _end_orphans(workers)
            _tell(orderer, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _end_all(workers: dict[int, socket.socket], orderer: socket.socket) -> None:
    """End the workers of one who is gone; that they have ended is seen as that of any other."""
    for pid, ordered_by in workers.items():
        if ordered_by is orderer:
            _end_group(pid)
            _end(pid)


def _adopt_orphans() -> None:
    """Become the parent of what workers leave behind, in sessions of their own too."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_orphans(workers: Container[int]) -> None:
    """End the children of workers that are gone."""
    me = os.getpid()
    with suppress(OSError):
        children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii")
        for pid in map(int, children.split()):
            if pid not in workers:
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
