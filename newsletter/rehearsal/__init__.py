"""A rehearsal: a whole morning with the real readers and every variant, from which nothing leaves."""

from newsletter.rehearsal.rehearsing import Failure, Rehearsal, rehearse
from newsletter.rehearsal.sink import Sink, Sizes

__all__ = ["Failure", "Rehearsal", "Sink", "Sizes", "rehearse"]
