"""How a baseline fares on the real history of a service.

.venv/bin/python benchmarks/adopting.py path/to/clone backend --commits 40

Takes the service as it was some commits ago and accepts all findings in a baseline. It then adds one
violation and fixes one old finding, which must both be reported. After that it follows the service's own
commits one by one. A commit is quiet, or it has new findings, or it fixed what the baseline lists. A new
finding in a definition that the commit did not touch is printed, because it may be a false alarm. The clone
itself is left as it is.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

GROUNDRULES = (sys.executable, "-m", "groundrules")
HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
DOCSTRING = "GR204"
Found = dict[str, str | int]


@dataclass
class Tally:
    """What the commits came to, each counted once in `commits`; the others count findings."""

    commits: Counter[str] = field(default_factory=Counter)
    new: int = 0
    fixed: int = 0
    elsewhere: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Service:
    """A service in a work tree of its own.

    :param tree: the work tree.
    :param folder: the folder of the service in it.
    :param package: the package to check, or "" if it is found.
    """

    tree: Path
    folder: Path
    package: str

    def git(self, *arguments: str) -> str:
        """Run git in the work tree, and return what it prints."""
        run = subprocess.run(
            ["git", *arguments], cwd=self.tree, check=True, capture_output=True, text=True
        )
        return run.stdout

    def run(self, command: str, *options: str) -> str:
        """Run a command of Groundrules on the service, and return what it prints."""
        package = ["--package", self.package] if self.package else []
        run = subprocess.run(
            [*GROUNDRULES, command, str(self.folder), *package, *options],
            check=False,
            capture_output=True,
            text=True,
        )
        if run.returncode == 2:
            raise SystemExit(run.stderr)
        return run.stdout

    def findings(self, *options: str) -> list[Found]:
        """Return what a check reports."""
        found: list[Found] = json.loads(self.run("check", "--format", "json", *options))["findings"]
        return found

    def changed(self, commit: str) -> dict[str, set[int]]:
        """Return the lines that a commit wrote, and those beside what it removed, by file."""
        lines = dict[str, set[int]]()
        diff = self.git("show", "-U0", "--first-parent", "--format=", "--relative", commit)
        for part in diff.split("\n+++ b/")[1:]:
            name, _, hunks = part.partition("\n")
            lines[name] = {
                line
                for start, count in HUNK.findall(hunks)
                for line in range(int(start), int(start) + int(count or 1) + 1)
            }
        return lines


def add_and_fix(service: Service) -> str:
    """Return how a check takes one more violation, and one less."""
    known = service.findings("--no-baseline")
    missing = next(
        (each for each in known if each["rule"] == DOCSTRING and each["definition"]), None
    )
    if missing is None:
        return "nothing to add to"
    path = service.folder / str(missing["path"])
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n\ndef added(value):\n    return value\n", encoding="utf-8")
    added = {str(each["definition"]) for each in service.findings()}
    path.write_text(_with_docstring(text, int(missing["line"])), encoding="utf-8")
    told = [each for each in service.findings() if each["rule"] == "GR001"]
    path.write_text(text, encoding="utf-8")
    caught = "caught" if added == {"added"} else f"reported in {added}"
    fixed = "reported" if len(told) == 1 else f"{len(told)} entries reported"
    return f"one added: {caught}; one fixed: {fixed}"


def _definition_at(path: Path, line: int) -> range:
    """Return the lines of the smallest function or class around a line; that line, if there is none."""
    spans = [range(line, line + 1)]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            spans.append(range(first, (node.end_lineno or line) + 1))
    return min((each for each in spans[1:] if line in each), key=len, default=spans[0])


def _with_docstring(text: str, line: int) -> str:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            body = node.body[0]
            if node.lineno == line:
                lines = text.splitlines(keepends=True)
                lines.insert(body.lineno - 1, f'{" " * body.col_offset}"""Say what it does."""\n')
                return "".join(lines)
    return text


def follow(service: Service, commits: list[str]) -> Tally:
    """Check each commit against the baseline of the one before it."""
    tally = Tally()
    for commit in commits:
        service.git("checkout", "--quiet", "--detach", commit)
        found = service.findings()
        fixed = [each for each in found if each["rule"] == "GR001"]
        new = [each for each in found if each["rule"] != "GR001"]
        kind = "new findings" if new else "fixed" if fixed else "quiet"
        tally.commits[kind] += 1
        tally.new += len(new)
        tally.fixed += len(fixed)
        changed = service.changed(commit)
        for each in new:
            path = service.folder / str(each["path"])
            lines = changed.get(path.relative_to(service.tree).as_posix(), set())
            if lines.isdisjoint(_definition_at(path, int(each["line"]))):
                tally.elsewhere.append(
                    f"{commit[:9]} {path}:{each['line']} {each['rule']} {each['message']}"
                )
        if found:
            service.run("baseline", "--grow")
    return tally


def main() -> None:
    """Print what became of one service."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clone", type=Path, help="the git repository, a bare one too")
    parser.add_argument("folder", nargs="?", default=".", help="the folder of the service in it")
    parser.add_argument("--package", default="", help="its package, if it is not found")
    parser.add_argument("--commits", type=int, default=40, help="how many commits to follow")
    asked = parser.parse_args()
    git = ["git", "-C", str(asked.clone.resolve())]
    listed = subprocess.run(
        [*git, "rev-list", "--first-parent", f"-{asked.commits + 1}", "HEAD", "--", asked.folder],
        check=True,
        capture_output=True,
        text=True,
    )
    start, *commits = reversed(listed.stdout.split())
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary, "service")
        add = ["worktree", "add", "--quiet", "--no-checkout", "--detach", str(tree), start]
        subprocess.run([*git, *add], check=True)
        try:
            service = Service(tree, tree / asked.folder, asked.package)
            service.git("sparse-checkout", "set", "--no-cone", "*.py", "*.toml")
            service.git("checkout", "--quiet", "--detach", start)
            listed_at_first = len(service.findings("--exit-zero"))
            service.run("baseline")
            print(f"{asked.clone.name}: {listed_at_first} findings accepted at {start[:9]}")
            print(f"reported after that: {len(service.findings())}; {add_and_fix(service)}")
            tally = follow(service, commits)
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)
    counts = ", ".join(f"{number} {kind}" for kind, number in sorted(tally.commits.items()))
    print(f"{len(commits)} commits: {counts}")
    print(
        f"{tally.new} new findings, {len(tally.elsewhere)} of them where the commit changed nothing"
    )
    print(f"{tally.fixed} entries reported as fixed")
    print(*tally.elsewhere, sep="\n")


if __name__ == "__main__":
    main()
