"""What a move of a hazard needs; each refuses in a sentence with what is missing, and the article if there is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.geo import Point, distance
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.models import Person, Unit
from brigade.org.states import PersonKind, Role
from brigade.reference.queries import parameter
from enforcement.hazards.models import Extension, Hazard, Owner, SupervisionListing
from enforcement.hazards.rules.access import ANSWER
from enforcement.hazards.rules.clocks import days_paused
from enforcement.hazards.states import (
    Check,
    Grade,
    HazardState,
    ListingLevel,
    NoFix,
    PhotoKind,
)

MAJOR_ARTICLE = gettext_lazy("安全生产事故隐患排查治理暂行规定")


# Report and register


def can_register(hazard: Hazard, by: Any, now: datetime) -> None:
    """An auxiliary officer does not confirm what he reported himself."""
    if hazard.created_by is not None and hazard.created_by_id == by.pk and by.kind == PersonKind.AUXILIARY:
        raise NotAllowed(_("辅警不能核实自己上报的隐患，请中队长或内勤核实"))


def can_take_back(hazard: Hazard, by: Any, now: datetime) -> None:
    """What was entered here has its history; what came with a sheet goes with it while nobody has worked on it."""
    if not hazard.is_past or hazard.version > 1:
        raise Refused(_("只有导入以后没办理过的隐患可以随导入撤销"))


def can_revive(hazard: Hazard, by: Any, now: datetime) -> None:
    days = parameter("hazards.invalid_reopen_days", timezone.localdate(now))
    if hazard.ended_at is not None and now > hazard.ended_at + timedelta(days=days):
        raise Refused(_("认定不属实已超过%d天，不能再恢复，请重新上报") % days)


# Grade and notify


def check_major(by: Any, second: Person | None, expert_note: str) -> None:
    if second is None and not expert_note:
        raise Refused(_("定为重大要有第二名定级人，或者附专家意见"), article=str(MAJOR_ARTICLE), field="second_grader")
    if second is not None and second.pk == by.pk:
        raise Refused(_("第二名定级人不能是自己，请选另一个人"), field="second_grader")


def can_notify(hazard: Hazard, by: Any, now: datetime) -> None:
    """A major hazard is held down before anybody is told to mend it."""
    if hazard.grade == Grade.MAJOR and not hazard.interim_measures:
        raise Refused(
            _("重大隐患先登记临时管控措施，才能发整改通知"), article=str(MAJOR_ARTICLE), field="interim_measures"
        )


def check_owner(unit: Unit) -> Owner:
    """The owner that can be told; refused for one that is closed, unknown, or where nobody answers or may answer."""
    owner = Owner.objects.select_related("unit", "liaison").filter(pk=unit.pk).first()
    if owner is None:
        raise Refused(_("%s还没有登记为责任单位，请先登记类型和联络员") % unit.short_name, field="owner")
    if unit.closed_on is not None and unit.closed_on <= timezone.localdate():
        raise Refused(_("%s已撤销，请选接手的责任单位") % unit.short_name, field="owner")
    if not owner.has_liaison:
        raise Refused(_("%s没有在用的联络员，请先登记联络员") % unit.short_name, field="owner")
    if owner.liaison is not None and not owner.liaison.has_perm(ANSWER, unit):
        raise Refused(
            _("%(who)s没有%(unit)s联络员的权限，签收不了：请系统管理员授权，或者改登记联络员")
            % {"who": owner.liaison.name, "unit": unit.short_name},
            field="owner",
        )
    return owner


def check_due(due_on: date, now: datetime) -> None:
    if due_on < timezone.localdate(now) + timedelta(days=1):
        raise Refused(_("整改期限最早是通知的第二天"), field="due_on")


def check_signer(hazard: Hazard, signer: Person) -> None:
    if not signer.has_perm("hazards.sign_hazard", hazard):
        raise Refused(_("%s不能签发整改通知，请选大队领导") % signer.name, field="signed_by")


# The owner


def can_accept(hazard: Hazard, by: Any, now: datetime) -> None:
    if hazard.disputed_at is not None:
        raise Refused(_("责任单位提出了异议，先由道安办会商"))


def can_dispute(hazard: Hazard, by: Any, now: datetime) -> None:
    if hazard.disputed_at is not None:
        raise Refused(_("已经提出异议，等道安办会商"))


def can_uphold(hazard: Hazard, by: Any, now: datetime) -> None:
    if hazard.disputed_at is None:
        raise Refused(_("责任单位没有提出异议，不用会商"))


PLAN = (
    ("plan_measures", gettext_lazy("措施")),
    ("plan_funds", gettext_lazy("资金")),
    ("plan_person", gettext_lazy("责任人")),
    ("plan_due_on", gettext_lazy("时限")),
    ("plan_emergency", gettext_lazy("预案")),
)
"""五落实."""


def check_plan(hazard: Hazard) -> None:
    if hazard.grade != Grade.MAJOR:
        return
    if missing := [str(words) for name, words in PLAN if not getattr(hazard, name)]:
        raise Refused(
            _("重大隐患的五落实方案还缺：%s") % "、".join(missing), article=str(MAJOR_ARTICLE), field="plan_measures"
        )


def check_taken(hazard: Hazard, kind: str, taken_at: datetime, now: datetime) -> None:
    """A picture shows what it says: the mended place after the notice, the relapse after the closing, what the
    verifiers saw after the work was handed in."""
    if taken_at > now + timedelta(minutes=1):
        raise Refused(_("照片的拍摄时间不能晚于现在"), field="photos")
    if kind == PhotoKind.AFTER and hazard.notified_at is not None and taken_at <= hazard.notified_at:
        raise Refused(_("整改后的照片要在整改通知之后拍摄，请换一张"), field="photos")
    if kind == PhotoKind.RELAPSE and hazard.closed_at is not None and taken_at <= hazard.closed_at:
        raise Refused(_("反弹的照片要在销号之后拍摄，请换一张"), field="photos")
    if kind == PhotoKind.VERIFICATION and hazard.submitted_at is not None and taken_at <= hazard.submitted_at:
        raise Refused(_("核验的照片要在提交核验之后拍摄，请换一张"), field="photos")


def check_not_reused(digests: Collection[str], before: Collection[str]) -> None:
    """No picture of before is handed in as one of after."""
    if set(digests) & set(before):
        raise Refused(_("这张就是整改前的照片，请拍整改后的现场"), field="photos")


def check_completed(hazard: Hazard, completed_on: date, now: datetime) -> None:
    if completed_on > timezone.localdate(now):
        raise Refused(_("完工日期不能晚于今天"), field="completed_on")
    found_on = timezone.localdate(hazard.reopened_at or hazard.discovered_at)
    if completed_on < found_on:
        raise Refused(_("完工日期不能早于发现隐患的%s") % found_on.isoformat(), field="completed_on")


def can_ask_extension(hazard: Hazard, by: Any, now: datetime) -> None:
    """Before the limit, never twice at a time, and no more often than the parameter says."""
    today = timezone.localdate(now)
    if hazard.due_at is not None and now >= hazard.due_at:
        raise Refused(_("整改期限已过，不能再申请延期；逾期原因写在“填报进展”里"), field="days")
    asked = list(hazard.term_extensions)
    if any(row.decided_at is None for row in asked):
        raise Refused(_("已经有一次延期申请在等审批"))
    limit = parameter("hazards.extension_limit", today)
    if sum(bool(row.is_granted) for row in asked) >= limit:
        raise Refused(_("已经延期%d次，不能再延") % limit)


def extended(hazard: Hazard, days: int) -> datetime:
    """The limit with so many days more; no extension is longer than the original term was, which is the present one
    without what extensions and pauses of the clock have added."""
    began_at = hazard.term_began_at
    if began_at is None or hazard.due_at is None:
        raise Refused(_("还没有整改期限，不用延期"))
    if days < 1:
        raise Refused(_("延长天数至少1天"), field="days")
    added = sum(row.days for row in hazard.term_extensions if row.is_granted)
    added += len(days_paused(hazard.pauses.filter(started_at__gte=began_at)))
    term = (timezone.localdate(hazard.due_at) - timezone.localdate(began_at)).days - added
    if days > term:
        raise Refused(_("每次延期不超过原期限%d天") % term, field="days")
    return hazard.due_at + timedelta(days=days)


def asked_extension(hazard: Hazard) -> Extension:
    asked = hazard.extensions.filter(decided_at__isnull=True).first()
    if asked is None:
        raise Refused(_("没有等审批的延期申请"))
    return asked


def can_decide_extension(hazard: Hazard, by: Any, now: datetime) -> None:
    """The leader decides; of a major hazard's second one the county's road safety office does."""
    asked = asked_extension(hazard)
    if asked.asked_by_id == by.pk:
        raise NotAllowed(_("不能审批自己提出的延期"))
    granted = hazard.term_extensions.filter(is_granted=True).count()
    for_office = hazard.grade == Grade.MAJOR and granted >= 1
    if for_office and Role.ROAD_SAFETY_OFFICE not in by.roles:
        raise NotAllowed(_("重大隐患第二次延期由道安办审批"))
    if not for_office and not by.has_perm("hazards.sign_hazard", hazard):
        raise NotAllowed(_("这次延期由大队领导审批"))


# Verification


def can_verify(hazard: Hazard, by: Any, now: datetime) -> None:
    check_verifier(hazard, by)


def check_verifier(hazard: Hazard, who: Person) -> None:
    """A verifier is police, and neither handed the work in nor belongs to who did it."""
    if who.kind != PersonKind.OFFICER:
        raise NotAllowed(_("%s不是民警，不能核验") % who.name)
    if who.pk == hazard.submitted_by_id:
        raise NotAllowed(_("%s提交了这次整改，不能自己核验") % who.name)
    if hazard.owner is not None and (who.unit_id == hazard.owner_id or who.has_perm(ANSWER, hazard.owner)):
        raise NotAllowed(_("%s是责任单位的人，不能核验") % who.name)


def check_verifiers(hazard: Hazard, first: Person, second: Person) -> None:
    if first.pk == second.pk:
        raise Refused(_("核验要两名民警，请选另一名"), field="second")
    check_verifier(hazard, second)
    if hazard.created_by_id is not None and hazard.created_by_id in (first.pk, second.pk):
        others = {first.pk, second.pk} - {hazard.created_by_id}
        if not others:
            raise Refused(_("两名核验人里至少有一名不是上报人"), field="second")


def check_near(here: Point | None, hazard: Hazard, no_fix: str, now: datetime) -> int | None:
    """Metres from where the verifiers stand to the hazard, where both are known; refused beyond the limit, and where
    the device does not say, unless a reason does."""
    limit = parameter("hazards.verify_radius_m", timezone.localdate(now))
    if no_fix and no_fix not in NoFix.values:
        raise Refused(_("没有定位的原因只能是：%s") % "、".join(map(str, NoFix.labels)), field="no_fix")
    if here is None and not no_fix:
        raise Refused(_("要现场定位；定位不了的，选一个原因"), field="no_fix")
    away = None if here is None or hazard.point is None else round(distance(here, hazard.point), 1)
    if away is not None and away > limit and not no_fix:
        raise Refused(
            _("定位距隐患%(here)d米，超过%(limit)d米，请到现场核验；到不了的，选一个原因")
            % {"here": ceil(away), "limit": limit},
            field="no_fix",
        )
    return None if away is None else round(away)


def check_checks(checks: Mapping[str, bool]) -> None:
    if failed := [str(item.label) for item in Check if not checks.get(item.value)]:
        raise Refused(_("核验项没有全部通过：%s；不合格请驳回") % "、".join(failed), field="checks")


# Defer, reopen, list


def can_defer(hazard: Hazard, by: Any, now: datetime) -> None:
    if hazard.state == HazardState.REPORTED:
        raise Refused(_("先核实登记，再登记临时管控措施，才能暂缓"))
    if not hazard.interim_measures:
        raise Refused(_("暂缓前先登记临时管控措施"), field="interim_measures")


def check_review(review_on: date, now: datetime) -> None:
    today = timezone.localdate(now)
    last = today + timedelta(days=parameter("hazards.deferral_days", today))
    if not today < review_on <= last:
        raise Refused(_("复审日期要在明天到%s之间") % last.isoformat(), field="review_on")


def can_reopen(hazard: Hazard, by: Any, now: datetime) -> None:
    """What came with an old ledger may not say whose it was; then nobody could mend it again."""
    if hazard.owner is None or hazard.notified_at is None:
        raise Refused(_("原台账没有写明责任单位和通知日期，不能重开，请按新隐患上报"))


def check_level(by: Any, hazard: Hazard, level: str) -> None:
    """The county's road safety office signs for the county; what higher levels decide, the clerk writes down."""
    is_office = Role.ROAD_SAFETY_OFFICE in by.roles
    if level == ListingLevel.COUNTY and not is_office:
        raise NotAllowed(_("县级挂牌和摘牌由道安办办理"))
    if level != ListingLevel.COUNTY and is_office and Role.CLERK not in by.roles:
        raise NotAllowed(_("%s挂牌和摘牌只能按上级文件，由内勤登记") % ListingLevel(level).label)


def check_delisting(hazard: Hazard, level: str) -> SupervisionListing:
    """The listing of that level; what another level listed stays on its list."""
    rows = {row.level: row for row in hazard.listings.filter(delisted_on__isnull=True)}
    if level in rows:
        return rows[level]
    names = "、".join(row.get_level_display() for row in rows.values())
    raise Refused(_("现在是%(listed)s挂牌，只能由%(listed)s摘牌") % {"listed": names}, field="level")


def can_delist(hazard: Hazard, by: Any, now: datetime) -> None:
    if hazard.open_listing is None:
        raise Refused(_("这处隐患没有挂牌"))


def can_report_up(hazard: Hazard, by: Any, now: datetime) -> None:
    """The government hears of what is grave or listed, and how it is held down meanwhile."""
    if hazard.grade != Grade.MAJOR and hazard.open_listing is None:
        raise Refused(_("重大的、挂牌的隐患才报送专题报告"), article=_("道路交通安全法第二十九条第二款"))
    if not hazard.interim_measures:
        raise Refused(_("先登记临时管控措施，再报送专题报告"), field="interim_measures")
