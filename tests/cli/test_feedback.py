"""``feedback`` and ``reconcile``: figures for a person and for a program."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.clock import utc_now
from newsletter.database import connect
from newsletter.feedback import inbox, sendgrid
from newsletter.feedback.tables import FeedbackPost
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.testing.suppressions import Entry, ListName
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _installed(run: Run) -> None:
    run("init")


def test_what_came_back_is_told_in_figures(run: Run, tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    with database.sessions.begin() as session:
        for _ in range(2):
            inbox.put(session, sendgrid.NAME, inbox.pack(b"[]"), now=utc_now())
        first = session.scalars(select(FeedbackPost.id).limit(1)).one()
        inbox.set_aside(session, first, because="a fault")

    told = run("feedback")
    as_json = json.loads(run("feedback", "--json").out)
    run("feedback", "--again")
    again = json.loads(run("feedback", "--json").out)
    database.close()

    assert "no edition has gone out" in told.out
    assert "newsletter feedback --again" in told.out
    assert (as_json["waiting"], as_json["set_aside"], as_json["edition"]) == (1, 1, None)
    assert (again["waiting"], again["set_aside"]) == (2, 0)


def test_the_providers_lists_are_read_by_hand(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"SG.a.b": ["mail.send", *(f"suppression.{name}.read" for name in ListName), "suppression.read"]}
    with StubSendGrid(keys=keys) as stub:
        for name, value in (
            ("KIND", "sendgrid"),
            ("SENDGRID__HOST", stub.url),
            ("SENDGRID__API_KEY", stub.key),
        ):
            monkeypatch.setenv(f"NEWSLETTER_TRANSPORT__{name}", value)
        created = int((utc_now() - timedelta(hours=1)).timestamp())
        stub.endpoints.suppressions.put(
            ListName.SPAM_REPORTS, Entry(email="ada@example.com", created=created)
        )

        good = json.loads(run("reconcile", "--json").out)
        stub.keys["SG.a.b"] = ["mail.send"]
        bad = run("reconcile", "--days", "30")

    assert (good["entries"]["spam_reports"], good["suppressed"]) == (1, 1)
    assert bad.code == 1
    assert "scope" in bad.out


def test_without_sendgrid_there_are_no_lists(run: Run) -> None:
    assert run("reconcile").code == 2
