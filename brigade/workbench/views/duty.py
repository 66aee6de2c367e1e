"""带班: who leads the shift; it stands on everybody's workbench."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.templatetags.ui import WEEKDAYS, day_text, local
from brigade.kit.web import ask, page, require
from brigade.org import actions, queries
from brigade.org.forms import DutyForm
from brigade.org.models import Unit

SHOWN = timedelta(days=34)


def duty_list(request: HttpRequest) -> HttpResponse:
    """The roster of the brigade from this week's Monday on, five weeks; everybody."""
    unit, today = _brigade(), timezone.localdate()
    start = today - timedelta(days=today.weekday())
    turns = {turn.day: turn for turn in queries.duty_turns(unit, start, start + SHOWN)}
    days = [start + timedelta(days=n) for n in range(SHOWN.days + 1)]
    context = {
        "unit": unit,
        "today": today,
        "weekdays": WEEKDAYS,
        "weeks": [
            [(name, day, turns.get(day)) for name, day in zip(WEEKDAYS, days[n : n + 7], strict=True)]
            for n in range(0, len(days), 7)
        ],
        "now_leading": turns.get(today),
        "may_change": request.user.has_perm("org.change_dutyturn", unit),
    }
    return page(request, "workbench/duty_list.html", context)


def duty_arrange(request: HttpRequest) -> HttpResponse:
    """Put leaders on the roster in turn; clerk and leaders."""
    unit, today = _brigade(), timezone.localdate()
    require(request, "org.change_dutyturn", unit)
    start = today + timedelta(days=1)
    form = DutyForm(
        request.POST or None,
        leaders=queries.may_lead_duty(unit, today),
        initial={"start": start, "end": start + timedelta(days=29)},
    )
    return ask(
        request,
        form,
        title=_("哪些天由谁带班？"),
        button=_("排班"),
        call=lambda **typed: actions.arrange_duty(by=request.user, unit=unit, **typed),
        said=lambda turns: (
            _("%(first)s至%(last)s的带班已排好") % {"first": _day(turns[0].day), "last": _day(turns[-1].day)}
        ),
        back="workbench:duty_list",
    )


def _day(day: date) -> str:
    return day_text(local(day), timezone.localtime())


def _brigade() -> Unit:
    unit = Unit.objects.filter(tree="line", parent=None).order_by("pk").first()
    if unit is None:
        raise Http404(_("还没有设立单位。"))
    return unit
