"""The legal moves of a transfer of Party membership."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.refusals import Refused
from brigade.workflow import NEW, Move
from partybuilding.branches import queries
from partybuilding.branches.models import Transfer
from partybuilding.branches.states import TransferState as S

TRANSFER = Transfer._meta.label_lower
ISSUE_PERM = "branches.issue_transfer"


def _receives(transfer: Transfer, by: Any) -> bool:
    """The secretary of the branch that the letter is for; the office answers for organisations elsewhere."""
    return transfer.to_branch is not None and by.has_perm("branches.accept_transfer", transfer.to_branch.unit)


def _has_run_out(transfer: Transfer, by: Any, now: datetime) -> None:
    last = queries.letter_ends(transfer)
    if timezone.localdate(now) <= last:
        raise Refused(_("介绍信%(day)s到期，还没有过期") % {"day": last})


ISSUE = Move(
    code="issue",
    kind=TRANSFER,
    label=gettext_lazy("开介绍信"),
    sources=frozenset({NEW}),
    target=S.ISSUED,
    perm=ISSUE_PERM,
    audit="transfer.issued",
)
SEND = Move(
    code="send",
    kind=TRANSFER,
    label=gettext_lazy("交接收方"),
    sources=frozenset({S.ISSUED}),
    target=S.IN_TRANSIT,
    perm=ISSUE_PERM,
    audit="transfer.sent",
    notice="transfer.sent",
)
ACCEPT = Move(
    code="accept",
    kind=TRANSFER,
    label=gettext_lazy("接收"),
    sources=frozenset({S.IN_TRANSIT}),
    target=S.ACCEPTED,
    perm=ISSUE_PERM,
    may=_receives,
    whom=gettext_lazy("接收支部的支部书记"),
    audit="transfer.accepted",
    notice="transfer.answered",
)
RETURN = Move(
    code="return",
    kind=TRANSFER,
    label=gettext_lazy("退回介绍信"),
    sources=frozenset({S.IN_TRANSIT}),
    target=S.RETURNED,
    perm=ISSUE_PERM,
    may=_receives,
    whom=gettext_lazy("接收支部的支部书记"),
    audit="transfer.returned",
    needs_reason=True,
    notice="transfer.answered",
)
EXPIRE = Move(
    code="expire",
    kind=TRANSFER,
    label=gettext_lazy("转为过期"),
    sources=frozenset({S.IN_TRANSIT}),
    target=S.EXPIRED,
    perm="branches.expire_transfer",
    audit="transfer.expired",
    guard=_has_run_out,
    by_system=True,
    notice="transfer.expired",
)
MOVES = [ISSUE, SEND, ACCEPT, RETURN, EXPIRE]
