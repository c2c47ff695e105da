"""GR106: Users authenticate with a JWT, sent as an OAuth2 bearer token."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.dependencies import Dependency
from groundrules.rules.facts.headers import mentions_header, read_headers, takes_header
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.security import encodes_jwt
from groundrules.rules.facts.tokens import given_tokens, made_without_jwt
from groundrules.rules.meaning.values import ClassValue, External, Instance, Value
from groundrules.rules.places import at_name, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Function, Scope

CLAUSE = "stack.auth"
RATIONALE = (
    "With one standard scheme, the API documentation and generated clients know how to log in."
)
FIX = (
    "Depend on `OAuth2PasswordBearer(tokenUrl=…)`, which takes `auto_error=False`, and let a JWT "
    "library read the token."
)
_MODULES = ("", "api_key.", "http.", "oauth2.", "open_id_connect_url.", "base.")


def _full(*classes: str) -> frozenset[str]:
    return frozenset(f"fastapi.security.{module}{name}" for module in _MODULES for name in classes)


_OAUTH2 = _full("OAuth2", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer")
_BASIC = _full("HTTPBasic")
_KEY_HEADER = _full("APIKeyHeader")
_OTHERS = _full(
    *("APIKeyHeader", "APIKeyCookie", "APIKeyQuery", "APIKeyBase", "SecurityBase"),
    *("HTTPBasic", "HTTPBearer", "HTTPDigest", "HTTPBase", "OpenIdConnect"),
)
_HEADER = "authorization"
_JWT_HEADER = (
    '"alg"',
    "'alg'",
    "alg=",
)  # a token that begins with it is a JWT, whatever encodes it


def check(project: Project) -> Iterator[Violation]:
    """Yield each statement that authenticates in another way, once."""
    yield from one_a_line((*_schemes(project), *_headers(project), *_tokens(project)))


def _schemes(project: Project) -> Iterator[Violation]:
    dependencies = project.dependencies
    owners = dict.fromkeys([*project.handlers, *dependencies.functions])
    owned = {each.call: function for function in owners for each in dependencies.of(function)}
    for dependency in dependencies.all:
        kind = _kind(dependency)
        name = _other_scheme(project, kind)
        if name is None:
            continue
        owner = owned.get(dependency.call)
        if owner and project.names.is_a(kind, _BASIC) and _gives_token(project, owner):
            continue  # how the password arrives at the token route is not the rule's affair
        message = f"This depends on `{name}`, which is not an OAuth2 scheme."
        yield _in_signature(project, owner, dependency, message)


def _kind(dependency: Dependency) -> Value | None:
    return dependency.on.of if isinstance(dependency.on, Instance) else dependency.on


def _other_scheme(project: Project, kind: Value | None) -> str | None:
    names = project.names
    if not names.is_a(kind, _OTHERS) or names.is_a(kind, _OAUTH2):
        return None
    match kind:
        case External(name):
            return name.rpartition(".")[2]
        case ClassValue(cls):
            return cls.name
    return None


def _gives_token(project: Project, handler: Function) -> bool:
    return any(
        encodes_jwt(project.names.called(site))
        for function in project.calls.reached([handler])
        for site in function.calls
    )


def _in_signature(
    project: Project, owner: Function | None, dependency: Dependency, message: str
) -> Violation:
    call, scope = dependency.call, dependency.scope
    if owner is not None and scope is owner.outer:
        node = owner.node
        if node.lineno < call.lineno <= node.body[0].lineno:
            return at_name(owner, message)
    return at_statement(scope, call, message)


def _headers(project: Project) -> Iterator[Violation]:
    names, message = project.names, "This reads the `Authorization` header by hand."
    for module in project.modules.values():
        for node, scope in read_headers(names, module, _HEADER):
            if not _is_in_scheme(project, scope):
                yield at_statement(scope, node, message)
    taking = [*project.handlers, *project.dependencies.functions]
    for function in dict.fromkeys(taking) if mentions_header(project.names.modules) else ():
        if takes_header(names, function, _HEADER) and not _is_in_scheme(project, function.scope):
            yield at_name(function, f"`{function.name}` reads the `Authorization` header itself.")
    for site in project.calls.to(sorted(_KEY_HEADER)):
        for keyword in site.node.keywords:
            name = names.constant(keyword.value, site.scope) if keyword.arg == "name" else None
            if isinstance(name, str) and name.lower() == _HEADER:
                yield at_statement(site.scope, site.node, message)


def _is_in_scheme(project: Project, scope: Scope) -> bool:
    """Whether code stands in the project's own subclass of an OAuth2 scheme."""
    function = scope.function
    while function is not None:
        if function.owner and project.names.is_a(ClassValue(function.owner), _OAUTH2):
            return True
        function = function.outer.function
    return False


def _tokens(project: Project) -> Iterator[Violation]:
    if not any(module.mentions("access") for module in project.modules.values()):
        return
    for handler in project.handlers:
        for node, scope in given_tokens(project.names, handler):
            made = made_without_jwt(project.names, node, scope)
            if made is not None and not made[1].module.mentions(*_JWT_HEADER):
                place, where = made
                message = f"No JWT library encodes the access token of `{handler.name}`."
                yield at_statement(where, place, message)


PAIR = pair(
    wrong={
        "app/api/deps.py": """
            from fastapi import Depends, HTTPException, status
            from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

            from app.core.security import read_access_token

            bearer = HTTPBearer()


            async def get_subject(found: HTTPAuthorizationCredentials = Depends(bearer)) -> str:
                subject = read_access_token(found.credentials)
                if subject is None:
                    raise HTTPException(
                        status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}
                    )
                return subject
            """,
    },
    right={
        "app/api/deps.py": """
            from fastapi import Depends, HTTPException, status
            from fastapi.security import OAuth2PasswordBearer

            from app.core.security import read_access_token

            oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token")


            async def get_subject(token: str = Depends(oauth2_scheme)) -> str:
                subject = read_access_token(token)
                if subject is None:
                    raise HTTPException(
                        status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}
                    )
                return subject
            """,
    },
    context={
        "app/core/security.py": """
            from datetime import UTC, datetime, timedelta

            from jose import JWTError, jwt

            from app.core.config import get_settings


            def create_access_token(subject: str) -> str:
                claims = {"sub": subject, "exp": datetime.now(UTC) + timedelta(minutes=30)}
                return jwt.encode(claims, get_settings().secret_key, algorithm="HS256")


            def read_access_token(token: str) -> str | None:
                try:
                    claims = jwt.decode(
                        token,
                        get_settings().secret_key,
                        algorithms=["HS256"],
                        options={"require_exp": True, "require_sub": True},
                    )
                except JWTError:
                    return None
                return str(claims["sub"])
            """,
        "app/core/config.py": """
            from functools import lru_cache

            from pydantic_settings import BaseSettings


            class Settings(BaseSettings):
                secret_key: str


            @lru_cache
            def get_settings() -> Settings:
                return Settings()
            """,
    },
    matters=(
        "`HTTPBearer` reads the same header, but the OpenAPI document then names no login URL. In "
        "`/docs`, one then has to paste a token instead of logging in, and generated clients "
        "contain no login."
    ),
    links={
        "FastAPI: OAuth2 with JWT": "https://fastapi.tiangolo.com/tutorial/security/oauth2-jwt/",
        "RFC 6750: bearer tokens": "https://www.rfc-editor.org/rfc/rfc6750",
        "RFC 8725: JWT best current practices": "https://www.rfc-editor.org/rfc/rfc8725",
    },
)

INVALID = (
    case(
        "a dependency on `HTTPBearer`",
        """
        from fastapi import Depends
        from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

        bearer = HTTPBearer()


        async def get_token(found: HTTPAuthorizationCredentials = Depends(bearer)) -> str:
            return found.credentials
        """,
        7,
        path="app/api/deps.py",
    ),
    case(
        "another scheme, in an alias, a string, a signature of several lines, a subclass or a router",
        """
        from typing import Annotated

        from fastapi import APIRouter, Depends, Security
        from fastapi.security import APIKeyCookie, HTTPBasic, HTTPBasicCredentials
        from fastapi.security.http import HTTPBearer


        class Bearer(HTTPBearer):
            pass


        Key = Annotated[str, Security(APIKeyCookie(name="key"))]
        router = APIRouter(
            prefix="/items",
            dependencies=[Depends(Bearer())],
        )


        @router.get("/one")
        async def one(user: "Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]") -> str:
            \"\"\"Be the first.\"\"\"
            return user.username


        @router.get("/two", dependencies=[Depends(HTTPBearer(auto_error=False))])
        async def two(
            key: Key,
            user: HTTPBasicCredentials = Depends(HTTPBasic()),
        ) -> str:
            \"\"\"Be the second.\"\"\"
            return key
        """,
        12,
        13,
        20,
        25,
        26,
    ),
    case(
        "HTTP Basic in every request, although the application also reads tokens",
        {
            "app/core/security.py": """
                from jose import jwt


                def read_token(token: str) -> str:
                    return str(jwt.decode(token, "key", algorithms=["HS256"])["sub"])
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Depends
                from fastapi.security import HTTPBasic, HTTPBasicCredentials

                from app.core.security import read_token

                router = APIRouter()


                async def get_user(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> str:
                    return read_token(given.password)


                @router.get("/me")
                async def read_me(user: Annotated[str, Depends(get_user)]) -> str:
                    \"\"\"Show who is asking.\"\"\"
                    return user
                """,
        },
        11,
    ),
    case(
        "the `Authorization` header read by hand",
        """
        from fastapi import APIRouter, Request

        router = APIRouter()
        HEADER = "Authorization"


        @router.get("/one")
        async def one(request: Request) -> str | None:
            \"\"\"Be the first.\"\"\"
            return request.headers.get("authorization")


        @router.get("/two")
        async def two(request: Request) -> str:
            \"\"\"Be the second.\"\"\"
            headers = request.headers
            return headers[HEADER]
        """,
        10,
        17,
    ),
    case(
        "the `Authorization` header taken as a parameter, by its name, an alias or a model",
        {
            "app/schemas/common.py": """
                from pydantic import BaseModel


                class CommonHeaders(BaseModel):
                    authorization: str
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Depends, Header

                from app.schemas.common import CommonHeaders

                router = APIRouter()


                async def token(authorization: str | None = Header(default=None)) -> str | None:
                    return authorization


                @router.get("/one")
                async def one(found: Annotated[str | None, Depends(token)]) -> str | None:
                    \"\"\"Be the first.\"\"\"
                    return found


                @router.get("/two")
                async def two(given: Annotated[str, Header(alias="Authorization")]) -> str:
                    \"\"\"Be the second.\"\"\"
                    return given


                @router.get("/three")
                async def three(headers: Annotated[CommonHeaders, Header()]) -> str:
                    \"\"\"Be the third.\"\"\"
                    return headers.authorization
                """,
        },
        10,
        21,
        27,
    ),
    case(
        "`APIKeyHeader` for the `Authorization` header",
        """
        from fastapi import Depends
        from fastapi.security import APIKeyHeader

        scheme = APIKeyHeader(name="Authorization", auto_error=False)


        async def get_token(token: str | None = Depends(scheme)) -> str | None:
            return token
        """,
        4,
        7,
        path="app/api/deps.py",
    ),
    case(
        "access tokens that are not JWTs, such as random strings",
        {
            "app/schemas/token.py": """
                from pydantic import BaseModel


                class Token(BaseModel):
                    access_token: str
                    token_type: str = "bearer"
                """,
            "app/core/security.py": """
                import base64
                import json
                import secrets


                def create_access_token() -> str:
                    return secrets.token_urlsafe(32)


                def by_hand(subject: str) -> str:
                    payload = json.dumps({"sub": subject}).encode()
                    token = base64.urlsafe_b64encode(payload).decode()
                    return token
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core import security
                from app.schemas.token import Token

                router = APIRouter()


                @router.post("/token")
                async def log_in() -> Token:
                    \"\"\"Give a token.\"\"\"
                    token = security.create_access_token()
                    return Token(access_token=token)


                @router.post("/other-token")
                async def log_in_otherwise(name: str) -> Token:
                    \"\"\"Give another token.\"\"\"
                    return Token(access_token=security.by_hand(name))
                """,
        },
        7,
        12,
        path="app/core/security.py",
    ),
    case(
        "a user name, or a string built from it, as a token",
        {
            "app/schemas/token.py": """
                from pydantic import BaseModel


                class Token(BaseModel):
                    access_token: str
                    token_type: str = "bearer"
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, Depends
                from fastapi.security import OAuth2PasswordRequestForm

                from app.schemas.token import Token

                router = APIRouter()


                @router.post("/token", response_model=Token)
                async def log_in(form: OAuth2PasswordRequestForm = Depends()) -> dict[str, str]:
                    \"\"\"Give a token.\"\"\"
                    return {"access_token": form.username, "token_type": "bearer"}


                @router.post("/other-token")
                async def log_in_otherwise(form: OAuth2PasswordRequestForm = Depends()) -> Token:
                    \"\"\"Give another token.\"\"\"
                    return Token(access_token=f"token of {form.username}")
                """,
        },
        12,
        18,
    ),
    case(
        "the `Authorization` header read from a copy of the headers, from the raw headers, or with a pattern",
        """
        from fastapi import Request


        def by_dict(request: Request) -> str:
            return dict(request.headers)["authorization"]


        def by_name(request: Request) -> str:
            held = request.headers
            return held["authorization"]


        def by_copy(request: Request) -> str | None:
            held = {**request.headers}
            return held.pop("authorization", None)


        def by_bytes(request: Request) -> bytes:
            return dict(request.scope["headers"])[b"authorization"]


        def by_pattern(request: Request) -> str | None:
            match request.headers:
                case {"authorization": token}:
                    return token
            return None
        """,
        5,
        10,
        15,
        19,
        23,
        path="app/core/security.py",
    ),
)

VALID = (
    case(
        "OAuth2 and a token that `jose` encodes",
        {
            "app/core/security.py": """
                from jose import jwt


                def create_access_token(subject: str) -> str:
                    return jwt.encode({"sub": subject}, "a key from the settings", algorithm="HS256")
                """,
            "app/schemas/token.py": """
                from pydantic import BaseModel


                class Token(BaseModel):
                    access_token: str
                    token_type: str = "bearer"
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Depends
                from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

                from app.core.security import create_access_token
                from app.schemas.token import Token

                router = APIRouter()
                oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


                @router.post("/token")
                async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
                    \"\"\"Give a token.\"\"\"
                    return Token(access_token=create_access_token(form.username))


                @router.get("/me")
                async def read_me(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
                    \"\"\"Give the token back.\"\"\"
                    return token
                """,
        },
    ),
    case(
        "a project with no authentication",
        """
        from fastapi import APIRouter, Header

        router = APIRouter()


        @router.get("/items")
        async def list_items(accept_language: str = Header(default="en")) -> str:
            \"\"\"Tell the language.\"\"\"
            return accept_language
        """,
    ),
    case(
        "another OAuth2 flow, such as `OAuth2AuthorizationCodeBearer`, and scopes",
        """
        from fastapi import Security
        from fastapi.security import OAuth2AuthorizationCodeBearer, SecurityScopes

        scheme = OAuth2AuthorizationCodeBearer(authorizationUrl="authorize", tokenUrl="token")


        async def get_token(scopes: SecurityScopes, token: str = Security(scheme, scopes=["me"])) -> str:
            return token
        """,
        path="app/api/deps.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "a subclass of an OAuth2 scheme that reads the header or a cookie itself",
        """
        from fastapi import Depends, Request
        from fastapi.security import OAuth2PasswordBearer


        class CookieOrHeader(OAuth2PasswordBearer):
            async def __call__(self, request: Request) -> str | None:
                return request.headers.get("Authorization") or request.cookies.get("access_token")


        async def get_token(token: str | None = Depends(CookieOrHeader(tokenUrl="token"))) -> str | None:
            return token
        """,
        path="app/api/deps.py",
    ),
    case(
        "another JWT library, in a thread, with an opaque refresh token",
        {
            "app/core/security.py": """
                import asyncio
                import secrets

                import jwt


                def _encode(subject: str) -> str:
                    return jwt.encode({"sub": subject}, "a key from the settings", algorithm="HS256")


                async def create_access_token(subject: str) -> str:
                    return await asyncio.to_thread(_encode, subject)


                def create_refresh_token() -> str:
                    return secrets.token_urlsafe(32)
                """,
            "app/schemas/token.py": """
                from pydantic import BaseModel


                class Tokens(BaseModel):
                    access_token: str
                    refresh_token: str
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core import security
                from app.schemas.token import Tokens

                router = APIRouter()


                @router.post("/token")
                async def log_in(name: str) -> Tokens:
                    \"\"\"Give two tokens.\"\"\"
                    return Tokens(
                        access_token=await security.create_access_token(name),
                        refresh_token=security.create_refresh_token(),
                    )
                """,
        },
    ),
    case(
        "A token route that gets the password in another way",
        {
            "app/core/security.py": """
                from jose import jwt


                def create_access_token(subject: str) -> str:
                    return jwt.encode({"sub": subject}, "a key from the settings", algorithm="HS256")
                """,
            "app/schemas/token.py": """
                from pydantic import BaseModel


                class Token(BaseModel):
                    access_token: str
                    token_type: str = "bearer"
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Depends
                from fastapi.security import HTTPBasic, HTTPBasicCredentials

                from app.core.security import create_access_token
                from app.schemas.token import Token

                router = APIRouter()


                @router.post("/token")
                async def log_in(user: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> Token:
                    \"\"\"Give a token.\"\"\"
                    return Token(access_token=create_access_token(user.username))
                """,
        },
    ),
    case(
        "the `Authorization` header of a request that the project sends",
        """
        import httpx


        async def ask(token: str) -> str:
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(headers=headers) as client:
                answer = await client.get("https://example.org")
            return f"{answer.text} {headers['Authorization']} {answer.request.headers.get('authorization')}"
        """,
        path="app/services/shop.py",
    ),
    case(
        "a JWT whose signature is computed by hand: it has the standard format, but use a library",
        {
            "app/core/security.py": """
                import base64
                import hmac
                import json
                import time

                KEY = b"a key from the settings"


                def _encode(data: bytes) -> str:
                    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


                def create_access_token(subject: str) -> str:
                    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
                    claims = {"sub": subject, "exp": int(time.time()) + 1800}
                    signed = f"{head}.{_encode(json.dumps(claims).encode())}"
                    return f"{signed}.{_encode(hmac.digest(KEY, signed.encode(), 'sha256'))}"
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core.security import create_access_token

                router = APIRouter()


                @router.post("/token")
                async def log_in(name: str) -> dict[str, str]:
                    \"\"\"Give a token.\"\"\"
                    return {"access_token": create_access_token(name), "token_type": "bearer"}
                """,
        },
    ),
    case(
        "a token that another server issues",
        """
        import httpx
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/token", response_model=None)
        async def log_in(code: str) -> dict[str, str]:
            \"\"\"Fetch a token for a code.\"\"\"
            async with httpx.AsyncClient() as client:
                answer = await client.post("https://example.org/token", data={"code": code})
            token = answer.json()["access_token"]
            return {"access_token": token, "token_type": "bearer"}
        """,
    ),
    case(
        "other headers read from a copy, and the `Authorization` header of an outgoing request",
        """
        import httpx
        from fastapi import Request


        def trace_of(request: Request) -> str:
            return dict(request.headers)["x-request-id"]


        def for_log(request: Request) -> dict[str, str]:
            headers = dict(request.headers)
            headers.pop("authorization", None)
            headers["cookie"] = headers["authorization"] = "hidden"
            return {name: value for name, value in headers.items() if name != "authorization"}


        async def ask(client: httpx.AsyncClient, token: str) -> str:
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.get("/books", headers=headers)
            return headers["authorization"] + dict(answer.request.headers)["authorization"]
        """,
        path="app/core/client.py",
    ),
)
