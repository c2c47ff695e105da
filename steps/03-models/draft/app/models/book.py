"""Books, and how many copies of each can be borrowed."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class Book(Timestamped, Base):
    """A title, of which the library owns any number of copies."""

    __tablename__ = "books"
    __table_args__ = (
        UniqueConstraint("isbn"),
        CheckConstraint("isbn ~ '^[0-9]{13}$'", name="isbn_has_13_digits"),
        CheckConstraint("copies >= 0", name="copies_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    isbn: Mapped[str] = mapped_column(String(13))
    title: Mapped[str] = mapped_column(String(200))
    author: Mapped[str] = mapped_column(String(200))
    published_year: Mapped[int | None] = mapped_column(SmallInteger)
    copies: Mapped[int] = mapped_column(Integer)
