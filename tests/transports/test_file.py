"""The file transport: whole files, for their owner, one per copy for ever, and a page over them."""

from __future__ import annotations

import os
import stat
import threading
from html import unescape
from pathlib import Path

import pytest

from newsletter.mailing import Copy, Sender, Template
from newsletter.transports.base import Misconfigured, Outcome, Unavailable
from newsletter.transports.file import FileTransport
from tests.transports.support import NOW, a_copy, a_mailing, copies, seen_in_bytes

EDITION = "ai_daily-2026-11-23"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "outbox"


@pytest.fixture
def transport(folder: Path) -> FileTransport:
    return FileTransport(folder, lambda: NOW)


def send(transport: FileTransport, count: int = 3, *, call_id: str = "c1") -> list[Outcome]:
    return list(transport.send(a_mailing(), copies(count), call_id=call_id))


def test_a_copy_lies_under_its_edition_and_its_ref(transport: FileTransport, folder: Path) -> None:
    outcomes = send(transport)

    assert [outcome.provider_id for outcome in outcomes] == ["r1.eml", "r2.eml", "r3.eml"]
    raw = (folder / EDITION / "r2.eml").read_bytes()
    assert seen_in_bytes(raw).to == "reader2@example.com"
    assert b"\r\nDate: Sun, 22 Nov 2026 23:30:00 +0000\r\n" in raw


def test_a_copy_is_there_as_soon_as_its_outcome_is(transport: FileTransport, folder: Path) -> None:
    for outcome in transport.send(a_mailing(), copies(3), call_id="c1"):
        assert (folder / EDITION / f"{outcome.ref}.eml").stat().st_size > 1000


def test_only_the_owner_may_read(transport: FileTransport, folder: Path) -> None:
    before = os.umask(0)
    try:
        send(transport)
    finally:
        os.umask(before)

    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((folder / EDITION).stat().st_mode) == 0o700


def test_the_same_ref_is_the_same_file_for_ever(transport: FileTransport, folder: Path) -> None:
    send(transport)
    first = (folder / EDITION / "r1.eml").read_bytes()

    send(transport, call_id="c2")
    send(FileTransport(folder, lambda: NOW), call_id="c3")  # another process

    assert len(list(folder.rglob("*.eml"))) == 3
    assert (folder / EDITION / "r1.eml").read_bytes() == first
    assert "共 3 封" in (folder / EDITION / "index.html").read_text()


def test_nothing_half_written_is_left_behind(transport: FileTransport, folder: Path) -> None:
    send(transport)

    names = {path.name for path in (folder / EDITION).iterdir()}
    assert names == {"r1.eml", "r2.eml", "r3.eml", "index.html", "email.html", "email.txt"}


@pytest.mark.parametrize(
    "ref", ["../../r1", "a/b", "..", ".hidden", "reader@example.com", "退订", "x" * 300, ""]
)
def test_no_ref_leads_out_of_the_folder(transport: FileTransport, folder: Path, ref: str) -> None:
    copy = Copy(ref=ref, address="reader1@example.com", values=a_copy().values)

    outcomes = list(transport.send(a_mailing(), [copy, copy], call_id="c1"))

    assert outcomes[0].ref == ref
    files = list(folder.parent.rglob("*.eml"))
    assert [path.parent for path in files] == [folder / EDITION]
    assert not files[0].name.startswith(".")
    assert "@" not in files[0].name


def test_refs_that_look_alike_keep_files_of_their_own(transport: FileTransport, folder: Path) -> None:
    refs = ["a/b", "a_b", "a:b", ".a_b"]
    several = [Copy(ref=ref, address="reader1@example.com", values=a_copy().values) for ref in refs]

    list(transport.send(a_mailing(), several, call_id="c1"))

    assert len(list(folder.rglob("*.eml"))) == 4


def test_the_page_shows_whom_each_file_is_for(transport: FileTransport, folder: Path) -> None:
    send(transport)

    page = (folder / EDITION / "index.html").read_text()
    for number in (1, 2, 3):
        assert f'<a href="r{number}.eml">reader{number}@example.com</a>' in page
    assert unescape(page).count(a_mailing().subject) == 2  # the title and the heading
    assert 'lang="zh-CN"' in page
    assert "prefers-color-scheme: dark" in page
    assert (folder / EDITION / "email.html").read_text() == a_mailing().fill(a_copy(1)).html
    assert (folder / EDITION / "email.txt").read_text("utf-8-sig") == a_mailing().fill(a_copy(1)).text


def test_the_page_lists_two_hundred_and_counts_the_rest(transport: FileTransport, folder: Path) -> None:
    for start in range(0, 450, 150):
        batch = [a_copy(number) for number in range(start, start + 150)]
        list(transport.send(a_mailing(), batch, call_id=f"c{start}"))

    page = (folder / EDITION / "index.html").read_text()
    assert page.count(".eml") == 200
    assert "共 450 封" in page
    assert "另有 250 封" in page


def test_another_process_counts_on(transport: FileTransport, folder: Path) -> None:
    send(transport, 3)

    again = FileTransport(folder, lambda: NOW)
    list(again.send(a_mailing(), [a_copy(9)], call_id="c2"))

    page = (folder / EDITION / "index.html").read_text()
    assert "共 4 封" in page
    assert "reader1@example.com" in page
    assert "reader9@example.com" in page


def test_the_page_cannot_be_broken_into(transport: FileTransport, folder: Path) -> None:
    mailing = a_mailing(subject="<script>alert(1)</script>", sender=Sender("<b>", "a@example.com"))

    list(transport.send(mailing, copies(1), call_id="c1"))

    page = (folder / EDITION / "index.html").read_text()
    assert "<script>" not in page
    assert "<b>" not in page


def test_editions_do_not_mix(transport: FileTransport, folder: Path) -> None:
    send(transport)
    list(transport.send(a_mailing(edition="notice", text=Template(("x",))), copies(1), call_id="c2"))

    assert len(list((folder / EDITION).glob("*.eml"))) == 3
    assert len(list((folder / "notice").glob("*.eml"))) == 1


def test_a_folder_that_cannot_be_one_is_a_matter_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")

    with pytest.raises(Misconfigured, match=r"transport\.file\.folder"):
        send(FileTransport(tmp_path / "outbox", lambda: NOW))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_keeps_the_copy_with_us(transport: FileTransport, folder: Path) -> None:
    send(transport, 1)
    # The name under which r2 is written before it is renamed leads to a device that is always full.
    part = folder / EDITION / f".r2.eml.{threading.get_ident()}.part"
    part.symlink_to("/dev/full")

    outcomes: list[Outcome] = []
    with pytest.raises(Unavailable, match=r"transport\.file\.folder"):
        outcomes.extend(transport.send(a_mailing(), copies(3), call_id="c2"))

    assert [outcome.ref for outcome in outcomes] == ["r1"]
    assert not (folder / EDITION / "r2.eml").exists()
    assert not part.exists()
