"""Holes cross Jinja as marks that nobody can forge, altered by nothing."""

import pytest

from newsletter.mailing import Hole, HoleKind
from newsletter.rendering import TemplateError
from newsletter.rendering.holes import Marks

LEAVE = Hole("leave_url", HoleKind.URL, "https://news.example.com/")
ADDRESS = Hole("address", HoleKind.HTML, "you")


def test_a_mark_becomes_its_hole_as_often_as_it_stands() -> None:
    marks = Marks([])
    leave, address = marks.mark("leave_url"), marks.mark("address")

    template = marks.split(f"a{leave}b{address}{leave}", LEAVE, ADDRESS, where="x")

    assert template.pieces == ("a", LEAVE, "b", ADDRESS, LEAVE)


def test_the_result_does_not_depend_on_the_number_drawn() -> None:
    def render() -> object:
        marks = Marks([])
        return marks.split(f"a{marks.mark('leave_url')}b", LEAVE, where="x")

    assert render() == render()


def test_a_mark_is_absent_from_all_that_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter(["aa", "bb", "cc"])
    monkeypatch.setattr("newsletter.rendering.holes.secrets.token_hex", lambda _: next(draws))

    assert Marks(["holeAAx0x", "holebbx0x"]).mark("leave_url") == "holeccx0x"


def test_a_mark_that_a_filter_changed_is_an_error() -> None:
    marks = Marks([])

    with pytest.raises(TemplateError, match=r"my/body\.txt\.j2: a reader's value cannot be changed"):
        marks.split(marks.mark("leave_url").upper(), LEAVE, where="my/body.txt.j2")


def test_a_mark_where_no_hole_may_stand_is_an_error() -> None:
    marks = Marks([])

    with pytest.raises(TemplateError, match="address differs between readers and cannot stand here"):
        marks.split(marks.mark("address"), LEAVE, where="subject")
