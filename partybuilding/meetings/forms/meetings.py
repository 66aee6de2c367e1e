"""The form that writes a meeting down, with its rows of segments and of the agenda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.models import File
from brigade.kit.clocks import at
from brigade.kit.forms import MomentInput, in_our_time
from brigade.kit.text import clean_text, whole_number
from brigade.org.models import Person
from brigade.org.queries import colleagues
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import Due, structure
from partybuilding.meetings import queries
from partybuilding.meetings.forms.fields import Clock, Day, Line, Text, choice, choices, uuid_or_none
from partybuilding.meetings.forms.offers import MARKS, MARKS_EXEMPT, K, offer
from partybuilding.meetings.models import Meeting, MeetingPhoto
from partybuilding.meetings.rules import Count, Mark, Opinion, Picture, Sheet, Span, Task, Topic
from partybuilding.meetings.states import EARNING, ON_LEAVE, AgendaKind, Ballot, Mode, Presence, SegmentKind, VoteKind


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
    written_at = forms.DateTimeField(
        label=gettext_lazy("交来时间"), required=False, widget=MomentInput(), validators=[in_our_time]
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, blank in (("owner", _("承办人")), ("candidate", _("不涉及个人"))):
            self.fields[name].choices = [("", blank), *people]
        self.fields["written"].choices = people

    def has_changed(self) -> bool:
        """A row in which nothing but its category and its ballot stands is an empty one."""
        return any(self[name].value() for name in self.fields if name not in ("kind", "ballot", "origin", "task_id"))

    @property
    def has_folded_errors(self) -> bool:
        """Whether something is wrong in the part that is folded away: speaker, dissent, vote, resolution."""
        return bool(self.errors.keys() - {"kind", "title", "summary", "task", "owner", "due_on"})

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


class MeetingForm(forms.Form):
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
