"""How far a hazard is, what is due next and on what ground, and what is still missing for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.reference.queries import parameter
from enforcement.hazards import obligations, queries, rules
from enforcement.hazards.models import Hazard
from enforcement.hazards.states import STEPS, WITH_OWNER, Grade, HazardState, PauseKind, PhotoKind

WAY: tuple[tuple[HazardState, str], ...] = (
    (HazardState.REPORTED, "created_at"),
    (HazardState.REGISTERED, "registered_at"),
    (HazardState.GRADED, "graded_at"),
    (HazardState.NOTIFIED, "notified_at"),
    (HazardState.ACCEPTED, "accepted_at"),
    (HazardState.RECTIFYING, "rectifying_at"),
    (HazardState.SUBMITTED, "submitted_at"),
    (HazardState.CLOSED, "closed_at"),
)
"""Overdue, listed, extended and disputed are no steps: the panel of the next step says them in words."""
WHEN = {
    obligations.CHECK: gettext_lazy("核实"),
    obligations.INTERIM: gettext_lazy("落实临时管控"),
    obligations.NOTICE: gettext_lazy("发整改通知"),
    obligations.RECEIPT: gettext_lazy("签收"),
    obligations.RECTIFY: gettext_lazy("提交核验"),
    obligations.VERIFY: gettext_lazy("现场核验"),
    obligations.RECHECK: gettext_lazy("回访"),
    obligations.REVIEW: gettext_lazy("复审"),
}
BASIS = {rule.code: rule.ground for rule in obligations.RULES}


def track(hazard: Hazard, now: datetime) -> list[dict[str, Any]]:
    """The way of the hazard for ui/track.html; what was put off stands where it was left."""
    if hazard.state in (HazardState.INVALID, HazardState.MERGED, HazardState.VOIDED):
        ended = {"label": hazard.get_state_display(), "small": _short(hazard.ended_at), "stage": "now"}
        return [{"label": HazardState.REPORTED.label, "small": _short(hazard.created_at), "stage": "done"}, ended]
    is_put_off = hazard.state == HazardState.DEFERRED
    at = hazard.state_before if is_put_off else hazard.state
    here = next(n for n, (state, _moment) in enumerate(WAY) if state == at)
    steps = []
    for n, (state, moment) in enumerate(WAY):
        since: datetime | None = getattr(hazard, moment) if n <= here else None
        if state == HazardState.RECTIFYING and hazard.reopened_at and n <= here:
            since = hazard.reopened_at
        label, small = state.label, _short(since)
        if n == here and is_put_off:
            label = _("%(state)s（暂缓）") % {"state": state.label}
        elif n == here and since and state != HazardState.CLOSED:
            days = (timezone.localdate(now) - timezone.localdate(since)).days + 1
            small = _("%(day)s起，第%(n)d天") % {"day": small, "n": days}
        stage = "done" if n < here or hazard.state == HazardState.CLOSED else "now" if n == here else ""
        steps.append({"label": label, "small": small, "stage": stage})
    return steps


def _short(at: datetime | None) -> str:
    """A day without its year, except where that is another one."""
    if at is None:
        return ""
    day = timezone.localdate(at)
    return date_format(day, "n月j日" if day.year == timezone.localdate().year else "Y年n月j日")


def duties_of(hazard: Hazard) -> list[Obligation]:
    """What the hazard makes due and is not done yet, the next first."""
    alive = (ObligationState.OPEN, ObligationState.PAUSED)
    rows = Obligation.objects.filter(kind=hazard.kind(), subject=str(hazard.pk), state__in=alive)
    return list(rows.select_related("unit", "person").order_by("due_at", "pk"))


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is done by when, or what holds it, and on what ground."""

    when: str
    at: datetime | None
    lines: tuple[str, ...] = ()


def deadline(hazard: Hazard, duties: Sequence[Obligation], now: datetime) -> Deadline | None:
    """What comes next, or None when nothing is due any more. What is late says so in the day itself."""
    listed = _listed(hazard)
    if hazard.disputed_at is not None and hazard.state == HazardState.NOTIFIED:
        lines = (_("异议理由：%s") % hazard.dispute_reason, _("由道安办会商：维持，或者转办"), *listed)
        return Deadline(_("等会商，整改期限暂停计时"), None, lines)
    if hazard.state == HazardState.REGISTERED:
        return Deadline(_("等定级"), None, (_("一般由内勤或大队领导定，重大由大队领导定"), *listed))
    if hazard.state == HazardState.DEFERRED:
        lines = (_("依据：%s") % hazard.deferral_document, _("暂缓期间整改期限暂停计时，临时管控不能撤"), *listed)
        return Deadline(_("复审"), rules.end_of(hazard.review_on) if hazard.review_on else None, lines)
    running = [row for row in duties if row.state == ObligationState.OPEN and row.rule in WHEN]
    if not running:
        return None
    first = running[0]
    lines = [_("依据：%s") % BASIS[first.rule]]
    if hazard.state in WITH_OWNER:
        lines = [*_with_owner(hazard, now)]
        if first.rule in obligations.OF_OWNER and first.person_id is None:
            lines.append(_on_paper(hazard))
    if first.provisional:
        lines.append(_("下一年放假安排未录入，期限为暂算"))
    return Deadline(str(WHEN[first.rule]), first.due_at, (*lines, *listed))


def paused(hazard: Hazard, now: datetime) -> str:
    """For how long the owner's clock stood still and why, in words; empty where it never did."""
    days = queries.paused_days(hazard, now)
    parts = (_("%(why)s%(n)d天") % {"why": PauseKind(kind).label, "n": n} for kind, n in days.items() if n)
    return "、".join(parts)


def _on_paper(hazard: Hazard) -> str:
    """What is done next about an owner who cannot reach the portal: somebody of ours goes after him."""
    owner = hazard.owner.short_name if hazard.owner else ""
    if hazard.state == HazardState.NOTIFIED:
        words = _("%(owner)s没有账号，走纸质：%(unit)s去催签收，收到回执由内勤代录“签收”")
    elif hazard.state == HazardState.ACCEPTED:
        words = _("%(owner)s没有账号，走纸质：%(unit)s去催开工，开工后由内勤代录“开始整改”")
    else:
        words = _("%(owner)s没有账号，走纸质：%(unit)s去催整改，完工后由内勤代录“提交核验”")
    return words % {"owner": owner, "unit": hazard.unit.short_name}


def _listed(hazard: Hazard) -> tuple[str, ...]:
    row = hazard.open_listing
    if row is None:
        return ()
    words = _("%(level)s挂牌督办中，%(number)s，责任领导%(leader)s")
    return (words % {"level": row.get_level_display(), "number": row.document_no, "leader": row.leader},)


def _with_owner(hazard: Hazard, now: datetime) -> list[str]:
    """The ground of the owner's limit, how often it was extended, and what follows when it is not kept."""
    today = timezone.localdate(now)
    paper = hazard.documents.filter(kind__in=("notice", "advice")).order_by("-issued_at", "-pk").first()
    basis = _("依据：%(day)s%(paper)s。") % {"day": _short(hazard.notified_at), "paper": paper or _("整改通知")}
    asked = list(hazard.term_extensions.order_by("seq"))
    granted = sum(bool(row.is_granted) for row in asked)
    limit = parameter("hazards.extension_limit", today)
    words = _("已延期%d次") % granted if granted else _("未延期")
    lines = [f"{basis}{_('整改期限%s，') % _short(hazard.due_at)}{words}{_('，最多可延%d次。') % limit}"]
    if (waiting := next((row for row in asked if row.decided_at is None), None)) is not None:
        words = _("已申请延长%(days)d天到%(day)s，等审批：%(why)s")
        lines.append(words % {"days": waiting.days, "day": _short(waiting.new_due_at), "why": waiting.reason})
    if days := hazard.days_overdue(now):
        last = hazard.documents.filter(step__gt=0, due_at=hazard.due_at).order_by("-step").first()
        written = _("，已制发%s") % last if last else ""
        lines.append(_("已逾期%d天") % days + written + _next_letter(days, last.step if last else 0, today))
    else:
        steps = "、".join(map(str, parameter("hazards.escalation_days", today)))
        lines.append(_("逾期第%s天分别制发提醒函、督办单、提请督办函、挂牌督办建议。") % steps)
    return lines


def _next_letter(days: int, written: int, today: date) -> str:
    """Which letter follows the one that was `written`, and when, while it stays late; nothing after the last."""
    rows = zip(parameter("hazards.escalation_days", today), STEPS, strict=False)
    ladder = [(day, kind.label) for day, (_default, kind) in rows]
    reached = [row for row in ladder if written < row[0] <= days]
    if reached:
        return _("；今天制发%s") % reached[-1][1]
    ahead = next((row for row in ladder if row[0] > days), None)
    return _("；第%(n)d天制发%(letter)s") % {"n": ahead[0], "letter": ahead[1]} if ahead else ""


@dataclass(frozen=True, slots=True)
class Missing:
    """What the next step needs: its title, and each thing with whether it is there and where it is put in."""

    title: str
    checks: list[dict[str, Any]]


def missing(hazard: Hazard, able: frozenset[str]) -> Missing:
    """What the next step of the hazard needs; links only to what the reader may do (`able`, codes of moves)."""
    given = _needs(hazard)
    lacking = sum(not check["ok"] for check in given)
    for check in given:
        code = next((one for one in check.pop("by") if one in able), "")
        if code:
            check["href"] = reverse("hazards:hazard_move", args=[hazard.pk, code])
    title = NEXT.get(hazard.state, "")
    return Missing(_("%(what)s还缺%(n)d项") % {"what": title, "n": lacking} if lacking else str(title), given)


NEXT = {
    HazardState.REPORTED: gettext_lazy("核实登记"),
    HazardState.GRADED: gettext_lazy("发整改通知"),
    HazardState.ACCEPTED: gettext_lazy("开始整改"),
    HazardState.RECTIFYING: gettext_lazy("提交核验"),
    HazardState.SUBMITTED: gettext_lazy("核验销号"),
}


def _needs(hazard: Hazard) -> list[dict[str, Any]]:
    is_major = hazard.grade == Grade.MAJOR
    kinds = set(hazard.photos.values_list("kind", flat=True))
    control = _check(bool(hazard.interim_measures), _("临时管控措施"), _("去登记"), "control")
    plan = [not getattr(hazard, name) for name, _words in rules.PLAN]
    planned = _check(not any(plan), _("五落实方案：措施、资金、责任人、时限、预案"), _("去填写"), "start")
    match hazard.state:
        case HazardState.REPORTED:
            return [_check(PhotoKind.BEFORE in kinds, _("现场照片，没有的写明原因"), _("去补"), "register", "amend")]
        case HazardState.GRADED:
            return [control] if is_major else []
        case HazardState.ACCEPTED:
            return [control, planned] if is_major else []
        case HazardState.RECTIFYING:
            since = max(filter(None, (hazard.notified_at, hazard.reopened_at)))
            has_photo = hazard.photos.filter(kind=PhotoKind.AFTER, taken_at__gt=since).exists()
            rest = [
                _check(has_photo, _("整改后照片，至少1张"), _("去上传"), "progress", "submit"),
                _check(False, _("完工说明和完工日期"), _("去填写"), "submit"),
            ]
            return [planned | {"by": ()}, control, *rest] if is_major else rest
        case HazardState.SUBMITTED:
            alike = queries.reused_photos(hazard)
            words = _("整改后照片与整改前不是同一张") if not alike else _("有整改后照片和整改前几乎一样，到现场核对")
            return [
                _check(not alike, words, ""),
                _check(False, _("两名民警到现场，至少1名不是上报人"), _("去核验"), "verify"),
            ]
    return []


def _check(ok: bool, text: str, link: str, *by: str) -> dict[str, Any]:
    return {"ok": ok, "text": text, "link": link, "by": by}
