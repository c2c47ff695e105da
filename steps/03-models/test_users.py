"""Task 03.2: what holds for every user."""

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.attributes import must_be_stored
from groundrules.testing.database import Refused
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples

UNIQUE = ("23505", "23P01")  # unique_violation; exclusion_violation, which does the same


@task("03.2", "email-unique")
async def test_no_two_users_have_one_email(library: Library, samples: Samples) -> None:
    email = samples.email()
    await library.user(email=email, is_active=False, is_librarian=True)
    await library.user()

    with library.database.refuses(
        *UNIQUE,
        message="PostgreSQL accepts two users with the same email: users.email must be unique.",
    ):
        await library.user(email=email)


@task("03.2", "room-for-users")
@pytest.mark.parametrize(
    ("column", "length"), [("email", 254), ("full_name", 200), ("hashed_password", 255)]
)
async def test_there_is_room_for_a_text(
    library: Library, samples: Samples, column: str, length: int
) -> None:
    host = "@example.org" if column == "email" else ""
    texts = [(samples.word(length - len(host)) + host, "")]
    if column == "full_name":
        texts += [
            (sign * length, ", in any script") for sign in "名𠮷"
        ]  # of three bytes, and of four
    await library.user()

    for text, script in texts:
        try:
            await library.user(**{column: text})
        except Refused as refusal:
            raise AssertionError(
                f"users.{column} must have room for {length} characters{script}. {refusal}"
            ) from None


@task("03.2", "user-defaults", "class-of-file", "attributes", "numbered")
async def test_a_new_user_is_active_and_no_librarian(
    app: App, library: Library, samples: Samples
) -> None:
    passed = {
        "email": samples.email(),
        "full_name": samples.name(),
        "hashed_password": samples.word(60),
    }
    user = await app.save(app.models.user.User(**passed))

    found = await must_be_stored(library, user, passed)
    for column, wanted in (("is_librarian", False), ("is_active", True)):
        assert found[column] is wanted, (
            f"users.{column} must be {wanted} unless User(…) gets another value; it is "
            f"{found[column]}."
        )
        assert getattr(user, column) is wanted, (
            f"After the commit, the object's {column} must be {wanted}, "
            f"not {getattr(user, column)}."
        )


@task("03.2", "passed-values", "class-of-file", "attributes", "numbered")
async def test_a_user_may_be_a_librarian(app: App, library: Library, samples: Samples) -> None:
    passed = {
        "email": samples.email(),
        "full_name": samples.name(),
        "hashed_password": samples.word(60),
        "is_librarian": True,
        "is_active": False,
    }
    user = await app.save(app.models.user.User(**passed))

    found = await must_be_stored(
        library, user, {name: passed[name] for name in ("email", "full_name", "hashed_password")}
    )
    assert (found["is_librarian"], found["is_active"]) == (True, False), (
        "User(…, is_librarian=True, is_active=False) must be stored as passed; the table has "
        f"{found['is_librarian']} and {found['is_active']}."
    )
