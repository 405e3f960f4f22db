"""What people type is shown as text, wherever it comes up again."""

from __future__ import annotations

import pytest

from newsletter.people.rights import ALL, Role
from tests.support import SLUG
from tests.web.people.support import PASSWORD, add, admin
from tests.web.support import House

NASTY = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "{0.__class__}",
    "{name}",
    '"><img src=x onerror=alert(1)>',
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_text_on_every_page(house: House, name: str) -> None:
    add(house, name, (ALL, Role.EDITOR), address="li")
    client = admin(house)

    pages = [
        client.post("/staff/account/name", data={"name": name}),
        client.get("/staff"),
        client.get("/staff/account"),
        client.get("/staff/people"),
        client.post("/staff/people/1/roles", data={f"{SLUG}:viewer": "yes"}),
        client.get("/staff/people/1"),
        client.post("/staff/people/1/link"),
        client.post(
            "/staff/tokens", data={"name": name, "days": "90", "current": PASSWORD, "scope:view": "yes"}
        ),
        client.get("/staff/tokens"),
        client.get("/staff/audit"),
        client.post("/staff/people", data={"name": name, "address": name, "role": name, "newsletter": name}),
    ]

    for page in pages:
        assert page.status_code in (200, 303, 422)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert ">49<" not in page.text
    if "@" not in name:
        assert any("&lt;script" in page.text or name in page.text or "&#34;" in page.text for page in pages)
