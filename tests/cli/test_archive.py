"""``archive add``: past digests go to the web, and to nobody's mailbox."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_past_digests_are_put_in_and_drafts_and_tomorrows_are_not(run: Run, tmp_path: Path) -> None:
    run("init")
    for name, front in (
        ("past", "date: 2025-11-13"),
        ("draft", "date: 2025-11-14\ndraft: true"),
        ("future", "date: 2999-01-01"),
    ):
        body = "## 1. [News](https://example.com/1)\n\nIt happened."
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: {name}\n{front}\n---\n\n{body}\n")

    ended = run("archive", "add", "past.md", "draft.md", "future.md")

    assert ended.code == 2
    assert ended.out.splitlines() == ["http://127.0.0.1:8080/ai_daily/archive/2025-11-13  past"]
    assert "draft" in ended.err
    assert "its day, 2999-01-01, has not come yet" in ended.err
    assert run("archive", "add", "past.md", "--day", "2025-11-12").out.split()[0].endswith("/2025-11-12")
