"""Metrics: readable by Prometheus, true to the ledger, for monitors alone, and what alerts need exists."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from newsletter.delivery import heartbeat
from newsletter.delivery.worker import drain
from newsletter.metrics import CATALOGUE, CONTENT_TYPE, Histogram, Kind, gauge, text_of
from newsletter.transports.memory import MemoryTransport
from tests.support import SLUG, a_sender, frozen, readers
from tests.tools import ROOT
from tests.web.support import House

LOOPBACK = "127.0.0.1"
LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.e+-]+|\+Inf)')


def asked(house: House) -> dict[str, float]:
    """Return every sample by its name and labels, having read them as strictly as Prometheus."""
    answer = house.visitor(LOOPBACK).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    found: dict[str, float] = {}
    for line in answer.text.removesuffix("\n").split("\n"):
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ (gauge|histogram))", line)
            continue
        match = LINE.fullmatch(line)
        assert match, line
        key = match[1] + (f"{{{match[2]}}}" if match[2] else "")
        assert key not in found
        found[key] = float(match[3])
    return found


def test_an_edition_is_told_as_its_books_have_it(house: House) -> None:
    edition = frozen(house.app.database, readers(3))
    about = f'newsletter="{SLUG}",kind="daily"'

    before = asked(house)
    drain(a_sender(house.app.database, MemoryTransport(), house.clock), edition.id)
    house.clock.forward(timedelta(minutes=1))
    after = asked(house)

    copies = f'newsletter_edition_copies{{{about},state="'
    assert before[f"newsletter_edition_owed_copies{{{about}}}"] == 3
    assert before[copies + 'waiting"}'] == 3
    assert before['newsletter_lane_waiting_copies{lane="other"}'] == 3
    assert after[copies + 'accepted"}'] == 3
    assert after[f"newsletter_edition_books_balanced{{{about}}}"] == 1
    assert after["newsletter_doubt_copies"] == 0


def test_signs_of_life_and_latency_are_told(house: House) -> None:
    with house.writing() as session:
        heartbeat.beat(session, owner="w", part="clockwork", now=house.clock())
    house.client.get(f"/{SLUG}")
    house.client.get("/healthz")

    found = asked(house)

    at = found['newsletter_heartbeat_timestamp_seconds{part="clockwork"}']
    assert at == house.clock().timestamp()
    count = "newsletter_http_request_duration_seconds_count"
    assert found[f'{count}{{route="/healthz",status="200"}}'] == 1
    buckets = [key for key in found if key.startswith("newsletter_http_request_duration_seconds_bucket")]
    assert any('le="+Inf"' in key for key in buckets)


def test_no_token_and_no_address_is_in_them(house: House) -> None:
    house.client.get(f"/{SLUG}/leave/averylongtokenthatnobodyshouldsee")
    house.sign_up("zhang@example.com")

    text = house.visitor(LOOPBACK).get("/metrics").text

    assert "averylongtoken" not in text
    assert "@" not in text


@pytest.mark.parametrize("ip", ["203.0.113.7", "10.0.0.1"])
def test_without_a_token_only_this_machine_may_ask(house: House, ip: str) -> None:
    assert house.visitor(ip).get("/metrics").status_code == 401
    behind = {"x-forwarded-for": "127.0.0.1"}
    assert house.visitor(LOOPBACK).get("/metrics", headers=behind).status_code == 401
    assert house.visitor(LOOPBACK).get("/metrics").status_code == 200


def test_with_a_token_whoever_has_it_may_ask(house: House) -> None:
    metrics = house.app.settings.metrics.model_copy(update={"token": SecretStr("s3cret-of-the-monitor")})
    house.app.settings = house.app.settings.model_copy(update={"metrics": metrics})

    def status(**headers: str) -> int:
        return house.visitor().get("/metrics", headers=headers).status_code

    assert status(authorization="Bearer s3cret-of-the-monitor") == 200
    assert status(authorization="Bearer another") == 401
    assert house.visitor(LOOPBACK).get("/metrics").status_code == 401


# ---- the text, and who reads it ----


def test_labels_are_escaped() -> None:
    told = text_of([gauge("newsletter_build_info", 1, version='a"b\\c\nd')])

    assert told.endswith('newsletter_build_info{version="a\\"b\\\\c\\nd"} 1\n')


def test_a_histogram_counts_each_once_and_grows_no_further() -> None:
    histogram = Histogram("newsletter_http_request_duration_seconds")
    for number in range(2 * Histogram.MOST_SERIES):
        histogram.observe(0.02, f"/{number}", "200")

    samples = list(histogram.samples())

    counts = [sample.value for sample in samples if sample.name.endswith("_count")]
    assert sum(counts) == 2 * Histogram.MOST_SERIES
    assert len(counts) == Histogram.MOST_SERIES + 1
    edges = [
        sample.value for sample in samples if sample.labels.get("route") == "/7" and "le" in sample.labels
    ]
    assert edges == sorted(edges) == [0, 0] + [1] * 10


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_name_says_its_unit(name: str) -> None:
    assert re.fullmatch(r"newsletter_[a-z]+(_[a-z]+)*", name)
    metric = CATALOGUE[name]
    assert metric.help.endswith(".")
    assert not name.endswith(("_total", "_ms", "_minutes"))


def names_in(expression: str) -> set[str]:
    found = set[str]()
    for name in re.findall(r"newsletter_[a-z_]+", expression):
        base = name.removesuffix("_bucket")
        is_bucket = base in CATALOGUE and CATALOGUE[base].kind is Kind.HISTOGRAM
        found.add(base if is_bucket else name)
    return found


def rules() -> list[dict[str, object]]:
    document = yaml.safe_load((ROOT / "deploy" / "prometheus" / "newsletter.rules.yml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_every_metric_of_an_alert_exists_and_every_alert_says_what_to_do() -> None:
    unknown = {name for rule in rules() for name in names_in(str(rule["expr"]))} - CATALOGUE.keys()

    assert unknown == set()
    for rule in rules():
        annotations = rule["annotations"]
        assert isinstance(annotations, dict)
        assert {"summary", "remedy"} <= annotations.keys(), rule["alert"]


def test_every_metric_of_the_dashboard_exists_and_every_metric_is_on_it() -> None:
    text = (ROOT / "deploy" / "grafana" / "newsletter.json").read_text("utf-8")
    told = {
        name
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        for name in names_in(target["expr"])
    }

    assert told - CATALOGUE.keys() == set()


def test_every_metric_and_alert_is_explained() -> None:
    text = Path(ROOT / "docs" / "metrics.md").read_text("utf-8")

    assert [name for name in CATALOGUE if f"`{name}" not in text] == []
    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in text] == []
