"""`groundrules serve`: an application that somebody can play with."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from groundrules.course.states import write_state
from tests.course.conftest import Copy
from tests.processes import GROUNDRULES

pytestmark = pytest.mark.slow
LOGIN = {"username": "ada@example.org", "password": "correct horse battery"}


@contextmanager
def served(copy: Copy, *arguments: str) -> Iterator[tuple[httpx2.Client, list[str]]]:
    """Serve, and give a client for it and what was said; stop it with Ctrl-C."""
    port = free_port()
    with subprocess.Popen(
        [*GROUNDRULES, "serve", "--port", str(port), *arguments],
        cwd=copy.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        said: list[str] = []
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if line == "Stop it with Ctrl-C.\n":
                break
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                yield client, said
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(20) == 0
            finally:
                process.kill()  # where Ctrl-C is ignored, a failure is better than to wait for ever


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing on Windows")
def test_the_finished_application_has_a_librarian_and_books(copy: Copy) -> None:
    for _ in range(2):  # the second time finds what the first one made
        with served(copy) as (client, said):
            token = client.post("/api/v1/auth/token", data=LOGIN).json()["access_token"]
            me = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
            books = client.get("/api/v1/books/").json()

        assert f"Log in there as {LOGIN['username']}" in said[-2]
        assert me.json()["is_librarian"] is True
        assert books["total"] == 6


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing on Windows")
def test_an_application_that_has_just_begun_is_served_too(copy: Copy) -> None:
    write_state(copy.course, 2, copy.exercises)

    with served(copy, "--app", "exercises") as (client, said):
        health = client.get("/api/v1/health").json()

    assert health == {"status": "ok", "database": "ok"}
    assert not any("Log in" in line for line in said)


def test_a_port_that_is_taken_is_one_sentence(copy: Copy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = copy.run("serve", "--port", str(port))

    assert refused.returncode == 2
    assert refused.stderr == (
        f"Port {port} cannot be used (address already in use): choose another, as in --port "
        f"{port + 1}.\n"
    )


def test_migrations_that_fail_are_one_sentence(copy: Copy) -> None:
    copy.file("solution/migrations/versions/0002_copies.py").write_text("broken(\n")

    refused = copy.run("serve", "--port", str(free_port()))

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("The migrations fail (")
    assert "Traceback" not in refused.stderr


def test_an_application_that_does_not_start_ends_the_command(copy: Copy) -> None:
    started = time.monotonic()
    copy.file("solution/app/main.py").write_text("raise RuntimeError('no')\n")

    ended = copy.run("serve", "--port", str(free_port()))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "solution/app/main.py:1  RuntimeError: no. Fix that and serve it again."
    )
    assert "Traceback" not in ended.stderr
    assert time.monotonic() - started < 30


@contextmanager
def saved_again_and_again(file: Path, text: str) -> Iterator[None]:
    """Save a file each second, for uvicorn misses what is saved before it begins to watch."""
    seen = threading.Event()

    def save() -> None:
        file.write_text(text, encoding="utf-8")
        while not seen.wait(1):
            file.write_text(text, encoding="utf-8")

    saving = threading.Thread(target=save)
    saving.start()
    yield
    seen.set()
    saving.join()


def test_a_syntax_error_is_one_line_and_a_save_repairs_it(copy: Copy) -> None:
    main = copy.file("solution/app/main.py")
    right = main.read_text(encoding="utf-8")
    main.write_text(right.replace("def create_app()", "de create_app()"), encoding="utf-8")
    with subprocess.Popen(
        [*GROUNDRULES, "serve", "--port", str(free_port()), "--reload"],
        cwd=copy.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        told = [process.stderr.readline()]
        while "SyntaxError" not in told[-1]:
            told.append(process.stderr.readline())
        with saved_again_and_again(main, right):
            while "Application startup complete" not in told[-1]:
                told.append(process.stderr.readline())
        process.send_signal(signal.SIGINT)
        told += process.stderr.readlines()

    [line] = [line for line in told if "SyntaxError" in line]
    assert line.startswith("solution/app/main.py:")
    assert line.endswith("SyntaxError: invalid syntax. Fix that and save.\n")
    assert "Traceback" not in "".join(told)


def test_a_browser_is_opened_if_that_is_asked_for(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = copy.file("opened")
    browser = copy.file("browser.sh")
    browser.write_text(f'#!/bin/sh\necho "$1" > "{opened}"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"'{browser}' %s")

    with served(copy, "--open") as (client, _said):
        until = time.monotonic() + 10
        while not (opened.exists() and opened.read_text()) and time.monotonic() < until:
            time.sleep(0.05)

    assert opened.read_text() == f"{client.base_url}/docs\n".replace("//docs", "/docs")
