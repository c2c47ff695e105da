"""Tokens as somebody else might make them: with other claims, another key, another algorithm or none."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def sign(claims: Mapping[str, Any], key: str, *, algorithm: str = "HS256") -> str:
    """Return a JWT with these claims, signed with HMAC (RFC 7515); with the algorithm `none`, not signed."""
    header = _json({"alg": algorithm, "typ": "JWT"})
    if algorithm == "none":
        return f"{_encode(header)}.{_encode(_json(claims))}."
    return sign_bytes(header, _json(claims), key, algorithm=algorithm)


def sign_bytes(header: bytes, claims: bytes, key: str, *, algorithm: str = "HS256") -> str:
    """Return what is signed like a JWT, with parts that need not be JSON."""
    signed = f"{_encode(header)}.{_encode(claims)}"
    signature = hmac.digest(key.encode(), signed.encode(), _DIGESTS[algorithm])
    return f"{signed}.{_encode(signature)}"


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a JWT, whoever signed it; raise `AssertionError` if it is none."""
    return _read(token, 0)


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, whoever signed it; raise `AssertionError` if it is none."""
    return _read(token, 1)


def is_signed_with(token: str, key: str) -> bool:
    """Return whether a JWT is signed with HS256 and this key."""
    signed, _, signature = token.rpartition(".")
    right = _encode(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))
    return header_of(token).get("alg") == "HS256" and hmac.compare_digest(right, signature)


def alter(token: str, part: int) -> str:
    """Return a JWT with one character changed in the middle of a part, 0 to 2."""
    parts = token.split(".")
    text = parts[part]
    place = len(text) // 2
    changed = "A" if text[place] != "A" else "B"
    parts[part] = text[:place] + changed + text[place + 1 :]
    return ".".join(parts)


def _read(token: str, part: int) -> dict[str, Any]:
    parts = token.split(".")
    assert len(parts) == 3, (
        f"A JWT has three parts, separated by dots; this is not a JWT: {token[:60]}"
    )
    try:
        data = json.loads(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    except (binascii.Error, ValueError):
        data = None
    assert isinstance(data, dict), (
        f"Part {part + 1} of a JWT is a JSON object in base64; here it is {parts[part][:60]}"
    )
    return data


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
