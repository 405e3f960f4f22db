"""A digest written down again reads as what it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.digests.digest import Digest
from newsletter.digests.writing import write
from tests.digests.support import EVERY_DIGEST, a_digest, blocks_text


def as_items(digest: Digest) -> Digest:
    """Number the stories, as a weekly digest does."""
    number = 0
    sections = []
    for section in digest.sections:
        stories = []
        for story in section.stories:
            number += 1
            stories.append(replace(story, number=number))
        if stories:
            sections.append(replace(section, stories=tuple(stories), lead=(), title=()))
    return replace(digest, sections=tuple(sections), intro=())


def seen(digest: Digest) -> list[tuple[int | None, str, str | None, str]]:
    return [
        (story.number, story.title_text, story.url, "\n".join(blocks_text(story.body)).strip())
        for story in digest.stories
    ]


@pytest.mark.parametrize("path", EVERY_DIGEST, ids=lambda path: path.stem)
def test_every_story_is_read_again_as_it_was_written(path: Path) -> None:
    digest = as_items(a_digest(path.read_bytes(), file=path.name))
    if digest.is_essay or not digest.stories:
        return

    again = a_digest(write(digest))

    assert seen(again) == seen(digest)
    assert again.title == digest.title


@pytest.mark.parametrize(
    "body",
    [
        "1、不是列表，只是一句话。",
        "# 不是标题",
        "- 也不是列表",
        "2*3*4 = 24，a_b_c，[方括号]，<尖括号>，`反引号`，a|b，&amp;",
        "**粗体（在标点旁）**，*强调*，~~删掉~~，`代码`。",
        "第一行  \n第二行",
    ],
)
def test_what_looks_like_markup_stays_text(body: str) -> None:
    body = body if not body.startswith(("1、", "#", "-")) else f"&#{ord(body[0])};{body[1:]}"
    digest = a_digest(f"1. [标题](https://a.example/1)\n\n   {body}\n\n2. [另一条](https://a.example/2)\n")
    assert len(digest.stories) == 2

    assert seen(a_digest(write(digest))) == seen(digest)
