"""A survey's folder: how it is written, and how a finished survey is read.

`summary.json` describes the folder. It is moved into place last and holds the SHA-256 of every
other file, so that a folder with files of two runs is recognised.
"""

from geobike.saved.exporting import export, to_postgis
from geobike.saved.layout import GENERATOR, MAP, PICTURES, REPORT, SUMMARY, VERSION
from geobike.saved.others import check_files
from geobike.saved.pictures import check_pictures
from geobike.saved.reading import SavedSurvey, beside, read, reviewers
from geobike.saved.writing import is_report, replaces, write

__all__ = [
    "GENERATOR",
    "MAP",
    "PICTURES",
    "REPORT",
    "SUMMARY",
    "VERSION",
    "SavedSurvey",
    "beside",
    "check_files",
    "check_pictures",
    "export",
    "is_report",
    "read",
    "replaces",
    "reviewers",
    "to_postgis",
    "write",
]
