"""What a hazard tells people at once; everything else they hear in the morning digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice
from brigade.org.models import Person
from brigade.org.queries import everybody_with, holders
from brigade.org.states import Role
from enforcement.hazards.models import Hazard, Owner, Verification


def _reporter(hazard: Hazard) -> Iterable[Person]:
    return [hazard.created_by] if hazard.created_by is not None and hazard.created_by.is_active else []


def _squadron(hazard: Hazard) -> Iterable[Person]:
    """The leader of the squadron, else of the nearest unit above that has one."""
    return holders(hazard.unit_id, Role.SQUADRON_LEADER, timezone.localdate(), up=True)


def _clerks(hazard: Hazard) -> Iterable[Person]:
    return holders(hazard.unit_id, Role.CLERK, timezone.localdate(), up=True)


def _liaison(hazard: Hazard) -> Iterable[Person]:
    """Who answers for the owner, where he can reach the portal."""
    owner = Owner.objects.select_related("liaison").filter(pk=hazard.owner_id).first()
    return [owner.liaison] if owner is not None and owner.liaison is not None and owner.liaison.is_active else []


def _office(hazard: Hazard) -> Iterable[Person]:
    return everybody_with(Role.ROAD_SAFETY_OFFICE, timezone.localdate())


def _together(*groups: Any) -> Any:
    def told(hazard: Hazard) -> Iterable[Person]:
        return {person.pk: person for group in groups for person in group(hazard)}.values()

    return told


def _second_grader(hazard: Hazard) -> Iterable[Person]:
    return [hazard.second_grader] if hazard.second_grader is not None else []


def _second_verifier(hazard: Hazard) -> Iterable[Person]:
    made = Verification.objects.filter(hazard=hazard, has_passed=True).select_related("second").order_by("-at").first()
    return [made.second] if made is not None and made.second is not None else []


def _deciders(hazard: Hazard) -> Iterable[Person]:
    """Who decides on an extension: see `rules.can_decide_extension`."""
    today = timezone.localdate()
    if hazard.grade == "major" and hazard.term_extensions.filter(is_granted=True).exists():
        return _office(hazard)
    return [
        person
        for role in (Role.DEPUTY_LEADER, Role.BRIGADE_LEADER)
        for person in holders(hazard.unit_id, role, today, up=True)
    ]


def _title(words: Any) -> Any:
    return lambda context: words % {"title": context["record"].title, "number": context["record"].number}


def _reason(context: Any) -> str:
    return context["reason"]


def _due(words: Any) -> Any:
    return lambda context: words % {"day": f"{timezone.localtime(context['record'].due_at):%Y-%m-%d}"}


NOTICES = [
    Notice(
        "hazards.invalid",
        _("隐患不属实"),
        _title(_("你上报的“%(title)s”（%(number)s）核实不属实")),
        _reason,
        to=_reporter,
    ),
    Notice(
        "hazards.merged",
        _("隐患并案"),
        _title(_("你上报的“%(title)s”（%(number)s）与已有隐患是同一处，已并案")),
        lambda context: _("并入%s") % context["record"].dup_of.number,
        to=_reporter,
    ),
    Notice(
        "hazards.given_back",
        _("隐患退出并案"),
        _title(_("“%(title)s”（%(number)s）退出并案，重新核实")),
        _reason,
        to=_together(_reporter, _squadron),
    ),
    Notice(
        "hazards.graded_major",
        _("定为重大隐患"),
        _title(_("“%(title)s”（%(number)s）定为重大隐患，先落实临时管控")),
        _("你被登记为共同定级人或者负责中队；没有共同定级的，请马上告诉内勤。"),
        to=_together(_second_grader, _squadron),
    ),
    Notice(
        "hazards.notified",
        _("整改通知"),
        _title(_("整改通知：%(title)s（%(number)s）")),
        _due(_("请签收，并在%(day)s前整改完毕；不归你单位负责的，写明理由提出异议。")),
        to=_liaison,
    ),
    Notice(
        "hazards.disputed",
        _("责任单位提出异议"),
        _title(_("责任单位对“%(title)s”（%(number)s）提出异议，要会商")),
        _reason,
        to=_together(_office, _clerks),
    ),
    Notice(
        "hazards.upheld",
        _("会商维持责任单位"),
        _title(_("会商维持：%(title)s（%(number)s）仍由你单位负责")),
        _reason,
        to=_liaison,
    ),
    Notice(
        "hazards.submitted",
        _("提交核验"),
        _title(_("“%(title)s”（%(number)s）已整改，等两名民警现场核验")),
        lambda context: context["record"].completion_note,
        to=_squadron,
    ),
    Notice(
        "hazards.closed",
        _("隐患销号"),
        _title(_("“%(title)s”（%(number)s）已核验销号")),
        _("登记你为核验人、实际没有到场的，请马上告诉中队长。"),
        to=_together(_second_verifier, _liaison, _reporter),
    ),
    Notice(
        "hazards.found_unmended",
        _("核验驳回"),
        _title(_("“%(title)s”（%(number)s）核验没有通过，请继续整改")),
        _reason,
        to=_liaison,
    ),
    Notice(
        "hazards.extension_asked",
        _("申请延期"),
        _title(_("“%(title)s”（%(number)s）申请延期，等你审批")),
        _reason,
        to=_deciders,
    ),
    Notice(
        "hazards.extension_decided",
        _("延期审批结果"),
        _title(_("“%(title)s”（%(number)s）的延期已审批")),
        _due(_("整改期限是%(day)s。")),
        to=_liaison,
    ),
    Notice(
        "hazards.reopened",
        _("隐患反弹"),
        _title(_("“%(title)s”（%(number)s）反弹，请重新整改")),
        _due(_("新的期限是%(day)s。")),
        to=_together(_liaison, _squadron),
    ),
    Notice(
        "hazards.listed",
        _("挂牌督办"),
        _title(_("“%(title)s”（%(number)s）被挂牌督办")),
        _("摘牌要等销号之后，由挂牌的一级办理。"),
        to=_together(_liaison, _squadron),
    ),
    Notice("hazards.reassigned", _("改派隐患"), _title(_("“%(title)s”（%(number)s）改派你中队负责")), to=_squadron),
    Notice(
        "hazards.escalated",
        _("逾期督办"),
        _title(_("“%(title)s”（%(number)s）逾期未整改，已制发督办文书")),
        lambda context: str(context["record"].documents.order_by("-issued_at", "-pk").first()),
        to=_together(_liaison, _clerks),
    ),
]
