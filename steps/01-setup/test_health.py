"""Task 01.4: the health route."""

from groundrules.testing import demand, task
from groundrules.testing.answers import about_its_slash
from groundrules.testing.app import App, Response

HEALTH = "/api/v1/health"
LEVELS = ("DEBUG", "WARNING", "ERROR", "CRITICAL")  # beside the one that is the default


@task("01.4", "health-ok")
async def test_health_answers_that_the_application_is_up(app: App) -> None:
    for _ in range(2):
        await must_be_up(app)


@task("01.4", "health-ok", "prefix-only", "documented")
async def test_health_is_the_same_with_every_log_level(app: App) -> None:
    await must_be_right(app)
    for level in LEVELS:
        async with app.started(LOG_LEVEL=level) as other:
            await must_be_right(other, f" with LOG_LEVEL={level}")


@task("01.4", "prefix-only")
async def test_health_is_found_under_the_prefix_only(app: App) -> None:
    await must_be_found(app)

    await must_be_under_the_prefix_only(app)


@task("01.4", "only-get")
async def test_health_is_only_read(app: App) -> None:
    await must_only_be_read(app)
    for level in LEVELS:
        async with app.started(LOG_LEVEL=level) as other:
            await must_only_be_read(other, f" with LOG_LEVEL={level}")


@task("01.4", "documented")
async def test_health_stands_in_the_documentation(app: App) -> None:
    await must_be_documented(app)


async def must_be_right(app: App, when: str = "") -> None:
    with demand("health-ok"):
        await must_be_up(app, when)
    with demand("prefix-only"):
        await must_be_under_the_prefix_only(app, when)
    with demand("documented"):
        await must_be_documented(app, when)


async def must_be_up(app: App, when: str = "") -> None:
    body = (await must_be_found(app, when)).json()

    assert isinstance(body, dict), f"GET {HEALTH} must return a JSON object{when}."
    assert body.get("status") == "ok", (
        f'GET {HEALTH} must return {{"status": "ok"}}{when}; it returns {body}.'
    )


async def must_be_under_the_prefix_only(app: App, when: str = "") -> None:
    response = await app.get("/health")

    assert response.status_code == 404, f"GET /health, without /api/v1, must return 404{when}."


async def must_only_be_read(app: App, when: str = "") -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await app.request(method, HEALTH)
        if response.status_code != 405:
            await must_be_found(app)

        assert response.status_code == 405, (
            f"{method} {HEALTH} must return 405{when}: the route is a GET."
        )


async def must_be_documented(app: App, when: str = "") -> None:
    response = await app.get("/openapi.json")
    assert response.status_code == 200, f"GET /openapi.json must return 200{when}."
    paths = response.json()["paths"]
    if HEALTH not in paths:
        await must_be_found(app, when)

    assert "get" in paths.get(HEALTH, {}), f"/openapi.json does not list GET {HEALTH}{when}."


async def must_be_found(app: App, when: str = "") -> Response:
    with demand("health-ok"):
        response = await app.get(HEALTH)
        assert response.status_code == 200, (
            f"GET {HEALTH} must return 200{when}.{about_its_slash(response)}"
        )
    return response
