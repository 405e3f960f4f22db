"""A picture that a phone reads: the door to ``segno``."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """Return ``text`` as a QR code in SVG, without a style of its own."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, svgclass="qr", lineclass=None, omitsize=True, border=0
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  # made here, of numbers only
