"""Yesterday's stories must not go out again under today's date.

What is compared is where the stories lead to: a script that runs on old input writes the same links.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence, RecentEdition
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.sites import leads_to_an_article, same_page

_FEWEST_IN_COMMON = 3  # a follow-up or two may lead to the same page


def already_sent(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest that shares more story links than allowed with an edition that went out."""
    ours = links_of(evidence)
    for theirs, edition in _before(evidence):
        common = len(ours & theirs)
        of_ours = 100 * common / max(1, len(ours))
        # Of theirs too: yesterday's digest with today's written after it is yesterday's.
        share = max(of_ours, 100 * common / len(theirs))
        enough = common >= _FEWEST_IN_COMMON or of_ours > evidence.policy.overlap_percent
        if not enough or share <= evidence.policy.overlap_percent:
            continue
        yield Remark(
            line=None,
            message_zh=f"{common} 条新闻的链接在 {edition.day} 那期已经发过",
            message_en=f"{common} of its story links went out in the edition of {edition.day}",
            remedy_zh="请换上今天的新闻，或检查生成脚本的输入",
            remedy_en="Put in today's stories, or look at the input of the script that wrote it",
        )
        return


def links_of(evidence: Evidence) -> frozenset[str]:
    """Return where the digest's stories lead to; the front doors of sites tell nothing."""
    pages = (same_page(story.url or "") for story in evidence.digest.stories)
    return frozenset(page for page in pages if leads_to_an_article(page))


def _before(evidence: Evidence) -> Iterator[tuple[frozenset[str], RecentEdition]]:
    for edition in evidence.recent or ():
        pages = frozenset(page for page in map(same_page, edition.links) if leads_to_an_article(page))
        if pages:
            yield pages, edition
