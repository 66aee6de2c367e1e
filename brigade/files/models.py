"""The facts of a stored file; what it belongs to is said by the owner's own join table."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from brigade.files.states import FileKind
from brigade.kit.ids import new_id


class File(models.Model):
    """An attachment: its content lies outside the web root under its SHA-256, so equal contents lie there once.

    It is never changed; a better copy is a new file.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("大小"))
    kind = models.CharField(_("类别"), max_length=8, choices=FileKind.choices)
    media_type = models.CharField(max_length=80)
    name = models.CharField(_("文件名"), max_length=124)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(_("上传人"), max_length=40)
    at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("附件")

    def __str__(self) -> str:
        return self.name
