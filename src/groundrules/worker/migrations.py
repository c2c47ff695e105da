"""Running the trainee's migrations with Alembic."""

import asyncio
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from groundrules.worker.names import Missing
from groundrules.worker.protocol import JSON

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory


async def migrate(folder: Path, command: str, revision: str) -> JSON:
    """Run an Alembic command; return what it answers, or raise what it raises.

    `upgrade` and `downgrade` go to `revision`; `sql` is the text of that upgrade, offline; `check` raises
    if models and migrations differ; `new` is the text of the migration that would be written for that
    difference, with `revision` as its message; `heads` are the newest revisions; `revisions` tells of
    each, the newest first, `{"id", "down", "text"}`.

    It runs in a thread, as `env.py` may call `asyncio.run`.
    """
    if not (folder / "alembic.ini").is_file():
        raise Missing("alembic.ini is missing.")
    return await asyncio.to_thread(_run, folder, command, revision)


def _run(folder: Path, command: str, revision: str) -> JSON:
    from alembic import command as alembic
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    output = io.StringIO()
    config = Config(str(folder / "alembic.ini"), stdout=output, output_buffer=output)
    run: dict[str, Callable[[], JSON]] = {
        "upgrade": lambda: alembic.upgrade(config, revision),
        "downgrade": lambda: alembic.downgrade(config, revision),
        "check": lambda: alembic.check(config),
        "sql": lambda: _written_by(lambda: alembic.upgrade(config, revision, sql=True), output),
        "new": lambda: _new(config, revision),
        "heads": lambda: list(ScriptDirectory.from_config(config).get_heads()),
        "revisions": lambda: _revisions(ScriptDirectory.from_config(config)),
    }
    return run[command]()


def _written_by(run: Callable[[], None], output: io.StringIO) -> str:
    run()
    return output.getvalue()


def _new(config: "Config", message: str) -> str:
    """Let Alembic write a migration into a copy of the folder, so that none is left behind."""
    from alembic import command as alembic
    from alembic.script import ScriptDirectory

    with TemporaryDirectory() as name:
        copy = shutil.copytree(ScriptDirectory.from_config(config).dir, Path(name) / "migrations")
        config.set_main_option("script_location", str(copy).replace("%", "%%"))
        config.set_main_option("version_locations", f"{copy / 'versions'}".replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        (copy / "versions").mkdir(exist_ok=True)
        script = alembic.revision(config, message=message, autogenerate=True)
        assert script is not None
        assert not isinstance(script, list)
        return Path(script.path).read_text(encoding="utf-8")


def _revisions(scripts: "ScriptDirectory") -> JSON:
    revisions: list[JSON] = []
    for script in scripts.walk_revisions():
        down = script.down_revision
        before: list[JSON] = [down] if isinstance(down, str) else list(down or ())
        revisions.append({"id": script.revision, "down": before, "text": script.doc})
    return revisions
