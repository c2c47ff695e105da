"""People who use the application over HTTP: who signed up, and logged in if the application has a login."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.values import Row

USERS = "/api/v1/users/"
LOGIN = "/api/v1/auth/token"
FIRST_ID = 1_000_000_000  # far from those that the application gives
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


@dataclass(frozen=True)
class Person:
    """Somebody who sends requests, with a token if there is a login.

    :ivar row: the row in `users`, to be handed to a service or to the library.
    :ivar token: the access token, None where the application has no login.
    """

    app: App
    row: Row
    email: str
    password: str
    token: str | None = None

    @property
    def id(self) -> int:
        """The id in `users`."""
        return int(self.row.id)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of this person has in its headers."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **options: Any) -> Response:
        """Send a GET request; `options` are those of httpx2."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Response:
        """Send a POST request; `options` are those of httpx2."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request; `options` are those of httpx2."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Response:
        """Send a PATCH request; `options` are those of httpx2."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request; `options` are those of httpx2."""
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Response:
        """Send a request and return the answer, whatever its status code."""
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.app.request(method, path, headers=headers, **options)


@dataclass
class Accounts:
    """Those who signed up in this run, librarians and others.

    A password takes its time, to store and to check. So each signs up and logs in once in a run; a later
    test has the same row put back, for which the same token stands.
    """

    login: bool | None = None  # whether the application has one, once that is known
    known: dict[bool, list[Person]] = field(default_factory=lambda: {True: [], False: []})


class People:
    """Makes the people of one test.

    :param accounts: those of the run.
    """

    def __init__(self, app: App, database: Database, library: Library, accounts: Accounts) -> None:
        self._app = app
        self._database = database
        self._library = library
        self._samples = library.samples
        self._accounts = accounts
        self._used = {True: 0, False: 0}

    async def user(self) -> Person:
        """Return somebody who is no librarian, another with each call."""
        return await self._next(librarian=False)

    async def librarian(self) -> Person:
        """Return somebody who is a librarian, another with each call."""
        return await self._next(librarian=True)

    async def sign_up(self, app: App | None = None, **fields: str) -> Person:
        """Let somebody sign up by `POST /users/`, and log in if there is a login.

        :param app: which application to ask, if it is another process than the test's own.
        :param fields: an `email`, a `password` or a `full_name` that matters to the test.
        """
        person = await self._sign_up(app or self._app, fields)
        return await self.log_in(person) if await self._has_login() else person

    async def log_in(self, person: Person) -> Person:
        """Return this person with a new token, by the form of OAuth2."""
        form = {"grant_type": "password", "username": person.email, "password": person.password}
        answer = await person.app.post(LOGIN, data=form)
        assert answer.status_code == 200, (
            f"POST {LOGIN} must return 200 to a user who signed up; it returns "
            f"{answer.status_code}."
        )
        body = answer.json()
        token = body.get("access_token") if isinstance(body, dict) else None
        assert isinstance(token, str), f"POST {LOGIN} must return a string named access_token."
        fits = token.isascii() and token.isprintable()
        assert fits, f"The access_token must be valid in a header; it is {token[:40]!r}."
        return replace(person, token=token)

    async def _next(self, *, librarian: bool) -> Person:
        if not await self._has_login():
            row = await self._library.user(is_librarian=librarian)
            return Person(self._app, row, row.email, self._samples.password())
        known, used = self._accounts.known[librarian], self._used[librarian]
        if used == len(known):
            known.append(await self._new(librarian))
        elif not await self._put_back(known[used]):
            known[used] = await self.log_in(replace(known[used], app=self._app))
        self._used[librarian] += 1
        return replace(known[used], app=self._app)

    async def _new(self, librarian: bool) -> Person:
        """Return somebody who signs up, gets an id that no test's own row has, and logs in."""
        person = await self._sign_up(self._app, {})
        number = FIRST_ID + sum(map(len, self._accounts.known.values()))
        values = {**person.row.values, "id": number, "is_librarian": librarian}
        await self._database.execute("DELETE FROM users WHERE id = $1", person.id)
        await self._insert(values)
        return await self.log_in(replace(person, row=_row(values)))

    async def _sign_up(self, app: App, fields: Mapping[str, str]) -> Person:
        body = {
            "email": self._samples.email(),
            "password": self._samples.password(),
            "full_name": self._samples.name(),
            **fields,
        }
        answer = await app.post(USERS, json=body)
        assert answer.status_code == 201, (
            f"POST {USERS} must return 201 for a sign-up; it returns {answer.status_code}."
        )
        where = "lower(email) = lower($1)"
        found = await self._database.fetchrow(f"SELECT * FROM users WHERE {where}", body["email"])
        assert found is not None, (
            f"POST {USERS} returns 201, but the table users has no row with that email: commit "
            "before the response is sent."
        )
        return Person(app, _row(found), body["email"], body["password"])

    async def _put_back(self, person: Person) -> bool:
        """Store a row as it was; return whether its token still stands."""
        await self._insert(person.row.values)
        return (await self._app.get(f"{USERS}me", headers=person.headers)).status_code != 401

    async def _insert(self, values: Mapping[str, Any]) -> None:
        columns = [row["attname"] for row in await self._database.fetch(COLUMNS)]
        names = ", ".join(f'"{name}"' for name in columns)
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        await self._database.execute(
            f"INSERT INTO users ({names}) OVERRIDING SYSTEM VALUE VALUES ({places})",
            *(values[name] for name in columns),
        )

    async def _has_login(self) -> bool:
        if self._accounts.login is None:
            answer = await self._app.post(LOGIN, data={})
            self._accounts.login = answer.status_code not in (404, 405)
        return self._accounts.login


def _row(values: Any) -> Row:
    columns = dict(values)
    return Row("app.models.user.User", {"id": columns["id"]}, columns)
