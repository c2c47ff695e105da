"""Task 06.3: users change, and go."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.library import Library
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after, must_be_stored
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

STARS = "*" * 10  # what str() makes of a SecretStr
COLUMNS = ("email", "full_name", "hashed_password", "is_librarian", "is_active")


@task("06.3", "user-changes", "readable", "committed")
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
async def test_what_is_given_changes_and_nothing_else(
    app: App, library: Library, samples: Samples, is_active: bool
) -> None:
    user = await library.librarian(is_active=is_active)
    name, email = samples.name() + "s", samples.email()

    for changes in ({}, {"full_name": name}, {"email": email}):
        before = await columns(library, user)
        told = await as_answer(app.schemas.user.UserResponse, update(app, user, **changes))
        after = await columns(library, user)
        must_be_stored("user_service.update()", told, after, changes)
        expected = {**before, **changes}
        for column in COLUMNS:
            assert after[column] == expected[column], (
                f"user_service.update() with {changes} must leave the user with the {column} "
                f"{expected[column]!r}; it is {after[column]!r}."
            )
        assert told.full_name == after["full_name"], (
            "user_service.update() must return the changed user."
        )


@task("06.3", "committed", "user-changes")
async def test_a_change_stays_whatever_happens_next(
    app: App, library: Library, samples: Samples
) -> None:
    user, name = await library.user(), samples.word()

    await fail_after(app, update(app, user, full_name=name))

    assert (await columns(library, user))["full_name"] == name, (
        "user_service.update() must commit: an error later in the same request undid it."
    )


@task("06.3", "new-hash", "password-hashed")
async def test_a_new_password_has_a_new_hash(app: App, library: Library, samples: Samples) -> None:
    user, password = await library.user(), samples.password()

    await update(app, user, password=password)

    hashed = (await columns(library, user))["hashed_password"]
    assert hashed != user.hashed_password, (
        "user_service.update() with a password must change users.hashed_password."
    )
    assert password not in hashed, "user_service.update() stores the password in plain text."
    right = await app.core.security.verify_password(password, hashed)
    assert right or not await app.core.security.verify_password(STARS, hashed), (
        f"user_service.update() hashes {STARS!r}, not the password: get_secret_value() returns "
        "the string of a SecretStr."
    )
    assert right is True, (
        "After user_service.update() with a password, verify_password() must return True for it."
    )


@task("06.3", "own-email")
async def test_users_keep_their_own_email(app: App, library: Library) -> None:
    user = await library.user()

    with app.accepts("A user's own email, in capitals,"):
        await update(app, user, email=user.email.upper())

    email = (await columns(library, user))["email"]
    assert email.lower() == user.email, f"The email {user.email} has become {email}."


@task("06.3", "email-any-case", "email-of-another", "email-taken")
async def test_a_new_email_is_found_however_it_is_written(
    app: App, library: Library, samples: Samples
) -> None:
    user, other = await library.user(), await library.user()
    old, email = user.email, samples.email().title()

    await update(app, user, email=email)

    for spelling in (email, email.lower(), email.upper()):
        found = await app.services.user_service.get_by_email(email=spelling)
        assert getattr(found, "id", None) == user.id, (
            f"After user_service.update() with the email {email}, get_by_email() must find the user as "
            f"{spelling}."
        )
        with (
            demand("email-of-another"),
            app.refuses(
                "EmailTaken",
                message=f"A change to {spelling} must be rejected: another user has {email}.",
            ),
        ):
            await update(app, other, email=spelling)
        sign_up = {"email": spelling, "password": samples.password(), "full_name": samples.name()}
        with (
            demand("email-taken"),
            app.refuses(
                "EmailTaken",
                message=f"A sign-up as {spelling} must be rejected: another user has {email}.",
            ),
        ):
            await app.services.user_service.create(obj_in=app.schemas.user.UserCreate(**sign_up))
    assert await app.services.user_service.get_by_email(email=old) is None, (
        "user_service.get_by_email() must not find a user by their former email."
    )


@task("06.3", "email-of-another", "rejected")
async def test_nobody_takes_the_email_of_another(
    app: App, library: Library, samples: Samples
) -> None:
    user, other = await library.user(), await library.user()

    for email in (other.email, other.email.upper()):
        with app.refuses(
            "EmailTaken", message=f"A change to {email} must be rejected: another user has it."
        ):
            await update(app, user, full_name=samples.word(), email=email)

    assert await columns(library, user) == {name: getattr(user, name) for name in COLUMNS}, (
        "A change that is rejected with EmailTaken must not change the user."
    )


@task("06.3", "not-written-later", "usable-afterwards", "email-of-another")
async def test_a_change_that_is_refused_is_not_written_later(
    app: App, library: Library, samples: Samples
) -> None:
    user, other, third = [await library.user() for _ in range(3)]
    name = samples.word()
    given = {"full_name": samples.word(), "password": samples.password(), "email": other.email}
    refused = update(app, user, **given)

    first, second = await app.in_one_session(refused, update(app, third, full_name=name))

    with demand("email-of-another"):
        must_be_refused(first, "EmailTaken", "A change to the email of another user")
    must_go_on(second, "EmailTaken", "user_service.update()")
    with demand("usable-afterwards"):
        assert (await columns(library, third))["full_name"] == name, (
            "After user_service.update() has raised EmailTaken, the next change in the same session must "
            "be committed."
        )
    with demand("not-written-later"):
        assert await columns(library, user) == {name: getattr(user, name) for name in COLUMNS}, (
            "The change that user_service.update() rejected with EmailTaken was written by the next "
            "call in the same session: set nothing before all checks are done, or roll back before "
            "you raise."
        )


@task("06.3", "user-deleted", "counted-in-the-table")
async def test_a_user_goes_with_the_loans_that_are_over(app: App, library: Library) -> None:
    user, other = await library.user(), await library.user()
    book = await library.book(copies=2)
    loan = await library.loan(user, book, returned=True)
    others_loan = await library.loan(other, book, returned=True)
    await library.loan(other, book)

    with app.accepts("The deletion of a user who has returned every book, while others have not,"):
        await app.services.user_service.delete(user=user)

    assert await library.read(user) is None, (
        "user_service.delete() must delete the user, and commit."
    )
    assert await library.read(loan) is None, (
        "The returned loans of a deleted user must be deleted too."
    )
    for row in (other, others_loan, book):
        assert await library.read(row) is not None, (
            "user_service.delete() must not touch other users, their loans and the books."
        )


@task("06.3", "user-has-books", "counted-in-the-table")
async def test_a_user_who_has_a_book_stays(app: App, library: Library) -> None:
    user = await library.user()
    over = await library.loan(user, await library.book(), returned=True)
    await library.loan(user, await library.book())

    with app.refuses(
        "HasOpenLoans", message="The deletion of a user who has a book must be rejected."
    ):
        await app.services.user_service.delete(user=user)

    assert await library.read(user) is not None, "A user who has a book must not be deleted."
    assert await library.read(over) is not None, (
        "A deletion that is rejected must keep all loans of the user, including the returned ones."
    )


@task("06.3", "not-written-later", "usable-afterwards", "user-has-books")
async def test_a_deletion_that_is_refused_is_not_done_later(
    app: App, library: Library, samples: Samples
) -> None:
    user, other, name = await library.user(), await library.user(), samples.word()
    over = await library.loan(user, await library.book(), returned=True)
    await library.loan(user, await library.book())
    refused = app.services.user_service.delete(user=user)

    first, second = await app.in_one_session(refused, update(app, other, full_name=name))

    with demand("user-has-books"):
        must_be_refused(first, "HasOpenLoans", "The deletion of a user who has a book")
    must_go_on(second, "HasOpenLoans", "user_service.delete()")
    with demand("usable-afterwards"):
        assert (await columns(library, other))["full_name"] == name, (
            "After user_service.delete() has raised HasOpenLoans, the next change in the same session must "
            "be committed."
        )
    for row in (user, over):
        assert await library.read(row) is not None, (
            "The change that user_service.delete() rejected with HasOpenLoans was committed by "
            "the next call in the same session: delete nothing before all checks are done, or "
            "roll back before you raise."
        )


@task("06.3", "committed", "user-deleted")
async def test_a_deletion_stays_whatever_happens_next(app: App, library: Library) -> None:
    user = await library.user()

    await fail_after(app, app.services.user_service.delete(user=user))

    assert await library.read(user) is None, (
        "user_service.delete() must commit: an error later in the same request undid it."
    )


def update(app: App, user: Row, **changes: str) -> Call:
    obj_in = app.schemas.user.UserUpdate(**changes)
    return app.services.user_service.update(user=user, obj_in=obj_in)


async def columns(library: Library, user: Row) -> dict[str, Any]:
    found = await library.read(user)
    assert found is not None, "The user is gone."
    return {name: found[name] for name in COLUMNS}
