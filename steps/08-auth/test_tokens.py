"""Task 08.2: a token."""

import asyncio
import json
import time
from typing import Any

import pytest

from groundrules.testing import demand, task, waits
from groundrules.testing.app import App
from groundrules.testing.samples import Samples
from groundrules.testing.tokens import alter, claims_of, header_of, is_signed_with, sign, sign_bytes
from groundrules.worker.errors import Raised

CREATE, READ = "create_access_token()", "read_access_token()"
SLACK = 30  # seconds; a machine may be slow
PARTS = ("header", "claims", "signature")
HS256 = b'{"alg":"HS256","typ":"JWT"}'


@pytest.fixture
def subject(samples: Samples) -> str:
    return str(samples.numbers.randint(1, 10**12))


@task("08.2", "token-subject", "token-made", "token-read")
async def test_a_token_names_its_subject(app: App, subject: str) -> None:
    for each in (subject, f" {subject}\n", "Ada Lovelace, née Byron"):
        token = await created(app, each)
        found = claims_of(token).get("sub")

        assert found == each, f"The claim `sub` of a token for {each!r} is {found!r}."
        assert await app.core.security.read_access_token(token) == each, (
            f"{READ} must return the subject that was passed to {CREATE}, {each!r}."
        )


@task("08.2", "token-signed", "token-made")
async def test_a_token_is_signed_with_the_key(app: App, subject: str, key: str) -> None:
    token = await created(app, subject)

    algorithm = header_of(token).get("alg")
    assert algorithm == "HS256", f"A token must be signed with HS256, not {algorithm!r}."
    assert is_signed_with(token, key), f"The token of {CREATE} is not signed with SECRET_KEY."


@task("08.2", "token-signed", "token-read")
async def test_the_whole_of_a_long_key_signs(app: App, samples: Samples, subject: str) -> None:
    key = samples.word(200)

    async with app.started(SECRET_KEY=key) as other:
        token = await created(other, subject)
        shorter = sign(claims_of(token), key[:64])
        await must_be_refused(other, shorter, "signed with the first 64 bytes of the key alone")

    assert is_signed_with(token, key), (
        f"With a SECRET_KEY of 200 bytes, the token of {CREATE} is not signed with the whole key."
    )


@task("08.2", "token-expires")
async def test_a_token_expires(app: App, subject: str) -> None:
    must_expire(await created(app, subject), 30)


@task("08.2", "token-expires")
async def test_a_token_expires_in_time_wherever_the_server_stands(app: App, subject: str) -> None:
    here = await created(app, subject)

    async with app.started(TZ="Asia/Kolkata") as elsewhere:
        there = await created(elsewhere, subject)

    apart = (claims_of(there)["exp"] - claims_of(here)["exp"]) / 60
    assert abs(apart) < 1, (
        "A token must expire at the same time in every time zone of the server; with "
        f"TZ=Asia/Kolkata it expires {apart:.0f} minutes later. Use a time with a zone: "
        "datetime.now(UTC)."
    )


@task("08.2", "token-expires")
@waits
async def test_each_token_expires_so_long_after_it_was_made(app: App, subject: str) -> None:
    first = claims_of(await created(app, subject))
    await asyncio.sleep(1.1)  # `exp` is in whole seconds
    second = claims_of(await created(app, subject))

    assert second["exp"] > first["exp"], (
        f"Of two tokens, created a second apart, the second must expire later: {CREATE} must get "
        "the time at each call, and must not cache tokens."
    )


@task("08.2", "expired")
@waits
async def test_a_token_that_was_good_expires_too(app: App, subject: str, key: str) -> None:
    claims = {**claims_of(await created(app, subject)), "sub": subject, "exp": int(time.time()) + 1}
    known, unknown = (sign({**claims, "jti": name}, key) for name in ("known", "unknown"))

    await app.core.security.read_access_token(known)
    await asyncio.sleep(claims["exp"] - time.time() + 1.1)  # some compare whole seconds
    if await app.core.security.read_access_token(unknown) is not None:
        return  # it lets clocks differ by some seconds
    after = await app.core.security.read_access_token(known)

    assert after is None, (
        f"{READ} must return None for a token that has expired, even if it has read the token "
        "before: do not cache results."
    )


@task("08.2", "token-expires")
async def test_how_long_a_token_is_good_for_can_be_set(
    app: App, samples: Samples, subject: str
) -> None:
    minutes = samples.numbers.randint(2, 29)

    async with app.started(ACCESS_TOKEN_MINUTES=str(minutes)) as other:
        must_expire(await created(other, subject), minutes)


@task("08.2", "token-read")
async def test_a_token_of_ours_is_read(app: App, subject: str, key: str) -> None:
    token = sign({**claims_of(await created(app, subject)), "sub": subject}, key)

    found = await app.core.security.read_access_token(token)

    assert found == subject, (
        f"{READ} must return {subject!r} for any token with these claims that is signed with "
        f"HS256 and SECRET_KEY; it returns {found!r}."
    )


@task("08.2", "token-read")
async def test_a_token_of_another_process_is_read(app: App, subject: str) -> None:
    async with app.started() as other:
        token = await created(other, subject)

    found = await app.core.security.read_access_token(token)

    assert found == subject, (
        f"{READ} must return {subject!r} for a token that another process of the application created "
        f"with the same SECRET_KEY; it returns {found!r}. Keep no list of tokens in memory."
    )


@task("08.2", "other-key", "altered", "no-token-no-error")
async def test_a_token_that_somebody_made_up_is_refused(app: App, subject: str, key: str) -> None:
    token = await created(app, subject)
    claims = claims_of(token)

    with demand("other-key", "no-token-no-error"):
        for other in ("x" * 40, key[:-1], key.swapcase(), ""):
            await must_be_refused(app, sign(claims, other), "signed with another key")
        await must_be_refused(app, sign(claims, key, algorithm="none"), "with `alg: none`")
        await must_be_refused(app, token.rpartition(".")[0] + ".", "without its signature")
    with demand("altered"):
        assert await app.core.security.read_access_token(token) == subject, (
            f"{READ} must return the subject that was passed to {CREATE}."
        )
        for part, name in enumerate(PARTS):
            await must_be_refused(app, alter(token, part), f"whose {name} was altered")


@task("08.2", "other-algorithm")
async def test_a_token_of_another_algorithm_is_refused(app: App, subject: str, key: str) -> None:
    claims = claims_of(await created(app, subject))

    for algorithm in ("HS384", "HS512"):
        token = sign(claims, key, algorithm=algorithm)
        await must_be_refused(app, token, f"signed with {algorithm}")


@task("08.2", "expired")
async def test_a_token_that_has_expired_is_refused(app: App, subject: str, key: str) -> None:
    claims = claims_of(await created(app, subject))

    token = sign({**claims, "exp": int(time.time()) - 75}, key)

    await must_be_refused(app, token, "that expired 75 seconds ago")


@task("08.2", "claims-required")
@pytest.mark.parametrize("claim", ["exp", "sub"])
async def test_a_token_that_says_too_little_is_refused(
    app: App, subject: str, key: str, claim: str
) -> None:
    claims = claims_of(await created(app, subject))
    del claims[claim]

    await must_be_refused(app, sign(claims, key), f"without the claim `{claim}`")
    if claim == "sub":
        await must_be_refused(app, sign({**claims, claim: None}, key), "whose `sub` is null")


@task("08.2", "no-token", "no-token-no-error")
async def test_what_is_no_token_is_refused(app: App, subject: str, samples: Samples) -> None:
    token = await created(app, subject)

    for text in ("", ".", "..", samples.word(), "a.b.c", "é.é.é", "bnVsbA.W10.x", f"{token}.x"):
        await must_be_refused(app, text, f"that is not a token, such as {text[:12]!r}")
    for text in (f"Bearer {token}", f"bearer {token}", f" {token}", f"{token}.{token}"):
        await must_be_refused(app, text, f"that has something around it, as in {text[:10]!r}")
    for text in ("\0", "\ud800", f"{token}\ud800", f"é{token}", f"{token[:-1]}²", "a" * 5000):
        await must_be_refused(app, text, f"that is not a token, such as {text[-12:]!r}")


@task("08.2", "no-token-no-error")
async def test_what_is_signed_and_no_token_is_refused(app: App, subject: str, key: str) -> None:
    claims = claims_of(await created(app, subject))

    odd: Any
    for odd in (None, "soon", [], {}):
        shown = json.dumps(odd)
        await must_be_refused(app, sign({**claims, "exp": odd}, key), f"whose `exp` is {shown}")
    for text in (b"", b"null", b"[]", b'"sub"', b"7", b"{", b"\xff"):
        await must_be_refused(app, sign_bytes(HS256, text, key), f"with the claims {text!r}")
    whole = json.dumps(claims).encode()
    for text in (b"", b"null", b"[]", b"{}", b'{"alg":null}', b'{"alg":["HS256"]}', b"\xff"):
        await must_be_refused(app, sign_bytes(text, whole, key), f"with the header {text!r}")


async def created(app: App, subject: str) -> str:
    token: Any = await app.core.security.create_access_token(subject)
    assert isinstance(token, str), f"{CREATE} must return a str; it returns {token!r}."
    return token


def must_expire(token: str, minutes: int) -> None:
    expires = claims_of(token).get("exp")
    assert isinstance(expires, int | float), (
        f"A token must have the claim `exp`; it is {expires!r}."
    )
    left, wanted = expires - time.time(), minutes * 60
    assert abs(left - wanted) < SLACK, (
        f"A token must expire {wanted // 60} minutes after it was created, as "
        f"ACCESS_TOKEN_MINUTES says; this one has {left / 60:.0f} minutes left."
    )


async def must_be_refused(app: App, token: str, what: str) -> None:
    wanted = f"{READ} must return None for a token {what}"
    try:
        found = await app.core.security.read_access_token(token)
    except Raised as error:
        place = f" at {error.frames[-1].file}:{error.frames[-1].line}" if error.frames else ""
        raise AssertionError(f"{wanted}; it raises {error.failure}{place}.") from None
    assert found is None, f"{wanted}; it returns {found!r}."
