"""Judges mutants of the finished application, and says which nobody catches.

    python -m tests.mutants                       # all of them: some hours
    python -m tests.mutants --sample 200 --seed 7
    python -m tests.mutants app/services          # of the files whose path begins so

What was judged is kept in `.groundrules/mutants.json`: a call that was broken off goes on where it stopped.
The exit status is 1 if one survives that `equivalent.toml` does not explain.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from groundrules.course.kept import Kept
from groundrules.worker.warm import shared_server
from tests.mutants.judge import ROOT, Verdict, all_mutants, equivalent, known_or_judged


def main() -> int:
    """Judge what the command line asks for, and print a table by step."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", default=[""], help="beginnings of paths")
    parser.add_argument("--sample", type=int, help="so many of them, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    chosen = [each for each in all_mutants() if each.path.startswith(tuple(options.files))]
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    verdicts = []
    kept = Kept(ROOT / ".groundrules" / "mutants.json")
    with shared_server(ROOT), ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(partial(known_or_judged, kept=kept), chosen):
            verdicts.append(verdict)
            if fate(verdict) == "survived":
                print(verdict.mutant, flush=True)
            print(f"\r{len(verdicts)} of {len(chosen)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(table(verdicts))
    return 1 if any(fate(verdict) == "survived" for verdict in verdicts) else 0


def table(verdicts: list[Verdict]) -> str:
    """Return how many were caught by whom, a row for each step, as Markdown."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        for name in (verdict.step, "all"):
            rows[name][fate(verdict)] += 1
    lines = [
        "| step | mutants | by a rule | by a suite | equivalent | survived | caught |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in sorted(rows.items(), key=lambda each: (each[0] == "all", each[0])):
        caught = row["rule"] + row["suite"]
        share = f"{caught / (caught + row['survived']):.1%}" if caught + row["survived"] else "–"
        counts = [row[kind] for kind in ("rule", "suite", "equivalent", "survived")]
        lines.append(f"| {name} | {row.total()} | {' | '.join(map(str, counts))} | {share} |")
    return "\n".join(lines)


def fate(verdict: Verdict) -> str:
    """Return which column of the table a verdict counts in."""
    if verdict.by:
        return "rule" if verdict.by.startswith("GR") else "suite"
    return "equivalent" if verdict.mutant.key in equivalent() else "survived"


if __name__ == "__main__":
    sys.exit(main())
