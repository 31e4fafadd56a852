"""What happened, on one page of plain text, and line by line as it happens."""

from hems.report.outage import Expectation, outage_report
from hems.report.timeline import timeline_line

__all__ = ["Expectation", "outage_report", "timeline_line"]
