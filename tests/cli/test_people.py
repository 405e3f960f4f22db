"""``subscribers``: the verbs, their refusals and their exit codes."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run

ADA = "Ada@Example.com"


@pytest.fixture(autouse=True)
def _installed(run: Run) -> None:
    run("init")


def test_a_person_is_added_shown_listed_and_leaves(run: Run) -> None:
    added = run("subscribers", "add", ADA, "--origin", "paper form")
    shown = json.loads(run("subscribers", "show", ADA, "--json").out)
    listed = json.loads(run("subscribers", "list", "--json").out)
    left = run("subscribers", "leave", "ada@example.com")

    assert added.out == "active on ai_daily\n"
    assert shown["address"] == "ada@example.com"
    assert shown["consent"][0]["origin"] == "paper form"
    assert [row["status"] for row in listed] == ["active"]
    assert left.out == "left on ai_daily\n"


def test_nobody_is_added_without_saying_where_they_agreed(run: Run) -> None:
    assert run("subscribers", "add", ADA).code == 2
    assert run("subscribers", "add", ADA, "--origin", " ").code == 2


def test_whoever_left_cannot_be_added_again(run: Run) -> None:
    run("subscribers", "add", ADA, "--origin", "form")
    run("subscribers", "leave", ADA)

    again = run("subscribers", "add", ADA, "--origin", "form")

    assert again.code == 1
    assert "only by themselves" in again.err
    assert json.loads(run("subscribers", "list", "--json").out)[0]["status"] == "left"


@pytest.mark.parametrize("command", ["leave", "show"])
def test_an_unknown_person_is_an_error_that_does_not_repeat_the_address(run: Run, command: str) -> None:
    ended = run("subscribers", command, "nobody@example.com")

    assert ended.code == 1
    assert "nobody@" not in ended.err


def test_what_is_no_address_is_bad_usage(run: Run) -> None:
    for command in (["add", "ada", "--origin", "form"], ["leave", "ada"], ["show", "ada@"]):
        ended = run("subscribers", *command)

        assert ended.code == 2
        assert "Traceback" not in ended.err


def test_a_list_goes_on_where_it_ended(run: Run) -> None:
    for n in range(3):
        run("subscribers", "add", f"r{n}@example.com", "--origin", "form")

    first = run("subscribers", "list", "--limit", "2")
    second = run("subscribers", "list", "--limit", "2", "--after", "2")

    assert "more: --after 2" in first.out
    assert "r2@example.com" in second.out
    assert run("subscribers", "list", "--status", "gone").code == 2
    assert run("subscribers", "add", ADA, "--origin", "form", "--language", "fr").code == 2
