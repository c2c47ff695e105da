"""Values that differ from run to run, and are the same for the same seed."""

import random

import pytest

from groundrules.testing.samples import Samples, check_digit


def samples(seed: int) -> Samples:
    return Samples(random.Random(seed))


@pytest.mark.parametrize(
    ("digits", "last"),
    [("978013110362", "7"), ("978020163361", "0"), ("978014028329", "7"), ("979109063607", "1")],
)
def test_the_check_digit_is_that_of_real_books(digits: str, last: str) -> None:
    assert check_digit(digits) == last


def test_an_isbn_has_thirteen_digits_and_the_right_last_one() -> None:
    for seed in range(200):
        isbn = samples(seed).isbn()

        assert len(isbn) == 13
        assert isbn.isdecimal()
        assert check_digit(isbn[:12]) == isbn[12]


def test_each_digit_is_the_last_of_one_isbn() -> None:
    isbns = samples(1).isbns_of_each_check_digit()

    assert [isbn[-1] for isbn in isbns] == list("0123456789")
    assert all(check_digit(isbn[:12]) == isbn[12] for isbn in isbns)


@pytest.mark.parametrize("kind", ["email", "name", "password", "title", "year", "isbn", "word"])
def test_the_same_seed_gives_the_same_values_and_others_give_others(kind: str) -> None:
    once, again = (getattr(samples(7), kind)() for _ in range(2))
    others = {getattr(samples(seed), kind)() for seed in range(50)}

    assert once == again
    assert len(others) > 20


def test_a_moment_is_past_and_knows_its_time_zone() -> None:
    assert samples(1).moment().tzinfo is not None
