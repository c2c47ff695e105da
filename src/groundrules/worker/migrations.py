"""Running the trainee's migrations with Alembic."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from groundrules.worker.names import Missing
from groundrules.worker.protocol import JSON

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


async def migrate(folder: Path, command: str, revision: str) -> JSON:
    """Run an Alembic command; return what it answers, or raise what it raises.

    `upgrade` and `downgrade` go to `revision`; `sql` is the text of that upgrade, offline; `check` raises
    if models and migrations differ; `heads` are the newest revisions; `revisions` tells of each, the newest
    first, `{"id", "down", "text"}`.

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
        "heads": lambda: list(ScriptDirectory.from_config(config).get_heads()),
        "revisions": lambda: _revisions(ScriptDirectory.from_config(config)),
    }
    return run[command]()


def _written_by(run: Callable[[], None], output: io.StringIO) -> str:
    run()
    return output.getvalue()


def _revisions(scripts: "ScriptDirectory") -> JSON:
    revisions: list[JSON] = []
    for script in scripts.walk_revisions():
        down = script.down_revision
        before: list[JSON] = [down] if isinstance(down, str) else list(down or ())
        revisions.append({"id": script.revision, "down": before, "text": script.doc})
    return revisions
