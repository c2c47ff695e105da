"""Task 07.7: books, searched and page by page."""

from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.answers import INVALID, must_answer, must_have, must_refuse, must_show
from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples

BOOKS = "/api/v1/books/"
PAGE = ("items", "total", "limit", "offset")
FIELDS = (
    "id", "isbn", "title", "author", "published_year", "copies", "available", "created_at",
    "updated_at",
)  # fmt: skip


@task("07.7", "book-pages", "whole-objects")
async def test_a_page_shows_20_books_unless_told_otherwise(app: App, library: Library) -> None:
    await library.books(21)
    await library.book(published_year=None)

    page = await a_page(app)

    must_tell(page, total=22, limit=20, offset=0)
    assert len(page["items"]) == 20, (
        f"GET {BOOKS} must show 20 of 22 books; it shows {len(page['items'])}."
    )
    page = await a_page(app, limit=22)
    for item in page["items"]:
        must_have(item, FIELDS, f"An item of GET {BOOKS} must be")


@task("07.7", "book-pages")
@pytest.mark.parametrize("is_search", [False, True], ids=["all", "search"])
async def test_the_pages_hold_each_book_once(
    app: App, library: Library, database: Database, samples: Samples, is_search: bool
) -> None:
    word = samples.word()
    books = [await library.book(title=f"{letter} {word}") for letter in "cba"]
    books += [await library.book(title="z", author=f"{letter} {word}") for letter in "de"]

    shown = []
    for offset in range(0, 5, 2):
        page = await a_page(app, limit=2, offset=offset, **({"search": word} if is_search else {}))
        must_tell(page, total=5, limit=2, offset=offset)
        shown += [item["id"] for item in page["items"]]
        # PostgreSQL puts a row that changes in another place.
        changed = "UPDATE books SET title = $1, author = $2 WHERE id = $3"
        await database.execute(changed, f"z {word} {offset}", word, shown[-1])
        await database.execute(changed, f"z {offset}", word, page["items"][0]["id"])

    wanted = [book.id for book in books]
    assert sorted(shown) == wanted, (
        f"The pages of two must contain each of the books {wanted} exactly once, even if one "
        f"changes in between; they contain {shown}. Is the offset used, and is the order in "
        "app/services/book_service.py by id?"
    )


@task("07.7", "available", "book-pages")
async def test_a_list_shows_how_many_copies_are_left(app: App, library: Library) -> None:
    books = [await library.book(copies=copies) for copies in (0, 1, 3, 5)]
    reader = await library.user()
    await library.loan(reader, books[1])
    await library.loan(reader, books[2])
    await library.loan(reader, books[3], returned=True)

    page = await a_page(app)

    left = {item["id"]: item["available"] for item in page["items"]}
    found = [left.get(book.id) for book in books]
    assert found == [0, 0, 2, 5], (
        "Of 0, 1, 3 and 5 copies, one copy each of the second and the third book is out, so 0, "
        f"0, 2 and 5 are available; GET {BOOKS} shows {found}."
    )


@task("07.7", "book-pages")
async def test_a_page_past_the_end_is_empty(app: App, library: Library) -> None:
    await library.books(3)

    for offset in (3, 2**63 - 1):
        page = await a_page(app, offset=offset)

        must_tell(page, total=3, limit=20, offset=offset)
        assert page["items"] == [], f"GET {BOOKS}?offset={offset} must show no items of 3 books."


@task("07.7", "book-pages")
async def test_a_page_that_cannot_be_is_refused(app: App, library: Library) -> None:
    await library.book()
    assert len((await a_page(app, limit=100))["items"]) == 1, f"GET {BOOKS} must list the one book."

    for field, wrong in (
        ("limit", "0"),
        ("limit", "101"),
        ("limit", f"{2**63}"),
        ("limit", "many"),
        ("offset", "-1"),
        ("offset", f"{2**63}"),
        ("offset", "9" * 400),
    ):
        answer = await app.get(BOOKS, params={field: wrong})

        must_refuse(answer, *INVALID, to=f"{field}={wrong[:20]!r}")


@task("07.7", "search", "no-search")
async def test_a_search_finds_titles_authors_and_isbns(
    app: App, library: Library, samples: Samples
) -> None:
    title, author = samples.word(12), samples.word(12)
    books = [
        await library.book(title=f"The {title.capitalize()} Book"),
        await library.book(author=f"Ada {author.capitalize()}"),
        await library.book(),
    ]

    for what, search, wanted in (
        ("a part of a title", title[:8], books[0]),
        ("a part of a title in capitals", title[2:].upper(), books[0]),
        ("a part of an author's name", author[1:], books[1]),
        ("a part of a title with its spaces", f"he {title} b", books[0]),
        ("an ISBN", books[2].isbn, books[2]),
        ("a part of an ISBN", books[2].isbn[2:], books[2]),
    ):
        await must_find(app, search, [wanted.id], what)

    await must_find(app, samples.word(20), [], "a string that no book has")
    whole = await library.book(title=f"On {title}", author=f"{author} Lee")
    for between in (" ", ", ", " by "):
        both = f"{whole.title}{between}{whole.author}"
        await must_find(app, both, [], "a title and its author, which no single field contains")
    books.append(whole)
    await must_find(app, "", [book.id for book in books], "nothing")


@task("07.7", "search-characters")
async def test_a_search_takes_every_character_as_it_is(app: App, library: Library) -> None:
    await library.books(2)
    for title in (
        "100% Wool",
        "The snake_case Book",
        "C:\\Books",
        "Isn't It",
        'Say "Yes"',
        "AC/DC",
        "A Well-Read Book",
    ):
        book = await library.book(title=title)
        sign = next(each for each in title if each in "%_\\'\"/-")

        await must_find(app, sign, [book.id], f"the character {sign}")

    await must_find(app, "100_", [], "100_")
    await must_find(app, "The%Book", [], "The%Book")


@task("07.7", "search-total")
async def test_what_a_search_finds_has_pages_too(
    app: App, library: Library, samples: Samples
) -> None:
    word = samples.word(12)
    await library.books(2)
    found = [(await library.book(title=f"{word} {number}")).id for number in range(3)]

    shown = []
    for offset in (0, 2, 4):
        page = await a_page(app, search=word, limit=2, offset=offset)
        must_tell(page, total=3, limit=2, offset=offset)
        shown += [item["id"] for item in page["items"]]

    assert sorted(shown) == found, (
        f"The pages of a search that finds the books {found} must contain each once; they "
        f"contain {shown}."
    )


@task("07.7", "odd-searches", "no-500")
async def test_no_search_is_an_error_of_the_server(app: App, library: Library) -> None:
    await library.book()
    must_tell(await a_page(app), total=1, limit=20, offset=0)

    for what, search in (
        ("a NUL", "search=%00"),
        ("a NUL in a word", "search=em%00ma"),
        ("5,000 letters", f"search={'x' * 5000}"),
        ("bytes that are not UTF-8", "search=%ff"),
        ("half of a surrogate pair", "search=%ed%a0%80"),
        ("a backslash", "search=%5c"),
        ("two searches", "search=a&search=b"),
    ):
        answer = await app.get(f"{BOOKS}?{search}")

        must_answer(answer, 200, *INVALID, to=f"a search for {what}")

    long = await library.book(title="x" * 200)
    answer = await app.get(f"{BOOKS}?search={'x' * 5000}")
    found = [item["id"] for item in answer.json()["items"]] if answer.status_code == 200 else []
    assert long.id not in found, (
        "A search for 5,000 letters must find nothing or be rejected; it finds a book whose title has 200 of "
        "them. Do not cut a search off."
    )


async def a_page(app: App, **query: Any) -> dict[str, Any]:
    answer = await app.get(BOOKS, params=query)
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    must_answer(answer, 200, to=asked or "a request for the list")
    return must_show(answer, PAGE)


def must_tell(page: dict[str, Any], *, total: int, limit: int, offset: int) -> None:
    told = (page["total"], page["limit"], page["offset"])
    assert told == (total, limit, offset), (
        f"GET {BOOKS} must say total {total}, limit {limit} and offset {offset} ; it says total "
        f"{told[0]!r}, limit {told[1]!r} and offset {told[2]!r}."
    )


async def must_find(app: App, search: str, wanted: list[int], what: str) -> None:
    page = await a_page(app, search=search)
    found = [item["id"] for item in page["items"]]
    assert sorted(found) == wanted, (
        f"A search for {what}, {search!r}, must find the books with the ids {wanted}; "
        f"it finds {found}."
    )
    assert page["total"] == len(wanted), (
        f"A search for {what}, {search!r}, must say total {len(wanted)}; it says {page['total']!r}."
    )
