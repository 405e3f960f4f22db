"""The morning of one newsletter: from the digest of the day to an edition that is handed over."""

from newsletter.morning.morning import Morning
from newsletter.morning.proof import Proof, as_json, prove, read_digest
from newsletter.morning.report import Report, report_of

__all__ = ["Morning", "Proof", "Report", "as_json", "prove", "read_digest", "report_of"]
