"""Users' own checks: found by entry points, named by their ids, and never a reason for a morning to fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.config import NewsletterSettings
from newsletter.editions.gate import Severity
from newsletter.morning import prove
from newsletter.morning.own_checks import own_checks
from newsletter.rendering.renderer import Renderer
from tests.digests.support import DAY, a_digest
from tests.support import SLUG, URLS
from tests.tools import ROOT

RENDERER = Renderer()
TEXT = "1. [马斯克又发推文](https://a.example/1)\n\n   正文。\n"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the package that docs/gate.md shows, and a broken one beside it."""
    guide = (ROOT / "docs" / "gate.md").read_text("utf-8")
    code = guide.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "house_checks.py").write_text(code, "utf-8")
    (tmp_path / "broken_checks.py").write_text("def fails(evidence):\n    raise KeyError('x')\n", "utf-8")
    info = tmp_path / "house_checks-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-checks\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[newsletter.checks]\n"
        "no-gossip = house_checks:no_gossip\n"
        "always-fails = broken_checks:fails\n"
        "not-there = nobody_has_this:check\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own_checks.cache_clear()
    yield
    own_checks.cache_clear()


def found(**gate: object) -> dict[str, tuple[Severity, int | None, str]]:
    newsletter = NewsletterSettings.model_validate({"name": "早读", "gate": gate})
    proof = prove(a_digest(TEXT), SLUG, newsletter, renderer=RENDERER, urls=URLS, day=DAY)
    return {
        f"{finding.check} {finding.message_en.split()[3]}" if "own" in finding.check else finding.check: (
            finding.severity,
            finding.line,
            finding.message_en,
        )
        for finding in proof.findings
    }


@pytest.mark.usefixtures("installed")
def test_the_check_of_the_guide_works_as_the_guide_says() -> None:
    severity, line, message = found()["no-gossip"]

    assert (severity, line) == (Severity.HOLD, 1)
    assert "马斯克" in message


@pytest.mark.usefixtures("installed")
def test_settings_reach_a_users_check_by_its_id() -> None:
    assert found(severity={"no-gossip": "warn"})["no-gossip"][0] is Severity.WARN
    assert "no-gossip" not in found(severity={"no-gossip": "off"})


@pytest.mark.usefixtures("installed")
def test_a_check_that_fails_or_is_not_there_only_warns_and_is_named() -> None:
    findings = found()

    assert findings["own-check-failed always-fails"][0] is Severity.WARN
    assert findings["own-check-failed not-there"][0] is Severity.WARN
