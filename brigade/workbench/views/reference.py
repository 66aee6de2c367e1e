"""工作日历和参数: what time limits and rules work with, since when, and how far each value is trusted."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.web import ask, page
from brigade.reference import actions, queries
from brigade.workbench.forms import ParameterForm, WorkdayForm


def calendar_year(request: HttpRequest) -> HttpResponse:
    """The days of a year that differ from Monday to Friday, with their source; everybody."""
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else today.year
    context = {
        "year": year,
        "years": queries.years_known(today),
        "days": queries.days_of(year),
        "row": queries.year_row(year),
        "alarm": queries.calendar_alarm(today),
        "may_change": request.user.has_perm("reference.change_workcalendarday"),
    }
    return page(request, "workbench/calendar_year.html", context)


def workday_set(request: HttpRequest) -> HttpResponse:
    """Say of one day whether it is worked; business administrator."""
    return ask(
        request,
        WorkdayForm(request.POST or None),
        title=_("哪一天怎么上班？"),
        text=_("相关期限会重新计算。"),
        button=_("设定"),
        call=lambda **typed: actions.set_workday(by=request.user, **typed),
        said=_("工作日历已设定"),
        back="workbench:calendar_year",
    )


def parameter_list(request: HttpRequest) -> HttpResponse:
    """Every parameter with its value today, its source and how far it is trusted; everybody."""
    context = {
        "rows": queries.parameters_on(timezone.localdate()),
        "may_change": request.user.has_perm("reference.change_parameter"),
    }
    return page(request, "workbench/parameter_list.html", context)


def parameter_set(request: HttpRequest, code: str) -> HttpResponse:
    """Give a parameter another value from a day on; business administrator."""
    row = next((row for row in queries.parameters_on(timezone.localdate()) if row.code == code), None)
    if row is None:
        raise Http404(_("没有这个参数。"))
    return ask(
        request,
        ParameterForm(request.POST or None, row=row),
        title=_("“%s”改成多少？") % row.label,
        text=_("以前的日期仍按原值计算。"),
        button=_("设定"),
        call=lambda **typed: actions.set_parameter(by=request.user, code=code, **typed),
        said=_("参数已设定"),
        back="workbench:parameter_list",
    )
