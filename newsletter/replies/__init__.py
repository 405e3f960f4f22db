"""What the far side means by a reply, at the door or in a bounce.

Read from tables, one row per wording: first the provider's own, then what RFC 3463 and its
successors say for everybody, then common words, then the bare code. The tables never say *hard*
where it is doubtful: a wrong *hard* costs a reader, a wrong *unknown* costs one more try.

Pure: no clock, no file, no socket, no third-party library.
"""

from newsletter.replies.meaning import Meaning, Row, Source
from newsletter.replies.reading import TABLES, enhanced, explain, read

__all__ = ["TABLES", "Meaning", "Row", "Source", "enhanced", "explain", "read"]
