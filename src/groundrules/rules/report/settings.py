"""The settings in `[tool.groundrules]`."""

from dataclasses import dataclass
from pathlib import Path

from groundrules.rules.source.files import CheckError
from groundrules.rules.source.pyproject import pyprojects, table


@dataclass(frozen=True)
class Settings:
    """What a project sets for its checks; None where it leaves the choice open."""

    package: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None


def read_settings(folder: Path) -> Settings:
    """Return the settings of the nearest pyproject.toml; raise `CheckError` if they are wrong."""
    nearest = next(pyprojects(folder), None)
    if nearest is None:
        return Settings()
    place = f"[tool.groundrules] in {nearest.path}"
    values = table(nearest.data, "tool", "groundrules")
    for key, value in values.items():
        match key, value:
            case "package", str():
                pass
            case (("select" | "ignore"), list()) if all(isinstance(each, str) for each in value):
                pass
            case "package", _:
                raise CheckError(f"`package` of {place} must be a string.")
            case (("select" | "ignore"), _):
                raise CheckError(f'`{key}` of {place} must be a list of codes, as in ["GR201"].')
            case _:
                raise CheckError(
                    f"{place} has an unknown key `{key}`: use package, select or ignore."
                )
    return Settings(
        values.get("package"), _codes(values.get("select")), _codes(values.get("ignore"))
    )


def _codes(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(each.upper() for each in given)
