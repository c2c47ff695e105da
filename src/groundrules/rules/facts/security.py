"""The libraries that hash passwords and sign tokens, and what in them does it."""

from groundrules.rules.meaning.calls import full_name
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Instance,
    Result,
    Value,
)

JWT_LIBRARIES = (
    "jose.",
    "jwt.",
    "authlib.jose.",
    "joserfc.",
    "jwcrypto.",
    "python_jwt.",
    "jwt_rs.",
)
PASSWORD_LIBRARIES = ("passlib.", "bcrypt.", "argon2.", "pwdlib.", "scrypt.", "werkzeug.security.")
LIBRARIES = (*JWT_LIBRARIES, *PASSWORD_LIBRARIES)
_JWT_READING = frozenset(
    {
        *("decode", "verify", "deserialize", "decrypt", "decode_complete", "verify_jwt"),
        *("get_unverified_header", "get_unverified_headers", "get_unverified_claims"),
        *("process_jwt", "deserialize_compact"),
    }
)
_JWT_VERBS = _JWT_READING | {
    *("encode", "sign", "serialize", "encrypt", "generate_jwt"),
    *("make_signed_token", "serialize_compact"),
}
_PASSWORD_VERBS = frozenset(
    {
        *("hash", "verify", "encrypt", "hashpw", "checkpw", "kdf", "verify_and_update"),
        *("hash_password", "verify_password", "hash_password_raw", "genhash"),
        *("generate_password_hash", "check_password_hash"),
        *("verify_secret", "hash_secret", "hash_secret_raw"),
    }
)
VERBS = _JWT_VERBS | _PASSWORD_VERBS
_CONTEXTS = frozenset({"CryptContext", "LazyCryptContext", "PasswordHasher", "PasswordHash"})
_MAKING = frozenset({"recommended", "using", "from_string", "from_path"})
_TELLING = VERBS | _CONTEXTS | _MAKING


def security_call(called: Value | None) -> str | None:
    """Return what calling a value does with a password or a token, None if nothing."""
    name = _name(called) or ""
    last = name.rpartition(".")[2]
    if last not in _TELLING:
        return None
    if within(name, PASSWORD_LIBRARIES):
        if last in _PASSWORD_VERBS:
            return "hashes or verifies a password"
        if last in _CONTEXTS or last in _MAKING:
            return "builds a password context"
    if within(name, JWT_LIBRARIES) and last in _JWT_VERBS:
        return "encodes or decodes a token"
    return None


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a full name is or lies in one of the packages, which are named with a dot at the end."""
    return f"{name}.".startswith(packages)


def encodes_jwt(called: Value | None) -> bool:
    """Whether calling a value makes a token by a JWT library."""
    name = _name(called)
    if name is None or not within(name, JWT_LIBRARIES):
        return False
    return name.rpartition(".")[2] not in _JWT_READING


def _name(called: Value | None) -> str | None:
    """Return the full name of a library's function, or of a method of an object that it makes."""
    direct = full_name(called)
    if direct is not None:
        return direct
    if not isinstance(called, Attribute):
        return None
    of: Value = called.of
    while isinstance(of, (Result, Attribute)):
        of = of.of
    match of:
        case Instance(of=External(name)) | External(name):
            return f"{name}.{called.name}"
        case ClassValue() | _:
            return None
