"""What must not be possible in the console."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from fastapi.testclient import TestClient

from newsletter.people.rights import Role
from tests.support import SEVEN, SLUG, Reader, add
from tests.web.console.support import HERE, found
from tests.web.people.support import browser_of
from tests.web.support import House


def test_a_stored_script_in_a_name_an_attribute_or_a_reply_is_only_text(client: TestClient) -> None:
    pages = [found(client, "?q=li"), client.get(f"{HERE}/readers/61").text]
    pages += [client.get(f"{HERE}/deliveries/1?state=refused").text]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in page.partition("<main")[2].partition("{{ 7*7 }}")[0][-40:]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in pages[1]


def test_no_cell_of_an_export_is_a_formula(client: TestClient) -> None:
    answer = client.get(f"{HERE}/readers.csv?q=li")

    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][0] == "li.lei@163.com"
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]


def test_an_upload_that_unpacks_to_a_bomb_is_refused(client: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("subscribed_members.csv", b"Email Address\n" + b"0" * 60_000_000)

    answer = client.post(
        f"{HERE}/import", data={"origin": "x"}, files={"file": ("bomb.zip", packed.getvalue())}
    )

    assert len(packed.getvalue()) < 200_000
    assert answer.status_code == 422


def test_an_upload_larger_than_the_bound_is_refused_before_it_is_kept(
    client: TestClient, house: House
) -> None:
    vars(house.app.settings.web)["upload_mb"] = 0  # no file at all

    answer = client.post(
        f"{HERE}/import", data={"origin": "x"}, files={"file": ("big.csv", b"email\n" + b"a" * 1000)}
    )

    assert answer.status_code == 413
    assert list((house.app.settings.web.spool).glob("*")) == []


def test_a_name_of_an_uploaded_file_leads_nowhere(client: TestClient, house: House) -> None:
    answer = client.post(
        f"{HERE}/import",
        data={"origin": "x"},
        files={"file": ("../../../etc/passwd", b"email\na@qq.com\n")},
    )

    assert answer.status_code == 303
    assert [len(path.name) for path in house.app.settings.web.spool.iterdir()] == [32]


@pytest.fixture
def other(house: House) -> TestClient:
    """The admin of the other list, on which one person is, too."""
    with house.writing() as session:
        add(session, [Reader(address="robot@qq.com")], newsletter="robots", now=SEVEN)
    return browser_of(house, "other", ("robots", Role.ADMIN))


def test_an_admin_of_one_list_reaches_nobody_and_nothing_of_another(
    other: TestClient, client: TestClient
) -> None:
    client.post(f"{HERE}/segments", data={"name": "mine", "segment": "tag = vip"})
    client.post(f"{HERE}/readers/bulk", data={"verb": "leave", "because": "x"})
    there = "/staff/robots"

    # Their own list by its name, our rows by their numbers.
    for path in ("readers/61", "readers/61/data.json", "deliveries/1", "jobs/1", "jobs/1/errors.csv"):
        assert other.get(f"{there}/{path}").status_code == 404, path
        assert other.get(f"{HERE}/{path}").status_code == 404, path
    for path, data in (
        ("readers/61", {"verb": "leave", "because": "x"}),
        ("jobs/1/approve", {"number": "66"}),
        ("jobs/1/stop", {}),
        ("segments/1/remove", {}),
        ("deliveries/1/retry", {"meaning": "hard"}),
        ("deliveries/1/settle", {"how": "settle", "because": "x"}),
    ):
        assert other.post(f"{there}/{path}", data=data).status_code == 404, path
    assert "mine" not in other.get(f"{there}/segments").text.partition("<main")[2]
    assert "li.lei" not in other.get(f"{there}/readers?q=li").text
    assert "bounces@outlook.com" not in other.get(f"{there}/suppressions").text


def test_what_is_done_to_a_person_everywhere_takes_the_right_everywhere(
    other: TestClient, house: House
) -> None:
    robot = house.app.database
    with robot.readers() as session:
        from subscribers import Subscriber

        id_ = session.query(Subscriber).where(Subscriber.address == "robot@qq.com").one().id
    with house.writing() as session:
        from subscribers import Cadence, Status, Subscription

        session.add(
            Subscription(
                newsletter=SLUG,
                subscriber_id=id_,
                status=Status.ACTIVE,
                cadence=Cadence.DAILY,
                tags=[],
                created_at=SEVEN,
            )
        )
    page = f"/staff/robots/readers/{id_}"

    assert other.post(page, data={"verb": "erase", "because": "x"}).status_code == 422
    assert other.post(page, data={"verb": "block", "because": "x"}).status_code == 422
    assert other.get(f"{page}/data.json").status_code == 403
    assert (
        other.post("/staff/robots/suppressions", data={"what": "a@b.com", "because": "x"}).status_code == 422
    )
    assert other.post("/staff/robots/readers/bulk", data={"verb": "erase", "because": "x"}).status_code == 422
    assert other.post(page, data={"verb": "leave", "because": "x"}).status_code == 303


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.SENDER])
def test_nobody_but_an_admin_sees_the_readers(house: House, role: Role) -> None:
    browser = browser_of(house, f"a{role}", (SLUG, role))

    for path in (
        "readers",
        "readers/61",
        "readers.csv",
        "segments",
        "import",
        "jobs",
        "suppressions",
        "deliveries/1",
    ):
        assert browser.get(f"{HERE}/{path}").status_code == 403, path
    assert browser.get("/staff/lists").status_code == 200


def test_odd_addresses_of_pages_are_no_fault_of_ours(client: TestClient) -> None:
    for query in (
        "?after=%00&q=%00", "?q=%ED%A0%80", "?status=x&cadence=%27&tag=%25", "?after=99999999999999999999",
        "?segment=" + "(" * 1500, "?q=" + "a" * 5000, "?segment=id+%3D+9223372036854775807",
        "?segment=joined+%3E+9999-12-31", "?segment=joined+%3D+0001-01-01",
    ):  # fmt: skip
        assert client.get(f"{HERE}/readers{query}").status_code in (200, 422), query
    for path in (
        "deliveries/1?after=x&state=zz&meaning=q",
        "suppressions?before=-1&address=%00",
        "readers/61?before=9e9",
    ):
        assert client.get(f"{HERE}/{path}").status_code in (200, 422), path
