"""What people keep of their ledgers: named views, exports too long to wait for, imports; drafts of forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.kit.ids import new_id
from brigade.ledgers.states import AT_WORK, ExportFormat, ExportState, ImportState

LONGEST_QUERY = 2_000
LONGEST_FORM = 300
KEEP_DRAFT = timedelta(days=14)


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def offered_to(self, user: Any, perm: str) -> SavedViewQuerySet:
        """One's own views, and those shared to a unit whose rows one may see with `perm`."""
        return self.filter(Q(owner=user) | Q(unit__in=user.units_for(perm)))


class SavedView(models.Model):
    """Filters, columns and sorting of one ledger under a name, kept by a person, perhaps shared to a unit.

    `listing` is the URL name of the ledger, `query` the query string that opens it so.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name=_("共享给"))
    listing = models.CharField(max_length=80)
    name = models.CharField(_("名称"), max_length=20)
    query = models.CharField(max_length=LONGEST_QUERY)
    is_default = models.BooleanField(_("打开台账时就用它"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("视图")
        indexes = [models.Index(fields=["listing", "owner"]), models.Index(fields=["listing", "unit"])]
        constraints = [
            models.UniqueConstraint(fields=["owner", "listing", "name"], name="view_named_once"),
            models.UniqueConstraint(
                fields=["owner", "listing"], condition=Q(is_default=True), name="view_one_default_a_ledger"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExportRunQuerySet(models.QuerySet["ExportRun"]):
    def open(self) -> ExportRunQuerySet:
        return self.filter(state__in=[ExportState.WAITING, ExportState.RUNNING])

    def lapsed(self, now: datetime) -> ExportRunQuerySet:
        return self.filter(state=ExportState.DONE, expires_at__lte=now)


class ExportRun(models.Model):
    """An export made by the worker: who asked for which rows of which ledger, how far it is, and until when it is kept.

    Only the owner sees or downloads it. `path` and `query` are the address of the ledger as it stood on the screen.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    listing = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    title = models.CharField(_("台账"), max_length=60)
    conditions = models.CharField(_("条件"), max_length=400, blank=True)
    format = models.CharField(_("格式"), max_length=4, choices=ExportFormat.choices)
    state = models.CharField(_("状态"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    total = models.PositiveIntegerField(_("总条数"), default=0)
    written = models.PositiveIntegerField(_("已写条数"), default=0)
    error = models.CharField(_("原因"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("提出时间"))
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("保留到"), null=True)

    objects = ExportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("导出")
        indexes = [
            models.Index(fields=["owner", "listing", "-created_at"]),
            models.Index(fields=["state", "expires_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def file(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "exports" / f"{self.pk}.{self.format}"

    def is_kept(self, now: datetime) -> bool:
        return self.state == ExportState.DONE and self.expires_at is not None and self.expires_at > now

    @property
    def percent(self) -> int:
        return min(100, self.written * 100 // self.total) if self.total else 0


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def at_work(self) -> ImportRunQuerySet:
        return self.filter(state__in=AT_WORK)

    def lapsed(self, now: datetime) -> ImportRunQuerySet:
        """Whose file, or whose undoing, has been kept long enough."""
        return self.filter(expires_at__lte=now).exclude(state__in=AT_WORK)

    def light(self) -> ImportRunQuerySet:
        """Without what is only needed one by one: a long import names twenty thousand rows."""
        return self.defer("rows", "preview", "handout_sealed")


class ImportRun(models.Model):
    """A sheet that somebody brings into a ledger: what the file is, how its columns are meant, how far it has come.

    Only the owner sees it. `listing` is the URL name of the ledger, `mapping` says which heading means which column,
    `counts` what the check found, `preview` the rows that its page shows. `rows` names what was written, so that it
    can be undone until `expires_at`. `sha256` is that of the file that was checked: no other one is written.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    listing = models.CharField(max_length=80)
    title = models.CharField(_("台账"), max_length=60)
    path = models.CharField(max_length=200)
    file_name = models.CharField(_("文件"), max_length=124)
    sha256 = models.CharField(max_length=64)
    sheets = models.JSONField(default=list)
    sheet = models.CharField(_("工作表"), max_length=100, blank=True)
    headings = models.JSONField(default=list)
    """[heading, what stands below it first] of each column of the sheet."""
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    """How many rows: total, new, known, faulty."""
    preview = models.JSONField(default=list)
    state = models.CharField(_("状态"), max_length=8, choices=ImportState.choices, default=ImportState.UPLOADED)
    error = models.CharField(_("原因"), max_length=400, blank=True)
    job_key = models.CharField(max_length=80, blank=True)
    rows = models.JSONField(default=list)
    handout_sealed = models.TextField(blank=True)
    """What is handed over once after the import, as first passwords are; erased when it was."""
    reason = models.CharField(_("撤销原因"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("上传时间"))
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("保留到"))

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入")
        indexes = [
            models.Index(fields=["owner", "listing", "-created_at"], name="import_of_owner"),
            models.Index(fields=["state", "expires_at"], name="import_lapsing"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def file(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "imports" / f"{self.pk}.xlsx"

    @property
    def progress_file(self) -> Path:
        """How many rows are written: beside the database, because nobody sees into the one transaction."""
        return self.file.with_suffix(".progress")

    @property
    def written(self) -> int:
        try:
            return int(self.progress_file.read_text() or 0)
        except (FileNotFoundError, ValueError):
            return 0

    @property
    def percent(self) -> int:
        total = self.counts.get("new", 0)
        return min(99, self.written * 100 // total) if total else 0

    @property
    def to_bring_in(self) -> int:
        """Rows that are to come in once the faulty ones are mended."""
        return int(self.counts["total"] - self.counts["known"])

    @property
    def is_clean(self) -> bool:
        """Whether it can be written: everything was understood, and there is something new."""
        return self.state == ImportState.CHECKED and not self.counts["faulty"] and bool(self.counts["new"])

    def is_undoable(self, now: datetime) -> bool:
        return self.state == ImportState.DONE and self.expires_at > now


class KeptMapping(models.Model):
    """Which heading meant which column, as a person confirmed it by an import; "" for a heading that is left out.

    `signature` is that of all the headings of the sheet: the same sheet next month needs no second look.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    listing = models.CharField(max_length=80)
    signature = models.CharField(max_length=32)
    mapping = models.JSONField()
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name = _("列对应关系")
        constraints = [models.UniqueConstraint(fields=["owner", "listing", "signature"], name="mapping_kept_once")]


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: Any) -> DraftQuerySet:
        """One's own and nobody else's."""
        return self.filter(person=user.pk)

    def lapsed(self, now: datetime) -> DraftQuerySet:
        return self.filter(saved_at__lte=now - KEEP_DRAFT)


class Draft(models.Model):
    """What a person has typed into a form and not sent: one row a person and form, kept `KEEP_DRAFT`.

    `form` names the form with the record that it changes or would make, `page` the same without a new record's id.
    `sealed` is the JSON of what was typed, unreadable at rest: free text may name citizens; sensitive fields are not
    in it at all. `version` is the one of the record that the person saw.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    form = models.CharField(max_length=LONGEST_FORM)
    page = models.CharField(max_length=LONGEST_FORM)
    version = models.PositiveIntegerField(null=True)
    sealed = models.TextField()
    saved_at = models.DateTimeField(_("保存时间"))

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("草稿")
        constraints = [models.UniqueConstraint(fields=["person", "form"], name="draft_once_a_person_and_form")]
        indexes = [models.Index(fields=["person", "page", "-saved_at"]), models.Index(fields=["saved_at"])]

    def __str__(self) -> str:
        return self.form
