"""Task 06.2: passwords."""

import asyncio
import time

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

AT_LEAST = 0.005  # seconds for one hash; the lesson asks for twice as long
MANY = 8  # passwords, two at a time: a thread for each would take the machine from all others
ANSWERS = MANY  # one after each password is what a loop that they hold up could give
HEALTH = "/api/v1/health"


@task("06.2", "hash-length", "hash-hides", "salt")
async def test_a_hash_shows_neither_the_password_nor_that_another_has_it(
    app: App, samples: Samples
) -> None:
    password = samples.password()

    hashes = [await app.core.security.hash_password(password) for _ in range(2)]

    for hashed in hashes:
        assert isinstance(hashed, str), f"hash_password() must return a str, not {hashed!r}."
        with demand("hash-hides"):
            assert password not in hashed, (
                "hash_password() returns a string that contains the password."
            )
        with demand("hash-length"):
            assert len(hashed) <= 255, (
                f"hash_password() returns {len(hashed)} characters; hashed_password has room for 255."
            )
    with demand("salt"):
        assert hashes[0] != hashes[1], (
            "Two hashes of the same password must differ: each needs its own salt."
        )


@task("06.2", "slow")
async def test_a_hash_is_slow_to_make(app: App, samples: Samples) -> None:
    seconds = []
    for _ in range(4):  # a busy machine makes everything slow now and then
        began = time.perf_counter()
        await app.core.security.hash_password(samples.password())
        seconds.append(time.perf_counter() - began)

    assert min(seconds) > AT_LEAST, (
        f"hash_password() takes {min(seconds) * 1000:.1f} ms, so anybody who steals the hashes "
        "can try thousands of passwords a second: use a hasher that is made for passwords."
    )


@task("06.2", "verify", "all-passwords")
async def test_a_password_is_told_from_all_others(app: App, samples: Samples) -> None:
    long = samples.word(71)
    pairs = {
        "in the case of the last of 72 letters": (f"{long}a", f"{long}A"),
        "in the last of 36 letters of two bytes each": ("é" * 35 + "è", "é" * 36),
        "in a trailing space": (long, f"{long} "),
        "in a leading space": (f" {long}", long),
        "in how an é is written, as one character or as two": (
            f"{long[:8]}\u00e9",
            f"{long[:8]}e\u0301",
        ),
    }

    for where, (password, other) in pairs.items():
        hashed = await app.core.security.hash_password(password)
        right = await app.core.security.verify_password(password, hashed)
        try:
            wrong = await app.core.security.verify_password(other, hashed)
        except Raised as error:
            raise AssertionError(
                f"verify_password() must return False for another password; it raises {error.failure.kind}."
            ) from None
        assert right is True, (
            "verify_password() must return True for the password that was hashed, even for one "
            f"of {len(password.encode())} bytes; it returns {right!r}."
        )
        assert wrong is False, (
            f"verify_password() must return False for another password; it returns {wrong!r} "
            f"for one that differs {where}."
        )


@task("06.2", "off-the-loop")
@pytest.mark.parametrize("done", ["hashed", "checked"])
async def test_others_are_served_while_passwords_are(app: App, samples: Samples, done: str) -> None:
    password = samples.password()
    hashed = await app.core.security.hash_password(password)

    def one() -> Call:
        if done == "hashed":
            return app.core.security.hash_password(samples.password())
        return app.core.security.verify_password(password, hashed)

    async def one_after_the_other() -> None:
        for _ in range(MANY // 2):
            await one()

    with app.taking(60):
        for _ in range(6):  # a busy machine may be late now and then
            working = asyncio.gather(one_after_the_other(), one_after_the_other())
            answers = 0
            while not working.done():
                response = await app.get(HEALTH)
                answers += 1
            await working
            assert response.status_code == 200, (
                f"GET {HEALTH} must return 200 while passwords are {done}."
            )
            if answers > ANSWERS:
                return

    raise AssertionError(
        f"While {MANY} passwords are {done}, GET {HEALTH} must respond all the time, but it "
        "waits. Hash in a thread, and await it. If you do already, the hasher does not release "
        "the GIL: use another one."
    )
