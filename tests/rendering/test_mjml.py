"""MJML: includes, and errors that name the file and the line."""

import pytest

from newsletter.rendering.folders import Source, TemplateError
from newsletter.rendering.mjml import assemble, compile_mjml


def source(name: str, text: str) -> Source:
    return Source(name=name, file=f"my/{name}", text=text, stamp=None)


def compiled(text: str, **parts: str) -> str:
    files = {f"t/{name}.mjml.j2": source(f"t/{name}.mjml.j2", part) for name, part in parts.items()}
    return compile_mjml(assemble(source("t/body.mjml.j2", text), files.__getitem__))


def body(inner: str) -> str:
    top = "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n"
    return f"{top}{inner}\n</mj-column>\n</mj-section>\n</mj-body>\n</mjml>"


def test_jinja_passes_through_untouched() -> None:
    loop = "<mj-raw>{% for x in y %}</mj-raw>"

    html = compiled(body(f"{loop}\n<mj-text>{{{{ x }}}} & more</mj-text>\n<mj-raw>{{% endfor %}}</mj-raw>"))

    assert "{% for x in y %}" in html
    assert "{{ x }}" in html


def test_an_include_stands_in_its_place_everywhere() -> None:
    html = compiled(
        '<mjml>\n<mj-head>\n<mj-include path="t/head.mjml.j2" />\n</mj-head>\n<mj-body>\n'
        '<mj-include path="t/part.mjml.j2" />\n</mj-body>\n</mjml>',
        head="<mj-style>.x { color: red; }</mj-style>",
        part="<mj-section><mj-column><mj-text>included</mj-text></mj-column></mj-section>",
    )

    assert ".x { color: red; }" in html
    assert "included" in html


def test_nothing_is_fetched_from_elsewhere() -> None:
    html = compiled(body("<mj-text font-family=\"Roboto, 'Open Sans'\">x</mj-text>"))

    assert "http" not in html.replace("http://www.w3.org/", "").replace("http-equiv", "")


@pytest.mark.parametrize(
    ("inner", "place", "said"),
    [
        ("<mj-tex>x</mj-tex>", "my/t/body.mjml.j2:5", "there is no element <mj-tex>"),
        ("<mj-text>x", "my/t/body.mjml.j2:6", "</mj-column> stands where <mj-text> of"),
        ("<mj-text>x</mj-column>", "my/t/body.mjml.j2:5", "</mj-column> stands where <mj-text>"),
        ("<mj-text css-class='a\"b'>x</mj-text>", "my/t/body.mjml.j2:5", 'must not hold "'),
        ('<mj-text css-class="a\\b">x</mj-text>', "my/t/body.mjml.j2:5", r"must not hold \\"),
        ('<mj-text><a title="\ufe0f">x</a></mj-text>', "my/t/body.mjml.j2:5", r"must not hold U\+FE0F"),
        ("<mj-text>a < b</mj-text>", "my/t/body.mjml.j2:5", "a bare < must be written &lt;"),
        ("<mj-raw>{% if a < b %}{% endif %}</mj-raw>", "my/t/body.mjml.j2:5", "'a is lt b'"),
    ],
)
def test_an_error_names_the_file_and_the_line(inner: str, place: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said) as caught:
        compiled(body(inner))

    assert str(caught.value).startswith(place)


def test_an_error_in_a_part_names_the_part() -> None:
    with pytest.raises(TemplateError, match=r"^my/t/part.mjml.j2:2: there is no element <mj-nonsense>"):
        compiled(body('<mj-include path="t/part.mjml.j2" />'), part="<mj-text>x</mj-text>\n<mj-nonsense />")


def test_an_element_that_is_never_closed_is_named() -> None:
    with pytest.raises(TemplateError, match=r"my/t/body.mjml.j2:2: <mj-body> is never closed"):
        compiled("<mjml>\n<mj-body>\n")


def test_a_part_cannot_include_another() -> None:
    with pytest.raises(TemplateError, match=r"my/t/part.mjml.j2:1: an included file cannot include another"):
        compiled(body('<mj-include path="t/part.mjml.j2" />'), part='<mj-include path="t/part.mjml.j2" />')


def test_an_include_stands_alone_on_its_line() -> None:
    with pytest.raises(TemplateError, match=r"my/t/body.mjml.j2:5: <mj-include> must stand alone"):
        compiled(body('<mj-raw></mj-raw><mj-include path="t/part.mjml.j2" />'), part="")
