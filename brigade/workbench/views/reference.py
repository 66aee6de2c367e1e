"""工作日历和参数: what time limits and rules work with, since when, and how far each value is trusted."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.web import ask, page, require
from brigade.reference import actions, queries
from brigade.workbench.forms import ParameterForm, WorkdayForm, YearForm


def calendar_year(request: HttpRequest) -> HttpResponse:
    """The days of a year that differ from Monday to Friday, with their source; everybody."""
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = (int(asked) if asked.isdecimal() and len(asked) == 4 else 0) or today.year
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
    require(request, "reference.change_workcalendarday")
    return ask(
        request,
        WorkdayForm(request.POST or None),
        title=_("哪一天怎么上班？"),
        text=_("相关期限当晚重新计算。"),
        button=_("设定工作日"),
        call=lambda **typed: actions.set_workday(by=request.user, **typed),
        said=_("工作日历已设定"),
        back="workbench:calendar_year",
    )


def year_publish(request: HttpRequest) -> HttpResponse:
    """Enter the list of holidays of a year, from which on its limits are final; business administrator."""
    require(request, "reference.change_workcalendarday")
    typed = request.GET.get("year", "")
    year = int(typed) if typed.isdecimal() and len(typed) == 4 else timezone.localdate().year + 1
    return ask(
        request,
        YearForm(request.POST or None, initial={"year": year}),
        title=_("这一年怎么放假？"),
        text=_("暂算的期限当晚重新计算；已设定的日子以这份安排为准。"),
        button=_("录入放假安排"),
        call=lambda **typed: actions.publish_year(by=request.user, **typed),
        said=lambda row: _("%(year)s年放假安排已录入，请核对一遍") % {"year": row.year},
        back=reverse("workbench:calendar_year") + f"?year={year}",
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
    require(request, "reference.change_parameter")
    row = next((row for row in queries.parameters_on(timezone.localdate()) if row.code == code), None)
    if row is None:
        raise Http404(_("没有这个参数。"))
    return ask(
        request,
        ParameterForm(request.POST or None, row=row),
        title=_("“%s”改成多少？") % row.label,
        text=_("以前的日期仍按原值计算。"),
        button=_("设定参数"),
        call=lambda **typed: actions.set_parameter(by=request.user, code=code, **typed),
        said=_("参数已设定"),
        back="workbench:parameter_list",
    )
