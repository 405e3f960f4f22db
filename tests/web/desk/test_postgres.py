"""Every page of the desk on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.web.desk.support import HOME, PAGE, TEXT, a_newsroom, chief, prepare

PATHS = ("", "/editions", f"/editions{PAGE.rpartition('/editions')[2]}")


def test_every_page_answers_on_both_databases(database_url: str, tmp_path: Path) -> None:
    url = None if database_url.startswith("sqlite") else database_url
    house = a_newsroom(tmp_path, url=url)
    prepare(house)
    client = chief(house)
    client.post(f"{PAGE}/preview", data={"text": TEXT, "after": "0", "sequence": "1"})
    client.post(f"{PAGE}/text", data={"text": TEXT, "after": "0", "act": "save"})
    client.post(f"{PAGE}/test", data={"to": "a@example.com"})
    client.post(f"{PAGE}/hold", data={"because": "x"})

    for path in (
        *(f"{HOME}{each}" for each in PATHS),
        f"{PAGE}?edit=yes",
        f"{PAGE}/compare",
        f"{PAGE}/email",
    ):
        assert client.get(path).status_code == 200, path
    for path in PATHS:
        assert client.get(f"/api{HOME}{path}").status_code == 200, path
    listed = client.get(f"{HOME}/editions?kind=daily&state=waiting&before=2027-01-01.5").text
    assert PAGE in listed
    house.app.close()
