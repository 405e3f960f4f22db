"""Templates: found by name, strict, sandboxed, kept, and blamed by file and line."""

import os
from pathlib import Path

import pytest

from newsletter.rendering import Renderer, TemplateError
from newsletter.rendering.folders import Folders, packaged_templates
from newsletter.rendering.templates import Templates, html_pattern, trusted_html
from tests.rendering import support

SHELL = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    write(tmp_path, "t/body.mjml.j2", SHELL.format("{{ x }}"))
    write(tmp_path, "t/body.txt.j2", "{{ x }}")
    templates = Templates([tmp_path])

    assert "&lt;b&gt;" in templates.render("t/body.mjml.j2", {"x": "<b>"})
    assert templates.render("t/body.txt.j2", {"x": "<b>"}) == "<b>"
    assert "<b>" in templates.render("t/body.mjml.j2", {"x": trusted_html("<b>")})


def test_a_pattern_escapes_itself_and_its_values() -> None:
    assert html_pattern("a < {x}")(x="<b>") == "a &lt; &lt;b&gt;"
    assert html_pattern("{x}")(x=trusted_html("<b>")) == "<b>"


def test_an_own_file_stands_in_for_ours_by_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        "daily/footer.mjml.j2",
        "<mj-section><mj-column><mj-text>我们的页脚</mj-text></mj-column></mj-section>",
    )

    rendered = Renderer([tmp_path]).render(
        support.numbered(),
        support.NEWSLETTER,
        urls=support.URLS,
        language="zh-CN",
        day=support.DAY,
        edition="e",
    )

    html = rendered.mailing.html.fill({})
    assert "我们的页脚" in html
    assert "砚池-30B" in html
    assert "朋友转给你的" not in html


def test_the_first_folder_wins(tmp_path: Path) -> None:
    write(tmp_path / "a", "t/x.txt.j2", "first")
    write(tmp_path / "b", "t/x.txt.j2", "second")

    assert Templates([tmp_path / "a", tmp_path / "b"]).render("t/x.txt.j2", {}) == "first"


def test_another_template_borrows_what_it_does_not_bring(tmp_path: Path) -> None:
    write(tmp_path, "plain/body.mjml.j2", SHELL.format("{{ title.whole }} {{ leave_url }}"))
    newsletter = support.NEWSLETTER.model_copy(update={"template": "plain"})

    rendered = Renderer([tmp_path]).render(
        support.numbered(), newsletter, urls=support.URLS, language="zh-CN", day=support.DAY, edition="e"
    )

    assert "2026.11.23 全球 AI 早报" in rendered.mailing.html.fill({})
    assert "退订" in rendered.mailing.text.fill({})


def test_a_changed_file_is_read_again_parts_included(tmp_path: Path) -> None:
    write(
        tmp_path, "t/body.mjml.j2", "<mjml><mj-body>\n<mj-include path='t/part.mjml.j2' />\n</mj-body></mjml>"
    )
    part = write(tmp_path, "t/part.mjml.j2", "<mj-raw>old</mj-raw>")
    templates = Templates([tmp_path])
    assert "old" in templates.render("t/body.mjml.j2", {})

    part.write_text("<mj-raw>new</mj-raw>", encoding="utf-8")
    os.utime(part, ns=(1, 1))

    assert "new" in templates.render("t/body.mjml.j2", {})


@pytest.mark.parametrize("name", ["../secret.txt", "t/../../secret.txt", "/etc/passwd", "t\\x.txt.j2", ""])
def test_a_name_cannot_leave_the_folders(tmp_path: Path, name: str) -> None:
    write(tmp_path, "secret.txt", "x")

    (tmp_path / "own").mkdir()

    assert Folders([tmp_path / "own"]).find(name) is None


def test_a_template_that_is_nowhere_is_an_error_and_not_ours() -> None:
    newsletter = support.NEWSLETTER.model_copy(update={"template": "dialy"})

    with pytest.raises(TemplateError, match="there is no template 'dialy'"):
        support.render(support.numbered(), newsletter)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere does not exist; mend the setting templates"):
        Renderer([tmp_path / "nowhere"])


def test_a_missing_template_says_where_we_looked(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"there is no template t/x.txt.j2") as caught:
        Templates([tmp_path]).folders.read("t/x.txt.j2")

    assert str(tmp_path) in str(caught.value)
    assert str(packaged_templates()) in str(caught.value)


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt.j2").write_bytes("早报".encode("gb18030"))

    with pytest.raises(TemplateError, match=r"x.txt.j2: is not UTF-8 \(byte 0\); save it as UTF-8"):
        Templates([tmp_path]).render("x.txt.j2", {})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a\nb {{ nonsense }}", 2, "'nonsense' is undefined"),
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{% endfor %}", 3, "unknown tag 'endfor'"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("{{ x.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ x | nofilter }}", 1, "No filter named 'nofilter'"),
    ],
)
def test_an_error_in_a_text_template_names_the_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    file = write(tmp_path, "t/x.txt.j2", text)

    with pytest.raises(TemplateError, match=said) as caught:
        Templates([tmp_path]).render("t/x.txt.j2", {"x": "x"})

    assert str(caught.value).startswith(f"{file}:{line}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [("{{ nonsense }}", "'nonsense' is undefined"), ("{{ x.nothing }}", "nothing"), ("{% iff %}", "iff")],
)
def test_an_error_in_an_mjml_template_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    write(
        tmp_path, "t/body.mjml.j2", "<mjml><mj-body>\n<mj-include path='t/part.mjml.j2' />\n</mj-body></mjml>"
    )
    part = write(tmp_path, "t/part.mjml.j2", f"<mj-raw>fine</mj-raw>\n<mj-raw>{text}</mj-raw>")

    with pytest.raises(TemplateError, match=said) as caught:
        Templates([tmp_path]).render("t/body.mjml.j2", {"x": "x"})

    assert str(caught.value).startswith(f"{part}:2: ")


def test_the_sandbox_holds(tmp_path: Path) -> None:
    write(tmp_path, "t/x.txt.j2", "{{ ''.__class__.__mro__[1].__subclasses__() }}")

    with pytest.raises(TemplateError):
        Templates([tmp_path]).render("t/x.txt.j2", {})
