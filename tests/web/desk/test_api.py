"""Programs can do at the desk what people can, by the same rights."""

from __future__ import annotations

from typing import Any

from newsletter.people.rights import Right, Role
from tests.support import DAY, SLUG
from tests.web.desk.support import TEXT, put
from tests.web.people.support import add, token_of
from tests.web.support import House

BASE = f"/api/staff/{SLUG}"
ONE = f"{BASE}/editions/{DAY}"
MENDED = TEXT.replace("七十亿", "八十亿")


class Program:
    def __init__(self, house: House, *scopes: Right) -> None:
        person = add(house, "lin", (SLUG, Role.ADMIN))
        self.headers = token_of(house, person, *scopes)
        self.client = house.visitor()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.post(path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()


def test_home_and_editions_are_told_as_values(house: House) -> None:
    program = Program(house)

    home = program.get(BASE)
    listed = program.get(f"{BASE}/editions?state=waiting")

    assert home["next"]["day"] == str(DAY)
    assert home["next"]["state"] == "ready"
    assert home["last"] is None
    assert [one["key"] for one in listed["editions"]] == [str(DAY)]


def test_a_text_is_looked_at_saved_and_taken_back(house: House) -> None:
    program = Program(house)

    shown = program.post(f"{ONE}/preview", text=MENDED)
    saved = program.post(f"{ONE}/revisions", text=MENDED, after=0)
    outrun = program.post(f"{ONE}/revisions", text=TEXT, after=0, status=409)
    program.post(f"{ONE}/stories", places=[0], after=1)
    edition = program.get(ONE)
    program.post(f"{ONE}/choice", choice="source", after=2)

    assert "八十亿" in shown["html"]
    assert saved["number"] == 1
    assert outrun["problem"] == "conflict"
    assert "造车新品牌" not in edition["text"]
    assert edition["left_out"] == [0]
    assert program.get(ONE)["text"] == TEXT


def test_decisions_say_why_they_cannot_be_made(house: House) -> None:
    put(house, TEXT)
    program = Program(house)

    assert program.post(f"{ONE}/approve", 409)["detail"]
    assert program.post(f"{ONE}/send", 409, owed=5)["detail"].startswith("owed: it goes to 3")
    program.post(f"{ONE}/send", owed=3)
    program.post(f"{ONE}/undo")
    program.post(f"{ONE}/move", at="2026-11-23T08:15:00+08:00")
    program.post(f"{ONE}/hold", because="x")
    assert program.post(f"{ONE}/pause", 409)["detail"]
    assert program.get(ONE)["state"] == "held"


def test_a_token_may_do_no_more_than_its_scopes(house: House) -> None:
    program = Program(house, Right.VIEW)

    program.get(ONE)
    program.post(f"{ONE}/preview", text=TEXT)
    program.post(f"{ONE}/revisions", 403, text=TEXT, after=0)
    program.post(f"{ONE}/send", 403, owed=3)


def test_what_is_no_edition_and_no_body_is_refused_plainly(house: House) -> None:
    program = Program(house)

    program.get(f"{BASE}/editions/2020-01-01", 404)
    program.get(f"{BASE}/editions/x", 404)
    program.post(f"{ONE}/revisions", 422, text=TEXT)
    program.post(f"{ONE}/revisions", 422, text="---\ntitle: [\n---\n", after=0)


def test_what_lies_at_the_ends_of_numbers_and_of_time_is_refused_and_breaks_nothing(house: House) -> None:
    program = Program(house)

    for day in ("0001-01-01", "9999-12-31", "1999-12-31"):
        program.get(f"{BASE}/editions/{day}", 404)
        program.post(f"{BASE}/editions/{day}/skip", 404, because="x")
    program.post(f"{ONE}/choice", 422, choice=10**30, after=0)
    program.post(f"{ONE}/choice", 422, choice=2**31 - 1, after=0)
    for at in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00", "2026-11-23T08:15:00"):
        program.post(f"{ONE}/move", 422, at=at)
    program.get(f"{ONE}/test/%00", 404)
    program.get(f"{ONE}/test/{'0' * 24}", 404)
    program.get(f"{BASE}/editions?before=9999-12-31.999999999999999999")
    program.post(f"{ONE}/revisions", text=TEXT, after=0, note="a\0b")
