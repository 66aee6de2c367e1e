"""Who may do what with meetings; the sums of votes, attendance and study; what a record must have to be confirmed.

All pure: days and figures in, an answer out. The formulas are those of the Party rules named beside them; where they
leave something to the locality, the figure is a dated parameter and comes in from outside. This room is a package: what
it offers stands here, by its part.
"""

from partybuilding.meetings.rules.access import GRANTS
from partybuilding.meetings.rules.attendance import (
    Tally,
    earns,
    is_backfill,
    is_late_leave,
    is_record_late,
    percent,
    record_deadline,
    segment_hours,
    study_hours,
    tally,
)
from partybuilding.meetings.rules.completeness import (
    Check,
    Facts,
    Limits,
    check_complete,
    check_group_leader,
    check_sheet,
    checks,
)
from partybuilding.meetings.rules.musts import (
    Directive,
    FiveMusts,
    Learner,
    MonthOfStudy,
    MustLimits,
    MustResult,
    five_musts,
    not_passed,
    pass_deadline,
)
from partybuilding.meetings.rules.requirements import (
    BRANCH_REQUIREMENTS,
    QUARTERLY,
    Share,
    branch_result,
    period_kind,
    quarter_state,
    requirement_state,
    return_state,
    share,
)
from partybuilding.meetings.rules.sheets import Batch, Count, Mark, Opinion, Picture, Sheet, Span, Task, Topic
from partybuilding.meetings.rules.votes import (
    ayes_if_due,
    check_candidates,
    check_count,
    election_is_valid,
    is_elected,
    least_candidates,
    may_vote,
    passes,
    takes_opinions,
    written_ayes,
)
