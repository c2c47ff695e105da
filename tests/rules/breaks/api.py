"""Breaks of the API: its methods, its status codes and its errors."""

import ast
from collections.abc import Iterator
from itertools import cycle

from .source import Break, breaks, functions, handlers, may_return, route_of, within


@breaks("GR501")
def wrong_methods() -> Iterator[Break]:
    for (place, handler), method in zip(
        handlers(), cycle(("head", "options", "trace")), strict=False
    ):
        route = route_of(handler)
        assert route is not None
        yield f"{method} for {handler.name}", place.replace(route, f"router.{method}")
    wrong = {
        "create": ("get", "patch", "delete"),
        "replace": ("get", "post"),
        "update": ("get", "post"),
        "delete": ("get", "post"),
    }
    for place, handler in handlers():
        route = route_of(handler)
        for method in wrong.get(handler.name.partition("_")[0], ()):
            if route is not None and (handler.name, method) != ("update_me", "post"):
                yield f"{method} for {handler.name}", place.replace(route, f"router.{method}")


@breaks("GR502")
def wrong_codes() -> Iterator[Break]:
    codes = cycle(("409", "status.HTTP_422_UNPROCESSABLE_CONTENT", "500", "418", "200", "410"))
    for place in within("api"):
        for each in ast.walk(place.tree):
            match each:
                case ast.Call(func=ast.Name(id="HTTPException"), args=[code, *_]):
                    for new, _ in zip(codes, range(2), strict=False):
                        if isinstance(code, ast.Attribute):
                            yield (
                                f"{new} on line {each.lineno} of {place.path}",
                                place.replace(code, new),
                            )
                case ast.keyword(arg="status_code", value=code):
                    yield f"202 on line {each.lineno} of {place.path}", place.replace(code, "202")
    for place in within("api"):
        if "    status_code=status.HTTP_201_CREATED,\n" in place.text:
            cut = place.swap("    status_code=status.HTTP_201_CREATED,\n", "")
            yield f"no 201 in {place.path}", cut
        if " status_code=status.HTTP_201_CREATED," in place.text.replace("    status", ""):
            cut = place.swap(" status_code=status.HTTP_201_CREATED,", "")
            yield f"no 201 in {place.path}", cut


@breaks("GR503")
def errors_by_hand() -> Iterator[Break]:
    answers = (
        'return JSONResponse({"detail": "No."}, status_code=400)',
        'return {"error": "No."}',
        'raise ValueError("No.")',
        "return Response(status_code=404)",
        'raise RuntimeError("No.")',
    )
    answering = cycle(answers)
    needed = "from fastapi.responses import JSONResponse, Response"
    for place, function in functions("api"):
        for each in ast.walk(function):
            if isinstance(each, ast.Raise):
                for answer, _ in zip(answering, range(3), strict=False):
                    if '"error"' in answer and not may_return(function):
                        continue
                    changed = place.replace(each, answer).importing(needed)
                    yield f"{answer} on line {each.lineno} of {place.path}", changed
