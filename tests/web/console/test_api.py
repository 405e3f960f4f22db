"""The console for programs: the pages' powers, behind the same rights."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from newsletter.people.rights import ALL, Right, Role
from subscribers import Status
from tests.support import SLUG
from tests.web.console.support import work
from tests.web.people.support import add, token_of
from tests.web.support import House

HERE = f"/api/staff/{SLUG}"


@pytest.fixture
def program(house: House) -> TestClient:
    client = house.visitor()
    client.headers.update(token_of(house, add(house, "bot", (ALL, Role.ADMIN))))
    return client


def test_a_segment_finds_readers_page_by_page(program: TestClient) -> None:
    first = program.get(f"{HERE}/readers", params={"segment": "status = active", "limit": 50}).json()
    second = program.get(
        f"{HERE}/readers", params={"segment": "status = active", "after": first["next"]}
    ).json()
    wrong = program.get(f"{HERE}/readers", params={"segment": "status = x"})

    assert (len(first["readers"]), len(second["readers"]), second["next"]) == (50, 14, "")
    assert (first["people"], first["people_is_exact"]) == (64, True)
    assert wrong.status_code == 422
    assert "column 10" in wrong.json()["detail"]


def test_one_reader_is_told_with_what_happened(program: TestClient) -> None:
    answer = program.get(f"{HERE}/readers/61").json()

    assert answer["address"] == "li.lei@163.com"
    assert [entry["what"] for entry in answer["timeline"]] == ["edition", "consent", "consent"]
    assert answer["timeline"][0]["came_back"] == "delivered"
    assert program.get(f"{HERE}/readers/999").status_code == 404


def test_a_verb_is_done_with_the_token_s_name(program: TestClient, house: House) -> None:
    answer = program.post(f"{HERE}/readers/61", json={"verb": "leave", "because": "asked by letter"})

    assert answer.json() == {"done": "leave"}
    assert house.status(61) is Status.LEFT
    assert "bot (a script)" in str(program.get(f"{HERE}/readers/61").json()["timeline"])


def test_a_job_is_written_down_approved_by_its_number_and_done(program: TestClient, house: House) -> None:
    asked = {"verb": "leave", "because": "x", "segment": "domain = gmail.com"}

    job = program.post(f"{HERE}/jobs", json=asked).json()
    wrong = program.post(f"{HERE}/jobs/{job['id']}/approve", json={"number": 2})
    right = program.post(f"{HERE}/jobs/{job['id']}/approve", json={"number": 3})
    work(house)
    done = program.get(f"{HERE}/jobs/{job['id']}").json()

    assert (job["state"], job["total"]) == ("asked", 3)
    assert (wrong.status_code, right.status_code) == (422, 200)
    assert (done["state"], done["tally"]) == ("done", {"changed": 2, "unchanged": 1})
    assert program.post(f"{HERE}/jobs/{job['id']}/stop").status_code == 409


def test_a_list_is_uploaded_and_exported(program: TestClient, house: House) -> None:
    answer = program.post(
        f"{HERE}/import", data={"origin": "fair"}, files={"file": ("a.csv", b"email\nnew@qq.com\n")}
    )
    work(house)
    program.post(f"{HERE}/jobs/{answer.json()['id']}/approve", json={"number": 1})
    work(house)
    exported = program.get(f"{HERE}/readers.csv", params={"segment": "address = new@qq.com"})
    wrong = program.post(f"{HERE}/import", data={"origin": ""}, files={"file": ("a.csv", b"email\n")})

    assert answer.status_code == 202
    assert exported.text.count("new@qq.com") == 1
    assert wrong.status_code == 422


def test_suppressions_segments_and_copies_have_calls_too(program: TestClient) -> None:
    assert (
        program.post(f"{HERE}/suppressions", json={"what": "@a.example", "because": "x"}).status_code == 200
    )
    known = program.get(f"{HERE}/suppressions", params={"address": "b@a.example"}).json()
    assert [one["what"] for one in known["never_mailed"]] == ["domain"]
    assert program.post(f"{HERE}/segments", json={"name": "vips", "segment": "tag = vip"}).status_code == 200
    assert program.get(f"{HERE}/segments").json()["segments"][0]["name"] == "vips"
    refused = program.get(f"{HERE}/deliveries/1", params={"meaning": "hard"}).json()
    assert [copy["reader"] for copy in refused["copies"]] == [1, 2]
    assert program.post(f"{HERE}/deliveries/1/retry", json={"meaning": "hard"}).json() == {"copies": 2}
    settled = program.post(f"{HERE}/deliveries/1/settle", json={"how": "settle", "because": "their log"})
    assert settled.json() == {"copies": 1}
    assert len(program.get("/api/staff/lists").json()["lists"]) == 2
    assert program.get(f"{HERE}/deliveries").json()["editions"][0]["owed"] == 61
    assert program.get(f"{HERE}/suppressions").json()["suppressed"][0]["reader"] == 66
    assert program.get(f"{HERE}/readers/61/data").json()["address"] == "li.lei@163.com"
    assert program.post(f"{HERE}/segments/1/remove").json() == {"done": "removed"}
    assert program.post(f"{HERE}/segments/1/remove").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"verb": "leave", "because": "\0"},
        {"verb": "leave", "because": " "},
        {"verb": "fly", "because": "x"},
        {"verb": "leave"},
        {"verb": ["leave"], "because": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(program: TestClient, house: House, body: object) -> None:
    assert program.post(f"{HERE}/readers/61", json=body).status_code == 422
    assert house.status(61) is Status.ACTIVE


def test_a_token_with_less_may_do_less(house: House) -> None:
    reader = house.visitor()
    reader.headers.update(token_of(house, add(house, "small", (ALL, Role.ADMIN)), Right.VIEW))

    assert reader.get("/api/staff/lists").status_code == 200
    assert reader.get(f"{HERE}/readers").status_code == 403
    assert reader.post(f"{HERE}/deliveries/1/retry", json={"meaning": "hard"}).status_code == 403
