"""Mermaid, which draws the diagrams in the reader's browser, from a pinned package of npm.

It is fetched once into `.tools/`, by its hash, so that the repository need not carry megabytes of code that
nobody reads, and a build needs no network afterwards. Its modules are used, not its one big file: a page
loads only what its diagram needs, and a page without one nothing.
"""

import hashlib
import io
import os
import shutil
import tarfile
import urllib.request
from pathlib import Path

VERSION = "11.17.2"
_SHA512 = (
    "57a2b70bc101744b0f1595d228c25eea9a50384371b87011afd1af1d7e21878e"
    "e501b84c443f6a7f8a042bb2e869143150b31af34feab798073bbdda0a578106"
)
_REGISTRY = "https://registry.npmjs.org"
_WANTED = ("package/dist/mermaid.esm.min.mjs", "package/dist/chunks/mermaid.esm.min/")
_SECONDS = 60


class NotFetched(Exception):
    """Mermaid is not here and cannot be fetched; the text is one sentence to show."""


def copy_to(target: Path, root: Path) -> None:
    """Copy Mermaid's modules and licence to `target`; raise `NotFetched` if there are none to copy."""
    shutil.copytree(fetched(root), target, dirs_exist_ok=True)


def fetched(root: Path) -> Path:
    """Return the folder of Mermaid in the clone at `root`, fetched the first time.

    Raises `NotFetched` if the registry does not give it. `NPM_CONFIG_REGISTRY` names another one.
    """
    home = root / ".tools" / f"mermaid-{VERSION}"
    if home.is_dir():
        return home
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or _REGISTRY
    address = f"{registry.rstrip('/')}/mermaid/-/mermaid-{VERSION}.tgz"
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:
            package = answer.read()
    except (OSError, ValueError) as error:
        raise NotFetched(
            f"Mermaid {VERSION} could not be downloaded ({getattr(error, 'reason', error)}), so "
            "diagrams show as text: build again with the network, or set NPM_CONFIG_REGISTRY to "
            "your registry."
        ) from None
    if hashlib.sha512(package).hexdigest() != _SHA512:
        raise NotFetched(f"{address} is not Mermaid {VERSION} as it was released: it was not used.")
    _unpack(package, home)
    return home


def _unpack(package: bytes, home: Path) -> None:
    fresh = home.with_suffix(f".{os.getpid()}")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in archive:
            code = member.name.startswith(_WANTED) and member.name.endswith(".mjs")
            if not (code or member.name == "package/LICENSE") or not member.isfile():
                continue
            content = archive.extractfile(member)
            assert content is not None
            path = fresh / member.name.removeprefix("package/").removeprefix("dist/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
    try:
        fresh.rename(home)  # only what is whole ever has the name
    except OSError:  # another build was faster
        shutil.rmtree(fresh)
