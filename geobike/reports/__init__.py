"""The report of a finished survey: one HTML file that prints to A4 and fetches nothing."""

from geobike.reports.document import ReportOptions, build, save

__all__ = ["ReportOptions", "build", "save"]
