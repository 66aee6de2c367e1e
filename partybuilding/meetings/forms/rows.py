"""The rows of the form of a meeting: segments, shifts, points of the agenda with their decisions and votes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import at
from brigade.kit.forms import Form, MomentInput, in_our_time
from partybuilding.meetings.forms.fields import Clock, Day, Line, Text, choice, choices
from partybuilding.meetings.forms.offers import K
from partybuilding.meetings.rules import Count, Opinion, Span, Task, Topic
from partybuilding.meetings.states import EARNING, AgendaKind, Ballot, SegmentKind, VoteKind


class Rows(BaseFormSet):
    """Rows that come and go: those with something in them count, wherever they stand; `blank` empty ones to start."""

    blank = 0

    def __init__(self, data: Any = None, *args: Any, prefix: str, **kwargs: Any) -> None:
        """Of rows that were not sent at all there are none."""
        if data is not None and f"{prefix}-TOTAL_FORMS" not in data:
            data = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
        super().__init__(data, *args, prefix=prefix, **kwargs)

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.blank

    def kept(self) -> list[Any]:
        """Those with something in them that were not taken away; needs a valid set."""
        return [form for form in self.standing() if form.has_changed()]

    def standing(self) -> list[Any]:
        return [form for form in self.forms if not form["DELETE"].value()]

    @property
    def problems(self) -> list[str]:
        """What is wrong, as sentences with the number of the row in front."""
        found = [str(words) for words in self.non_form_errors()]
        for number, form in enumerate(self.standing(), start=1):
            inner = getattr(form, "problems", None)
            found += [f"{number}：{words}" for words in (inner or (words[0] for words in form.errors.values()))]
        return found


class RowsAndOne(Rows):
    """Rows with an empty one after them."""

    blank = 1


class RowsFromOne(Rows):
    """Rows, or an empty one."""

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else super().total_form_count() or 1


class Row(Form):
    """A row counts once something stands in one of its `telling` fields; `label` is what such a row is called."""

    telling: tuple[str, ...]
    label: Any

    def has_changed(self) -> bool:
        return any(self[name].value() for name in self.telling)

    def need(self, **missing: tuple[Any, Any]) -> None:
        """Refuse the empty fields that are needed: name=(whether, what to say)."""
        for name, (needed, words) in missing.items():
            if needed and self.cleaned_data.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, words)


class ShiftForm(Row):
    """A further session of a meeting that is held in shifts; the first is the one at the head of the form."""

    label = gettext_lazy("场次")
    telling = ("start", "end")
    start = Clock(label=gettext_lazy("开始"))
    end = Clock(label=gettext_lazy("结束"))

    def span(self, day: date) -> tuple[datetime, datetime]:
        return at(day, self.cleaned_data["start"]), at(day, self.cleaned_data["end"])


class SegmentForm(Row):
    """A stretch of the meeting; a row that is there counts, as it stands."""

    label = gettext_lazy("时段")
    telling = ("start", "end", "topic")
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
        return super().has_changed() or forms.Form.has_changed(self)

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


class TaskForm(Row):
    """A decision: what, who, by when. A known one keeps its `id`."""

    label = gettext_lazy("决定")
    telling = ("title", "owner", "due_on")
    id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    title = Line(120, label=gettext_lazy("决定"))
    owner = choice(gettext_lazy("承办人"))
    due_on = Day(label=gettext_lazy("期限"), required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("承办人")), *people]

    def clean(self) -> dict[str, Any]:
        self.need(
            title=(True, _("写明定了什么事")),
            owner=(True, _("写明谁来办")),
            due_on=(True, _("写明什么时候办完")),
        )
        return self.cleaned_data

    def task(self) -> Task:
        given = self.cleaned_data
        return Task(given["title"], given["owner"], given["due_on"], given["id"])


class VoteForm(Row):
    """One vote on one matter or one person, as it was counted."""

    label = gettext_lazy("表决")
    telling = ("kind", "candidate", "ayes", "noes", "abstain", "written", "written_at")
    kind = forms.ChoiceField(
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
        self.fields["candidate"].choices = [("", _("不涉及个人")), *people]
        self.fields["written"].choices = people

    def clean(self) -> dict[str, Any]:
        self.need(
            kind=(True, _("选是哪种表决")),
            ayes=(True, _("写同意的票数，没有就写0")),
            written_at=(self.cleaned_data.get("written"), _("写书面意见交来的时间")),
        )
        return self.cleaned_data

    def count(self) -> Count:
        """The vote; opinions that were known keep what the form does not show of them, unless their time is changed."""
        given = self.cleaned_data
        known = {} if "written_at" in self.changed_data else {o.person_id: o for o in self.initial.get("opinions", ())}
        opinions = tuple(known.get(pk) or Opinion(pk, given["written_at"]) for pk in given["written"])
        candidates = (given["candidate"],) if given["candidate"] else ()
        figures = (given["ayes"], given["noes"] or 0, given["abstain"] or 0)
        return Count(given["kind"], *figures, given["ballot"] or Ballot.HANDS, candidates, opinions)


Tasks: Any = formset_factory(TaskForm, formset=RowsAndOne, can_delete=True, max_num=20, absolute_max=30)
Votes: Any = formset_factory(VoteForm, formset=RowsFromOne, can_delete=True, max_num=20, absolute_max=30)


class TopicForm(Row):
    """A point of the agenda with what was decided on it and what was voted."""

    label = gettext_lazy("议题")
    telling = ("title", "speaker", "summary", "dissent", "resolution")
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=AgendaKind.choices, initial=AgendaKind.DELIBERATE)
    title = Line(160, label=gettext_lazy("议题"))
    speaker = Line(80, label=gettext_lazy("发言人"))
    summary = Text(label=gettext_lazy("要点"), rows=1)
    dissent = Text(label=gettext_lazy("不同意见"))
    resolution = Text(label=gettext_lazy("决议"))

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed, asked = self.data if self.is_bound else None, {"people": people}
        start = self.initial
        self.tasks = Tasks(typed, prefix=f"{self.prefix}-tasks", initial=start.get("tasks"), form_kwargs=asked)
        self.votes = Votes(typed, prefix=f"{self.prefix}-votes", initial=start.get("votes"), form_kwargs=asked)

    def has_changed(self) -> bool:
        """A row in which nothing but its category stands is an empty one."""
        below = (*self.tasks.standing(), *self.votes.standing())
        return super().has_changed() or any(form.has_changed() for form in below)

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.tasks.is_valid(), self.votes.is_valid()])

    @property
    def problems(self) -> list[str]:
        found = [words[0] for words in self.errors.values()]
        found += [_("决定%s") % words for words in self.tasks.problems]
        return found + [_("表决%s") % words for words in self.votes.problems]

    @property
    def is_unfolded(self) -> bool:
        """Whether something stands, or is wrong, in the folded part: speaker, dissent, votes, resolution."""
        if self.errors.keys() - {"kind", "title", "summary"}:
            return True
        votes = any(form.has_changed() for form in self.votes.standing())
        return votes or any(self[name].value() for name in ("speaker", "dissent", "resolution"))

    def clean(self) -> dict[str, Any]:
        self.need(title=(True, _("写议题的题目")))
        return self.cleaned_data

    def topic(self) -> Topic:
        given = self.cleaned_data
        return Topic(
            **{name: given[name] for name in ("kind", *self.telling)},
            votes=tuple(form.count() for form in self.votes.kept()),
            tasks=tuple(form.task() for form in self.tasks.kept()),
        )


Shifts: Any = formset_factory(ShiftForm, formset=Rows, can_delete=True, max_num=3, absolute_max=5)
Segments: Any = formset_factory(SegmentForm, formset=Rows, can_delete=True, max_num=30, absolute_max=40)
Agenda: Any = formset_factory(TopicForm, formset=RowsAndOne, can_delete=True, max_num=40, absolute_max=50)
