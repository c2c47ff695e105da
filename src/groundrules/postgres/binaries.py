"""The programs of PostgreSQL 15: those on the machine, or those of a wheel."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundrules.postgres.process import UMASK, Account, Say, locked
from groundrules.postgres.server import HOW_TO_GET_15, PostgresError, Source

_WHEEL = "pgserver==0.0.9"  # the last release that carries PostgreSQL 15
_HASHES = (  # of its files for CPython 3.11
    "22fd3b19b7e190dd7ad14398c249cec6aefd2cc892d0bfeed7aa2500c085fc99",  # Linux x86-64, glibc
    "109f70373ad9c5725f8d76723e4aa1b4c13b477455ec96758cd8986470a48d03",  # macOS 13, Arm
    "28f7a8b0876ad01f6de81c49a2513d440e874d326d80c170ded1b658bdcc1a4b",  # macOS 12, Intel
    "3d2f93ce3f9d8c3b07e6744b4e310ff0ad91b61c2f15b81355156abdcfb6bc21",  # Windows x86-64
)
_USUAL_PLACES = (
    "/usr/lib/postgresql/15/bin",  # Debian, Ubuntu
    "/usr/pgsql-15/bin",  # the PostgreSQL project's packages for Red Hat and Fedora
    "/usr/libexec/postgresql15",  # Alpine
    "/opt/homebrew/opt/postgresql@15/bin",
    "/usr/local/opt/postgresql@15/bin",
    "/opt/local/lib/postgresql15/bin",  # MacPorts
    "/Applications/Postgres.app/Contents/Versions/15/bin",
    r"C:\Program Files\PostgreSQL\15\bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres`, `initdb` and the rest of one release of PostgreSQL 15."""

    folder: Path
    version: str
    source: Source

    def program(self, name: str) -> Path:
        """Return the path of a program."""
        return self.folder / _executable(name)


def on_the_machine(account: Account) -> Binaries:
    """Return the machine's PostgreSQL 15; raise PostgresError if `account` can run none."""
    others = set()
    for folder in _folders():
        version = _version(folder, account)
        if version.split(".")[0] == "15":
            return Binaries(folder, version, "machine")
        others.add(version)
    others.discard("")
    found = f"only PostgreSQL {', '.join(sorted(others))}" if others else "none"
    raise PostgresError(
        f"The course needs PostgreSQL 15, and this machine has {found}: {HOW_TO_GET_15}."
    )


def of_the_wheel(cache: Path, account: Account, root: Path, say: Say) -> Binaries:
    """Return the wheel's PostgreSQL 15, fetched into `cache` the first time.

    Raises PostgresError if there is no such wheel for this machine or it cannot be fetched.
    """
    home = cache / _WHEEL.replace("==", "-")
    folder = home / "pgserver" / "pginstall" / "bin"
    if not home.is_dir():
        _refuse_other_platforms()
        _fetch(home, root, say)
    version = _version(folder, account)
    if not version:
        raise PostgresError(
            f"The PostgreSQL 15 in {home} cannot run on this machine: {HOW_TO_GET_15}."
        )
    return Binaries(folder, version, "wheel")


def _folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        # Links to single programs are common; the rest lies where they point.
        yield Path(on_path).resolve().parent
    pg_config = shutil.which("pg_config")
    if pg_config:
        done = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(done.stdout.strip())
    yield from map(Path, _USUAL_PLACES)


def _version(folder: Path, account: Account) -> str:
    """Return the release in `folder`, as in 15.5; empty if there is none that `account` can run."""
    if not all((folder / _executable(name)).is_file() for name in ("postgres", "initdb")):
        return ""
    try:
        _, output = account.run([folder / _executable("postgres"), "--version"], cwd=folder)
    except OSError:
        return ""
    match = re.search(r"\(PostgreSQL\) (\d[\w.]*)", output)
    return match[1] if match else ""


def _executable(name: str) -> str:
    return f"{name}.exe" if sys.platform == "win32" else name


def _refuse_other_platforms() -> None:
    system, machine = platform.system(), platform.machine().lower()
    musl = system == "Linux" and platform.libc_ver()[0] != "glibc"
    intel = machine in ("x86_64", "amd64")
    if (system == "Darwin") or (intel and system == "Windows") or (intel and not musl):
        return
    where = f"{system} on {machine}" + (" with musl" if musl else "")
    raise PostgresError(
        f"There is no PostgreSQL 15 on this machine, and none to download for {where}: "
        f"{HOW_TO_GET_15}."
    )


def _fetch(home: Path, root: Path, say: Say) -> None:
    """Install the wheel into `home` by the tool that made the environment, as it knows the user's index.

    It checks the hash; only what is whole ever gets the name `home`.
    """
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with locked(home.parent / "fetch.lock", say):
            if home.is_dir():
                return
            say("Downloading PostgreSQL 15 (15 MB) …")
            scratch = home.parent / "fetching"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            wanted = scratch / "requirements.txt"
            wanted.write_text(_WHEEL + "".join(f" --hash=sha256:{each}" for each in _HASHES))
            _install(wanted, scratch / "wheel", root)
            (scratch / "wheel").rename(home)
            shutil.rmtree(scratch)
    except OSError as error:
        raise PostgresError(
            f"Cannot store PostgreSQL 15 in {home.parent} ({error.strerror}): {HOW_TO_GET_15}."
        ) from None


def _install(wanted: Path, target: Path, root: Path) -> None:
    reasons = []
    for tool in _installers(root):
        command = [
            *tool,
            "--target",
            str(target),
            "--no-deps",
            "--only-binary",
            ":all:",
            "--require-hashes",
        ]
        done = subprocess.run(
            [*command, "--python-version", "3.11", "-r", str(wanted)],
            cwd=root,
            env=os.environ | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=UMASK,
        )
        if done.returncode == 0:
            return
        told = re.findall(r"^\s*(?:error|cause): (.+)", done.stderr, re.MULTILINE | re.IGNORECASE)
        reasons.append(": ".join(line.rstrip(".:") for line in told[:2]))
    why = next(filter(None, reasons), "neither uv nor pip is available to download it")
    raise PostgresError(
        f"PostgreSQL 15 could not be downloaded ({why}): try again, or {HOW_TO_GET_15}."
    )


def _installers(root: Path) -> Iterator[list[str]]:
    """Yield the commands to try: uv and pip each know some of the indexes that users have set."""
    own = sorted((root / ".tools").glob("uv-*/bin/uv*"))
    uv = os.environ.get("UV") or shutil.which("uv") or (str(own[-1]) if own else None)
    if uv:
        # As a copy: a link would have whoever changes the one change the installer's cache too.
        yield [uv, "pip", "install", "--quiet", "--link-mode", "copy", "--python", sys.executable]
    base = getattr(sys, "_base_executable", "") or sys.executable
    yield [base, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
