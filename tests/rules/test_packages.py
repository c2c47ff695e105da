"""Which code belongs to an application: its package, what lies beside it, and what is left out."""

from pathlib import Path

import pytest

from groundrules.rules import CheckError, Report, check_project

ROUTES = "from fastapi import APIRouter\nrouter = APIRouter()\n"
HANDLER = f"{ROUTES}@router.get('/items')\nasync def items() -> list[int]:\n    return []\n"
UNHINTED = "def total(prices) -> int:\n    return sum(prices)\n"


def check(folder: Path, files: dict[str, str], package: str | None = None) -> Report:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return check_project(folder, package=package, select=["GR201", "GR204"])


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
