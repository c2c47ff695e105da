"""Calls that are made at the same time, and get in each other's way every time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from groundrules.testing.database import Database, Refused
from groundrules.worker.errors import Raised

T = TypeVar("T")
Found = TypeVar("Found")

DONE = "done"
HELD = 2.0  # seconds in which all calls come as far as they can; what waits longer may look like a hang
NEXT = 0.6  # the same for one call, before the next is made
LOOK_AGAIN = 0.004
COMMITS_HELD = "SELECT pg_advisory_xact_lock(1066)"
HOLD_COMMITS = """
CREATE OR REPLACE FUNCTION groundrules_held() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1066); RETURN NULL; END $$;
DROP TRIGGER IF EXISTS groundrules_held ON {table};
CREATE CONSTRAINT TRIGGER groundrules_held AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION groundrules_held();
"""


async def at_once(
    database: Database, *calls: Awaitable[Any], holding: str, refusals: Sequence[str] = ()
) -> list[str]:
    """Make calls at the same time, and return how each ended: `done`, or the class that refused it.

    They are begun in their order, while another connection holds what the statement `holding` locks, until
    every call has ended or waits. So what would go wrong once in a thousand times goes wrong each time. With
    `LOCK TABLE loans IN SHARE MODE`, say, each call has read all it wants before any of them writes.

    :param refusals: the classes of exceptions that a call may end with; any other one is raised.
    """
    made: list[asyncio.Future[Any]] = []
    clock = asyncio.get_running_loop().time
    async with database.session() as holder:
        await holder.execute("BEGIN")
        await holder.execute(holding)
        end = clock() + HELD
        for call in calls:
            made.append(asyncio.ensure_future(call))
            await _come_to_rest(database, made, min(end, clock() + NEXT))
        await _come_to_rest(database, made, end)
        await holder.execute("COMMIT")
    endings = await asyncio.gather(*made, return_exceptions=True)
    return [_ending(each, refusals) for each in endings]


async def seen_with(
    database: Database, table: str, request: Awaitable[T], look: Callable[[], Awaitable[Found]]
) -> tuple[T, Found]:
    """Return the response to a request that changes a table, and what `look` finds as soon as it is there.

    The commit of the change is held until the request has ended or waits for it. So a response that is sent
    before the commit comes too early each time.
    """
    found: list[tuple[T, Found]] = []

    async def ask() -> None:
        found.append((await request, await look()))

    await database.execute(HOLD_COMMITS.format(table=table))
    try:
        await at_once(database, ask(), holding=COMMITS_HELD)
    finally:
        with suppress(
            Refused
        ):  # without the lock nothing is held; the application may have the table
            await database.execute(f"DROP TRIGGER groundrules_held ON {table}")
    return found[0]


def counted(endings: Sequence[str]) -> str:
    """Return how calls ended in words: `2 NoCopyLeft, 1 done`."""
    return ", ".join(f"{endings.count(each)} {each}" for each in dict.fromkeys(sorted(endings)))


async def _come_to_rest(
    database: Database, made: Sequence["asyncio.Future[Any]"], deadline: float
) -> None:
    """Return when each call has ended or waits for a lock, or when the loop's clock shows `deadline`."""
    clock = asyncio.get_running_loop().time
    while clock() < deadline:
        await asyncio.sleep(LOOK_AGAIN)
        if await database.waiting() >= sum(not each.done() for each in made):
            return


def _ending(outcome: Any, refusals: Sequence[str]) -> str:
    if not isinstance(outcome, BaseException):
        return DONE
    if not isinstance(outcome, Raised):
        raise outcome
    for refusal in refusals:
        if refusal in outcome.failure.kinds:
            return refusal
    raise Raised(outcome.failure, outcome.doing, instead_of=" or ".join(refusals) or None)
