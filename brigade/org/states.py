"""Enumerations of units, people and roles."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tree(models.TextChoices):
    """Which organisation a unit belongs to; figures roll up inside one tree only."""

    LINE = "line", _("行政序列")
    PARTY = "party", _("党组织")
    HALL = "hall", _("服务大厅")
    OUTSIDE = "outside", _("外部单位")


class UnitKind(models.TextChoices):
    DETACHMENT = "detachment", _("支队")
    BRIGADE = "brigade", _("大队")
    SQUADRON = "squadron", _("中队")
    OFFICE = "office", _("科室")
    GENERAL_BRANCH = "general_branch", _("党总支")
    PARTY_BRANCH = "party_branch", _("党支部")
    HALL = "hall", _("服务大厅")
    ORGANISATION = "organisation", _("外部单位")


class ChangeKind(models.TextChoices):
    """What becomes of a unit."""

    MERGE = "merge", _("并入")
    MOVE = "move", _("改隶属")
    TOWNS = "towns", _("接管乡镇街道")


class ChangeState(models.TextChoices):
    WAITING = "waiting", _("待安全管理员同意")
    READY = "ready", _("待生效")
    RUNNING = "running", _("正在转记录")
    DONE = "done", _("已完成")
    DROPPED = "dropped", _("已取消")


class PersonKind(models.TextChoices):
    OFFICER = "officer", _("民警")
    AUXILIARY = "auxiliary", _("辅警")
    CIVILIAN = "civilian", _("职工")
    OUTSIDE = "outside", _("外部联络人")


class Role(models.TextChoices):
    """The roles that a grant can give, with the words of the field; what each may do stands in the slices' GRANTS."""

    OFFICER = "officer", _("民警")
    AUXILIARY = "auxiliary", _("辅警")
    CLERK = "clerk", _("内勤")
    BUSINESS_ADMIN = "business_admin", _("业务管理员")
    SQUADRON_LEADER = "squadron_leader", _("中队长")
    DEPUTY_LEADER = "deputy_leader", _("分管副大队长")
    BRIGADE_LEADER = "brigade_leader", _("大队长")
    POLITICAL_OFFICER = "political_officer", _("教导员")
    DISCIPLINE = "discipline", _("纪检")
    INSPECTOR = "inspector", _("督察")
    MEMBER = "member", _("党员")
    RECORDER = "recorder", _("记录员")
    GROUP_LEADER = "group_leader", _("党小组长")
    BRANCH_SECRETARY = "branch_secretary", _("支部书记")
    PARTY_OFFICE = "party_office", _("党建办")
    GENERAL_SECRETARY = "general_secretary", _("党总支书记")
    WINDOW_GUIDE = "window_guide", _("导办")
    WINDOW_CLERK = "window_clerk", _("窗口岗")
    WINDOW_LEAD = "window_lead", _("值班长")
    SERVICE_REVIEWER = "service_reviewer", _("审核岗")
    HALL_HEAD = "hall_head", _("车管所所长")
    OWNER_LIAISON = "owner_liaison", _("责任单位联络员")
    ROAD_SAFETY_OFFICE = "road_safety_office", _("道安办")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDIT_ADMIN = "audit_admin", _("审计管理员")


ADMIN_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
BRANCH_ROLES = frozenset({Role.MEMBER, Role.RECORDER, Role.GROUP_LEADER, Role.BRANCH_SECRETARY})
"""What these may do lies in a Party organisation; on the squadron of the same name they would reach nothing."""

PERMISSIONS: dict[str, frozenset[str]] = {}
"""Permission → roles that hold it; filled at start from every slice's `rules.GRANTS`."""
