"""What a request tells people at once; everything else they hear in the morning digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice
from brigade.org.models import Person
from brigade.org.queries import holders
from brigade.org.states import Role
from services.requests.models import ServiceRequest


def _handler(request: ServiceRequest) -> Iterable[Person]:
    return [request.handler]


def _handler_and_heads(request: ServiceRequest) -> Iterable[Person]:
    heads = holders(request.unit_id, Role.HALL_HEAD, timezone.localdate(), up=True)
    return {person.pk: person for person in [request.handler, *heads]}.values()


def _title(words: Any) -> Any:
    return lambda context: words % {"title": context["record"].title, "number": context["record"].number}


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
