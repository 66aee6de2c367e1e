"""`Listing`, the one own view class: a ledger page, its print, its export and its saved views at one address."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

import django_tables2
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from brigade.kit import web
from brigade.kit.refusals import Refused
from brigade.ledgers import actions
from brigade.ledgers.forms import SavedViewForm
from brigade.ledgers.models import ExportRun, SavedView
from brigade.ledgers.queries import rows_of_import, saved_views
from brigade.ledgers.rules import CAP
from brigade.ledgers.states import ExportFormat
from brigade.ledgers.tables import LedgerFilters, Page, Sheet, address, narrowing
from brigade.ledgers.views import importing


class Listing(View):
    """A ledger (台账). A subclass names model, columns, filters, permission, title and what an empty list says.

    Its model has two indexes, (unit, -date, -id) and (-date, -id), and `order` is the second one: with only the first,
    PostgreSQL sorts everything as soon as somebody sees many units. A sortable column has an index that serves it.
    The address holds everything: filters, `sort`, `columns`, `per`, `page`; `format=xlsx|csv` saves what is on the
    screen, `print=1` lays it on one sheet, `export` and `download` name a run of the worker, `view` a saved view.
    """

    model: type[Model]
    table: type[django_tables2.Table]
    filterset: type[LedgerFilters] = LedgerFilters
    permission = ""
    title: Any = ""
    order: tuple[str, ...] = ("-id",)
    related: tuple[str, ...] = ()
    """Rows fetched along for columns that need whole records; what plain columns read of other rows comes by itself."""
    tabs: tuple[tuple[Any, str], ...] = ()
    """Fixed views: (label, query string)."""
    opens = ""
    """The query string that the bare address stands for, instead of everything."""
    more: tuple[str, ...] = ()
    """Filters that are folded away until they are wanted."""
    create: tuple[Any, str, str] | None = None
    """The main button: (label, URL name, permission)."""
    beside: tuple[tuple[Any, str, str], ...] = ()
    """Other pages that show the same rows, by the same filters: (label, icon, URL name)."""
    empty: Any = ""
    """What to do next when there is nothing at all yet."""
    template_name = "ledgers/listing.html"

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        """The rows in the user's scope; `kwargs` come from the address."""
        rows = cls.model._default_manager.visible_to(user)
        return rows.select_related(*cls.related) if cls.related else rows

    @classmethod
    def sheet(cls, user: Any, query: QueryDict, **kwargs: Any) -> Sheet:
        """The ledger as `user` asks for it; page and worker both come here."""
        rows = cls.rows(user, **kwargs)
        if asked := query.get("imported"):
            rows = rows.filter(pk__in=rows_of_import(asked, user))
        return Sheet(cls, rows, user, query)

    def totals(self, sheet: Sheet) -> str:
        """The sentence below the table, for instance sums; one query at most."""
        return ""

    def further(self, sheet: Sheet) -> dict[str, Any]:
        """Further names for a ledger's own template."""
        return {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied(_("没有查看%s的权限。") % self.title)
        self.code = request.resolver_match.view_name
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET
        if "import" in asked:
            return importing.respond(request, self.code)
        if "export" in asked or "download" in asked:
            return self._run(request)
        self.views = saved_views(request.user, self.code, self.permission)
        if "view" in asked:
            self._own_view(request, asked["view"])
        own = (view for view in self.views if view.is_default and view.owner_id == request.user.pk)
        if not asked and (default := next(own, None)):
            return redirect(f"{request.path}?{default.query}&view={default.pk}")
        asked = asked or QueryDict(self.opens)
        sheet = self.sheet(request.user, asked, **kwargs)
        if "save" in asked:
            now = {"query": sheet.kept().urlencode()}
            form = SavedViewForm(user=request.user, permission=self.permission, initial=now)
            return self._ask_name(request, sheet, form)
        if asked.get("format") in ExportFormat.values and not sheet.errors:
            return self._export(request, sheet, ExportFormat(asked["format"]))
        return self._page(request, sheet)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Save the filters on the screen as a view, or drop one's own view; or a step of an import."""
        if "import" in request.GET:
            return importing.respond(request, self.code)
        if "drop" in request.POST:
            self.views = list(SavedView.objects.filter(owner=request.user, listing=self.code))
            actions.drop_view(by=request.user, view=self._own_view(request, request.POST["drop"]))
            return web.done(request, _("视图已删除"), request.path)
        form = SavedViewForm(request.POST, user=request.user, permission=self.permission)
        sheet = self.sheet(request.user, QueryDict(form["query"].data or ""), **kwargs)
        if not form.is_valid():
            return self._ask_name(request, sheet, form, status=422)
        query = sheet.kept().urlencode()
        try:
            view = actions.save_view(by=request.user, listing=self.code, **{**form.cleaned_data, "query": query})
        except Refused as refusal:
            return self._ask_name(request, sheet, form, status=web.refused(request, form, refusal))
        return web.done(request, _("视图“%s”已保存") % view.name, f"{request.path}?{view.query}&view={view.pk}")

    def _ask_name(self, request: HttpRequest, sheet: Sheet, form: SavedViewForm, status: int = 200) -> HttpResponse:
        context = {"listing": self, "sheet": sheet, "form": form}
        return web.page(request, "ledgers/save_view.html", context, "ask", status)

    def _page(self, request: HttpRequest, sheet: Sheet) -> HttpResponse:
        page = Page(sheet, request.GET)
        context = {
            "listing": self,
            "sheet": sheet,
            "page": page,
            "head": self._head(sheet),
            "tabs": self._tabs(request, sheet),
            "save_url": address(sheet.kept(), QueryDict(), save=1),
            "picked": {cell.name for cell in sheet.cells},
            "beside": [
                (label, icon, f"{reverse(name)}{address(sheet.kept(), QueryDict())}")
                for label, icon, name in self.beside
            ],
            "import_url": importing.import_url(request, self.code),
            "create_url": reverse(self.create[1]) if self.create and self.may_create(request.user) else "",
            "totals": self.totals(sheet) if page.rows and page.total <= CAP else "",
            **self.further(sheet),
        }
        response = web.page(request, self.template_name, context, fragment="ledgers/listing.html#ledger")
        here = address(sheet.kept(), request.GET, "per", "page", "view") or (self.opens and "?all=1")
        response["HX-Push-Url"] = f"{request.path}{here}"
        return response

    def may_create(self, user: Any) -> bool:
        """Whether the main button is shown; for a ledger that has one."""
        return bool(self.create) and user.has_perm(self.create[2])

    def _head(self, sheet: Sheet) -> list[tuple[Any, str, str]]:
        """For each column: the cell, the address that sorts by it, and how it is sorted now."""
        head = []
        for cell in sheet.cells:
            by = sheet.sorted_by
            now = "" if by is not cell else "descending" if sheet.is_descending else "ascending"
            if by is None and cell.sort and cell.sort[0] == sheet.order[0].removeprefix("-"):
                now = "descending" if sheet.order[0].startswith("-") else "ascending"
            turned = cell.name if now == "descending" else f"-{cell.name}"
            url = address(sheet.kept(), sheet.query, "per", sort=turned) if cell.sort else ""
            head.append((cell, url, now))
        return head

    def _tabs(self, request: HttpRequest, sheet: Sheet) -> list[tuple[Any, str, bool, SavedView | None]]:
        """All, the fixed views and the saved ones: label, address, whether it is the one shown, the own saved view."""
        shown, narrow = request.GET.get("view", ""), narrowing(sheet.kept())
        fixed = [(_("全部"), "all=1"), *self.tabs]
        tabs = [(label, f"?{q}", not shown and narrow == narrowing(QueryDict(q)), None) for label, q in fixed]
        for view in self.views:
            own = view if view.owner_id == request.user.pk else None
            tabs.append((view.name, f"?{view.query}&view={view.pk}", shown == str(view.pk), own))
        return tabs

    def _own_view(self, request: HttpRequest, pk: str) -> SavedView:
        view = next((view for view in self.views if str(view.pk) == pk), None)
        if view is None:
            raise Http404(_("没有这个视图，或者它没有共享给你。"))
        return view

    def _export(self, request: HttpRequest, sheet: Sheet, file_format: ExportFormat) -> HttpResponseBase:
        """Up to CAP rows at once; more by the worker, with a page that shows how far it is."""
        now, title = timezone.now(), str(self.title)
        if sheet.total > CAP:
            run = actions.queue_export(
                by=request.user,
                now=now,
                listing=self.code,
                path=request.path,
                query=sheet.kept().urlencode(),
                title=title,
                conditions=sheet.conditions_text[:400],
                format=file_format,
            )
            return redirect(f"{request.path}?export={run.pk}")
        file = TemporaryFile()  # noqa: SIM115 - the response closes it
        try:
            actions.export_now(file, sheet, by=request.user, title=title, file_format=file_format, now=now)
        except Refused:
            file.close()
            raise
        file.seek(0)
        name = f"{title}{timezone.localdate():%Y%m%d}.{file_format}"
        return web.download(file, name=name, media_type=file_format.media_type)

    def _run(self, request: HttpRequest) -> HttpResponseBase:
        """How far an export is, or its file; only its owner finds it."""
        asked, now = request.GET.get("download") or request.GET.get("export"), timezone.now()
        try:
            own = ExportRun.objects.filter(pk=asked, owner=request.user, listing=self.code)
            actions.close_given_up(own, now=now)
            run = own.get()
        except (ExportRun.DoesNotExist, ValidationError):
            raise Http404(_("没有这份导出，或者它不是你的。")) from None
        is_kept = run.is_kept(now) and run.file.exists()
        if "download" not in request.GET or not is_kept:
            context = {"listing": self, "run": run, "is_kept": is_kept}
            return web.page(request, "ledgers/export.html", context, fragment="progress")
        actions.note_download(by=request.user, run=run)
        name = f"{run.title}{timezone.localdate(run.created_at):%Y%m%d}.{run.format}"
        return web.download(run.file.open("rb"), name=name, media_type=ExportFormat(run.format).media_type)
