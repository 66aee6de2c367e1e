"""Reads of reports: which there are, what one says, how it differs from earlier periods.

This room is a package: what it offers stands here, by its part.
"""

from brigade.reports.queries.comparing import verdict_on
from brigade.reports.queries.content import FORM, LATE_SHOWN, content_of
from brigade.reports.queries.editions import (
    canonical,
    digest_of,
    editions_of,
    is_intact,
    kept,
    that_counts,
    units_of,
)
