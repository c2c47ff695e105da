"""Calling the trainee's functions: their arguments, their session, their results."""

import asyncio
import inspect
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import GenericAlias, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from fastapi import HTTPException

from groundrules.worker.failures import describe
from groundrules.worker.names import Missing, find
from groundrules.worker.protocol import JSON
from groundrules.worker.scalars import from_text
from groundrules.worker.sessions import States, with_session
from groundrules.worker.tables import import_models
from groundrules.worker.values import to_json

GET_DB = "app.api.deps.get_db"
SERVICES = "app.services."
FOREVER = 3600  # seconds
CONNECTED = 1  # second to wait for a connection

Tagged = dict[str, Any]


class Attributes:
    """An object that has attributes and nothing else: no columns, and nothing that `vars` would show."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None


class Calls:
    """Calls functions of the application in `folder`.

    A call is `{"call": target, "arguments": […], "keywords": {…}}`. Arguments are tagged as results are
    (see `values`), rows without their values, and `{"attributes": {…}}` is an object that has these; or they
    are calls themselves, made first and in the same session, or `{"part": [0, 2], "of": call}`, a part of
    what one gives.

    A service may name models that it does not import: before it is called, all are imported.
    :param states: returns the states of the application that is served.
    """

    def __init__(self, folder: Path, states: Callable[[], States]) -> None:
        self._folder = folder
        self._states = states

    async def make(self, call: Tagged) -> JSON:
        """Make a call and return its result as tagged JSON; raise what the call raises.

        If anything in it takes a session, it has one from the application's own `get_db`.
        """

        async def use(session: Any) -> JSON:
            return to_json(await self._value(call, session))

        if not self._needs_session(call):
            return await use(None)
        return await with_session(find(GET_DB, self._folder), self._states(), use)

    async def make_all(self, calls: list[Tagged]) -> JSON:
        """Make calls one after the other with one session from `get_db`, whatever each of them raises.

        Returns `{"value": …}` or `{"error": …}` for each.
        """

        async def use(session: Any) -> JSON:
            return [await self._outcome(call, session) for call in calls]

        return await with_session(find(GET_DB, self._folder), self._states(), use)

    async def make_again(self, call: Tagged) -> JSON:
        """Make a call twice with one session from `get_db`, whose connection breaks in between.

        Returns how the second ends, as in `make_all`; null if the first leaves no connection to break, or the
        second gets another one.
        """
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        async def use(session: Any) -> JSON:
            await self._value(call, session)
            if not session.in_transaction():
                return None
            connection = await (await session.connection()).get_raw_connection()
            connection.driver_connection.terminate()
            outcome = await self._outcome(call, session)
            with suppress(SQLAlchemyError, OSError):
                await session.execute(text("SELECT 1"))
                return None  # the call has got itself another connection
            return outcome

        return await with_session(find(GET_DB, self._folder), self._states(), use)

    async def make_crowded(self, call: Tagged, others: int) -> JSON:
        """Make a call while this many sessions from `get_db` have a connection, or as many as get one.

        Returns how it ends, as in `make_all`, and how many seconds it took.
        """
        from sqlalchemy.exc import SQLAlchemyError

        get_db, states = find(GET_DB, self._folder), self._states()
        connected = 0

        async def use(session: Any) -> JSON:
            began = time.perf_counter()
            return [await self._outcome(call, session), time.perf_counter() - began]

        async def crowd(session: Any) -> JSON:
            nonlocal connected
            try:
                async with asyncio.timeout(CONNECTED):
                    await session.connection()
                connected += 1
            except (TimeoutError, SQLAlchemyError):
                connected = others
            return await with_session(get_db, states, crowd if connected < others else use)

        return await with_session(get_db, states, crowd)

    async def needs_session(self, call: Tagged) -> JSON:
        """Return whether anything in a call takes a session."""
        return self._needs_session(call)

    async def returns(self, target: str) -> JSON:
        """Return the name of the class that a function says it returns; None if it says none."""
        try:
            hint = get_type_hints(find(target, self._folder)).get("return")
        except Exception:  # hints may name what is imported for type checkers only
            return None
        return hint.__name__ if type(hint) is not GenericAlias and isinstance(hint, type) else None

    async def query(self, sql: str, fails: str | None = None, cancelled: bool = False) -> JSON:
        """Return the first value of a query, asked through a session from `get_db`, as tagged JSON.

        If it `fails`, the handler raises an exception of that name afterwards. If it is `cancelled`, the
        request's task is afterwards, while it waits for something else, and there is no value.
        """
        from sqlalchemy import text

        task = asyncio.current_task()

        async def use(session: Any) -> JSON:
            result = session.scalar(text(sql))
            if not inspect.isawaitable(result):
                kind = type(session).__name__
                raise Missing(f"get_db() must yield an AsyncSession; it yields a {kind}.")
            value = to_json(await result)
            if fails == "HTTPException":
                raise HTTPException(404)
            if fails:
                raise LookupError("the row that the handler looked for does not exist")
            if cancelled and task is not None:
                asyncio.get_running_loop().call_soon(task.cancel)
                await asyncio.sleep(FOREVER)
            return value

        try:
            return await with_session(find(GET_DB, self._folder), self._states(), use)
        except asyncio.CancelledError:
            if not cancelled or task is None:
                raise
            task.uncancel()
            return to_json(None)

    async def closes(self) -> JSON:
        """Whether a session from `get_db` is in no transaction any more as soon as `get_db` ends."""
        seen: list[Any] = []

        async def use(session: Any) -> JSON:
            await session.connection()
            seen.append(getattr(session, "sync_session", session))
            return None

        await with_session(find(GET_DB, self._folder), self._states(), use)
        return not seen[0].in_transaction()

    async def renews(self) -> JSON:
        """Whether `get_db` gives a second request another session than the first."""
        seen: list[Any] = []

        async def use(session: Any) -> JSON:
            seen.append(getattr(session, "sync_session", session))
            return None

        for _ in range(2):
            await with_session(find(GET_DB, self._folder), self._states(), use)
        return seen[0] is not seen[1]

    async def expires(self) -> JSON:
        """Whether a session from `get_db` empties its objects when it commits."""

        async def use(session: Any) -> JSON:
            return bool(getattr(session, "sync_session", session).expire_on_commit)

        return await with_session(find(GET_DB, self._folder), self._states(), use)

    async def save(self, row: Tagged, changes: dict[str, Tagged]) -> JSON:
        """Change a row, add it if it is new, commit, and return it as it is then, as tagged JSON.

        Everything happens in one session from `get_db`, with every model imported.
        """
        import_models(self._folder)

        async def use(session: Any) -> JSON:
            found = await self._value(row, session)
            for name, value in changes.items():
                setattr(found, name, await self._value(value, session))
            session.add(found)
            await session.commit()
            return to_json(found)

        return await with_session(find(GET_DB, self._folder), self._states(), use)

    def _needs_session(self, value: Tagged) -> bool:
        if "row" in value:
            return True
        if "part" in value:
            return self._needs_session(value["of"])
        if "call" in value:
            inside = [*value["arguments"], *value["keywords"].values()]
            return self._takes_session(value) or any(map(self._needs_session, inside))
        named = value.get("object") or value.get("attributes") or {}
        return any(map(self._needs_session, value.get("list") or named.values()))

    def _takes_session(self, call: Tagged) -> bool:
        return not call["arguments"] and takes_session(
            find(call["call"], self._folder), call["keywords"]
        )

    async def _value(self, tagged: Tagged, session: Any) -> Any:
        match tagged:
            case {"json": value}:
                return value
            case {"scalar": kind, "text": text}:
                return from_text(kind, text)
            case {"list": values}:
                return [await self._value(each, session) for each in values]
            case {"object": values}:
                return {name: await self._value(each, session) for name, each in values.items()}
            case {"attributes": values}:
                return Attributes(
                    {name: await self._value(each, session) for name, each in values.items()}
                )
            case {"schema": name, "data": data}:
                return find(name, self._folder).model_validate(data)
            case {"row": name, "key": key}:
                return await self._row(name, key, session)
            case {"part": places, "of": call}:
                found = await self._value(call, session)
                for place in places:
                    found = found[place]
                return found
        return await self._call(tagged, session)

    async def _outcome(self, call: Tagged, session: Any) -> JSON:
        try:
            return {"value": to_json(await self._value(call, session))}
        except Missing:
            raise
        except Exception as error:
            return {"error": describe(error, self._folder)}

    async def _row(self, name: str, key: dict[str, Tagged], session: Any) -> Any:
        parts = {part: await self._value(each, session) for part, each in key.items()}
        row = await session.get(find(name, self._folder), parts)
        if row is None:
            shown = ", ".join(f"{part}={value}" for part, value in parts.items())
            raise LookupError(f"the {name.rpartition('.')[2]} with {shown} does not exist any more")
        return row

    async def _call(self, call: Tagged, session: Any) -> Any:
        if call["call"].startswith(SERVICES) and (self._folder / "app" / "models").is_dir():
            import_models(self._folder)
        function = find(call["call"], self._folder)
        data = {name: _as_json(each) for name, each in call["keywords"].items()}
        if _is_schema(function) and not call["arguments"] and _NOTHING not in data.values():
            return function.model_validate(data)  # as a request's body is
        arguments = [await self._value(each, session) for each in call["arguments"]]
        keywords = {
            name: await self._value(each, session) for name, each in call["keywords"].items()
        }
        if self._takes_session(call):
            arguments.insert(0, session)
        result = function(*arguments, **keywords)
        return await result if inspect.isawaitable(result) else result


def takes_session(function: Any, keywords: dict[str, Any]) -> bool:
    """Whether a function's first parameter is a session that nothing else was given for.

    It is if it has no default, can be given by position, and its hint, where there is one that can be
    read, names a session.
    """
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return False
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if (
        inspect.isclass(function)
        or first is None
        or first.kind not in by_position
        or first.default is not first.empty
        or first.name in keywords
    ):
        return False
    try:
        hint = get_type_hints(function, include_extras=True).get(first.name, Any)
    except Exception:  # hints may name what is imported for type checkers only
        return True
    return _may_be_session(hint)


def _may_be_session(hint: Any) -> bool:
    from sqlalchemy.ext.asyncio import AsyncSession

    origin = get_origin(hint)
    if origin is Annotated:
        return _may_be_session(get_args(hint)[0])
    if origin in (Union, UnionType):
        return any(_may_be_session(each) for each in get_args(hint))
    kind = origin or hint
    if hint is Any or not isinstance(kind, type):
        return hint is Any or isinstance(hint, TypeVar)
    return issubclass(kind, AsyncSession) or issubclass(AsyncSession, kind)


_NOTHING = object()


def _as_json(tagged: Tagged) -> Any:
    """Return an argument as the JSON that a request's body would have, or `_NOTHING` if it has none."""
    match tagged:
        case {"json": value}:
            return value
        case {"scalar": _, "text": text}:
            return text
        case {"list": values}:
            inside = [_as_json(each) for each in values]
            return _NOTHING if _NOTHING in inside else inside
        case {"object": values}:
            fields = {name: _as_json(each) for name, each in values.items()}
            return _NOTHING if _NOTHING in fields.values() else fields
    return _NOTHING


def _is_schema(function: Any) -> bool:
    from pydantic import BaseModel

    return inspect.isclass(function) and issubclass(function, BaseModel)
