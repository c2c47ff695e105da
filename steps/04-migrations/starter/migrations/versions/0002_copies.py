"""Stub of the second migration.

Write it in step 04 (steps/04-migrations/README.md): `copies`, also for existing books. Or delete this
file, and let Alembic write one.
"""

from collections.abc import Sequence

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
