"""Tokens that a suite makes are what a JWT library takes for tokens, and reads as such."""

import pytest
from jose import JWTError, jwt

from groundrules.testing.tokens import alter, claims_of, header_of, is_signed_with, sign

KEY = "a key of the tests, of 32 bytes and more"
CLAIMS = {"sub": "7", "name": "Ünal"}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_library_takes_what_is_signed(algorithm: str) -> None:
    token = sign(CLAIMS, KEY, algorithm=algorithm)

    assert jwt.decode(token, KEY, algorithms=[algorithm]) == CLAIMS
    assert header_of(token)["alg"] == algorithm


def test_what_a_library_signs_is_read() -> None:
    token = jwt.encode(CLAIMS, KEY)

    assert claims_of(token) == CLAIMS
    assert is_signed_with(token, KEY)
    assert not is_signed_with(token, KEY + "x")
    assert not is_signed_with(jwt.encode(CLAIMS, KEY, algorithm="HS512"), KEY)


def test_none_is_no_signature() -> None:
    token = sign(CLAIMS, KEY, algorithm="none")

    assert token.endswith(".")
    assert jwt.get_unverified_header(token)["alg"] == "none"
    assert jwt.get_unverified_claims(token) == CLAIMS


@pytest.mark.parametrize("part", [0, 1, 2])
def test_an_altered_token_is_no_token_of_ours(part: int) -> None:
    token = alter(sign(CLAIMS, KEY), part)

    with pytest.raises(JWTError):
        jwt.decode(token, KEY, algorithms=["HS256"])


@pytest.mark.parametrize("token", ["", "abc", "a.b", "x.y.z", "W10.W10.W10", "é.é.é"])
def test_what_is_no_token_is_said_in_a_sentence(token: str) -> None:
    with pytest.raises(AssertionError, match="JWT"):
        claims_of(token)
