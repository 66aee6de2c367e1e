"""Every write to Party organisations, terms, members, offices, exemptions and transfers.

This room is a package: what it offers stands here, by its part.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy

from partybuilding.branches.actions.branches import (
    add_group,
    change_branch,
    dissolve_branch,
    end_group,
    found_branch,
)
from partybuilding.branches.actions.committees import end_seat, enter_term, extend_term, seat_committee
from partybuilding.branches.actions.founding import (
    NewBranch,
    branch_was_taken_back,
    found_branches,
    take_back_branches,
)
from partybuilding.branches.actions.intake import NewMember, enrol_members, take_back_members, was_taken_back
from partybuilding.branches.actions.leaving import HOLDINGS
from partybuilding.branches.actions.members import (
    assign_group,
    change_exclusion,
    change_status,
    confirm_member,
    enrol_member,
    exclude_voter,
    exempt_member,
    review_exemption,
    sanction_member,
)
from partybuilding.branches.actions.transfers import (
    accept_transfer,
    expire_transfers,
    issue_transfer,
    return_transfer,
    send_transfer,
)

VERBS = {
    "branch.founded": gettext_lazy("成立党组织"),
    "branch.changed": gettext_lazy("更正党组织信息"),
    "branch.dissolved": gettext_lazy("撤销党组织"),
    "group.added": gettext_lazy("设立党小组"),
    "group.ended": gettext_lazy("撤销党小组"),
    "group.led": gettext_lazy("更换党小组长"),
    "term.entered": gettext_lazy("登记换届"),
    "term.extended": gettext_lazy("登记延期换届"),
    "seat.filled": gettext_lazy("任支部职务"),
    "seat.ended": gettext_lazy("免支部职务"),
    "member.enrolled": gettext_lazy("登记党员"),
    "member.taken_back": gettext_lazy("撤销登记党员"),
    "member.moved": gettext_lazy("转接组织关系"),
    "member.left": gettext_lazy("结束组织关系"),
    "member.grouped": gettext_lazy("调整党小组"),
    "member.status_changed": gettext_lazy("变更党员身份"),
    "member.sanctioned": gettext_lazy("登记党纪处分"),
    "member.exempted": gettext_lazy("批准豁免"),
    "member.exemption_reviewed": gettext_lazy("复核豁免"),
    "voter.excluded": gettext_lazy("登记不计入应到会"),
    "voter.exclusion_changed": gettext_lazy("更正不计入应到会"),
}
"""`member.moved` and `member.left` stand in the audit trail of earlier versions."""

MAKE: dict[str, Callable[..., Any]] = {
    "transfer.send": send_transfer,
    "transfer.accept": accept_transfer,
    "transfer.return": return_transfer,
}
"""Move → the action that makes it; the page and the API both come here."""
