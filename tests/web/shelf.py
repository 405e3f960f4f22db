"""An archive with everything a digest can hold: pictures, a table, code, labels, and many days."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from importlib import resources

from PIL import Image, ImageDraw

from newsletter.digests.reader import read
from newsletter.editions import archive
from newsletter.editions.archive import Key
from newsletter.editions.pictures import Picture
from tests.support import DAY, SLUG
from tests.web.support import PAPER, House

FULL = DAY - timedelta(days=1)  # the day of the edition that holds everything
MANY = 24  # editions: more than one page of the list
TITLES = [
    "推理价格又降一半，谁来付电费",
    "三家实验室同一天开源：小模型的一周",
    "会写代码的智能体，先学会了读报错",
    "港口、车间与手术室：机器人的三份新合同",
    "评测换了考卷，榜首换了人",
]
_FULL = """---
title: 芯片周：端侧算力、一张看错的表格，和给未来自己的一封很长很长的信
date: {day}
ai_generated: true
sponsored: true
---

这一天有图，有表，也有代码。下面每一样都应当在手机上读得舒服。

## 1. [极光微电子发布端侧芯片 A9：不联网也能跑 70 亿参数](https://www.jiguang.example/chips/a9-launch)

A9 面向手机与车机，标称 **45 TOPS**、功耗 6 W，首字延迟 180 毫秒。

![A9 与上一代芯片的首字延迟](latency.png)

> 我们不想再等网络。——极光微电子首席架构师

## 2. [一份评测：榜首模型在真实工单里只做对三成](https://lab.chenghu.example/papers/grayscale-benchmark)

| 模型 | 公开榜单 | 真实工单 | 主要失败 |
|---|---|---|---|
| 甲 | 92.1 | 31.4 | 看错附件里的表格 |
| 乙 | 90.3 | 29.8 | 漏读第二封邮件 |
| 丙 | 88.7 | 30.2 | 没有提交结果 |

复现只要一行 `grayscale run --model yours`，或者：

```python
from grayscale import Bench, load_tickets

bench = Bench(load_tickets("2026-11"), budget_minutes=30, seed=7)
print(bench.run("yours").table())
```

## 3. [一个没有空格的地址也不会撑破页面](https://example.com/a/very/long/address)

https://example.com/{long}

- 第一点：**要紧的**先说；
- 第二点：*然后*再说别的。

## 点评

把今天的新闻排成一列，主角不是更大的模型，而是**更便宜、更近、更可查**。
"""


def fill(house: House) -> None:
    """Put the editions into the archive, today's from the packaged sample."""
    sample = resources.files("newsletter") / "samples" / f"{DAY}-ai-news.md"
    _put(house, DAY, sample.read_text(encoding="utf-8"))
    chart = Picture(src="latency.png", suffix="png", content=_chart())
    _put(house, FULL, _FULL.format(day=FULL, long="x" * 160), chart)
    for back in range(2, MANY):
        day, title = DAY - timedelta(days=back), TITLES[back % len(TITLES)]
        front = f"title: {title}\ndate: {day}\ndescription: 这一天的第 {back} 条路，和走在路上的人。"
        _put(house, day, f"---\n{front}\n---\n\n## 1. [{title}](https://example.com/1)\n\n正文。\n")


def _put(house: House, day: date, source: str, *pictures: Picture) -> None:
    digest = read(source.encode(), file="d.md", newsletter_name=PAPER.name, tz=PAPER.schedule.tz)
    at = datetime.combine(day, time(7), tzinfo=PAPER.schedule.tz)
    with house.writing() as session:
        archive.add(session, SLUG, Key(day), digest, pictures, published_at=at, now=at)


def _chart() -> bytes:
    """Draw a chart of two bars."""
    image = Image.new("RGB", (1200, 520), "#fffdf8")
    pen = ImageDraw.Draw(image)
    for number, (width, colour) in enumerate(((980, "#d9cfba"), (360, "#a8321f"))):
        top = 90 + number * 190
        pen.rectangle((100, top, 100 + width, top + 120), fill=colour)
    pen.line((100, 40, 100, 480), fill="#22201c", width=4)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
