"""The facts of a stored file, which belongs to what its owner's join table says; and the brigade's own Word forms."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from brigade.files.states import FORMS, FileKind
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


class FormTemplate(models.Model):
    """One version of a Word form as the brigade wants it (文书模板). Nothing is deleted: a document that was frozen
    while a version was in use is printed by it for ever.

    In use from `valid_from` to `replaced_at`; one that was only uploaded has neither. While no version of a code is in
    use, the portal's own form is.
    """

    code = models.CharField(_("文书"), max_length=40)
    version = models.PositiveIntegerField(_("版本"))
    file = models.ForeignKey(File, models.PROTECT, related_name="+", verbose_name=_("文件"))
    uploaded_at = models.DateTimeField(_("上传时间"))
    by_id = models.BigIntegerField()
    by_name = models.CharField(_("上传人"), max_length=40)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    valid_from = models.DateTimeField(_("启用时间"), null=True)
    replaced_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = _("文书模板")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="formtemplate_one_version"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(valid_from__isnull=False, replaced_at__isnull=True),
                name="formtemplate_one_in_use",
            ),
            models.CheckConstraint(
                condition=Q(replaced_at__isnull=True) | Q(valid_from__lte=F("replaced_at")),
                name="formtemplate_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}{_('第%d版') % self.version}"

    def get_absolute_url(self) -> str:
        return reverse("workbench:form_detail", args=[self.code])

    @property
    def label(self) -> str:
        form = FORMS.get(self.code)
        return str(form.label) if form else self.code

    @property
    def is_in_use(self) -> bool:
        return self.valid_from is not None and self.replaced_at is None
