"""What the trainee's code raises is told with its own lines."""

import importlib.util
from pathlib import Path

import pytest

from groundrules.worker.errors import Raised, WorkerError
from groundrules.worker.failures import describe
from tests.worker.conftest import Start, must_be_fine, spot


async def test_sys_exit_at_import_is_told_with_its_line(start: Start) -> None:
    app = start("import sys\nsys.exit(3)")

    with pytest.raises(Raised, match=r"^The import of app.main raised SystemExit: 3$") as told:
        await app.get("/fine")

    assert spot(told.value) == "app/main.py: sys.exit(3)"


async def test_sys_exit_in_a_handler_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import sys

        @app.get("/exit")
        async def exit() -> None:
            sys.exit(3)
        """
    )

    response = await app.get("/exit")

    assert response.status_code == 500
    [raised] = app.account().raised
    assert str(raised) == "SystemExit: 3"
    assert raised.frames[-1].source == "sys.exit(3)"
    await must_be_fine(app)


async def test_deep_recursion_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        def deeper(number: int) -> int:
            return deeper(number + 1)

        @app.get("/deep")
        async def deep() -> int:
            return deeper(0)
        """
    )

    response = await app.get("/deep")

    assert response.status_code == 500
    [raised] = app.account().raised
    assert str(raised).startswith("RecursionError: maximum recursion depth exceeded")
    assert raised.frames[-1].source == "return deeper(number + 1)"
    with pytest.raises(Raised, match=r"^app.main.deeper\(\) raised RecursionError: "):
        await app.main.deeper(number=0)
    await must_be_fine(app)


async def test_a_breakpoint_without_a_terminal_is_told_with_its_line(start: Start) -> None:
    app = start("", other="def stop() -> None:\n    breakpoint()")

    with pytest.raises(
        Raised, match=r"^app.other.stop\(\) raised RuntimeError: breakpoint\(\)"
    ) as told:
        await app.other.stop()

    assert spot(told.value) == "app/other.py: breakpoint()"


async def test_a_question_to_nobody_is_told_with_its_line(start: Start) -> None:
    app = start("", other="def ask() -> str:\n    return input('Name? ')")

    with pytest.raises(Raised, match=r"^app.other.ask\(\) raised EOFError") as told:
        await app.other.ask()

    assert spot(told.value) == "app/other.py: return input('Name? ')"


async def test_an_exception_that_cannot_be_told_is_told_by_its_name(start: Start) -> None:
    app = start(
        "",
        other="""
        class Mute(Exception):
            def __str__(self) -> str:
                raise SystemExit

        def speak() -> None:
            raise Mute
        """,
    )

    with pytest.raises(Raised, match=r"speak\(\) raised Mute: \(its message cannot be shown\)"):
        await app.other.speak()


async def test_a_syntax_error_is_told_with_its_line(start: Start) -> None:
    app = start("from app.broken import x", broken="def x(:\n    pass")

    with pytest.raises(
        Raised, match=r"^The import of app.main raised SyntaxError: invalid syntax"
    ) as told:
        await app.get("/fine")

    assert spot(told.value) == "app/broken.py: def x(:"


async def test_an_import_of_a_missing_module_is_told_with_its_line(start: Start) -> None:
    app = start("import nowhere")

    with pytest.raises(
        Raised, match="raised ModuleNotFoundError: No module named 'nowhere'"
    ) as told:
        await app.get("/fine")

    assert spot(told.value) == "app/main.py: import nowhere"


async def test_a_broken_module_is_told_the_same_again(start: Start) -> None:
    app = start(
        "from app.models.book import Book",
        models__base="from sqlalchemy.orm import DeclarativeBase\n\nclass Base(DeclarativeBase): ...",
        models__book="""
        from sqlalchemy.orm import Mapped, mapped_column
        from app.models.base import Base

        class Book(Base):
            __tablename__ = "books"
            id: Mapped[int] = mapped_column(primary_key=True)

        forgotten
        """,
    )

    with pytest.raises(Raised, match=r"NameError: name 'forgotten' is not defined"):
        await app.get("/fine")
    for _ in range(2):
        with pytest.raises(Raised, match=r"NameError: name 'forgotten' is not defined"):
            await app.models.book.Book(id=1)


async def test_a_missing_name_is_told_by_its_file(start: Start) -> None:
    app = start("", other="")

    with pytest.raises(WorkerError, match=r"app/other.py has no `four`"):
        await app.other.four()


async def test_the_environment_holds_what_the_run_sets_and_no_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")
    app = start("", other="import os\n\ndef names() -> list[str]:\n    return sorted(os.environ)")

    names = await app.other.names()

    assert "WISH" in names
    assert set(names) <= {"WISH", "LANG", "PATH", "TZ", "TMPDIR"}


async def test_the_time_zone_is_that_of_the_environment(start: Start) -> None:
    app = start(
        "", other="import time\n\ndef east() -> int:\n    return time.localtime(0).tm_gmtoff"
    )

    async with app.started(TZ="Asia/Kolkata") as elsewhere:
        assert await elsewhere.other.east() == 19800
    async with app.started(TZ="UTC") as elsewhere:
        assert await elsewhere.other.east() == 0


async def test_what_a_handler_raises_in_another_process_is_told_too(start: Start) -> None:
    app = start(
        """
        @app.get("/fail")
        async def fail() -> None:
            raise ValueError("so")
        """
    )

    with pytest.raises(AssertionError):
        async with app.started() as other:
            assert (await other.get("/fail")).status_code == 503

    assert [str(each) for each in app.account().elsewhere] == ["ValueError: so"]


async def test_the_route_most_like_the_one_asked_for_comes_first(start: Start) -> None:
    app = start(
        """
        @app.get("/a")
        @app.post("/books")
        @app.get("/books/{book_id}/lent")
        async def say() -> str:
            return "so"
        """
    )

    await app.post("/book")

    assert (app.account().routes or [])[0] == "POST /books"


class TestAFolderWithSpaces:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "my work" / "für Ä"
        folder.mkdir(parents=True)
        return folder

    async def test_is_a_folder_like_any(self, start: Start) -> None:
        app = start("", other="def fail() -> None:\n    raise ValueError('so')")

        await must_be_fine(app)

        with pytest.raises(Raised) as told:
            await app.other.fail()
        assert spot(told.value) == "app/other.py: raise ValueError('so')"


async def test_a_generator_that_waits_at_its_yield_has_raised_nothing(tmp_path: Path) -> None:
    module = tmp_path / "deps.py"
    module.write_text(
        "async def get_db():\n    try:\n        yield 1\n    finally:\n        pass\n\n\n"
        "async def get_half():\n    yield int('half')\n"
    )
    spec = importlib.util.spec_from_file_location("deps", module)
    assert spec is not None
    assert spec.loader is not None
    deps = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(deps)
    waiting = deps.get_db()
    await anext(waiting)
    with pytest.raises(ValueError, match="invalid literal") as thrown:
        await waiting.athrow(ValueError("invalid literal"))
    with pytest.raises(ValueError, match="invalid literal") as own:
        await anext(deps.get_half())

    assert describe(thrown.value, tmp_path)["frames"] == []
    assert describe(own.value, tmp_path)["frames"] == [
        {"file": "deps.py", "line": 9, "source": "yield int('half')"}
    ]
