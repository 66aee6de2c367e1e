"""Columns and filters of the ledgers of platform slices."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from brigade.audit.models import AuditEvent
from brigade.audit.queries import gist, verb_label, verbs_by_name
from brigade.audit.states import Result
from brigade.kit.pinyin import initials
from brigade.kit.templatetags import ui
from brigade.kit.templatetags.ui import numbers_whole
from brigade.ledgers.tables import (
    Column,
    DaysFilter,
    DueColumn,
    LedgerFilters,
    PersonColumn,
    Search,
    StateColumn,
    UnitFilter,
)
from brigade.notices.models import PUBLISH_PERM, Receipt
from brigade.notices.states import AnnouncementState
from brigade.obligations.models import Obligation
from brigade.obligations.rules import RULES
from brigade.obligations.states import ObligationState
from brigade.org.models import Person
from brigade.workbench.queries import page_url

TONES = {
    ObligationState.MISSED: "late",
    ObligationState.WAIVED: "waive",
    ObligationState.NOT_APPLICABLE: "na",
}


class ObligationTable(django_tables2.Table):
    """应办事项: what, on what basis, whose, until when."""

    title = Column(width=40)
    rule = Column(verbose_name=_("依据"), width=20, css="fit")
    unit = Column(accessor="unit__short_name", verbose_name=_("责任单位"), css="fit")
    person = PersonColumn(verbose_name=_("责任人"))
    due_at = DueColumn(warn="warn_at", running=(ObligationState.OPEN,), verbose_name=_("期限"), orderable=True)
    state = StateColumn(tones=TONES)
    reason = Column(width=24)
    period = Column(visible=False)

    def render_title(self, record: Obligation) -> Any:
        if record.is_shut:
            return numbers_whole(record.title)
        return format_html('<a href="{}">{}</a>', page_url(record), numbers_whole(record.title))

    def render_rule(self, record: Obligation) -> str:
        return str(RULES[record.rule].label)


class ObligationFilters(LedgerFilters):
    """Whose, in what state, due when."""

    q = Search("title")
    scope = django_filters.ChoiceFilter(
        label=_("范围"),
        choices=[("mine", _("我的")), ("oversee", _("我管的"))],
        method="by_scope",
    )
    due = django_filters.ChoiceFilter(
        label=_("紧急"),
        choices=[("late", _("已逾期")), ("gone", _("逾期或未达标")), ("warn", _("将到期"))],
        method="by_urgency",
    )
    state = django_filters.ChoiceFilter(label=_("状态"), choices=ObligationState.choices)
    unit = UnitFilter(label=_("单位"), perm="obligations.have_obligation")
    due_at = DaysFilter(label=_("期限"))

    def by_scope(self, rows: Any, name: str, value: str) -> QuerySet:
        user = self.request.user
        return rows.for_person(user) if value == "mine" else rows.for_others(user)

    def by_urgency(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        now = timezone.now()
        if value == "late":
            return rows.filter(state=ObligationState.OPEN, due_at__lt=now)
        if value == "gone":
            return rows.filter(state__in=[ObligationState.OPEN, ObligationState.MISSED], due_at__lt=now)
        return rows.filter(state=ObligationState.OPEN, warn_at__lte=now, due_at__gte=now)


class GistColumn(Column):
    """What was done to what; who, when and with what result stand beside it. A file keeps the whole sentence."""

    reads = ("at", "actor_no", "actor_name", "result")

    def render(self, record: AuditEvent) -> str:
        return gist(record)


class AuditTable(django_tables2.Table):
    """审计: when, who, did what, to what, with what result."""

    at = Column(orderable=True, linkify=("workbench:audit_detail", [django_tables2.A("pk")]))
    actor_name = Column(small="actor_no", css="fit")
    sentence = GistColumn(width=80)
    result = StateColumn(tones={Result.REFUSED: "off", Result.FAILED: "late"})
    ip = Column(css="fit")
    verb = Column(visible=False)
    note = Column(visible=False)
    target_number = Column(visible=False)
    request_id = Column(visible=False, verbose_name=_("请求"))
    terminal = Column(visible=False)

    def render_verb(self, value: str) -> str:
        return verb_label(value)


class ActorFilter(django_filters.CharFilter):
    """A person by number, name, pinyin or initials."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        found = Person.objects.found_by(value).values_list("pk", flat=True) if value else ()
        return qs.filter(actor_id__in=list(found)) if value else qs


class VerbFilter(django_filters.ChoiceFilter):
    """What was done, by what it is called, in order of pinyin; one name may stand for several verbs."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.filter(verb__in=value.split()) if value else qs


def verb_choices() -> list[tuple[str, str]]:
    names = sorted(verbs_by_name().items(), key=lambda named: initials(named[0]))
    return [(" ".join(verbs), name) for name, verbs in names]


class AuditFilters(LedgerFilters):
    """Who, what, where, when, how it ended."""

    who = ActorFilter(label=_("谁"), max_length=40)
    verb = VerbFilter(label=_("事项"), choices=verb_choices)
    unit = UnitFilter(label=_("单位"), field_name="unit_id", perm="audit.view_auditevent")
    at = DaysFilter(label=_("时间"))
    result = django_filters.ChoiceFilter(label=_("结果"), choices=Result.choices)


class OwnReading(Column):
    """Whether the reader himself has read it, or signed where that is asked; nothing where it was not sent to him."""

    reads = ("needs_signature",)

    def render(self, value: Any, record: Any) -> Any:
        if record.own_id is None:
            return ""
        if value is not None:
            return _("已签收") if record.needs_signature else _("已看")
        return ui.state("open", _("未签收") if record.needs_signature else _("未看"))


class ReadingColumn(Column):
    """How many have read it, of how many: for who follows it."""

    reads = ()

    def render(self, record: Any) -> str:
        return f"{record.read}/{record.total}" if record.total else ""


class AnnouncementTable(django_tables2.Table):
    """通知公告: what, from whom, whether one has read it oneself, how many have."""

    created_at = Column(verbose_name=_("时间"), orderable=True)
    title = Column(linkify=True, width=40)
    unit = Column(accessor="unit__short_name", verbose_name=_("发布单位"), css="fit")
    created_by = PersonColumn(verbose_name=_("发布人"))
    own_done_at = OwnReading(verbose_name=_("我的回执"), css="fit", empty_values=())
    read = ReadingColumn(verbose_name=_("回执"), css="num", empty_values=())
    state = StateColumn(tones={"draft": "open", "withdrawn": "off"})
    needs_signature = Column(visible=False)


class AnnouncementFilters(LedgerFilters):
    q = Search("title", "text")
    mine = django_filters.ChoiceFilter(
        label=_("范围"),
        choices=[("unread", _("没看的")), ("got", _("发给我的")), ("sent", _("我发的"))],
        method="by_part",
    )
    state = django_filters.ChoiceFilter(label=_("状态"), choices=AnnouncementState.choices)
    unit = UnitFilter(label=_("发布单位"), perm=PUBLISH_PERM)
    created_at = DaysFilter(label=_("时间"))

    def by_part(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        user = self.request.user
        if value == "sent":
            return rows.filter(created_by=user)
        own = Receipt.objects.unread_by(user) if value == "unread" else Receipt.objects.filter(person=user)
        return rows.filter(pk__in=own.values("announcement"))


class ReceiptTable(django_tables2.Table):
    """回执: who, of which unit, when read and signed."""

    person = PersonColumn()
    unit = Column(accessor="unit__short_name", verbose_name=_("单位"))
    read_at = Column()
    signed_at = Column()
    reminded_on = Column()
    sent_at = Column(visible=False)


class ReceiptFilters(LedgerFilters):
    q = Search("person__search_text")
    read = django_filters.ChoiceFilter(
        label=_("阅读"), choices=[("no", _("没看的")), ("yes", _("看过的"))], method="by_reading"
    )

    def by_reading(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.counted().filter(done_at__isnull=value == "no")
