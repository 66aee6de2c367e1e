"""Enumerations of the reference data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DayReason(models.TextChoices):
    """Why a date differs from the ordinary Monday-to-Friday week."""

    HOLIDAY = "holiday", _("法定节假日")
    MAKE_UP = "make_up", _("调休上班")
    LOCAL = "local", _("本地调整")


class Trust(models.TextChoices):
    """How far a value is trusted; kept with the value, so that a default is never shown as law."""

    VERIFIED = "verified", _("已核对原文")
    SECONDARY = "secondary", _("转引")
    ARTICLE = "article", _("报道所载")
    MEMORY = "memory", _("凭经验")
    DEFAULT = "default", _("产品默认值")
    LOCAL = "local", _("本单位设定")


class TownKind(models.TextChoices):
    STREET = "street", _("街道")
    TOWN = "town", _("镇")
    OTHER = "other", _("其他")


class Scope(models.TextChoices):
    """Whether a town lies in the brigade's jurisdiction; only the brigade can say."""

    YES = "yes", _("在辖区内")
    NO = "no", _("不在辖区内")
    CHECK = "check", _("待大队确认")


class RoadClass(models.TextChoices):
    """As the letter of a road's number says: G, S, X, Y, C; streets have none."""

    NATIONAL = "national", _("国道")
    PROVINCIAL = "provincial", _("省道")
    COUNTY = "county", _("县道")
    TOWNSHIP = "township", _("乡道")
    VILLAGE = "village", _("村道")
    STREET = "street", _("城市道路")
