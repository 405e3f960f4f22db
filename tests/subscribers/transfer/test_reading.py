"""What a file may look like: encodings, delimiters, headers, and where it is refused with a clear word."""

from __future__ import annotations

from pathlib import Path

import pytest

from subscribers import ImportOptions, Standing, UnreadableList
from subscribers.transfer import encodings
from subscribers.transfer.importer import Importer, Source
from subscribers.transfer.reading import Chunk, Reading
from subscribers.transfer.rows import Row
from tests.subscribers.transfer.support import HASHER, TERMS, written

CHINESE = "邮箱,姓名,标签\nada@example.com,艾达·洛芙莱斯,人工智能\n"


def read(path: Path, **options: object) -> list[Chunk]:
    with Reading(path, ImportOptions(**options), HASHER) as reading:  # type: ignore[arg-type]
        return list(reading.chunks())


def people(path: Path, **options: object) -> list[Row]:
    return [person.row for chunk in read(path, **options) for person in chunk.people.values()]


def problems(path: Path, **options: object) -> list[tuple[int, str]]:
    return [(one.line, one.why) for chunk in read(path, **options) for one in chunk.problems]


def sources(path: Path) -> list[Source]:
    with Importer(path, ImportOptions(), TERMS, HASHER) as importer:
        return list(importer.sources)


@pytest.mark.parametrize(
    ("written_in", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, written_in: str, found: str) -> None:
    path = written(tmp_path, "list.csv", CHINESE, encoding=written_in)

    (row,) = people(path)

    assert (row.attributes, row.tags) == ({"name": "艾达·洛芙莱斯"}, ("人工智能",))
    assert sources(path)[0].encoding == found


def test_an_encoding_that_is_named_is_believed(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email,name\nada@example.com,Renée\n", encoding="cp1252")

    assert people(path, encoding="cp1252")[0].attributes == {"name": "Renée"}
    for name in ("klingon", "base64", "idna", "utf-7"):
        with pytest.raises(UnreadableList, match="--encoding"):
            read(path, encoding=name)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"email,name\nada@example.com,\xff\xff\xff\n")

    with pytest.raises(UnreadableList, match="not utf-8-sig or gb18030"):
        read(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    text = f"{delimiter.join(['email', 'name', 'tags'])}\n{delimiter.join(['ada@example.com', 'Ada', 'x'])}\n"

    (row,) = people(written(tmp_path, "list.csv", text))

    assert (row.email, row.attributes, row.tags) == ("ada@example.com", {"name": "Ada"}, ("x",))


def test_excel_s_line_about_the_separator_is_skipped_and_lines_still_count(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "sep=;\r\nemail;name\r\nada@example.com;Ada\r\nnobody;x\r\n")

    assert problems(path) == [(4, "what was typed is not a complete address")]


def test_a_single_column_is_a_list_too(tmp_path: Path) -> None:
    path = written(tmp_path, "list.txt", "\n E-Mail \nada@example.com\n\n,,\nbob@example.com")

    assert [row.email for row in people(path)] == ["ada@example.com", "bob@example.com"]


def test_columns_are_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "联系方式,公司,说明\nada@example.com,分析机,不要\n")

    (row,) = people(path, columns={"联系方式": "email", "公司": "attributes.company", "说明": "ignore"})

    assert row.attributes == {"company": "分析机"}
    with pytest.raises(UnreadableList, match="no column of addresses"):
        read(path)
    with pytest.raises(UnreadableList, match="there is no column '电话'"):
        read(path, columns={"联系方式": "email", "电话": "attributes.phone"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is nothing in it"),
        ("\n\n  \n", "there is nothing in it"),
        ("ada@example.com\nbob@example.com\n", "no names of columns"),
        ("name,phone\nAda,1\n", "no column of addresses"),
        ("email,name\nada@example.com,x\0y\n", "NUL"),
        ("{}", "there is nothing in it"),
        ("[1, 2]", "not a JSON object"),
        ('[{"email": "ada@example.com"}, {"email": ', "entry 2 is not a JSON object"),
        ("[" * 100_000, "there is nothing in it"),
        ('{"a":' * 100_000, "not a JSON object"),
        ('[{"email": "a\\ud800@example.com"}]', "cannot be stored"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_reason(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, "list.csv", text)

    with pytest.raises(UnreadableList, match=says) as refused:
        read(path)

    assert "ada@" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Excel workbook"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_another_kind_of_file_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)

    with pytest.raises(UnreadableList, match=says):
        read(path)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(UnreadableList, match="cannot be read"):
            read(path)


def test_a_quote_that_stays_open_is_an_error_and_swallows_nobody(tmp_path: Path) -> None:
    head = "email,name\nada@example.com,Ada\n"
    behind = "".join(f"r{n}@example.com,Reader\n" for n in range(50))

    for tail in (behind, behind * 200, f'{behind}eve@example.com,"Eve"\n'):
        path = written(tmp_path, "list.csv", f'{head}bob@example.com,"Bob\n{tail}')
        with pytest.raises(UnreadableList, match="line 3: a quote opens here"):
            read(path)


def test_a_cell_may_have_several_lines_and_lines_still_count(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", 'email,name\nada@example.com,"Ada\nof\nLondon"\nnobody,x\n')

    assert people(path)[0].attributes == {"name": "Ada\nof\nLondon"}
    assert problems(path) == [(5, "what was typed is not a complete address")]


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "LONGEST_LINE", 1_000)
    path = written(tmp_path, "list.csv", "email\n" + "a" * 2_000 + "@example.com\n")

    with pytest.raises(UnreadableList, match="line 2: more than"):
        read(path)


def test_rows_that_say_nothing_are_reported_with_their_line(tmp_path: Path) -> None:
    text = (
        "email,status,tags\n"
        "ada@example.com,subscribed,\n"
        "bob@example.com,whatever,\n"
        ",subscribed,\n"
        "cid@example.com,subscribed,a,b\n"
        f"dan@example.com,subscribed,{'x' * 200}\n"
        "eve@example.com\n"
    )

    found = problems(written(tmp_path, "list.csv", text))

    assert [line for line, _ in found] == [3, 4, 5, 6, 7]
    assert [why.split(":")[0].split(";")[0] for _, why in found] == [
        "status",
        "there is no address",
        "more cells than columns",
        "tags",
        "status",
    ]


@pytest.mark.parametrize(
    ("columns", "cells", "standing"),
    [
        ("email,unsubscribed_at", "2024-01-01", Standing.LEFT),
        ("email,unsubscribed_at", "", Standing.ACTIVE),
        ("email,unsubscribed", "false", Standing.ACTIVE),
        ("email,unsubscribed", "yes", Standing.LEFT),
        ("email,subscribed", "0", Standing.LEFT),
        ("email,subscribed", "1", Standing.ACTIVE),
        ("邮箱,是否订阅", "否", Standing.LEFT),
        ("邮箱,状态", "已退订", Standing.LEFT),
        ("邮箱,状态", "退信", Standing.BOUNCED),
        ("email,status", "Opted out", Standing.LEFT),
        ("email,state", "spam", Standing.COMPLAINED),
    ],
)
def test_a_plain_list_is_believed_where_it_says_that_somebody_left(
    tmp_path: Path, columns: str, cells: str, standing: Standing
) -> None:
    (row,) = people(written(tmp_path, "list.csv", f"{columns}\nada@example.com,{cells}\n"))

    assert row.standing is standing


@pytest.mark.parametrize("column", ["Bounces", "opt-out date", "Spam?", "unsubscribed_by", "黑名单"])
def test_a_column_that_may_say_who_left_is_never_overlooked(tmp_path: Path, column: str) -> None:
    path = written(tmp_path, "list.csv", f"email,{column}\nada@example.com,\n")

    with pytest.raises(UnreadableList, match="may say who must not be mailed"):
        read(path)

    assert len(people(path, columns={column: "ignore"})) == 1


def test_two_columns_of_status_are_not_guessed_between(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email,status,state\nada@example.com,active,left\n")

    with pytest.raises(UnreadableList, match="'state' may say"):
        read(path)


def test_everybody_can_be_taken_as_left_but_nobody_as_better_than_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email,status\nada@example.com,active\nbob@example.com,spam\n")

    rows = people(path, at_least=Standing.BOUNCED)

    assert [row.standing for row in rows] == [Standing.BOUNCED, Standing.COMPLAINED]


def test_a_format_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email,created\nada@example.com,2024-01-01\n")

    assert people(path)[0].standing is Standing.LEFT  # the columns of SendGrid's unsubscribes
    assert people(path, format="plain")[0].standing is Standing.ACTIVE
    with pytest.raises(UnreadableList, match="--format"):
        read(path, format="mailman")


def test_a_chunk_is_bounded_by_rows_and_by_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.transfer.reading.CHUNK_ROWS", 3)
    monkeypatch.setattr("subscribers.transfer.reading.CHUNK_LETTERS", 100)
    short = "".join(f"r{n}@example.com,x\n" for n in range(7))
    long = "".join(f"s{n}@example.com,{'x' * 90}\n" for n in range(2))
    path = written(tmp_path, "list.csv", f"email,name\n{short}{long}")

    chunks = read(path)

    assert [chunk.rows for chunk in chunks] == [3, 3, 2, 1, 0]
    assert chunks[-1].fraction == 1
