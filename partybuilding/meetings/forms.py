"""Input about meetings: the one form that writes a meeting down, and the questions before moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.models import File
from brigade.kit.clocks import at, parse_period
from brigade.kit.forms import ClockInput, DayInput, MomentInput
from brigade.kit.ids import new_id
from brigade.kit.text import clean_text, whole_number
from brigade.org.models import Person
from brigade.org.queries import colleagues
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import Due, structure
from partybuilding.meetings import queries
from partybuilding.meetings.models import Meeting, MeetingPhoto
from partybuilding.meetings.rules import Count, Mark, Opinion, Picture, Sheet, Span, Task, Topic
from partybuilding.meetings.states import (
    EARNING,
    HELD,
    ON_LEAVE,
    THERE,
    AgendaKind,
    Ballot,
    Mode,
    Presence,
    SegmentKind,
    VoteKind,
)

K = SegmentKind
OFFERED = (K.TD, K.ST, K.PL, K.MM, K.CM, K.GM, K.DL, K.VO, K.OL, K.DA)
OFFERED_GENERAL = (K.GB, K.TD, K.ST, K.PL, K.MM, K.DL, K.VO)
WHOLE = frozenset({K.TD, K.CM, K.GB})
"""These last as long as the gathering; only the others have a time of their own."""
MINUTES = {K.ST: 60, K.PL: 60, K.MM: 60, K.GM: 60, K.DL: 30, K.VO: 60, K.OL: 120, K.DA: 60}
USUAL_START, USUAL_END = time(15), time(17)
MARKS = (
    (Presence.PRESENT, gettext_lazy("到会"), ""),
    (Presence.LEAVE_DUTY, gettext_lazy("执勤"), "warn"),
    (Presence.LEAVE_SICK, gettext_lazy("病假"), "warn"),
    (Presence.LEAVE_PERSONAL, gettext_lazy("事假"), "warn"),
    (Presence.ABSENT, gettext_lazy("缺席"), "late"),
    (Presence.LATE, gettext_lazy("迟到"), "ok"),
    (Presence.ONLINE, gettext_lazy("线上"), "ok"),
)
"""What a tap on a name turns through: (value, word, tone)."""
MARKS_EXEMPT = ((Presence.EXEMPT, gettext_lazy("豁免"), "waive"), *MARKS[:1])


class Line(forms.CharField):
    """A line of text, cleaned; what is too long is refused with its length and stays in the field."""

    multiline = False

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.limit = limit

    def to_python(self, value: Any) -> str:
        text = clean_text(super().to_python(value) or "", multiline=self.multiline)
        if len(text) > self.limit:
            raise ValidationError(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": self.limit, "n": len(text)})
        return text


class Text(Line):
    multiline = True

    def __init__(self, limit: int = 20_000, rows: int = 2, **kwargs: Any) -> None:
        super().__init__(limit, **{"widget": forms.Textarea(attrs={"rows": rows}), **kwargs})


class Day(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        words = {"invalid": _("日期写成2026-11-20这样"), "required": _("选日期")}
        super().__init__(**{"widget": DayInput(), "error_messages": words, **kwargs})


class Clock(forms.TimeField):
    def __init__(self, **kwargs: Any) -> None:
        words = {"invalid": _("时刻写成15:00这样"), "required": _("写时刻")}
        super().__init__(**{"widget": ClockInput(), "error_messages": words, **kwargs})


NOT_OFFERED = {"invalid_choice": gettext_lazy("选的不在可选范围内，请重新选")}


def choices(label: Any, **kwargs: Any) -> Any:
    """Several by id; what is offered is set by the form."""
    return forms.TypedMultipleChoiceField(label=label, coerce=int, required=False, error_messages=NOT_OFFERED, **kwargs)


def choice(label: Any, *, required: bool = False, **kwargs: Any) -> Any:
    """A choice of people or groups by id; what is offered is set by the form."""
    return forms.TypedChoiceField(
        label=label, coerce=int, empty_value=None, required=required, error_messages=NOT_OFFERED, **kwargs
    )


class SegmentForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("内容"), choices=SegmentKind.choices)
    start = Clock(label=gettext_lazy("开始"))
    end = Clock(label=gettext_lazy("结束"))
    topic = Line(120, label=gettext_lazy("题目"))
    lecturer = choice(gettext_lazy("主讲"))
    group = choice(gettext_lazy("党小组"))

    def __init__(self, *args: Any, people: Any, groups: Any, kinds: Any, lecturer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lecturer"].initial = lecturer
        self.fields["kind"].choices = kinds
        self.fields["lecturer"].choices = [("", "—"), *people]
        self.fields["group"].choices = [("", _("选党小组")), *groups]

    def has_changed(self) -> bool:
        """A row that is there counts, as it stands."""
        return bool(self["start"].value() or self["end"].value()) or super().has_changed()

    def span(self, day: date) -> Span:
        given = self.cleaned_data
        kind = given["kind"]
        return Span(
            kind,
            at(day, given["start"]),
            at(day, given["end"]),
            given["topic"],
            given["lecturer"] if kind in EARNING else None,
            given["group"] if kind == K.GM else None,
        )


class TopicForm(forms.Form):
    """A point of the agenda with what was decided on it and, where there was one, the vote."""

    origin = forms.IntegerField(required=False, widget=forms.HiddenInput())
    task_id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=AgendaKind.choices, initial=AgendaKind.DELIBERATE)
    title = Line(160, label=gettext_lazy("议题"))
    speaker = Line(80, label=gettext_lazy("发言人"))
    summary = Text(label=gettext_lazy("要点"), rows=1)
    dissent = Text(label=gettext_lazy("不同意见"))
    resolution = Text(label=gettext_lazy("决议"))
    task = Line(120, label=gettext_lazy("决定"))
    owner = choice(gettext_lazy("承办人"))
    due_on = Day(label=gettext_lazy("期限"), required=False)
    vote = forms.ChoiceField(
        label=gettext_lazy("表决"), choices=[("", gettext_lazy("没有表决")), *VoteKind.choices], required=False
    )
    ballot = forms.ChoiceField(label=gettext_lazy("方式"), choices=Ballot.choices, initial=Ballot.HANDS, required=False)
    candidate = choice(gettext_lazy("对象"))
    ayes = forms.IntegerField(label=gettext_lazy("同意"), required=False, min_value=0, max_value=9999)
    noes = forms.IntegerField(label=gettext_lazy("反对"), required=False, min_value=0, max_value=9999)
    abstain = forms.IntegerField(label=gettext_lazy("弃权"), required=False, min_value=0, max_value=9999)
    written = choices(gettext_lazy("书面同意"))
    written_at = forms.DateTimeField(label=gettext_lazy("交来时间"), required=False, widget=MomentInput())

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, blank in (("owner", _("承办人")), ("candidate", _("不涉及个人"))):
            self.fields[name].choices = [("", blank), *people]
        self.fields["written"].choices = people

    def has_changed(self) -> bool:
        """A row in which nothing but its category and its ballot stands is an empty one."""
        return any(self[name].value() for name in self.fields if name not in ("kind", "ballot", "origin", "task_id"))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        missing = {
            "title": (True, _("写议题的题目")),
            "task": (given.get("due_on") or given.get("owner"), _("写明定了什么事")),
            "owner": (given.get("task"), _("写明谁来办")),
            "due_on": (given.get("task"), _("写明什么时候办完")),
            "ayes": (given.get("vote"), _("写同意的票数，没有就写0")),
            "written_at": (given.get("written"), _("写书面意见交来的时间")),
        }
        for name, (needed, words) in missing.items():
            if needed and given.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, words)
        return given

    def topic(self, old: Topic | None) -> Topic:
        """The row as it is written; what the form does not show of the old one stays."""
        given = self.cleaned_data
        words = {name: given[name] for name in ("kind", "title", "speaker", "summary", "dissent", "resolution")}
        tasks = (Task(given["task"], given["owner"], given["due_on"], given["task_id"]),) if given["task"] else ()
        votes = (self._count(old),) if given["vote"] else ()
        more_tasks, more_votes = (old.tasks[1:], old.votes[1:]) if old else ((), ())
        return Topic(**words, votes=votes + more_votes, tasks=tasks + more_tasks)

    def _count(self, old: Topic | None) -> Count:
        given = self.cleaned_data
        handed = {o.person_id: o for o in old.votes[0].opinions} if old and old.votes else {}
        opinions = tuple(handed.get(pk) or Opinion(pk, given["written_at"]) for pk in given["written"])
        candidates = (given["candidate"],) if given["candidate"] else ()
        figures = (given["ayes"] or 0, given["noes"] or 0, given["abstain"] or 0)
        return Count(given["vote"], *figures, given["ballot"] or Ballot.HANDS, candidates, opinions)


class Rows(BaseFormSet):
    """Rows that come and go: those with something in them count, wherever they stand; `blank` empty ones to start."""

    blank = 0

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.blank


class AgendaRows(Rows):
    blank = 1


Segments: Any = formset_factory(SegmentForm, formset=Rows, can_delete=True, max_num=30, absolute_max=40)
Agenda: Any = formset_factory(TopicForm, formset=AgendaRows, can_delete=True, max_num=40, absolute_max=50)


@dataclass(frozen=True, slots=True)
class Offer:
    """Who and what a form of a branch offers on a day."""

    branch: PartyBranch
    people: list[tuple[int, str]]
    groups: list[tuple[int, str]]
    below: list[tuple[int, str]]
    secretary_id: int | None

    @property
    def kinds(self) -> list[tuple[str, str]]:
        offered = OFFERED_GENERAL if self.branch.is_general else OFFERED
        return [(kind.value, str(kind.label)) for kind in offered if kind != K.GM or self.groups]


def offer(branch: PartyBranch, day: date) -> Offer:
    """Members and committee of the branch, then the committee of the general branch; its groups; branches below it."""
    above = PartyBranch.objects.filter(kind="general_branch").values_list("pk", "unit__path")
    general = {pk for pk, path in above if branch.unit.path.startswith(path)}
    whole = structure({branch.pk} | general)
    found: dict[int, str] = {}
    for pk in (branch.pk, *sorted(general - {branch.pk})):
        if pk == branch.pk:
            found |= {due.person_id: due.name for due in whole.members_due(pk, day)}
        found |= {due.person_id: due.name for due in whole.committee_due(pk, day) if due.person_id not in found}
    secretary = whole.secretary(branch.pk, day)
    below = PartyBranch.objects.none()
    if branch.is_general:
        below = PartyBranch.objects.active_on(day).filter(unit__path__startswith=branch.unit.path).exclude(pk=branch.pk)
    return Offer(
        branch,
        list(found.items()),
        [(group.pk, group.name) for group in whole.groups(branch.pk, day)],
        [(row.pk, row.unit.short_name) for row in below.in_order()],
        secretary.pk if secretary else None,
    )


class MeetingForm(forms.Form):
    """One meeting of one branch: what look/05 shows. `sheet()` is what the actions write."""

    id = forms.UUIDField(widget=forms.HiddenInput())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())
    day = Day(label=gettext_lazy("日期"))
    start = Clock(label=gettext_lazy("起止"))
    end = Clock(label=gettext_lazy("结束"))
    place = Line(120, label=gettext_lazy("地点"))
    mode = forms.ChoiceField(label=gettext_lazy("方式"), choices=Mode.choices, initial=Mode.ONSITE)
    chair = choice(gettext_lazy("主持"))
    recorder = choice(gettext_lazy("记录"))
    theme = Line(120, label=gettext_lazy("主题"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("这次包含"), required=False, widget=forms.CheckboxSelectMultiple
    )
    branches = choices(gettext_lazy("点名的支部"), widget=forms.CheckboxSelectMultiple)
    observers = choices(gettext_lazy("列席"))
    summary = Text(label=gettext_lazy("补充"))
    attributed_year = forms.IntegerField(label=gettext_lazy("所属年度"), required=False, min_value=2000, max_value=2100)
    backfill_reason = Line(200, label=gettext_lazy("补录原因"))

    def __init__(
        self,
        data: Any = None,
        *,
        branch: PartyBranch,
        user: Person,
        meeting: Meeting | None = None,
        start: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial=start)
        self.branch, self.user, self.meeting, self.started = branch, user, meeting, start
        self.old = queries.sheet_of(meeting) if meeting else None
        self.offer = offer(branch, self._day(start["day"]))
        people, kept = self.offer.people, self._named()
        everybody = [*people, *((pk, name) for pk, name in kept if pk not in dict(people))]
        for name, blank in (("chair", _("选主持人")), ("recorder", _("选记录人"))):
            self.fields[name].choices = [("", blank), *everybody]
        self.fields["kinds"].choices = self.offer.kinds
        self.fields["branches"].choices = self.offer.below
        self.fields["observers"].choices = self._observers()
        rows: dict[str, Any] = {"people": everybody, "groups": self.offer.groups, "kinds": SegmentKind.choices}
        rows["lecturer"] = self.offer.secretary_id
        self.segments = Segments(data, prefix="segments", initial=start.get("segments", []), form_kwargs=rows)
        self.agenda = Agenda(data, prefix="agenda", initial=start.get("agenda", []), form_kwargs={"people": everybody})

    def _day(self, usual: date) -> date:
        try:
            return date.fromisoformat(self.data.get("day", "")) if self.is_bound else usual
        except ValueError:
            return usual

    def _named(self) -> list[tuple[int, str]]:
        """People whom the record names already, even if they belong elsewhere by now."""
        if self.old is None:
            return [(self.user.pk, self.user.name)]
        ids = {self.old.chair_id, self.old.recorder_id, *(span.lecturer_id for span in self.old.spans)}
        ids |= {task.owner_id for topic in self.old.topics for task in topic.tasks}
        ids |= {pk for topic in self.old.topics for count in topic.votes for pk in count.candidates}
        return list(Person.objects.filter(pk__in=ids - {None}).values_list("pk", "name"))

    def _observers(self) -> list[tuple[int, str]]:
        """Only those who were chosen: the others are asked for by name."""
        asked = self.data.getlist("observers") if self.is_bound else self.started.get("observers", [])
        ids = [whole_number(str(pk)) or 0 for pk in asked]
        known = set(self.started.get("observers", []))
        near = set(colleagues([self.branch.pk]).filter(pk__in=ids).values_list("pk", flat=True))
        return list(Person.objects.filter(pk__in=near | known & set(ids)).values_list("pk", "name"))

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.segments.is_valid(), self.agenda.is_valid()])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("start") and given.get("end") and given["end"] <= given["start"]:
            self.add_error("end", _("结束时间要晚于开始时间"))
        return given

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, as sentences with the place in front."""
        found = [f"{self.fields[name].label}：{words[0]}" for name, words in self.errors.items() if name in self.fields]
        found += list(self.non_field_errors())
        for label, rows in ((_("时段"), self.segments), (_("议题"), self.agenda)):
            for number, form in enumerate(rows.forms, start=1):
                found += [f"{label}{number}：{words[0]}" for words in form.errors.values()]
        return found

    def sheet(self) -> Sheet:
        """The meeting as typed; needs a valid form. Marks of people who are not due fall away, observers come in."""
        given = self.cleaned_data
        day = given["day"]
        spans = [form.span(day) for form in self._rows(self.segments)]
        there = {span.kind for span in spans}
        starts_at, ends_at = at(day, given["start"]), at(day, given["end"])
        spans += [Span(kind, starts_at, ends_at) for kind in given["kinds"] if kind not in there]
        old = self.old
        bare = Sheet(
            unit_id=self.branch.pk,
            title=old.title if old else "",
            starts_at=starts_at,
            ends_at=ends_at,
            spans=tuple(spans),
            theme=given["theme"],
            place=given["place"],
            mode=given["mode"],
            chair_id=given["chair"],
            recorder_id=given["recorder"],
            summary=given["summary"],
            attributed_year=given["attributed_year"],
            backfill_reason=given["backfill_reason"],
            batches=old.batches if old else (),
            topics=tuple(form.topic(self._old_topic(form)) for form in self._rows(self.agenda)),
            photos=tuple(self.pictures()),
            branches=tuple(given["branches"]),
        )
        return replace(bare, marks=tuple(self._marks(queries.due_for(bare))))

    def _rows(self, rows: BaseFormSet) -> list[Any]:
        return [form for form in rows.forms if form.has_changed() and not form.cleaned_data.get("DELETE")]

    def _old_topic(self, form: TopicForm) -> Topic | None:
        origin = form.cleaned_data.get("origin")
        return self.old.topics[origin - 1] if self.old and origin and 0 < origin <= len(self.old.topics) else None

    def _marks(self, due: Iterable[Due]) -> Iterable[Mark]:
        ids = set()
        for row in due:
            ids.add(row.person_id)
            status, reason = self._mark_of(row)
            usual = Presence.EXEMPT if row.is_exempt else Presence.PRESENT
            if status != usual:
                yield Mark(row.person_id, status, reason)
        for pk in self.cleaned_data["observers"]:
            if pk not in ids:
                yield Mark(pk, Presence.OBSERVER)

    def _mark_of(self, due: Due) -> tuple[str, str]:
        usual = Presence.EXEMPT if due.is_exempt else Presence.PRESENT
        if self.is_bound:
            status = self.data.get(f"mark-{due.person_id}", usual)
            reason = (
                clean_text(self.data.get(f"reason-{due.person_id}", ""))
                if status in ON_LEAVE | {Presence.ABSENT}
                else ""
            )
            return (status if status in Presence.values else usual), reason
        return self.started.get("marks", {}).get(due.person_id, (usual, ""))

    def due(self) -> list[Due]:
        """Who is on the roll of the form as it stands, even while something in it is still wrong."""
        bound = self.is_bound and hasattr(self, "cleaned_data")
        kinds = self.data.getlist("kinds") if self.is_bound else self.started.get("kinds", [])
        group_ids = {str(form["group"].value()) for form in self.segments.forms if form["kind"].value() == K.GM}
        branches = self.cleaned_data.get("branches", []) if bound else self.started.get("branches", [])
        rows = {str(form["kind"].value()) for form in self.segments.forms if not form["DELETE"].value()}
        whole = structure({self.branch.pk, *branches})
        return queries.due_list(
            whole,
            self.branch.pk,
            {str(kind) for kind in kinds} | rows,
            {whole_number(pk) or 0 for pk in group_ids},
            branches,
            self._day(self.started["day"]),
        )

    def roll(self) -> list[dict[str, Any]]:
        """The rows of the roll-call."""
        found = []
        for row in self.due():
            status, reason = self._mark_of(row)
            marks = MARKS_EXEMPT if row.is_exempt else MARKS
            found.append({"id": row.person_id, "name": row.name, "mark": status, "reason": reason, "marks": marks})
        return found

    def pictures(self) -> list[Picture]:
        """The photos that are kept, in order; only known ids count."""
        if not self.is_bound:
            return [Picture(file.pk, caption) for file, caption in self.started.get("photos", [])]
        wanted = [pk for pk in map(_uuid, self.data.getlist("photo")) if pk]
        known = set(File.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        return [Picture(pk, clean_text(self.data.get(f"caption-{pk}", ""))) for pk in wanted if pk in known]

    def shown_photos(self) -> list[dict[str, Any]]:
        """One's own uploads and the photos that hang on the record: id, name, caption, whether it hangs there."""
        pictures = self.pictures()
        hangs = (
            set(MeetingPhoto.objects.filter(meeting=self.meeting).values_list("file", flat=True))
            if self.meeting
            else set()
        )
        files = File.objects.in_bulk([picture.file_id for picture in pictures])
        return [
            {"id": p.file_id, "name": files[p.file_id].name, "caption": p.caption, "hangs": p.file_id in hangs}
            for p in pictures
            if p.file_id in hangs or files[p.file_id].by_id == self.user.pk
        ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# What a form starts with


def blank(
    offered: Offer, user: Person, now: datetime, last: Meeting | None, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """A new meeting: today, where and when the last one was; chair the secretary, recorder oneself.

    `asked` may name `kinds`, a `day` and a `group`, as a requirement does that wants to be met.
    """
    day = asked.get("day") or timezone.localdate(now)
    start, end = _hours(last, day, now)
    kinds = list(asked.get("kinds", ()))
    rows, after = [], start
    for kind in (kind for kind in kinds if kind not in WHOLE):
        until = _later(after, MINUTES[K(kind)])
        rows.append(
            {"kind": kind, "start": after, "end": until, "lecturer": offered.secretary_id, "group": asked.get("group")}
        )
        after = until
    return {
        "id": new_id(),
        "day": day,
        "start": start,
        "end": max(end, after),
        "place": last.place if last else "",
        "mode": Mode.ONSITE,
        "chair": offered.secretary_id,
        "recorder": user.pk,
        "kinds": kinds,
        "segments": rows,
        "agenda": [{"kind": AgendaKind.FIRST_TOPIC}],
    }


def _hours(last: Meeting | None, day: date, now: datetime) -> tuple[time, time]:
    """The usual hours; on a day on which they have not begun, the same length up to now."""
    start, end = USUAL_START, USUAL_END
    if last is not None:
        start, end = timezone.localtime(last.starts_at).time(), timezone.localtime(last.ends_at).time()
    local = timezone.localtime(now)
    if day < local.date() or start <= local.time() or end <= start:
        return start, end
    length = datetime.combine(day, end) - datetime.combine(day, start)
    until = local.replace(minute=local.minute // 10 * 10, second=0, microsecond=0, tzinfo=None)
    begin = max(until - length, datetime.combine(local.date(), time(0, 0)))
    return (begin.time(), until.time()) if begin < until else (start, end)


def _later(clock: time, minutes: int) -> time:
    moment = datetime.combine(date(2000, 1, 1), clock) + timedelta(minutes=minutes)
    return moment.time() if moment.day == 1 else time(23, 59)


def copied(meeting: Meeting, begun: Mapping[str, Any]) -> dict[str, Any]:
    """`begun` with segments, hours, place, chair and the headings of the agenda of an earlier meeting."""
    whole = written(meeting)
    taken = {name: whole[name] for name in ("start", "end", "place", "mode", "kinds", "segments", "branches", "theme")}
    agenda = [{"kind": row["kind"], "title": row["title"]} for row in whole["agenda"]]
    return {**begun, **taken, "chair": whole["chair"] or begun["chair"], "agenda": agenda or begun["agenda"]}


def written(meeting: Meeting) -> dict[str, Any]:
    """A saved meeting as its form starts."""
    sheet = queries.sheet_of(meeting)
    if meeting.state in HELD:
        marks = {mark.person_id: (mark.status, mark.reason) for mark in sheet.marks}
    else:
        marks = {mark.person_id: (mark.status, mark.reason) for mark in queries.leave_marks(meeting)}
    photos = MeetingPhoto.objects.filter(meeting=meeting).select_related("file").order_by("seq")
    return {
        "id": meeting.pk,
        "version": meeting.version,
        "day": meeting.held_on,
        "start": timezone.localtime(sheet.starts_at).time(),
        "end": timezone.localtime(sheet.ends_at).time(),
        "place": sheet.place,
        "mode": sheet.mode,
        "chair": sheet.chair_id,
        "recorder": sheet.recorder_id,
        "theme": sheet.theme,
        "kinds": sorted(sheet.kinds, key=K.values.index),
        "segments": [_row(span) for span in sheet.spans if not _is_whole(span, sheet)],
        "branches": list(sheet.branches),
        "observers": [pk for pk, (status, _reason) in marks.items() if status == Presence.OBSERVER],
        "marks": marks,
        "summary": sheet.summary,
        "attributed_year": sheet.attributed_year,
        "backfill_reason": sheet.backfill_reason,
        "agenda": [_topic(seq, topic) for seq, topic in enumerate(sheet.topics, start=1)],
        "photos": [(row.file, row.caption) for row in photos],
    }


def _is_whole(span: Span, sheet: Sheet) -> bool:
    return span.kind in WHOLE and (span.starts_at, span.ends_at) == (sheet.starts_at, sheet.ends_at)


def _row(span: Span) -> dict[str, Any]:
    start, end = timezone.localtime(span.starts_at).time(), timezone.localtime(span.ends_at).time()
    return {
        "kind": span.kind, "start": start, "end": end, "topic": span.topic,
        "lecturer": span.lecturer_id, "group": span.group_id,
    }  # fmt: skip


def _topic(seq: int, topic: Topic) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(topic, name) for name in ("kind", "title", "speaker", "summary", "dissent", "resolution")
    }
    row["origin"] = seq
    for task in topic.tasks[:1]:
        row |= {"task_id": task.id, "task": task.title, "owner": task.owner_id, "due_on": task.due_on}
    for count in topic.votes[:1]:
        row |= {
            "vote": count.kind,
            "ballot": count.ballot,
            "ayes": count.ayes,
            "noes": count.noes,
            "abstain": count.abstain,
        }
        row["candidate"] = count.candidates[0] if count.candidates else None
        row["written"] = [opinion.person_id for opinion in count.opinions]
        row["written_at"] = count.opinions[0].handed_in_at if count.opinions else None
    return row


# Questions before a move


class MoveForm(forms.Form):
    """What a move asks; `version` is the one that the person saw."""

    asks = False
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ReasonForm(MoveForm):
    asks = True
    reason = Text(200, label=gettext_lazy("原因"), required=True, error_messages={"required": gettext_lazy("写明原因")})


class PostponeForm(ReasonForm):
    starts_at = forms.DateTimeField(
        label=gettext_lazy("改到"),
        required=False,
        widget=MomentInput(),
        help_text=gettext_lazy("还没定就留空，定了再通知。"),
    )


class MakeUpForm(MoveForm):
    """Those who were not there, out of this meeting's roll."""

    asks = True
    people = forms.TypedMultipleChoiceField(
        label=gettext_lazy("谁补了课"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("选补了课的人")},
    )  # fmt: skip
    on = Day(label=gettext_lazy("补课日期"), initial=timezone.localdate)

    def __init__(self, *args: Any, record: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        away = record.attendances.exclude(status__in=THERE | {Presence.EXEMPT, Presence.OBSERVER})
        away = away.exclude(makeup="done").select_related("person")
        self.fields["people"].choices = [(row.person_id, row.person.name) for row in away]


class FinishForm(MoveForm):
    asks = True
    result = Text(
        500, label=gettext_lazy("结果"), required=True, error_messages={"required": gettext_lazy("写一句办理结果")}
    )


class AnswerForm(MoveForm):
    """Approving needs no words, so the page does it with one press."""

    answer = Line(200, label=gettext_lazy("批复"))


MEETING_FORMS: dict[str, type[MoveForm]] = {
    "submit": MoveForm,
    "notify": MoveForm,
    "confirm": MoveForm,
    "archive": MoveForm,
    "approve_backfill": MoveForm,
    "postpone": PostponeForm,
    "cancel": ReasonForm,
    "reopen": ReasonForm,
    "void": ReasonForm,
    "make_up": MakeUpForm,
}
DECISION_FORMS: dict[str, type[MoveForm]] = {"finish": FinishForm, "drop": ReasonForm}
WAIVER_FORMS: dict[str, type[MoveForm]] = {"approve": AnswerForm, "return": ReasonForm}
LEAVE_FORMS: dict[str, type[MoveForm]] = {"approve": MoveForm, "return": ReasonForm}


class WaiverForm(forms.Form):
    """Asked from a cell of the matrix: unit, requirement and period come with it."""

    reason = Text(
        200,
        label=gettext_lazy("理由"),
        required=True,
        error_messages={"required": gettext_lazy("写明理由，例如执勤高峰")},
    )


class LeaveForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("类别"), widget=forms.RadioSelect, initial=Presence.LEAVE_DUTY)
    reason = Line(120, label=gettext_lazy("事由"), required=True, error_messages={"required": gettext_lazy("写明事由")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in Presence if kind in ON_LEAVE]


def period_label(code: str) -> str:
    return str(parse_period(code).label)
