"""Breaks of the structure: what stands in which package."""

from collections.abc import Iterator
from itertools import cycle

from .source import Break, breaks, first_line, handlers, outside, route_of, within


@breaks("GR301")
def misplaced_models() -> Iterator[Break]:
    model = (
        "class Shelf(Timestamped, Base):\n"
        '    __tablename__ = "shelves"\n\n'
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
    )
    for place in outside("models"):
        yield (
            place.path,
            place.plus(model).importing(
                "from sqlalchemy.orm import Mapped, mapped_column",
                "from app.models.base import Base, Timestamped",
            ),
        )


@breaks("GR302")
def misplaced_schemas() -> Iterator[Break]:
    for place in within("api", "models", "services"):
        schema = "class Shelf(BaseModel):\n    name: str\n"
        yield place.path, place.plus(schema).importing("from pydantic import BaseModel")


@breaks("GR303")
def misplaced_handlers() -> Iterator[Break]:
    handler = (
        "shelves = APIRouter()\n\n\n"
        '@shelves.get("/shelves")\n'
        "async def list_shelves() -> list[str]:\n"
        '    """List the shelves."""\n'
        "    return []\n"
    )
    for place in outside("api"):
        yield place.path, place.plus(handler).importing("from fastapi import APIRouter")


@breaks("GR304")
def business_in_handlers() -> Iterator[Break]:
    business = (
        "for number in (1, 2):\n    print(number)",
        "while len(__name__) > 80:\n    break",
        "days = len(__name__) * 7",
        "first = min(1, len(__name__))",
        "wanted = select(User)",
        "everything = text('select 1')",
    )
    for (place, handler), code in zip(handlers(), cycle(business), strict=False):
        changed = first_line(handler, code, place)
        needed = ("from sqlalchemy import select, text", "from app.models.user import User")
        yield f"{code!r} in {handler.name}", changed.importing(*needed)
    calls = cycle(
        ("await db.commit()", "await db.rollback()", "db.add(User())", "db.expunge_all()")
    )
    for place, handler in handlers():
        route = route_of(handler)
        if route and route.attr != "get" and any(each.arg == "db" for each in handler.args.args):
            code = next(calls)
            changed = first_line(handler, code, place)
            yield (
                f"{code!r} in {handler.name}",
                changed.importing("from app.models.user import User"),
            )


@breaks("GR305")
def misplaced_security() -> Iterator[Break]:
    settings = "class Extras(BaseSettings):\n    shelves: int = 3\n"
    context = 'extra_passwords = CryptContext(schemes=["argon2"])\n'
    token = 'def sign(book: int) -> str:\n    return jwt.encode({"sub": str(book)}, "key")\n'
    for place in outside("core"):
        pydantic = "from pydantic_settings import BaseSettings"
        yield f"settings in {place.path}", place.plus(settings).importing(pydantic)
        passlib = "from passlib.context import CryptContext"
        yield f"a context in {place.path}", place.plus(context).importing(passlib)
        yield f"a token in {place.path}", place.plus(token).importing("from jose import jwt")
