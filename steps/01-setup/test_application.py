"""Task 01.3: the application."""

from groundrules.testing import task
from groundrules.testing.app import App


@task("01.3")
async def test_the_application_is_titled_library(app: App) -> None:
    await must_be_the_library(app)


@task("01.3")
async def test_create_app_makes_an_application(app: App) -> None:
    async with app.started("app.main.create_app", factory=True) as other:
        await must_be_the_library(other)


@task("01.3")
async def test_create_app_makes_another_one_each_time(app: App) -> None:
    first, second = await app.main.create_app(), await app.main.create_app()

    assert first != second, (
        "create_app() must return a new application each time; it returns the same one."
    )


@task("01.3")
async def test_wrong_settings_stop_the_start(app: App) -> None:
    await must_be_the_library(app)

    async with app.started(LOG_LEVEL="LOUD") as other:
        refusal = await other.start_failure()

    assert refusal is not None, (
        "With LOG_LEVEL=LOUD the application starts all the same: create_app() must read the settings."
    )


async def must_be_the_library(app: App) -> None:
    response = await app.get("/openapi.json")
    assert response.status_code == 200, "GET /openapi.json does not answer 200."
    title = response.json()["info"]["title"]
    assert title == "Library", f"The application's title must be 'Library'; it is {title!r}."
