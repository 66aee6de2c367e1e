"""Enumerations of Party organisations, members and offices."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BranchKind(models.TextChoices):
    GENERAL = "general_branch", _("党总支")
    BRANCH = "branch", _("党支部")
    JOINT = "joint_branch", _("联合党支部")
    TEMPORARY = "temporary", _("临时党支部")


class MemberStatus(models.TextChoices):
    """Where a person stands on the way into the Party, and whether he still belongs to it."""

    APPLICANT = "applicant", _("入党申请人")
    ACTIVIST = "activist", _("入党积极分子")
    CANDIDATE = "candidate", _("发展对象")
    PROBATIONARY = "probationary", _("预备党员")
    FULL = "full", _("正式党员")
    SUSPENDED = "suspended", _("停止党籍")
    REMOVED = "removed", _("除名")
    DECEASED = "deceased", _("去世")


IN_PARTY = frozenset({MemberStatus.PROBATIONARY, MemberStatus.FULL})
CEASED = frozenset({MemberStatus.SUSPENDED, MemberStatus.REMOVED, MemberStatus.DECEASED})


class Sanction(models.TextChoices):
    NONE = "", _("无")
    WARNING = "warning", _("警告")
    SERIOUS_WARNING = "serious_warning", _("严重警告")
    POST_REMOVED = "post_removed", _("撤销党内职务")
    PROBATION = "probation_within_party", _("留党察看")


class SeatRole(models.TextChoices):
    """Offices of a branch; a branch without a committee has a secretary and at most a deputy."""

    SECRETARY = "secretary", _("书记")
    DEPUTY = "deputy", _("副书记")
    ORGANISATION = "organisation", _("组织委员")
    PUBLICITY = "publicity", _("宣传委员")
    DISCIPLINE = "discipline", _("纪检委员")
    MEMBER = "member", _("委员")


COMMITTEE_ONLY = frozenset({SeatRole.ORGANISATION, SeatRole.PUBLICITY, SeatRole.DISCIPLINE, SeatRole.MEMBER})
"""Offices that exist only where there is a committee."""


class ExemptionKind(models.TextChoices):
    AGED = "aged_infirm", _("年老体弱")
    ILL = "serious_ill", _("患重病")
    AWAY = "away_6m", _("外出六个月以上")
    ABROAD = "abroad", _("出国出境")
    SECONDED = "secondment", _("借调")
    OTHER = "other", _("其他")


class JoinedBy(models.TextChoices):
    """How a membership of a branch began."""

    ADMITTED = "admit", _("发展入党")
    TRANSFERRED = "transfer_in", _("组织关系转入")
    ESTABLISHED = "establish", _("支部设立")
