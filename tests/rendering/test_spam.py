"""What a filter thinks of a whole message, as it goes out."""

import re
import subprocess
from datetime import UTC, datetime

import pytest

from newsletter.mailing import Copy
from newsletter.transports.mime import Prepared
from tests.rendering import support
from tests.tools import SPAMASSASSIN, needs_spamassassin


@needs_spamassassin
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_spamassassin_gives_at_most_half_a_point(language: str) -> None:
    mailing = support.render(support.numbered(), language=language).mailing
    copy = Copy(ref="r1", address="li.lei@example.cn", values=support.LI_LEI)
    message = Prepared(mailing).message(copy, datetime(2026, 11, 22, 23, 30, tzinfo=UTC))

    verdict = subprocess.run(
        [str(SPAMASSASSIN), "-L", "-t"], input=message, capture_output=True, check=False
    ).stdout.decode(errors="replace")

    score = re.search(r"^X-Spam-Status: .*?score=(-?[\d.]+)", verdict, re.MULTILINE)
    assert score, verdict[:2000]
    assert float(score[1]) <= 0.5, verdict[verdict.rindex("Content analysis details") :]
