"""The trainee's models as a whole: importing them all, and making their tables without migrations."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from groundrules.worker.names import find
from groundrules.worker.protocol import JSON

BASE = "app.models.base.Base"


async def create_tables(folder: Path, url: str) -> JSON:
    """Create the tables of every model below `app.models` in the database `url`; return their names."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    import_models(folder)
    metadata = find(BASE, folder).metadata
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    return sorted(metadata.tables)


def import_models(folder: Path) -> None:
    """Import every module below `app.models`: a model may name another that it does not import."""
    package = find("app.models", folder)
    for module in walk_packages(package.__path__, "app.models.", onerror=_raise):
        import_module(module.name)


def _raise(_: str) -> None:
    raise
