"""The trainee's application as a test sees it: HTTP requests it answers, and calls of its functions."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial
from typing import Any

import httpx2

from groundrules.testing.calls import Call, Name
from groundrules.testing.given import Given
from groundrules.testing.runner import APPLICATION, Runner, Served
from groundrules.testing.values import Opaque, Row, from_json, to_argument
from groundrules.worker.errors import BadReply, Ended, Hung, Raised, WorkerError
from groundrules.worker.protocol import (
    JSON,
    Failure,
    ProtocolError,
    read_failure,
    readable,
)

COROUTINE = "builtins.coroutine"
REDIRECTS = (301, 302, 303, 307, 308)
BODY_LIMIT = 5 * 1024 * 1024  # bytes of one answer


class Response(httpx2.Response):
    """An answer of the application."""

    def json(self, **options: Any) -> Any:
        """Return the body as JSON; an `AssertionError` says so if it is none."""
        kind = self.headers.get("Content-Type", "")
        if "json" not in kind:
            asked = f"{self.request.method} {self.request.url.path}"
            raise AssertionError(
                f"{asked} must return JSON; the Content-Type of its response is {kind or 'not set'}."
            )
        try:
            return super().json(**options)
        except (ValueError, RecursionError):
            asked = f"{self.request.method} {self.request.url.path}"
            raise AssertionError(f"{asked} must return JSON; its body is not JSON.") from None


@dataclass(frozen=True)
class Account:
    """What happened in a test: its last request and answer, what handlers raised, what was printed.

    :ivar routes: those that the application documents, as in `GET /books`, if the last request found none.
    :ivar given: what a call or a request gave last.
    :ivar elsewhere: what handlers raised in another process of the same code, as where the database is away.
    :ivar wanted: the class that what was called last says it returns, if it names one.
    """

    exchange: str | None = None
    routes: Sequence[str] | None = None
    given: Given | None = None
    wanted: str | None = None
    raised: Sequence[Failure] = ()
    elsewhere: Sequence[Failure] = ()
    printed: str = ""


@dataclass
class Refusal:
    """What was raised where a test expected it: its message, empty for what has none."""

    message: str = ""


@dataclass
class App:
    """The application under test.

    `await app.get("/api/v1/health")` sends a request to it, served by uvicorn in its own process, and
    `await app.core.config.get_settings()` calls a function there.
    """

    _runner: Runner
    _client: httpx2.AsyncClient | None = None
    _asked: Served | None = None
    _allowed: float = 0.0
    _exchanges: list[str] = field(default_factory=list)
    _given: list[Given] = field(default_factory=list)
    _raised_elsewhere: list[JSON] = field(default_factory=list)

    async def get(self, path: str, **options: Any) -> "Response":
        """Send a GET request; `options` are those of httpx2."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> "Response":
        """Send a POST request; `options` are those of httpx2."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> "Response":
        """Send a PUT request; `options` are those of httpx2."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> "Response":
        """Send a PATCH request; `options` are those of httpx2."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> "Response":
        """Send a DELETE request; `options` are those of httpx2."""
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> "Response":
        """Send a request and return the answer, whatever its status code.

        Raises a `WorkerError` if the application does not start, does not answer in time, or dies.
        """
        served = await self._runner.served()
        if self._client is None or self._asked is not served:
            await self.close()
            self._client = served.client()
            self._asked = served
        doing = f"{method} {path}"
        limit = max(self._runner.patience.limit, self._allowed)
        before = served.worker.processor_time()
        try:
            async with (
                asyncio.timeout(None if self._runner.terminal else limit),
                self._client.stream(method, path, **options) as response,
            ):
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        raise WorkerError(f"{doing} returned more than {BODY_LIMIT >> 20} MiB.")
        except (TimeoutError, httpx2.RequestError) as error:
            self._exchanges.append(f"{doing}: no response")
            await self.close()
            if isinstance(error, TimeoutError):
                lost = await served.worker.diagnose(limit, doing, before)
            else:
                lost = await served.worker.refusal(doing)
            if isinstance(lost, Hung):
                self._runner.lose_patience(lost, doing)
            raise lost from error
        answer = f"{response.status_code} {response.reason_phrase}".strip()
        shown = readable(body[:200].decode(errors="replace"))
        self._exchanges.append(f"{doing}: {answer} {shown}")
        self._given.append(Given(doing, status=response.status_code))
        return Response(
            response.status_code,
            headers=_plain(response.headers),
            content=body,
            request=response.request,
        )

    async def call(self, call: "Call") -> Any:
        """Make a call, and return its value.

        Raises `Raised` if it raises, and another `WorkerError` if it does not come to an end.
        """
        worker = await self._runner.settled()
        patience, doing = self._runner.patience, f"{call}"
        limit = max(patience.less(patience.limit, doing), self._allowed)
        ask = partial(worker.ask, limit=limit, doing=doing, call=call.as_argument())
        self._runner.must_not_hang_again(call.target)
        try:
            if self._runner.current is None and await ask("needs_session"):
                await self._runner.started()  # a session may come from what the start-up makes
            value = await ask("call")
        except Hung as error:
            self._runner.lose_patience(error, doing)
            raise
        returned = from_json(value)
        called = f"{call.target.rpartition('.')[2]}()"
        if isinstance(returned, Opaque) and returned.class_name == COROUTINE:
            raise AssertionError(
                f"{called} returns a coroutine that was not awaited: write `return await …`."
            )
        self._given.append(Given(called, call.target, returned))
        return returned

    async def in_one_session(self, *calls: Call) -> list[Any]:
        """Make calls one after the other with one session from `get_db`, and return what each gave.

        In the place of what one gave stands the `Raised`, if it raised; the next is made all the same.
        """
        worker = await self._runner.started()
        limit = max(self._runner.patience.limit, self._allowed)
        doing = f"{calls[-1]} after {calls[0]}"
        asked: JSON = [call.as_argument() for call in calls]
        answer = await worker.ask("call_all", limit=limit, doing=doing, calls=asked)
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadReply("The worker sent something that is not a list of outcomes.")
        return [_outcome(each, call) for each, call in zip(answer, calls, strict=True)]

    async def again_when_broken(self, call: Call) -> Any:
        """Make a call twice with one session from `get_db`, whose connection breaks in between.

        Returns what the second gives, or the `Raised`; None if the first leaves no connection to break, or if
        the second gets another one.
        """
        worker = await self._runner.started()
        answer = await worker.ask(
            "call_again",
            limit=self._runner.patience.limit,
            doing=f"{call} on a broken connection",
            call=call.as_argument(),
        )
        return None if answer is None else _outcome(answer, call)

    async def engines(self) -> int:
        """Return how many engines have connected since this was first asked; that time it is 0."""
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        counted = await worker.ask("engines", limit=limit, doing="Counting the engines")
        if not isinstance(counted, int):
            raise BadReply("The worker sent something that is not a number.")
        return counted

    async def shared_by(self, factory: str) -> list[str]:
        """Return which of its own parts, as `router`, two applications of a factory have in common."""
        worker, limit = await self._runner.settled(), self._runner.patience.limit
        parts = await worker.ask("shared", limit=limit, doing=f"{factory}()", target=factory)
        return [str(part) for part in parts] if isinstance(parts, list) else []

    async def calls(self, function: str, other: str) -> bool:
        """Return whether a function without arguments calls another; true where nothing can tell."""
        worker, limit, doing = (
            await self._runner.settled(),
            self._runner.patience.limit,
            f"{function}()",
        )
        return bool(
            await worker.ask("calls_it", limit=limit, doing=doing, target=function, called=other)
        )

    async def imports(self, module: str) -> None:
        """Import a module, as `app.core.database`; raise the `WorkerError` that says why that fails."""
        self._runner.must_not_hang_again(module)
        worker = self._runner.worker()
        doing = f"The import of {module}"
        await worker.ask("import", limit=self._runner.patience.start, doing=doing, module=module)

    async def query(self, sql: str, *, fails: str | None = None, cancelled: bool = False) -> Any:
        """Return the first value that a query gives, asked through a new session from `get_db`.

        If it `fails`, the handler raises an exception of that name after the query: a `LookupError`, or an
        `HTTPException`. If it is `cancelled`, the request
        is broken off after the query, and the value is None.
        """
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        return from_json(
            await worker.ask(
                "query", limit=limit, doing="get_db()", sql=sql, fails=fails, cancelled=cancelled
            )
        )

    async def closes_session(self) -> bool:
        """Return whether a session from `get_db` is in no transaction any more as soon as `get_db` ends."""
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        return bool(await worker.ask("closes", limit=limit, doing="get_db()"))

    async def in_a_crowd(self, call: Call, others: int) -> tuple[Any, float]:
        """Make a call while this many sessions from `get_db` have a connection, or as many as get one.

        Returns what it gives, and how many seconds that took.
        """
        worker = await self._runner.started()
        limit = max(self._runner.patience.limit, self._allowed)
        doing = f"{call} while all connections are in use"
        match await worker.ask(
            "call_crowded", limit=limit, doing=doing, call=call.as_argument(), others=others
        ):
            case [outcome, float(seconds)]:
                return _outcome(outcome, call), seconds
        raise BadReply("The worker sent something that is not an outcome and its time.")

    async def renews_session(self) -> bool:
        """Return whether `get_db` gives a second request another session than the first."""
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        return bool(await worker.ask("renews", limit=limit, doing="get_db()"))

    async def expires_on_commit(self) -> bool:
        """Return whether a session from `get_db` empties its objects when it commits."""
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        return bool(await worker.ask("expires", limit=limit, doing="get_db()"))

    async def save(self, row: "Call | Row", /, **changes: Any) -> Row:
        """Save a row through its model: make it, or change the one given, and commit.

        `save(app.models.book.Book(title="Emma"))` makes one, and `save(book, title="Persuasion")` changes
        it. Returns what the object holds after the commit, without asking the database again.
        """
        worker = await self._runner.started()
        limit = self._runner.patience.limit
        doing = (
            f"{row}"
            if isinstance(row, Call)
            else f"The change of a {row.class_name.rpartition('.')[2]}"
        )
        value = await worker.ask(
            "save",
            limit=limit,
            doing=doing,
            row=to_argument(row),
            changes={name: to_argument(each) for name, each in changes.items()},
        )
        saved = from_json(value)
        if not isinstance(saved, Row):
            raise BadReply("The worker sent something that is not a row.")
        return saved

    async def shut_down(self) -> None:
        """Let the application shut down as uvicorn does; its process stays."""
        await self.close()
        served = await self._runner.served()
        limit = self._runner.patience.start
        await served.worker.ask("stop", limit=limit, doing="The shut-down")

    @contextmanager
    def taking(self, seconds: float) -> Iterator[None]:
        """Let each answer inside take as long as this, as what hashes many passwords may."""
        before, self._allowed = self._allowed, seconds
        try:
            yield
        finally:
            self._allowed = before

    async def must_start(self) -> None:
        """Wait until the application has started; raise the `WorkerError` that says why it does not."""
        await self._runner.served()

    async def start_failure(self) -> WorkerError | None:
        """Return what keeps the application from starting, or None if it starts.

        Raises the error if it is not a refusal but a hang.
        """
        try:
            await self._runner.served()
        except Hung:
            raise
        except WorkerError as error:
            return error
        return None

    @contextmanager
    def refuses(
        self, kind: str | None = None, *, field: str | None = None, message: str | None = None
    ) -> "Iterator[Refusal]":
        """Expect what is called inside to end with an exception, of the class `kind` or below it if given.

        With `field`, it must be a validation's that names this field. A hang is no refusal. `message` is
        what the trainee is told if nothing is refused. Afterwards the `Refusal` says what was raised.
        """
        wanted = kind or "an error"
        if field is not None:
            wanted += f" that names `{field}`"
        told = Refusal()
        try:
            yield told
        except Raised as refusal:
            failure = refusal.failure
            told.message = failure.message
            if kind not in (None, *failure.kinds) or field not in (None, *failure.fields):
                raise Raised(failure, refusal.doing, instead_of=wanted) from None
        except Ended:
            if kind is not None:
                raise
        else:
            raise AssertionError(message or f"This must be rejected with {wanted}; it is not.")

    @contextmanager
    def accepts(self, what: str) -> Iterator[None]:
        """Expect what is called inside to be accepted; `what` is what the trainee is told it was."""
        try:
            yield
        except Raised as refusal:
            raise Raised(refusal.failure, refusal.doing, refused=what) from None

    @asynccontextmanager
    async def started(
        self, target: str = APPLICATION, *, factory: bool = False, **environment: str | None
    ) -> "AsyncIterator[App]":
        """Run the same code in another process, with other variables (None: unset) or from another target."""
        if self._runner.terminal:  # two at a time cannot share it
            await self._runner.started()
        changed = {**self._runner.environment, **environment}
        runner = Runner(
            self._runner.launcher,
            self._runner.folder,
            self._runner.sockets,
            {name: value for name, value in changed.items() if value is not None},
            self._runner.patience,
            target,
            factory,
            self._runner.terminal,
            hung=dict(self._runner.hung),
        )
        other = App(runner, _exchanges=self._exchanges, _given=self._given)
        try:
            yield other
        except AssertionError:
            if runner.current is not None:
                with suppress(WorkerError, TimeoutError):
                    self._raised_elsewhere += _raised_in(runner.current)
            raise
        finally:
            await other.close()
            runner.stop()

    def account(self) -> "Account":
        """Return what happened in this test beside what the test saw; call it once, after a failure."""
        served = self._runner.current
        given = self._given[-1] if self._given else None
        raised: list[JSON] = []
        wanted: JSON = None
        routes: JSON = None
        if served is not None and not served.worker.exit.done():
            with suppress(WorkerError, TimeoutError):
                raised = _raised_in(served)
                if given is not None and given.target is not None:
                    wanted = served.worker.submit("returns", target=given.target).result(1)
                if given is not None and given.status in (404, 405, *REDIRECTS):
                    routes = served.worker.submit("routes").result(1)
        with suppress(ProtocolError):
            return Account(
                exchange=self._exchanges[-1] if self._exchanges else None,
                routes=missed(given.asked, routes) if given and isinstance(routes, list) else None,
                given=given,
                wanted=readable(wanted) if isinstance(wanted, str) else None,
                raised=[read_failure(each) for each in raised],
                elsewhere=[read_failure(each) for each in self._raised_elsewhere],
                printed=served.worker.output.take() if served is not None else "",
            )
        return Account()

    async def close(self) -> None:
        """Close the connections of this test."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def __getattr__(self, name: str) -> "Name":
        if name.startswith("__"):
            raise AttributeError(name)
        return Name(self.call, f"app.{name}")


def _raised_in(served: Served) -> list[JSON]:
    """Return what handlers raised since this was last asked; raise `TimeoutError` after a second."""
    raised = served.worker.submit("raised").result(1)
    return raised if isinstance(raised, list) else []


def _outcome(answer: JSON, call: Call) -> Any:
    match answer:
        case {"value": value, **rest} if not rest:
            return from_json(value)
        case {"error": error, **rest} if not rest:
            with suppress(ProtocolError):
                return Raised(read_failure(error), f"{call}")
    raise BadReply("The worker sent something that is not an outcome.")


def missed(asked: str, routes: Sequence[JSON]) -> list[str] | None:
    """Return the routes that the application has, the most like it first; None if it has what was asked."""
    shown = [readable(str(route)) for route in routes]
    for route in shown:
        parts = re.split(r"\{[^}]*\}", route)
        if re.fullmatch("[^/]+".join(map(re.escape, parts)) + r"(\?.*)?", asked):
            return None
    wanted = asked.partition("?")[0]
    return sorted(
        shown, key=lambda route: SequenceMatcher(None, wanted, route).ratio(), reverse=True
    )


def _plain(headers: httpx2.Headers) -> list[tuple[str, str]]:
    """The headers of a body that is decoded already."""
    encoded = ("content-encoding", "content-length", "transfer-encoding")
    return [(name, value) for name, value in headers.multi_items() if name not in encoded]
