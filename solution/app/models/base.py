"""What every model has: one base, named constraints, and two timestamps."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: DateTime(timezone=True)}
    # What the database sets is read back at once: async code cannot fetch it later, on access.
    __mapper_args__: dict[str, Any] = {"eager_defaults": True}


class Timestamped:
    """When a row was made, and when it last changed; the database's clock tells."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=1)
    # now() is when the transaction began; a change may have waited for a lock since then.
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.clock_timestamp(), sort_order=1
    )
