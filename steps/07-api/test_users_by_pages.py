"""Task 07.3: users, page by page."""

from groundrules.testing import demand, task
from groundrules.testing.answers import INVALID, must_answer, must_have, must_refuse, must_show
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import People

USERS = "/api/v1/users/"
PAGE = ("items", "total", "limit", "offset")
FIELDS = ("id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at")
# As rows are that one transaction has inserted: only the id and the email of each is another.
SAME = (
    "UPDATE users SET full_name = 'Ada', is_active = true, created_at = now(), updated_at = now()"
)
CHANGED = """
UPDATE users SET email = $2, full_name = 'Zoe', is_librarian = NOT is_librarian, is_active = false,
    hashed_password = 'x', updated_at = clock_timestamp() WHERE id = $1
"""


@task("07.3", "users-page", "page-defaults", "total", "whole-objects", "no-password")
async def test_a_page_shows_20_users_unless_told_otherwise(
    people: People, library: Library
) -> None:
    librarian = await people.librarian()
    users = [await library.user() for _ in range(22)]
    total = await library.count("users")

    answer = await librarian.get(USERS)

    must_answer(answer, 200, to="a request for the list")
    page = must_show(answer, PAGE)
    told = (page["total"], page["limit"], page["offset"])
    assert told == (total, 20, 0), (
        f"With {total} users, GET {USERS} must say total {total}, limit 20 and offset 0; "
        f"it says total {told[0]!r}, limit {told[1]!r} and offset {told[2]!r}."
    )
    assert len(page["items"]) == 20, (
        f"GET {USERS} must show 20 of {total} users; it shows {len(page['items'])}."
    )
    for item in page["items"]:
        must_have(item, FIELDS, f"An item of GET {USERS} must be")
    assert not [user for user in users if user.hashed_password in answer.text], (
        f"GET {USERS} must not show the hash of a password."
    )


@task("07.3", "each-user-once", "total", "page-echo")
async def test_the_pages_hold_each_user_once(
    people: People, library: Library, database: Database
) -> None:
    librarian = await people.librarian()
    for _ in range(5):
        await library.user()
    if await library.count("users") % 2 == 0:  # the last page has one user
        await library.user()
    total = await library.count("users")
    await database.execute(SAME)
    ids = [row["id"] for row in await database.fetch("SELECT id FROM users ORDER BY id")]

    shown = []
    for offset in range(0, total, 2):
        answer = await librarian.get(USERS, params={"limit": 2, "offset": offset})
        must_answer(answer, 200, to=f"limit=2&offset={offset}")
        page = must_show(answer, PAGE)
        told = (page["total"], page["limit"], page["offset"])
        assert told == (total, 2, offset), (
            f"GET {USERS}?limit=2&offset={offset} must say total {total}, limit 2 and offset "
            f"{offset}; it says total {told[0]!r}, limit {told[1]!r} and offset {told[2]!r}."
        )
        shown += [item["id"] for item in page["items"]]
        # PostgreSQL puts a row that changes in another place.
        others = [number for number in ids if number != librarian.id]
        unseen = [number for number in others if number not in shown]
        for place, number in enumerate(others[:1] + unseen[-1:]):
            await database.execute(CHANGED, number, f"{'za'[place]}{offset}@example.org")

    assert sorted(shown) == ids, (
        f"The pages of two must contain each of the users {ids} exactly once, even if one "
        f"changes in between; they contain {shown}. Is the offset used, and is the order in "
        "app/services/user_service.py by id?"
    )


@task("07.3", "past-the-end", "page-echo")
async def test_a_page_past_the_end_is_empty(people: People, library: Library) -> None:
    librarian = await people.librarian()
    await library.user()
    total = await library.count("users")

    for offset in (total, 2**63 - 1):
        answer = await librarian.get(USERS, params={"offset": offset})

        must_answer(answer, 200, to="an offset past the end")
        page = must_show(answer, PAGE)
        assert (page["items"], page["total"]) == ([], total), (
            f"GET {USERS}?offset={offset} must show no items, and say total {total}; it shows "
            f"{len(page['items'])} items, and says total {page['total']!r}."
        )
        with demand("page-echo"):
            assert (page["limit"], page["offset"]) == (20, offset), (
                f"GET {USERS}?offset={offset} must say limit 20 and offset {offset}, as the request "
                f"does; it says limit {page['limit']!r} and offset {page['offset']!r}."
            )


@task("07.3", "page-limits", "rejected", "no-500")
async def test_a_page_that_cannot_be_is_refused(people: People, library: Library) -> None:
    librarian, user = await people.librarian(), await library.user()
    there = await librarian.get(USERS)
    must_answer(there, 200, to="a request for the list")
    assert user.email in there.text, f"GET {USERS} must show {user.email}."

    for field, wrong in (
        ("limit", "0"),
        ("limit", "101"),
        ("limit", f"{2**63}"),
        ("limit", "many"),
        ("limit", ""),
        ("offset", "-1"),
        ("offset", f"{2**63}"),
        ("offset", "9" * 400),
        ("offset", "\0"),
    ):
        answer = await librarian.get(USERS, params={field: wrong})

        must_refuse(answer, *INVALID, to=f"{field}={wrong[:20]!r}")
