"""Searching over everything that the person may see: a page, and the lines below the field of the top bar."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from brigade.kit.searching import last_four, names_somebody
from brigade.kit.text import clean_text
from brigade.kit.web import page
from brigade.search.actions import note
from brigade.workbench import queries

LONGEST = 200
IN_BAR, IN_PAGE = 3, 6
"""Rows of a kind below the bar and on the page; all of one kind with `kind` in the address."""


def search(request: HttpRequest) -> HttpResponse:
    """What is found, by kind; everybody, each what he may see. What was typed is kept, however long it is.

    A search that was sent is noted in the trail, and so is every number by which a citizen can be found; the words of
    somebody who is still typing are not.
    """
    text = clean_text(request.GET.get("q", ""))
    in_bar = bool(request.htmx) and request.htmx.target == "bar-found"
    groups = queries.search(request.user, text[:LONGEST])
    by_end = "" if groups else last_four(text)
    if by_end:
        groups = queries.search(request.user, by_end)
    if text and (not request.htmx or names_somebody(text)):
        note(by=request.user, text=text[:LONGEST], found=sum(len(group.hits) for group in groups), now=timezone.now())
    kind = request.GET.get("kind", "")
    if kind in {group.kind for group in groups}:
        groups = [group for group in groups if group.kind == kind]
    context = {
        "searched": text,
        "by_end": by_end,
        "groups": groups,
        "kind": kind,
        "most": IN_BAR if in_bar else None if kind else IN_PAGE,
    }
    return page(request, "workbench/search.html", context, fragment="found")
