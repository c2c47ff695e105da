"""Breaks of the style of functions: hints, `async` and docstrings."""

import ast
from collections.abc import Iterator
from itertools import cycle
from textwrap import indent

from .source import Break, breaks, functions, handlers, unawaited, within


@breaks("GR201")
def missing_hints() -> Iterator[Break]:
    for place, function in functions("", "api", "core", "models", "schemas", "services"):
        arguments = function.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if each.annotation:
                yield (
                    f"{each.arg} of {function.name} in {place.path}",
                    place.replace(each, each.arg),
                )
        if function.returns:
            arrow = f" -> {place.of(function.returns)}"
            cut = place.replace(function.returns, "Cut").swap(" -> Cut", "")
            assert len(place.text) - len(cut.text) == len(arrow)
            yield f"the return of {function.name} in {place.path}", cut


@breaks("GR202")
def plain_handlers() -> Iterator[Break]:
    for place, handler in handlers():
        running = ast.unparse(RunToTheEnd().visit(ast.parse(place.of(handler))))
        yield handler.name, place.replace(handler, running.replace("async def", "def", 1))


class RunToTheEnd(ast.NodeTransformer):
    """Waits for coroutines as a plain function can: GR203 must have nothing to say of it."""

    def visit_Await(self, node: ast.Await) -> ast.expr:
        run = ast.Attribute(ast.Name("asyncio", ast.Load()), "run", ast.Load())
        return ast.Call(run, [self.visit(node.value)], [])


@breaks("GR203")
def forgotten_awaits() -> Iterator[Break]:
    for place in within("services", "core"):
        for each in ast.walk(place.tree):
            match each:
                case ast.Expr(value=ast.Await(value=called)) if place.of(called).startswith("db."):
                    yield (
                        f"line {each.lineno} of {place.path}",
                        place.replace(each, place.of(called)),
                    )
    for place in within("api", "services"):
        for awaited in used_at_once(place.tree):
            match awaited.value:
                case ast.Call(args=[ast.Name(id="db"), *_]) as called:
                    yield (
                        f"{ast.unparse(called.func)} in line {awaited.lineno} of {place.path}",
                        place.replace(awaited, place.of(called)),
                    )
    for place, function in functions("services"):
        text = place.of(function)
        if "await db." in text:
            plain = unawaited(text).replace("async def", "def", 1)
            yield f"{function.name} in {place.path}", place.replace(function, plain)


def used_at_once(tree: ast.Module) -> Iterator[ast.Await]:
    """Yield what is awaited where a coroutine is of no use."""
    for each in ast.walk(tree):
        match each:
            case (
                ast.Expr(value=ast.Await() as awaited)
                | ast.Return(value=ast.Await() as awaited)
                | ast.Compare(left=ast.Await() as awaited)
                | ast.If(test=ast.Await() as awaited)
                | ast.Assign(targets=[ast.Tuple()], value=ast.Await() as awaited)
            ):
                yield awaited


@breaks("GR204")
def missing_docstrings() -> Iterator[Break]:
    for place, handler in handlers():
        for instead in ("...", "f'{1}'", '""'):
            yield f"{instead} in {handler.name}", place.replace(handler.body[0], instead)


@breaks("GR205")
def undocumented_complexity() -> Iterator[Break]:
    tangles = (
        "\n".join(f"if {each}:\n    pass" for each in range(6)),
        "_ = 1 and 2 and 3 and 4 and 5 and 6",
        "_ = [a for a in (1,) if a if a if a if a if a]",
        "\n".join(f"assert {each} >= 0" for each in range(6)),
        "_ = 1 if 2 else 3 if 4 else 5 if 6 else 7 if 8 else 9 if 10 else 11",
        "\n".join("for _ in ():\n    pass" for _ in range(6)),
        "while 1 or 2 or 3 or 4 or 5 or 6:\n    break",
        "try:\n    pass\n" + "\n".join(f"except {each}:\n    pass" for each in ERRORS),
        "if 1 or 2:\n    pass\nelif 3 and 4:\n    pass\nelif 5:\n    pass",
        "match 1:\n" + "\n".join(f"    case {each}:\n        pass" for each in range(6)),
    )
    tangled = cycle(tangles)
    for place, function in functions("services", "core"):
        if ast.get_docstring(function):
            code = indent(next(tangled), " " * function.body[0].col_offset).lstrip()
            yield f"{function.name} in {place.path}", place.replace(function.body[0], code)


ERRORS = ("OSError", "KeyError", "TypeError", "IndexError", "NameError", "ValueError")
