"""Kinds of attachment that the portal takes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileKind(models.TextChoices):
    IMAGE = "image", _("图片")
    PDF = "pdf", _("PDF文件")
    DOCX = "docx", _("Word文档")
    XLSX = "xlsx", _("Excel表格")
