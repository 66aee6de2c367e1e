"""Who may do what with hazards, and who stands for an owner."""

from __future__ import annotations

from typing import Any

from brigade.org.states import Role
from enforcement.hazards.models import Hazard

LEADERS = (Role.DEPUTY_LEADER, Role.BRIGADE_LEADER)
SQUADRON = (Role.CLERK, Role.SQUADRON_LEADER)

GRANTS: dict[str, tuple[Role, ...]] = {
    "hazards.view_hazard": (
        Role.OFFICER,
        Role.AUXILIARY,
        *SQUADRON,
        *LEADERS,
        Role.POLITICAL_OFFICER,
        Role.INSPECTOR,
        Role.ROAD_SAFETY_OFFICE,
    ),
    "hazards.add_hazard": (Role.OFFICER, Role.AUXILIARY, *SQUADRON, *LEADERS),
    "hazards.import_hazard": (Role.CLERK,),
    "hazards.amend_hazard": SQUADRON,
    "hazards.register_hazard": SQUADRON,
    "hazards.merge_hazard": (Role.CLERK,),
    "hazards.grade_hazard": (Role.CLERK, *LEADERS),
    "hazards.grade_major_hazard": LEADERS,
    "hazards.control_hazard": (Role.OFFICER, *SQUADRON),
    "hazards.notify_hazard": (Role.CLERK, *LEADERS),
    "hazards.sign_hazard": LEADERS,
    "hazards.answer_hazard": (Role.OWNER_LIAISON,),
    "hazards.record_answer_hazard": (Role.CLERK,),
    "hazards.settle_hazard": (Role.ROAD_SAFETY_OFFICE, Role.CLERK),
    "hazards.transfer_hazard": (Role.ROAD_SAFETY_OFFICE, Role.CLERK),
    "hazards.verify_hazard": (Role.OFFICER, Role.SQUADRON_LEADER, *LEADERS),
    "hazards.extend_hazard": (*LEADERS, Role.ROAD_SAFETY_OFFICE),
    "hazards.defer_hazard": LEADERS,
    "hazards.reopen_hazard": (Role.SQUADRON_LEADER, *LEADERS, Role.INSPECTOR),
    "hazards.list_hazard": (Role.ROAD_SAFETY_OFFICE, Role.CLERK),
    "hazards.reassign_hazard": (*SQUADRON, *LEADERS),
    "hazards.run_hazard": (),
    "hazards.change_owner": (Role.CLERK, Role.BUSINESS_ADMIN),
    "hazards.reveal_owner": (Role.CLERK, Role.SQUADRON_LEADER, *LEADERS),
}
"""`run` is held by nobody: what only the portal itself does. `answer` is held on the owner's unit, never on ours:
whoever has it reaches what was sent there and nothing else."""

ANSWER = "hazards.answer_hazard"


def is_owner(hazard: Hazard, by: Any) -> bool:
    """Whether the hazard was sent to the organisation for which this person answers."""
    return hazard.owner is not None and hazard.notified_at is not None and by.has_perm(ANSWER, hazard.owner)


def is_reporter(hazard: Hazard, by: Any) -> bool:
    return hazard.created_by_id == by.pk
