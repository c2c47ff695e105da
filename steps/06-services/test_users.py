"""Task 06.3: users come, and are found."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.races import at_once
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

STARS = "*" * 10  # what str() makes of a SecretStr
SIGN_UP_ELSEWHERE = """
INSERT INTO users (email, full_name, hashed_password, is_librarian, is_active, created_at, updated_at)
VALUES ('{}', 'Somebody', 'x', false, true, now(), now())
"""


@pytest.fixture
def sign_up(samples: Samples) -> dict[str, Any]:
    return {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }


@task("06.3", "new-user", "signatures", "committed", "readable")
async def test_a_sign_up_makes_a_user(
    app: App, database: Database, sign_up: dict[str, Any]
) -> None:
    with app.accepts("A sign-up"):
        made = await as_answer(app.schemas.user.UserResponse, create(app, sign_up))

    found = await database.fetch("SELECT * FROM users")
    assert len(found) == 1, (
        f"user_service.create() must add one row to users and commit; there are {len(found)}."
    )
    user = dict(found[0])
    assert made.id == user["id"], "user_service.create() must return the user that it created."
    assert user["email"].lower() == sign_up["email"], (
        f"A user who signed up as {sign_up['email']} must have this email, not {user['email']}."
    )
    for field, value in {
        "full_name": sign_up["full_name"],
        "is_librarian": False,
        "is_active": True,
    }.items():
        assert user[field] == value, (
            f"A user who signed up must have the {field} {value!r}, not {user[field]!r}."
        )


@task("06.3", "password-hashed")
async def test_only_a_hash_of_the_password_is_stored(
    app: App, database: Database, sign_up: dict[str, Any]
) -> None:
    await create(app, sign_up)

    found = await database.fetchrow("SELECT * FROM users")
    assert found is not None, (
        "user_service.create() returned, but the user is not in the table users: commit before it "
        "returns."
    )
    user = dict(found)
    plain = [name for name, value in user.items() if sign_up["password"] in str(value)]
    assert not plain, f"The password is stored in plain text, in users.{plain[0]}."
    right = await verified(app, sign_up["password"], user["hashed_password"])
    assert right or not await verified(app, STARS, user["hashed_password"]), (
        f"user_service.create() hashes {STARS!r}, not the password: get_secret_value() returns "
        "the string of a SecretStr."
    )
    assert right is True, (
        "users.hashed_password must be a hash for which verify_password() returns True."
    )


@task("06.3", "committed", "new-user")
async def test_what_is_created_stays_whatever_happens_next(
    app: App, library: Library, sign_up: dict[str, Any]
) -> None:
    await fail_after(app, create(app, sign_up))

    assert await library.count("users") == 1, (
        "user_service.create() must commit: an error later in the same request undid it."
    )


@task("06.3", "email-taken", "rejected")
async def test_an_email_is_taken_however_it_is_written(
    app: App, library: Library, sign_up: dict[str, Any]
) -> None:
    taken = (await library.user()).email

    for email in (taken, taken.upper()):
        with app.refuses(
            "EmailTaken", message=f"A sign-up as {email} must be rejected: {taken} is a user."
        ):
            await create(app, {**sign_up, "email": email})

    assert await library.count("users") == 1, "A sign-up that is rejected must add no user."


@task("06.3", "in-a-transaction", "new-user")
async def test_a_session_may_have_been_asked_before(
    app: App, library: Library, sign_up: dict[str, Any]
) -> None:
    there = await library.user()
    asked = app.services.user_service.get(user_id=there.id)

    found, made = await app.in_one_session(asked, create(app, sign_up))

    if isinstance(found, Raised):
        raise found
    if isinstance(made, Raised):
        what = "A sign-up in a session that has sent a query before, as in a dependency,"
        raise Raised(made.failure, made.doing, refused=what)
    assert await library.count("users") == 2, (
        "user_service.create() must commit even if the session has sent a query before."
    )


@task("06.3", "usable-afterwards", "email-taken")
async def test_after_a_refusal_the_session_can_be_used(
    app: App, database: Database, library: Library, sign_up: dict[str, Any], samples: Samples
) -> None:
    other = {**sign_up, "email": samples.email()}
    outcomes = []

    async def sign_up_twice() -> None:
        outcomes.extend(await app.in_one_session(create(app, sign_up), create(app, other)))

    await at_once(database, sign_up_twice(), holding=SIGN_UP_ELSEWHERE.format(sign_up["email"]))

    refused, made = outcomes
    with demand("email-taken"):
        must_be_refused(
            refused, "EmailTaken", ("A sign-up with an email that another call has just taken")
        )
    must_go_on(made, "EmailTaken", "user_service.create()")
    assert await library.count("users") == 2, (
        "After user_service.create() has raised EmailTaken, the next sign-up in the same session "
        "must be committed."
    )


@task("06.3", "user-or-none", "signatures")
async def test_a_user_is_found_by_id(app: App, library: Library) -> None:
    user, _ = await library.user(is_active=False), await library.user()

    found = await app.services.user_service.get(user_id=user.id)
    none = await app.services.user_service.get(user_id=user.id + 1000)

    assert getattr(found, "id", None) == user.id, (
        f"user_service.get() must return the user with that id, not {found!r}."
    )
    assert none is None, (
        f"user_service.get() must return None if there is no such user, not {none!r}."
    )


@task("06.3", "email-any-case", "user-or-none")
async def test_a_user_is_found_by_an_email_however_it_is_written(
    app: App, library: Library, samples: Samples
) -> None:
    user, _ = await library.user(is_active=False), await library.user()

    for email in (user.email, user.email.upper()):
        found = await app.services.user_service.get_by_email(email=email)
        assert getattr(found, "id", None) == user.id, (
            f"user_service.get_by_email() must find {user.email} as {email}; it returns {found!r}."
        )
    none = await app.services.user_service.get_by_email(email=samples.email())
    assert none is None, (
        f"user_service.get_by_email() must return None if there is no such user, not {none!r}."
    )


@task("06.3", "email-characters")
async def test_each_character_of_an_email_stands_for_itself(app: App, library: Library) -> None:
    await library.user(email="adax@example.org")
    there = await library.user(email="ad_m@example.org")

    for other in ("ad_x@example.org", "ad%@example.org", r"ad\ax@example.org"):
        found = await app.services.user_service.get_by_email(email=other)
        assert found is None, (
            f"user_service.get_by_email() must return None for {other}: nobody has that email. "
            "It returns a user. Compare with ==; in LIKE, characters such as _ and % are "
            "wildcards."
        )
    found = await app.services.user_service.get_by_email(email="AD_M@example.org")
    assert getattr(found, "id", None) == there.id, (
        f"user_service.get_by_email() must find {there.email} as AD_M@example.org; "
        f"it returns {found!r}."
    )


@task("06.3", "email-characters", "email-any-case")
async def test_what_looks_alike_is_not_the_same_email(
    app: App, library: Library, samples: Samples
) -> None:
    word = samples.word(4)
    user = await library.user(email=f"{word}.stra\u00dfe@example.org")
    await library.user(email=f"{word}+books@example.org")

    found = await app.services.user_service.get_by_email(email=user.email)
    with demand("email-any-case"):
        assert getattr(found, "id", None) == user.id, (
            f"user_service.get_by_email() must find {user.email!r}; it returns {found!r}."
        )

    for other in (
        f"{word}.strasse@example.org",
        f"{word}@example.org",
        f"{word}+book@example.org",
        f"{word}strasse@example.org",
    ):
        found = await app.services.user_service.get_by_email(email=other)
        assert found is None, (
            f"user_service.get_by_email() must return None for {other!r}: nobody has that email. "
            "Only upper and lower case are the same."
        )


@task("06.3", "email-any-case")
async def test_an_email_that_is_signed_up_in_capitals_is_found(
    app: App, library: Library, sign_up: dict[str, Any]
) -> None:
    email = sign_up["email"].title()

    made = await create(app, {**sign_up, "email": email})

    for spelling in (email, email.lower(), email.upper()):
        found = await app.services.user_service.get_by_email(email=spelling)
        assert getattr(found, "id", None) == made.id, (
            f"After a sign-up as {email}, user_service.get_by_email() must find the user as {spelling}."
        )


@task("06.3", "users-page", "users-in-order", "past-the-end")
async def test_users_are_listed_by_pages(app: App, library: Library) -> None:
    users = [await library.user(full_name="Eve", is_active=place > 0) for place in range(5)]
    await library.database.execute("UPDATE users SET created_at = now()")

    first, total = await page(app, limit=3, offset=0)
    await change_some(library, first, [user.id for user in users])
    second, _ = await page(app, limit=3, offset=3)
    none, total_of_none = await page(app, limit=3, offset=9)

    assert total == 5, (
        f"The total of user_service.list_page() must count all 5 users; on the first page of 3 it is {total}."
    )
    with demand("past-the-end"):
        assert total_of_none == 5, (
            "The total of user_service.list_page() must count all 5 users past the last page, too; it is "
            f"{total_of_none}."
        )
    assert (len(first), len(second), len(none)) == (3, 2, 0), (
        "Pages of 3 of 5 users must have 3, 2 and then 0 rows, "
        f"not {len(first)}, {len(second)} and {len(none)}."
    )
    with demand("users-in-order"):
        assert sorted(first + second) == sorted(user.id for user in users), (
            "Every user must be on exactly one page, even if some change in between: use an order "
            "that no change affects, by id."
        )


async def change_some(library: Library, shown: list[int], every: list[int]) -> None:
    """Change users between two pages, so that every order by what can change is another one then.

    Two of the first page go to the ends of it, and one of the next page becomes the newest.
    """
    for user_id, name, email in zip(shown, ("Zoe", "Ada"), ("zzzz@z.org", "0@a.org"), strict=False):
        await library.database.execute(
            "UPDATE users SET full_name = $2, email = $3, updated_at = now() WHERE id = $1",
            user_id,
            name,
            email,
        )
    unseen = [user_id for user_id in every if user_id not in shown]
    for user_id in unseen[:1]:
        await library.database.execute("UPDATE users SET updated_at = now() WHERE id = $1", user_id)


async def page(app: App, *, limit: int, offset: int) -> tuple[list[int], int]:
    """Return the ids on a page, and the total."""
    rows, total = await app.services.user_service.list_page(limit=limit, offset=offset)
    return [row.id for row in rows], total


def create(app: App, sign_up: dict[str, Any]) -> Call:
    user_in = app.schemas.user.UserCreate(**sign_up)
    return app.services.user_service.create(obj_in=user_in)


async def verified(app: App, password: str, hashed: str) -> Any:
    return await app.core.security.verify_password(password, hashed)
