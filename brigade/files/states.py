"""Kinds of attachment that the portal takes, and the Word forms that the brigade can replace."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from brigade.kit.documents import WordForm


class FileKind(models.TextChoices):
    IMAGE = "image", _("图片")
    PDF = "pdf", _("PDF文件")
    DOCX = "docx", _("Word文档")
    XLSX = "xlsx", _("Excel表格")


FORMS: dict[str, WordForm] = {}
"""Every slice's `documents.FORMS` by code; filled when the application starts."""
BUILT_IN = 0
"""The version of a form that comes with the portal."""
