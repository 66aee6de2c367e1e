"""What a task tells its other side at once; everything else they hear in the morning digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext_lazy as _

from brigade.assignments import queries, rules
from brigade.assignments.models import Assignment
from brigade.notices.rules import Notice
from brigade.org.models import Person


def _doers(task: Assignment) -> Iterable[Person]:
    return queries.doers(task, timezone.localdate())


def _givers(task: Assignment) -> Iterable[Person]:
    return queries.givers(task, timezone.localdate())


def _other_side(task: Assignment) -> Iterable[Person]:
    """Who did not speak last."""
    last = queries.thread(task).first()
    if last is not None and rules.is_giver(task, last.by):
        return _doers(task)
    return _givers(task)


def _words(words: Any) -> Any:
    def title(context: Mapping[str, Any]) -> str:
        task = context["record"]
        day = date_format(task.due_on, "n月j日")
        return str(words) % {"title": task.title, "unit": task.unit.short_name, "who": context["by"].name, "day": day}

    return title


def _reason(context: Mapping[str, Any]) -> str:
    return context["reason"]


def _last(context: Mapping[str, Any]) -> str:
    last = queries.thread(context["record"]).first()
    return last.text if last is not None else ""


NOTICES = [
    Notice(
        "assignments.handed_out",
        _("交办"),
        _words(_("%(who)s交办：%(title)s，%(day)s前办")),
        lambda context: context["record"].text or context["record"].source_text,
        to=_doers,
    ),
    Notice("assignments.replied", _("交办有回复"), _words(_("%(unit)s回复：%(title)s")), _last, to=_givers),
    Notice("assignments.finished", _("交办已办完"), _words(_("%(unit)s办完：%(title)s")), _last, to=_givers),
    Notice("assignments.sent_back", _("交办退回重办"), _words(_("%(who)s退回重办：%(title)s")), _reason, to=_doers),
    Notice("assignments.urged", _("催办"), _words(_("%(who)s催办：%(title)s，期限%(day)s")), to=_doers),
    Notice("assignments.remarked", _("交办留言"), _words(_("%(who)s留言：%(title)s")), _last, to=_other_side),
    Notice(
        "assignments.extension_asked",
        _("申请延期"),
        _words(_("%(unit)s申请延期：%(title)s")),
        _reason,
        to=_givers,
    ),
    Notice("assignments.extended", _("延期"), _words(_("%(title)s延到%(day)s")), to=_doers),
    Notice(
        "assignments.extension_refused",
        _("不同意延期"),
        _words(_("不同意延期：%(title)s，仍是%(day)s前办")),
        _reason,
        to=_doers,
    ),
    Notice("assignments.withdrawn", _("撤回交办"), _words(_("%(who)s撤回交办：%(title)s")), _reason, to=_doers),
]
