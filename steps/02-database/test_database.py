"""Task 02.2: an engine, and sessions."""

from groundrules.course.steps import Step
from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.code import Code
from groundrules.testing.database import Database

FILE = "app/core/database.py"
PACKAGE = "app/core/database/__init__.py"


@task("02.2", "import-connects-to-nothing")
async def test_it_can_be_imported_while_the_database_is_away(app: App, database: Database) -> None:
    async with database.proxy() as way:
        await way.close()
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            await other.imports("app.core.database")


@task("02.2", "import-connects-to-nothing")
async def test_importing_it_connects_to_nothing(app: App, database: Database) -> None:
    async with database.proxy(tcp=True) as way:  # some knock without a driver, which knows TCP only
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            await other.imports("app.core.database")

        assert await way.all_taken() == 0, (
            f"{FILE} connects to the database when it is imported; only a query should."
        )


@task("02.2", "async-engine")
def test_the_engine_and_its_sessions_are_async(code: Code, step: Step) -> None:
    assert code.has(FILE) or code.has(PACKAGE), f"{FILE} is missing."
    code.must_keep("GR103", until=step, file=FILE if code.has(FILE) else None)
