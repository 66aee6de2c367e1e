"""Enumerations of meetings, roll-calls, votes, decisions, waivers and leave."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MeetingState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    NOTIFIED = "notified", _("已通知")
    POSTPONED = "postponed", _("已延期")
    EXPIRED = "expired_unheld", _("过期未记录")
    RECORDED = "recorded", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    ARCHIVED = "archived", _("已归档")
    CANCELLED = "cancelled", _("已取消")
    VOID = "void", _("作废")


COUNTED = frozenset({MeetingState.CONFIRMED, MeetingState.ARCHIVED})
MEETING_OPEN = frozenset(MeetingState) - COUNTED - {MeetingState.CANCELLED, MeetingState.VOID}
"""Only these meetings count for anything."""
HELD = COUNTED | {MeetingState.RECORDED}
WAITING = frozenset({MeetingState.NOTIFIED, MeetingState.POSTPONED})
"""Announced and not yet recorded: those due stand on the roll, unmarked."""
LEAVE_OPEN = HELD | WAITING | {MeetingState.EXPIRED}
"""Leave may be asked of these."""


class SegmentKind(models.TextChoices):
    """What a stretch of a meeting was; one gathering may hold several, each with its own time."""

    TD = "TD", _("主题党日")
    MM = "MM", _("党员大会")
    CM = "CM", _("支委会")
    GM = "GM", _("党小组会")
    PL = "PL", _("党课")
    GB = "GB", _("党总支会")
    ST = "ST", _("集中学习")
    DL = "DL", _("民主议事")
    VO = "VO", _("志愿服务")
    OL = "OL", _("组织生活会")
    DA = "DA", _("民主评议党员")


REQUIRED = ("GB", "MM", "CM", "GM", "PL", "TD")
"""The kinds that a period asks for; each is a rule of its own."""
EARNING = frozenset({SegmentKind.ST, SegmentKind.PL})
"""Segments that earn study hours."""
FIRST_TOPIC_EXPECTED = frozenset({SegmentKind.GB, SegmentKind.MM, SegmentKind.CM})
COMMITTEE_KINDS = frozenset({SegmentKind.GB, SegmentKind.CM})


class Must(models.TextChoices):
    """五必: the five study obligations that the brigade put on each branch, each month."""

    STUDY = "study", _("每月支部必研学")
    LECTURE = "lecture", _("每名书记必讲课")
    CONVEY = "convey", _("每个支部必传达")
    COVER = "cover", _("每项内容必涵盖")
    PASS = "pass", _("每人学习必过关")


class Mode(models.TextChoices):
    ONSITE = "onsite", _("现场")
    ONLINE = "online", _("线上")
    MIXED = "mixed", _("线上线下结合")


class AgendaKind(models.TextChoices):
    FIRST_TOPIC = "first_topic", _("第一议题")
    CONVEY = "convey", _("传达")
    DELIBERATE = "deliberate", _("议事")
    VOTE = "vote", _("表决")
    STUDY = "study", _("学习")
    OTHER = "other", _("其他")


class VoteKind(models.TextChoices):
    ORDINARY = "ordinary", _("一般事项")
    ADMISSION = "admission", _("接收预备党员")
    CONFIRMATION = "confirmation", _("预备党员转正")
    COMMITTEE = "committee", _("支委会表决")


class Ballot(models.TextChoices):
    SECRET = "secret", _("无记名投票")
    HANDS = "hands", _("举手表决")
    ORAL = "oral", _("口头表决")


class Presence(models.TextChoices):
    UNMARKED = "unmarked", _("未标")
    PRESENT = "present", _("到会")
    LATE = "late", _("迟到")
    ONLINE = "online", _("线上")
    LEAVE_DUTY = "leave_duty", _("执勤公务")
    LEAVE_SICK = "leave_sick", _("病假")
    LEAVE_PERSONAL = "leave_personal", _("事假")
    ABSENT = "absent", _("缺席")
    EXEMPT = "exempt", _("豁免")
    OBSERVER = "observer", _("列席")


THERE = frozenset({Presence.PRESENT, Presence.LATE, Presence.ONLINE})
ON_LEAVE = frozenset({Presence.LEAVE_DUTY, Presence.LEAVE_SICK, Presence.LEAVE_PERSONAL})
NOT_DUE = frozenset({Presence.EXEMPT, Presence.OBSERVER})
"""These stand on the sheet but not in the denominator."""


class Source(models.TextChoices):
    ROLL_CALL = "roll_call", _("点名")
    LEAVE = "leave", _("请假")
    IMPORT = "import", _("导入")


class MakeUp(models.TextChoices):
    NONE = "none", _("无")
    PENDING = "pending", _("待补课")
    DONE = "done", _("已补课")


class DecisionState(models.TextChoices):
    OPEN = "open", _("办理中")
    DONE = "done", _("已办结")
    DROPPED = "dropped", _("不再办理")
    VOID = "void", _("作废")


class WaiverState(models.TextChoices):
    ASKED = "asked", _("待批准")
    APPROVED = "approved", _("已批准")
    RETURNED = "returned", _("已退回")


class LeaveState(models.TextChoices):
    ASKED = "asked", _("待批准")
    APPROVED = "approved", _("已批准")
    RETURNED = "returned", _("未批准")
