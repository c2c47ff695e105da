"""Task 01.2: settings from the environment."""

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.given import Given
from groundrules.testing.values import Schema

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@task("01.2", "get-settings")
async def test_get_settings_returns_settings(app: App) -> None:
    settings = await app.core.config.get_settings()

    given = Given("get_settings()", value=settings)
    assert isinstance(settings, Schema), given.instead_of("Settings")


@task("01.2", "log-level-default")
async def test_the_log_level_is_info_unless_it_is_set(app: App) -> None:
    settings = await app.core.config.get_settings()

    level = settings.log_level
    assert level == "INFO", f"Without LOG_LEVEL set, log_level must be 'INFO'; it is {level!r}."


@task("01.2", "log-level-variable", "log-level-values")
@pytest.mark.parametrize("wanted", ["DEBUG", "WARNING", "ERROR", "CRITICAL"])
async def test_the_log_level_comes_from_the_environment(app: App, wanted: str) -> None:
    async with app.started(LOG_LEVEL=wanted) as other:
        with demand("log-level-values"), other.accepts(f"LOG_LEVEL={wanted}"):
            await other.core.config.get_settings()
        level = (await other.core.config.get_settings()).log_level
        made = (await other.core.config.Settings()).log_level

    assert level == wanted, (
        f"With LOG_LEVEL={wanted}, log_level must be {wanted!r}; it is {level!r}."
    )
    assert made == wanted, (
        f"With LOG_LEVEL={wanted}, Settings() must have the log_level {wanted!r}, not {made!r}. "
        "It must inherit from BaseSettings, which reads the environment."
    )


@task("01.2", "log-level-rejected", "log-level-case")
async def test_an_unknown_log_level_is_refused(app: App) -> None:
    settings = await app.core.config.get_settings()
    assert settings.log_level, "log_level must not be empty."

    for level in ("LOUD", "WARN", "NOTSET", "", " INFO", "INFO\n", "INFO,DEBUG", "info", "Debug"):
        shown = level.replace("\n", "\\n")
        lower = level.upper() in LEVELS and level not in LEVELS
        async with app.started(LOG_LEVEL=level) as other:
            for call, name in (
                (other.core.config.get_settings, "get_settings()"),
                (other.core.config.Settings, "Settings()"),
            ):
                with (
                    demand("log-level-case" if lower else "log-level-rejected"),
                    other.refuses(
                        message=f"LOG_LEVEL={shown} must be rejected, but {name} accepts it as a level."
                    ),
                ):
                    await call()
