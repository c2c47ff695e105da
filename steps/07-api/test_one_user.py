"""Task 07.2: one user, shown and deleted."""

from groundrules.testing import demand, task
from groundrules.testing.answers import INVALID, must_answer, must_refuse, must_show
from groundrules.testing.app import Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import People
from groundrules.testing.races import at_once, seen_with

USERS = "/api/v1/users"
FIELDS = ("id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at")
NO_ID = ("0", "-1", f"{2**63}", "9" * 400, "9" * 5000, "1.5", "ada", "%00", "%ff")


@task("07.2", "user-shown", "whole-objects", "no-password")
async def test_a_user_is_shown(people: People, library: Library) -> None:
    librarian = await people.librarian()
    for user in (await library.user(), await library.user(is_active=False)):
        answer = await librarian.get(f"{USERS}/{user.id}")

        must_answer(answer, 200, to="the id of a user")
        shown = must_show(answer, FIELDS)
        for field in ("id", "email", "full_name", "is_librarian", "is_active"):
            assert shown[field] == user.values[field], (
                f"GET {USERS}/{user.id} must show the user's {field}, {user.values[field]!r}; "
                f"it shows {shown[field]!r}."
            )
        assert user.values["hashed_password"] not in answer.text, (
            f"GET {USERS}/{user.id} must not show the hash of the password."
        )


@task("07.2", "no-such-user", "detail")
async def test_a_user_who_is_not_there_is_404(people: People, library: Library) -> None:
    librarian, user = await people.librarian(), await library.user()
    there = await librarian.get(f"{USERS}/{user.id}")
    must_answer(there, 200, to="the id of a user")

    for method in ("GET", "DELETE"):
        for number in (user.id + 1000, 2**63 - 1):
            answer = await librarian.request(method, f"{USERS}/{number}")

            must_refuse(answer, 404, to="an id that no user has")


@task("07.2", "odd-ids", "no-500")
async def test_what_cannot_be_an_id_is_refused(people: People, library: Library) -> None:
    librarian, user = await people.librarian(), await library.user()
    there = await librarian.get(f"{USERS}/{user.id}")
    must_answer(there, 200, to="the id of a user")

    for method in ("GET", "DELETE"):
        for wrong in NO_ID:
            answer = await librarian.request(method, f"{USERS}/{wrong}")

            must_refuse(answer, *INVALID, 404, to="an invalid id")


@task("07.2", "user-deleted", "user-without-loans", "deleted-twice", "stored")
async def test_a_user_is_deleted(people: People, library: Library, database: Database) -> None:
    librarian = await people.librarian()
    user, other = await library.user(is_active=False), await library.user()
    await library.loan(user, await library.book(), returned=True)

    answer, left = await seen_with(
        database,
        "users",
        librarian.delete(f"{USERS}/{user.id}"),
        lambda: library.read(user),
    )

    must_answer(answer, 204, to="the deletion of a user")
    assert answer.content == b"", f"DELETE {USERS}/{user.id} must return an empty body."
    with demand("user-deleted" if left and await library.read(user) else "stored"):
        assert left is None, (
            f"DELETE {USERS}/{user.id} returns 204, but the user is still in the table users."
        )
    assert await library.read(other) is not None, (
        f"DELETE {USERS}/{user.id} must delete this user and no other."
    )
    again = await librarian.delete(f"{USERS}/{user.id}")
    must_refuse(again, 404, to="the deletion of a user who is gone")


@task("07.2", "user-with-loans", "detail")
async def test_a_user_with_a_book_is_not_deleted(people: People, library: Library) -> None:
    librarian, user = await people.librarian(), await library.user()
    await library.loan(user, await library.book())

    answer = await librarian.delete(f"{USERS}/{user.id}")

    must_refuse(answer, 400, to="the deletion of a user with an open loan")
    assert await library.read(user) is not None, (
        f"DELETE {USERS}/{user.id} returns 400, but the user is gone from the table users."
    )


@task("07.2", "deleted-meanwhile")
async def test_a_user_who_is_deleted_meanwhile_is_404(
    people: People, library: Library, database: Database
) -> None:
    librarian, user = await people.librarian(), await library.user()
    there = await librarian.get(f"{USERS}/{user.id}")
    must_answer(there, 200, to="the id of a user")
    answers: list[Response] = []

    async def delete() -> None:
        answers.append(await librarian.delete(f"{USERS}/{user.id}"))

    await at_once(database, delete(), holding=f"DELETE FROM users WHERE id = {user.id}")

    must_refuse(answers[0], 404, to="the deletion of a user that another request has just deleted")
