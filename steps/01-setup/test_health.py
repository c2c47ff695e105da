"""Task 01.4: the health route."""

from groundrules.testing import demand, task
from groundrules.testing.answers import about_its_slash
from groundrules.testing.app import App, Response

HEALTH = "/api/v1/health"


@task("01.4", "health-ok")
async def test_health_answers_that_the_application_is_up(app: App) -> None:
    body = (await must_be_found(app)).json()

    assert isinstance(body, dict), f"GET {HEALTH} must return a JSON object."
    assert body.get("status") == "ok", f'GET {HEALTH} must return {{"status": "ok"}}.'


@task("01.4", "prefix-only")
async def test_health_is_found_under_the_prefix_only(app: App) -> None:
    await must_be_found(app)

    response = await app.get("/health")

    assert response.status_code == 404, "GET /health, without /api/v1, must return 404."


@task("01.4", "only-get")
async def test_health_is_only_read(app: App) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await app.request(method, HEALTH)
        if response.status_code != 405:
            await must_be_found(app)

        assert response.status_code == 405, (
            f"{method} {HEALTH} must return 405: the route is a GET."
        )


@task("01.4", "documented")
async def test_health_stands_in_the_documentation(app: App) -> None:
    response = await app.get("/openapi.json")
    paths = response.json()["paths"]
    if HEALTH not in paths:
        await must_be_found(app)

    assert "get" in paths.get(HEALTH, {}), f"/openapi.json does not list GET {HEALTH}."


async def must_be_found(app: App) -> Response:
    with demand("health-ok"):
        response = await app.get(HEALTH)
        assert response.status_code == 200, (
            f"GET {HEALTH} must return 200.{about_its_slash(response)}"
        )
    return response
