"""What builds a query: `select`, `insert` and the like, and what is called on their results."""

from groundrules.rules.model.values import Attribute, External, Instance, Result, Value

_BUILDERS = frozenset(
    {
        *("select", "insert", "update", "delete", "text", "exists", "values", "lateral"),
        *("union", "union_all", "intersect", "intersect_all", "except_", "except_all"),
        *("and_", "or_", "not_", "desc", "asc", "nulls_first", "nulls_last", "case", "cast"),
        *("column", "table", "literal", "literal_column", "bindparam", "distinct", "extract"),
        *("tuple_", "within_group", "over", "any_", "all_", "aliased", "with_loader_criteria"),
        *("joinedload", "selectinload", "subqueryload", "lazyload", "raiseload", "noload"),
        *("immediateload", "contains_eager", "load_only", "defer", "undefer", "col"),
    }
)
_PACKAGES = ("sqlalchemy.", "sqlmodel.")


def builds_query(called: Value | None) -> bool:
    """Whether calling a value builds a query or a part of one."""
    while isinstance(called, Attribute | Result):
        called = called.of
    if isinstance(called, Instance):
        called = called.of
    if not isinstance(called, External) or not called.name.startswith(_PACKAGES):
        return False
    package, _, name = called.name.rpartition(".")
    return name in _BUILDERS or package.endswith(".func")
