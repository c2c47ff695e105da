"""What builds a query: `select`, `insert` and the like, and what is called on their results."""

from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Instance,
    Result,
    Value,
)

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
_METHODS = frozenset(
    {
        *("where", "filter", "filter_by", "having", "order_by", "group_by", "limit", "offset"),
        *("join", "outerjoin", "join_from", "outerjoin_from", "select_from", "options", "fetch"),
        *("distinct", "with_for_update", "execution_options", "correlate", "add_columns"),
        *("with_only_columns", "values", "returning", "from_select", "on_conflict_do_nothing"),
        *("on_conflict_do_update", "union", "union_all", "intersect", "except_", "subquery"),
        *("cte", "scalar_subquery", "exists", "label", "alias", "lateral", "bindparams", "params"),
        *("columns", "over", "within_group", "desc", "asc", "nulls_first", "nulls_last", "slice"),
    }
)
_OF_TABLES = frozenset({"select", "insert", "update", "delete"})
_TABLES = frozenset({"sqlalchemy.Table", "sqlalchemy.schema.Table"})
_PACKAGES = ("sqlalchemy.", "sqlmodel.")


def builds_query(called: Value | None) -> bool:
    """Whether calling a value builds a query or a part of one."""
    if of_table(called):
        return True
    if isinstance(called, Attribute) and called.name not in _METHODS:
        return False
    while isinstance(called, (Attribute, Result)):
        called = called.of
    if isinstance(called, Instance):
        called = called.of
    if not isinstance(called, External) or not called.name.startswith(_PACKAGES):
        return False
    package, _, name = called.name.rpartition(".")
    return name in _BUILDERS or package.endswith(".func")


def of_table(called: Value | None) -> str | None:
    """Return what a method of a table builds, such as `delete`; None for what is none of them."""
    if not isinstance(called, Attribute) or called.name not in _OF_TABLES:
        return None
    match called.of:
        case Attribute(of=ClassValue(), name="__table__"):
            return called.name
        case Instance(of=External(name=name)) if name in _TABLES:
            return called.name
    return None
