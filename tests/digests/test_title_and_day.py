"""Which words are the title, and which day a digest is for."""

from __future__ import annotations

from datetime import date

import pytest

from tests.digests.support import DAY, a_digest, blocks_text, text_of

STORY = "1. [甲](https://a.example/1)\n\n   正文。\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"---\ntitle: 前言里的\n---\n# 正文里的\n\n{STORY}", "前言里的"),
        (f"# 一级标题\n\n{STORY}", "一级标题"),
        (f"早上好，读者。\n\n# 问候之后的标题\n\n{STORY}", "问候之后的标题"),
        (f"---\n\n<!-- 注释 -->\n\n## 唯一的二级标题\n\n{STORY}", "唯一的二级标题"),
        (f"2025.05.07 全球AI新闻速递\n\n今天的要点。\n\n{STORY}", "2025.05.07 全球AI新闻速递"),
        (f"**3月2日 科技早报**\n今天的要点。\n\n{STORY}", "3月2日 科技早报"),
        (f"📌 周末特刊\n\n{STORY}", "周末特刊"),
        (f"早上好，今天是2025年5月11日\n\n{STORY}", "早读 · 2026-03-01"),
        (f"# 早上好\n\n{STORY}", "早读 · 2026-03-01"),
        ("好的，请您提供包含新闻的文本\n\n正文。", "早读 · 2026-03-01"),
        (f"Sure, here is your digest\n\n{STORY}", "早读 · 2026-03-01"),
        (f"今天的第一句话就是正文。\n\n{STORY}", "早读 · 2026-03-01"),
        (f"{STORY}\n### 点评\n\n看法。", "早读 · 2026-03-01"),
        ("# [甲](https://a.example/1)\n\n# [乙](https://a.example/2)\n", "早读 · 2026-03-01"),
        (
            "## 国内\n\n- 甲。[来源](https://a.example/1)\n\n## 国外\n\n- 乙。[来源](https://a.example/2)\n",
            "早读 · 2026-03-01",
        ),
        ("[某处](https://a.example)的新闻\n\n" + STORY, "早读 · 2026-03-01"),
    ],
)
def test_the_title_is_never_a_greeting_a_story_or_a_section(text: str, title: str) -> None:
    assert a_digest(text).title == title


@pytest.mark.parametrize(
    "repeated", ["# 2026.03.02 山河早读", "2026.03.02  山河早读", "## ２０２６．０３．０２ 山河早读"]
)
def test_a_title_that_is_repeated_in_the_text_is_shown_once(repeated: str) -> None:
    digest = a_digest(f'---\ntitle: "2026.03.02 山河早读"\n---\n{repeated}\n\n导语。\n\n{STORY}')

    assert text_of(digest).count("山河早读") == 1
    assert list(blocks_text(digest.intro)) == ["导语。"]


def test_another_heading_than_the_front_matters_title_is_kept() -> None:
    digest = a_digest(f"---\ntitle: 甲\n---\n# 乙\n\n{STORY}")

    assert (digest.title, digest.sections[0].title_text, digest.sections[0].level) == ("甲", "乙", 1)


@pytest.mark.parametrize(
    ("front", "file", "day"),
    [
        ("date: 2025-11-13", "2025-11-14.md", date(2025, 11, 13)),
        ("date: 2025-11-12T16:30:00Z", "2025-11-14.md", date(2025, 11, 13)),
        ("date: 2025-11-13T01:00:00+08:00", "x.md", date(2025, 11, 13)),
        ("date: 2025-11-13 23:59:59", "x.md", date(2025, 11, 13)),
        ("draft: false", "2025-11-13.md", date(2025, 11, 13)),
        ("draft: false", "a/2025-11-13-title.md", date(2025, 11, 13)),
        ("draft: false", "content/2025-11-13-title/index.md", date(2025, 11, 13)),
        ("draft: false", "20251113.md", date(2025, 11, 13)),
        ("draft: false", "2025-13-45.md", DAY),
        ("draft: false", "index.md", DAY),
    ],
)
def test_the_day_is_the_front_matters_else_the_files_else_the_given(front: str, file: str, day: date) -> None:
    assert a_digest(f"---\n{front}\n---\n{STORY}", file=file).day == day
