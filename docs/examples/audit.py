"""What was done, row by row."""

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditEntry(Base):  # groundrules: ignore[GR402]
    """Something that was done; a row is never changed, so it has no `updated_at`."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
