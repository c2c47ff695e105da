"""What the tests of this step share: addresses, for sign-ups and for changes."""

from typing import Any

import pytest

from groundrules.testing.samples import Samples


@pytest.fixture
def addresses(samples: Samples) -> list[str]:
    """Ordinary email addresses."""
    word, number = samples.word, samples.numbers.randint(10, 99)
    return [
        f"{word()}@example.org",
        f"{word()}.{word()}@mail.example.com",
        f"{word()}+books@example.org",
        f"{word()}.{word()}+books@gmail.com",
        f"{word()}_{number}@{word()}-{word()}.co.uk",
        f"{number}@{number}.example.net",
        f"{word()}@{word()}.photography",
    ]


@pytest.fixture
def look_alikes() -> list[str]:
    """Addresses with letters that only folding turns into others; nobody need accept them."""
    return ["straße@example.org", "ſonja@example.org", "ﬁona@example.org"]


@pytest.fixture
def no_addresses(samples: Samples) -> list[tuple[str, Any]]:
    """What is no email address, each with the demand that it breaks."""
    word = samples.word
    wrong: dict[str, list[Any]] = {
        "one-at": [
            "",
            word(),
            f"{word()}.example.org",
            f"{word()}@@example.org",
            f"{word()}@{word()}@example.org",
            samples.numbers.randint(1, 99),
            None,
        ],
        "both-sides": [f"{word()}@", f"@{word()}.org"],
        "email-spaces": [
            f"{word()} {word()}@example.org",
            f"{word()} @example.org",
            f"{word()}@ example.org",
            f"{word()}@exam ple.org",
            f"{word()}\0@example.org",
        ],
        "two-dots": [
            f"{word()}..{word()}@example.org",
            f"{word()}@example..org",
            f"{word()}@{word()}..example.org",
        ],
    }
    return [(demand, each) for demand, some in wrong.items() for each in some]
