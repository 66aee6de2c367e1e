"""The form that writes a meeting down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.models import File
from brigade.kit.clocks import at
from brigade.kit.forms import Form, in_our_time
from brigade.kit.merging import Loose
from brigade.kit.text import clean_text, whole_number
from brigade.org.models import Person
from brigade.org.queries import colleagues
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import Due, structure
from partybuilding.meetings import queries
from partybuilding.meetings.forms.fields import Clock, Day, Line, Text, choice, choices, uuid_or_none
from partybuilding.meetings.forms.offers import (
    WHOLE,
    K,
    mark_of_its_own,
    marks_for,
    offer,
    shift_mark,
    shifts_of,
)
from partybuilding.meetings.forms.rows import Agenda, Segments, Shifts
from partybuilding.meetings.models import Meeting, MeetingPhoto
from partybuilding.meetings.rules import Batch, Mark, Picture, Sheet, Span
from partybuilding.meetings.states import ON_LEAVE, Mode, Presence, SegmentKind


@dataclass(frozen=True, slots=True)
class Tapped:
    """How a name on the roll was tapped; `shifts` says to which sessions he came."""

    status: str
    reason: str = ""
    shifts: frozenset[int] = frozenset()

    @property
    def value(self) -> str:
        return shift_mark(self.shifts) if self.shifts else str(self.status)


def _usual(due: Due) -> str:
    return Presence.EXEMPT if due.is_exempt else Presence.PRESENT


class MeetingForm(Form):
    """One meeting of one branch. `sheet()` is what the actions write."""

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
        self.shifts = Shifts(data, prefix="shifts", initial=start.get("shifts", []))
        self.segments = Segments(data, prefix="segments", initial=start.get("segments", []), form_kwargs=rows)
        self.agenda = Agenda(data, prefix="agenda", initial=start.get("agenda", []), form_kwargs={"people": everybody})

    def _day(self, usual: date) -> date:
        """The day as typed, as long as it can be meant: the roll is that of a day even while something is wrong."""
        try:
            day = date.fromisoformat(self.data.get("day", "")) if self.is_bound else usual
            in_our_time(day)
        except (ValueError, ValidationError):
            return usual
        return day

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
        return all([super().is_valid(), self.shifts.is_valid(), self.segments.is_valid(), self.agenda.is_valid()])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("start") and given.get("end") and given["end"] <= given["start"]:
            self.add_error("end", _("结束时间要晚于开始时间"))
        return given

    def is_ahead(self, now: datetime) -> bool:
        """Whether it has yet to begin, as far as that is typed; needs a form that was checked."""
        day = self._day(self.started["day"])
        start = (self.cleaned_data if self.is_bound else self.started).get("start")
        return (at(day, start) if start else at(day, time.max)) > now

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, as sentences with the place in front."""
        found = [f"{self.fields[name].label}：{words[0]}" for name, words in self.errors.items() if name in self.fields]
        found += list(self.non_field_errors())
        for label, rows in ((_("场次"), self.shifts), (_("时段"), self.segments), (_("议题"), self.agenda)):
            found += [f"{label}{words}" for words in rows.problems]
        return found

    def sheet(self) -> Sheet:
        """The meeting as typed; needs a valid form. Marks of people who are not due fall away, observers come in."""
        given = self.cleaned_data
        day = given["day"]
        shifts = [(at(day, given["start"]), at(day, given["end"])), *(form.span(day) for form in self.shifts.kept())]
        whole = shifts[0][0], max(ends_at for _starts_at, ends_at in shifts)
        spans = [form.span(day) for form in self.segments.kept()]
        there = {span.kind for span in spans}
        spans += [Span(k, *(whole if k in WHOLE else shifts[0])) for k in given["kinds"] if k not in there]
        bare = Sheet(
            unit_id=self.branch.pk,
            title=self.old.title if self.old else "",
            starts_at=whole[0],
            ends_at=whole[1],
            spans=tuple(spans),
            theme=given["theme"],
            place=given["place"],
            mode=given["mode"],
            chair_id=given["chair"],
            recorder_id=given["recorder"],
            summary=given["summary"],
            attributed_year=given["attributed_year"],
            backfill_reason=given["backfill_reason"],
            topics=tuple(form.topic() for form in self.agenda.kept()),
            photos=tuple(self.pictures()),
            branches=tuple(given["branches"]),
        )
        due = queries.due_for(bare)
        return replace(bare, batches=tuple(self._batches(due, shifts)), marks=tuple(self._marks(due)))

    @property
    def shift_count(self) -> int:
        """In how many sessions it is held, as far as they are typed."""
        return 1 + sum(form.has_changed() for form in self.shifts.standing())

    def _batches(self, due: list[Due], shifts: list[tuple[datetime, datetime]]) -> Iterable[Batch]:
        came = {row.person_id: self._mark_of(row).shifts for row in due}
        for number, (starts_at, ends_at) in enumerate(shifts if len(shifts) > 1 else (), start=1):
            yield Batch(starts_at, ends_at, frozenset(pk for pk, numbers in came.items() if number in numbers))

    def _marks(self, due: Iterable[Due]) -> Iterable[Mark]:
        """The exceptions; in shifts whoever came to one of them is none."""
        ids = set()
        for row in due:
            ids.add(row.person_id)
            tapped = self._mark_of(row)
            if tapped.status != _usual(row) and not tapped.shifts:
                yield Mark(row.person_id, tapped.status, tapped.reason)
        for pk in self.cleaned_data["observers"]:
            if pk not in ids:
                yield Mark(pk, Presence.OBSERVER)

    def _mark_of(self, due: Due) -> Tapped:
        if not self.is_bound:
            return self._mark_at_start(due)
        value = self.data.get(f"mark-{due.person_id}", _usual(due))
        if shifts := shifts_of(value) & frozenset(range(1, self.shift_count + 1)):
            return Tapped(Presence.PRESENT, shifts=shifts if self.shift_count > 1 else frozenset())
        if value not in Presence.values:
            value = _usual(due)
        if value == Presence.PRESENT and self.shift_count > 1:
            return Tapped(Presence.PRESENT, shifts=frozenset({1}))
        asks = value in ON_LEAVE | {Presence.ABSENT}
        return Tapped(value, clean_text(self.data.get(f"reason-{due.person_id}", "")) if asks else "")

    def _mark_at_start(self, due: Due) -> Tapped:
        """As it was written."""
        status, reason = self.started.get("marks", {}).get(due.person_id, (_usual(due), ""))
        if self.shift_count == 1 or status != Presence.PRESENT:
            return Tapped(status, reason)
        return Tapped(status, shifts=self.started.get("came", {}).get(due.person_id, frozenset({1})))

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
            tapped = self._mark_of(row)
            marks = marks_for(self.shift_count, is_exempt=row.is_exempt)
            if tapped.value not in {value for value, _word, _tone in marks}:
                marks = (*marks, mark_of_its_own(tapped.value))
            found.append(
                {"id": row.person_id, "name": row.name, "mark": tapped.value, "reason": tapped.reason, "marks": marks}
            )
        return found

    def loose(self) -> dict[str, Loose]:
        """The roll and the photos, for kit/merging.py: a name, a reason or a photo is merged for itself."""
        found = {}
        if self.is_bound:
            self.full_clean()  # the roll of a general branch needs the branches whose roll is called
        for row in self.roll():
            words = {value: str(word) for value, word, _tone in row["marks"]}
            found[f"mark-{row['id']}"] = Loose(row["name"], (row["mark"],), words.get(row["mark"], ""))
            reason = (row["reason"],) if row["reason"] else ()
            found[f"reason-{row['id']}"] = Loose(_("%s的原因") % row["name"], reason)
        for picture in self.pictures():
            found[f"photo={picture.file_id}"] = Loose(_("照片"), ("on",))
            caption = (picture.caption,) if picture.caption else ()
            found[f"caption-{picture.file_id}"] = Loose(_("照片说明"), caption)
        return found

    def pictures(self) -> list[Picture]:
        """The photos that are kept, in order; only known ids count."""
        if not self.is_bound:
            return [Picture(file.pk, caption) for file, caption in self.started.get("photos", [])]
        wanted = [pk for pk in map(uuid_or_none, self.data.getlist("photo")) if pk]
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
