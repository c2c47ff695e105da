"""A private copy of a submission, and the application in it; what would harm is refused."""

import io
import os
import socket
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundrules.grade import reader
from groundrules.grade.applications import NotFound
from groundrules.grade.copies import Application, NothingHandedIn, copy_application
from groundrules.grade.reader import Broken

FILES = {"app/__init__.py": "", "app/main.py": "READY = 1\n", "migrations/env.py": "X = 1\n"}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its links need rights")


def written(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def zipped(path: Path, files: Mapping[str, str] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def copied(source: Path, tmp_path: Path) -> Application:
    return copy_application(source, tmp_path / "copy")


def names(found: Application) -> set[str]:
    files = (path for path in found.folder.rglob("*") if path.is_file())
    return {path.relative_to(found.folder).as_posix() for path in files}


@pytest.mark.parametrize("below", ["", "a/", "a/b/", "a/b/c/"])
def test_an_application_is_found_up_to_three_folders_deep(tmp_path: Path, below: str) -> None:
    source = written(tmp_path / "ada", {f"{below}{name}": text for name, text in FILES.items()})

    assert names(copied(source, tmp_path)) == set(FILES)


def test_four_folders_are_too_deep(tmp_path: Path) -> None:
    source = written(tmp_path / "ada", {f"a/b/c/d/{name}": text for name, text in FILES.items()})

    with pytest.raises(NotFound, match="no folder named app"):
        copied(source, tmp_path)


def test_the_content_of_the_package_will_do(tmp_path: Path) -> None:
    source = written(tmp_path / "ada", {"x/main.py": "", "x/api/health.py": "", "x/core/a.py": ""})

    assert names(copied(source, tmp_path)) == {
        "app/main.py",
        "app/api/health.py",
        "app/core/a.py",
    }


def test_of_two_applications_both_are_named(tmp_path: Path) -> None:
    source = written(tmp_path / "ada", {"old/app/a.py": "", "new/app/a.py": ""})

    with pytest.raises(NotFound, match=r"new/app and old/app\. Hand in one"):
        copied(source, tmp_path)


def test_of_a_clone_the_exercises_are_meant(tmp_path: Path) -> None:
    source = written(
        tmp_path / "ada",
        {
            "steps/01-a/step.toml": "",
            "steps/01-a/starter/app/main.py": "",
            "solution/app/main.py": "",
            "exercises/app/main.py": "MINE = 1\n",
        },
    )

    assert names(copied(source, tmp_path)) == {"app/main.py"}


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz", "tar.bz2", "tar.xz"])
def test_archives_of_every_kind_are_unpacked(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / f"ada.{kind}"
    if kind == "zip":
        zipped(archive)
    else:
        mode = {"tar": "w", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[kind]
        with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
            tar.add(written(tmp_path / "ada"), "ada")

    assert names(copied(archive, tmp_path)) == set(FILES)


def test_an_archive_in_a_platforms_folder_is_unpacked_too(tmp_path: Path) -> None:
    folder = tmp_path / "Ada_1_assignsubmission_file_"
    folder.mkdir()
    zipped(folder / "my work.zip")
    (folder / "onlinetext.html").write_text("<p>Hello</p>")

    assert names(copied(folder, tmp_path)) == set(FILES)


def test_backslashes_of_windows_separate_folders(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "ada.zip", {"app\\main.py": "", "app\\api\\a.py": ""})

    assert names(copied(archive, tmp_path)) == {"app/main.py", "app/api/a.py"}


def test_what_tools_leave_is_left_out(tmp_path: Path) -> None:
    junk = {
        "app/__pycache__/a.pyc": "",
        ".venv/app/a.py": "",
        "__MACOSX/app/._a.py": "",
        ".git/x": "",
    }
    source = written(tmp_path / "ada", {**FILES, **junk})

    assert names(copied(source, tmp_path)) == set(FILES)


@pytest.mark.parametrize("source", [None, "empty", "empty.zip"])
def test_nothing_is_nothing(tmp_path: Path, source: str | None) -> None:
    (tmp_path / "empty").mkdir()
    zipped(tmp_path / "empty.zip", {})

    with pytest.raises(NothingHandedIn):
        copy_application(None if source is None else tmp_path / source, tmp_path / "copy")


def test_a_link_inside_is_followed(tmp_path: Path) -> None:
    source = written(tmp_path / "ada")
    (source / "app/same.py").symlink_to("main.py")

    found = copied(source, tmp_path)

    assert (found.folder / "app/same.py").read_text() == FILES["app/main.py"]
    assert not (found.folder / "app/same.py").is_symlink()


def a_link_out(folder: Path) -> None:
    (folder / "app/a.py").symlink_to("/etc/hostname")


def a_folder_that_leads_out(folder: Path) -> None:
    (folder / "app/api").symlink_to("/etc")


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "app/a.py")


def a_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(folder / "app")
        made.bind("a.py")
        os.chdir(here)


def a_device(folder: Path) -> None:
    os.mknod(folder / "app/a.py", stat.S_IFCHR | 0o600, os.makedev(1, 5))


def a_loop(folder: Path) -> None:
    (folder / "app/a.py").symlink_to("a.py")


def a_huge_file(folder: Path) -> None:
    with (folder / "app/a.py").open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    "harm",
    [a_link_out, a_folder_that_leads_out, a_pipe, a_socket, a_device, a_loop, a_huge_file],
)
def test_what_is_no_file_is_refused(tmp_path: Path, harm: object) -> None:
    source = written(tmp_path / "ada")
    try:
        harm(source)  # type: ignore[operator]
    except PermissionError:
        pytest.skip("only root can make a device")

    with pytest.raises(Broken, match=r"app/(a\.py|api)"):
        copied(source, tmp_path)


@pytest.mark.parametrize(
    "name", ["../out.py", "/out.py", "app/../../out.py", "C:\\out.py", "..\\o"]
)
def test_no_archive_writes_elsewhere(tmp_path: Path, name: str) -> None:
    archive = zipped(tmp_path / "ada.zip", {**FILES, name: "x"})
    tarred = tmp_path / "ada.tar"
    with tarfile.open(tarred, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))

    for each in (archive, tarred):
        with pytest.raises(Broken, match="outside of it"):
            copy_application(each, tmp_path / each.suffix)
    assert not [*tmp_path.rglob("out.py"), *Path("/").glob("out.py")]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_in_an_archive_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "ada.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("app/main.py")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)

    with pytest.raises(Broken, match=r"app/main\.py is a link or a device"):
        copied(archive, tmp_path)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "ada.zip"
    with zipfile.ZipFile(archive, "w") as file:
        member = zipfile.ZipInfo("app/main.py")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(member, "/etc/passwd")

    with pytest.raises(Broken, match=r"app/main\.py is a link"):
        copied(archive, tmp_path)


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    one = zipped(tmp_path / "one.zip", {**FILES, "app/big.py": "0" * (reader.FILE_LIMIT + 1)})
    many = {f"app/{number}.py": "0" * (reader.FILE_LIMIT - 1) for number in range(20)}

    with pytest.raises(Broken, match="larger than 8 MiB"):
        copied(one, tmp_path)
    with pytest.raises(Broken, match="more than 128 MiB"):
        copy_application(zipped(tmp_path / "many.zip", many), tmp_path / "other")


def test_a_size_that_is_a_lie_helps_nobody(tmp_path: Path) -> None:
    content = zipped(
        tmp_path / "ada.zip", {"app/big.py": "0" * (reader.FILE_LIMIT + 1)}
    ).read_bytes()
    size = (reader.FILE_LIMIT + 1).to_bytes(4, "little")
    (tmp_path / "ada.zip").write_bytes(content.replace(size, (10).to_bytes(4, "little")))

    with pytest.raises(Broken):
        copied(tmp_path / "ada.zip", tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "ENTRIES_LIMIT", 50)
    files = {f"app/{number}.py": "" for number in range(51)}

    with pytest.raises(Broken, match="more than 50 files"):
        copied(zipped(tmp_path / "ada.zip", files), tmp_path)
    with pytest.raises(Broken, match="more than 50 files"):
        copy_application(written(tmp_path / "ada", files), tmp_path / "other")


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "swapped"])
def test_a_damaged_archive_is_told_in_one_sentence(tmp_path: Path, damage: str) -> None:
    archive = zipped(tmp_path / "ada.zip", {"app/main.py": "x = 1\n" * 5000})
    content = archive.read_bytes()
    middle = bytes(255 - each for each in content[60:90])
    archive.write_bytes(
        {
            "empty": b"",
            "cut": content[:40],
            "text": b"This is my work.",
            "swapped": content[:60] + middle + content[90:],
        }[damage]
    )

    with pytest.raises(Broken, match=r"^The archive .*\.$"):
        copied(archive, tmp_path)


def test_the_digest_is_that_of_the_files(tmp_path: Path) -> None:
    one = copy_application(written(tmp_path / "one"), tmp_path / "1")
    same = copy_application(zipped(tmp_path / "same.zip"), tmp_path / "2")
    other = copy_application(written(tmp_path / "other", {**FILES, "app/b.py": ""}), tmp_path / "3")

    assert one.digest == same.digest != other.digest


class TestRepositories:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        folder = tmp_path / "work"
        git(tmp_path, "init", "--quiet", "work")
        for year, text in ((2020, "OLD = 1\n"), (2022, "NEW = 1\n")):
            written(folder, {**FILES, "app/main.py": text})
            git(folder, "add", ".")
            git(folder, "commit", "--quiet", "-m", "Work", year=year)
        return folder

    @pytest.mark.parametrize("kind", ["bare", "bundle"])
    def test_the_commit_that_is_checked_out_is_judged(
        self, repository: Path, tmp_path: Path, kind: str
    ) -> None:
        if kind == "bare":
            git(tmp_path, "clone", "--quiet", "--bare", "work", "ada")
            source = tmp_path / "ada"
        else:
            source = tmp_path / "ada.bundle"
            git(repository, "bundle", "create", "--quiet", str(source), "HEAD")

        found = copied(source, tmp_path)

        assert (found.folder / "app/main.py").read_text() == "NEW = 1\n"
        assert found.commit == git(repository, "rev-parse", "HEAD").strip()

    def test_with_a_deadline_it_is_the_last_one_before(
        self, repository: Path, tmp_path: Path
    ) -> None:
        found = copy_application(repository, tmp_path / "a", datetime(2021, 1, 1, tzinfo=UTC))

        assert (found.folder / "app/main.py").read_text() == "OLD = 1\n"
        with pytest.raises(Broken, match="no commit from before the deadline"):
            copy_application(repository, tmp_path / "b", datetime(2019, 1, 1, tzinfo=UTC))

    def test_no_setting_or_hook_of_theirs_runs(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "--quiet", "--bare", "work", "ada")
        bare, ran = tmp_path / "ada", tmp_path / "ran"
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\ntouch '{ran}'\ncat\n")
        program.chmod(0o755)
        for setting in ("core.fsmonitor", "uploadpack.packObjectsHook", "core.sshCommand"):
            git(bare, "config", setting, str(program))
        git(bare, "config", "tar.tar.command", str(program))
        for hook in ("post-checkout", "reference-transaction", "post-upload-pack"):
            (bare / "hooks" / hook).write_text(program.read_text())
            (bare / "hooks" / hook).chmod(0o755)

        copied(bare, tmp_path)

        assert not ran.exists()


def git(folder: Path, *arguments: str, year: int = 2020) -> str:
    moment = f"{year}-05-05T12:00:00Z"
    who = {
        f"GIT_{role}_{what}": "a@b.c"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **who, "GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
