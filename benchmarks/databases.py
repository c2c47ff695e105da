"""What a database adds to a run of a suite: `python benchmarks/databases.py [rounds]`.

For each way to make a suite's tables, starts the finished application as a run does, and prints the
median of the seconds until it is served, until a test's tables are emptied, and until all is taken down.
Needs the environment of `python3 course.py start`; the server of the clone is started before.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from groundrules import postgres
from groundrules.testing.runner import Patience
from groundrules.testing.sites import Sites, Tables
from groundrules.worker.launcher import MIGRATIONS, imported_by, launcher

ROOT = Path(__file__).resolve().parents[1]
APPLICATION = ROOT / "solution"


async def one_run(tables: Tables, sockets: Path) -> tuple[float, float, float]:
    """Return the seconds to serve the application, to empty its tables, and to end."""
    began = time.perf_counter()
    workers = launcher((*imported_by(APPLICATION), *MIGRATIONS))
    sites = Sites(workers, ROOT, APPLICATION, sockets, Patience())
    try:
        site = await asyncio.wrap_future(sites.begin(tables))
        await site.runner.settled()  # without a database it does not start, which takes as long
        served = time.perf_counter()
        await site.clear()
        emptied = time.perf_counter()
    finally:
        workers.close()
        sites.close()
    return served - began, emptied - served, time.perf_counter() - emptied


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    postgres.ensure(ROOT)
    sockets = Path(tempfile.mkdtemp(prefix="groundrules-", dir="/tmp"))
    asyncio.run(one_run(Tables.MIGRATIONS, sockets))
    print(f"{'tables from':15} {'served':>8} {'emptied':>8} {'ended':>8}   seconds")
    for tables in Tables:
        runs = [asyncio.run(one_run(tables, sockets)) for _ in range(rounds)]
        medians = (statistics.median(times) for times in zip(*runs, strict=True))
        print(f"{tables.value:15}", *(f"{each:8.3f}" for each in medians))
    shutil.rmtree(sockets)


if __name__ == "__main__":
    main()
