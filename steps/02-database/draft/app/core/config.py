"""Settings, read from the environment once."""

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import PostgresDsn, Secret, UrlConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

AsyncPostgresDsn = Annotated[PostgresDsn, UrlConstraints(allowed_schemes=["postgresql+asyncpg"])]


class Settings(BaseSettings):
    """What can be set from outside, by environment variables with the names of the fields."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # errors end up in logs

    database_url: Secret[AsyncPostgresDsn]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"


@lru_cache
def get_settings() -> Settings:
    """Return the settings of this process; raise `ValidationError` if one is missing or wrong."""
    return Settings()
