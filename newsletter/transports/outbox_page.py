"""The page over a folder of copies: what went out, to whom, and how it looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from newsletter.mailing import Mailing

ROWS = 200  # copies listed; the rest is counted

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5b6675; --paper: #f4f6f8; --card: #fff;
  --line: #dfe4ea; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --dim: #a3aebd; --paper: #12161c;
  --card: #1b2129; --line: #323b47; --accent: #8ab4f8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 -apple-system,
  BlinkMacSystemFont, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 16px 64px; }
h1 { margin: 0; font-size: 24px; line-height: 1.4; overflow-wrap: anywhere; }
p { margin: 4px 0 0; color: var(--dim); overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 3px; }
nav { display: flex; flex-wrap: wrap; gap: 10px; margin: 20px 0 24px; }
nav a { padding: 6px 16px; border: 1px solid var(--line); border-radius: 999px; background: var(--card);
  text-decoration: none; }
.columns { display: grid; gap: 24px; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr) 640px; align-items: start; } }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
h2 { margin: 0; padding: 12px 16px; font-size: 16px; border-bottom: 1px solid var(--line); }
ol { margin: 0; padding: 0; list-style: none; max-height: 45vh; overflow-y: auto; }
li a { display: block; padding: 7px 16px; overflow-wrap: anywhere; }
li + li { border-top: 1px solid var(--line); }
@media (min-width: 900px) { ol { max-height: 80vh; } }
.rest { border-top: 1px solid var(--line); padding: 10px 16px 14px; }
iframe { display: block; width: 100%; height: 80vh; border: 0; background: #fff; }
"""


def outbox_page(mailing: Mailing, *, rows: Sequence[tuple[str, str]], copies: int, moment: str) -> str:
    """Return the page: ``rows`` are (file name, address) of the first copies, ``copies`` counts all."""
    listed = "\n".join(
        f'<li><a href="{escape(name)}">{escape(address or name)}</a></li>' for name, address in rows
    )
    rest = (
        f'\n<p class="rest">另有 {copies - len(rows):,} 封，都在本文件夹内。</p>'
        if copies > len(rows)
        else ""
    )
    sender = f"{mailing.sender.name} <{mailing.sender.address}>"
    return f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>发件箱 · {escape(mailing.subject)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{escape(mailing.subject)}</h1>
<p>{escape(sender)}</p>
<p>{escape(mailing.edition)} · 共 {copies:,} 封 · 更新于 {escape(moment)}</p>
</header>
<nav aria-label="第一封邮件"><a href="email.html">网页版</a><a href="email.txt">纯文本版</a></nav>
<div class="columns">
<section>
<h2>收件人</h2>
<ol>
{listed}
</ol>{rest}
</section>
<section>
<h2>第一封邮件的样子</h2>
<iframe src="email.html" title="第一封邮件的预览" sandbox></iframe>
</section>
</div>
</main>
</body>
</html>
"""
