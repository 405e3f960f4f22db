"""The console for programs: every page's power as a call, behind the same check."""

from newsletter.web.console.api.reading import Reading
from newsletter.web.console.api.writing import Writing

__all__ = ["Reading", "Writing"]
