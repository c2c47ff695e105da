"""What the trainee's code prints, patches and sends instead of replies deceives nobody."""

import pytest

from groundrules.worker.errors import BadReply, Raised
from tests.worker.conftest import Start, must_be_fine


async def test_a_hundred_megabytes_of_output_are_cut(start: Start) -> None:
    app = start(
        """
        @app.get("/shout")
        async def shout() -> str:
            print("first")
            for _ in range(100):
                print("x" * 1024 * 1024)
            print("last")
            return "hoarse"
        """
    )

    response = await app.get("/shout")

    assert response.json() == "hoarse"
    printed = app.account().printed
    assert printed.startswith("first\nxxx")
    assert printed.endswith("xxx\nlast\n")
    assert len(printed) < 10_000


async def test_replies_that_are_printed_are_output(start: Start) -> None:
    app = start("""print('{"id": 1, "value": null}', flush=True)""")

    await must_be_fine(app)

    assert '{"id": 1, "value": null}\n' in app.account().printed


MOUTH = """
import os, socket

def say(words: str) -> None:
    for number in range(3, 100):
        try:
            with socket.socket(fileno=os.dup(number)) as found:
                if found.getpeername() is not None:
                    found.sendall(words.encode())
        except OSError:
            pass
"""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("hello\\n", "it is not JSON"),
        ("[1]\\n", "it is not an object"),
        ('{"value": 1}\\n', "it has no id"),
        ('{"id": 1, "value": 1}\\n', "nobody asked for it"),
        ('{"id": 1, "wish": 1}\\n', "it has neither a value nor an error"),
        ('{"id": 1, "error": {"kind": 5}}\\n', "its error is not one"),
        ("[" * 100_000 + "\\n", "it is not JSON"),
        ("x" * 3_000_000, "it is longer than 1024 KiB"),
    ],
    ids=lambda value: value[:30],
)
async def test_what_is_no_reply_is_told(start: Start, words: str, why: str) -> None:
    app = start("", mouth=MOUTH)
    await must_be_fine(app)

    with pytest.raises(
        BadReply, match=rf"^app.mouth.say\(\) sent something that is not a reply \({why}\)"
    ):
        await app.mouth.say(words=words.replace("\\n", "\n"))

    await must_be_fine(app)


async def test_a_patched_json_harms_nobody(start: Start) -> None:
    app = start(
        """
        import json

        json.dumps = json.loads = json.JSONEncoder.encode = lambda *_, **__: "patched"
        """,
        other="def words() -> list[str]:\n    return ['as', 'ever']",
    )

    await must_be_fine(app)

    assert await app.other.words() == ["as", "ever"]


async def test_closed_output_harms_nobody(start: Start) -> None:
    app = start("", other="import sys\n\ndef close() -> int:\n    sys.stdout.close()\n    return 4")

    assert await app.other.close() == 4


async def test_nothing_reaches_the_terminal_that_it_would_obey(start: Start) -> None:
    app = start(
        "",
        other="""
        def deceive() -> None:
            print("\\x1b[2J all passed")
            raise ValueError("\\x1b[2J all passed \\ud800")
        """,
    )

    with pytest.raises(Raised, match=r"ValueError: \ufffd\[2J all passed \ufffd$"):
        await app.other.deceive()

    await must_be_fine(app)
    assert "\ufffd[2J all passed\n" in app.account().printed
