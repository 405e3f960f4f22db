"""No file ends in anything but an import or a clear word: whatever its bytes."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from newsletter.database import Database
from subscribers import IMPORT_FORMATS, ImportOptions, UnreadableList
from tests.subscribers.transfer.support import sample, take_in

SAMPLES = [
    sample(f"{name}.csv").encode()
    for name in (
        "mailchimp-subscribed",
        "mailchimp-unsubscribed",
        "listmonk",
        "buttondown",
        "ghost",
        "substack",
    )
]
OURS = (
    b"email,status,cadence,paused_until,language,tags,attributes,created_at,confirmed_at,left_at,"
    b"suppressed_at,suppression_note,consent\n"
    b'ada@example.com,active,daily,,zh-CN,"[""ai""]","{""a"": 1}",2024-01-01,2024-01-01,,,,'
    b'"[{""event"": ""asked"", ""at"": ""2024-01-01"", ""origin"": ""form"", ""details"": {""x"": [1]}}]"\n'
)
CELLS = [
    b'"', b"'", b",", b"\n", b"\r", b"\0", b"[", b"]", b"{", b"}", b"=", b"@", b"\xff", b"\xef\xbb\xbf",
    b"\xb0\xa1", b"null", b"1e999", b"\\ud800", b"\\u0000", b"-1", b"9" * 5000, b"active", b"true",
    b"2024-13-45", b'{"event": 1}', b'[{"event": "left", "at": 5}]', b'[["a"]]', b"0001-01-01",
]  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    start=st.sampled_from([*SAMPLES, OURS]),
    seed=st.integers(0, 2**32),
    changes=st.integers(1, 12),
    format_=st.sampled_from([None, None, *IMPORT_FORMATS]),
    encoding=st.sampled_from([None, None, "utf-16-le", "gb18030", "cp1252"]),
    name=st.sampled_from(["list.csv", "suppression_blocks.json", "cleaned.csv"]),
)
def test_a_damaged_export_is_taken_in_or_refused(
    database: Database,
    tmp_path: Path,
    start: bytes,
    seed: int,
    changes: int,
    format_: str | None,
    encoding: str | None,
    name: str,
) -> None:
    chance, content = random.Random(seed), bytearray(start)
    for _ in range(changes):
        at = chance.randrange(len(content))
        content[at : at + chance.choice([0, 0, 1, 5])] = chance.choice(CELLS)
    _try(database, tmp_path / name, bytes(content), ImportOptions(format=format_, encoding=encoding))


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    content=st.binary(max_size=300)
    | st.text(max_size=200).map(lambda text: f"email,name\n{text}".encode())
    | st.text('[]{}",:\\ue0123456789abcdnulltrue ', max_size=200).map(str.encode)
)
def test_any_bytes_are_taken_in_or_refused(database: Database, tmp_path: Path, content: bytes) -> None:
    _try(database, tmp_path / "list.csv", content, ImportOptions())


def _try(database: Database, path: Path, content: bytes, options: ImportOptions) -> None:
    path.write_bytes(content)
    said = ""
    try:
        assert take_in(database, path, options).tally.revived == 0
    except UnreadableList as error:
        said = str(error)
    assert "ada@" not in said
