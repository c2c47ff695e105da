"""Task 06.5: a search, and its pages."""

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.returned import as_answer
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

ALIKE = {"title": "The same title", "author": "The same author", "published_year": 1999}
CHANGED = """
UPDATE books SET title = $2, author = $2, isbn = $3, published_year = $4, copies = $5, updated_at = now()
WHERE id = $1
"""
AT_THE_ENDS = (("Zzz", "9799999999990", 2020, 900), ("A", "9780000000002", 1500, 0))


@task("06.5", "no-search", "books-in-order")
async def test_without_a_search_all_books_are_listed_by_pages(app: App, library: Library) -> None:
    books = [*await library.books(4, **ALIKE), await library.book(**ALIKE, copies=0)]
    await library.database.execute("UPDATE books SET created_at = now()")

    first, total = await listed(app, limit=3, offset=0)
    await change_some(library, first, [book.id for book in books])
    second, _ = await listed(app, limit=3, offset=3)
    none, total_of_none = await listed(app, limit=3, offset=9)

    assert total == total_of_none == 5, (
        f"The total of book_service.list_page() must count all 5 books on every page: it is {total} on "
        f"the first, and {total_of_none} past the last."
    )
    assert (len(first), len(second), len(none)) == (3, 2, 0), (
        "Pages of 3 of 5 books must have 3, 2 and then 0 rows, "
        f"not {len(first)}, {len(second)} and {len(none)}."
    )
    with demand("books-in-order"):
        assert sorted(first + second) == sorted(book.id for book in books), (
            "Every book must be on exactly one page, even if some change in between: use an order "
            "that no change affects, by id."
        )


@task("06.5", "books-in-order", "search")
async def test_what_a_search_finds_stays_in_its_place(
    app: App, library: Library, samples: Samples
) -> None:
    word = samples.word(6)
    books = [
        await library.book(**{field: f"On {word}"})
        for field in ("author", "title", "author", "title")
    ]

    first, _ = await listed(app, search=word, limit=2, offset=0)
    for book in first:
        change = "UPDATE books SET title = $1, author = $2 WHERE id = $3"
        await library.database.execute(change, samples.title(), f"By {word}", book)
    second, _ = await listed(app, search=word, limit=2, offset=2)

    with demand("books-in-order"):
        assert sorted(first + second) == sorted(book.id for book in books), (
            "Every book that a search finds must be on exactly one page, even if some change in between: "
            "use an order that no change affects, by id."
        )


@task("06.5", "search", "search-total")
async def test_a_search_finds_parts_in_any_case(
    app: App, library: Library, samples: Samples
) -> None:
    word = samples.word(6)
    books = {
        "title": await library.book(title=f"On {word.title()}s"),
        "author": await library.book(author=f"Ada Mc{word.upper()}"),
    }
    await library.books(2)

    for search in (word, word.upper(), word[1:]):
        found, total = await listed(app, search=search)
        for field, book in books.items():
            assert book.id in found, (
                f"A search for {search!r} must find the book whose {field} is "
                f"{getattr(book, field)!r}."
            )
        assert len(found) == 2, f"A search for {search!r} must find 2 books, not {len(found)}."
        with demand("search-total"):
            assert total == 2, (
                f"A search for {search!r} finds 2 books, so its total must be 2, not {total}: count "
                "the books that are found, not all."
            )


@task("06.5", "search")
async def test_a_search_finds_parts_of_an_isbn(app: App, library: Library) -> None:
    book = await library.book(isbn="9780131103627")
    await library.book(isbn="9783161484100")

    for search in (book.isbn, "0131103"):
        await must_find(app, search, [book])


@task("06.5", "search")
async def test_a_search_may_be_a_single_letter(app: App, library: Library) -> None:
    books = [await library.book(title="Łódź"), await library.book(author="Ł. Nowak")]
    await library.books(2)

    await must_find(app, "Ł", books)


@task("06.5", "search", "search-characters")
async def test_a_search_of_two_words_finds_them_in_that_order(
    app: App, library: Library, samples: Samples
) -> None:
    first, second = samples.word(6), samples.word(6)
    book = await library.book(title=f"The {first} {second} reader")
    wide = await library.book(title=f"The {first}  {second} reader")
    await library.book(title=f"{second} {first}")
    await library.book(title=f"{first} and {second}")
    await library.book(title=first, author=second)

    await must_find(app, f"{first} {second}", [book])
    with demand("search-characters"):
        await must_find(app, f"{first}  {second}", [wide])


@task("06.5", "search")
async def test_a_search_lies_within_one_field(app: App, library: Library, samples: Samples) -> None:
    first, second = samples.word(6), samples.word(6)
    await library.book(title=first, author=second)

    for between in ("", " ", "  ", ",", ", ", "/", " - "):
        for search in (f"{first}{between}{second}", f"{second}{between}{first}"):
            rows, total = await app.services.book_service.list_page(
                search=search, limit=20, offset=0
            )
            assert (list(rows), total) == ([], 0), (
                f"A search for {search!r} must not find a book by {second!r} with the title {first!r}: "
                "neither its title nor its author nor its ISBN contains that."
            )


@task("06.5", "search-characters")
async def test_every_character_of_a_search_stands_for_itself(
    app: App, library: Library, samples: Samples
) -> None:
    word = samples.word(5)
    titles = {
        sign: await library.book(title=f"{word}{sign}{word}")
        for sign in (
            "%",
            "_",
            "\\",
            "'",
            '"',
            ".",
            "*",
            "+",
            "?",
            "[",
            "(",
            "|",
            "^",
            "$",
            "&",
            ":",
            "/",
            "!",
            "#",
            "~",
            "@",
            "-",
            "ß",
        )
    }
    await library.book(title=f"{word}x{word}")
    await library.book(title=f"{word}{word}")

    for sign, book in titles.items():
        await must_find(app, f"{word}{sign}{word}", [book])
        await must_find(app, sign, [book])


@task("06.5", "search-total", "search")
async def test_a_search_has_pages_too(app: App, library: Library, samples: Samples) -> None:
    word = samples.word()
    books = await library.books(3, title=word)
    await library.books(2)

    first, total = await listed(app, search=word, limit=2, offset=0)
    second, _ = await listed(app, search=word, limit=2, offset=2)

    assert total == 3, f"The total of a search that finds 3 books must be 3, not {total}."
    assert sorted(first + second) == sorted(book.id for book in books), (
        "The pages of a search must contain each book that it finds once, and no other."
    )


@task("06.5", "list-available")
async def test_the_books_of_a_list_tell_how_many_are_available(app: App, library: Library) -> None:
    books = await library.books(2, copies=2)
    await library.loan(await library.user(), books[0])
    told = []
    for place in range(2):
        page = app.services.book_service.list_page(search=None, limit=5, offset=0)
        told.append(await as_answer(app.schemas.book.BookResponse, page.part(0, place)))

    available = {each.id: each.available for each in told}
    assert available == {books[0].id: 1, books[1].id: 2}, (
        "Of two books of 2 copies each, with one copy of the first out, a list must say that 1 "
        f"and 2 are available, not {[available.get(book.id) for book in books]}."
    )


async def change_some(library: Library, shown: list[int], every: list[int]) -> None:
    """Change books between two pages, so that every order by what can change is another one then.

    Two of the first page go to the ends of it, and one of the next page becomes the newest.
    """
    for book_id, values in zip(shown, AT_THE_ENDS, strict=False):
        await library.database.execute(CHANGED, book_id, *values)
    unseen = [book_id for book_id in every if book_id not in shown]
    for book_id in unseen[:1]:
        await library.database.execute("UPDATE books SET updated_at = now() WHERE id = $1", book_id)


async def listed(
    app: App, *, search: str | None = None, limit: int = 20, offset: int = 0
) -> tuple[list[int], int]:
    """Return the ids on a page, and the total."""
    rows, total = await app.services.book_service.list_page(
        search=search, limit=limit, offset=offset
    )
    return [row.id for row in rows], total


async def must_find(app: App, search: str, books: list[Row]) -> None:
    rows, _ = await app.services.book_service.list_page(search=search, limit=20, offset=0)
    found = sorted(row.title for row in rows)
    expected = sorted(book.title for book in books)
    assert found == expected, (
        f"A search for {search!r} must find the books {expected}, not {found}."
    )
