"""How long a night of grading takes on how many machines, and what it costs: a simulation.

.venv/bin/python benchmarks/night.py grades/gradebook.csv --submissions 10000

The times of service are those of a run of `groundrules grade`, drawn at random. A machine that fails loses
what it judges, which begins anew elsewhere, and is back after ten minutes. The scheduler serves one
submission at a time, to hand it out and to take the outcome.
"""

import argparse
import csv
import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MACHINES = (1, 2, 5, 10, 20, 50, 100)
CORES = 2
BACK_AFTER = 600.0  # seconds until a machine that failed works again


@dataclass(frozen=True)
class Night:
    """What one simulated night came to, in seconds; `repeated` is how many submissions were judged twice."""

    seconds: float
    busy: float
    repeated: int


def simulate(
    services: Sequence[float],
    submissions: int,
    workers: int,
    overhead: float,
    between_failures: float,
    chance: random.Random,
) -> Night:
    """Return how a night goes.

    :param services: the seconds that submissions take.
    :param overhead: the seconds for which the scheduler is busy with one submission.
    :param between_failures: the mean seconds of work between two failures of a worker.
    """
    left, repeated, busy, scheduler, end = submissions, 0, 0.0, 0.0, 0.0
    free = [(0.0, worker) for worker in range(workers)]
    while left:
        now, worker = heapq.heappop(free)
        scheduler = max(scheduler, now) + overhead
        needs = chance.choice(services)
        fails = chance.expovariate(1 / between_failures)
        if fails < needs:
            repeated += 1
            busy += fails
            heapq.heappush(free, (scheduler + fails + BACK_AFTER, worker))
            continue
        left -= 1
        busy += needs
        end = max(end, scheduler + needs)
        heapq.heappush(free, (scheduler + needs, worker))
    return Night(end, busy, repeated)


def main() -> None:
    """Print a table of machines, hours and costs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "gradebook", type=Path, help="the gradebook.csv of a run with one job for each core"
    )
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument(
        "--overhead", type=float, default=0.02, help="seconds of the scheduler for each"
    )
    parser.add_argument(
        "--mtbf", type=float, default=24.0, help="hours between failures of a machine"
    )
    parser.add_argument("--price", type=float, default=0.10, help="of a machine's hour")
    asked = parser.parse_args()
    with asked.gradebook.open(encoding="utf-8", newline="") as file:
        services = [float(row["seconds"]) for row in csv.DictReader(file) if row["status"] == "ok"]
    mean = sum(services) / len(services)
    print(f"{len(services)} measured, {mean:.0f} s on average; {asked.submissions} submissions\n")
    print(
        f"{'machines':>8} {'hours':>7} {'machine hours':>14} {'cost':>8} {'busy':>6} {'repeated':>9}"
    )
    for machines in MACHINES:
        workers = machines * CORES
        night = simulate(
            services,
            asked.submissions,
            workers,
            asked.overhead,
            asked.mtbf * 3600,
            random.Random(7),
        )
        hours = night.seconds / 3600
        paid = hours * machines
        print(
            f"{machines:>8} {hours:>7.2f} {paid:>14.1f} {paid * asked.price:>8.2f} "
            f"{night.busy / (night.seconds * workers):>6.0%} {night.repeated:>9}"
        )
    print(f"\nThe scheduler is the limit from {mean / asked.overhead / CORES:.0f} machines on.")


if __name__ == "__main__":
    main()
