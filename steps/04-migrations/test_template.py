"""Task 04.3: a template for new migrations."""

import ast
import builtins
from collections.abc import Iterable

from groundrules.testing import demand, task
from groundrules.testing.migrations import Migrations
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Missing

FILE = "migrations/script.py.mako"
TABLES = ("loans", "spare")  # a model, and one that autogenerate would drop


@task("04.3", "template-docstring", "template-ids")
async def test_a_new_migration_says_what_it_does_and_what_it_follows(
    migrations: Migrations, samples: Samples
) -> None:
    message = f"Keep {samples.word()} and ISBN apart"

    new = await new_migration(migrations, message)

    said = ast.get_docstring(new) or ""
    with demand("template-docstring"):
        assert message in said, (
            f"A new migration with the message {message!r} must have it in its docstring, which is "
            f"{said!r}. See {FILE}."
        )
    heads, values = await migrations.heads(), assigned(new)
    for name in ("revision", "down_revision"):
        assert name in values, f"A new migration must set `{name}`. See {FILE}."
    wanted = heads[0] if heads else None
    with demand("template-ids"):
        assert values["down_revision"] == wanted, (
            f"A new migration must have down_revision = {wanted!r}, the id of the newest one; it has "
            f"{values['down_revision']!r}. See {FILE}."
        )


@task("04.3", "template-ids")
async def test_the_first_migration_follows_none(migrations: Migrations) -> None:
    try:
        text = await migrations.new("A new beginning", first=True)
    except Missing as error:
        if "down_revision" not in str(error):
            raise
        raise AssertionError(
            f"A new migration that follows no other must have down_revision = None. {error} In {FILE}, "
            "repr() puts quotes only where they belong."
        ) from None

    found = assigned(parsed(text, "A first migration")).get("down_revision")
    assert found is None, (
        f"A new migration that follows no other must have down_revision = None; it has {found!r}. See "
        f"{FILE}."
    )


@task("04.3", "template-body", "template-imports", "all-models")
async def test_a_new_migration_holds_what_alembic_found(migrations: Migrations) -> None:
    await migrations.database.execute("CREATE TABLE spare (notes jsonb)")

    new = await new_migration(migrations, "Something new")

    functions = {each.name: each for each in new.body if isinstance(each, ast.FunctionDef)}
    for name in ("upgrade", "downgrade"):
        assert name in functions, f"A new migration has no function {name}(). See {FILE}."
    found = {table: any(calls_with(each, table) for each in functions.values()) for table in TABLES}
    with demand("all-models"):
        assert found["loans"] or not found["spare"], (
            "In a database without tables, autogenerate must find the table loans, and it does not: "
            "import all models in migrations/env.py, and set target_metadata to Base.metadata."
        )
    for name, call, never in (
        ("upgrade", "create_table", "drop_table"),
        ("downgrade", "drop_table", "create_table"),
    ):
        done = calls_with(functions[name], "loans") & {call, never}
        assert done == {call}, (
            f"In a database without tables, a new migration must call op.{call}('loans') in {name}(), and "
            f"not op.{never}('loans'); this {name}() ends with "
            f"`{ast.unparse(functions[name].body[-1])[:40]}`. See {FILE}."
        )
    everywhere = known_in(each for each in new.body if not isinstance(each, ast.FunctionDef))
    with demand("template-imports"):
        for name, function in functions.items():
            unknown = sorted(
                used_in(function) - everywhere - functions.keys() - known_in([function])
            )
            assert not unknown, (
                f"A new migration uses `{unknown[0]}` in {name}() and does not import it there or at the "
                f"top of the file. See {FILE}."
            )


@task("04.3", "template-empty")
async def test_a_new_migration_may_have_nothing_to_do_yet(migrations: Migrations) -> None:
    text = await migrations.new("Nothing yet", autogenerate=False)

    new = parsed(text, "A new migration without --autogenerate, which is still empty,")

    for name in ("upgrade", "downgrade"):
        assert any(isinstance(each, ast.FunctionDef) and each.name == name for each in new.body), (
            f"A new migration has no function {name}(). See {FILE}."
        )


async def new_migration(migrations: Migrations, message: str) -> ast.Module:
    """Let Alembic write a migration for an empty database that it takes for one with all migrations."""
    await migrations.database.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
    for head in await migrations.heads():
        await migrations.database.execute("INSERT INTO alembic_version VALUES ($1)", head)
    return parsed(await migrations.new(message), "A new migration")


def parsed(text: str, what: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = (text.splitlines() or [""])[(error.lineno or 1) - 1].strip()
        raise AssertionError(
            f"{what} is not valid Python: {error.msg} in `{line}`. See {FILE}."
        ) from None


def assigned(module: ast.Module) -> dict[str, object]:
    values: dict[str, object] = {}
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(value)):
                values[name] = value
            case ast.AnnAssign(target=ast.Name(name), value=ast.Constant(value)):
                values[name] = value
    return values


def calls_with(function: ast.FunctionDef, first: str) -> set[str]:
    """Return the names of the functions that are called with this first argument."""
    found = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=name) | ast.Name(id=name),
                args=[ast.Constant(value), *_],
            ) if value == first:
                found.add(name)
    return found


def used_in(function: ast.FunctionDef) -> set[str]:
    return {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def known_in(parts: Iterable[ast.stmt]) -> set[str]:
    """Return the names that statements define, and those of Python itself."""
    names = set(dir(builtins))
    for node in (node for part in parts for node in ast.walk(part)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.arg):
            names.add(node.name if isinstance(node, ast.FunctionDef) else node.arg)
    return names
