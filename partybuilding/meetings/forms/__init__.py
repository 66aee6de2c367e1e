"""Input about meetings: the one form that writes a meeting down, and the questions before moves.

This room is a package: what it offers stands here, by its part.
"""

from partybuilding.meetings.forms.fields import Clock, Day, Line, Text, choice, choices
from partybuilding.meetings.forms.meetings import MeetingForm
from partybuilding.meetings.forms.offers import MARKS, MINUTES, Offer, offer
from partybuilding.meetings.forms.questions import (
    DECISION_FORMS,
    LEAVE_FORMS,
    MEETING_FORMS,
    WAIVER_FORMS,
    LeaveForm,
    MoveForm,
    ReasonForm,
    WaiverForm,
)
from partybuilding.meetings.forms.rows import Rows, Segments
from partybuilding.meetings.forms.sending import sent_of, typed
from partybuilding.meetings.forms.starts import blank, copied, written
