"""What a transfer of Party membership tells the branches and the member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.notices.rules import Notice
from brigade.org.models import Person
from brigade.org.queries import holders
from brigade.org.states import Role
from partybuilding.branches.models import Transfer


def _secretaries(unit_id: int | None) -> list[Person]:
    return holders(unit_id, Role.BRANCH_SECRETARY, timezone.localdate()) if unit_id else []


def _at_new_branch(transfer: Transfer) -> Iterable[Person]:
    return _secretaries(transfer.to_branch_id)


def _at_old_branch(transfer: Transfer) -> Iterable[Person]:
    return _secretaries(transfer.unit_id)


def _at_old_branch_and_himself(transfer: Transfer) -> Iterable[Person]:
    own = transfer.member.person
    return {person.pk: person for person in (*_secretaries(transfer.unit_id), own) if person.is_active}.values()


def _letter(context: Mapping[str, Any]) -> str:
    transfer: Transfer = context["record"]
    return _("介绍信%(letter)s，%(day)s开出。人到了就接收，接收前仍由原支部管。") % {
        "letter": transfer.letter_no,
        "day": transfer.issued_on,
    }


def _answer(context: Mapping[str, Any]) -> str:
    transfer: Transfer = context["record"]
    if transfer.accepted_on:
        return _("%(day)s起归%(to)s。") % {"day": transfer.accepted_on, "to": transfer.destination}
    return _("退回原因：%(reason)s。仍是原支部的党员。") % {"reason": transfer.answer}


def _expired(context: Mapping[str, Any]) -> str:
    transfer: Transfer = context["record"]
    return _("%(to)s没有接收，仍是原支部的党员；要转的请党建办重开介绍信。") % {"to": transfer.destination}


NOTICES = [
    Notice(
        code="transfer.sent",
        label=gettext_lazy("组织关系转入"),
        title=gettext_lazy("待接收：%(record)s"),
        body=_letter,
        to=_at_new_branch,
    ),
    Notice(
        code="transfer.answered",
        label=gettext_lazy("组织关系转接答复"),
        title=gettext_lazy("有答复：%(record)s"),
        body=_answer,
        to=_at_old_branch_and_himself,
    ),
    Notice(
        code="transfer.expired",
        label=gettext_lazy("介绍信过期"),
        title=gettext_lazy("介绍信过期：%(record)s"),
        body=_expired,
        to=_at_old_branch,
    ),
]
