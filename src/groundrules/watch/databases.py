"""The databases that wait for the next check, made while nothing is checked."""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from groundrules import postgres
from groundrules.testing.background import Background
from groundrules.testing.database import Databases, Role, start_of
from groundrules.testing.stock import Stock

SPARES, COPIES = (
    4,
    3,
)  # a template, and as many as there are tests at a time where there are two cores
TAKEN_WITHIN = 1.0  # seconds; a check without them takes a little longer


class Waiting:
    """Keeps databases ready, and drops what a check has used.

    :param root: the root of the course, whose server is used.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._background = Background()
        self._lock = asyncio.Lock()
        self._databases: Databases | None = None
        self._spares: list[str] = []
        self._copies: list[str] = []
        self._template = self._key = ""
        self._closed = False
        self._out: dict[Path, Stock] = {}  # what checks under way have been given
        self._background.begin(self._refill())

    def take(self, told: Path) -> Stock | None:
        """Return what is ready for a check; None if nothing is.

        :param told: where the check says what it has made.
        """
        told.unlink(missing_ok=True)
        try:
            return self._background.begin(self._take(told)).result(TAKEN_WITHIN)
        except Exception:
            return None  # the check makes its own, and says what is wrong with the server

    def give_back(self, told: Path) -> None:
        """Make new ones in the place of those that a check was given; it has ended."""
        if told in self._out:
            self._background.begin(self._give_back(told))

    def close(self) -> None:
        """Drop everything."""
        self._closed = True
        with suppress(TimeoutError):  # what is being made would not be found
            self._background.begin(self._idle()).result(10)
        if self._databases is not None:
            self._databases.drop()
        self._background.close()

    async def _idle(self) -> None:
        async with self._lock:
            pass

    async def _take(self, told: Path) -> Stock | None:
        role = self._role
        if role is None:
            if self._databases is not None and self._databases.role.done():
                self._begin_anew()  # the server was away
            return None
        try:
            if await start_of(role.tool) != role.server_started:
                raise postgres.PostgresError("The server was restarted.")
        except postgres.PostgresError:
            self._begin_anew()  # they may be gone, or not be what they were
            return None
        spares, self._spares = self._spares, []
        copies, self._copies = self._copies, []
        stock = Stock(role, tuple(spares), self._key, self._template, tuple(copies), told)
        self._out[told] = stock
        return stock

    def _begin_anew(self) -> None:
        self._databases = None
        self._background.begin(self._refill())

    async def _give_back(self, told: Path) -> None:
        stock = self._out.pop(told)
        async with self._lock:
            if stock.role is not self._role:
                return
            used = {*stock.spares, *stock.copies}
            key, template = _made(told)
            if template in stock.spares:
                used = used - {template} | {*self._copies}
                self._key, self._template, self._copies = key, template, []
            await self._drop(used)  # an older template may be in use; what is not known goes below
        await self._refill()

    async def _refill(self) -> None:
        async with self._lock:
            if self._databases is None:
                self._databases = Databases(self._background, self._root)
                self._spares, self._copies, self._template, self._key = [], [], "", ""
            databases = self._databases
            with suppress(Exception):  # the check meets it again, and says it
                role = await asyncio.wrap_future(databases.role)
                if not self._out:
                    known = {*self._spares, *self._copies, self._template}
                    there = await postgres.databases_of(role.tool, role.own.role)
                    await self._drop(set(there) - known)
                    await postgres.reset_role(role.tool, role.own.role)
                while not self._closed and self._template and len(self._copies) < COPIES:
                    made = await databases.create("copy", template=self._template)
                    self._copies.append(made.name)
                spares = 1 if self._template else 1 + COPIES
                while not self._closed and len(self._spares) < spares:
                    self._spares.append((await databases.create("spare")).name)

    @property
    def _role(self) -> Role | None:
        made = self._databases.role if self._databases is not None else None
        if made is None or not made.done() or made.exception() is not None:
            return None
        return made.result()

    async def _drop(self, names: Iterable[str]) -> None:
        role = self._role
        if role is not None:
            for name in names:
                with suppress(postgres.PostgresError):
                    await postgres.drop_database(role.tool, name)


def _made(told: Path) -> tuple[str, str]:
    """Return the key and the name of the template that a check has made; empty if it made none."""
    try:
        made = json.loads(told.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", ""
    return made["key"], made["template"]
