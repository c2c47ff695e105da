"""Task 02.4: the health route asks the database."""

import asyncio
import time

import pytest

from groundrules.testing import demand, task, waits
from groundrules.testing.answers import about_its_slash
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.worker.errors import Raised

HEALTH = "/api/v1/health"
POOL = 15  # connections that SQLAlchemy's pool may have, unless told otherwise
GIVEN_UP = 2.5  # seconds; the lesson says two, and a machine may be late
TRIES = 3  # since it may be busy too
FIVE = 5.5
PROMPT = 1.0
AT_ONCE = 8


@task("02.4", "ping-true")
async def test_ping_is_true_while_the_database_answers(app: App) -> None:
    answer = await app.core.database.ping()

    assert answer is True, f"ping() must return True while the database replies, not {answer!r}."


@task("02.4", "ping-true", "ping-false")
async def test_ping_asks_each_time(app: App) -> None:
    answer = await app.again_when_broken(app.core.database.ping())

    if isinstance(answer, Raised):
        with demand("ping-false"):
            raise answer
    with demand("ping-true"):
        assert answer is not True, (
            "ping() must send a query each time, such as SELECT 1: it returned True for a session that it "
            "was called with before, whose connection had been closed since."
        )


@task("02.4", "ping-false", "starts-without-database")
async def test_ping_is_false_while_the_database_is_away(app: App, database: Database) -> None:
    await app.must_start()

    async with database.proxy() as way:
        await way.close()
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            refusal = await other.start_failure()
            assert refusal is None, (
                f"The application must start while the database is down: {refusal}"
            )
            answer = await other.core.database.ping()

    assert answer is False, f"ping() must return False while the database is down, not {answer!r}."


@task("02.4", "ping-false")
async def test_ping_is_false_where_postgresql_refuses(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for("nowhere")) as other,
    ):
        answer = await other.core.database.ping()

    assert answer is False, (
        f"ping() must return False for a database that does not exist, not {answer!r}."
    )


@task("02.4", "ping-false")
async def test_ping_is_false_where_postgresql_asks_for_another_login(
    app: App, database: Database
) -> None:
    async with database.proxy() as way:
        way.ask_for_another_login()
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            answer = await other.core.database.ping()

    assert answer is False, (
        "ping() must return False if PostgreSQL asks for a login that the driver does not know, not "
        f"{answer!r}: asyncpg raises an InterfaceError then."
    )


@task("02.4", "health-ok")
async def test_health_says_that_the_database_answers(app: App) -> None:
    await must_say(app, "ok", "while the database replies")


@task("02.4", "health-ok", "health-unreachable", "back-again")
async def test_health_says_when_the_database_goes_and_when_it_is_back(
    app: App, database: Database
) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        with demand("health-ok"):
            await must_say(other, "ok", "while the database replies")
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer
        await way.close()
        with demand("health-unreachable"):
            await must_say(other, "unreachable", "while the database is down")
        await way.open()
        with demand("back-again"):
            await must_say(other, "ok", "once the database is back, without a restart")


@task("02.4", "health-ok", "back-again")
async def test_a_database_that_was_restarted_is_found_at_once(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        with demand("health-ok"):
            await must_say(other, "ok", "while the database replies")
        await asyncio.sleep(0.1)
        await way.close()
        await way.open()
        with demand("back-again"):
            await must_say(other, "ok", "once the database is back, without a restart")


@task("02.4", "ping-gives-up")
@waits
async def test_ping_gives_up_after_two_seconds(app: App, database: Database) -> None:
    async with database.proxy() as way:
        way.block()
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            await other.must_start()
            for _ in range(TRIES):
                began = time.perf_counter()
                answer = await other.core.database.ping()
                took = time.perf_counter() - began
                if took < GIVEN_UP:
                    break

    assert answer is False, (
        f"ping() must return False while the database stays silent, not {answer!r}."
    )
    assert took < GIVEN_UP, (
        "While the database stays silent, ping() must give up after at most two seconds; "
        f"it took {took:.1f} s."
    )


@task("02.4", "ping-gives-up")
@waits
async def test_ping_gives_up_when_all_connections_are_in_use(app: App) -> None:
    with app.taking(2 * FIVE):
        for _ in range(TRIES):
            answer, took = await app.in_a_crowd(app.core.database.ping(), POOL)
            if took < GIVEN_UP:
                break

    if isinstance(answer, Raised):
        raise answer
    assert took < GIVEN_UP, (
        "While all connections of the pool are in use, ping() must give up after at most two seconds, too; "
        f"it took {took:.1f} s. The timeouts of the driver do not count the wait for a connection: use "
        "asyncio.timeout(…)."
    )


@task("02.4", "ping-gives-up", "five-seconds", "health-ok", "health-unreachable")
@waits
async def test_a_database_that_falls_silent_is_given_up_too(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        with demand("health-ok"):
            await must_say(other, "ok", "while the database replies")
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer
        way.block()
        with demand("ping-gives-up", "five-seconds"), other.taking(2 * FIVE):
            response, took = await timed(other)

    with demand("health-unreachable"):
        must_have_said(response, "unreachable", "when the database falls silent")
    with demand("ping-gives-up", "five-seconds"):
        assert took < FIVE, (
            f"GET {HEALTH} must respond within five seconds when the database falls silent after it has "
            "replied: the timeout in ping() must enclose the query, and not only the connecting. It took "
            f"{took:.1f} s."
        )


@task("02.4", "serves-others", "health-unreachable", "five-seconds")
@pytest.mark.parametrize("how", ["says nothing", "takes no connection"])
@waits
async def test_a_database_that_is_not_heard_holds_nobody_up(
    app: App, database: Database, how: str
) -> None:
    out_of_reach = how == "takes no connection"
    async with database.proxy(tcp=out_of_reach) as way:
        if out_of_reach:
            await way.overflow()
        else:
            way.block()
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            await other.get("/openapi.json")
            with demand("five-seconds"), other.taking(2 * FIVE):
                waiting = [asyncio.create_task(timed(other)) for _ in range(AT_ONCE)]
                await asyncio.sleep(0.2)
            with demand("serves-others"):
                while not all(each.done() for each in waiting):
                    asked = time.perf_counter()
                    await other.get("/openapi.json")
                    connects = out_of_reach or way.taken > 0
                    assert time.perf_counter() - asked < PROMPT or not connects, (
                        f"While GET {HEALTH} waits for the database, other requests must get "
                        "their responses."
                    )
                    await asyncio.sleep(0.05)
            with demand("five-seconds"):
                answers = await asyncio.gather(*waiting)
                took = sorted(seconds for _, seconds in answers)
                assert took[0] < FIVE, (
                    f"GET {HEALTH} must respond within five seconds while the database stays silent; "
                    f"it took {took[0]:.1f} s."
                )
            with demand("serves-others", "five-seconds"):
                assert took[-1] < FIVE, (
                    f"While the database stays silent, {AT_ONCE} requests of GET {HEALTH} at once "
                    "must all get their responses within five seconds: none may wait for another. "
                    f"One took {took[-1]:.1f} s."
                )

    with demand("health-unreachable"):
        for response, _ in answers:
            must_have_said(response, "unreachable", "while the database stays silent")


@task("02.4", "one-engine", "health-ok")
async def test_all_that_connects_uses_one_engine(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        await other.engines()
        with demand("health-ok"):
            await must_say(other, "ok", "while the database replies")
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer
        await way.close()
        await other.get(HEALTH)
        await way.open()
        await other.get(HEALTH)
        await other.query("SELECT 1")
        used = await other.engines()

    with demand("one-engine"):
        assert used <= 1, (
            f"Three requests of GET {HEALTH} and a session of get_db() used {used} engines: there must be "
            "one engine for the whole process, in a module variable or from a cached function, and ping() "
            "must use the session that it is given."
        )


@task("02.4", "few-connections", "one-engine")
async def test_a_hundred_requests_leave_nothing_behind(app: App, database: Database) -> None:
    for _ in range(10):
        responses = await asyncio.gather(*(app.get(HEALTH) for _ in range(10)))
        for response in responses:
            must_have_said(response, "ok", "to each of ten requests at a time")

    stuck, open_ = await database.left("idle in transaction%"), await database.connections()
    assert open_ <= POOL, (
        f"After 100 requests, PostgreSQL counts {open_} connections of the application; a pool "
        f"opens {POOL} at most. Is there more than one engine?"
    )
    assert stuck == 0, f"After 100 requests, {stuck} connections are still in a transaction."


async def timed(app: App) -> tuple[Response, float]:
    began = time.perf_counter()
    return await app.get(HEALTH), time.perf_counter() - began


async def must_say(app: App, state: str, when: str) -> None:
    must_have_said(await app.get(HEALTH), state, when)


def must_have_said(response: Response, state: str, when: str) -> None:
    assert response.status_code == 200, (
        f"GET {HEALTH} must return 200 {when}.{about_its_slash(response)}"
    )
    body = response.json()
    assert isinstance(body, dict), f"GET {HEALTH} must return a JSON object."
    for name, wanted in (("status", "ok"), ("database", state)):
        assert body.get(name) == wanted, (
            f'GET {HEALTH} must return "{name}": "{wanted}" {when}; it says {body.get(name)!r}.'
        )
