"""How fast the finished application answers: `python benchmarks/app/speed.py [seconds]`.

First the list of books, against the floor: the same rows from a bare Starlette handler with asyncpg. Then
how long health takes while eight people log in. One uvicorn process serves, another sends the requests.
"""

import asyncio
import json
import os
import socket
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


@contextmanager
def served(application: str, folder: Path, url: str) -> Iterator[int]:
    """Serve an application; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "b" * 32, "LOG_LEVEL": "WARNING"},
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
    books = "/api/v1/books/?limit=20"
    with served("app.main:app", SOLUTION, url) as app, served("floor:app", HERE, dsn) as floor:
        for port in (app, floor):
            load(port, books, 16, 1)
        rounds = [
            (load(app, books, 16, seconds), load(floor, books, 16, seconds)) for _ in range(3)
        ]
        ours, least = (
            max(each["per_second"] for each in side) for side in zip(*rounds, strict=True)
        )
        print(f"list of 20 books, the floor   {least:7.0f} a second")
        print(
            f"list of 20 books, this app    {ours:7.0f} a second: {ours / least:.2f} of the floor, 0.5 wanted"
        )

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


async def fill(dsn: str) -> None:
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(dsn)
    await connection.execute(ROWS)
    await connection.close()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    server = postgres.ensure(ROOT)
    name = postgres.run_database("speed")
    asyncio.run(postgres.create_database(server, name))
    try:
        environment = {**os.environ, "DATABASE_URL": server.url_for(name), "SECRET_KEY": "b" * 32}
        migrate = [sys.executable, "-m", "alembic", "upgrade", "head"]
        subprocess.run(migrate, cwd=SOLUTION, env=environment, check=True)
        asyncio.run(fill(server.dsn_for(name)))
        measure(seconds, server.url_for(name), server.dsn_for(name))
    finally:
        asyncio.run(postgres.drop_database(server, name))


if __name__ == "__main__":
    main()
