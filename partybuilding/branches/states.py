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
    EXTENDED = "extended", _("延长预备期")
    FULL = "full", _("正式党员")
    SUSPENDED = "suspended", _("停止党籍")
    REMOVED = "removed", _("除名")
    CANCELLED = "cancelled", _("取消预备党员资格")
    DECEASED = "deceased", _("去世")


ENTERED_AS = (
    MemberStatus.APPLICANT,
    MemberStatus.ACTIVIST,
    MemberStatus.CANDIDATE,
    MemberStatus.PROBATIONARY,
    MemberStatus.FULL,
)
"""How somebody may stand when he is entered."""
GONE = frozenset({MemberStatus.REMOVED, MemberStatus.CANCELLED, MemberStatus.DECEASED})
"""He belongs to no branch any more."""
CEASED = GONE | {MemberStatus.SUSPENDED}
"""He counts nowhere any more."""


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


class ExclusionReason(models.TextChoices):
    """Why a voter may be left out of those due (应到会), with the superior's consent and the members' meeting's.

    Source: what the organisation department answers on 基层组织选举工作条例.
    """

    INCAPABLE = "incapable", _("患精神病或因其他疾病不能表达本人意志")
    ABROAD = "abroad", _("自费出国半年以上")
    SENTENCED = "sentenced", _("被判刑或受留党察看处分")
    BEDRIDDEN = "bedridden", _("年老体弱卧床不起或长期患病，生活不能自理")
    AWAY = "away_6m", _("外出半年以上，按规定应转未转组织关系")
    RETIRED_AWAY = "retired_away", _("离退休回原籍，按规定应转未转组织关系")


class TransferState(models.TextChoices):
    ISSUED = "issued", _("已开介绍信")
    IN_TRANSIT = "in_transit", _("转接中")
    ACCEPTED = "accepted", _("已接收")
    RETURNED = "returned", _("已退回")
    EXPIRED = "expired", _("已过期")


UNDER_WAY = frozenset({TransferState.ISSUED, TransferState.IN_TRANSIT})
