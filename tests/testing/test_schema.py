"""What a database holds, and what two of them do not have in common."""

from groundrules.testing.schema import differences

BOOKS = {"table books": "", "column books.title": "text", "index ix_title of books": "…"}


def told(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    return list(differences(wanted, found, by="the models", made_by="the migrations"))


def test_nothing_is_said_of_two_that_are_the_same() -> None:
    assert told(BOOKS, dict(BOOKS)) == []


def test_of_a_missing_table_nothing_more_is_said() -> None:
    assert told(BOOKS, {}) == [
        "The table books is missing: the models have it, the migrations do not create it"
    ]


def test_a_column_can_be_missing_or_too_much_or_differ() -> None:
    found = {"table books": "", "column books.name": "text", "index ix_title of books": "?"}

    assert told(BOOKS, found) == [
        "The column books.name must not exist: the migrations create it, the models do not have it",
        "The column books.title is missing: the models have it, the migrations do not create it",
        "The index ix_title of books differs: by the models it is `…`, the migrations create `?`",
    ]
