"""A PostgreSQL server by its address, and the URLs of its databases."""

import socket
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

Source = Literal["environment", "machine", "wheel"]

VARIABLE = "GROUNDRULES_DATABASE_URL"
HOW_TO_GET_15 = (
    "install it (apt install postgresql-15, brew install postgresql@15, or the installer of postgresql.org), "
    f"or run `docker compose up -d postgres` and set {VARIABLE} as docker-compose.yml says"
)
_STARTING_OR_STOPPING = b"57P03"


class PostgresError(Exception):
    """PostgreSQL cannot be had; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Server:
    """A server of PostgreSQL 15.

    `host` is a host name or, if it starts with a slash, the folder of the Unix socket; `binaries` is the
    folder of the programs that run it, unless somebody else runs it.
    """

    source: Source
    version: str
    role: str
    host: str
    port: int = 5432
    password: str | None = field(default=None, repr=False)
    sslmode: str | None = None
    maintenance: str = "postgres"
    binaries: Path | None = None

    def url_for(self, database: str) -> str:
        """Return the URL of a database for SQLAlchemy, as in DATABASE_URL."""
        return self._url("postgresql+asyncpg", "localhost", "ssl", database)

    def dsn_for(self, database: str) -> str:
        """Return the URL of a database for asyncpg, psql and everything else that uses libpq's form."""
        return self._url("postgresql", "", "sslmode", database)

    @property
    def socket_file(self) -> Path | None:
        """The file of its Unix socket; None if it is reached by TCP."""
        return Path(self.host, f".s.PGSQL.{self.port}") if self.host.startswith("/") else None

    def answers(self) -> bool:
        """Whether the server takes connections, asked without a password and in a few milliseconds."""
        try:
            with self._connect() as connection:
                words = b"user\0%b\0database\0%b\0\0" % (
                    self.role.encode(),
                    self.maintenance.encode(),
                )
                connection.sendall(struct.pack("!ii", len(words) + 8, 3 << 16) + words)
                reply = connection.recv(1024)
        except OSError:
            return False
        # A refusal, for want of free connections say, is an answer too.
        return reply != b"" and not (reply[:1] == b"E" and _STARTING_OR_STOPPING in reply)

    def _connect(self) -> socket.socket:
        if sys.platform == "win32" or not self.host.startswith("/"):
            return socket.create_connection((self.host, self.port), timeout=5)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        try:
            connection.connect(str(self.socket_file))
        except OSError:
            connection.close()
            raise
        return connection

    def _url(self, scheme: str, local: str, ssl: str, database: str) -> str:
        user = quote(self.role, safe="")
        if self.password is not None:
            user += ":" + quote(self.password, safe="")
        options = []
        if self.host.startswith("/"):
            address = local
            options.append(f"host={quote(self.host)}")
            if self.port != 5432:
                options.append(f"port={self.port}")
        else:
            address = f"[{self.host}]" if ":" in self.host else self.host
            address += f":{self.port}"
        if self.sslmode:
            options.append(f"{ssl}={self.sslmode}")
        query = "?" + "&".join(options) if options else ""
        return f"{scheme}://{user}@{address}/{quote(database, safe='')}{query}"


def parse_url(url: str) -> Server:
    """Return the server that the value of GROUNDRULES_DATABASE_URL names, its version not yet known.

    Raises PostgresError where it is not the URL of a PostgreSQL server.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _unusable(f"it is not a URL ({error})") from None
    if parts.scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise _unusable("it does not start with postgresql://")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "") or "localhost"
    query_port = options.pop("port", "")
    sslmode = options.pop("sslmode", None) or options.pop("ssl", None)
    if options:
        raise _unusable(
            f"the option {min(options)} is not allowed; the options are host, port and sslmode"
        )
    if "," in host or (query_port and not query_port.isdecimal()):
        raise _unusable("it must name one host and one port")
    if not parts.username:
        raise _unusable(
            "it names no role, as in postgresql://role:password@localhost:5432/postgres"
        )
    return Server(
        source="environment",
        version="",
        role=unquote(parts.username),
        host=host,
        port=int(query_port or port or 5432),
        password=None if parts.password is None else unquote(parts.password),
        sslmode=sslmode,
        maintenance=unquote(parts.path.removeprefix("/")) or "postgres",
    )


def _unusable(why: str) -> PostgresError:
    return PostgresError(f"{VARIABLE} cannot be used: {why}.")
