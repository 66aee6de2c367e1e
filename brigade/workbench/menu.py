"""The menu and the quick entries: one table; a line is shown to whom it serves, and nothing unbuilt is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.assignments.rules import HAVE
from brigade.jobs.queries import broker_ok
from brigade.kit import context
from brigade.kit.addresses import address_of
from brigade.notices.queries import unread_count
from brigade.notices.rules import FOLLOW_PERM, RECEIVE_PERM
from brigade.obligations.queries import open_counts
from brigade.org.models import Person
from brigade.org.states import ADMIN_ROLES, Role, Tree

Text = str | Promise
EVERYBODY = frozenset({Role.OFFICER, Role.AUXILIARY, Role.MEMBER})
"""Roles that say nothing about a person's post."""
LIAISON = EVERYBODY | {Role.OWNER_LIAISON}
TAKE_IN = "requests.add_servicerequest"


@dataclass(frozen=True)
class Item:
    """A line of the side bar: shown to holders of `perm` (to everybody without one)."""

    label: Text
    view: str
    perm: str = ""
    count: str = ""
    """Which of `COUNTS` stands beside it."""
    tree: str = ""
    """Only where `perm` covers a unit of this tree."""
    inside: bool = False
    """Not for who is only the liaison of an owner: he looks after what was sent to him."""


@dataclass(frozen=True)
class Tab:
    """A tab of the top bar with the groups of its side bar; shown when any of its lines is."""

    code: str
    label: Text
    groups: tuple[tuple[Text, tuple[Item, ...]], ...]
    skin: str = ""
    """Colours of the shell on its pages, see tokens.css."""


@dataclass(frozen=True)
class Quick:
    """An entry that the workbench offers by a digit."""

    label: Text
    icon: str
    view: str
    perm: str
    tree: str = ""
    """As for `Item`."""


COUNTS: dict[str, Callable[[Person], int]] = {
    "duties": lambda person: open_counts(person, timezone.now())["total"],
    "unread": unread_count,
}


TABS = (
    Tab(
        "workbench",
        gettext_lazy("工作台"),
        (
            (
                "",
                (
                    Item(gettext_lazy("工作台"), "workbench:home"),
                    Item(gettext_lazy("应办事项"), "workbench:obligations", "obligations.have_obligation", "duties"),
                    Item(gettext_lazy("交办督办"), "assignments:assignment_list", HAVE),
                    Item(gettext_lazy("通知公告"), "workbench:announcement_list", RECEIVE_PERM),
                    Item(gettext_lazy("消息"), "workbench:notices", count="unread"),
                ),
            ),
            (
                gettext_lazy("看态势"),
                (
                    Item(gettext_lazy("领导看板"), "workbench:dashboard", "indicators.view_figure"),
                    Item(gettext_lazy("大屏"), "workbench:screen", "indicators.view_figure"),
                    Item(gettext_lazy("报告"), "reports:report_list", "reports.view_report"),
                    Item(gettext_lazy("带班"), "workbench:duty_list", inside=True),
                ),
            ),
            (
                gettext_lazy("管理"),
                (
                    Item(gettext_lazy("单位"), "workbench:unit_list", "org.view_unit", inside=True),
                    Item(gettext_lazy("人员"), "workbench:person_list", "org.view_person", inside=True),
                    Item(gettext_lazy("授权"), "workbench:grant_list", "org.change_grant"),
                    Item(gettext_lazy("角色"), "workbench:role_list", inside=True),
                    Item(gettext_lazy("短信邮件"), "workbench:notices_unclear", FOLLOW_PERM),
                    Item(gettext_lazy("工作日历"), "workbench:calendar_year", inside=True),
                    Item(gettext_lazy("参数"), "workbench:parameter_list", inside=True),
                    Item(gettext_lazy("文书模板"), "workbench:form_list", "files.change_formtemplate"),
                    Item(gettext_lazy("审计"), "workbench:audit_list", "audit.view_auditevent"),
                ),
            ),
        ),
    ),
    Tab(
        "party",
        gettext_lazy("党建"),
        (
            (
                gettext_lazy("组织生活"),
                (
                    Item(gettext_lazy("三会一课"), "meetings:matrix", "meetings.view_meeting"),
                    Item(gettext_lazy("五必落实"), "meetings:five_musts", "meetings.view_meeting"),
                    Item(gettext_lazy("季度报表"), "meetings:quarter_return", "meetings.view_meeting"),
                    Item(gettext_lazy("会议记录"), "meetings:meeting_list", "meetings.view_meeting"),
                    Item(gettext_lazy("议定事项"), "meetings:decision_list", "meetings.view_decision"),
                    Item(gettext_lazy("豁免申请"), "meetings:waiver_list", "meetings.view_waiver"),
                    Item(gettext_lazy("我的组织生活"), "meetings:mine", "branches.view_partybranch"),
                ),
            ),
            (
                gettext_lazy("组织"),
                (
                    Item(gettext_lazy("支部"), "branches:branch_list", "branches.view_partybranch"),
                    Item(gettext_lazy("党员"), "branches:member_list", "branches.view_partymember"),
                    Item(gettext_lazy("组织关系转接"), "branches:transfer_list", "branches.view_transfer"),
                ),
            ),
        ),
        skin="party",
    ),
    Tab(
        "enforcement",
        gettext_lazy("执法与隐患"),
        (
            (
                gettext_lazy("源头防范"),
                (
                    Item(gettext_lazy("隐患台账"), "hazards:hazard_list", "hazards.view_hazard"),
                    Item(gettext_lazy("隐患地图"), "hazards:hazard_map", "hazards.view_hazard"),
                    Item(gettext_lazy("发给我单位的隐患"), "hazards:sent_list", "hazards.answer_hazard"),
                    Item(gettext_lazy("责任单位"), "hazards:owner_list", "hazards.change_owner"),
                    Item(gettext_lazy("道路"), "hazards:road_list", "reference.view_road"),
                ),
            ),
        ),
    ),
    Tab(
        "services",
        gettext_lazy("窗口服务"),
        (
            (
                gettext_lazy("办件"),
                (
                    Item(gettext_lazy("窗口办件"), "requests:servicerequest_create", TAKE_IN, tree=Tree.HALL),
                    Item(gettext_lazy("办件台账"), "requests:servicerequest_list", "requests.view_servicerequest"),
                    Item(gettext_lazy("服务事项"), "requests:serviceitem_list", "requests.view_serviceitem"),
                ),
            ),
        ),
    ),
)

QUICK: tuple[Quick, ...] = (
    Quick(gettext_lazy("记会议"), "people", "meetings:meeting_create", "meetings.record_meeting", Tree.PARTY),
    Quick(gettext_lazy("窗口办件"), "keyboard", "requests:servicerequest_create", TAKE_IN, Tree.HALL),
    Quick(gettext_lazy("报隐患"), "camera", "hazards:hazard_create", "hazards.add_hazard"),
    Quick(gettext_lazy("我的组织生活"), "calendar-check", "meetings:mine", "branches.view_partybranch"),
)


@dataclass(frozen=True)
class Menu:
    """What the shell shows to one person at one address."""

    tabs: list[tuple[Text, str, bool]]
    groups: list[tuple[Text, list[tuple[Text, str, int, bool]]]]
    unit: str
    post: str
    skin: str
    key: str
    """All that bar and side show: they are drawn anew when it changes."""


def shell(request: Any) -> dict[str, Any]:
    """Context of every page; computed only where a template asks, so a fragment pays nothing for it."""
    user = request.user
    if not user.is_authenticated:
        return {}

    @cache
    def count(name: str) -> int:
        return COUNTS[name](user)

    return {
        "menu": SimpleLazyObject(lambda: _menu(user, request.path, count)),
        "unread": SimpleLazyObject(lambda: count("unread")),
        "broker_down": SimpleLazyObject(lambda: bool(user.roles & ADMIN_ROLES) and not broker_ok()),
        "watermark": SimpleLazyObject(lambda: _watermark(user)),
        "foot_note": _("演示数据：人员、企业、车牌、编号均为虚构。") if user.is_synthetic else "",
    }


def quick_entries(user: Person) -> list[Quick]:
    return [entry for entry in QUICK if _serves(entry, user)]


def _menu(user: Person, path: str, count: Callable[[str], int]) -> Menu:
    shown = [(tab, [(label, items) for label, group in tab.groups if (items := _allowed(group, user))]) for tab in TABS]
    shown = [(tab, groups) for tab, groups in shown if groups]
    lines = [(item, tab, groups) for tab, groups in shown for _label, items in groups for item in items]
    at = max(
        (line for line in lines if _is_at(line[0], path)), key=lambda line: len(address_of(line[0].view)), default=None
    )
    # A page that no line leads to, like a leave, stands under the tab of its part of the addresses.
    near = next((line for line in lines if _part(address_of(line[0].view)) == _part(path)), lines[0])
    here = at[0] if at else None
    _item, tab, current = at or near
    roles = user.roles
    tabs = [(one.label, address_of(groups[0][1][0].view), groups is current) for one, groups in shown]
    groups = [
        (label, [(one.label, address_of(one.view), count(one.count) if one.count else 0, one is here) for one in items])
        for label, items in current
    ]
    post = "、".join(str(role.label) for role in Role if role in roles and role not in EVERYBODY)[:20]
    key = f"{user.name} {user.police_no} {post} {tabs} {groups}"
    return Menu(tabs, groups, settings.BRIGADE_NAME, post, tab.skin, key)


def _allowed(items: tuple[Item, ...], user: Person) -> list[Item]:
    return [item for item in items if _serves(item, user)]


def _serves(entry: Item | Quick, user: Person) -> bool:
    if isinstance(entry, Item) and entry.inside and Role.OWNER_LIAISON in user.roles and user.roles <= LIAISON:
        return False
    if entry.tree:
        return user.reaches(entry.perm, entry.tree)
    return not entry.perm or user.has_perm(entry.perm)


def _is_at(item: Item, path: str) -> bool:
    url = address_of(item.view)
    return path == url or (url != "/" and path.startswith(url))


def _part(path: str) -> str:
    """The first part of an address: party of /party/leaves/…"""
    return path.split("/")[1]


def _watermark(user: Person) -> str:
    """Name, last digits of the police number, minute and tail of the address: who photographed a screen, and when."""
    ip = context.current().ip
    stamp = f"{timezone.localtime():%m-%d %H:%M}"
    return f"{user.name} {user.police_no[-6:]} {stamp} {ip.rpartition('.')[2]}".strip()
