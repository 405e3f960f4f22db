"""What a hostile text, file or colleague might try at the desk."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

import pytest

from newsletter.digests.decoding import LARGEST_BYTES
from newsletter.people.rights import Right, Role
from newsletter.web.desk.sent_text import LARGEST_FORM
from tests.support import DAY, SLUG
from tests.web.desk.support import HOME, PAGE, TEXT, chief, editor, prepare, put
from tests.web.people.support import add, browser_of, token_of
from tests.web.support import House

SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    TEXT.replace("速递", f'速递{SCRIPT}"><img src=x onerror=alert(1)>')
    .replace("造车新品牌", "造车<svg onload=alert(1)>新品牌")
    .replace("七十亿", "七十亿 [点](javascript:alert(1)) <iframe src=//evil.example></iframe>")
)
TAGS = re.compile(r"<(script(?! src=\"/static/)|svg onload|img src=x|iframe src=//)", re.IGNORECASE)


def test_stored_xss_in_a_text_shows_as_text_on_every_page(house: House) -> None:
    put(house, HOSTILE)
    prepare(house)
    client = chief(house)
    client.post(f"{PAGE}/text", data={"text": HOSTILE, "after": "0", "act": "save", "note": SCRIPT})

    for path in (
        HOME,
        f"{HOME}/editions",
        PAGE,
        f"{PAGE}?edit=yes",
        *(f"{PAGE}?part={part}" for part in ("text", "headers", "inbox", "links")),
        f"{PAGE}/compare",
        f"{PAGE}/send",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert not TAGS.search(page.text), (path, TAGS.search(page.text))
        assert "script-src 'self'" in page.headers["content-security-policy"], path


def test_stored_xss_in_an_email_cannot_run_in_its_frame(house: House) -> None:
    put(house, HOSTILE)

    frame = chief(house).get(f"{PAGE}/email")

    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "allow-" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "<script" not in frame.text
    assert "onerror" not in frame.text
    assert "javascript:" not in frame.text


def test_images_that_are_off_are_not_fetched(house: House) -> None:
    client = chief(house)

    on, off = client.get(f"{PAGE}/email"), client.get(f"{PAGE}/email?images=off")

    assert "img-src http: https: data:" in on.headers["content-security-policy"]
    assert "img-src 'none'" in off.headers["content-security-policy"]


def test_template_injection_stays_text(house: House) -> None:
    client = editor(house)
    text = TEXT.replace("七十亿", "{{ 7 * 191 }} {% for x in ().__class__.__mro__ %}{{ x }}{% endfor %}")

    client.post(f"{PAGE}/text", data={"text": text, "after": "0", "act": "save", "note": "{{ 7 * 191 }}"})

    for path in (PAGE, f"{PAGE}/email", f"{PAGE}/compare"):
        page = unescape(client.get(path).text)
        assert "1337" not in page
        assert "{{ 7 * 191 }}" in page
        assert "&lt;class" not in page


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "../../../etc/passwd",
        f"{DAY}%2f..%2f..%2fx",
        f"{DAY}%00",
        "....//",
        "%2e%2e",
    ],
)
def test_path_traversal_leads_nowhere(house: House, name: str) -> None:
    client = editor(house)

    for path in (f"{HOME}/editions/{name}", f"{HOME}/editions/{name}/email"):
        assert client.get(path).status_code in (303, 404, 405), path


def test_path_traversal_in_the_name_of_a_file_writes_nothing(house: House) -> None:
    client = editor(house)
    source = house.app.settings.newsletters[SLUG].source.folder
    assert source
    before = sorted(source.parent.rglob("*"))

    client.post(
        f"{PAGE}/text",
        data={"after": "0", "act": "save"},
        files={"file": ("../../../digests/2026-11-24.md", TEXT.encode())},
    )

    assert sorted(source.parent.rglob("*")) == before


def test_upload_bombs_are_refused_before_they_are_unpacked(house: House) -> None:
    client = editor(house)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.md", b"0" * 5_000_000)

    zipped = client.post(
        f"{PAGE}/text", data={"after": "0", "act": "save"}, files={"file": ("a.md", packed.getvalue())}
    )
    assert "没有改动" in client.get(zipped.headers["location"]).text
    long = client.post(
        f"{PAGE}/text",
        data={"after": "0", "act": "save"},
        files={"file": ("a.md", b"x" * (LARGEST_BYTES + 1))},
    )
    assert "没有改动" in client.get(long.headers["location"]).text
    longer = client.post(
        f"{PAGE}/text", content=b"x" * (LARGEST_FORM + 1), headers={"content-type": "text/plain"}
    )
    many = client.post(
        f"{PAGE}/text",
        files=[("file", (f"{n}.md", b"x")) for n in range(50)],
    )

    assert longer.status_code in (400, 413)
    assert many.status_code == 400
    assert "第 1 版" not in client.get(PAGE).text


def test_a_text_that_takes_long_to_compare_is_compared_in_part(house: House) -> None:
    client = editor(house)
    story = "\n1. [第一条新闻的标题](https://a.example/1)\n\n   正文。\n"
    long = TEXT + story + "\n" * 100_000

    client.post(f"{PAGE}/text", data={"text": long, "after": "0", "act": "save"})

    assert client.get(f"{PAGE}/compare").status_code == 200
    assert len(client.get(PAGE).content) < 400_000


def test_a_test_send_is_no_relay_for_whoever_has_a_token(house: House) -> None:
    person = add(house, "lin", (SLUG, Role.EDITOR))
    headers = token_of(house, person, Right.TEST_SEND, Right.VIEW)
    call = f"/api{PAGE}/test"
    client = house.visitor()

    answers = [
        client.post(call, json={"to": [f"r{n}@example.com"], "marked": False}, headers=headers)
        for n in range(31)
    ]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert client.post(call, json={"to": ["x@example.com"] * 11}, headers=headers).status_code == 422
    assert len(house.mails("test")) == 30


def test_whoever_may_only_look_changes_nothing(house: House) -> None:
    client = browser_of(house, "guest", (SLUG, Role.VIEWER))
    page = client.get(PAGE).text

    assert "<textarea" not in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    for act in ("preview", "text", "stories", "choose", "links", "test", "approve", "hold", "send", "cancel"):
        assert client.post(f"{PAGE}/{act}").status_code == 403, act


def test_another_newsletters_editions_are_not_there(house: House) -> None:
    client = browser_of(house, "guest", ("robots", Role.ADMIN))

    for path in (HOME, PAGE, f"{PAGE}/email", f"{PAGE}/compare", f"{HOME}/editions"):
        assert client.get(path).status_code == 404, path
