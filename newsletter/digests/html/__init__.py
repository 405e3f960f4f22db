"""HTML that others wrote, as a feed brings it, made into the Markdown that our editors would have written."""

from newsletter.digests.html.markdown import to_markdown

__all__ = ["to_markdown"]
