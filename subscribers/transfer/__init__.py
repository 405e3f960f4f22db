"""Moving in and out: lists of other systems become our people, and ours become a CSV."""

from subscribers.transfer.cells import guard_cell
from subscribers.transfer.entries import ImportTerms
from subscribers.transfer.exporter import ExportFilter, export_people
from subscribers.transfer.formats import IMPORT_FORMATS
from subscribers.transfer.importer import Importer, ImportTally
from subscribers.transfer.own_data import own_data
from subscribers.transfer.reading import ImportOptions, ImportProblem
from subscribers.transfer.rows import Standing, UnreadableList

__all__ = [
    "IMPORT_FORMATS",
    "ExportFilter",
    "ImportOptions",
    "ImportProblem",
    "ImportTally",
    "ImportTerms",
    "Importer",
    "Standing",
    "UnreadableList",
    "export_people",
    "guard_cell",
    "own_data",
]
