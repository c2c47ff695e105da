"""Task 05.4: what goes out."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples
from groundrules.testing.values import Record

FIELDS = ["id", "email", "full_name", "is_librarian", "is_active"]
MOMENTS = ["created_at", "updated_at"]


@task("05.4", "user-response", "from-attributes")
async def test_an_answer_is_made_of_a_row(app: App, library: Library) -> None:
    for row in (await library.user(), await library.librarian(is_active=False)):
        with app.accepts("A row of users"):
            answer = await app.schemas.user.UserResponse.model_validate(row)

        for field in FIELDS:
            found = getattr(answer, field)
            assert found == getattr(row, field), (
                f"A UserResponse created from a row must have its {field}, "
                f"{getattr(row, field)!r}, not {found!r}."
            )


@task("05.4", "user-response", "from-attributes")
async def test_an_answer_is_made_of_any_object_with_these_attributes(
    app: App, samples: Samples
) -> None:
    user = a_user(samples)

    with app.accepts("An object with a user's attributes"):
        answer = await app.schemas.user.UserResponse.model_validate(Record(**user))

    for field in FIELDS:
        found = getattr(answer, field)
        assert found == user[field], (
            f"UserResponse must have the object's {field}, {user[field]!r}, not {found!r}."
        )


@task("05.4", "no-password-out")
async def test_no_password_leaves_the_server(app: App, library: Library, samples: Samples) -> None:
    secret = samples.word(40)
    row = await library.user(hashed_password=secret)
    record = Record(**a_user(samples), hashed_password=secret, password=secret)

    for user in (row, record):
        text = await as_text(app, user)
        assert secret not in text, f"UserResponse shows the hashed password: {text}"
        named = [name for name in json.loads(text) if "password" in name]
        assert not named, f"UserResponse must have no field with this name: {named[0]}."


@task("05.4", "time-zones", "user-response")
async def test_moments_keep_their_time_zone(app: App, samples: Samples) -> None:
    moment = samples.moment()
    elsewhere = moment.astimezone(timezone(timedelta(hours=samples.numbers.randint(1, 11))))

    for given in (moment, elsewhere):
        user = {**a_user(samples), "created_at": given, "updated_at": given}
        answer = json.loads(await as_text(app, Record(**user)))
        for field in MOMENTS:
            must_be_the_moment(field, answer.get(field), moment)


@task("05.4", "read-again")
async def test_an_answer_can_be_read_again(app: App, library: Library) -> None:
    text = await as_text(app, await library.user())

    with app.accepts("The JSON of a UserResponse"):
        again = await app.schemas.user.UserResponse.model_validate_json(text)

    assert again.fields == json.loads(text), (
        "A UserResponse that is created from its own JSON must be equal to the first."
    )


def a_user(samples: Samples) -> dict[str, Any]:
    return {
        "id": samples.numbers.randint(1, 2**63 - 1),
        "email": samples.email(),
        "full_name": samples.name(),
        "is_librarian": samples.numbers.random() < 0.5,
        "is_active": samples.numbers.random() < 0.5,
        "created_at": samples.moment(),
        "updated_at": datetime.now(UTC),
    }


async def as_text(app: App, user: object) -> str:
    """Return what a client would get."""
    response = app.schemas.user.UserResponse
    text: str = await response.model_dump_json(response.model_validate(user))
    return text


def must_be_the_moment(field: str, text: Any, moment: datetime) -> None:
    assert text is not None, f"UserResponse must have a field {field}."
    assert isinstance(text, str), f"UserResponse must show {field} as a string; it shows {text!r}."
    shown = datetime.fromisoformat(text)
    assert shown.tzinfo is not None, (
        f"UserResponse must show {field} with its time zone; it shows {text!r}."
    )
    assert abs(shown - moment) < timedelta(seconds=1), (
        f"UserResponse must show {field} as it is, {moment.isoformat()}; it shows {text!r}."
    )
