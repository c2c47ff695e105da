"""Mutants are what their generator promises. `python -m tests.mutants` judges them."""

import ast
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mutants.judge import SOLUTION, all_mutants, equivalent, judge
from tests.mutants.mutate import mutants

SAMPLE, SEED = 24, 11  # some seconds each


def changes(source: str) -> set[str]:
    return {mutant.after for mutant in mutants("app/example.py", source)}


@pytest.mark.parametrize(
    ("source", "slip"),
    [
        ("if a < b:\n    c()", "if a <= b:"),
        ("x = a and b", "x = ((a) or (b))"),
        ("x = 5", "x = 6"),
        ("x = {'a': 1, 'b': 2}", "x = {'a': 1}"),
        ("async def f():\n    await g()", "g()"),
        ("async def f():\n    await g()", "pass"),
        ("if a:\n    raise NoCopyLeft", "pass"),
        ("x = Field(ge=1, le=5)", "x = Field(le=5)"),
        ("x = select(a).where(b, c)", "x = select(a).where(c)"),
        ("f(db, limit=a, offset=b)", "f(db, limit=b, offset=a)"),
        ("@lru_cache\ndef f(): ...", "# without its decorator"),
        ("x = status.HTTP_404_NOT_FOUND", "x = status.HTTP_400_BAD_REQUEST"),
        ("class A(BaseModel):\n    x: int", "pass"),
    ],
)
def test_a_slip_is_among_the_mutants(source: str, slip: str) -> None:
    assert slip in changes(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is."""',
        'error = HTTPException(detail="There is no such book.")',
        'logger.info("asked for %s", 5)',
        "from app.core import config",
        "def f(x: int | None) -> int | None: ...",
        "x: str | None",
    ],
)
def test_what_is_for_people_and_type_checkers_stays_as_it_is(source: str) -> None:
    assert not changes(source)


def test_what_an_error_says_stays_as_it_is() -> None:
    assert changes('raise ValueError("no such book")') == {"pass"}


def test_every_mutant_is_python_and_another_program() -> None:
    for path in sorted(SOLUTION.glob("app/services/*.py")):
        text = path.read_text(encoding="utf-8")
        original = ast.dump(ast.parse(text))
        for mutant in mutants(path.name, text):
            assert ast.dump(ast.parse(mutant.text)) != original


def test_every_explanation_is_about_a_mutant_there_is() -> None:
    assert equivalent().keys() <= {mutant.key for mutant in all_mutants()}


@pytest.mark.slow
def test_those_of_a_drawn_sample_are_caught() -> None:
    """The sample leaves out what `equivalent.toml` explains; all are judged by `python -m tests.mutants`."""
    wrong = [each for each in all_mutants() if each.key not in equivalent()]
    drawn = random.Random(SEED).sample(wrong, SAMPLE)

    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(judge, drawn))

    assert [str(each.mutant) for each in verdicts if not each.by] == []
