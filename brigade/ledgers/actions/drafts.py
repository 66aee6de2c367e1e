"""Keeping what a person types into a form before it is sent, and throwing it away."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.urls import resolve
from django.utils.translation import gettext as _

from brigade.kit import crypto
from brigade.kit.forms import is_sensitive
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import strip_unsafe, whole_number
from brigade.ledgers import queries, rules
from brigade.ledgers.models import Draft


def save_draft(
    *, by: Any, address: str, name: str, asked: str = "", record_id: str = "", content: Mapping[str, Any], now: datetime
) -> Draft:
    """Keep what a person has typed into a form so far; the same form again replaces it. Everybody, for himself.

    `address` and `name` say which form, `asked` what a blank one was opened for, `record_id` the id of the record that
    it changes or would make. Sensitive fields are left out, the rest is sealed. Not audited: nothing was done yet.
    Refused when it is too long or no form of the portal.
    """
    page = queries.page_of(address, name)
    form = queries.form_at(resolve(urlsplit(address).path), name, asked, record_id)
    typed = _typed(content)
    text = json.dumps(typed | {"address": address, "asked": asked, "id": record_id}, ensure_ascii=False)
    if len(text.encode()) > rules.DRAFT_BYTES:
        raise Refused(_("内容太长，草稿只存在这台电脑；先提交一部分"))
    with transaction.atomic():
        given = {"page": page, "sealed": "", "saved_at": now}
        draft, is_new = Draft.objects.select_for_update().get_or_create(person=by, form=form, defaults=given)
        draft.sealed = crypto.seal(text, aad=queries.draft_cell(draft))
        draft.version, draft.saved_at = typed["version"], now
        draft.save()
        if is_new:
            old = Draft.objects.visible_to(by).order_by("-saved_at", "-id")[rules.DRAFTS_A_PERSON :]
            Draft.objects.filter(pk__in=[row.pk for row in old]).delete()
    return draft


def _typed(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft keeps: the lines [name, value(, words)] that are not sensitive, the base, version and heading."""
    lines, version = content.get("lines"), str(content.get("version") or "")
    if not isinstance(lines, list) or len(lines) > rules.DRAFT_LINES:
        raise Refused(_("草稿读不懂，只存在这台电脑"))
    kept = []
    for line in lines:
        if not isinstance(line, list) or len(line) not in (2, 3) or not all(isinstance(part, str) for part in line):
            raise Refused(_("草稿读不懂，只存在这台电脑"))
        if not is_sensitive(line[0]):
            kept.append([strip_unsafe(part) for part in line])
    return {
        "lines": kept,
        "base": strip_unsafe(str(content.get("base") or "")),
        "version": whole_number(version) if len(version) < 10 else None,
        "words": strip_unsafe(str(content.get("words") or ""))[:120],
    }


def drop_draft(*, by: Any, draft: Draft) -> None:
    """Throw one's own draft away; nobody else may."""
    if draft.person_id != by.pk:
        raise NotAllowed(_("这份草稿是别人的。"))
    draft.delete()


def drop_sent(*, by: Any, form: str) -> None:
    """The form was sent and its record written: its draft has done its duty."""
    Draft.objects.visible_to(by).filter(form=form).delete()


def purge_drafts(*, now: datetime) -> str:
    """Remove drafts that nobody touched for two weeks; timed, each night."""
    count, _by_kind = Draft.objects.lapsed(now).delete()
    return _("清除过期草稿%d份") % count
