"""Which file of a folder is the digest of a day, and why the others are not."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.digests.sources import Candidate, FolderSource, Found, Reason, Wanted
from newsletter.errors import ConfigError
from tests.digests.support import SHANGHAI

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 07:30 in Shanghai on that day
STORY = "1. [标题](https://a.example/1)\n\n   正文。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "digests").mkdir()
    return tmp_path / "digests"


def write(
    path: Path, front: str = "", *, age: timedelta = timedelta(hours=1), text: str | bytes = STORY
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, str):
        text = (f"---\n{front}\n---\n{text}" if front else text).encode()
    path.write_bytes(text)
    changed = (NOW - age).timestamp()
    os.utime(path, (changed, changed))
    return path


def look(folder: Path, **options: object) -> Found:
    wanted: dict[str, object] = {"day": DAY, "now": NOW, "max_age": timedelta(hours=20), **options}
    return FolderSource(folder).find(Wanted(tz=SHANGHAI, newsletter_name="早读", **wanted))  # type: ignore[arg-type]  # plain options


def reasons(found: Found) -> dict[str, Reason]:
    return {passed.key: passed.reason for passed in found.passed_over}


@pytest.mark.parametrize(
    ("name", "front", "key"),
    [
        ("2026-03-02.md", "", "2026-03-02"),
        ("2026-03-02-title.md", "", "2026-03-02-title"),
        ("2026-03-02.markdown", "", "2026-03-02"),
        ("2026/03/2026-03-02.md", "", "2026/03/2026-03-02"),
        ("content/posts/monday.md", "date: 2026-03-02", "content/posts/monday"),
        ("content/posts/late.md", "date: 2026-03-01T22:00:00Z", "content/posts/late"),
        ("content/2026-03-02-title/index.md", "", "content/2026-03-02-title"),
        ("content/bundle/index.md", "date: 2026-03-02", "content/bundle"),
        ("2026-03-01-evening.md", "", "2026-03-01-evening"),
    ],
)
def test_a_digest_is_found_by_its_name_or_its_front_matter(
    folder: Path, name: str, front: str, key: str
) -> None:
    path = write(folder / name, front)

    found = look(folder)

    assert found.chosen
    assert (found.chosen.key, found.chosen.path) == (key, path)
    assert found.chosen.hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.chosen.digest.file == str(path)
    assert (found.passed_over, found.errors) == ((), ())


@pytest.mark.parametrize(
    "name",
    [
        "_index.md",
        "2026-03-02-a/_index.md",
        ".2026-03-02.md",
        "2026-03-02.txt",
        "2026-03-02.md~",
        "_2026-03-02.md",
    ],
)
def test_what_is_no_digest_is_not_one(folder: Path, name: str) -> None:
    write(folder / name, "date: 2026-03-02")

    assert look(folder) == Found(chosen=None)


def test_what_lies_in_a_bundle_beside_its_index_is_no_digest(folder: Path) -> None:
    write(folder / "2026-03-02-a/index.md")
    write(folder / "2026-03-02-a/2026-03-02-notes.md")
    write(folder / "2026-03-02-a/more/2026-03-02.md")

    found = look(folder)

    assert found.chosen
    assert found.chosen.key == "2026-03-02-a"
    assert found.passed_over == ()


def test_the_newest_is_chosen_and_the_others_are_named(folder: Path) -> None:
    write(folder / "2026-03-01-evening.md", age=timedelta(minutes=1))
    write(folder / "2026-03-02-early.md", "date: 2026-03-02T05:00:00+08:00", age=timedelta(minutes=1))
    write(folder / "2026-03-02-late.md", "date: 2026-03-02T06:00:00+08:00", age=timedelta(hours=2))

    found = look(folder)

    assert found.chosen
    assert found.chosen.key == "2026-03-02-late"
    assert reasons(found) == {"2026-03-01-evening": Reason.OLDER, "2026-03-02-early": Reason.OLDER}


def test_without_a_moment_the_last_change_decides(folder: Path) -> None:
    write(folder / "2026-03-02-a.md", age=timedelta(minutes=1))
    write(folder / "2026-03-02-b.md", age=timedelta(hours=2))

    chosen = look(folder).chosen

    assert chosen
    assert chosen.key == "2026-03-02-a"


def test_yesterday_evenings_digest_goes_out_only_when_it_may(folder: Path) -> None:
    write(folder / "2026-03-01.md")

    assert look(folder).chosen
    assert look(folder, yesterday_evening=False) == Found(chosen=None)
    assert look(folder, day=date(2026, 3, 3)) == Found(chosen=None)


def test_what_was_sent_is_passed_over(folder: Path) -> None:
    write(folder / "2026-03-02.md")
    write(folder / "2026-03-01.md")

    def already_sent(candidate: Candidate) -> bool:
        return candidate.day == DAY

    found = look(folder, already_sent=already_sent)

    assert found.chosen
    assert found.chosen.key == "2026-03-01"
    assert reasons(found) == {"2026-03-02": Reason.SENT}


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("draft: true", Reason.DRAFT),
        ("publishDate: 2026-03-02T07:31:00+08:00", Reason.NOT_YET),
        ("publishDate: 2026-03-03", Reason.NOT_YET),
        ("expiryDate: 2026-03-02T07:30:00+08:00", Reason.EXPIRED),
        ("expiryDate: 2026-03-02", Reason.EXPIRED),
        ("date: 2026-02-01", Reason.OTHER_DAY),
        ("publishDate: 2026-03-02T07:30:00+08:00", None),
        ("expiryDate: 2026-03-02T07:31:00", None),
        ("date: 2026-03-02T23:00:00", None),
    ],
)
def test_the_front_matter_says_when_it_may_go_out(folder: Path, front: str, reason: Reason | None) -> None:
    write(folder / "2026-03-02.md", front)

    found = look(folder)

    assert reasons(found) == ({"2026-03-02": reason} if reason else {})
    assert (found.chosen is None) is bool(reason)


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(seconds=4), Reason.UNSETTLED),
        (timedelta(seconds=-30), Reason.UNSETTLED),
        (timedelta(seconds=5), None),
        (timedelta(hours=20), None),
        (timedelta(hours=20, minutes=1), Reason.TOO_OLD),
    ],
)
def test_a_file_must_be_settled_and_not_too_old(folder: Path, age: timedelta, reason: Reason | None) -> None:
    write(folder / "2026-03-02.md", age=age)

    assert reasons(look(folder)) == ({"2026-03-02": reason} if reason else {})


def test_without_a_limit_an_old_digest_is_found(folder: Path) -> None:
    write(folder / "2026-03-02.md", age=timedelta(days=400))
    write(folder / "posts/old.md", "date: 2026-03-01", age=timedelta(days=400))

    found = look(folder, max_age=None)

    assert found.chosen
    assert reasons(found) == {"posts/old": Reason.OLDER}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("2026-03-02.md", STORY.encode("gb18030")),
        ("2026-03-02.md", b""),
        ("2026-03-02.md", b"---\ntitle: a: b\n---\nx"),
        ("posts/today.md", b"---\ntitle: a: b\ndate: 2026-03-02\n---\nx"),
        ("posts/today.md", b"---\ndate: 2026-03-02\n---\n<!-- x\n"),
        ("2026-03-02.md", b"x" * 1_000_001),
    ],
)
def test_an_unreadable_digest_of_the_day_is_an_error(folder: Path, name: str, text: bytes) -> None:
    path = write(folder / name, text=text)
    write(folder / "2026-03-01.md")

    found = look(folder)

    assert [error.file for error in found.errors] == [str(path)]
    assert found.chosen
    assert found.chosen.key == "2026-03-01"


def test_an_unreadable_digest_of_another_day_does_not_matter(folder: Path) -> None:
    write(folder / "2026-02-01.md", text=b"\xff")
    write(folder / "posts/old.md", text=b"\xff", age=timedelta(days=30))

    assert look(folder) == Found(chosen=None)


def test_a_digest_without_a_day_is_named_and_a_note_is_not(folder: Path) -> None:
    write(folder / "README.md")
    write(folder / "posts/undated.md", "title: 甲")

    assert reasons(look(folder)) == {"posts/undated": Reason.UNDATED}


def test_a_link_may_not_lead_out_of_the_folder(folder: Path) -> None:
    inside = write(folder / "kept/monday.md")
    outside = write(folder.parent / "secret.md")
    (folder / "2026-03-02-inside.md").symlink_to(inside)
    (folder / "2026-03-02-outside.md").symlink_to(outside)
    (folder / "2026-03-02-nowhere.md").symlink_to(folder / "missing.md")
    (folder / "elsewhere").symlink_to(folder.parent, target_is_directory=True)

    found = look(folder)

    assert found.chosen
    assert found.chosen.key == "2026-03-02-inside"
    assert reasons(found) == {"2026-03-02-outside": Reason.OUTSIDE, "2026-03-02-nowhere": Reason.OUTSIDE}


def test_a_folder_that_is_itself_a_link_is_fine(folder: Path) -> None:
    write(folder / "2026-03-02.md")
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)

    assert look(link).chosen


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "2026-03-02.md")

    assert look(folder).chosen is None


def test_files_called_after_another_day_are_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 29):
        write(folder / f"2025-01-{day:02}.md")
    write(folder / "2026-03-02.md")
    opened: list[str] = []
    open_really = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: opened.append(self.name) or open_really(self, *a, **k)
    )

    look(folder)

    assert opened == ["2026-03-02.md"]


def test_a_missing_folder_names_the_setting(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.folder"):
        look(folder / "nowhere")


def test_what_was_passed_over_says_why(folder: Path) -> None:
    path = write(folder / "2026-03-02.md", "draft: true")

    (passed,) = look(folder).passed_over

    assert str(passed) == f"{path}: it is marked as a draft"
