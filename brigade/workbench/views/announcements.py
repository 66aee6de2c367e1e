"""通知公告: what came to oneself, what one has written, who has read it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from brigade.files import actions as files
from brigade.files.queries import open_file
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.web import ask, done, download, get_visible, merged, page, refused
from brigade.ledgers.views import Listing
from brigade.notices import actions
from brigade.notices.models import Announcement, AnnouncementFile, Receipt
from brigade.notices.queries import newcomers, receipt_counts
from brigade.notices.rules import PUBLISH_PERM, RECEIVE_PERM
from brigade.notices.states import AnnouncementState
from brigade.workbench.forms import AnnouncementForm, WithdrawForm
from brigade.workbench.tables import AnnouncementFilters, AnnouncementTable, ReceiptFilters, ReceiptTable

ROWS = Announcement.objects.select_related("unit", "created_by")
NAMES_SHOWN, TITLE_SHOWN = 8, 40


class AnnouncementList(Listing):
    """What was sent to oneself, and all of the units for which one publishes, with how many have read it."""

    model, table, filterset = Announcement, AnnouncementTable, AnnouncementFilters
    permission = RECEIVE_PERM
    title = gettext_lazy("通知公告")
    order = ("-created_at", "-id")
    tabs = (
        (gettext_lazy("没看的"), "mine=unread"),
        (gettext_lazy("发给我的"), "mine=got"),
        (gettext_lazy("我发的"), "mine=sent"),
    )
    more = ("state",)
    create = (gettext_lazy("发通知"), "workbench:announcement_create", PUBLISH_PERM)
    empty = gettext_lazy("发给你的通知公告会出现在这里。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        own = Receipt.objects.filter(announcement=OuterRef("pk"), person=user.pk)
        sent = Receipt.objects.counted().filter(announcement=OuterRef("pk")).order_by().values("announcement")
        follows = Q(unit__in=user.units_for(PUBLISH_PERM))
        return (
            super()
            .rows(user)
            .annotate(
                own_id=Subquery(own.values("pk")[:1]),
                own_done_at=Subquery(own.values("done_at")[:1]),
                total=Case(When(follows, then=Subquery(sent.annotate(n=Count("pk")).values("n")))),
                read=Subquery(sent.annotate(n=Count("pk", filter=Q(done_at__isnull=False))).values("n")),
            )
        )


class ReceiptList(Listing):
    """Who got an announcement and who has read it; for those who may publish for its unit."""

    model, table, filterset = Receipt, ReceiptTable, ReceiptFilters
    permission = RECEIVE_PERM
    title = gettext_lazy("回执")
    order = ("done_at", "id")
    tabs = ((gettext_lazy("没看的"), "read=no"), (gettext_lazy("看过的"), "read=yes"))
    empty = gettext_lazy("发布以后，每个收到的人一行。")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        announcement = get_object_or_404(self._followed(request.user), pk=kwargs["pk"])
        self.title = _("“%s”的回执") % Truncator(announcement.title).chars(TITLE_SHOWN)
        return super().dispatch(request, *args, **kwargs)

    @staticmethod
    def _followed(user: Any) -> QuerySet:
        return Announcement.objects.filter(unit__in=user.units_for(PUBLISH_PERM))

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        return Receipt.objects.filter(announcement__in=cls._followed(user), announcement_id=kwargs["pk"])


def announcement_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One announcement; opening it is reading it. Who published it sees beside it who has not read it yet."""
    row, now = get_visible(request, ROWS, pk), timezone.now()
    actions.open_announcement(by=request.user, announcement=row, now=now)
    may_publish = request.user.has_perm(PUBLISH_PERM, row)
    context = {
        "row": row,
        "now": now,
        "files": row.files.select_related("file").order_by("pk"),
        "receipt": row.receipts.filter(person=request.user.pk).first(),
        "may_publish": may_publish,
        **(_standing(row, now) if may_publish and row.state == AnnouncementState.PUBLISHED else {}),
    }
    return page(request, "workbench/announcement_detail.html", context)


def _standing(row: Announcement, now: Any) -> dict[str, Any]:
    read, total = receipt_counts(row)
    today = timezone.localdate(now)
    unread = row.receipts.counted().filter(done_at__isnull=True).select_related("person", "unit")
    due = unread.exclude(reminded_on=today)
    return {
        "read": read,
        "total": total,
        "waiting": list(unread.order_by("unit__order", "person__police_no")[:NAMES_SHOWN]),
        "due": due.count(),
        "more": max(total - read - NAMES_SHOWN, 0),
        "newcomers": len(newcomers(row, today)),
    }


def announcement_create(request: HttpRequest) -> HttpResponse:
    """Write an announcement; leaders and clerks."""
    if not request.user.has_perm(PUBLISH_PERM):
        raise PermissionDenied(_("通知公告由领导和内勤发。"))
    return _write(request, {"id": new_id()}, None)


def announcement_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on writing a draft."""
    row = get_visible(request, ROWS, pk, PUBLISH_PERM)
    if row.state != AnnouncementState.DRAFT:
        raise Refused(_("已经发布的通知不能改，撤回后重新发"))
    start = {name: getattr(row, name) for name in ("id", "title", "text", "needs_signature", "version")}
    start |= {"units": list(row.units.values_list("pk", flat=True)), "people": list(row.people.all())}
    return _write(request, start, row)


def _write(request: HttpRequest, start: dict[str, Any], row: Announcement | None) -> HttpResponse:
    """The form, and what became of it: a draft or published at once, by the button that was pressed."""
    now, status = timezone.now(), 200

    def make(typed: QueryDict | None) -> AnnouncementForm:
        return AnnouncementForm(typed, user=request.user, initial=start)

    form, merge, base = merged(request, make, row) if row else (make(request.POST or None), None, "")
    clashes = merge.clashes if merge else []
    if request.method == "POST":
        status = 409 if clashes else 422
        if not clashes and form.is_valid():
            try:
                uploads = request.FILES.getlist("files")
                given = {**form.arguments(), "files": [files.store(one, by=request.user, now=now) for one in uploads]}
                if request.POST.get("intent") == "draft":
                    made = actions.draft_announcement(by=request.user, now=now, **given)
                    return done(request, f"{_('草稿已存：%s') % made.title}{merge.said if merge else ''}", made)
                made = actions.issue_announcement(by=request.user, now=now, **given)
                return done(request, _("已发给%d人") % made.receipts.count(), made)
            except Refused as refusal:
                status = refused(request, form, refusal)
    context = {"form": form, "row": row, "kept": row.files.select_related("file") if row else []}
    context |= {"base": base, "clashes": clashes}
    return page(request, "workbench/announcement_form.html", context, status=status)


@require_POST
def announcement_publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a draft out as it stands."""
    row = get_visible(request, ROWS, pk, PUBLISH_PERM)
    made = actions.publish_announcement(by=request.user, announcement=row, now=timezone.now())
    return done(request, _("已发给%d人") % made.receipts.count(), made)


@require_POST
def announcement_sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """签收."""
    row = get_visible(request, ROWS, pk)
    actions.sign_announcement(by=request.user, announcement=row, now=timezone.now())
    return done(request, _("已签收：%s") % row.title, row)


@require_POST
def announcement_remind(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remind those who have not read it, and nobody else."""
    row = get_visible(request, ROWS, pk, PUBLISH_PERM)
    told = actions.remind_unread(by=request.user, announcement=row, now=timezone.now())
    return done(request, _("已提醒%d人") % told, row)


@require_POST
def announcement_send_on(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send it on to those who came after it was published."""
    row = get_visible(request, ROWS, pk, PUBLISH_PERM)
    sent = actions.send_to_newcomers(by=request.user, announcement=row, now=timezone.now())
    return done(request, _("已补发给%d人") % sent, row)


def announcement_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it back, with a reason."""
    row = get_visible(request, ROWS, pk, PUBLISH_PERM)
    return ask(
        request,
        WithdrawForm(request.POST or None),
        title=_("撤回“%s”？") % row.title,
        text=_("打开它的人会看到撤回的原因，没看的人不再提醒。"),
        button=_("撤回"),
        call=lambda **typed: actions.withdraw_announcement(
            by=request.user, announcement=row, now=timezone.now(), **typed
        ),
        said=_("通知已撤回"),
        back=row,
    )


def announcement_file(request: HttpRequest, pk: UUID, seq: int) -> HttpResponseBase:
    """A file of the announcement, for whoever may read it; of a withdrawn one only for who published it."""
    row = get_visible(request, ROWS, pk)
    found = AnnouncementFile.objects.filter(announcement=row, pk=seq).select_related("file").first()
    is_open = row.state == AnnouncementState.PUBLISHED or request.user.has_perm(PUBLISH_PERM, row)
    if found is None or not is_open:
        raise Http404(_("没有这个附件，或者通知已经撤回。"))
    return download(open_file(found.file), name=found.file.name, media_type=found.file.media_type)
