"""How fast the finished application answers: `python benchmarks/app/speed.py [seconds]`.

First the list of books, against the floor: the same rows from a bare Starlette handler with asyncpg, by the
CPU time that a request takes its server, which other work on the machine disturbs less than the clock. Then
how long health takes while eight people log in. One uvicorn process serves, another sends the requests.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundrules import postgres

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SOLUTION = ROOT / "solution"
ROWS = """
    INSERT INTO books (isbn, title, author, published_year, copies)
        SELECT lpad(n::text, 13, '0'), 'Book number ' || n, 'Somebody', 1900, 3
        FROM generate_series(1, 1000) n;
    INSERT INTO users (email, full_name, hashed_password) VALUES ('ada@example.org', 'Ada', 'x');
    INSERT INTO loans (user_id, book_id, borrowed_at, due_at)
        SELECT 1, id, now(), now() + interval '21 days' FROM books WHERE id % 2 = 0;
    ANALYZE;
"""


UVICORN = [sys.executable, "-m", "uvicorn"]
BOOKS = "/api/v1/books/?limit=20"
ROUNDS = 10


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "b" * 32}


@contextmanager
def served(application: str, folder: Path, url: str) -> Iterator[int]:
    """Serve an application; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [*UVICORN, "--app-dir", str(HERE), "measured:app", "--port", str(port), "--no-access-log"],
        cwd=folder,
        env={**environment(url), "LOG_LEVEL": "WARNING", "MEASURED": application},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def load(port: int, path: str, connections: int, seconds: float) -> dict[str, float]:
    command = [
        sys.executable,
        str(HERE / "load.py"),
        str(port),
        path,
        str(connections),
        str(seconds),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def cost(port: int, seconds: float) -> float:
    """Return the CPU time, in microseconds, that the server takes to list books once."""
    before = cpu_seconds(port)
    answers = load(port, BOOKS, 16, seconds)["answers"]
    return (cpu_seconds(port) - before) / answers * 1e6


def cpu_seconds(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/cpu") as answer:
        return float(answer.read())


def log_in_eight_times(port: int) -> "list[subprocess.Popen[bytes]]":
    """Let eight processes log in again and again until they are ended."""
    form = urllib.parse.urlencode({"username": "eve@example.org", "password": "correct horse"})
    program = (
        "import urllib.request\n"
        f"while True: urllib.request.urlopen('http://127.0.0.1:{port}/api/v1/auth/token', {form.encode()!r})"
    )
    return [subprocess.Popen([sys.executable, "-c", program]) for _ in range(8)]


def sign_up(port: int) -> None:
    body = {"email": "eve@example.org", "password": "correct horse", "full_name": "Eve"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/users/",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def measure(seconds: float, url: str, dsn: str) -> None:
    with served("app.main:app", SOLUTION, url) as app, served("floor:app", HERE, dsn) as floor:
        for port in (app, floor):
            load(port, BOOKS, 16, 1)
        rounds = [(cost(app, seconds / 5), cost(floor, seconds / 5)) for _ in range(ROUNDS)]
        ours, least = (statistics.median(costs) for costs in zip(*rounds, strict=True))
        ratio = statistics.median(floor / app for app, floor in rounds)
        print(f"list of 20 books, the floor   {least:7.0f} µs of CPU time a request")
        print(f"list of 20 books, this app    {ours:7.0f} µs: {ratio:.2f} of the floor's speed")

        sign_up(app)
        quiet = load(app, "/api/v1/health", 1, seconds)["p95"]
        logins = log_in_eight_times(app)
        time.sleep(1)
        busy = load(app, "/api/v1/health", 1, seconds)["p95"]
        for each in logins:
            each.kill()
            each.wait()
        print(f"health alone, p95             {quiet:7.1f} ms")
        print(
            f"health while eight log in     {busy:7.1f} ms: {busy - quiet:.1f} more, less than 50 wanted"
        )


async def fill(dsn: str, rows: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    await connection.execute(rows)
    await connection.close()


@contextmanager
def database(rows: str) -> Iterator[tuple[str, str]]:
    """Make a database of the application's tables and some rows; give its URL, and its DSN for asyncpg."""
    server = postgres.ensure(ROOT)
    name = postgres.run_name("speed")
    asyncio.run(postgres.create_database(server, name))
    try:
        migrate = [sys.executable, "-m", "alembic", "upgrade", "head"]
        subprocess.run(migrate, cwd=SOLUTION, env=environment(server.url_for(name)), check=True)
        asyncio.run(fill(server.dsn_for(name), rows))
        yield server.url_for(name), server.dsn_for(name)
    finally:
        asyncio.run(postgres.drop_database(server, name))


def main() -> None:
    with database(ROWS) as (url, dsn):
        measure(float(sys.argv[1]) if len(sys.argv) > 1 else 5, url, dsn)


if __name__ == "__main__":
    main()
