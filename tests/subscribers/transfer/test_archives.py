"""Archives: nothing is written anywhere, and bombs, locks and damage end in a clear word."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from subscribers import ImportOptions, UnreadableList
from subscribers.transfer import archives
from subscribers.transfer.reading import Reading
from tests.subscribers.transfer.support import HASHER, sample, zipped

LIST = sample("substack.csv")


def count(path: Path) -> int:
    with Reading(path, ImportOptions(), HASHER) as reading:
        return sum(len(chunk.people) for chunk in reading.chunks())


def test_listmonk_3065_members_are_read_in_place_whatever_their_names_say(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    path = zipped(
        folder,
        "export.zip",
        {
            "../../escaped.csv": LIST,
            "/etc/passwd.csv": LIST.replace("ada", "bob2"),
            "__MACOSX/._list.csv": b"\0\5\x16\7",
            ".hidden.csv": b"\xff\xff",
            "notes.html": "<p>",
        },
    )

    assert count(path) == 4
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["export.zip", "here"]


def test_a_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    path = zipped(tmp_path, "bomb.zip", {"list.csv": "email,email_disabled\n" + "\n" * 50_000_000})

    with pytest.raises(UnreadableList, match="grow more than 200 times"):
        count(path)


def test_a_member_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBER_BYTES", 50)

    with pytest.raises(UnreadableList, match="the limit is 50"):
        count(zipped(tmp_path, "export.zip", {"list.csv": LIST}))


def test_too_many_members_are_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 3)
    path = zipped(tmp_path, "export.zip", {f"{n}.csv": LIST for n in range(5)})

    with pytest.raises(UnreadableList, match="5 files; the limit is 3"):
        count(path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, "export.zip", {"list.csv": LIST * 3})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = content.find(signature)
        struct.pack_into("<L", content, at + offset, 40)  # the size it has when unpacked
    path.write_bytes(content)

    with pytest.raises(UnreadableList, match=r"damaged|more than it says"):
        count(path)


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, "export.zip", {"list.csv": LIST})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(signature)
        content[at + offset] |= 0x1
    path.write_bytes(content)

    with pytest.raises(UnreadableList, match="password"):
        count(path)


def test_an_unusual_packing_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("list.csv", LIST)
    path = tmp_path / "export.zip"
    path.write_bytes(packed.getvalue())

    with pytest.raises(UnreadableList, match="unpack it first"):
        count(path)


def test_an_excel_workbook_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableList, match="Excel"):
        count(zipped(tmp_path, "list.xlsx", {"xl/workbook.xml": "<workbook/>", "a.csv": LIST}))


def test_an_archive_without_a_list_is_refused(tmp_path: Path) -> None:
    # A plain list inside an archive could be of anybody: who was sent what, who opened it.
    with pytest.raises(UnreadableList, match="no list of people is in the archive"):
        count(zipped(tmp_path, "export.zip", {"opens.csv": "post_id,email\n1,ada@example.com\n"}))


def test_damage_anywhere_is_a_clear_error(tmp_path: Path) -> None:
    good = zipped(tmp_path, "good.zip", {"list.csv": LIST * 50}).read_bytes()
    path = tmp_path / "export.zip"

    for cut in range(0, len(good), max(1, len(good) // 60)):
        for damaged in (good[:cut], good[:cut] + bytes([good[cut] ^ 0xFF]) + good[cut + 1 :]):
            path.write_bytes(damaged)
            with contextlib.suppress(UnreadableList):  # and nothing else is ever raised
                count(path)


def test_random_bytes_behind_the_beginning_of_an_archive_are_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    for start in (b"PK\3\4", b"PK\5\6"):
        for _ in range(30):
            path.write_bytes(start + os.urandom(300) + b"PK\5\6" + os.urandom(40))
            with pytest.raises(UnreadableList):
                count(path)
