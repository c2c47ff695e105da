"""Which code belongs to an application: its package, what lies beside it, and what is left out."""

from pathlib import Path

import pytest

from groundrules.rules import CheckError, Report, check_project

ROUTES = "from fastapi import APIRouter\nrouter = APIRouter()\n"
HANDLER = f"{ROUTES}@router.get('/items')\nasync def items() -> list[int]:\n    return []\n"
UNHINTED = "def total(prices) -> int:\n    return sum(prices)\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def check(folder: Path, files: dict[str, str], package: str | None = None) -> Report:
    write(folder, files)
    return check_project(folder, package=package, select=["GR201", "GR204"])


def check_every_file(folder: Path) -> Report:
    """Check as a suite does."""
    return check_project(folder, package="app", every_file=True, honour_ignores=False)


def paths(report: Report) -> list[str]:
    return [each.path for each in report.findings]


def test_src_may_be_the_package_itself(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "src/__init__.py": "",
            "src/books/routes.py": HANDLER.replace(ROUTES, "from src.shared import router\n"),
            "src/shared.py": ROUTES,
        },
    )

    assert (report.package, paths(report)) == ("src", ["src/books/routes.py"])


@pytest.mark.parametrize("package", [None, "src"])
def test_src_may_be_a_package_whose_modules_are_imported_without_it(
    tmp_path: Path, package: str | None
) -> None:
    report = check(
        tmp_path,
        {
            "src/__init__.py": "",
            "src/books/routes.py": HANDLER.replace(ROUTES, "from shared import router\n"),
            "src/shared.py": ROUTES,
        },
        package,
    )

    assert paths(report) == ["src/books/routes.py"]


@pytest.mark.parametrize("holder", ["backend", "services/shop", "backend/src"])
def test_a_folder_whose_code_never_names_it_only_holds_the_package(
    tmp_path: Path, holder: str
) -> None:
    handler = HANDLER.replace(ROUTES, "from app.shared import router\n")
    report = check(tmp_path, {f"{holder}/app/api.py": handler, f"{holder}/app/shared.py": ROUTES})

    assert (report.package, paths(report)) == ("app", [f"{holder}/app/api.py"])


def test_a_folder_whose_code_names_it_is_the_package(tmp_path: Path) -> None:
    handler = HANDLER.replace(ROUTES, "from backend.app.shared import router\n")
    report = check(tmp_path, {"backend/app/api.py": handler, "backend/app/shared.py": ROUTES})

    assert (report.package, paths(report)) == ("backend", ["backend/app/api.py"])


def test_a_package_comes_before_folders_of_scripts(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {"dev/serve.py": ROUTES, "shop/__init__.py": "", "shop/main.py": HANDLER},
    )

    assert (report.package, paths(report)) == ("shop", ["shop/main.py"])


def test_two_packages_must_be_told_apart(tmp_path: Path) -> None:
    files = {"shop/__init__.py": ROUTES, "admin/__init__.py": ROUTES, "dev/serve.py": ROUTES}

    with pytest.raises(CheckError, match="several packages with FastAPI code: admin, shop"):
        check(tmp_path, files)


@pytest.mark.parametrize("proper", ["routers", "schemas", "nowhere"])
def test_folders_that_a_module_beside_them_puts_together_are_one_application(
    tmp_path: Path, proper: str
) -> None:
    report = check(
        tmp_path,
        {
            "main.py": f"import fastapi\n{imports('routers.items')}",
            "routers/items.py": HANDLER + imports("prices", "schemas.items"),
            "schemas/items.py": f"import fastapi\n{imports('schemas.base')}",
            "schemas/base.py": "x = 1\n",
            "prices.py": UNHINTED,
            f"{proper}/__init__.py": "",
        },
    )

    assert (report.package, paths(report)) == (tmp_path.name, ["prices.py", "routers/items.py"])


def test_domains_that_a_module_beside_them_puts_together_are_one_application(
    tmp_path: Path,
) -> None:
    files = {
        f"{domain}/{path}": text
        for domain in ("lending", "stock")
        for path, text in {
            "__init__.py": "",
            "api/routes.py": HANDLER + imports(f"{domain}.core.sums"),
            "core/sums.py": "x = 1\n",
        }.items()
    }
    server = f"import fastapi\n{imports('lending.api.routes', 'stock.api.routes')}"
    report = check(tmp_path, {**files, "server.py": server})

    assert paths(report) == ["lending/api/routes.py", "stock/api/routes.py"]


def test_a_package_with_layers_is_one_whatever_module_starts_it(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "main.py": f"import fastapi\n{imports('shop.api', 'middleware')}",
            "middleware/__init__.py": "import fastapi\n",
            "settings.py": "x = 1\n",
            "shop/__init__.py": "",
            "shop/api/__init__.py": HANDLER + imports("shop.core", "settings", "middleware"),
            "shop/core/__init__.py": "x = 1\n",
        },
    )

    assert report.package == "shop"


def test_packages_beside_it_belong_to_it_if_its_code_imports_them(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "app/services.py": "from core.prices import total\n",
            "core/__init__.py": "",
            "core/prices.py": f"from api import router\n{UNHINTED}",
            "core/get-prices.py": UNHINTED,
            "api/__init__.py": HANDLER,
            "scripts/__init__.py": UNHINTED,
        },
    )

    assert paths(report) == ["api/__init__.py", "core/prices.py"]


@pytest.mark.parametrize(
    "path",
    [
        "tests.py",
        "test_sums.py",
        "sums_test.py",
        "conftest.py",
        "tests/sums.py",
        "migrations/sums.py",
        "revisions/versions/sums.py",
    ],
)
def test_tests_and_migrations_are_no_application_code(tmp_path: Path, path: str) -> None:
    files = {f"app/{path}": UNHINTED, "app/revisions/script.py.mako": "", "app/sums.py": UNHINTED}

    assert paths(check(tmp_path, files)) == ["app/sums.py"]


@pytest.mark.parametrize(
    "path",
    [
        "test_sums.py",
        "conftest.py",
        "api/tests.py",
        "api/tests/sums.py",
        "alembic/sums.py",
        "migrations/versions/sums.py",
        "site-packages/sums.py",
        ".hidden/sums.py",
        "__pycache__/sums.py",
        "api/get-sums.py",
    ],
)
def test_in_a_suite_every_file_of_the_package_is_application_code(
    tmp_path: Path, path: str
) -> None:
    marked = {f"app/{each}": "" for each in ("script.py.mako", "api/script.py.mako", "pyvenv.cfg")}
    migration = f"{UNHINTED}revision = 1\ndown_revision = 1\n"
    write(tmp_path, {**marked, "app/api/pyvenv.cfg": "", f"app/{path}": migration})

    assert paths(check_every_file(tmp_path)) == [f"app/{path}"]


def test_in_a_suite_what_the_package_imports_counts_whatever_it_is_called(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app/main.py": "import test_sums\nfrom helpers.tests import sums\n",
            "test_sums.py": UNHINTED,
            "helpers/tests/sums.py": UNHINTED,
            "conftest.py": f"import fastapi\n{UNHINTED}",
            "tests/sums.py": UNHINTED,
        },
    )

    assert paths(check_every_file(tmp_path)) == ["helpers/tests/sums.py", "test_sums.py"]


def test_a_folder_with_two_names_is_read_where_it_lies(tmp_path: Path) -> None:
    write(tmp_path, {"app/sums/prices.py": UNHINTED})
    (tmp_path / "app" / "a_link").symlink_to("sums")

    assert paths(check(tmp_path, {})) == ["app/sums/prices.py"]
    assert paths(check_every_file(tmp_path)) == ["app/sums/prices.py"]


def test_in_a_suite_a_link_to_a_folder_above_is_said_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"app/sums.py": UNHINTED, "test_sums.py": UNHINTED})
    (tmp_path / "app" / "above").symlink_to("..")

    assert paths(check(tmp_path, {})) == ["app/sums.py"]
    assert paths(check_every_file(tmp_path)) == ["app/above", "app/sums.py"]


@pytest.mark.parametrize("coding", ["utf-7", "unicode_escape", "cp037"])
def test_in_a_suite_code_in_an_odd_encoding_is_read_or_said(tmp_path: Path, coding: str) -> None:
    (tmp_path / "app").mkdir()
    text = f"# coding: {coding}\n".encode() + UNHINTED.encode(coding)
    (tmp_path / "app" / "sums.py").write_bytes(text)

    assert paths(check_every_file(tmp_path)) == ["app/sums.py"]


def imports(*modules: str) -> str:
    return "".join(f"from {each} import x\n" for each in modules)


@pytest.mark.parametrize("holder", [".", "backend", "services/shop"])
def test_a_folder_named_as_the_package_in_it_is_not_the_package(
    tmp_path: Path, holder: str
) -> None:
    report = check(
        tmp_path,
        {
            f"{holder}/app/prestart.py": imports("app.core.config"),
            f"{holder}/app/app/core/config.py": "x = 1\n",
            f"{holder}/app/app/api/items.py": HANDLER + imports("app.core.config"),
        },
    )

    inner, outer = (Path(holder, each).as_posix() for each in ("app/app", "app"))
    assert paths(report) == [f"{inner}/api/items.py"]
    assert report.notes[0].startswith(f"{inner} was checked and not {outer}, because `app.…` is")


def test_a_package_that_has_a_part_of_its_own_name_is_the_package(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "app/main.py": ROUTES + imports("app.app.sums", "app.core"),
            "app/core.py": "x = 1\n",
            "app/app/sums.py": f"x = 1\n{UNHINTED}",
        },
    )

    assert (paths(report), report.notes) == (["app/app/sums.py"], ())


@pytest.mark.parametrize("extra", ["", "import fastapi\n"])
@pytest.mark.parametrize("shop", ["shop", "src/shop", "backend/shop"])
def test_a_folder_app_that_nothing_imports_is_not_the_package(
    tmp_path: Path, extra: str, shop: str
) -> None:
    report = check(
        tmp_path,
        {
            "app/build.py": f"{extra}{UNHINTED}",
            f"{shop}/__init__.py": "",
            f"{shop}/main.py": f"{HANDLER}from shop.core import x\n",
            f"{shop}/core.py": "x = 1\n",
        },
    )

    assert (report.package, paths(report)) == ("shop", [f"{shop}/main.py"])
    assert report.notes[0].startswith(f"{shop} was checked and not app, because its modules")


def test_app_is_the_package_if_it_has_the_handlers_whatever_lies_beside_it(tmp_path: Path) -> None:
    files = {"app/main.py": HANDLER, "app/sums.py": "from .main import router\n"}
    report = check(tmp_path, {**files, "examples/serve.py": ROUTES, "tools/sums.py": UNHINTED})

    assert (report.package, paths(report)) == ("app", ["app/main.py"])
    assert report.notes[0].startswith("app was checked and not examples")


@pytest.mark.parametrize("start", [".", "src", "src/app"])
@pytest.mark.parametrize("init", ["src/__init__.py", "src/app/__init__.py"])
def test_a_package_may_be_imported_from_further_above(
    tmp_path: Path, start: str, init: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        {
            init: "",
            "src/app/api/items.py": HANDLER.replace(
                ROUTES, "from src.app.core.web import router\n"
            ),
            "src/app/core/web.py": ROUTES + imports("src.prices", "src.app.core.sums"),
            "src/app/core/sums.py": "x = 1\n",
            "src/prices.py": UNHINTED,
            "src/others.py": UNHINTED,
        },
    )
    monkeypatch.chdir(tmp_path / start)

    report = check_project(Path(), select=["GR201", "GR204", "GR303"])

    found = sorted(Path(each).name for each in paths(report))
    assert (report.package, found) == ("app", ["items.py", "prices.py"])


def test_in_a_suite_a_package_is_imported_by_its_name_whatever_is_written(tmp_path: Path) -> None:
    lines = "from course.app.items import x\n" * 30
    write(
        tmp_path / "course",
        {
            "app/items.py": HANDLER.replace(ROUTES, "from app.web import router\n"),
            "app/web.py": f'{ROUTES}"""\n{lines}"""\n',
        },
    )

    report = check_project(tmp_path / "course", package="app", every_file=True, select=["GR204"])

    assert paths(report) == ["app/items.py"]


def test_layers_that_lie_deeper_are_found(tmp_path: Path) -> None:
    files = {
        "backend/__init__.py": "",
        "backend/main.py": HANDLER + "from .shop import core\n",
        "backend/shop/api/items.py": HANDLER + "from ..core.sums import x\n",
        "backend/shop/core/sums.py": "x = 1\n",
        "backend/scripts/run.py": "x = 1\n",
    }
    write(tmp_path, files)

    report = check_project(tmp_path, select=["GR303"])

    assert (report.package, paths(report)) == ("shop", ["backend/main.py"])


def test_of_two_packages_the_one_that_is_imported_is_checked(tmp_path: Path) -> None:
    files = {"old/__init__.py": ROUTES, "shop/__init__.py": "", "shop/core.py": "x = 1\n"}
    report = check(tmp_path, {**files, "shop/main.py": HANDLER + imports("shop.core")})

    assert (report.package, paths(report)) == ("shop", ["shop/main.py"])


@pytest.mark.parametrize(
    "text",
    [
        "from alembic import op\nrevision: str = '1'\ndown_revision: str | None = None\n",
        "revision = '1'\ndown_revision = None\n",
        "from piccolo.apps.migrations.auto.migration_manager import MigrationManager\n"
        "ID = '2024'\nVERSION = '1'\n\n\nasync def forwards():\n    return MigrationManager(ID)\n",
        "from tortoise import BaseDBAsyncClient\n\n\nasync def upgrade(db):\n    return ''\n\n\n"
        "async def downgrade(db):\n    return ''\n",
    ],
)
def test_a_migration_is_known_by_what_is_in_it(tmp_path: Path, text: str) -> None:
    files = {"app/changes/one.py": text + UNHINTED, "app/sums.py": UNHINTED}

    assert paths(check(tmp_path, files)) == ["app/sums.py"]
