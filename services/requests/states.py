"""States of a request and of its materials; kinds of services, clocks, notices and deliveries."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestState(models.TextChoices):
    """Late, provisional and tolerated are no states; they are read from dates and materials."""

    RECEIVED = "received", _("已收件")
    SUPPLEMENT_REQUESTED = "supplement_requested", _("待补正")
    LAPSED = "lapsed", _("逾期未补正")
    REJECTED = "rejected", _("不予受理")
    ACCEPTED = "accepted", _("已受理")
    PROCESSING = "processing", _("办理中")
    SUSPENDED = "suspended", _("中止计时")
    COMPLETED = "completed", _("已办结")
    DELIVERED = "delivered", _("已送达")
    WITHDRAWN = "withdrawn", _("已撤回")
    VOIDED = "voided", _("作废")


OPEN = frozenset(
    {
        RequestState.RECEIVED,
        RequestState.SUPPLEMENT_REQUESTED,
        RequestState.ACCEPTED,
        RequestState.PROCESSING,
        RequestState.SUSPENDED,
    }
)
RUNNING = frozenset({RequestState.ACCEPTED, RequestState.PROCESSING, RequestState.SUSPENDED})
"""Accepted and not yet settled."""
CLOCK_RUNS = RUNNING - {RequestState.SUSPENDED}
DONE = frozenset({RequestState.COMPLETED, RequestState.DELIVERED})


class Outcome(models.TextChoices):
    APPROVED = "approved", _("准予")
    REFUSED = "refused", _("不予许可")


class Proposal(models.TextChoices):
    """What the officer puts before the reviewer."""

    APPROVE = "approve", _("拟准予")
    REFUSE = "refuse", _("拟不予许可")
    REJECT = "reject", _("拟不予受理")


class MaterialStatus(models.TextChoices):
    UNSEEN = "unseen", _("待看")
    OK = "ok", _("齐")
    MISSING = "missing", _("缺")
    INVALID = "invalid", _("不合格")
    EXEMPT = "exempt", _("免交")
    TOLERATED = "tolerated", _("容缺")


LACKING = frozenset({MaterialStatus.MISSING, MaterialStatus.INVALID})
SETTLED = frozenset({MaterialStatus.OK, MaterialStatus.EXEMPT})


class MaterialKind(models.TextChoices):
    ORIGINAL = "original", _("原件")
    COPY = "copy", _("复印件")
    ELECTRONIC = "electronic", _("电子")


class When(models.TextChoices):
    """For whom a material is asked."""

    ALWAYS = "always", _("都要")
    CONDITIONAL = "conditional", _("按情形")
    OUT_OF_PROVINCE = "out_of_province", _("外省户籍")


class Category(models.TextChoices):
    VEHICLE_REGISTRATION = "vehicle_registration", _("机动车登记")
    PLATES_CERTIFICATES = "plates_certificates", _("号牌证件")
    INSPECTION = "inspection", _("检验标志")
    SCHOOL_BUS = "school_bus", _("校车")
    DRIVING_LICENCE = "driving_licence", _("驾驶证")
    VIOLATION_ACCIDENT = "violation_accident", _("违法和事故")
    PERMIT = "permit", _("通行证")
    OTHER = "other", _("其他")


class DayKind(models.TextChoices):
    WORKING = "working", _("工作日")
    NATURAL = "natural", _("自然日")
    IMMEDIATE = "immediate", _("即时")


class Trust(models.TextChoices):
    """How far a row of the catalogue was checked against the text of its article."""

    YES = "yes", _("已核对条文")
    PARTIAL = "partial", _("部分推定")
    MEMORY = "memory", _("凭经验，待核")


class IdKind(models.TextChoices):
    RESIDENT = "resident", _("居民身份证")
    OTHER = "other", _("其他证件")


class NoticeChannel(models.TextChoices):
    PAPER = "paper", _("纸质")
    ELECTRONIC = "electronic", _("电子")


class DeliveryKind(models.TextChoices):
    WINDOW = "window", _("窗口领取")
    COURIER = "courier", _("邮寄")
    ELECTRONIC = "electronic", _("电子送达")


class SuspensionReason(models.TextChoices):
    """What stops the clock: 行政许可法第四十五条, the applicant's own waiting, and a failure of the system."""

    HEARING = "hearing", _("听证")
    TENDER = "tender", _("招标")
    AUCTION = "auction", _("拍卖")
    INSPECTION = "inspection", _("检验")
    TESTING = "testing", _("检测")
    QUARANTINE = "quarantine", _("检疫")
    APPRAISAL = "appraisal", _("鉴定")
    EXPERTS = "experts", _("专家评审")
    APPLICANT = "applicant", _("等待申请人")
    SYSTEM = "system", _("系统故障")


class Ending(models.TextChoices):
    """How a turn at the desk ends."""

    SETTLE = "settle", _("当场办结")
    ACCEPT = "accept", _("受理")
    NOTIFY = "notify", _("一次性告知")
    RECEIVE = "receive", _("只收件")
