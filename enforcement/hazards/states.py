"""States of a hazard; where it came from, how grave it is, where it lies, who owns it, what is issued about it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HazardState(models.TextChoices):
    """Overdue, listed, extended, disputed and escalated are no states: a hazard may be all of it while being mended."""

    REPORTED = "reported", _("待核实")
    REGISTERED = "registered", _("已登记")
    GRADED = "graded", _("已定级")
    NOTIFIED = "notified", _("已通知")
    ACCEPTED = "accepted", _("已签收")
    RECTIFYING = "rectifying", _("整改中")
    SUBMITTED = "submitted", _("待核验")
    CLOSED = "closed", _("已销号")
    INVALID = "invalid", _("不属实")
    MERGED = "merged", _("并案")
    DEFERRED = "deferred", _("暂缓")
    VOIDED = "voided", _("作废")


RUNNING = frozenset(
    {
        HazardState.REPORTED,
        HazardState.REGISTERED,
        HazardState.GRADED,
        HazardState.NOTIFIED,
        HazardState.ACCEPTED,
        HazardState.RECTIFYING,
        HazardState.SUBMITTED,
    }
)
OPEN = RUNNING | {HazardState.DEFERRED}
"""What is not settled; a deferred hazard still counts."""
WITH_OWNER = frozenset({HazardState.NOTIFIED, HazardState.ACCEPTED, HazardState.RECTIFYING})
"""The owner's time runs."""
SENT = WITH_OWNER | {HazardState.SUBMITTED, HazardState.CLOSED, HazardState.DEFERRED}
"""What an owner has been told of."""


class Source(models.TextChoices):
    PATROL = "patrol", _("民警巡查")
    CRASH_ANALYSIS = "crash_analysis", _("事故研判")
    PUBLIC = "public", _("群众举报")
    TWO_STAFF = "two_staff", _("两员上报")
    DEPT = "dept", _("部门移交")
    SUPERIOR = "superior", _("上级交办")
    DRONE = "drone", _("无人机")
    VIDEO = "video", _("视频巡查")


PHOTOLESS = frozenset({Source.CRASH_ANALYSIS, Source.SUPERIOR, Source.PUBLIC})
"""Found at a desk or told by telephone: nobody stood there with a camera."""


class Grade(models.TextChoices):
    """The two grades of 安全生产事故隐患排查治理暂行规定; 重点 is a flag beside them."""

    GENERAL = "general", _("一般")
    MAJOR = "major", _("重大")


class Term(models.TextChoices):
    """How long a general hazard of a category usually takes; the days are parameters."""

    IMMEDIATE = "immediate", _("立行立改")
    GENERAL = "general", _("一般期限")
    FACILITY = "facility", _("设施工程")


class Direction(models.TextChoices):
    UP = "up", _("上行")
    DOWN = "down", _("下行")
    BOTH = "both", _("双向")
    NA = "na", _("不分方向")


class CoordSystem(models.TextChoices):
    """What the coordinates were read from; the values are those of `kit.geo.Datum`."""

    WGS84 = "wgs84", _("WGS-84（手机、GPS）")
    GCJ02 = "gcj02", _("GCJ-02（高德、腾讯）")
    BD09 = "bd09", _("BD-09（百度）")
    CGCS2000 = "cgcs2000", _("CGCS2000（测绘、天地图）")


class GeoSource(models.TextChoices):
    GPS = "gps", _("设备定位")
    MAP_CLICK = "map_click", _("地图点选")
    STAKE_CALC = "stake_calc", _("桩号推算")
    IMPORT = "import", _("导入")


class Visibility(models.TextChoices):
    INTERNAL = "internal", _("内部")
    DEPT = "dept", _("部门可见")
    PUBLIC = "public", _("可公开")


class PhotoKind(models.TextChoices):
    BEFORE = "before", _("整改前")
    INTERIM = "interim", _("临时管控")
    AFTER = "after", _("整改后")
    VERIFICATION = "verification", _("核验")
    RELAPSE = "relapse", _("反弹")


class OwnerType(models.TextChoices):
    HIGHWAY = "highway", _("公路")
    TRANSPORT = "transport", _("交通")
    HOUSING = "housing", _("住建")
    URBAN = "urban", _("城管")
    TOWN = "town", _("乡镇")
    WATER = "water", _("水利")
    ENTERPRISE = "enterprise", _("企业")


DEPARTMENTS = frozenset(OwnerType) - {OwnerType.HIGHWAY, OwnerType.ENTERPRISE}
"""Government departments: they are advised by 告知函, not ordered by 通知书 (道路交通安全法第二十九条第二款)."""


class ListingLevel(models.TextChoices):
    COUNTY = "county", _("县级")
    CITY = "city", _("市级")
    PROVINCE = "province", _("省级")
    MINISTRY = "ministry", _("部级")


class PauseKind(models.TextChoices):
    """The only two things that stop the owner's clock."""

    DISPUTE = "dispute", _("会商")
    DEFERRAL = "deferral", _("暂缓")


class NoFix(models.TextChoices):
    """Why the place of a verification is not proved by the device."""

    NO_SIGNAL = "no_signal", _("现场没有定位信号")
    NO_DEVICE = "no_device", _("设备不能定位")
    CONTROLLED = "controlled", _("路段封闭或施工，不能靠近")


class Check(models.TextChoices):
    """What two police look at before a hazard is closed."""

    MATCHES = "matches", _("整改内容与通知书一致")
    STANDARD = "standard", _("设施符合标准，位置合适")
    WORKS = "works", _("设施完好，能正常使用")
    CLEARED = "cleared", _("现场已清理，没有新的隐患")


class DocumentKind(models.TextChoices):
    NOTICE = "notice", _("道路交通安全隐患整改通知书")
    ADVICE = "advice", _("隐患告知函")
    REMINDER = "reminder", _("逾期整改提醒函")
    URGING = "urging", _("督办单")
    GOVERNMENT = "government", _("提请督办函")
    LISTING = "listing", _("挂牌督办建议")
    EXTENSION = "extension", _("延期审批表")
    VERIFICATION = "verification", _("现场核验记录")
    CLOSING = "closing", _("销号审批表")
    LISTED = "listed", _("挂牌督办通知")
    DELISTED = "delisted", _("摘牌通知")
    SPECIAL = "special", _("隐患专题报告")


def form_code(kind: str) -> str:
    """The code of the Word form of a kind of document."""
    return f"hazards.{kind}"


STEPS: tuple[tuple[int, DocumentKind], ...] = (
    (1, DocumentKind.REMINDER),
    (7, DocumentKind.URGING),
    (15, DocumentKind.GOVERNMENT),
    (30, DocumentKind.LISTING),
)
"""Which letter each step of the external ladder writes; its days are the parameter hazards.escalation_days."""
