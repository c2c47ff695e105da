"""Finding what a dotted name means in the trainee's code."""

import inspect
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

FACTORY = "create_app"  # what makes `app`, as the lessons name it


class Missing(Exception):
    """Something that a lesson names is not in the trainee's code; the text says what."""


def find(target: str, folder: Path) -> Any:
    """Return what a dotted name means, importing the modules on the way.

    A generic class may have another name in brackets, as in `app.page.Page[app.book.Book].model_validate`.
    Raises `Missing` if there is no such thing below `folder`, and whatever an import raises.
    """
    if "]" in target:
        generic, _, rest = target.partition("[")
        argument, _, attribute = rest.rpartition("]")
        made = find(generic, folder)[find(argument, folder)]
        return getattr(made, attribute[1:]) if attribute else made
    names = target.split(".")
    try:
        return _find(names, folder)
    except Missing:
        raise
    except BaseException:
        _forget(names[0])
        raise


def _find(names: list[str], folder: Path) -> Any:
    found: Any = import_module(names[0])
    if not any(Path(each).is_relative_to(folder) for each in found.__path__):
        raise Missing(f"{names[0]} is not the package in {folder}.")
    for position, name in enumerate(names[1:], start=1):
        if hasattr(found, name):
            found = getattr(found, name)
        elif isinstance(found, ModuleType):
            found = _import(".".join(names[: position + 1]), found, folder)
        else:
            raise Missing(f"{'.'.join(names[:position])} has no `{name}`.")
    return found


def _forget(package: str) -> None:
    """Let the next import begin anew.

    After one that failed half-way, the same mistake would be told as another: a table that is defined twice.
    """
    for module in [each for each in sys.modules if each.partition(".")[0] == package]:
        del sys.modules[module]


def application_at(target: str, folder: Path, *, factory: bool) -> Any:
    """Return the application of that name, or what the `factory` of that name makes.

    Raises `Missing` if it is none, and whatever making it raises.
    """
    found = find(target, folder)
    module, _, name = target.rpartition(".")
    shown = f"`{name}` in {module.replace('.', '/')}.py"
    application = found() if factory else found
    if application is None:
        maker = found if factory else getattr(find(module, folder), FACTORY, None)
        if factory or (callable(maker) and maker() is None):
            maker_name = name if factory else FACTORY
            raise Missing(f"{maker_name}() returned None: is `return` missing?")
    if inspect.iscoroutine(application):
        application.close()
        raise Missing(f"{shown} is a coroutine, not an application: write `def`, without `async`.")
    if not factory and inspect.isclass(application):
        raise Missing(
            f"{shown} is the class {found.__name__}, not an application: write `{found.__name__}()`."
        )
    if not factory and inspect.isfunction(application) and not _is_asgi(application):
        raise Missing(f"{shown} is a function, not an application: call it.")
    if not callable(application):
        what = f"what {name}() returned" if factory else shown
        raise Missing(f"{what} is not an application: its type is {type(application).__name__}.")
    return application


def _is_asgi(function: Any) -> bool:
    """Whether a function can be called as an ASGI application is."""
    try:
        inspect.signature(function).bind({}, None, None)
    except TypeError:
        return False
    return True


def _import(module: str, parent: ModuleType, folder: Path) -> ModuleType:
    name = module.rpartition(".")[2]
    if not hasattr(parent, "__path__"):
        raise Missing(f"{_shown(parent, folder)} has no `{name}`.{_instead(name, parent)}")
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise Missing(f"{_shown(parent, folder)} has no `{name}`.") from None


def _instead(name: str, module: ModuleType) -> str:
    """Return a sentence on what the module has that was meant to be `name`, empty if there is nothing."""
    own = {
        key: value
        for key, value in vars(module).items()
        if getattr(value, "__module__", module.__name__) == module.__name__
    }
    for key, value in own.items():
        if inspect.isclass(value) and name in vars(value):
            return (
                f" It is in the class `{key}`. Below the class, `{name} = {key}().{name}` adds "
                "it to the module."
            )
    alike = get_close_matches(name, [key for key in own if not key.startswith("__")], n=1)
    return f" It has `{alike[0]}`." if alike else ""


def _shown(module: ModuleType, folder: Path) -> str:
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__name__.replace(".", "/") + "/"
    path = Path(file)
    shown = path.parent if path.name == "__init__.py" else path
    return shown.relative_to(folder).as_posix()
