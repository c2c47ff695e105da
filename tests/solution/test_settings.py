"""What can be set from outside."""

import pytest
from pydantic import ValidationError

from app.core.config import Settings
from support import SECRET_KEY

URL = "postgresql+asyncpg://library:geheim@localhost/library"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_TOKEN_MINUTES", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)


def test_only_secrets_have_no_default() -> None:
    settings = Settings()

    assert (settings.access_token_minutes, settings.log_level) == (30, "INFO")
    assert str(settings.database_url.get_secret_value()) == URL


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY"])
def test_a_secret_must_be_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings())

    assert "geheim" not in shown
    assert SECRET_KEY not in shown


@pytest.mark.parametrize(
    "url",
    ["postgresql://a:geheim@b/c", "postgresql+psycopg2://a:geheim@b/c", "sqlite:///geheim", ""],
)
def test_another_database_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(ValidationError) as refusal:
        Settings()

    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(("key", "fits"), [("k" * 31, False), ("k" * 32, True), ("é" * 16, True)])
def test_a_key_has_32_bytes(monkeypatch: pytest.MonkeyPatch, key: str, fits: bool) -> None:
    monkeypatch.setenv("SECRET_KEY", key)

    if fits:
        assert len(Settings().secret_key.get_secret_value()) == 32
    else:
        with pytest.raises(ValidationError, match="secret_key"):
            Settings()


@pytest.mark.parametrize("minutes", ["0", "-5", "soon"])
def test_a_token_lasts_a_minute_at_least(monkeypatch: pytest.MonkeyPatch, minutes: str) -> None:
    monkeypatch.setenv("ACCESS_TOKEN_MINUTES", minutes)

    with pytest.raises(ValidationError, match="access_token_minutes"):
        Settings()
