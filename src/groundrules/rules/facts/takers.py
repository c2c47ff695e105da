"""Says which calls take a coroutine for something else, so that it is awaited by none of them."""

import ast

from groundrules.rules.facts.answers import HTTP_EXCEPTIONS, RESPONSES
from groundrules.rules.facts.pydantic_models import is_model, is_wholly_known, only_reads
from groundrules.rules.facts.session_kinds import Kind, attribute_kind
from groundrules.rules.meaning.callees import Callees
from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.return_types import allows_no_awaitable
from groundrules.rules.meaning.values import Attribute, ClassValue, External, Instance
from groundrules.rules.source.tree import CallSite, Scope

_BUILTINS = frozenset(
    f"builtins.{name}"
    for name in (
        *("print", "len", "list", "set", "dict", "str", "repr", "bool", "int", "float"),
        *("sum", "sorted", "any", "all", "iter", "enumerate", "reversed"),
        *("isinstance", "hasattr", "callable", "type", "id", "hash"),
    )
)
# what they make of a container has its elements, and what these return has not
PASSING = frozenset(f"builtins.{name}" for name in ("list", "tuple", "set", "sorted", "reversed"))
DROPPING = frozenset(
    f"builtins.{name}" for name in ("print", "len", "str", "repr", "bool", "any", "all", "sum")
)
# what calls its first argument, which a coroutine is no function for
_CALLING = frozenset(
    {
        *("asyncio.to_thread", "anyio.to_thread.run_sync", "fastapi.concurrency.run_in_threadpool"),
        "starlette.concurrency.run_in_threadpool",
    }
)
_TASKS = frozenset(
    {"fastapi.BackgroundTasks", "fastapi.background.BackgroundTasks"}
    | {"starlette.background.BackgroundTasks", "starlette.background.BackgroundTask"}
)
_STREAMING = frozenset(
    {"fastapi.responses.StreamingResponse", "starlette.responses.StreamingResponse"}
)
# what sends or encodes all that it is given
SENDING = (RESPONSES - _STREAMING) | HTTP_EXCEPTIONS | {"fastapi.encoders.jsonable_encoder"}
_FIRST = frozenset({"builtins.setattr", "builtins.delattr", "builtins.next"})
_ALONE = frozenset({"builtins.min", "builtins.max"})  # of many they give one back
_OF_ROWS = frozenset({"add", "delete", "expire", "expunge", "merge", "refresh"})
_SESSIONS = frozenset({Kind.SESSION, Kind.ASYNC_SESSION})


def takes_otherwise(
    names: Names, definitions: Definitions, callees: Callees, site: CallSite, node: ast.expr
) -> bool:
    """Whether a call surely takes its argument `node` for something else than a coroutine."""
    call, scope = site.node, site.scope
    name = definitions.outside(call.func, scope)
    if name in _BUILTINS:
        return True
    if sends(names, definitions, site):
        return True
    if call.args[:1] == [node] and (name in _CALLING or _is_task(names, call, scope)):
        return True
    taken = callees.parameter(site, node)
    if taken is not None and allows_no_awaitable(names, definitions, *taken):
        return True
    if call.args[:1] != [node]:
        return False
    match call.func:
        case ast.Attribute(value=owner, attr="model_validate"):
            cls = definitions.cls(owner, scope)
            return cls is not None and only_reads(names, cls)
        case ast.Attribute(value=owner, attr=attr) if attr in _OF_ROWS:
            return attribute_kind(names, call.func, names.evaluate(owner, scope)) in _SESSIONS
    return name in _FIRST or (name in _ALONE and len(call.args) == 1)


def sends(
    names: Names, definitions: Definitions, site: CallSite, *, is_returned: bool = False
) -> bool:
    """Whether a call makes a response of what it is given, or encodes it.

    :param is_returned: whether a handler returns what it makes; then a schema is sent, too.
    """
    if definitions.outside(site.node.func, site.scope) in SENDING:
        return True
    cls = definitions.cls(site.node.func, site.scope)
    if cls is None:
        return False
    value = ClassValue(cls)
    is_schema = is_returned and is_model(names, value) and is_wholly_known(names, value)
    return is_schema or names.is_a(value, RESPONSES - _STREAMING)


def _is_task(names: Names, call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives a background task the function that it is to call."""
    value = names.evaluate(call.func, scope)
    match value:
        case Attribute(of=Instance(of=kind), name="add_task"):
            return names.is_a(kind, _TASKS)
        case External(name=name):
            return name in _TASKS
    return False
