"""Every write to tasks. Each verb goes through the door, which locks, checks, audits, tells and brings duties up to
date; each leaves a line in the thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.assignments import moves, queries, rules
from brigade.assignments.models import Assignment, Line, LineFile
from brigade.assignments.states import LineKind
from brigade.files.models import File
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.templatetags.ui import full_day_text
from brigade.kit.text import needed
from brigade.org.actions.units import lock_open
from brigade.org.models import Unit
from brigade.org.queries import holders_of
from brigade.org.states import Role
from brigade.reference.actions import next_number


@transaction.atomic
def hand_out(
    *,
    by: Any,
    batch: UUID,
    to: Collection[tuple[Unit, str]],
    title: str,
    due_on: date,
    now: datetime,
    text: str = "",
    needs_reply: bool = True,
    source: queries.Source | None = None,
) -> list[Assignment]:
    """Hand a task out to posts of one's own unit and those below it: one record each, all or none.

    Leaders and clerks. `batch` is minted with the form, so sending it twice gives back what was made the first time.
    Refused: nobody named, oneself, a closed unit, a post that nobody holds, a day in the past.
    """
    made = list(Assignment.objects.filter(batch=batch).select_related("unit", "created_by").order_by("unit_id", "post"))
    if made:
        if made[0].created_by_id != by.pk:
            raise Refused(_("这个编号已经用过，请重新打开空白表单再填"))
        return made
    if not to:
        raise Refused(_("选交办给谁，一个以上"), field="to")
    title = needed(title, "title", _("写明要办什么"))
    rules.check_due(due_on, now)
    _check_posts(to, by, now)
    return [
        _hand_out_one(
            Assignment(
                id=uuid5(batch, f"{unit.pk}:{post}"),
                batch=batch,
                unit=unit,
                post=post,
                title=title,
                text=text.strip(),
                due_on=due_on,
                first_due_on=due_on,
                needs_reply=needs_reply,
                source_kind=source.kind if source else "",
                source_id=source.id if source else "",
                source_url=source.url if source else "",
                source_text=source.text if source else "",
            ),
            by,
            now,
        )
        for unit, post in sorted(to, key=lambda pair: (pair[0].pk, pair[1]))
    ]


def _check_posts(to: Iterable[tuple[Unit, str]], by: Any, now: datetime) -> None:
    """Every unit stands open until the end of the transaction, and every post is held by somebody else."""
    today = timezone.localdate(now)
    held = holders_of([(unit.pk, post) for unit, post in to], today)
    for unit, post in sorted(to, key=lambda pair: pair[0].pk):
        lock_open(unit, today, "to")
        if post not in Role.values or post in rules.NOT_ADDRESSED:
            raise Refused(_("“%s”不是承办工作的岗位") % post, field="to")
        if (unit.pk, post) in by.posts:
            raise Refused(_("不用交办给自己的岗位"), field="to")
        if not held[unit.pk, post]:
            words = {"unit": unit.name, "post": Role(post).label}
            raise Refused(_("%(unit)s现在没有%(post)s，换一个岗位") % words, field="to")


def _hand_out_one(task: Assignment, by: Any, now: datetime) -> Assignment:
    post = queries.post_of_giver(by, task.unit)
    if post is None:
        raise NotAllowed(_("%s不归你管，不能交办给它") % task.unit.name)
    task.giver_unit_id, task.giver_post = post

    def write(new: Assignment) -> None:
        year = timezone.localdate(now).year
        serial = next_number(new.giver_unit_id, "assignment", year)
        new.number = f"{new.giver_unit.code}-JB-{year}-{serial:04}"

    made = workflow.begin(task, moves.HAND_OUT, by=by, now=now, write=write)
    if made is task:  # not the same form, sent at the same moment
        _line(made, LineKind.HANDED_OUT, by, now, made.text)
    return made


def reply(
    *,
    by: Any,
    assignment: Assignment,
    now: datetime,
    text: str,
    files: Iterable[File] = (),
    version: int | None = None,
) -> Assignment:
    """Say what was done, with files. Who holds the post, the clerk or the leader of the unit."""
    text = needed(text, "text", _("写明办理结果"))

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.replied_at, locked.replied_by = now, by
        locked.asked_due_on = None
        return _line(locked, LineKind.REPLY, by, now, text, files)

    return workflow.advance(assignment, moves.REPLY, by=by, now=now, version=version, write=write)


def finish(*, by: Any, assignment: Assignment, now: datetime, text: str = "", version: int | None = None) -> Assignment:
    """It is done, where no reply was asked for. Who holds the post, the clerk or the leader of the unit."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.closed_at, locked.asked_due_on = now, None
        return _line(locked, LineKind.FINISHED, by, now, text)

    return workflow.advance(assignment, moves.FINISH, by=by, now=now, version=version, write=write)


def accept(*, by: Any, assignment: Assignment, now: datetime, version: int | None = None) -> Assignment:
    """Take the reply as the end of it. Who holds the giver's post, never who replied."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.decided_at = locked.closed_at = now
        return _line(locked, LineKind.ACCEPTED, by, now)

    return workflow.advance(assignment, moves.ACCEPT, by=by, now=now, version=version, write=write)


def send_back(
    *,
    by: Any,
    assignment: Assignment,
    now: datetime,
    reason: str,
    due_on: date | None = None,
    version: int | None = None,
) -> Assignment:
    """The reply does not do: once more, with a reason, and a later day where one is named. The giver's post."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        if due_on is not None and due_on != locked.due_on:
            rules.check_extension(locked, due_on, now)
            locked.due_on = due_on
        locked.decided_at = now
        return _line(locked, LineKind.SENT_BACK, by, now, reason)

    return workflow.advance(assignment, moves.SEND_BACK, by=by, now=now, version=version, reason=reason, write=write)


def urge(*, by: Any, assignment: Assignment, now: datetime, version: int | None = None) -> Assignment:
    """Ask again (催办), once a day. The giver's post."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.urged_at = now
        return _line(locked, LineKind.URGED, by, now)

    return workflow.edit(assignment, moves.URGE, by=by, now=now, version=version, write=write)


def ask_extension(
    *, by: Any, assignment: Assignment, now: datetime, due_on: date, reason: str, version: int | None = None
) -> Assignment:
    """Ask for more time, before the due day is over, with a reason. Who holds the post, the clerk, the leader."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        rules.check_extension(locked, due_on, now)
        locked.asked_due_on, locked.asked_at = due_on, now
        return _line(locked, LineKind.ASKED_EXTENSION, by, now, _("延到%(day)s：%(why)s") % _until(due_on, reason))

    return workflow.advance(
        assignment, moves.ASK_EXTENSION, by=by, now=now, version=version, reason=reason, write=write
    )


def extend(*, by: Any, assignment: Assignment, now: datetime, due_on: date, version: int | None = None) -> Assignment:
    """Give more time, asked or not. The giver's post."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        rules.check_extension(locked, due_on, now)
        if locked.asked_due_on is not None:
            locked.decided_at = now
        locked.due_on, locked.asked_due_on = due_on, None
        return _line(locked, LineKind.EXTENDED, by, now, _("延到%s") % full_day_text(due_on))

    return workflow.edit(assignment, moves.EXTEND, by=by, now=now, version=version, write=write)


def refuse_extension(
    *, by: Any, assignment: Assignment, now: datetime, reason: str, version: int | None = None
) -> Assignment:
    """The day stays as it is, with a reason. The giver's post."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.decided_at, locked.asked_due_on = now, None
        return _line(locked, LineKind.REFUSED_EXTENSION, by, now, reason)

    return workflow.advance(
        assignment, moves.REFUSE_EXTENSION, by=by, now=now, version=version, reason=reason, write=write
    )


def remark(
    *,
    by: Any,
    assignment: Assignment,
    now: datetime,
    text: str,
    files: Iterable[File] = (),
    version: int | None = None,
) -> Assignment:
    """Say something that decides nothing. Either side."""
    text = needed(text, "text", _("写要说的话"))

    def write(locked: Assignment) -> Mapping[str, Any]:
        return _line(locked, LineKind.REMARK, by, now, text, files)

    return workflow.edit(assignment, moves.REMARK, by=by, now=now, version=version, write=write)


def withdraw(*, by: Any, assignment: Assignment, now: datetime, reason: str, version: int | None = None) -> Assignment:
    """It need not be done any more, with a reason; its number stays. The giver's post."""

    def write(locked: Assignment) -> Mapping[str, Any]:
        locked.closed_at, locked.asked_due_on = now, None
        return _line(locked, LineKind.WITHDRAWN, by, now, reason)

    return workflow.advance(assignment, moves.WITHDRAW, by=by, now=now, version=version, reason=reason, write=write)


def _line(
    task: Assignment, kind: LineKind, by: Any, now: datetime, text: str = "", files: Iterable[File] = ()
) -> Mapping[str, Any]:
    """A line of the thread; what the audit shall show of it."""
    line = Line.objects.create(assignment=task, kind=kind, text=text, by=by, at=now)
    kept = [LineFile(line=line, file=file) for file in files]
    LineFile.objects.bulk_create(kept)
    return {"files": [[], [row.file.name for row in kept]]} if kept else {}


def _until(day: date, reason: str) -> dict[str, Any]:
    return {"day": full_day_text(day), "why": reason.strip()}


MAKE: dict[str, Callable[..., Assignment]] = {
    "reply": reply,
    "finish": finish,
    "accept": accept,
    "send_back": send_back,
    "urge": urge,
    "ask_extension": ask_extension,
    "extend": extend,
    "refuse_extension": refuse_extension,
    "remark": remark,
    "withdraw": withdraw,
}
"""Move → the action that makes it; the page and the API both come here."""
