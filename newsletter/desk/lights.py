"""An email in another light: as mail programs show it by day, by night, and where they turn it themselves.

Pure: HTML in, HTML out. Whether it is night is decided here and not by the screen it is looked at on.
"""

from __future__ import annotations

import re
from enum import StrEnum

_NIGHT = re.compile(r"@media\s*\(\s*prefers-color-scheme:\s*dark\s*\)")
_SCHEME = re.compile(r'<meta name="(?:supported-)?color-schemes?" content="[^"]*"\s*/?>')
_SCHEME_RULE = re.compile(r"color-scheme:\s*light dark\s*;\s*supported-color-schemes:\s*light dark\s*;?")
_END_OF_HEAD = "</head>"
# What some Android programs do with an email that says nothing about the night: they turn all colours
# round, and leave pictures alone.
_TURNED = (
    "<style>html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video{filter:invert(1) hue-rotate(180deg)}</style>"
)


class Light(StrEnum):
    """How an email is shown."""

    LIGHT = "light"
    DARK = "dark"  # the program asks the email for its dark colours
    FORCED = "forced"  # the program turns the colours itself


def in_light(html: str, light: Light) -> str:
    """Return an email as it looks in ``light``, on whatever screen."""
    night = "@media all" if light is Light.DARK else "@media not all"
    html = _NIGHT.sub(night, html)
    scheme = "dark" if light is Light.DARK else "light"
    html = _SCHEME_RULE.sub(f"color-scheme: {scheme};", _SCHEME.sub("", html))
    if light is Light.FORCED:
        html = html.replace(_END_OF_HEAD, _TURNED + _END_OF_HEAD, 1)
    return html
