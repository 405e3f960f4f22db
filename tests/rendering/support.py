"""Digests made by hand, and one way to render them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.config import NewsletterSettings, SenderSettings
from newsletter.digests.digest import Digest, FrontMatter, Section, Story
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.digests.reader import read
from newsletter.mailing import Copy, Filled
from newsletter.rendering import Rendered, Renderer
from newsletter.urls import Urls
from tests.tools import SHARED

DAY = date(2026, 11, 23)
URLS = Urls("https://news.example.com", "ai_daily")
LI_LEI = {
    "leave_url": "https://news.example.com/leave/1." + "k" * 150,
    "manage_url": "https://news.example.com/manage/1." + "m" * 150,
    "address": "li.lei@example.cn",
    "message_id": "ai_daily-2026-11-23.r1@news.example.com",
}
NEWSLETTER = NewsletterSettings(
    name="全球 AI 早报",
    postal_address="上海市示例路 1 号 200030",
    sender=SenderSettings(address="news@example.com", reply_to="editors@example.com"),
)


def words(text: str) -> tuple[Inline, ...]:
    return (Text(text),)


def paragraph(text: str) -> Paragraph:
    return Paragraph(words(text))


def a_story(title: str, url: str | None, *body: str, number: int | None = None) -> Story:
    return Story(title=words(title), url=url, number=number, body=tuple(map(paragraph, body)))


def a_digest(*stories: Story, title: str = "2026.11.23 全球 AI 早报", **more: object) -> Digest:
    values: dict[str, object] = {
        "title": title,
        "day": DAY,
        "front": FrontMatter(title=title, categories=("人工智能", "产业动态")),
        "intro": (paragraph("今天的主角不是更大的模型。"),),
        "sections": (Section(stories=stories),) if stories else (),
    }
    return Digest(**(values | more))  # type: ignore[arg-type]  # each test says what it changes


def with_front(digest: Digest, **front: object) -> Digest:
    return replace(digest, front=replace(digest.front, **front))


@cache
def renderer() -> Renderer:
    return Renderer()


def render(
    digest: Digest, newsletter: NewsletterSettings = NEWSLETTER, *, language: str = "zh-CN", **more: object
) -> Rendered:
    return renderer().render(
        digest,
        newsletter,
        urls=URLS,
        language=language,
        day=digest.day,
        edition=f"ai_daily-{digest.day}",
        **more,  # type: ignore[arg-type]  # kind and serial, where a test is about them
    )


def filled(rendered: Rendered, **values: str) -> Filled:
    return rendered.mailing.fill(Copy(ref="r1", address="li.lei@example.cn", values=LI_LEI | values))


def labelled_html(shape: Callable[[], Digest], *, language: str = "zh-CN") -> str:
    """Return the HTML part of a digest that has every label an edition may have."""
    digest = with_front(shape(), sponsored=True, ai_generated=True)
    return filled(render(digest, language=language)).html


# ---- real digests, where there are any ----

REAL = sorted((SHARED / "digests").glob("*.md"))


def real(file: Path) -> Digest:
    return read(
        file.read_bytes(), file=file.name, newsletter_name=NEWSLETTER.name, tz=ZoneInfo("Asia/Shanghai")
    )


# ---- the shapes of real digests, in our own words ----


def numbered() -> Digest:
    """Numbered stories with summaries, and a commentary."""
    stories = tuple(
        Story(
            title=words(title),
            url=f"https://site{number}.example/news/{number}",
            number=number,
            body=(
                Paragraph(
                    (
                        Text("这家公司今天发布了"),
                        Strong(words("新一代推理引擎")),
                        Text("，每百万词元的成本降到 0.8 元。" * 3),
                    )
                ),
            ),
        )
        for number, title in enumerate(
            [
                "星砚科技开源“砚池-30B”：单卡可跑，长文检索误差减半",
                "远洲智能与云笺同日降价，百万词元跌破一元",
                "A Small Lab Shows Its Work: 1,400 Failed Runs, Published in Full",
                "澄湖大学新基准“灰度”：榜首模型在真实工单里只做对三成",
            ],
            start=1,
        )
    )
    commentary = Section(
        title=words("点评"),
        level=3,
        lead=(paragraph("主角不是更大的模型。"), paragraph("谁先写清楚，谁先入场。")),
        is_commentary=True,
    )
    return a_digest(sections=(Section(stories=stories), commentary))


def sections_of_briefs() -> Digest:
    """Headed sections whose bullets are whole sentences with a source."""
    return a_digest(
        title="11月23日 AI 快讯",
        intro=(),
        sections=(
            Section(title=words("AI 快讯 · 精选"), lead=(Quote((paragraph("2026年11月23日 19:47:39"),)),)),
            *(
                Section(
                    title=words(f"{number}. {name}"),
                    stories=tuple(
                        a_story(
                            f"{name}的第 {k} 条消息，说得完整而且很长，足以在窄屏上折成两三行来读。",
                            f"https://social.example/{number}/{k}",
                        )
                        for k in (1, 2, 3)
                    ),
                )
                for number, name in enumerate(["模型与工具", "芯片与终端"], start=1)
            ),
        ),
    )


def essay() -> Digest:
    """One long text without a link; its title is the digest's."""
    title = "全向参考：一张图，多个主角"
    body: tuple[Block, ...] = (
        paragraph("图像生成领域近期出现了一项名为“全向参考”的新功能。" * 3),
        Paragraph((Image("https://img.example/1.png", "示意图 1.png"),)),
        Paragraph((Strong(words("核心功能：全向参考与多元素支持")),)),
        paragraph("精准元素指定：上传参考图像，即可把元素放入画面。" * 2),
        Heading(2, words("上手指南")),
        ListBlock(None, ((paragraph("切换模式"),), (paragraph("上传图像"),))),
    )
    return a_digest(
        title=title,
        intro=(),
        is_essay=True,
        sections=(Section(stories=(Story(title=words(title), url=None, body=body),)),),
    )


def kitchen_sink() -> Digest:
    """Everything prose can hold."""
    wide = tuple(words(name) for name in ("模型", "参数", "显存", "首字延迟", "许可证", "Throughput"))
    row = tuple(words(cell) for cell in ("砚池", "30B", "24 GB", "180 ms", "Apache-2.0", "1234567890tokens"))
    blocks: tuple[Block, ...] = (
        Paragraph(
            (
                Text("文字里有"),
                Strong((Text("粗体"), Emphasis(words("粗斜")))),
                Text("、"),
                Emphasis(words("emphasis")),
                Text("、"),
                Strike(words("删去的话")),
                Text("、"),
                Code("pip install very-long-package-name==1.2.3 --index none"),
                Text("，以及"),
                Link("https://docs.example/guide?a=1&b=2", words("一份指南"), "提示"),
                Text("。"),
                LineBreak(),
                Text("换行之后 📌 与 🔗 只是装饰。https://example.com/" + "unbroken" * 30),
            )
        ),
        Heading(2, words("🚀 小标题")),
        Heading(4, words("更小的标题")),
        ListBlock(3, ((paragraph("第三"), ListBlock(None, ((paragraph("里层"),),))), (paragraph("第四"),))),
        ListBlock(None, ((paragraph("松散"), paragraph("第二段")), (paragraph("项目"),)), tight=False),
        Quote((paragraph("引用的话。"), Quote((paragraph("引用里的引用。"),)))),
        CodeBlock("def f(x):\n    return '<' + x  # " + "long " * 40, "python"),
        Table(("left", "right", "", "center", "", ""), wide, (row, row)),
        Paragraph((Image("http://img.example/big.png", "大图"), Image("/relative.png", "相对地址的图"))),
        Rule(),
        RawBlock("<details><summary>展开</summary><p onclick='x()'>里面的话</p></details>"),
        Paragraph((RawInline("<sub>"), Text("下标"), RawInline("</sub>"), Text("之后。"))),
    )
    return a_digest(
        Story(title=words("🔥 什么都有"), url="https://all.example/1", number=1, body=blocks),
        Story(title=words("没有链接的一条"), url="(空)", number=2, body=(paragraph("正文。"),)),
        title="什么都有的一期",
    )


def twenty_stories() -> Digest:
    """As long as a long day gets."""
    stories = tuple(
        a_story(
            f"第 {n} 条：一家公司发布了一款值得写进标题里的新产品，价格不变",
            f"https://news{n}.example/2026/11/23/a-long-path-for-a-story-{n}.html",
            "这段摘要有两百来个字，" * 20,
            number=n,
        )
        for n in range(1, 21)
    )
    return a_digest(
        sections=(
            Section(stories=stories),
            Section(title=words("点评"), lead=(paragraph("总之，" * 300),), is_commentary=True),
        )
    )
