"""The archive: what is in it, in what order, and how it is searched."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import select

from newsletter.database import Database
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.editions import archive, pictures
from newsletter.editions.archive import AlreadySent, ArchivePage, ArchivePicture, Key
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from tests.support import DAY, SEVEN, SLUG, new_edition, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def a_digest(*titles: str, day: date = DAY, front: str = "", body: str = "正文在这里。") -> Digest:
    stories = "\n\n".join(
        f"## {n}. [{title}](https://example.com/{n})\n\n{body}" for n, title in enumerate(titles, 1)
    )
    source = f"---\ntitle: 今日速递\ndate: {day}\n{front}---\n\n{stories}\n"
    return read(source.encode(), file="digest.md", newsletter_name="速递", tz=ZoneInfo("Asia/Shanghai"))


def put(database: Database, key: Key, *titles: str, newsletter: str = SLUG, body: str = "正文。") -> None:
    with database.sessions.begin() as session:
        archive.add(
            session, newsletter, key, a_digest(*titles, day=key.day, body=body), published_at=SEVEN, now=SEVEN
        )


def found(database: Database, query: str = "", *, before: Key | None = None, limit: int = 20) -> list[str]:
    with database.readers() as session:
        pages = archive.newest(session, SLUG, before=before, terms=archive.terms_of(query), limit=limit)
        return [str(page.key) for page in pages]


# ---- keys ----


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23-weekly-1", "2026-11-23-daily-2"])
def test_a_key_is_written_in_one_way(text: str) -> None:
    assert str(Key.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-31",
        "2026-11-23-daily-1",
        "2026-11-23-weekly-01",
        "2026-11-23-monthly-1",
        "２０２６-11-23",
    ],
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert Key.parse(text) is None


# ---- what is in it ----


@pytest.mark.parametrize("state", [State.MISSING, State.HELD])
def test_an_edition_that_did_not_go_out_has_no_page(database: Database, state: State) -> None:
    with database.sessions.begin() as session:
        session.add(_edition(state))

        assert archive.missing(session, SLUG) == []


@pytest.mark.parametrize("state", [State.SENDING, State.FINISHED])
def test_an_edition_that_went_out_has_its_page_made_once(database: Database, state: State) -> None:
    with database.sessions.begin() as session:
        session.add(_edition(state))
        (edition,) = archive.missing(session, SLUG)
        archive.publish(session, edition, a_digest("OpenAI 发布新模型"), now=SEVEN)

        assert archive.missing(session, SLUG) == []
    assert found(database) == [str(DAY)]


def test_what_went_out_replaces_what_was_put_in_by_hand(database: Database) -> None:
    put(database, Key(DAY), "旧的")
    with database.sessions.begin() as session:
        session.add(_edition(State.SENDING))
        (edition,) = archive.missing(session, SLUG)
        archive.publish(session, edition, a_digest("新的"), now=SEVEN)

    assert found(database, "新的") == [str(DAY)]
    assert found(database, "旧的") == []


def test_nothing_replaces_what_went_out(database: Database) -> None:
    with database.sessions.begin() as session:
        session.add(_edition(State.SENDING))

    with pytest.raises(AlreadySent):
        put(database, Key(DAY), "别的")


def test_putting_in_twice_is_putting_in_once(database: Database) -> None:
    put(database, Key(DAY), "第一次")
    put(database, Key(DAY), "第二次")

    assert found(database) == [str(DAY)]
    assert found(database, "第二次") == [str(DAY)]


def test_a_page_knows_its_labels_and_says_what_is_in_it(database: Database) -> None:
    with database.sessions.begin() as session:
        digest = a_digest("甲", "乙", "丙", "丁", front="ai_generated: true\nsponsored: true\n")
        page = archive.add(session, SLUG, Key(DAY), digest, published_at=SEVEN, now=SEVEN)

        assert (page.ai_generated, page.sponsored) == (True, True)
        assert page.description == "甲；乙；丙"


def test_lists_are_newest_first_and_paged_by_place(database: Database) -> None:
    for back in range(5):
        put(database, Key(DAY - timedelta(days=back)), "新闻")
    put(database, Key(DAY, Kind.WEEKLY, 1), "一周")

    first = found(database, limit=3)
    second = found(database, before=Key.parse(first[-1]), limit=3)

    assert first == ["2026-11-23-weekly-1", "2026-11-23", "2026-11-22"]
    assert second == ["2026-11-21", "2026-11-20", "2026-11-19"]


def test_a_page_knows_its_neighbours(database: Database) -> None:
    for back in (0, 3, 9):
        put(database, Key(DAY - timedelta(days=back)), "新闻")
    with database.readers() as session:
        page = archive.find(session, SLUG, Key(DAY - timedelta(days=3)))
        assert page
        older, newer = archive.neighbours(session, page)

    assert older
    assert str(older.key) == "2026-11-14"
    assert newer
    assert str(newer.key) == "2026-11-23"


def test_newsletters_do_not_see_each_other(database: Database) -> None:
    put(database, Key(DAY), "新闻", newsletter="robots")

    assert found(database) == []


# ---- search ----


def test_every_kind_of_word_is_found_and_no_other(database: Database) -> None:
    put(database, Key(DAY), "英伟达 NVIDIA 推出 H200 芯片", "涨了 100%", r"a_b 与 c\d", body="正文。")
    put(database, Key(DAY - timedelta(days=1)), "无关", body="别的。")
    latin = ["nvidia", "ＮＶＩＤＩＡ", "H200", "100%", "a_b", r"c\d"]
    other = ["芯片 光刻", "200%", "axb", "c_d", "100_", "' or 1=1 --"]

    for query in ["芯片", "芯", "英伟达 芯片", "英伟达　芯片", "正文", *latin]:
        assert found(database, query) == [str(DAY)], query
    for query in other:
        assert found(database, query) == [], query


def test_terms_are_few_and_short() -> None:
    assert archive.terms_of(" ".join(map(str, range(90)))) == ["0", "1", "2", "3", "4", "5"]
    assert archive.terms_of("\0 \t　") == []
    assert len("".join(archive.terms_of("长" * 5000))) == archive.LONGEST_QUERY


def test_an_excerpt_shows_what_was_found() -> None:
    text = "前" * 200 + "英伟达 NVIDIA 芯片" + "后" * 200

    parts = archive.excerpt(text, ["nvidia", "芯片"])

    assert [part for part, is_term in parts if is_term] == ["NVIDIA", "芯片"]
    assert parts[0] == ("…", False)
    assert parts[-1][0].endswith("后…")


def test_an_excerpt_is_of_one_paragraph_the_one_that_says_most() -> None:
    text = "芯片周\n另一条\n芯片降价了\nNVIDIA 的芯片\n芯片"

    assert archive.excerpt(text, ["芯片"]) == [("芯片", True), ("降价了", False)]
    assert archive.excerpt(text, ["芯片", "nvidia"])[0] == ("NVIDIA", True)
    assert archive.excerpt(text, ["周"]) == [("芯片", False), ("周", True)]


def test_an_excerpt_begins_with_a_whole_word() -> None:
    parts = archive.excerpt(f"题\n{'word ' * 30}芯片", ["芯片"])

    assert parts[1][0].startswith("word ")


# ---- pictures ----


def a_picture(file: Path, *, size: tuple[int, int] = (64, 48), mode: str = "RGB", **extra: object) -> None:
    Image.new(mode, size, "red").save(file, **extra)  # type: ignore[arg-type]


def test_pictures_of_a_bundle_are_encoded_anew_and_replaced(tmp_path: Path, database: Database) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Zhongguancun 1"
    a_picture(tmp_path / "a photo.jpg", size=(3000, 1500), exif=exif)
    a_picture(tmp_path / "chart.png", mode="RGBA")
    with (tmp_path / "chart.png").open("ab") as file:
        file.write(b"<script>alert(1)</script>")
    digest = a_digest(
        "图", body="![甲](a%20photo.jpg)\n\n> ![乙](./chart.png)\n\n![丙](https://example.com/c.png)"
    )

    taken = pictures.gather(digest, tmp_path)

    photo, chart = taken
    assert [(each.src, each.suffix) for each in taken] == [("a%20photo.jpg", "jpg"), ("./chart.png", "png")]
    assert Image.open(io.BytesIO(photo.content)).size == (1200, 600)
    assert b"Zhongguancun" not in photo.content
    assert b"script" not in chart.content
    for _ in range(2):
        with database.sessions.begin() as session:
            archive.add(session, SLUG, Key(DAY), digest, taken, published_at=SEVEN, now=SEVEN)
    with database.readers() as session:
        assert [row.number for row in session.scalars(select(ArchivePicture))] == [1, 2]
        assert session.scalars(select(ArchivePage)).one().key == Key(DAY)


@pytest.mark.parametrize(
    "src", ["../secret.png", "/etc/passwd", "link.png", "file:///x.png", "no.png", "x.svg"]
)
def test_ghost_cve_2023_40028_only_pictures_inside_the_bundle_are_taken(tmp_path: Path, src: str) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    a_picture(tmp_path / "secret.png")
    (bundle / "link.png").symlink_to(tmp_path / "secret.png")
    (bundle / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")

    assert pictures.gather(a_digest("图", body=f"![图]({src})"), bundle) == []


def test_a_decompression_bomb_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    Image.new("1", (9000, 9000)).save(written, "PNG")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))

    assert len(written.getvalue()) < 20_000
    assert pictures.encode(written.getvalue()) is None


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"\xff\xd8\xff\xe0 broken"]
)
def test_what_is_no_picture_is_left_out(data: bytes) -> None:
    assert pictures.encode(data) is None


def test_a_digest_shows_its_pictures_where_they_are_served() -> None:
    digest = a_digest("图", body="看[![甲](a.png)](https://example.com/)\n\n- 项 ![乙](b.png)")

    shown = pictures.with_pictures(
        digest, {"a.png": "https://x.example/1.png", "b.png": "https://x.example/2.png"}
    )

    assert set(pictures._sources(shown)) == {"https://x.example/1.png", "https://x.example/2.png"}


def _edition(state: State) -> Edition:
    edition = new_edition()
    edition.state, edition.digest_source, edition.frozen_at = state, a_digest("新闻").source, SEVEN
    return edition
