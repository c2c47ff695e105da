"""People of a test: they sign up, and log in where the application has a login."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import Accounts, People
from groundrules.testing.runner import Patience
from groundrules.testing.samples import Samples
from groundrules.testing.sites import Site, Sites, Tables
from groundrules.worker.launcher import MIGRATIONS, launcher
from tests.testing.conftest import ROOT

ME = "/api/v1/users/me"
only_with_login = pytest.mark.parametrize("sites", ["login"], indirect=True)
only_without_login = pytest.mark.parametrize("sites", ["no login"], indirect=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=["login", "no login"])
def sites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sites]:
    """The finished application, and the one after step 07, which has no login."""
    folder = ROOT / "solution"
    if request.param == "no login":
        folder = write_state(Course(ROOT), 7, tmp_path_factory.mktemp("no_login"))
    starts = launcher(MIGRATIONS)
    with tempfile.TemporaryDirectory(prefix="groundrules-") as sockets:
        sites = Sites(starts, ROOT, folder, Path(sockets), Patience())
        yield sites
        starts.close()
        sites.close()


@pytest.fixture
async def site(sites: Sites) -> AsyncIterator[Site]:
    site = await asyncio.wrap_future(sites.begin(Tables.MIGRATIONS))
    await site.clear()
    yield site
    await site.runner.end()


@pytest.fixture
async def app(site: Site) -> AsyncIterator[App]:
    app = App(site.runner)
    yield app
    await app.close()


@pytest.fixture
def database(site: Site) -> Database:
    assert site.database is not None
    return site.database


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database, Samples(random.Random(1)))


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def people(app: App, database: Database, library: Library, accounts: Accounts) -> People:
    return People(app, database, library, accounts)


async def test_a_librarian_has_a_row_and_may_list_users(people: People, library: Library) -> None:
    librarian = await people.librarian()

    answer = await librarian.get("/api/v1/users/")

    columns = await library.read(librarian.row)
    assert columns is not None
    assert columns["is_librarian"]
    assert answer.status_code == 200
    assert librarian.id in [user["id"] for user in answer.json()["items"]]


async def test_each_call_gives_somebody_else(people: People, library: Library) -> None:
    everybody = [await people.user(), await people.librarian(), await people.user()]

    assert len({person.id for person in everybody}) == 3
    assert await library.count("users") == 3
    first = await library.read(everybody[0].row)
    assert first is not None
    assert not first["is_librarian"]


async def test_who_signs_up_is_who_was_asked_for(people: People, library: Library) -> None:
    person = await people.sign_up(email="ada@example.org", full_name="Ada")

    columns = await library.read(person.row)
    assert columns is not None
    assert (columns["email"], columns["full_name"]) == ("ada@example.org", "Ada")


async def test_the_application_can_add_users_after_them(people: People) -> None:
    """Rows put there by hand must not take an id that the application gives."""
    await people.librarian()

    person = await people.sign_up()

    assert person.id < 1_000_000


@only_with_login
async def test_a_user_is_logged_in_and_no_librarian(people: People) -> None:
    user = await people.user()

    assert (await user.get(ME)).json()["id"] == user.id
    assert (await user.get("/api/v1/users/")).status_code == 403


@only_with_login
async def test_the_next_test_has_the_same_people_again(
    app: App, database: Database, library: Library, people: People, accounts: Accounts
) -> None:
    before = [await people.user(), await people.librarian()]
    await database.empty()

    again = People(app, database, library, accounts)
    after = [await again.user(), await again.librarian()]

    assert [person.row for person in after] == [person.row for person in before]
    assert [person.token for person in after] == [person.token for person in before]
    for person in after:
        assert (await person.get(ME)).json()["id"] == person.id


@only_with_login
async def test_a_token_that_does_not_stand_any_more_is_renewed(
    app: App, database: Database, library: Library, people: People, accounts: Accounts
) -> None:
    librarian = await people.librarian()
    await database.empty()
    accounts.known[True][0] = replace(librarian, token="old")

    again = await People(app, database, library, accounts).librarian()

    assert again.token != "old"
    assert (await again.get(ME)).json()["id"] == librarian.id


@only_with_login
async def test_a_wrong_password_is_told(people: People) -> None:
    person = await people.sign_up()
    wrong = replace(person, password="another password")

    with pytest.raises(AssertionError, match=r"/auth/token must return 200 .* it returns 401"):
        await people.log_in(wrong)


@only_without_login
async def test_without_a_login_nobody_has_a_token(people: People) -> None:
    assert (await people.user()).token is None
    assert (await people.sign_up()).token is None


async def test_a_sign_up_that_is_refused_is_told(people: People) -> None:
    with pytest.raises(AssertionError, match="/users/ must return 201 for a sign-up; it returns 4"):
        await people.sign_up(email="nobody")
