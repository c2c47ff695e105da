"""In a suite nothing below `app/` hides from the rules by its name, its content or its neighbours."""

from pathlib import Path

import pytest

from groundrules.course.steps import find_course
from groundrules.testing.code import Code, RuleBroken

COURSE = find_course(Path(__file__).parents[2])
HANDLER = """\
from fastapi import APIRouter

router = APIRouter()


@router.get("/health")
def health():
    return {}
"""


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("app/api/health.py", {"app/script.py.mako": ""}),
        ("app/api/health.py", {"app/api/script.py.mako": ""}),
        ("app/api/health.py", {"app/api/pyvenv.cfg": ""}),
        ("app/api/test_health.py", {}),
        ("app/api/conftest.py", {}),
        ("app/api/tests.py", {}),
        ("app/api/migrations/health.py", {}),
    ],
)
@pytest.mark.parametrize("end", ["", "revision = 1\ndown_revision = 1\n"])
def test_a_plain_unhinted_handler_breaks_the_rules_wherever_it_lies(
    tmp_path: Path, path: str, more: dict[str, str], end: str
) -> None:
    for name, text in {path: HANDLER + end, **more}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    code = Code(COURSE, tmp_path)

    for rule in ("GR201", "GR202", "GR204"):
        with pytest.raises(RuleBroken) as broken:
            code.must_keep(rule, until=COURSE.step(1))
        assert [each.path for each in broken.value.findings] == [path]
