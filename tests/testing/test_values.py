"""What the trainee's code returns is written in messages as somebody would create it."""

from groundrules.testing.values import Opaque, Row, Schema


def test_a_row_is_written_by_its_key() -> None:
    row = Row("app.models.user.User", {"id": 1}, {"id": 1, "hashed_password": "$argon2id$"})

    assert f"{row!r}" == "User(id=1)"


def test_a_schema_is_written_with_its_fields() -> None:
    assert f"{Schema('app.schemas.book.BookUpdate', {'copies': 3})!r}" == "BookUpdate(copies=3)"


def test_anything_else_is_written_by_its_class() -> None:
    assert f"{Opaque('sqlalchemy.ext.asyncio.AsyncSession', 7)!r}" == "<AsyncSession object>"
