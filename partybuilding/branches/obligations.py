"""What Party organisations owe by the calendar: a committee from seven full members on, the next election at the end of
a term, an answer to a letter of transfer, a look at exemptions every half-year."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import Calendar, add_months, at
from brigade.kit.templatetags.ui import full_day_text
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import LADDER, Answer, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import parameter
from partybuilding.branches import queries, rules
from partybuilding.branches.models import Exemption, Membership, Term, Transfer
from partybuilding.branches.states import GONE, BranchKind, TransferState

KIND = "branches.partybranch"
TERM, TRANSFER, EXEMPTION = (model._meta.label_lower for model in (Term, Transfer, Exemption))
WARN_DAYS = 30
SUPERIORS = (Role.GENERAL_SECRETARY, Role.PARTY_OFFICE)


def committee_key(branch_id: int) -> Key:
    return Key("party.committee", KIND, str(branch_id))


def term_key(term_id: int) -> Key:
    return Key("party.term", TERM, str(term_id))


def exemption_key(exemption_id: int) -> Key:
    return Key("party.exemption", EXEMPTION, str(exemption_id))


# A committee, where there should be one


def _answer_committee(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    today = timezone.localdate(now)
    whole = queries.structure({int(key.subject) for key in keys})
    for key in keys:
        branch = whole.branches.get(int(key.subject))
        if branch is None or branch.kind in (BranchKind.GENERAL, BranchKind.TEMPORARY) or not branch.is_active(today):
            continue
        full_since, since = whole.full_since(branch.pk, today), whole.committee_wanted_since(branch.pk, today)
        if full_since is None or since is None:
            continue
        due = since + timedelta(days=parameter("party.committee_grace_days", today))
        done = whole.has_committee(branch.pk, today)
        yield Answer(
            key=key,
            unit_id=branch.pk,
            title=_("%(branch)s应设立支委会") % {"branch": branch.unit.short_name},
            opens_at=at(since, time.min),
            warn_at=at(due - timedelta(days=WARN_DAYS), time.min),
            due_at=at(due, time.max),
            state=ObligationState.MET if done else ObligationState.OPEN,
            post=Role.BRANCH_SECRETARY,
            count=int(done),
            reason=_("正式党员%(n)d人，自%(day)s起满7人")
            % {"n": whole.full_count(branch.pk, today), "day": full_since},
        )


def _due_committees(now: datetime) -> Iterable[Key]:
    return [committee_key(pk) for pk in queries.without_committee(timezone.localdate(now))]


def _see_branch(obligation: Obligation) -> tuple[str, str]:
    return _("看支部"), reverse("branches:branch_detail", args=[obligation.unit_id])


# The end of a term


def _answer_terms(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    """Open from half a year before the last day; met by the election after it, late the day after the last day."""
    today = timezone.localdate(now)
    terms = list(Term.objects.filter(pk__in=[key.subject for key in keys]).select_related("branch__unit"))
    elections: dict[int, list[date]] = {}
    for branch, day in Term.objects.filter(branch__in={term.branch_id for term in terms}).values_list(
        "branch", "elected_on"
    ):
        elections.setdefault(branch, []).append(day)
    for term in terms:
        branch = term.branch
        later = min((day for day in elections[branch.pk] if day > term.elected_on), default=None)
        if branch.kind == BranchKind.TEMPORARY or (later is None and not branch.is_active(today)):
            continue
        first = add_months(term.last_day, rules.REMIND_MONTHS[0])
        yield Answer(
            key=term_key(term.pk),
            unit_id=branch.pk,
            title=_("%(branch)s应换届") % {"branch": branch.unit.short_name},
            opens_at=at(first, time.min),
            warn_at=at(first, time.min),
            due_at=at(term.last_day, time.max),
            state=ObligationState.OPEN if later is None else ObligationState.MET,
            post=Role.GENERAL_SECRETARY if branch.is_general else Role.BRANCH_SECRETARY,
            count=int(later is not None),
            met_at=later and at(later, time.min),
            reason=_("%(elected)s选举，%(last)s届满")
            % {
                "elected": full_day_text(term.elected_on),
                "last": full_day_text(term.last_day),
            },
        )


def _due_terms(now: datetime) -> Iterable[Key]:
    running = Term.objects.latest().filter(branch__dissolved_on__isnull=True)
    return [term_key(pk) for pk in running.values_list("pk", flat=True)]


def _months_from_due(months: int) -> Callable[[Obligation, Calendar], date]:
    return lambda obligation, calendar: add_months(timezone.localdate(obligation.due_at), months)


def _days_from_due(days: int) -> Callable[[Obligation, Calendar], date]:
    return lambda obligation, calendar: timezone.localdate(obligation.due_at) + timedelta(days=days)


# A letter of transfer that waits for its answer


def _touched_transfer(transfer: Transfer) -> Iterable[Key]:
    yield Key("party.transfer", TRANSFER, str(transfer.pk))


ANSWERS = {
    TransferState.IN_TRANSIT: ObligationState.OPEN,
    TransferState.ACCEPTED: ObligationState.MET,
    TransferState.RETURNED: ObligationState.MET,
    TransferState.EXPIRED: ObligationState.MISSED,
}


def _answer_transfers(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    """The secretary of the new branch answers; for an organisation elsewhere the old one sees after its receipt."""
    rows = Transfer.objects.filter(pk__in=[key.subject for key in keys], state__in=ANSWERS)
    for transfer in rows.select_related("to_branch__unit", "member__person"):
        last = queries.letter_ends(transfer)
        done = ANSWERS[TransferState(transfer.state)] == ObligationState.MET
        asks = _("接收组织关系：%(name)s") if transfer.to_branch_id else _("催组织关系回执：%(name)s")
        yield Answer(
            key=Key("party.transfer", TRANSFER, str(transfer.pk)),
            unit_id=transfer.to_branch_id or transfer.unit_id,
            title=asks % {"name": transfer.member.person.name},
            opens_at=at(transfer.issued_on, time.min),
            warn_at=at(last - timedelta(days=WARN_DAYS), time.min),
            due_at=at(last, time.max),
            state=ANSWERS[TransferState(transfer.state)],
            post=Role.BRANCH_SECRETARY,
            count=int(done),
            met_kind=TRANSFER if done else "",
            met_id=str(transfer.pk) if done else "",
            reason=_("介绍信%(letter)s，%(day)s到期") % {"letter": transfer.letter_no, "day": full_day_text(last)},
        )


def _see_transfer(obligation: Obligation) -> tuple[str, str]:
    return _("去接收"), reverse("branches:transfer_detail", args=[obligation.subject])


# Exemptions, looked at again


def _answer_exemptions(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    today = timezone.localdate(now)
    rows = Exemption.objects.filter(pk__in=[key.subject for key in keys]).select_related("member__person")
    here = dict(
        Membership.objects.filter(member__in=[row.member_id for row in rows], end_on__isnull=True).values_list(
            "member", "branch"
        )
    )
    for row in rows:
        due = row.review_due
        if row.member_id not in here or row.member.status in GONE or (row.end_on and row.end_on <= max(due, today)):
            continue
        yield Answer(
            key=exemption_key(row.pk),
            unit_id=here[row.member_id],
            title=_("复核豁免：%(name)s%(kind)s") % {"name": row.member.person.name, "kind": row.get_kind_display()},
            opens_at=at(due - timedelta(days=WARN_DAYS), time.min),
            due_at=at(due, time.max),
            state=ObligationState.OPEN,
            post=Role.BRANCH_SECRETARY,
            reason=_("每半年看一次还要不要豁免"),
        )


def _due_exemptions(now: datetime) -> Iterable[Key]:
    running = Exemption.objects.on(timezone.localdate(now)).exclude(member__status__in=GONE)
    return [exemption_key(pk) for pk in running.values_list("pk", flat=True)]


def _see_member(obligation: Obligation) -> tuple[str, str]:
    return _("去复核"), reverse("branches:exemption_review", args=[obligation.subject])


LATE = Step("late", gettext_lazy("逾期"), workdays_from_due(1), SUPERIORS)

RULES = [
    Rule(
        code="party.committee",
        label=gettext_lazy("应设立支委会"),
        basis=gettext_lazy("《中国共产党支部工作条例（试行）》：正式党员7人以上应当设立支部委员会；期限90天为产品默认"),
        answer=_answer_committee,
        due_keys=_due_committees,
        action=_see_branch,
        ladder=(*LADDER[:2], LATE),
    ),
    Rule(
        code="party.term",
        label=gettext_lazy("换届"),
        basis=gettext_lazy(
            "《中国共产党基层组织选举工作条例》第三条：任期届满按期换届，提前或延期经上级批准，一般不超过1年；"
            "提前6个月、3个月提醒为产品默认"
        ),
        answer=_answer_terms,
        due_keys=_due_terms,
        action=_see_branch,
        ladder=(
            Step("half_year", gettext_lazy("届满前6个月"), _months_from_due(rules.REMIND_MONTHS[0])),
            Step("quarter", gettext_lazy("届满前3个月"), _months_from_due(rules.REMIND_MONTHS[1])),
            Step("due", gettext_lazy("届满"), workdays_from_due(0)),
            LATE,
        ),
    ),
    Rule(
        code="party.transfer",
        label=gettext_lazy("接收组织关系"),
        basis=gettext_lazy("《中国共产党党员教育管理工作条例》第二十五条；介绍信90天有效为产品默认"),
        kinds=frozenset({TRANSFER}),
        touched=_touched_transfer,
        answer=_answer_transfers,
        action=_see_transfer,
        sees="branches.view_transfer",
        ladder=(
            Step("month", gettext_lazy("到期前30天"), _days_from_due(-WARN_DAYS)),
            *LADDER[:2],
        ),
    ),
    Rule(
        code="party.exemption",
        label=gettext_lazy("复核豁免"),
        basis=gettext_lazy("《中国共产党党员教育管理工作条例》第二十三条；每6个月复核为产品默认"),
        answer=_answer_exemptions,
        due_keys=_due_exemptions,
        action=_see_member,
        sees="branches.approve_exemption",
        ladder=(*LADDER[:2], LATE),
    ),
]
