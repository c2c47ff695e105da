"""What an answer over HTTP must be, with the sentence for the trainee if it is not."""

from collections.abc import Collection
from typing import Any

from groundrules.testing.app import REDIRECTS, Response

INVALID = (
    400,
    422,
)  # what the rules name for a request that cannot be taken, and what FastAPI sends


def must_answer(answer: Response, *codes: int, to: str) -> None:
    """Fail unless the answer has one of these status codes; `to` says what was asked, as `a sign-up`."""
    found = answer.status_code
    if found in codes:
        return
    *first, last = map(str, codes)
    wanted = f"{', '.join(first)} or {last}" if first else last
    asked = f"{answer.request.method} {answer.request.url.path}"
    moved = about_its_slash(answer)
    raise AssertionError(f"{asked} must return {wanted} for {to}; it returns {found}.{moved}")


def about_its_slash(answer: Response) -> str:
    """Return a sentence on a redirect, which FastAPI makes where only a slash differs; else nothing."""
    if answer.status_code not in REDIRECTS:
        return ""
    ends = "with" if answer.request.url.path.endswith("/") else "without"
    return f" The path must end {ends} a slash."


def must_refuse(answer: Response, *codes: int, to: str) -> None:
    """Fail unless the answer has one of these codes, and says why as an `HTTPException` does."""
    must_answer(answer, *codes, to=to)
    body, asked = answer.json(), f"{answer.request.method} {answer.request.url.path}"
    why = body.get("detail") if isinstance(body, dict) else None
    assert why, (
        f'{asked} must say why it rejects {to}: its body must have a "detail" that is a string.'
    )


def must_show(answer: Response, fields: Collection[str]) -> dict[str, Any]:
    """Return the object that the answer's body is; fail unless it has these fields and no others."""
    asked = f"{answer.request.method} {answer.request.url.path}"
    return must_have(answer.json(), fields, f"{asked} must return")


def must_have(found: Any, fields: Collection[str], what: str) -> dict[str, Any]:
    """Return `found`; fail unless it is an object with these fields and no others.

    :param what: how the sentence begins that says so, as in `An item must be`.
    """
    assert isinstance(found, dict), f"{what} an object; it is {_kind(found)}."
    lacking, extra = [name for name in fields if name not in found], sorted(found.keys() - fields)
    assert not lacking, f"{what} an object that has {', '.join(lacking)}."
    assert not extra, f"{what} an object without {', '.join(extra)}."
    return found


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else repr(value)[:40]
