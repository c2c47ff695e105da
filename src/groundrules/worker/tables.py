"""The trainee's models as a whole: importing them all, and making their tables without migrations."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

from groundrules.worker.names import Missing, find
from groundrules.worker.protocol import JSON

if TYPE_CHECKING:
    from sqlalchemy import MetaData

BASE = "app.models.base.Base"


async def create_tables(folder: Path, url: str) -> JSON:
    """Create the tables of every model below `app.models` in the database `url`; return their names.

    Raises `Missing` if an index has no name.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    import_models(folder)
    metadata = find(BASE, folder).metadata
    _must_name_its_indexes(metadata)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    return sorted(metadata.tables)


def _must_name_its_indexes(metadata: "MetaData") -> None:
    """Raise `Missing` for an index without a name, of which SQLAlchemy only asserts that it has one."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if index.name is None:
                columns = " and ".join(f"{table.name}.{each.name}" for each in index.columns)
                raise Missing(
                    f"The index of {columns or table.name} has no name: name it, or give the naming "
                    "convention of Base, in app/models/base.py, an `ix`."
                )


def import_models(folder: Path) -> None:
    """Import every module below `app.models`: a model may name another that it does not import."""
    package = find("app.models", folder)
    for module in walk_packages(package.__path__, "app.models.", onerror=_raise):
        import_module(module.name)


def _raise(_: str) -> None:
    raise
