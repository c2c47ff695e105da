"""What an application imports, and which of it the packages in its project file bring."""

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    packages_distributions,
)
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

# What a name needs that its own package does not bring.
NEEDS = {
    **dict.fromkeys(("EmailStr", "NameEmail"), "email_validator"),
    **dict.fromkeys(
        (
            "Form",
            "File",
            "UploadFile",
            "OAuth2PasswordRequestForm",
            "OAuth2PasswordRequestFormStrict",
        ),
        "python_multipart",
    ),
}
OWNERS = ("pydantic", "fastapi", "starlette")
PYTHONS = ("3.11.1", "3.12.1", "3.13.1", "3.14.1")
ENVIRONMENTS = {  # what a marker can ask, by words for where it is so
    "on Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "on macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "on Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    **{
        f"with Python {each[:4]}": {"python_version": each[:4], "python_full_version": each}
        for each in PYTHONS
    },
}


def by_environment(
    dependencies: Sequence[object], pythons: str = ""
) -> Iterator[tuple[str, list[object]]]:
    """Yield words for an environment, and the requirements whose markers let them in there, without markers.

    Raises `InvalidRequirement` for what is no requirement.

    :param pythons: what `requires-python` says; other versions are left out.
    """
    asked = [Requirement(str(each)) for each in dependencies]
    supported = [""]
    with suppress(InvalidSpecifier):  # then it says nothing about a version
        supported += SpecifierSet(pythons).filter(PYTHONS)
    for words, environment in ENVIRONMENTS.items():
        if environment.get("python_full_version", "") in supported:
            within = [
                each for each in asked if each.marker is None or each.marker.evaluate(environment)
            ]
            yield words, [_without_marker(each) for each in within]


def _without_marker(requirement: Requirement) -> Requirement:
    plain = Requirement(str(requirement))
    plain.marker = None
    return plain


def undeclared(folder: Path, dependencies: Sequence[object]) -> Iterator[tuple[str, str, str]]:
    """Yield each file that imports what no dependency brings, what that is, and the package that brings it.

    It is a module, or a name such as `EmailStr`, which needs another package than the one that it is of. An
    import that may fail, or that only a type checker sees, is left out, and so is what is not installed.

    :param folder: the folder that holds the `app` package, and perhaps `migrations`.
    :param dependencies: the requirements of the project file; what is no requirement brings nothing.
    """
    brought = {
        module for each in _with_what_they_need(dependencies) for module in _modules_of(each)
    }
    own = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
    for part in ("app", "migrations"):
        for path in sorted((folder / part).rglob("*.py")):
            imported = _imported(path)
            for module in sorted(imported.keys() - own - brought - sys.stdlib_module_names):
                for package in packages_distributions().get(module, [])[:1]:
                    file = path.relative_to(folder).as_posix()
                    yield file, imported[module], canonicalize_name(package)


def installed_by(dependencies: Sequence[object]) -> set[str]:
    """Return the names of the packages on this machine that come with requirements, those named included."""
    return {canonicalize_name(each.metadata["Name"]) for each in _with_what_they_need(dependencies)}


def _imported(path: Path) -> dict[str, str]:
    """Return the first names of the modules that a file surely needs, and what it imports of them.

    None if it cannot be read.
    """
    try:
        waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    except (OSError, SyntaxError, ValueError):
        return {}
    names: dict[str, str] = {}
    while waiting:
        match waiting.pop():
            case ast.Import(names=modules):
                first = [each.name.partition(".")[0] for each in modules]
                names |= dict(zip(first, first, strict=True))
            case ast.ImportFrom(module=str(module), names=imported, level=0):
                package = module.partition(".")[0]
                names[package] = package
                if package in OWNERS:
                    names |= {
                        NEEDS[each.name]: each.name for each in imported if each.name in NEEDS
                    }
            case ast.Try() | ast.If():
                pass
            case node:
                waiting += ast.iter_child_nodes(node)
    return names


def _with_what_they_need(dependencies: Sequence[object]) -> list[Distribution]:
    """Return the installed distributions of requirements, and those that they depend on."""
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [(str(each), "") for each in dependencies]
    while waiting:
        text, extra = waiting.pop()
        try:
            requirement = Requirement(text)
            package = distribution(requirement.name)
        except (InvalidRequirement, PackageNotFoundError):
            continue
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), wanted)
            if key not in found:
                found[key] = package
                waiting += [(each, wanted) for each in package.requires or ()]
    return list(found.values())


def _modules_of(package: Distribution) -> Iterator[str]:
    """Yield the first names of the modules that a distribution brings."""
    for file in package.files or ():
        name = file.parts[0]
        if len(file.parts) > 1 or name.endswith((".py", ".so", ".pyd")):
            yield name.partition(".")[0]
