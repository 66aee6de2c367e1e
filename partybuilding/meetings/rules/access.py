"""Which role may do what with meetings, decisions, waivers and leave."""

from __future__ import annotations

from brigade.org.states import Role

KEEPERS = (Role.RECORDER, Role.BRANCH_SECRETARY, Role.PARTY_OFFICE, Role.GENERAL_SECRETARY)

READERS = (
    *KEEPERS,
    Role.GROUP_LEADER,
    Role.BRIGADE_LEADER,
    Role.DEPUTY_LEADER,
    Role.POLITICAL_OFFICER,
    Role.DISCIPLINE,
    Role.INSPECTOR,
)
SECRETARIES = (Role.BRANCH_SECRETARY, Role.GENERAL_SECRETARY)
DECIDERS = (Role.GENERAL_SECRETARY, Role.PARTY_OFFICE, Role.POLITICAL_OFFICER)

GRANTS: dict[str, tuple[Role, ...]] = {
    "meetings.view_meeting": READERS,
    "meetings.record_meeting": (*KEEPERS, Role.GROUP_LEADER),
    "meetings.record_any_meeting": KEEPERS,
    "meetings.confirm_meeting": SECRETARIES,
    "meetings.archive_meeting": KEEPERS,
    "meetings.reopen_meeting": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.void_meeting": KEEPERS,
    "meetings.approve_backfill_meeting": (Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "meetings.view_decision": READERS,
    "meetings.finish_decision": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.drop_decision": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.view_waiver": READERS,
    "meetings.ask_waiver": (Role.RECORDER, *SECRETARIES, Role.PARTY_OFFICE),
    "meetings.decide_waiver": DECIDERS,
    "meetings.view_leave": (*KEEPERS, Role.GROUP_LEADER),
    "meetings.ask_leave": KEEPERS,
    "meetings.decide_leave": SECRETARIES,
}
