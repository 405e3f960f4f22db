"""Moving in and out: lists of other systems become our people, and ours become a CSV."""

from subscribers.transfer.importer import Importer
from subscribers.transfer.reading import Wish
from subscribers.transfer.settling import Terms

__all__ = ["Importer", "Terms", "Wish"]
