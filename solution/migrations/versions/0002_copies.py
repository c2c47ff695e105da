"""Let the library own several copies of a book."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("books", sa.Column("copies", sa.Integer, nullable=True))
    # Until now a book was one copy; if more loans of it are open, there must be more.
    op.execute(
        """
        UPDATE books SET copies = greatest(
            1,
            (SELECT count(*) FROM loans WHERE book_id = books.id AND returned_at IS NULL)
        )
        """
    )
    op.alter_column("books", "copies", nullable=False)
    op.create_check_constraint(op.f("ck_books_copies_not_negative"), "books", "copies >= 0")


def downgrade() -> None:
    op.drop_column("books", "copies")
