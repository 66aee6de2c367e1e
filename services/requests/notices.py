"""What a request tells people at once; everything else they hear in the morning digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice
from brigade.org.models import Person
from brigade.org.queries import holders
from brigade.org.states import Role
from services.requests.models import ServiceRequest
from services.requests.rules import barred_from_review


def _handler(request: ServiceRequest) -> Iterable[Person]:
    return [request.handler]


def _handler_and_heads(request: ServiceRequest) -> Iterable[Person]:
    heads = holders(request.unit_id, Role.HALL_HEAD, timezone.localdate(), up=True)
    return {person.pk: person for person in [request.handler, *heads]}.values()


def _reviewers(request: ServiceRequest) -> Iterable[Person]:
    """Who may review it."""
    barred = barred_from_review(request)
    found = holders(request.unit_id, Role.SERVICE_REVIEWER, timezone.localdate(), up=True)
    return [person for person in found if person.pk not in barred]


def _title(words: Any) -> Any:
    return lambda context: words % {"title": context["record"].title, "number": context["record"].number}


def _proposal(context: Mapping[str, Any]) -> str:
    return context["record"].get_proposal_display()


NOTICES = [
    Notice(
        "requests.deemed",
        _("逾期未告知，视为受理"),
        _title(_("%(title)s（%(number)s）5个工作日内没有受理也没有告知，已视为受理")),
        _("依据行政许可法第三十二条第（四）项，自收到申请材料之日起即为受理，期限从那天算起。"),
        to=_handler_and_heads,
    ),
    Notice(
        "requests.lapsed",
        _("逾期未补正"),
        _title(_("%(title)s（%(number)s）申请人没有按期补正，已终止")),
        _("终止不是不予许可，申请人可以重新申请。"),
        to=_handler,
    ),
    Notice(
        "requests.due_soon",
        _("期限前2小时"),
        lambda context: (
            str(_("%(title)s（%(number)s）今天%(at)s到期，还没办结"))
            % {
                "title": context["record"].title,
                "number": context["record"].number,
                "at": f"{timezone.localtime(context['record'].promised_due_at):%H:%M}",
            }
        ),
        _("办不完又依法可以中止计时的，先书面告知申请人，再请值班长中止。"),
        to=_handler,
    ),
    Notice(
        "requests.review_asked",
        _("提交审核"),
        _title(_("%(title)s（%(number)s）等你审核")),
        lambda context: str(_("%(name)s提交，%(what)s")) % {"name": context["by"].name, "what": _proposal(context)},
        to=_reviewers,
    ),
    Notice(
        "requests.review_returned",
        _("审核退回"),
        _title(_("%(title)s（%(number)s）被审核岗退回")),
        lambda context: context["reason"],
        to=_handler,
    ),
    Notice(
        "requests.handed_over",
        _("移交经办"),
        _title(_("%(title)s（%(number)s）移交你办理")),
        lambda context: str(_("由%(name)s移交")) % {"name": context["by"].name},
        to=_handler,
    ),
]
