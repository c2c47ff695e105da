"""GR305: Configuration and security code is defined in the `core` package."""

import ast
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.security import LIBRARIES, VERBS, security_call, within
from groundrules.rules.meaning.values import ClassValue, External
from groundrules.rules.places import at_name, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import CallSite, Class, Module

CLAUSE = "structure.core"
RATIONALE = (
    "Settings, passwords and tokens need careful review, and that is easier if they are in one "
    "place."
)
FIX = "Move the call into a function of the `core` package, and call that function here."
_SETTINGS = frozenset(
    {
        "pydantic_settings.BaseSettings",
        "pydantic_settings.main.BaseSettings",
        "pydantic.BaseSettings",
        "pydantic.v1.BaseSettings",
    }
)
_TOPS = {each.partition(".")[0] for each in LIBRARIES}
_ENVIRONMENT = (External("os.getenv"), External("os.environ.get"), External("os.environ"))


def check(project: Project) -> Iterator[Violation]:
    """Yield each settings class, and each statement that uses a security library, outside `core/`."""
    yield from one_a_line(_outside(project))


def _outside(project: Project) -> Iterator[Violation]:
    has_security = any(map(_imports_security, project.modules.values()))
    core = f"{project.package.name}/{project.options.folder('core')}/"
    for module in project.modules.values():
        if project.options.layer(module) == "core":
            continue
        for cls in module.classes:
            if _is_settings(project, cls):
                yield at_name(cls, f"The settings class `{cls.name}` is defined outside {core}.")
        if not has_security:
            continue
        telling = VERBS | _imported(module)
        for site in module.calls:
            does = _does(project, site, telling)
            if does is not None:
                yield at_statement(site.scope, site.node, f"This {does} outside {core}.")


def _is_settings(project: Project, cls: Class) -> bool:
    if project.names.is_a(ClassValue(cls), _SETTINGS):
        return True
    return cls.name.endswith(("Settings", "Config", "Configuration")) and any(
        _reads_environment(project, cls, binding.value)
        for bindings in cls.scope.bindings.values()
        for binding in bindings
    )


def _reads_environment(project: Project, cls: Class, node: ast.expr | None) -> bool:
    read = (
        each.func if isinstance(each, ast.Call) else each.value
        for each in (ast.walk(node) if node is not None else ())
        if isinstance(each, (ast.Call, ast.Subscript))
    )
    return any(project.names.evaluate(each, cls.scope) in _ENVIRONMENT for each in read)


def _imports_security(module: Module) -> bool:
    for node in module.imports if not module.packages.isdisjoint(_TOPS) else ():
        if isinstance(node, ast.Import):
            found = any(within(alias.name, LIBRARIES) for alias in node.names)
        else:  # `from authlib import jose` names a part
            source = node.module or ""
            found = any(within(f"{source}.{alias.name}", LIBRARIES) for alias in node.names)
        if found:
            return True
    return False


def _imported(module: Module) -> frozenset[str]:
    """Return the names under which a module imports from security libraries."""
    return frozenset(
        alias.asname or alias.name
        for node in module.imports
        if isinstance(node, ast.ImportFrom) and within(node.module or "", LIBRARIES)
        for alias in node.names
    )


def _does(project: Project, site: CallSite, telling: frozenset[str]) -> str | None:
    """Return what a call does, itself or by what it is handed, such as `to_thread(context.verify, …)`.

    :param telling: the names that what it is handed may have.
    """
    called = project.names.called(site)
    does = security_call(called)
    if does is not None:
        return does
    for given in (*site.node.args, *(each.value for each in site.node.keywords)):
        name = getattr(given, "attr", None) or getattr(given, "id", None)
        does = security_call(project.names.evaluate(given, site.scope)) if name in telling else None
        if does is not None:
            return does
    return None


PAIR = pair(
    wrong={
        "app/services/passwords.py": """
            import asyncio

            from passlib.context import CryptContext

            passwords = CryptContext(schemes=["argon2"])


            async def stored(password: str) -> str:
                return await asyncio.to_thread(passwords.hash, password)
            """,
    },
    right={
        "app/core/security.py": """
            import asyncio

            from passlib.context import CryptContext

            passwords = CryptContext(schemes=["argon2"])


            async def hash_password(password: str) -> str:
                return await asyncio.to_thread(passwords.hash, password)
            """,
        "app/services/passwords.py": """
            from app.core.security import hash_password


            async def stored(password: str) -> str:
                return await hash_password(password)
            """,
    },
    matters=(
        "When the hashing library has to be replaced, a project that calls it in one module changes "
        "one module. If several services call it, one is easily overlooked, and its users can no "
        "longer log in."
    ),
    links={
        "Pydantic: settings management": "https://docs.pydantic.dev/latest/concepts/pydantic_settings/",
        "OWASP: password storage": "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html",
    },
)

INVALID = (
    case(
        "settings next to the package `core`",
        """
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            log_level: str = "INFO"
        """,
        4,
        path="app/config.py",
    ),
    case(
        "settings that inherit from settings, and a class that reads the environment itself",
        {
            "app/core/config.py": """
                from pydantic_settings import BaseSettings as Base


                class Settings(Base):
                    log_level: str = "INFO"
                """,
            "app/services/mail.py": """
                import os

                from app.core import config


                class MailSettings(config.Settings):
                    sender: str = "library@example.org"


                class SmtpConfig:
                    host = os.environ["SMTP_HOST"]
                    port = int(os.getenv("SMTP_PORT", "25"))
                """,
        },
        6,
        10,
        path="app/services/mail.py",
    ),
    case(
        "a password context built and used in a service",
        """
        from passlib.context import CryptContext

        context = CryptContext(schemes=["argon2"])


        def is_right(password: str, hashed: str) -> bool:
            return context.verify(password, hashed)
        """,
        3,
        7,
        path="app/services/users.py",
    ),
    case(
        "a password context from `core` that is used elsewhere or passed to a thread",
        {
            "app/core/security.py": """
                from passlib.context import CryptContext

                pwd_context = CryptContext(schemes=["argon2"])


                def hash_password(password: str) -> str:
                    return pwd_context.hash(password)
                """,
            "app/services/users.py": """
                import asyncio

                from app.core import security
                from app.core.security import pwd_context


                async def hashed(password: str) -> str:
                    return await asyncio.to_thread(pwd_context.hash, password)


                def is_right(password: str, hashed: str) -> bool:
                    return security.pwd_context.verify(password, hashed)
                """,
        },
        8,
        12,
        path="app/services/users.py",
    ),
    case(
        "tokens encoded and decoded, by several libraries",
        """
        import jwt
        from authlib.jose import JsonWebToken
        from jose import jwt as jose_jwt
        from jose.jwt import get_unverified_claims as claims


        def pyjwt(subject: str, key: str) -> str:
            return jwt.encode({"sub": subject}, key, algorithm="HS256")


        def jose(token: str, key: str) -> object:
            return jose_jwt.decode(token, key, algorithms=["HS256"])


        def peek(token: str) -> object:
            return claims(token)


        def authlib(subject: str, key: str) -> object:
            return JsonWebToken(["HS256"]).encode({"alg": "HS256"}, {"sub": subject}, key)
        """,
        8,
        12,
        16,
        20,
        path="app/services/tokens.py",
    ),
    case(
        "other password libraries, in the API",
        {
            "app/api/passwords.py": """
                import bcrypt
                from argon2 import PasswordHasher


                def hashed(password: str) -> bytes:
                    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())


                def rehashed(password: str) -> str:
                    return PasswordHasher().hash(password)
                """,
        },
        6,
        10,
        path="app/api/passwords.py",
    ),
)

VALID = (
    case(
        "settings in `core`",
        """
        from functools import lru_cache

        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            log_level: str = "INFO"


        @lru_cache
        def get_settings() -> Settings:
            return Settings()
        """,
        path="app/core/config.py",
    ),
    case(
        "passwords hashed in `core`, and the function called elsewhere",
        {
            "app/core/security.py": """
                from passlib.context import CryptContext

                pwd_context = CryptContext(schemes=["argon2"])


                def hash_password(password: str) -> str:
                    return pwd_context.hash(password)
                """,
            "app/services/users.py": """
                import asyncio

                from app.core.security import hash_password


                async def hashed(password: str) -> str:
                    return await asyncio.to_thread(hash_password, password)
                """,
        },
    ),
    case(
        "tokens in a package below `core`",
        """
        from jose import JWTError, jwt


        def subject_of(token: str, key: str) -> str | None:
            try:
                return str(jwt.decode(token, key, algorithms=["HS256"])["sub"])
            except JWTError:
                return None
        """,
        path="app/core/security/tokens.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "settings that are used, and a schema whose name ends the same way",
        {
            "app/core/config.py": """
                from pydantic_settings import BaseSettings


                class Settings(BaseSettings):
                    log_level: str = "INFO"
                """,
            "app/schemas/game.py": """
                from pydantic import BaseModel


                class GameSettings(BaseModel):
                    level: int = 1
                """,
            "app/main.py": """
                from fastapi import FastAPI

                from app.core.config import Settings

                settings = Settings()
                app = FastAPI(title=settings.log_level)
                """,
        },
    ),
    case(
        "an exception of a security library that is caught, and a type that is only named",
        {
            "app/services/tokens.py": """
                from collections.abc import Callable

                from jose import JWTError
                from passlib.context import CryptContext


                def safely(read: Callable[[str], str], token: str) -> str | None:
                    try:
                        return read(token)
                    except JWTError:
                        return None


                def schemes(context: CryptContext) -> list[str]:
                    return [str(each) for each in context.schemes()]
                """,
        },
    ),
    case(
        "project objects that hash, verify, encode and decode",
        """
        import json
        from hashlib import sha256


        class Isbn:
            def __init__(self, digits: str) -> None:
                self.digits = digits

            def verify(self) -> bool:
                return len(self.digits) == 13

            def hash(self) -> str:
                return sha256(self.digits.encode()).hexdigest()


        def label(digits: str) -> str:
            isbn = Isbn(digits)
            return json.JSONEncoder().encode([isbn.verify(), isbn.hash()])
        """,
        path="app/services/isbn.py",
    ),
    case(
        "a service that receives a project object that hashes",
        {
            "app/core/security.py": """
                from argon2 import PasswordHasher


                class Passwords:
                    def __init__(self) -> None:
                        self._hasher = PasswordHasher()

                    def hash(self, password: str) -> str:
                        return self._hasher.hash(password)


                passwords = Passwords()
                """,
            "app/services/users.py": """
                from app.core.security import Passwords, passwords


                class Users:
                    def __init__(self, hasher: Passwords = passwords) -> None:
                        self.hasher = hasher

                    def hashed(self, password: str) -> str:
                        return self.hasher.hash(password)
                """,
        },
    ),
)
