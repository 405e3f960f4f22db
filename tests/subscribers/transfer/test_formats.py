"""Every system's export, made up but exactly shaped: statuses, tags, dates and proof come along."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.database import Database
from subscribers import ImportOptions, Standing, Status, UnreadableList
from tests.subscribers.transfer.support import ORIGIN, details, held, sample, take_in, written, zipped

# --- Mailchimp: columns as in its exports ------------------------------------

SUBSCRIBED, UNSUBSCRIBED, CLEANED, NONSUBSCRIBED = (
    sample(f"mailchimp-{kind}.csv") for kind in ("subscribed", "unsubscribed", "cleaned", "nonsubscribed")
)


def test_mailchimp_s_zip_is_taken_in_with_statuses_tags_dates_and_proof(
    database: Database, tmp_path: Path
) -> None:
    path = zipped(
        tmp_path,
        "audience_export_1a2b3c.zip",
        {
            "subscribed_email_audience_export_1a2b3c.csv": SUBSCRIBED,
            "unsubscribed_email_audience_export_1a2b3c.csv": UNSUBSCRIBED,
            "cleaned_email_audience_export_1a2b3c.csv": CLEANED,
            "nonsubscribed_email_audience_export_1a2b3c.csv": NONSUBSCRIBED,
        },
    )

    taken = take_in(database, path)
    ada, bob = held(database, "ada@example.com"), held(database, "bob@example.com")

    assert taken.formats == ["Mailchimp"] * 4
    assert taken.tally.people == {
        Standing.ACTIVE: 1,
        Standing.LEFT: 1,
        Standing.BOUNCED: 1,
        Standing.COMPLAINED: 1,
    }
    assert ada.person
    assert ada.listed
    assert bob.listed
    assert (ada.status, ada.listed.tags) == (Status.ACTIVE, ["AI News", "Weekly, long"])
    assert ada.person.attributes == {"name": "Ada Byron", "notes": "likes maths"}
    assert ada.listed.created_at == datetime(2023, 4, 21, 11, 16, 57, tzinfo=UTC)
    assert ada.listed.confirmed_at == datetime(2023, 4, 21, 11, 20, tzinfo=UTC)
    (act,) = ada.acts
    assert (act.event.value, act.at, act.ip) == ("enrolled", ada.listed.confirmed_at, "203.0.113.10")
    assert act.origin == ORIGIN
    assert details(ada.acts)["optin_ip"] == "203.0.113.9"
    assert details(ada.acts)["euid"] == "c2cb0681af"
    assert "latitude" not in details(ada.acts)
    assert (bob.status, bob.listed.left_at) == (
        Status.LEFT,
        datetime(2018, 7, 23, 12, 19, 27, tzinfo=UTC),
    )
    assert [held(database, f"{who}@example.com").reason for who in ("cid", "eve")] == [
        "bounced",
        "complained",
    ]
    assert held(database, "cid@example.com").status is Status.LEFT
    assert held(database, "shop@example.com").person is None
    assert [problem.why[:21] for problem in taken.problems] == ["nothing says that thi"]


@pytest.mark.parametrize(
    ("name", "text", "standing"),
    [
        ("subscribed_members_export.csv", SUBSCRIBED, Standing.ACTIVE),
        ("renamed.csv", SUBSCRIBED, Standing.ACTIVE),  # it has a time of confirming
        ("renamed.csv", UNSUBSCRIBED, Standing.LEFT),
        ("renamed.csv", CLEANED, Standing.BOUNCED),
    ],
)
def test_one_csv_of_mailchimp_is_recognised_alone(
    database: Database, tmp_path: Path, name: str, text: str, standing: Standing
) -> None:
    taken = take_in(database, written(tmp_path, name, text))

    assert taken.formats == ["Mailchimp"]
    assert taken.tally.people[standing] == 1


def test_whoever_only_bought_something_is_not_taken_in_under_any_name(
    database: Database, tmp_path: Path
) -> None:
    taken = take_in(database, written(tmp_path, "export.csv", NONSUBSCRIBED))

    assert (taken.tally.people, len(taken.problems)) == ({}, 1)


def test_a_mailchimp_column_of_addresses_in_another_language_can_be_named(
    database: Database, tmp_path: Path
) -> None:
    path = written(tmp_path, "subscribed.csv", SUBSCRIBED.replace("Email Address", "E-Mail-Adresse"))

    with pytest.raises(UnreadableList, match="--map"):
        take_in(database, path)
    taken = take_in(database, path, ImportOptions(columns={"E-Mail-Adresse": "email"}))

    assert taken.tally.people == {Standing.ACTIVE: 1}


# --- listmonk ----------------------------------------------------------------


def test_listmonk_s_csv_is_taken_in(database: Database, tmp_path: Path) -> None:
    taken = take_in(database, written(tmp_path, "subscribers.csv", sample("listmonk.csv")))
    ada, bob = held(database, "ada@example.com"), held(database, "bob@example.com")

    assert taken.formats == ["listmonk"]
    assert taken.tally.people == {Standing.ACTIVE: 1, Standing.LEFT: 1, Standing.BLOCKED: 1}
    assert ada.person
    assert bob.listed
    assert ada.person.attributes == {"city": "Shanghai", "likes": [1, 2.5], "name": "Ada"}
    assert ada.person.created_at == datetime(2024, 5, 1, 10, 11, 12, tzinfo=UTC)
    assert bob.listed.left_at == datetime(2024, 6, 1, 10, 11, 12, tzinfo=UTC)
    assert [(problem.line, problem.why) for problem in taken.problems] == [
        (5, "status: 'dormant' is not known")
    ]


def test_whoever_unsubscribed_from_a_list_of_listmonk_left(database: Database, tmp_path: Path) -> None:
    entry = {
        "uuid": "u",
        "email": "bob@example.com",
        "name": "Bob",
        "attribs": {},
        "status": "enabled",
        "created_at": "2024-05-01T10:11:12.123456+08:00",
        "lists": [{"name": "daily", "subscription_status": "unsubscribed"}],
    }
    path = written(
        tmp_path, "subscribers.json", json.dumps([entry, entry | {"email": "ada@example.com", "lists": []}])
    )

    take_in(database, path)

    assert held(database, "bob@example.com").status is Status.LEFT
    assert held(database, "ada@example.com").status is Status.ACTIVE


# --- Buttondown --------------------------------------------------------------


@pytest.mark.parametrize(("email", "kind"), [("email_address", "type"), ("email", "subscriber_type")])
def test_buttondown_s_csv_is_taken_in(database: Database, tmp_path: Path, email: str, kind: str) -> None:
    text = (
        sample("buttondown.csv").replace("email_address,", f"{email},", 1).replace(",type,", f",{kind},", 1)
    )

    taken = take_in(database, written(tmp_path, "subscribers.csv", text))
    ada, dan = held(database, "ada@example.com"), held(database, "dan@example.com")

    assert taken.formats == ["Buttondown"]
    assert taken.tally.people == {
        Standing.ACTIVE: 2,
        Standing.PENDING: 1,
        Standing.LEFT: 2,
        Standing.BOUNCED: 1,
    }
    assert ada.person
    assert ada.listed
    assert dan.suppression
    assert (ada.listed.tags, ada.person.attributes) == (
        ["ai", "long reads"],
        {"name": "Ada", "notes": "met her"},
    )
    assert (ada.acts[0].ip, details(ada.acts)["source"]) == ("203.0.113.9", "organic")
    assert dan.suppression.note == "mailbox of *** is full"
    assert dan.suppression.created_at == datetime(2023, 3, 3, tzinfo=UTC)


# --- Ghost -------------------------------------------------------------------


def test_ghost_s_members_are_taken_in(database: Database, tmp_path: Path) -> None:
    taken = take_in(database, written(tmp_path, "members.csv", sample("ghost.csv")))
    ada = held(database, "ada@example.com")

    assert taken.formats == ["Ghost"]
    assert taken.tally.people == {Standing.ACTIVE: 1, Standing.LEFT: 2}
    assert ada.person
    assert ada.listed
    assert ada.person.attributes == {"name": "=1+2", "notes": "Early supporter"}
    assert ada.listed.tags == ["vip", "gold"]
    assert ada.listed.created_at == datetime(2022, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert [problem.line for problem in taken.problems] == [5]


# --- Substack ----------------------------------------------------------------


def test_substack_s_email_list_is_taken_in(database: Database, tmp_path: Path) -> None:
    taken = take_in(database, written(tmp_path, "email_list.news.csv", sample("substack.csv")))
    ada = held(database, "ada@example.com")

    assert taken.formats == ["Substack"]
    assert taken.tally.people == {Standing.ACTIVE: 1, Standing.LEFT: 1}
    assert details(ada.acts)["plan"] == "yearly"
    assert ada.acts[0].at == datetime(2024, 2, 1, 10, tzinfo=UTC)


def test_of_substack_s_zip_only_the_list_is_taken_in(database: Database, tmp_path: Path) -> None:
    # The lists of who was sent a post name people who have left since.
    path = zipped(
        tmp_path,
        "export.zip",
        {
            "posts.csv": "post_id,post_date,is_published\n1.first,2024-01-01,true\n",
            "posts/1.first.html": "<p>ada@example.com</p>",
            "posts/1.delivers.csv": "post_id,timestamp,email\n1,2024-01-01,bob@example.com\n",
            "email_list.news.csv": sample("substack.csv"),
        },
    )

    taken = take_in(database, path)

    assert taken.formats == ["Substack"]
    assert taken.skipped == ["posts.csv", "1.delivers.csv"]
    assert held(database, "bob@example.com").status is Status.LEFT


@pytest.mark.parametrize(
    "header",
    [
        "Email,Name,Subscription type,Activity,Subscription date,Revenue,Receiving emails for",
        "Email,Name,Stripe plan,Cancel date,Start date,Paid upgrade date,Activity,Type",
    ],
)
def test_substack_s_dashboard_is_refused_with_a_way_out(
    database: Database, tmp_path: Path, header: str
) -> None:
    path = written(tmp_path, "subscribers.csv", f"{header}\nada@example.com,Ada,,,2024-01-01,,,\n")

    with pytest.raises(UnreadableList, match="does not say who switched emails off"):
        take_in(database, path)


# --- SendGrid ----------------------------------------------------------------

BOUNCE = '5.1.1,"550 5.1.1 The account <ada@example.com> does not exist, sorry",ada@example.com,1443651154\n'


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("suppression_bounces.csv", f"status,reason,email,created\n{BOUNCE}", "bounced"),
        (
            "suppression_spam_reports.csv",
            "ip,email,created\n10.63.202.100,ada@example.com,1443651154\n",
            "complained",
        ),
        (
            "suppression_invalid_emails.csv",
            "reason,email,created\nMail domain unknown,ada@example.com,1443651154\n",
            "bounced",
        ),
        (
            "spam.json",
            '[{"created": 1443651154, "email": "ada@example.com", "ip": "10.63.202.100"}]',
            "complained",
        ),
    ],
)
def test_sendgrid_s_suppressions_are_kept_by_hash_and_put_nobody_on_the_list(
    database: Database, tmp_path: Path, name: str, text: str, reason: str
) -> None:
    taken = take_in(database, written(tmp_path, name, text))
    ada = held(database, "ada@example.com")

    assert taken.formats[0].startswith("SendGrid")
    assert (ada.reason, ada.person) == (reason, None)
    assert ada.suppression
    assert ada.suppression.created_at == datetime(2015, 9, 30, 22, 12, 34, tzinfo=UTC)
    assert "ada@" not in (ada.suppression.note or "")
    assert taken.tally.suppressed == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("suppression_unsubscribes.csv", "email,created\nada@example.com,1443651154\n"),
        ("unsubscribes.json", '[{"created": 1443651154, "email": "ada@example.com"}]'),
        ("asm_groups_3893_suppressions.csv", "email,created_at\nada@example.com,1443651154\n"),
        ("asm_groups_3893_suppressions.json", '["ada@example.com"]'),
        (
            "groups.json",
            '[{"email": "ada@example.com", "group_id": 1, "group_name": "x", "created_at": 1443651154}]',
        ),
    ],
)
def test_whoever_unsubscribed_at_sendgrid_left(
    database: Database, tmp_path: Path, name: str, text: str
) -> None:
    take_in(database, written(tmp_path, name, text))

    assert held(database, "ada@example.com").status is Status.LEFT


def test_a_block_of_sendgrid_is_reported_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "suppression_blocks.csv", f"status,reason,email,created\n{BOUNCE}")

    taken = take_in(database, path)

    assert taken.problems[0].why == "a block is no verdict on the address: nothing was changed"
    assert held(database, "ada@example.com").suppression is None


def test_bounces_and_blocks_under_another_name_are_not_guessed(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "export.csv", f"status,reason,email,created\n{BOUNCE}")

    with pytest.raises(UnreadableList, match="sendgrid-blocks"):
        take_in(database, path)
    take_in(database, path, ImportOptions(format="sendgrid-bounces"))

    assert held(database, "ada@example.com").reason == "bounced"


def test_pages_of_an_api_put_one_behind_the_other_are_read(database: Database, tmp_path: Path) -> None:
    page = '[{"created": 1443651154, "email": "%s@example.com", "ip": "10.63.202.100"}]\n'
    path = written(tmp_path, "spam.json", "".join(page % who for who in ("ada", "bob", "cid")))

    assert take_in(database, path).tally.people == {Standing.COMPLAINED: 3}
