"""What an answer must be, and what the trainee is told if it is not."""

import json
from typing import Any

import httpx2
import pytest

from groundrules.testing.answers import must_answer, must_refuse, must_show
from groundrules.testing.app import Response


def answer(code: int, body: Any = None, path: str = "/api/v1/users/?x=1") -> Response:
    request = httpx2.Request("POST", f"http://library.test{path}")
    headers = {"Content-Type": "application/json"}
    return Response(code, headers=headers, content=json.dumps(body), request=request)


def test_one_of_the_codes_is_enough() -> None:
    must_answer(answer(422), 400, 422, to="a sign-up")


def test_another_code_is_told() -> None:
    told = "^POST /api/v1/users/ must return 201 or 200 for a sign-up; it returns 204.$"
    with pytest.raises(AssertionError, match=told):
        must_answer(answer(204), 201, 200, to="a sign-up")


def test_a_redirect_is_about_the_slash() -> None:
    with pytest.raises(AssertionError, match=r"it returns 307\. The path must end with a slash\.$"):
        must_answer(answer(307), 201, to="a sign-up")
    with pytest.raises(
        AssertionError, match=r"it returns 307\. The path must end without a slash\.$"
    ):
        must_answer(answer(307, path="/api/v1/health"), 200, to="a request")


@pytest.mark.parametrize("detail", ["The email is taken.", [{"loc": ["body"]}]])
def test_a_refusal_says_why(detail: Any) -> None:
    must_refuse(answer(400, {"detail": detail}), 400, to="a sign-up")


@pytest.mark.parametrize("body", [{"error": "no"}, {"detail": ""}, [], None, "no"])
def test_a_refusal_without_a_reason_is_told(body: Any) -> None:
    with pytest.raises(AssertionError, match='rejects a sign-up: its body must have a "detail"'):
        must_refuse(answer(400, body), 400, to="a sign-up")


def test_an_object_with_these_fields_is_returned() -> None:
    assert must_show(answer(200, {"id": 1}), ["id"]) == {"id": 1}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"id": 1}, "^POST /api/v1/users/ must return an object that has email, name."),
        ({"id": 1, "name": "", "email": "", "hash": ""}, "an object without hash."),
        ([], "an object; it is a list."),
        (None, "an object; it is None."),
    ],
)
def test_other_fields_are_told(body: Any, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        must_show(answer(200, body), ["id", "email", "name"])
