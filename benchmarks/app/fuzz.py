"""Requests that Schemathesis makes up from the application's OpenAPI document, and what it finds.

`python benchmarks/app/fuzz.py "uvx schemathesis" [seconds]`: the first argument is the command that starts
Schemathesis 4, which needs an environment of its own. It asks as nobody, as a reader and as a librarian, so
many seconds each (60 if left out). The exit status is 0 if nothing is found.

Known, and meant: it may report that a name which begins or ends with a newline is accepted. It is stripped.
"""

import shlex
import subprocess
import sys

from speed import SOLUTION, database, environment, served  # type: ignore[import-not-found]

# Left out: a rule of the library, or an ISBN's check digit, may well refuse what the document allows; the
# framework's 405 names the methods of one route, not of all on the path; and /users/me is a /users/{user_id}
# to the methods it lacks itself.
EXCLUDED = "positive_data_acceptance,allow_header_conformance,unsupported_method"
ROWS = """
    INSERT INTO users (email, full_name, hashed_password, is_librarian)
        SELECT 'user' || n || '@example.org', 'Somebody', 'x', n = 50 FROM generate_series(1, 50) n;
    INSERT INTO books (isbn, title, author, copies)
        SELECT lpad(n::text, 13, '0'), 'Book ' || n, 'Somebody', 3 FROM generate_series(1, 50) n;
    INSERT INTO loans (user_id, book_id, borrowed_at, due_at)
        SELECT 49 - id % 3, id, now(), now() + interval '21 days' FROM books WHERE id <= 12;
"""
USERS = {"nobody": None, "a reader": 49, "a librarian": 50}
TOKEN = "import sys; from app.core.security import create_access_token as c; print(c(sys.argv[1]))"


def login(user: int, url: str) -> list[str]:
    """Return the option that makes Schemathesis ask as a user."""
    make = [sys.executable, "-c", TOKEN, str(user)]
    variables = {**environment(url), "ACCESS_TOKEN_MINUTES": "600"}
    token = subprocess.check_output(make, cwd=SOLUTION, env=variables, text=True)
    return ["--header", f"Authorization: Bearer {token.strip()}"]


def main() -> None:
    command, seconds = shlex.split(sys.argv[1]), (sys.argv[2:] or ["60"])[0]
    options = ["--max-time", seconds, "--exclude-checks", EXCLUDED, "--continue-on-failure"]
    statuses = []
    with database(ROWS) as (url, _), served("app.main:app", SOLUTION, url) as port:
        for name, user in USERS.items():
            print(f"As {name}:", flush=True)
            ask = [*command, "run", f"http://127.0.0.1:{port}/openapi.json", *options]
            ask += login(user, url) if user else []
            statuses.append(subprocess.run(ask, check=False).returncode)
    sys.exit(max(statuses))


if __name__ == "__main__":
    main()
