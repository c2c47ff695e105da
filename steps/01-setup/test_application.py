"""Task 01.3: the application."""

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.worker.errors import Missing


@task("01.3", "title")
async def test_the_application_is_titled_library(app: App) -> None:
    await must_be_the_library(app)


@task("01.3", "title")
async def test_the_title_is_the_same_with_every_log_level(app: App) -> None:
    for level in ("DEBUG", "WARNING", "ERROR", "CRITICAL"):
        async with app.started(LOG_LEVEL=level) as other:
            await must_be_the_library(other, f" with LOG_LEVEL={level}")


@task("01.3", "create-app")
async def test_create_app_makes_an_application(app: App) -> None:
    async with app.started("app.main.create_app", factory=True) as other:
        await must_be_the_library(other)


@task("01.3", "create-app")
async def test_create_app_makes_another_one_each_time(app: App) -> None:
    first, second = await app.main.create_app(), await app.main.create_app()

    assert first is not None, "create_app() returned None: is `return` missing?"
    assert first != second, (
        "create_app() must return a new application each time; it returns the same one."
    )
    shared = await app.shared_by("app.main.create_app")
    assert not shared, (
        "create_app() must return a new application each time; what it returns has the "
        f"{shared[0]} of the one before: call FastAPI(…) in create_app()."
    )


@task("01.3", "checks-settings", "app-by-create-app")
async def test_wrong_settings_stop_the_start(app: App) -> None:
    await must_be_the_library(app)

    async with app.started(LOG_LEVEL="LOUD") as other:
        refusal = await other.start_failure()
        with other.refuses(
            message="LOG_LEVEL=LOUD must be rejected, but get_settings() accepts it as a level."
        ):
            await other.core.config.get_settings()
    async with app.started("app.main.create_app", factory=True, LOG_LEVEL="LOUD") as other:
        refusal_by_create_app = await other.start_failure()

    with demand("checks-settings"):
        assert refusal_by_create_app is not None, (
            "With LOG_LEVEL=LOUD, create_app() still creates an application: it must call "
            "get_settings()."
        )
    with demand("app-by-create-app"):
        assert refusal is not None, (
            "With LOG_LEVEL=LOUD, create_app() fails, but `app` exists: write `app = create_app()`."
        )


@task("01.3", "checks-settings")
async def test_create_app_itself_checks_the_settings(app: App) -> None:
    await app.main.create_app()

    async with app.started(LOG_LEVEL="LOUD") as other:
        with other.refuses(
            message="With LOG_LEVEL=LOUD, create_app() itself must fail, and not only the start of "
            "what it returns: it must call get_settings()."
        ):
            await other.main.create_app()
    assert await app.calls("app.main.create_app", "app.core.config.get_settings"), (
        "create_app() itself must call get_settings(): what only the import of a module reads is not "
        "checked again when a test creates an application of its own."
    )


@task("01.3", "create-app", "app-by-create-app")
async def test_app_is_a_fastapi_application(app: App) -> None:
    await app.must_start()
    await app.main.create_app()

    try:
        document = await app.main.app.openapi()
    except Missing:
        raise AssertionError(
            "`app` must be the FastAPI application that create_app() returned, and not something "
            "around it: create_app() can add middleware with application.add_middleware(…)."
        ) from None
    served = (await app.get("/openapi.json")).json()
    with demand("app-by-create-app"):
        assert document["paths"].keys() == served["paths"].keys(), (
            "`app` must be the FastAPI application that create_app() returned; the one that it returned "
            "is mounted in `app`, which has other routes."
        )


async def must_be_the_library(app: App, when: str = "") -> None:
    response = await app.get("/openapi.json")
    assert response.status_code == 200, f"GET /openapi.json does not return 200{when}."
    title = response.json()["info"]["title"]
    assert title == "Library", (
        f"The title of the application must be 'Library'{when}; it is {title!r}."
    )
