"""Task 03.2: what holds for every user."""

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples

UNIQUE = "23505"  # unique_violation


@task("03.2")
async def test_no_two_users_have_one_email(library: Library, samples: Samples) -> None:
    email = samples.email()
    await library.user(email=email)
    await library.user()

    with library.database.refuses(
        UNIQUE, message="PostgreSQL takes two users with one email: users.email must be unique."
    ):
        await library.user(email=email)


@task("03.2")
async def test_texts_of_the_agreed_lengths_fit(library: Library, samples: Samples) -> None:
    await library.user(email=f"{samples.word(254 - 12)}@example.org")
    await library.user(full_name=samples.word(200))
    await library.user(hashed_password=samples.word(255))


@task("03.2")
async def test_a_new_user_is_active_and_no_librarian(
    app: App, library: Library, samples: Samples
) -> None:
    user = await app.save(
        app.models.user.User(
            email=samples.email(),
            full_name=samples.name(),
            hashed_password=samples.word(60),
        )
    )

    found = await library.read(user)
    assert found is not None, "A user that was added and committed is not in the table users."
    for column, wanted in (("is_librarian", False), ("is_active", True)):
        assert found[column] is wanted, (
            f"users.{column} must be {wanted} unless User(…) is told otherwise; it is {found[column]}."
        )
        assert getattr(user, column) is wanted, (
            f"After the commit, the object's {column} must be {wanted}, "
            f"not {getattr(user, column)}."
        )


@task("03.2")
async def test_a_user_may_be_a_librarian(app: App, library: Library, samples: Samples) -> None:
    user = await app.save(
        app.models.user.User(
            email=samples.email(),
            full_name=samples.name(),
            hashed_password=samples.word(60),
            is_librarian=True,
            is_active=False,
        )
    )

    found = await library.read(user)
    assert found is not None, "A user that was added and committed is not in the table users."
    assert (found["is_librarian"], found["is_active"]) == (True, False), (
        "User(…, is_librarian=True, is_active=False) must be saved as it says; "
        f"the table has {found['is_librarian']} and {found['is_active']}."
    )
