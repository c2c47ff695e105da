"""What the tests of this step share: people with tokens, and who is let in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.people import People, Person
from groundrules.testing.sites import Site
from groundrules.testing.tokens import claims_of, sign
from groundrules.testing.values import Row

API = "/api/v1"
ME = f"{API}/users/me"


@dataclass(frozen=True)
class Account:
    """A user with a password."""

    row: Row
    email: str
    password: str


@dataclass(frozen=True)
class Access:
    """Who may send a request; a path begins after `/api/v1`, and may have names in braces."""

    app: App
    reader: Person
    key: str

    async def needs_login(self, method: str, path: str, json: Any = None, **ids: int) -> None:
        """Expect a request to be answered 401 without a token, and with one that is not good."""
        forged = sign(claims_of(self.reader.token or ""), self.key[::-1])
        credentials = {
            "without a token": {},
            "with `Basic` before the token": {"Authorization": f"Basic {self.reader.token}"},
            "with a token signed with another key": {"Authorization": f"Bearer {forged}"},
        }
        for how, headers in credentials.items():
            response = await self.app.request(
                method, API + path.format(**ids), json=json, headers=headers
            )
            assert response.status_code == 401, f"{method} {path} must return 401 {how}."
            wanted = response.headers.get("WWW-Authenticate", "")
            assert wanted.lower().startswith("bearer"), (
                f"The 401 of {method} {path} must have the header WWW-Authenticate: Bearer; "
                f"it has {wanted or 'none'}."
            )

    async def needs_librarian(self, method: str, path: str, json: Any = None, **ids: int) -> None:
        """Expect a request to be answered 401 without a token, and 403 to a reader."""
        await self.needs_login(method, path, json, **ids)
        response = await self.reader.request(method, API + path.format(**ids), json=json)
        assert response.status_code == 403, (
            f"{method} {path} must return 403 to a user who is not a librarian."
        )


@pytest.fixture
def key(site: Site) -> str:
    """The SECRET_KEY of the application under test."""
    return site.runner.environment["SECRET_KEY"]


@pytest.fixture(scope="session")
def hashed() -> dict[str, Any]:
    """The hash of a password, which takes its time, for the whole run."""
    return {}


@pytest.fixture(scope="session")
def welcome() -> set[str]:
    """The tokens that were found good in this run."""
    return set()


@pytest.fixture
async def account(app: App, library: Library, hashed: dict[str, Any]) -> Account:
    """A user whose password is known, and who has not logged in yet."""
    if not hashed:
        password = library.samples.password()
        hashed[password] = await app.core.security.hash_password(password)
    [(password, stored)] = hashed.items()
    user = await library.user(hashed_password=stored)
    return Account(user, user.email, password)


@pytest.fixture
async def reader(people: People, welcome: set[str]) -> Person:
    """Somebody who is logged in, and no librarian."""
    return await logged_in(await people.user(), welcome)


@pytest.fixture
async def librarian(people: People, welcome: set[str]) -> Person:
    """A librarian who is logged in."""
    return await logged_in(await people.librarian(), welcome)


@pytest.fixture
def access(app: App, reader: Person, key: str) -> Access:
    """Who may send a request."""
    return Access(app, reader, key)


@pytest.fixture
def headers_of(reader: Person, key: str) -> Callable[[Row], dict[str, str]]:
    """Return what makes the headers of a user who never logged in: a token like the reader's."""

    def make(user: Row) -> dict[str, str]:
        token = sign({**claims_of(reader.token or ""), "sub": str(user.id)}, key)
        return {"Authorization": f"Bearer {token}"}

    return make


async def logged_in(person: Person, welcome: set[str]) -> Person:
    """Return a person, who must have a token that is good."""
    assert person.token is not None, "Nobody can log in yet: do task 08.4 first."
    if person.token not in welcome:
        assert isinstance(claims_of(person.token).get("sub"), str), (
            "Nobody can log in yet: the `sub` in the token of a login is not a string. Do task "
            "08.4 first."
        )
        response = await person.get(ME)
        assert response.status_code != 401, (
            "Nobody is recognized yet: GET /users/me returns 401 for a new token of the login. Declare it "
            "above /users/{user_id}, and let its dependency find the user whom the token names."
        )
        welcome.add(person.token)
    return person
