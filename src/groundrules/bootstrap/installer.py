"""Installing with uv: the one on the PATH, or a pinned one that pip puts into `.tools`."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from groundrules.bootstrap.trouble import Trouble, installing_failed, may_write

UV = "0.13.9"
OLDEST_UV = (0, 9)
PYPI = "https://pypi.org/simple"


class Installer:
    """Makes the environment of one clone and fills it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.python = getattr(sys, "_base_executable", "") or sys.executable
        self.settings = _settings(root)
        self.uv = str(self._uv())
        self.cache = self._cache()

    def new_environment(self) -> None:
        """Make an empty `.venv` of the Python that runs us, in place of any that is there."""
        venv = self.root / ".venv"
        again = " again" if venv.exists() else ""
        _say(f"Creating the environment .venv{again}, with Python {sys.version.split()[0]}.")
        if venv.exists():
            shutil.rmtree(venv)
        options = ["--no-project", "--prompt", "groundrules", "--no-python-downloads"]
        self._run(["venv", *options, "--python", self.python, ".venv"], quiet=True)

    def install(self, groups: frozenset[str]) -> None:
        """Install the project and these dependency groups, exactly as `uv.lock` says."""
        _say("Installing the packages of uv.lock into .venv. The first time, they are downloaded.")
        began = time.monotonic()
        chosen = [
            "--frozen",
            "--extra=course",
            "--no-default-groups",
            *(f"--group={group}" for group in sorted(groups)),
        ]
        if mirror := self._mirror():
            self._install_from(mirror, chosen)
        else:
            self._run(["sync", *chosen, "--python", ".venv", "--inexact", "--compile-bytecode"])
        _say(f"Installed in {time.monotonic() - began:.0f} s.")

    def _install_from(self, mirror: str, chosen: list[str]) -> None:
        """Fetch the locked files from the user's own index: `sync` knows only the lock's addresses."""
        self.settings["UV_DEFAULT_INDEX"] = mirror
        listed = str(self.root / ".tools" / "requirements.txt")
        self._run(["export", *chosen, "--no-emit-project", "--output-file", listed], quiet=True)
        install = ["pip", "install", "--python", ".venv", "--compile-bytecode"]
        self._run([*install, "--require-hashes", "--requirements", listed])
        self._run([*install, "--no-deps", "--editable", "."], quiet=True)

    def _mirror(self) -> str:
        chosen = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
        if not chosen:
            told = subprocess.run(
                [self.python, "-m", "pip", "config", "list"],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            found = dict(re.findall(r"^(\S+)\.index-url='(.*)'$", told, re.MULTILINE))
            chosen = found.get(":env:") or found.get("install") or found.get("global") or PYPI
        return "" if chosen.rstrip("/") == PYPI else chosen

    def _run(self, arguments: list[str], quiet: bool = False) -> None:
        if quiet or not sys.stderr.isatty():  # progress is for a terminal
            arguments = [*arguments, "--quiet"]
        done = subprocess.run(
            [self.uv, *arguments],
            cwd=self.root,
            env=self.settings,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            close_fds=False,
            check=False,
        )
        if done.returncode < 0 or done.returncode == 130:
            raise KeyboardInterrupt
        if done.returncode:
            raise installing_failed("the packages of uv.lock", [self.root, self.cache])

    def _cache(self) -> Path:
        """Return uv's folder of downloads: in `.tools` for a user whose home cannot be written."""
        told = subprocess.run(
            [self.uv, "cache", "dir"], capture_output=True, text=True, check=False
        )
        usual = Path(told.stdout.strip())
        if told.returncode == 0 and may_write(usual):
            return usual
        own = self.root / ".tools" / "cache"
        self.settings["UV_CACHE_DIR"] = str(own)
        return own

    def _uv(self) -> Path:
        found = shutil.which("uv")
        if found and _version(found) >= OLDEST_UV:
            return Path(found)
        home = self.root / ".tools" / f"uv-{UV}"
        program = home / "bin" / ("uv.exe" if os.name == "nt" else "uv")
        if not program.exists():
            self._fetch_uv(home)
        return program

    def _fetch_uv(self, home: Path) -> None:
        _say(f"Downloading uv {UV}, which creates the environment, into .tools.")
        fresh = home.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["-q", "--no-input", "--disable-pip-version-check", "--retries", "2"]
        choice = ["--no-deps", "--only-binary", ":all:", "--target", str(fresh), f"uv=={UV}"]
        settings = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
        done = subprocess.run(
            [*self._pip(), "install", *options, *choice],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            _say(
                "\n".join(done.stderr.splitlines()[-1:])
            )  # before it stand warnings and tracebacks
            raise installing_failed(f"uv {UV}", [self.root])
        fresh.replace(home)

    def _pip(self) -> list[str]:
        """Return the command of pip: this Python's, or that of an environment which brings its own."""
        if _works([self.python, "-m", "pip", "--version"]):
            return [self.python, "-m", "pip"]
        own = self.root / ".tools" / "pip"
        if _works([self.python, "-m", "venv", "--clear", str(own)]):
            return [str(own / ("Scripts" if os.name == "nt" else "bin") / "python"), "-m", "pip"]
        raise Trouble(
            f"{self.python} has neither pip nor uv to install with: install pip (on Debian and Ubuntu: "
            "sudo apt install python3-pip) or uv (https://docs.astral.sh/uv/), then run this again."
        )


def _settings(root: Path) -> dict[str, str]:
    """Return the environment variables for uv, without those that would lead it elsewhere."""
    settings = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "UV_LOCKED")
    }
    settings["UV_PROJECT_ENVIRONMENT"] = str(root / ".venv")
    if certificates := settings.get("PIP_CERT"):
        settings.setdefault("SSL_CERT_FILE", certificates)
    if _system_has_certificates():  # as pip does: a company's own are there, and not in uv's list
        settings.setdefault("UV_SYSTEM_CERTS", "1")
        settings.setdefault("UV_NATIVE_TLS", "1")  # its name in older releases of uv
    return settings


def _system_has_certificates() -> bool:
    import ssl

    paths = ssl.get_default_verify_paths()
    in_folder = bool(paths.capath) and any(Path(str(paths.capath)).iterdir())
    return sys.platform in ("win32", "darwin") or bool(paths.cafile) or in_folder


def _version(uv: str) -> tuple[int, ...]:
    told = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", told)[:2])


def _works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
