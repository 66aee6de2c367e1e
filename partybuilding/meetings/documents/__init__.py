"""Papers of meetings: minutes and sign-in sheet as Word, the returns of 三会一课 and 五必 as workbooks and Word."""

from brigade.kit.documents import MEDIA_TYPE as WORD
from brigade.kit.exporting import MEDIA_TYPE as SHEET
from partybuilding.meetings.documents.minutes import agenda, minutes, minutes_context, roll, shifts, sign_in
from partybuilding.meetings.documents.returns import (
    SHEETS,
    must_form,
    return_cut_off,
    return_lines,
    return_paper,
    return_sheet,
    return_title,
    statistic,
)
from partybuilding.meetings.documents.wordforms import FORMS

__all__ = [
    "FORMS",
    "SHEET",
    "SHEETS",
    "WORD",
    "agenda",
    "minutes",
    "minutes_context",
    "must_form",
    "return_cut_off",
    "return_lines",
    "return_paper",
    "return_sheet",
    "return_title",
    "roll",
    "shifts",
    "sign_in",
    "statistic",
]
