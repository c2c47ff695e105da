"""Kill goto, reset and undo at random moments, and see whether anything is lost.

python -m tests.course.kills --kills 300 --seed 1

Between commands the trainee writes. After each kill the next command sees to what was broken off, and is
itself killed now and then. Then the folder must be exactly what it was before the killed command or after it.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from groundrules.cli import main
from groundrules.course.digests import LIST
from groundrules.course.states import state_after, write_state
from groundrules.course.steps import Course

ROOT = Path(__file__).resolve().parents[2]
FILES = 100
HELD = (b"app", b"migrations")
ODD = (b"app/caf\xe9.py", b"notes/\xff\xfe", b"app/two\nlines", b"app/\x1b[31m.py")

Entry = tuple[str, int, bytes, int]  # what it is, its mode, its content, its time
Snapshot = dict[bytes, Entry]


def snapshot(folder: Path) -> Snapshot:
    """Return all that is below a folder, as the system knows it."""
    found: Snapshot = {}
    for root, folders, files in os.walk(folder):
        for path in (Path(root, name) for name in (*folders, *files)):
            key = os.fsencode(path.relative_to(folder))
            status = path.lstat()
            if path.is_symlink():
                found[key] = ("link", 0, os.fsencode(path.readlink()), 0)
            elif path.is_dir():
                found[key] = ("folder", status.st_mode, b"", 0)
            else:
                found[key] = ("file", status.st_mode, path.read_bytes(), status.st_mtime_ns)
    return found


def contents(found: Snapshot) -> dict[bytes, bytes]:
    """Return what the files and links of a snapshot hold, without what is left alone."""
    return {
        path: content
        for path, (kind, _, content, _) in found.items()
        if kind != "folder" and b".git" not in path.split(b"/")
    }


def fill(exercises: Path, chance: random.Random) -> None:
    """Put into a folder what a trainee may have in it, and what nobody expects."""
    raw = os.fsencode(exercises)
    for number in range(FILES):
        folder = exercises / chance.choice(
            ["app", "app/extra", "migrations/old", "notes/deep", "."]
        )
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"own {number}.txt"
        file.write_bytes(chance.randbytes(chance.choice([0, 10, 5000, 80_000])))
        file.chmod(chance.choice([0o600, 0o644, 0o755]))
        os.utime(file, ns=(number, 1_600_000_000_123_456_789 + number))
    for odd in (
        b"app/caf\xe9.py",
        b"notes/\xff\xfe",
        b"app/two\nlines",
        b"app/\x1b[31m.py",
        b"app/" + b"n" * 250,
    ):
        Path(os.fsdecode(raw + b"/" + odd)).write_bytes(b"odd " + odd)
    for name in ("app/empty", "migrations/empty/er", "nothing"):
        (exercises / name).mkdir(parents=True)
    outside = exercises.parent / "outside"
    outside.mkdir()
    (outside / "work.py").write_text("WORK = True\n")
    (exercises / "app/extra/behind").symlink_to(outside)
    (exercises / "app/linked.py").symlink_to(outside / "work.py")
    (exercises / "notes/nowhere").symlink_to("not there")
    (exercises / "app/main.py").unlink()
    (exercises / "app/main.py").symlink_to("linked.py")
    (exercises / "notes/kept.txt").write_text("kept")
    (exercises / "notes/kept.txt").chmod(0o444)
    for place in (exercises, exercises / "app/extra"):
        subprocess.run(["git", "init", "-q", place], check=True)
        (place / ".git/mine").write_bytes(chance.randbytes(1000))


class Trial:
    """One copy of the course, with a trainee who is unlucky."""

    def __init__(self, root: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.root = root
        for name in ("steps", "solution"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.course = Course(root)
        self.exercises = write_state(self.course, 0, root / "exercises")
        assert (root / LIST).is_file()
        fill(self.exercises, self.chance)
        self.outside = snapshot(root / "outside")
        self.stack: list[Snapshot] = []
        self.count = Counter[str]()
        began = time.monotonic()
        self.run("goto", "5")
        self.run("undo")
        self.longest = (time.monotonic() - began) / 2

    def run(self, *arguments: str, kill: bool = False) -> bool:
        """Run a command in a process of its own; return whether it was killed."""
        pid = os.fork()
        if not pid:
            os.chdir(self.root)
            log = os.open(self.root / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.argv = ["groundrules", *arguments]
            try:
                main()
            except SystemExit as done:
                sys.stdout.flush()
                os._exit(done.code if isinstance(done.code, int) else 9)
        if kill:
            part = self.chance.choice([1, 3, 4, 4])
            if part > 1:
                self.wait_until_at_work(pid, saved=part == 4)
            time.sleep(self.chance.random() * self.longest / part)
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not kill:
            assert status == 0, (arguments, (self.root / "log").read_text()[-2000:])
        return status == -signal.SIGKILL

    def wait_until_at_work(self, pid: int, *, saved: bool) -> None:
        """Wait until a command has begun to save or to change the folder, or has ended."""
        home = self.root / ".groundrules"
        while not self.unfinished() and (saved or not any(home.glob("*/.*"))):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
            time.sleep(0.0005)

    def round(self) -> None:
        """Write something, kill one command, and compare what is there afterwards."""
        self.write()
        command = self.chance.choice(
            [
                ("goto", str(self.chance.randint(1, 8))),
                ("reset", "app/api/health.py"),
                ("reset", "01.4"),
                *([("undo",)] * 3 if self.stack else []),
            ]
        )
        before = snapshot(self.exercises)
        killed = self.run(*command, kill=True)
        self.count["killed" if killed else "ended before the kill"] += 1
        if self.unfinished():
            self.count["broken off at work"] += 1
        while self.chance.random() < 0.3:
            self.count["killed while seeing to it"] += self.run("hint", "01.1", kill=True)
        self.run("hint", "01.1")
        self.judge(command, before)
        if len(self.stack) > 12:
            self.run("undo")
            assert snapshot(self.exercises) == self.stack.pop(), (
                "an undo brought back something else"
            )

    def write(self) -> None:
        """Write over one of the trainee's files, or a new one."""
        folder = self.exercises / self.chance.choice(["app", "app/new", "notes"])
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"written {self.chance.randint(1, 9)}"
        file.write_bytes(self.chance.randbytes(100))

    def unfinished(self) -> bool:
        """Whether a command was killed between its save and its end."""
        return any((self.root / ".groundrules").glob("*/*/changes.json"))

    def judge(self, command: tuple[str, ...], before: Snapshot) -> None:
        """Compare the folder with what it was before the command, and what it must be after."""
        after = snapshot(self.exercises)
        saves = [path.name for path in self.saved("saves")]
        assert not self.unfinished()
        assert not [name for name in saves if name.startswith(".")], saves
        assert snapshot(self.root / "outside") == self.outside, (
            "something behind a link has changed"
        )
        if len(saves) == len(self.stack):
            assert after == before, self.difference(before, after)
            self.count["as before"] += 1
        elif command == ("undo",):
            assert after == self.stack.pop(), "an undo brought back something else"
            kept = snapshot(self.saved("undone")[-1] / "files")
            assert contents(kept) == contents(before), "what an undo took away is not kept"
            self.count["undone"] += 1
        else:
            wanted = self.wanted(command, before)
            assert contents(after) == wanted, f"{command} left something else"
            self.stack.append(before)
            self.count["gone through"] += 1
        assert len(saves) == len(self.stack), (saves, len(self.stack))

    def saved(self, where: str) -> list[Path]:
        """Return the saves in a folder, half ones too."""
        return sorted((self.root / ".groundrules" / where).glob("*"))

    def wanted(self, command: tuple[str, ...], before: Snapshot) -> dict[bytes, bytes]:
        """Return what the files and links must hold after a goto or reset."""
        found = contents(before)
        if command[0] == "goto":
            state = state_after(self.course, int(command[1]) - 1)
            found = {path: what for path, what in found.items() if path.split(b"/")[0] not in HELD}
            return found | {os.fsencode(file): path.read_bytes() for file, path in state.items()}
        after = contents(snapshot(self.exercises))
        changed = {path for path in {*found, *after} if found.get(path) != after.get(path)}
        assert changed <= {b"app/api/health.py", b"app/api/router.py"}, changed
        return after

    @staticmethod
    def difference(before: Snapshot, after: Snapshot) -> str:
        """Name what is not the same in two snapshots."""
        paths = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        return f"not as before: {sorted(paths)[:20]}"


def run(kills: int, seed: int) -> Counter[str]:
    """Go on until so many commands were killed; return what happened how often."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder) / "course", seed)
        while trial.count["killed"] < kills:
            trial.round()
        for _ in range(len(trial.stack)):
            trial.run("undo")
            assert snapshot(trial.exercises) == trial.stack.pop(), "an undo brought back another"
        return trial.count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for what, times in sorted(run(asked.kills, asked.seed).items()):
        print(f"{times:5} {what}")
