"""Rendering: a digest becomes a mailing, through MJML, Jinja and a sanitiser."""

from newsletter.rendering.folders import TemplateError
from newsletter.rendering.renderer import Rendered, Renderer

__all__ = ["Rendered", "Renderer", "TemplateError"]
