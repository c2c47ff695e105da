"""Breaks of the models: their base and their times."""

import ast
from collections.abc import Iterator

from .source import Break, Source, breaks, source, within


@breaks("GR401")
def other_bases() -> Iterator[Break]:
    second = "class Other(DeclarativeBase):\n    pass\n\n\n"
    dataclass_ = "class Other(MappedAsDataclass, DeclarativeBase):\n    pass\n\n\n"
    for place in within("models"):
        for cls in place.tree.body:
            if isinstance(cls, ast.ClassDef) and place.of(cls).startswith(f"class {cls.name}(Time"):
                head, rest = f"class {cls.name}(Timestamped, ", place.of(cls).partition("Base):")[2]
                whole = place.importing(
                    "from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, registry",
                    "from sqlmodel import SQLModel",
                )
                old = place.of(cls)
                yield (
                    f"a second base of {cls.name}",
                    whole.swap(old, f"{second}{head}Other):{rest}"),
                )
                yield f"a base of {cls.name}", whole.swap(old, f"{dataclass_}{head}Other):{rest}")
                sqlmodel = f"{head}SQLModel, table=True):{rest}"
                yield f"SQLModel under {cls.name}", whole.swap(old, sqlmodel)
                mapped = f"mapping = registry()\n\n\n@mapping.mapped\n{head[:-2]}):{rest}"
                yield f"a registry around {cls.name}", whole.swap(old, mapped)


PROPERTY = "@property\n    def {}(self) -> datetime:\n        return datetime.now()"


def column_of(place: Source, name: str) -> ast.AnnAssign:
    return next(
        each
        for each in ast.walk(place.tree)
        if isinstance(each, ast.AnnAssign) and place.of(each.target) == name
    )


@breaks("GR402")
def missing_timestamps() -> Iterator[Break]:
    column = "    {}: Mapped[datetime] = mapped_column()\n"
    base = source("app/models/base.py")
    for name in ("created_at", "updated_at"):
        yield f"{name} renamed", base.swap(f"    {name}:", f"    {name}_utc:")
        yield f"{name} a property", base.replace(column_of(base, name), PROPERTY.format(name))
    for place in within("models"):
        for cls in place.tree.body:
            if isinstance(cls, ast.ClassDef) and "(Timestamped, Base)" in place.of(cls):
                bare = place.swap("(Timestamped, Base)", "(Base)")
                yield f"no mixin of {cls.name}", bare
                for name in ("created_at", "updated_at", "modified_at"):
                    line = column.format(name)
                    own = bare.swap("    id: Mapped[int]", f"{line}    id: Mapped[int]")
                    needed = own.importing("from datetime import datetime")
                    yield f"only {name} in {cls.name}", needed
