"""The server of a clone: found, started, stopped."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from groundrules.postgres import creation
from groundrules.postgres.binaries import Binaries, of_the_wheel, on_the_machine
from groundrules.postgres.external import check, named
from groundrules.postgres.place import Place, place_of
from groundrules.postgres.postmaster import postmaster_of
from groundrules.postgres.process import Say, command_line, environment, locked
from groundrules.postgres.server import VARIABLE, PostgresError, Server, Source

CHOICE = "GROUNDRULES_POSTGRES"
_PATIENCE = 60.0
_ORPHANS_PATIENCE = 10.0
_ORPHANS = "pre-existing shared memory block"


@dataclass(frozen=True)
class Status:
    """The server if it runs, and the folder of its data if it is the clone's own."""

    server: Server | None
    data: Path | None


def _silently(_: str) -> None: ...


def ensure(root: Path, *, source: Source | None = None, say: Say = _silently) -> Server:
    """Return the server of the clone at `root`, started if it does not run.

    `source` or, without it, GROUNDRULES_POSTGRES forces the machine's binaries or the wheel's; `say` is
    told, in a sentence, of whatever may take longer than a second. Raises PostgresError.
    """
    external = named()
    if external:
        if source:
            raise PostgresError(f"{VARIABLE} names the server to use: unset it to start one.")
        return check(external)
    forced = source or _choice()
    place = place_of(root)
    server = _running(place) or _start(place, root, forced, say)
    if forced and server.source != forced:
        raise PostgresError(
            f"PostgreSQL is already running, from the {server.source}: to use the {forced}'s, "
            "run `groundrules db stop` first."
        )
    return server


def find(root: Path) -> Server | None:
    """Return the server of the clone at `root` if it runs; raise PostgresError if it cannot be used."""
    external = named()
    return check(external) if external else _running(place_of(root))


def status(root: Path) -> Status:
    """Return the state of the server of the clone at `root`; raise PostgresError as `find` does."""
    return Status(find(root), None if named() else place_of(root).data)


def stop(root: Path, *, say: Say = _silently) -> bool:
    """Stop the server of the clone at `root`; return whether one ran.

    Raises PostgresError if it is not the clone's own or does not end.
    """
    if named():
        raise PostgresError(
            f"{VARIABLE} names a server that this clone did not start, so it is not stopped."
        )
    place = place_of(root)
    if not place.folder.is_dir():
        return False
    try:
        with locked(place.lock, say):
            return _clear(place)
    except OSError as error:
        raise _unusable(place, error) from None


def _choice() -> Source | None:
    choice = os.environ.get(CHOICE) or None
    if choice not in (None, "machine", "wheel"):
        raise PostgresError(f"{CHOICE} must be machine or wheel, not {choice!r}.")
    return cast("Source | None", choice)


def _running(place: Place) -> Server | None:
    postmaster = postmaster_of(place.pid_file)
    if postmaster is None or not postmaster.holds(place.data):
        return None
    try:
        facts = json.loads(place.facts.read_text(encoding="utf-8"))
        server = Server(
            source=facts["source"],
            version=facts["version"],
            role=creation.ROLE,
            host=str(postmaster.sockets or "127.0.0.1"),
            port=postmaster.port,
            password=creation.password(place),
            binaries=Path(facts["binaries"]),
        )
    except (OSError, ValueError, KeyError):
        return None
    return server if server.answers() else None


def _start(place: Place, root: Path, forced: Source | None, say: Say) -> Server:
    try:
        place.make()
        with locked(place.lock, say):
            older = place.data.exists() and not place.password.exists()
            server = None if older else _running(place) or _awaited(place, say)
            if server:
                return server
            _clear(place)
            programs = _programs(place, root, forced, say)
            if older:
                creation.renew_role(place, programs)
            elif not place.data.exists():
                creation.create(place, programs, say)
            return _launch(place, root, programs, say)
    except OSError as error:
        raise _unusable(place, error) from None


def _programs(place: Place, root: Path, forced: Source | None, say: Say) -> Binaries:
    if forced != "wheel":
        try:
            return on_the_machine(place.account)
        except PostgresError:
            if forced == "machine":
                raise
    return of_the_wheel(place.cache, place.account, root, say)


def _awaited(place: Place, say: Say) -> Server | None:
    """Wait for a server that a killed command began to start, or that is about to end."""
    postmaster = postmaster_of(place.pid_file)
    if postmaster is None or not postmaster.holds(place.data) or not postmaster.runs():
        return None
    say("Waiting for PostgreSQL to respond …")
    deadline = time.monotonic() + _PATIENCE
    while postmaster.runs() and postmaster.is_reachable():
        server = _running(place)
        if server:
            return server
        if time.monotonic() > deadline:
            raise PostgresError(
                f"PostgreSQL (process {postmaster.pid}) is running but does not respond: run "
                "`groundrules db stop` and try again."
            )
        time.sleep(0.05)
    return None


def _clear(place: Place) -> bool:
    """End this place's server, if need be one that cannot be reached, and remove what it left.

    A running server goes along with its data when a clone is moved, and stays on its socket for a while
    when a clone is deleted, in the way of the next clone of that name. Returns whether any ran.
    """
    ran = False
    for file in (place.pid_file, place.socket_lock):
        postmaster = file and postmaster_of(file)
        if not file or not postmaster:
            continue
        at_home = postmaster_of(postmaster.data / place.pid_file.name)
        copied = (
            not postmaster.holds(place.data)
            and at_home is not None
            and at_home.pid == postmaster.pid
        )
        if postmaster.runs() and not copied:
            postmaster.end()
            ran = True
        # PostgreSQL itself would trust a stale file whose process id another program has by now.
        file.unlink(missing_ok=True)
    return ran


def _launch(place: Place, root: Path, programs: Binaries, say: Say) -> Server:
    creation.check_room(place, "")  # it may start on a full disk, and end at the first statement
    creation.configure(place, 5432 if place.sockets else _free_port())
    facts = {
        "source": programs.source,
        "version": programs.version,
        "binaries": str(programs.folder),
        "root": str(root.resolve()),
    }
    place.facts.write_text(json.dumps(facts), encoding="utf-8")
    deadline = time.monotonic() + _ORPHANS_PATIENCE
    while True:
        server, why = _attempt(place, programs)
        if server:
            return server
        creation.check_room(place, why)
        if _ORPHANS not in why:
            raise PostgresError(
                f"PostgreSQL did not start: {why}; if this persists, delete {place.data}, which "
                "contains only databases of the course."
            )
        if time.monotonic() > deadline:
            raise PostgresError(
                f"Processes of a PostgreSQL that was killed still use {place.data}: end them and try again."
            )
        say("Waiting for the last processes of a killed PostgreSQL …")
        time.sleep(0.5)


def _attempt(place: Place, programs: Binaries) -> tuple[Server | None, str]:
    """Start the server and wait for it; return it, or why it ended."""
    with place.log.open("wb") as log:
        pid = _spawn(place, programs, log.fileno())
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        server = _running(place)
        if server:
            return server, ""
        if pid and not command_line(pid):
            return None, creation.reason(place.log.read_text(encoding="utf-8", errors="replace"))
        time.sleep(0.02)
    return None, f"it did not respond within {_PATIENCE:.0f} seconds"


def _spawn(place: Place, programs: Binaries, log: int) -> int | None:
    """Start the server; return its process id where that is known."""
    if sys.platform != "win32":
        return place.account.spawn(
            [programs.program("postgres"), "-D", place.folder], place.folder, log
        )
    # pg_ctl gives up an administrator's rights, with which the server would refuse to run.
    subprocess.run(
        [programs.program("pg_ctl"), "start", "-W", "-s", "-D", place.folder, "-l", place.log],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unusable(place: Place, error: OSError) -> PostgresError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PostgresError(
            f"The disk has no space for PostgreSQL's data in {place.folder}: free some."
        )
    why = (error.strerror or str(error)).lower()
    return PostgresError(
        f"PostgreSQL's data cannot be stored in {place.folder} ({why}): make the folder "
        f"writable, or set {VARIABLE} to use another server."
    )
