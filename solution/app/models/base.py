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
    # Values that the database computes are fetched at once: async code cannot fetch them on access.
    __mapper_args__: dict[str, Any] = {"eager_defaults": True}


class Timestamped:
    """When a row was created and last changed, by the clock of the database."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=1)
    # now() is the start of the transaction; a change may have waited for a lock since then.
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.clock_timestamp(), sort_order=1
    )
