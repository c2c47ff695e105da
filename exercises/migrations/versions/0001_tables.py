"""Stub of the first migration.

Write it in step 04 (steps/04-migrations/README.md): the tables users, books and loans, books without
`copies`. Or delete this file, and let Alembic write one.
"""

from collections.abc import Sequence

revision: str = "0001"
down_revision: str | Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
