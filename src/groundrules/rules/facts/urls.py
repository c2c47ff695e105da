"""Finds the database URLs that a module's code writes or builds."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import External
from groundrules.rules.source.syntax import operands
from groundrules.rules.source.tree import Module, Scope

DATABASES = {
    "postgresql": "PostgreSQL",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "sqlite": "SQLite",
    "oracle": "Oracle",
    "mssql": "SQL Server",
    "mongodb": "MongoDB",
    "cockroachdb": "CockroachDB",
    "duckdb": "DuckDB",
    "firebird": "Firebird",
    "clickhouse": "ClickHouse",
    "clickhousedb": "ClickHouse",
    "redshift": "Redshift",
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
    "spanner": "Spanner",
    "databricks": "Databricks",
    "trino": "Trino",
    "presto": "Presto",
    "hive": "Hive",
    "vertica": "Vertica",
    "teradatasql": "Teradata",
    "ibm_db_sa": "Db2",
    "db2": "Db2",
    "hana": "SAP HANA",
    "sybase": "Sybase",
    "cassandra": "Cassandra",
    "couchbase": "Couchbase",
    "neo4j": "Neo4j",
    "libsql": "libSQL",
    "monetdb": "MonetDB",
}
_SCHEME = re.compile(rf"({'|'.join(DATABASES)})(?:\+(\w+))?", re.IGNORECASE)
_URL = re.compile(rf"({_SCHEME.pattern})://(\S*)", re.IGNORECASE)
# a scheme as a replacement has it: with a driver, or with what follows a scheme in a URL
_REPLACED = re.compile(rf"({'|'.join(DATABASES)})(?![a-z0-9_])(\+\w+|\S*:)?", re.IGNORECASE)
_REPLACING = {"replace": 1, "sub": 1, "subn": 1}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"

# methods and functions that look at a URL or change it, rather than use it
_LOOKS = frozenset(
    {
        *("replace", "removeprefix", "startswith", "split", "rsplit", "partition", "rpartition"),
        *("strip", "lstrip", "find", "index", "count", "join", "len", "sub", "subn", "match"),
        *("fullmatch", "search", "compile", "removesuffix", "endswith"),
    }
)
_TEXTS = frozenset(
    {"description", "title", "summary", "example", "examples", "help", "message", "detail", "doc"}
)
# what takes a bare `postgresql://` and is async all the same, or opens no connection
_OTHERS = (
    "logging.",
    "asyncpg.",
    "psycopg.",
    "psycopg_pool.",
    "databases.",
    "urllib.",
    "yarl.",
    "tortoise.",
)


@dataclass(frozen=True)
class Url:
    """A database URL, or the scheme that a URL builder is given.

    :param scheme: as written, such as `postgresql+asyncpg`.
    :param driver: its part after the `+`, None if it has none.
    """

    node: ast.expr
    scheme: str
    database: str
    driver: str | None


def find_urls(names: Names, module: Module) -> Iterator[Url]:
    """Yield the database URLs in a module's code; what only looks at or describes one is none."""
    if module.mentions("://", "drivername", "scheme", "URL"):
        yield from _Finder(names, module).find()


class _Finder:
    def __init__(self, names: Names, module: Module) -> None:
        self._names = names
        self._module = module
        self._found: list[Url] = []
        self._todo: list[tuple[ast.AST, bool]] = []

    def find(self) -> list[Url]:
        """Return the URLs in the order they are written."""
        self._later(self._module.tree.body)
        while self._todo:
            node, listed = self._todo.pop()
            match node:
                case ast.Expr(value=ast.Constant()) | ast.MatchValue():
                    continue
                case ast.Constant() | ast.JoinedStr() | ast.BinOp() if self._text(node, listed):
                    continue
                case ast.Compare(left=left, comparators=others):
                    self._later(each for each in (left, *others) if not _is_literal(each))
                case ast.Dict(keys=keys, values=values):
                    self._later(each for each in keys if each and not _is_literal(each))
                    self._later(values, listed=True)
                case ast.List() | ast.Tuple() | ast.Set():
                    self._later(node.elts, listed=True)
                case ast.Call():
                    self._call(node)
                case ast.BinOp(op=ast.Add()):
                    self._later(operands(node, ast.Add))
                case ast.JoinedStr(values=parts):
                    self._later(each for each in parts if not isinstance(each, ast.Constant))
                case _:
                    self._later(ast.iter_child_nodes(node))
        return sorted(self._found, key=lambda url: (url.node.lineno, url.node.col_offset))

    def _later(
        self,
        nodes: "Iterator[ast.AST] | list[ast.AST] | list[ast.expr] | list[ast.stmt]",
        *,
        listed: bool = False,
    ) -> None:
        self._todo += [(each, listed) for each in nodes]

    def _call(self, node: ast.Call) -> None:
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        given = [*node.args, *(each.value for each in node.keywords if each.arg not in _TEXTS)]
        if name in _LOOKS:
            self._replacement(node, name)
            given = [each for each in given if not _is_literal(each)]
            if name == "replace" and isinstance(func, ast.Attribute) and _is_literal(func.value):
                self._later(given)
                return
        elif any(isinstance(each, ast.JoinedStr) or _is_url(each) for each in given):
            value = self._names.evaluate(func, self._scope(node))
            if isinstance(value, External) and value.name.startswith(_OTHERS):
                given = [each for each in given if not _is_text(each)]
        scheme = self._built(node, name)
        if scheme is not None:
            self._scheme(node, scheme)
            given = [each for each in given if each is not scheme]
        self._later([func, *given])

    def _replacement(self, node: ast.Call, name: str) -> None:
        """Note another database than PostgreSQL, if a URL is made its own by a replacement."""
        if name not in _REPLACING:
            return
        place = _REPLACING[name]
        if name != "replace" and isinstance(node.func, ast.Attribute):
            is_method = len(node.args) + len(node.keywords) < 3 and not self._is_module(node.func)
            place -= is_method
        elif name == "replace" and not isinstance(node.func, ast.Attribute):
            return
        named = [each.value for each in node.keywords if each.arg in ("repl", "new")]
        for new in [*node.args[place : place + 1], *named][:1]:
            made = new.body if isinstance(new, ast.Lambda) else new
            match = _REPLACED.match(self._known(made))
            if match is None or DATABASES[match[1].lower()] == "PostgreSQL":
                continue
            if match[2] or self._looks_for_database(node, place):
                self._add(new, match[0].rstrip(":"), match[1], None)

    def _is_module(self, func: ast.Attribute) -> bool:
        value = self._names.evaluate(func, self._scope(func))
        return isinstance(value, External) and value.name.startswith(("re.", "regex."))

    def _looks_for_database(self, node: ast.Call, place: int) -> bool:
        """Whether what is replaced is the name of a database, too."""
        old = node.args[place - 1 : place] if place else []
        return any(_SCHEME.match(self._known(each).lstrip("^(?:")) for each in old)

    def _built(self, node: ast.Call, name: str) -> ast.expr | None:
        """Return the scheme that a URL builder is given."""
        named = {each.arg: each.value for each in node.keywords}
        if "drivername" in named:
            return named["drivername"]
        if name in {"build", "_replace"} and "scheme" in named:
            return named["scheme"]
        if name == "create" and node.args:
            value = self._names.evaluate(node.func, self._scope(node))
            if isinstance(value, External) and value.name.endswith(".URL.create"):
                return node.args[0]
        return None

    def _scheme(self, node: ast.Call, scheme: ast.expr) -> None:
        text = self._names.constant(scheme, self._scope(node))
        match = _SCHEME.fullmatch(text) if isinstance(text, str) else None
        if match:
            self._add(scheme, match[0], match[1], match[2])

    def _text(self, node: ast.expr, listed: bool) -> bool:
        """Note the URL that a text is; whether there is nothing more to look at below it."""
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            return True
        known = self._known(node)
        match = _URL.fullmatch(known)
        if match and self._is_used(match, node, listed=listed) and not self._is_named(node):
            self._add(node, match[1], match[2], match[3])
        return isinstance(node, ast.Constant) or match is not None

    def _is_used(self, match: re.Match[str], node: ast.expr, *, listed: bool) -> bool:
        """Whether a URL is more than a prefix to look for: it goes on, or is SQLite's in memory."""
        return bool(match[4]) or (match[2].lower() == "sqlite" and not listed)

    def _is_named(self, node: ast.expr) -> bool:
        """Whether the URL begins with one that has a name: that is reported where it is written."""
        while not isinstance(node, (ast.Name, ast.Attribute)):
            match node:
                case ast.BinOp(left=first) | ast.FormattedValue(value=first):
                    node = first
                case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]):
                    node = first
                case _:
                    return False
        match = _URL.match(self._known(node))
        return match is not None and bool(match[4])

    def _known(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr(values=parts):
                return "".join(self._known(each) for each in parts)
            case ast.BinOp(op=ast.Add()):
                return "".join(self._known(each) for each in operands(node, ast.Add))
            case ast.BinOp(left=left, op=ast.Mod()):
                return self._known(left)
            case ast.FormattedValue(value=value):
                return self._known(value)
            case ast.Name() | ast.Attribute():
                held = self._names.constant(node, self._scope(node))
                return held if isinstance(held, str) and " " not in held else _UNKNOWN
        return _UNKNOWN

    def _add(self, node: ast.expr, scheme: str, database: str, driver: str | None) -> None:
        self._found.append(Url(node, scheme, DATABASES[database.lower()], driver))

    def _scope(self, node: ast.expr) -> Scope:
        return self._module.scope_at(node)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_is_literal, node.elts))
    return isinstance(node, ast.Constant)


def _is_url(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.JoinedStr))
