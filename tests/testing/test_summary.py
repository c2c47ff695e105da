"""What a run says at its end: how each task stands, and the one thing to do next or, with `-v`, all of it."""

import shutil

import pytest

from tests.testing.conftest import EXTRA, WORDS, Clone, write_application


def test_what_is_not_begun_is_told_once(clone: Clone) -> None:
    run = clone.pytest("steps/01")
    in_full = clone.all_of("steps/01")

    assert run.status == 1
    assert [line for line in run.lines if " in 0." not in line] == [
        "Checking exercises/app",
        "To do: 01.1 and 01.2.",
        "",
        "01.1 The words",
        "    Write exercises/app/words.py",
        "    Read  steps/01-words/README.md",
    ]
    assert in_full.wrong == [["01.1 The words: nothing to check yet in app/words.py."]]
    assert "   to do  01.1 The words" in in_full.lines


@pytest.mark.parametrize("text", ['"""Write extra."""', '# Mine.\n\n"""Write extra."""  # soon\n'])
def test_a_rule_is_not_checked_on_a_stub(clone: Clone, text: str) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", text)

    run = clone.all_of("steps/02")

    assert run.wrong == [["02.1 The words: nothing to check yet in app/extra.py."]]


def test_what_takes_all_files_of_a_task_waits_for_them(clone: Clone) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", EXTRA)
    for folder in ("steps/02-more/starter", "exercises"):
        clone.write(f"{folder}/app/more.py", '"""Write more."""\n')
    file = clone.file("steps/02-more/step.toml")
    both = str(["app/extra.py", "app/more.py"])
    file.write_text(
        file.read_text().replace("['app/extra.py']", both).replace('["app/extra.py"]', both)
    )
    suite = (
        "from groundrules.testing import task, when_begun\n\n\n"
        '@task("02.1")\ndef test_one() -> None: ...\n\n\n'
        '@task("02.1")\n@when_begun\ndef test_both() -> None: ...\n'
    )
    clone.write("steps/02-more/test_more.py", suite)

    run = clone.all_of("steps/02/test_more.py")

    assert run.wrong == [["02.1 The words: nothing to check yet in app/more.py."]]
    assert "1 failed, 1 passed" in run.out


def test_many_files_are_not_all_listed(clone: Clone) -> None:
    names = [f"a_file_with_rather_a_long_name_{number}" for number in range(9)]
    for name in names:
        clone.write(f"steps/02-more/starter/app/{name}.py", "")
        clone.write(f"exercises/app/{name}.py", "")
    files = str([f"app/{name}.py" for name in names])
    file = clone.file("steps/02-more/step.toml")
    file.write_text(
        file.read_text().replace("['app/extra.py']", files).replace('["app/extra.py"]', files)
    )
    write_application(clone, "exercises")

    [told] = clone.all_of("steps/02").wrong

    assert told[0] == (
        "02.1 The words: nothing to check yet in app/a_file_with_rather_a_long_name_0.py,"
    )
    assert told[-1].endswith("and 6 more.")
    assert all(len(line) <= 80 for line in told)


def test_a_step_that_must_come_first_is_named(clone: Clone) -> None:
    clone.write("exercises/app/extra.py", EXTRA)

    run = clone.all_of("steps/02")

    [told] = run.wrong
    assert " ".join(" ".join(told).split()) == (
        "02.1 The words: step 01 comes first, app/words.py is still a stub; run pytest steps/01."
    )
    assert run.lines[-2] == "Next: step 01 first; read steps/01-words/README.md"


def test_a_finished_step_is_done(clone: Clone) -> None:
    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 0
    assert run.lines[1].startswith("3 tests pass, in ")
    assert run.lines[2:4] == [
        "Done: 01.1 and 01.2.",
        "Next: step 02, More; read steps/02-more/README.md",
    ]


def test_after_the_last_step_that_is_ready_nothing_is_next(clone: Clone) -> None:
    clone.write("alice/exercises/app/extra.py", EXTRA)

    run = clone.pytest("steps/02", "--app=alice")

    assert run.lines[-2] == "Step 02 is done, the last that is ready."


def test_after_the_very_last_step_the_course_goes_on_by_itself(clone: Clone) -> None:
    shutil.rmtree(clone.root / "steps" / "05-later")
    clone.write("alice/exercises/app/extra.py", EXTRA)

    run = clone.pytest("steps/02", "--app=alice")

    assert run.lines[-2] == "Step 02 is done, the last one. Type: groundrules start"


def test_one_cause_is_told_once_with_all_that_it_fails(clone: Clone) -> None:
    write_application(clone, "exercises", WORDS + "1/0\n")
    suite = clone.file("steps/01-words/test_it.py")
    more = [
        f'@task("01.{task}")\nasync def test_{name}(app):\n    await app.words.say()\n'
        for task, name in ((1, "one"), (2, "two"), (2, "three"))
    ]
    suite.write_text("\n\n".join([suite.read_text(), *more]))

    run = clone.all_of("steps/01")

    [told] = run.wrong
    assert told[0] == "01.1 The words"
    assert told[1] == "    exercises/app/words.py:6  ZeroDivisionError: division by zero"
    assert told[-2:] == ["    Test  test_one", "    Also  it fails 01.2 (3 tests)"]
    assert run.lines[-2] == "Next: 01.1 at exercises/app/words.py:6; read steps/01-words/README.md"


def test_every_place_of_a_broken_rule_is_named(clone: Clone) -> None:
    functions = "".join(f"\n\ndef f{number}(a): ...\n" for number in range(5))
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", EXTRA + functions)

    run = clone.all_of("steps/02")

    [[_, *finding]] = run.wrong
    assert finding[0] == "GR201 type-hints  exercises/app/extra.py:6"
    assert finding[-1] == "    Also  exercises/app/extra.py:9, exercises/app/extra.py:12 and 2 more"
    assert run.lines[-2] == "Next: 02.1 at exercises/app/extra.py:6; read steps/02-more/README.md"


def test_a_rule_is_not_silenced_by_a_comment(clone: Clone) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", "def f(a): ...  # groundrules: ignore[GR201]\n")

    assert clone.pytest("steps/02", "-q").status == 1


def test_a_file_of_a_later_step_is_nobodys_fault_yet(clone: Clone) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/later.py", "def f(a): ...\n")
    clone.write("exercises/app/extra.py", EXTRA)

    assert clone.pytest("steps/02", "-q").status == 0


def test_a_task_whose_tests_all_passed_is_not_blamed(clone: Clone) -> None:
    write_application(clone, "exercises")
    text = '"""Say please."""\n\n\ndef say() -> str:\n    raise KeyError\n'
    clone.write("exercises/app/words.py", text)

    run = clone.all_of("steps/01")

    [told] = run.wrong
    assert told[0] == "01.2 The program"
    assert "    Read  steps/01-words/README.md, or ask: groundrules hint 01.2" in told
    assert "Next: 01.2 at exercises/app/words.py:5; read steps/01-words/README.md" in run.lines


def test_the_value_of_a_test_is_not_looked_for_inside_words(clone: Clone) -> None:
    write_application(clone, "exercises")
    suite = (
        "import pytest\n\nfrom groundrules.testing import task\n\n\n"
        '@task("01.2")\n@pytest.mark.parametrize("odd", ["0", "x"])\n'
        'def test_odd(odd) -> None:\n    assert False, "The text of 01.1 comes first."\n'
    )
    clone.write("steps/01-words/test_odd.py", suite)

    [told] = clone.all_of("steps/01").wrong

    assert "    Test  test_odd[0] and [x]" in told


FAILING = "from groundrules.testing import task\n" + "".join(
    f'\n\n@task("02.1")\ndef test_{letter}() -> None:\n    assert False, "It is not {letter}."\n'
    for letter in "abcde"
)


def test_one_finding_is_told_last_and_how_many_more_there_are(clone: Clone) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", EXTRA)
    clone.write("steps/02-more/test_more.py", FAILING)

    run = clone.pytest("steps/02/test_more.py")
    in_full = clone.all_of("steps/02/test_more.py")

    assert [f"It is not {letter}." in run.out for letter in "abcde"] == [True] + [False] * 4
    assert run.lines[-1] == "4 more findings: -v"
    assert len(run.lines) <= 15
    assert [f"It is not {letter}." in in_full.out for letter in "abcde"] == [True] * 5
    assert "findings: -v" not in in_full.out


def test_what_most_tests_of_the_first_task_fail_for_is_told(clone: Clone) -> None:
    write_application(clone, "exercises", WORDS + "\n\ndef shout() -> str:\n    return [][1]\n")
    calls = "".join(
        f'\n\n@task("01.1")\nasync def test_{name}(app):\n    await app.words.shout()\n'
        for name in ("one", "two", "three")
    )
    odd = '\n\n@task("01.1")\ndef test_odd():\n    assert False, "It is odd."\n'
    clone.write("steps/01-words/test_a.py", "from groundrules.testing import task\n" + odd + calls)

    run = clone.pytest("steps/01")

    assert "    exercises/app/words.py:9  IndexError: list index out of range" in run.lines
    assert "It is odd." not in run.out
    assert run.lines[-1] == "2 more findings: -v"


def test_all_that_is_about_one_line_is_one_finding(clone: Clone) -> None:
    write_application(clone, "exercises", "def say(x=0):\n    return {}[0]if x else[][1]#please\n")
    clone.write(
        "steps/01-words/test_loud.py",
        "from groundrules.testing import task\n\n\n"
        '@task("01.2")\nasync def test_loud(app):\n    await app.words.say(x=1)\n',
    )

    run = clone.pytest("steps/01")

    assert "more finding" not in run.out
    assert "exercises/app/words.py:2  IndexError" in run.out
    assert "KeyError" in clone.all_of("steps/01").out


@pytest.mark.parametrize(
    ("below", "app", "shown"),
    [
        (".", "exercises", "exercises/app/words.py:3  Zero"),
        ("exercises", "../exercises", "    app/words.py:3  Zero"),
        ("exercises/app", "../../exercises", "    words.py:3  Zero"),
        ("steps", "../exercises", "../exercises/app/words.py:3  Zero"),
    ],
)
def test_places_are_found_from_where_the_run_was_started(
    clone: Clone, below: str, app: str, shown: str
) -> None:
    write_application(clone, "exercises", "# please\ndef say():\n    return 1/0\n")

    run = clone.pytest(str(clone.file("steps/01")), f"--app={app}", below=below)

    assert shown in run.out
    [lesson] = [line.split()[1].rstrip(",") for line in run.lines if line.startswith("    Read")]
    assert (clone.file(below) / lesson).is_file()
