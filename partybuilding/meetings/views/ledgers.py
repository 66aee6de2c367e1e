"""The ledgers of meetings, decisions and waivers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from brigade.ledgers.views import Listing
from brigade.org.states import Tree
from partybuilding.meetings import moves, tables
from partybuilding.meetings.models import Decision, Meeting, Waiver


class MeetingList(Listing):
    model, table, filterset = Meeting, tables.MeetingTable, tables.MeetingFilters
    permission = "meetings.view_meeting"
    title = gettext_lazy("会议记录")
    order = ("-starts_at", "-id")
    tabs = (
        (gettext_lazy("待确认"), "state=recorded"),
        (gettext_lazy("已通知"), "state=notified"),
        (gettext_lazy("过期未记录"), "state=expired_unheld"),
        (gettext_lazy("草稿"), "state=draft"),
    )
    more = ("backfill",)
    create = (gettext_lazy("记会议"), "meetings:meeting_create", moves.RECORD_PERM)
    empty = gettext_lazy("还没有记过会议，开完会记一次，矩阵、签到表和学时就都有了。")
    template_name = "meetings/ledger.html"

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        return tables.counted(super().rows(user).select_related("unit", "chair").defer("search_text", "summary"))

    def may_create(self, user: Any) -> bool:
        return user.reaches(moves.RECORD_PERM, Tree.PARTY)


class DecisionList(Listing):
    model, table, filterset = Decision, tables.DecisionTable, tables.DecisionFilters
    permission = "meetings.view_decision"
    title = gettext_lazy("议定事项")
    order = ("-due_on", "-id")
    related = ("unit", "owner", "meeting")
    opens = "state=open&sort=due_on"
    tabs = ((gettext_lazy("办理中"), opens), (gettext_lazy("已办结"), "state=done"))
    empty = gettext_lazy("会上定了事、写了责任人和期限，就会列在这里。")
    template_name = "meetings/ledger.html"


class WaiverList(Listing):
    model, table, filterset = Waiver, tables.WaiverTable, tables.WaiverFilters
    permission = "meetings.view_waiver"
    title = gettext_lazy("豁免申请")
    order = ("-created_at", "-id")
    related = ("unit", "created_by", "decided_by")
    tabs = ((gettext_lazy("待批准"), "state=asked"), (gettext_lazy("已批准"), "state=approved"))
    empty = gettext_lazy("执勤高峰开不成会的，到三会一课矩阵里点那一格申请豁免，不要补造会议。")
    template_name = "meetings/ledger.html"
