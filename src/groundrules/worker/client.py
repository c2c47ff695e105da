"""The deciding process's side of a worker: asking, waiting no longer than the limit, and telling why not."""

import asyncio
import os
import re
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from itertools import islice
from pathlib import Path
from select import select
from typing import TypeVar

from groundrules.worker.errors import (
    BadReply,
    Ended,
    Hung,
    Killed,
    MachineTrouble,
    Missing,
    Raised,
    WorkerError,
)
from groundrules.worker.output import Output
from groundrules.worker.protocol import (
    BROKEN,
    FRAME_LIMIT,
    JSON,
    REPLY_LIMIT,
    Frame,
    ProtocolError,
    Reply,
    encode,
    read_frame,
    read_reply,
    readable,
)
from groundrules.worker.source import Unreadable, read_source

T = TypeVar("T")

PRELOAD_LIMIT = 60.0  # seconds for the libraries to be imported, before any of the trainee's code
START_LIMIT = 8.0  # seconds for an application to be imported and to start
REQUEST_LIMIT = 5.0  # seconds for one answer
KILLED = -9  # the exit code of a process ended by SIGKILL
PATIENCE_LOST = 3.0  # the same, once a run has seen a hang; what is right may take two
SUSPENDED = 1.0  # seconds by which a wait that was not interrupted is never too long
STACKS_LIMIT = 2.0  # seconds for a worker to dump its stacks
ONCE_MORE = 1.0  # seconds for an import or a call that has hung before


class Worker:
    """One process that runs one folder's application.

    :param folder: the folder that holds the `app` package.
    :param end: ends the process at once.
    :param output: what the process prints.
    :param stacks: a descriptor to read dumped stacks from, where the system has signals.
    """

    def __init__(
        self,
        folder: Path,
        *,
        end: Callable[[], None],
        output: Output,
        stacks: int | None = None,
        patient: bool = False,
    ) -> None:
        self.folder = folder
        self.output = output
        self.pid: Future[int] = Future()
        self.exit: Future[int] = Future()  # the exit code, negative for a signal
        self._end = end
        self._stacks = None if stacks is None else os.fdopen(stacks, "rb", buffering=0)
        self._patient = patient
        self._connection: socket.socket | None = None
        self._unsent: list[bytes] = []
        self._lock = threading.Lock()
        self._next_id = secrets.randbits(48)  # nobody can reply before the request is known
        self._pending: dict[int, Future[JSON]] = {}
        self._broken: str | None = None

    def attach(self, connection: socket.socket) -> None:
        """Use `connection` from now on, for what was submitted before as well."""
        with self._lock:
            self._connection = connection
            for line in self._unsent:
                self._transmit(line)
        threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def submit(self, do: str, **parameters: JSON) -> Future[JSON]:
        """Send a request; its future holds the value or the `WorkerError` that came instead."""
        answer: Future[JSON] = Future()
        with self._lock:
            self._next_id += 1
            number = self._next_id
            self._pending[number] = answer
            line = encode({"id": number, "do": do, **parameters})
            if self._connection is None:
                self._unsent.append(line)
            else:
                self._transmit(line)
        if self.exit.done():
            self._fail_pending()
        return answer

    async def ask(self, do: str, *, limit: float, doing: str, **parameters: JSON) -> JSON:
        """Send a request and wait for its value, `limit` seconds at most.

        `doing` completes "… did not end within", as in "the import of app.main".
        Raises a `WorkerError` of the kind that fits.
        """
        return await self.wait(self.submit(do, **parameters), limit=limit, doing=doing)

    async def wait(self, answer: Future[JSON], *, limit: float, doing: str) -> JSON:
        """Wait for what was submitted, as `ask` does."""
        try:
            await _within(PRELOAD_LIMIT, self.pid)
        except TimeoutError:
            raise MachineTrouble(
                f"The worker did not start within {PRELOAD_LIMIT:.0f} s: the machine is too busy. Try again."
            ) from None
        before = self.processor_time()
        try:
            return await _within(None if self._patient else limit, answer)
        except TimeoutError:
            raise await self.diagnose(limit, doing, before) from None
        except Ended:
            raise await self.death(doing) from None
        except Raised as raised:
            raise Raised(raised.failure, doing) from None

    def processor_time(self) -> float | None:
        """Return how many seconds of processor time the process has had, where that can be known."""
        try:
            stat = Path(f"/proc/{self.pid.result(0)}/stat").read_text(encoding="utf-8")
        except (OSError, TimeoutError, WorkerError):
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def diagnose(self, limit: float, doing: str, before: float | None) -> WorkerError:
        """Find out why there is no answer, end the worker, and return the error that says so.

        `before` is the processor time at the beginning of the wait.
        """
        if self.exit.done():
            return await self.death(doing)
        now = self.processor_time()
        used = None if before is None or now is None else now - before
        try:
            waiting = await self._lines("waiting")
        except Ended:
            return await self.death(doing)
        running, importing = ((), ()) if waiting else await self._stack()
        frames = waiting or running
        self.kill()
        await self._wait_for_exit()
        unanswered = f"{doing} did not end within {limit:g} s"
        if waiting or (frames and used is not None and used < limit / 20):  # a loop has its share
            return Hung(f"{unanswered}: it is waiting at this line.", frames, importing)
        if frames:
            doubt = "it is still at this line" if used is None else "this line is still running"
            return Hung(f"{unanswered}: {doubt}.", frames, importing)
        if waiting is None and used is not None and used < limit / 4:
            return MachineTrouble(
                f"{unanswered}, but had only {used:.1f} s of processor time: "
                "the machine is too busy. Try again."
            )
        return Hung(f"{unanswered}.")

    async def refusal(self, doing: str) -> WorkerError:
        """Return the error that says why a connection was closed instead of an answer."""
        if await self._wait_for_exit(0.5) is not None:
            return await self.death(doing)
        return WorkerError(f"{doing} closed the connection without a complete response.")

    async def death(self, doing: str) -> WorkerError:
        """Return the error that says how the worker ended."""
        if self._broken is None:
            await self._wait_for_exit(0.5)  # it may be about to end by itself
        alone = self.exit.done()
        self.kill()
        ended = await self._wait_for_exit()
        if self._broken is not None:
            return BadReply(
                f"{doing} sent something that is not a reply ({self._broken}): the code writes "
                "to the worker's own connection, or has patched the libraries that it is built "
                "on."
            )
        if ended == BROKEN:
            return Ended(
                f"{doing} broke the worker's event loop or connection. Closing file descriptors "
                "that the code did not open does that."
            )
        if ended == KILLED and alone:
            return Killed(f"The process was killed during {doing}.")
        if ended is None or ended == KILLED:
            return Ended(f"{doing} closed the connection of its process, which ended the process.")
        if ended < 0:
            name = signal.Signals(-ended).name
            return Ended(f"{doing} crashed the Python interpreter ({name}).")
        return Ended(
            f"{doing} ended the whole process with exit status {ended}, as os._exit() does, or "
            "sys.exit() in an asyncio task."
        )

    async def gone(self) -> None:
        """Wait until the process has ended, a few seconds at most."""
        await self._wait_for_exit()

    def kill(self) -> None:
        """End the process at once, and whatever it started."""
        self._end()

    def _transmit(self, line: bytes) -> None:
        assert self._connection is not None
        with suppress(OSError):  # it is gone: its exit will be told
            self._connection.sendall(line)

    def _read(self, connection: socket.socket) -> None:
        pending = b""
        with suppress(OSError):
            while data := connection.recv(65536):
                *lines, pending = (pending + data).split(b"\n")
                try:
                    for line in lines:
                        self._settle(read_reply(line))
                    if len(pending) > REPLY_LIMIT:
                        raise ProtocolError(f"it is longer than {REPLY_LIMIT // 1024} KiB")
                except ProtocolError as error:
                    self._broken = str(error)
                    break
        with self._lock:
            connection.close()
        self._fail_pending()

    def _settle(self, reply: Reply) -> None:
        with self._lock:
            answer = self._pending.pop(reply.id, None)
        if answer is None:
            raise ProtocolError("nobody asked for it")
        if reply.failure is not None:
            answer.set_exception(Raised(reply.failure))
        elif reply.missing is not None:
            answer.set_exception(Missing(reply.missing))
        else:
            answer.set_result(reply.value)

    def _fail_pending(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        for answer in pending.values():
            with suppress(Exception):  # cancelled by who gave up waiting
                answer.set_exception(Ended("The worker is gone."))

    def ended(self, code: int) -> None:
        """Be told the exit code with which the process ended, negative for a signal."""
        self.exit.set_result(code)
        with suppress(InvalidStateError):
            self.pid.set_exception(
                MachineTrouble(
                    "The worker ended before it was ready: the libraries cannot be imported, or "
                    "something killed it. Delete .venv, run `python3 course.py start`, and try "
                    "again."
                )
            )
        if self._connection is not None:  # a child of it may keep the other end open
            with self._lock, suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        if self._stacks is not None:
            self._stacks.close()
        self._fail_pending()

    async def _wait_for_exit(self, limit: float = 5) -> int | None:
        with suppress(TimeoutError):
            return await _within(limit, self.exit)
        return None

    async def _lines(self, do: str) -> tuple[Frame, ...] | None:
        """Ask at which lines tasks wait or threads run; None if there is no answer."""
        try:
            lines = await _within(0.5, self.submit(do))
            return tuple(read_frame(line) for line in lines) if isinstance(lines, list) else ()
        except (TimeoutError, Raised, Missing, ProtocolError):
            return None

    async def _stack(self) -> tuple[tuple[Frame, ...], tuple[str, ...]]:
        """Make the process dump its stacks; return the trainee's innermost line, and what it imports."""
        if self._stacks is None:
            return (await self._lines("stack") or ())[-1:], ()
        dump = b""
        until = time.monotonic() + STACKS_LIMIT
        with suppress(OSError, ValueError):  # the process may end meanwhile
            os.kill(self.pid.result(), signal.SIGUSR1)
            while len(dump) < REPLY_LIMIT and time.monotonic() < until:  # it may write without end
                if not select([self._stacks], [], [], 0.2)[0]:  # it comes in small pieces
                    break
                dump += self._stacks.read(65536)
        calls = [
            (Path(file), int(line), function)
            for file, line, function in re.findall(
                r'^  File "(.*)", line (\d{1,9}) in (.*)$',
                dump.decode(errors="replace"),
                re.MULTILINE,
            )
            if Path(file).is_relative_to(self.folder)
        ]
        frames = tuple(
            Frame(self._shown(file), line, self._line(file, line)) for file, line, _ in calls[:1]
        )
        modules = (self._shown(file) for file, _, name in calls if name == "<module>")
        return frames, tuple(islice(modules, FRAME_LIMIT))

    def _shown(self, file: Path) -> str:
        return readable(file.relative_to(self.folder).as_posix())

    def _line(self, file: Path, number: int) -> str:
        """Return a line of source; empty where the worker named a file that is none of its own."""
        try:
            lines = read_source(self.folder, file).decode(errors="replace").splitlines()
        except Unreadable:
            return ""
        return readable(lines[number - 1].strip()) if 0 < number <= len(lines) else ""


async def _within(limit: float | None, future: Future[T]) -> T:
    """Wait for a future that others may wait for too, and that may yet be set when nobody does."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def wake(_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(wake)
    began = time.monotonic()
    try:
        await asyncio.wait_for(done.wait(), limit)
    except TimeoutError:
        if limit is None or time.monotonic() - began < limit + SUSPENDED:
            raise
        await asyncio.wait_for(
            done.wait(), limit
        )  # this process was stopped, and has not waited at all
    return future.result()
