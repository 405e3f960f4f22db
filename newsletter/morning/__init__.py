"""The morning of one newsletter: from the digest of the day to an edition that is handed over."""

from newsletter.morning.correction import Correction, CorrectionHeld
from newsletter.morning.morning import Morning
from newsletter.morning.press import Press
from newsletter.morning.proof import Proof, as_json, prove, read_digest
from newsletter.morning.report import Report, report_of
from newsletter.morning.revision import Revision, RevisionHeld
from newsletter.morning.weekly import Weekly

__all__ = [
    "Correction",
    "CorrectionHeld",
    "Morning",
    "Press",
    "Proof",
    "Report",
    "Revision",
    "RevisionHeld",
    "Weekly",
    "as_json",
    "prove",
    "read_digest",
    "report_of",
]
