"""Who may do what with hazards; what a move needs; where a hazard lies; when a limit ends; whether two pictures are
one. Pure but for the hazard's own rows and the dated parameters.

This room is a package: what it offers stands here, by its part.
"""

from enforcement.hazards.rules.access import ANSWER, GRANTS, is_owner, is_reporter
from enforcement.hazards.rules.clocks import days_paused, due_after, end_of, moved_by_pause, value_for
from enforcement.hazards.rules.guards import (
    PLAN,
    asked_extension,
    can_accept,
    can_ask_extension,
    can_decide_extension,
    can_defer,
    can_delist,
    can_dispute,
    can_notify,
    can_register,
    can_reopen,
    can_report_up,
    can_revive,
    can_take_back,
    can_uphold,
    can_verify,
    check_checks,
    check_completed,
    check_delisting,
    check_due,
    check_level,
    check_major,
    check_near,
    check_not_reused,
    check_owner,
    check_plan,
    check_review,
    check_signer,
    check_taken,
    check_verifiers,
    extended,
)
from enforcement.hazards.rules.merging import check_merge
from enforcement.hazards.rules.photos import ALIKE, dhash, differing, made_small
from enforcement.hazards.rules.places import Place, is_in_district, located, suspected
