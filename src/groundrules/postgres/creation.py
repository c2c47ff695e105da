"""How a server's data is made, and the settings it runs with."""

import errno
import os
import secrets
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from groundrules.postgres.binaries import Binaries
from groundrules.postgres.place import Place
from groundrules.postgres.process import Say
from groundrules.postgres.server import PostgresError

ROLE = "groundrules"

# fsync is off: suites create and drop databases all the time. What is written survives the end of any
# process, the server's included, since the system still has it; only a crash of the machine can damage
# it, and then only databases that the course itself made.
_SETTINGS = """\
listen_addresses = {addresses}
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
data_directory = {data}
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 32MB
max_wal_size = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = fatal
"""

# The superuser has no password and cannot log in: what trainees' code sends to the server must not run
# programs there. Everybody else needs one: the code of a trainee runs as the same user of the system.
_WHO_MAY_ENTER = {
    "unix": "local all all scram-sha-256\n",
    "tcp": "host all all 127.0.0.1/32 scram-sha-256\n",
}


def create(place: Place, programs: Binaries, say: Say) -> None:
    """Make the data of a new server, whole or not at all; raise PostgresError with the reason."""
    say("Setting up PostgreSQL's data …")
    for left in place.folder.glob("new-*"):
        shutil.rmtree(left, ignore_errors=True)
    # Not the same name again: a killed command may have left its initdb at work.
    new = Path(tempfile.mkdtemp(prefix="new-", dir=place.folder))
    place.account.own(new)
    command: list[str | Path] = [programs.program("initdb"), "-D", new, "--username=postgres"]
    command += ["--encoding=UTF8", "--auth=reject", "--no-sync", "--no-instructions"]
    locales = ("C",) if sys.platform == "win32" else ("C.UTF-8", "C")
    for locale in locales:
        status, output = place.account.run([*command, f"--locale={locale}"], place.folder)
        if status == 0 or "invalid locale" not in output:
            break
    if status == 0:
        status, output = _set_role(place, programs, new, "CREATE")
        if status == 0 and "ERROR" not in output:
            new.rename(place.data)
            return
    check_room(place, output)
    shutil.rmtree(new, ignore_errors=True)
    raise PostgresError(
        f"PostgreSQL's data could not be set up in {place.folder}: {reason(output)}."
    )


def renew_role(place: Place, programs: Binaries) -> None:
    """Give the role of data that an older version made what it needs now; raise PostgresError."""
    status, output = _set_role(place, programs, place.data, "ALTER")
    if status != 0 or "ERROR" in output:
        place.password.unlink(missing_ok=True)
        raise PostgresError(
            f"The role in PostgreSQL's data could not be changed ({reason(output)}): delete "
            f"{place.data}, which contains only databases of the course."
        )


def _set_role(place: Place, programs: Binaries, data: Path, verb: str) -> tuple[int, str]:
    """Create or alter the role by the server itself, in the mode in which nobody can connect."""
    secret = secrets.token_hex(16)
    with suppress(FileNotFoundError):
        place.password.unlink()
    descriptor = os.open(place.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
    order = f"{verb} ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '{secret}';\n"
    single: list[str | Path] = [programs.program("postgres"), "--single", "-F", "-D", data]
    return place.account.run([*single, "postgres"], place.folder, order)


def configure(place: Place, port: int) -> None:
    """Write the settings that the next start of the server reads."""
    text = _SETTINGS.format(
        addresses="''" if place.sockets else "'127.0.0.1'",
        port=port,
        sockets=_quoted(str(place.sockets or "")),
        data=_quoted(str(place.data)),
    )
    for name, content in (
        ("postgresql.conf", text),
        ("pg_hba.conf", _WHO_MAY_ENTER["unix" if place.sockets else "tcp"]),
        ("pg_ident.conf", ""),
    ):
        file = place.folder / name
        file.write_text(content, encoding="utf-8", errors="surrogateescape")
        file.chmod(0o644)


def password(place: Place) -> str:
    """Return the role's password; raise OSError if there is none yet."""
    return place.password.read_text(encoding="utf-8")


def check_room(place: Place, output: str) -> None:
    """Raise OSError if the disk is full, by what PostgreSQL wrote or by what it could not even write."""
    full = any(os.strerror(each) in output for each in (errno.ENOSPC, errno.EDQUOT))
    if full or shutil.disk_usage(place.folder).free < 1_000_000:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def reason(output: str) -> str:
    """Return the one line of PostgreSQL's output that says what went wrong."""
    for mark in ("PANIC: ", "FATAL: ", "error: ", "ERROR: "):
        lines = [line.split(mark, 1)[1] for line in output.splitlines() if mark in line]
        if lines:
            return lines[-1].strip()
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it gave no reason"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
