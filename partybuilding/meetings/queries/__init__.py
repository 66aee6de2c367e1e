"""Reads over meetings. This room is a package: what it offers stands here, by its part."""

from partybuilding.meetings.queries.matrices import Cell, Item, Line, Matrix, matrix, quarter_results, worst
from partybuilding.meetings.queries.musts import (
    MISSING,
    WANTING,
    MustCell,
    MustTable,
    Part,
    Study,
    five_musts,
    must_table,
)
from partybuilding.meetings.queries.previews import Outcome, Preview, preview
from partybuilding.meetings.queries.records import (
    USUAL_ORDER,
    checks_of,
    facts_of,
    last_meeting,
    limits,
    needs_reason,
    open_decisions,
    record_deadline,
    sheet_of,
    spans_of,
    usual_title,
)
from partybuilding.meetings.queries.requirements import (
    REQUIREMENT_RULES,
    Held,
    Requirements,
    keys_due,
    keys_of_meeting,
    keys_of_waiver,
    requirement_of,
    rule_of,
)
from partybuilding.meetings.queries.returns import (
    ATTENDANCE,
    HOURS,
    MEETINGS,
    QuarterReturn,
    ReturnCell,
    ReturnLine,
    quarter_return,
    return_tops,
)
from partybuilding.meetings.queries.roll import (
    due_for,
    due_list,
    hours_of,
    leave_marks,
    may_ask_leave,
    person_hours,
    statuses_for,
    tally_of,
)
