"""A fork server that several processes share."""

import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from groundrules.worker.launcher import BASE, ForkLauncher, launcher
from groundrules.worker.protocol import JSON
from groundrules.worker.warm import SharedServer, others_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
APPLICATION = "import os\n\n\ndef parent() -> int:\n    return os.getppid()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An application that can tell from which process it was forked."""
    (tmp_path / "code" / "app").mkdir(parents=True)
    (tmp_path / "code" / "app" / "kin.py").write_text(APPLICATION)
    return tmp_path / "code"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the server is told of."""
    return tmp_path / "told" / "warm.json"


@pytest.fixture
def shared(file: Path) -> Iterator[SharedServer]:
    """The server."""
    server = SharedServer(BASE, file)
    yield server
    server.close()


async def parent_of_a_worker(starts: ForkLauncher, folder: Path) -> int:
    worker = starts.start(folder, {})
    call: dict[str, JSON] = {"call": "app.kin.parent", "arguments": [], "keywords": {}}
    value = await worker.ask("call", limit=10, doing="parent()", call=call)
    assert isinstance(value, dict)
    assert isinstance(value["json"], int)
    return value["json"]


@pytest.mark.anyio
async def test_two_launchers_have_their_workers_from_one_process(
    shared: SharedServer, file: Path, folder: Path
) -> None:
    first, second = (launcher(BASE, shared=file) for _ in range(2))
    assert isinstance(first, ForkLauncher)
    assert isinstance(second, ForkLauncher)

    parents = [await parent_of_a_worker(each, folder) for each in (first, second)]
    first.close()
    again = await parent_of_a_worker(second, folder)
    second.close()

    assert parents == [shared.pid, shared.pid]
    assert again == shared.pid


@pytest.mark.anyio
async def test_a_launcher_whose_server_goes_has_one_of_its_own(
    shared: SharedServer, file: Path, folder: Path
) -> None:
    starts = launcher(BASE, shared=file)
    assert isinstance(starts, ForkLauncher)
    assert await parent_of_a_worker(starts, folder) == shared.pid

    shared.close()

    assert others_server(file, BASE) is None
    for _ in range(2):
        assert await parent_of_a_worker(starts, folder) != shared.pid
    starts.close()


def test_nothing_is_shared_after_a_change(
    shared: SharedServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert others_server(file, BASE) is not None
    assert others_server(file, (*BASE, "alembic.command")) is None

    monkeypatch.setattr("sys.version", "4.0.0")

    assert others_server(file, BASE) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"key": 1}', "\0", '{"socket": "/none"}'])
def test_a_file_that_says_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "warm.json"
    file.write_text(text)

    assert others_server(file, BASE) is None
    assert others_server(tmp_path / "none.json", BASE) is None


@pytest.mark.parametrize("sent", [b"", b"0" * 32, b'{"folder": "/"}\n'])
def test_who_does_not_know_the_token_gives_no_orders(
    shared: SharedServer, file: Path, sent: bytes
) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text(encoding="utf-8"))
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(told["socket"])
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert stranger.recv(1) == b""
