"""Clones to start real servers in, as whoever runs the tests and, where that is root, as nobody."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.postgres.place import place_of
from groundrules.postgres.postmaster import postmaster_of
from groundrules.postgres.process import Account, command_line
from tests.servers import remove_server

SOURCES = Path(postgres.__file__).parents[2]
IS_ROOT = sys.platform != "win32" and os.geteuid() == 0


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROUNDRULES_DATABASE_URL", "GROUNDRULES_POSTGRES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _machine() -> None:
    """Skip on a machine without PostgreSQL 15, but for what the wheel's serves as well."""
    from groundrules.postgres.binaries import on_the_machine
    from groundrules.postgres.process import account

    try:
        on_the_machine(account())
    except postgres.PostgresError as error:
        pytest.skip(str(error))


@pytest.fixture
def new_clone(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return what makes a folder to start a server in; nothing is left of the server afterwards."""
    made = []

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        made.append(folder)
        return folder

    yield make
    for folder in made:
        remove_server(folder)


@pytest.fixture
def clone(new_clone: Callable[[str], Path]) -> Path:
    """A folder to start a server in."""
    return new_clone("clone")


@pytest.fixture(scope="session")
def _old_clone(_machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("old") / "clone of mine"
    step = root / "steps" / "01-setup"
    step.mkdir(parents=True)
    (step / "step.toml").write_text(
        'id = "setup"\ntitle = "Setup"\nminutes = 1\nsummary = ""\nrules = []\nfiles = []\n'
    )
    postgres.ensure(root)
    yield root
    remove_server(root)


@pytest.fixture
def old_clone(_old_clone: Path) -> Path:
    """A clone of the course whose server has run before, and does not now."""
    postgres.stop(_old_clone)
    return _old_clone


@pytest.fixture(scope="session")
def server(_machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A server that runs, for tests that do it no harm."""
    root = tmp_path_factory.mktemp("clone")
    yield postgres.ensure(root)
    remove_server(root)


def pid_of(root: Path) -> int:
    """Return the process id of the server of a clone."""
    postmaster = postmaster_of(place_of(root).pid_file)
    assert postmaster, "no server runs"
    return postmaster.pid


def kill(pid: int) -> None:
    """Kill a process and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    while command_line(pid):
        time.sleep(0.01)


@dataclass(frozen=True)
class Nobody:
    """An ordinary user with a folder of its own, where the tests run as root."""

    folder: Path
    python: str
    account: Account
    roots: list[Path] = field(default_factory=list)

    def clone(self, name: str) -> Path:
        """Make a folder to start a server in."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        self.roots.append(folder)
        for each in (folder, *folder.parents):
            if each == self.folder:
                break
            self.account.own(each)
        return folder

    def run(self, root: Path, code: str, **settings: str) -> str:
        """Run Python code that knows `postgres` and `root`; return what it printed.

        A PostgresError is printed as `refused: …`.
        """
        if root not in self.roots:
            self.roots.append(root)
        program = (
            "import sys; from pathlib import Path; from groundrules import postgres\n"
            "root = Path(sys.argv[1])\n"
            f"try: {code}\n"
            "except postgres.PostgresError as error: print('refused:', error)\n"
        )
        done = subprocess.run(
            [self.python, "-c", program, root],
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=[],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "HOME": str(self.folder)}
            | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, root: Path, **settings: str) -> str:
        """Start the server of a clone; return its socket's folder, or why it did not start."""
        return self.run(root, "print(postgres.ensure(root).host)", **settings)


@pytest.fixture
def nobody() -> Iterator[Nobody]:
    """An ordinary user; skipped unless root runs the tests and that user can run Python."""
    if not IS_ROOT or sys.platform == "win32":
        pytest.skip("only root can act for another user")
    import pwd

    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid)
    folder = Path(tempfile.mkdtemp(prefix="groundrules-nobody-", dir="/tmp"))
    folder.chmod(0o755)
    account.own(folder)
    user = Nobody(folder, _python_for(account), account)
    yield user
    used = "from groundrules.postgres.place import place_of; print(place_of(root).sockets)"
    for found in sorted(folder.rglob(".groundrules")):
        user.run(found.parent, "postgres.stop(root)")
    for root in [*user.roots]:
        shutil.rmtree(user.run(root, used), ignore_errors=True)
    shutil.rmtree(folder)


def _python_for(account: Account) -> str:
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        probe = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); import groundrules.postgres"
        with suppress(OSError):
            if account.run([python, "-c", probe], Path("/"))[0] == 0:
                return python
    pytest.skip("the user nobody has no Python that can read the tool")
