"""Two people change one form: what only one changed stays, what both changed is asked, nothing is lost."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django import forms
from django.forms import formset_factory
from django.http import QueryDict

from brigade.kit.merging import Loose, base_of, settle

PEOPLE = [(1, "王"), (2, "李"), (3, "赵")]


class Task(forms.Form):
    label = "决定"
    id = forms.CharField(required=False, widget=forms.HiddenInput())
    title = forms.CharField(label="内容", required=False)


class Point(forms.Form):
    label = "议题"
    title = forms.CharField(label="题目", required=False)
    text = forms.CharField(label="要点", required=False, widget=forms.Textarea())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        data = self.data if self.is_bound else None
        self.tasks = Tasks(data, prefix=f"{self.prefix}-tasks", initial=self.initial.get("tasks"))


Tasks = formset_factory(Task, extra=1, can_delete=True)
Points = formset_factory(Point, extra=1, can_delete=True)


class Sheet(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput())
    place = forms.CharField(label="地点", required=False)
    chair = forms.ChoiceField(label="主持", choices=PEOPLE, required=False)
    guests = forms.MultipleChoiceField(label="列席", choices=PEOPLE, required=False)
    is_open = forms.BooleanField(label="公开", required=False)
    phone = forms.CharField(label="手机号", required=False)

    def __init__(self, data=None, *, start):
        super().__init__(data, initial=start)
        self.start = start
        self.points = Points(data, prefix="points", initial=start.get("points", []))

    def loose(self):
        given = self.data if self.is_bound else {f"mark-{key}": value for key, value in self.start["marks"].items()}
        return {name: Loose(name, (given[name],)) for name in given if name.startswith("mark-")}


@dataclass
class Edit:
    who: str
    fields: frozenset
    at: datetime = datetime(2026, 11, 22, 9)


@dataclass
class Record:
    """What is saved: its values, and who changed which fields in which version."""

    values: dict
    version: int = 1
    edits: list = field(default_factory=list)

    def change(self, **values):
        self.values = self.values | values
        self.version += 1
        self.edits.insert(0, Edit("李", frozenset(values)))

    def edits_since(self, version):
        return self.edits[: self.version - version]

    def make(self, data=None):
        return Sheet(data, start=self.values | {"version": self.version})


@pytest.fixture
def record():
    return Record(
        {
            "place": "一楼",
            "chair": 1,
            "guests": ["1"],
            "is_open": False,
            "marks": {5: "present", 6: "present"},
            "points": [
                {
                    "title": "学习",
                    "text": "甲",
                    "tasks": [{"id": "t1", "title": "修灯"}, {"id": "t2", "title": "买书"}],
                },
                {"title": "选举", "text": "乙"},
            ],
        }
    )


def browser(form):
    """What a browser sends of the form as it opens."""
    data = QueryDict(mutable=True)
    sets = [form]
    while sets:
        one = sets.pop()
        for bound in one:
            shown = bound.field.widget.format_value(bound.value()) if bound.name != "is_open" else bound.value()
            if isinstance(shown, list):
                data.setlist(bound.html_name, shown)
            elif shown not in (None, False):
                data[bound.html_name] = "on" if shown is True else shown
        for rows in (value for value in vars(one).values() if isinstance(value, forms.BaseFormSet)):
            data[f"{rows.prefix}-TOTAL_FORMS"] = str(len(rows.forms))
            data[f"{rows.prefix}-INITIAL_FORMS"] = str(rows.initial_form_count())
            sets += rows.forms
    if isinstance(form, Sheet):
        for key, value in form.start["marks"].items():
            data[f"mark-{key}"] = value
    data["base"] = base_of(form)
    return data


def sent(record, **typed):
    """The form as I opened it, with what I typed."""
    data = browser(record.make())
    for name, value in typed.items():
        name = name.replace("__", "-")
        data.setlist(name, value) if isinstance(value, list) else data.__setitem__(name, value)
    return data


def settled(record, data):
    form, merge = settle(record.make, data, record)
    assert form.is_valid(), form.errors
    return form, merge


def titles(form):
    standing = [row for row in form.points if not row["DELETE"].value()]
    return [row["title"].value() for row in standing if row["title"].value()]


def tasks(form, at=0):
    return [row["title"].value() for row in form.points.forms[at].tasks if row["title"].value()]


def test_a_form_that_nobody_else_changed_goes_on_as_it_was_sent(record):
    form, merge = settled(record, sent(record, place="二楼"))
    assert merge is None and form.cleaned_data["place"] == "二楼"


def test_what_only_one_of_two_changed_is_kept_and_the_second_is_told(record):
    mine = sent(record, place="二楼", is_open="on")
    record.change(chair=2)
    form, merge = settled(record, mine)
    assert not merge.clashes
    assert (form.cleaned_data["place"], form.cleaned_data["chair"], form.cleaned_data["is_open"]) == ("二楼", "2", True)
    assert form.cleaned_data["version"] == record.version
    assert merge.said == "；李改的主持也留着"


def test_the_same_change_by_both_is_no_clash(record):
    mine = sent(record, place="二楼")
    record.change(place="二楼")
    assert settled(record, mine)[1].clashes == []


def test_the_same_field_changed_by_both_is_shown_side_by_side(record):
    mine = sent(record, place="二楼", chair="3")
    record.change(place="三楼", chair=2)
    form, merge = settled(record, mine)
    shown = [(clash.label, clash.theirs, clash.mine, clash.who) for clash in merge.clashes]
    assert shown == [("地点", "三楼", "二楼", "李"), ("主持", "李", "赵", "李")]
    assert form["place"].value() == "二楼", "what I typed still stands in the form"


@pytest.mark.parametrize(
    ("pick", "typed", "becomes"), [("theirs", "二楼", "三楼"), ("mine", "二楼", "二楼"), ("mine", "四楼", "四楼")]
)
def test_one_of_the_two_is_picked_or_a_third_typed(record, pick, typed, becomes):
    mine = sent(record, place="二楼")
    record.change(place="三楼")
    again = settled(record, mine)[0].data.copy()
    again["clash"], again["take-place"], again["place"] = "place", pick, typed
    form, merge = settled(record, again)
    assert not merge.clashes and form.cleaned_data["place"] == becomes


def test_nothing_is_saved_before_it_is_picked(record):
    mine = sent(record, place="二楼")
    record.change(place="三楼")
    again = settled(record, mine)[0].data.copy()
    again["clash"] = "place"
    assert [clash.label for clash in settled(record, again)[1].clashes] == ["地点"]


def test_a_third_change_while_one_picks_is_asked_again(record):
    mine = sent(record, place="二楼")
    record.change(place="三楼")
    again = settled(record, mine)[0].data.copy()
    again["clash"], again["take-place"] = "place", "mine"
    record.change(place="五楼")
    assert [clash.theirs for clash in settled(record, again)[1].clashes] == ["五楼"]


def test_choices_of_one_list_are_merged_one_by_one(record):
    mine = sent(record, guests=["1", "2"])
    record.change(guests=["1", "3"])
    form, merge = settled(record, mine)
    assert not merge.clashes and sorted(form.cleaned_data["guests"]) == ["1", "2", "3"]


def test_each_name_of_a_roll_is_merged_for_itself(record):
    mine = sent(record, mark__5="absent")
    record.change(marks={5: "present", 6: "leave"})
    form, merge = settled(record, mine)
    assert not merge.clashes and (form.data["mark-5"], form.data["mark-6"]) == ("absent", "leave")


def test_rows_that_each_of_them_added_are_all_there(record):
    mine = sent(record, points__2__title="我加的")
    record.change(points=[*record.values["points"], {"title": "他加的"}])
    form, merge = settled(record, mine)
    assert not merge.clashes and titles(form) == ["学习", "选举", "他加的", "我加的"]


def test_a_row_that_he_took_away_does_not_come_back_and_mine_keeps_its_change(record):
    mine = sent(record, points__1__text="我写的")
    record.change(points=record.values["points"][1:])
    form, merge = settled(record, mine)
    assert not merge.clashes and titles(form) == ["选举"]
    assert form.points.forms[0]["text"].value() == "我写的"


def test_a_row_that_i_took_away_stays_away_after_his_change_elsewhere(record):
    mine = sent(record, points__0__DELETE="on")
    record.change(place="三楼")
    form, merge = settled(record, mine)
    assert not merge.clashes and titles(form) == ["选举"]


def test_a_row_that_one_took_away_and_the_other_changed_is_kept_and_said(record):
    mine = sent(record, points__0__DELETE="on")
    record.change(points=[record.values["points"][0] | {"text": "他改的"}, record.values["points"][1]])
    form, merge = settled(record, mine)
    assert titles(form) == ["学习", "选举"] and "去掉" in merge.clashes[0].mine
    record = Record(record.values)
    mine = sent(record, points__1__text="我改的")
    record.change(points=record.values["points"][:1])
    form, merge = settled(record, mine)
    assert titles(form) == ["学习", "选举"] and "去掉" in merge.clashes[0].theirs


def test_decisions_inside_a_point_are_merged_by_their_identity(record):
    mine = sent(record, points__0__tasks__1__title="买新书", points__0__tasks__2__title="我定的")
    point = record.values["points"][0]
    changed = [{"id": "t2", "title": "买书"}, {"id": "t1", "title": "换灯"}, {"id": "t3", "title": "他定的"}]
    record.change(points=[point | {"tasks": changed}, record.values["points"][1]])
    form, merge = settled(record, mine)
    assert not merge.clashes and tasks(form) == ["买新书", "换灯", "他定的", "我定的"]


def test_a_clash_in_a_row_names_the_row_and_can_be_picked(record):
    mine = sent(record, points__1__text="我写的")
    record.change(points=[record.values["points"][0], record.values["points"][1] | {"text": "他写的"}])
    form, merge = settled(record, mine)
    assert [(clash.label, clash.name) for clash in merge.clashes] == [("议题2·要点", "points-1-text")]
    again = form.data.copy()
    again["clash"], again["take-points-1-text"] = "points-1-text", "theirs"
    assert settled(record, again)[0].points.forms[1]["text"].value() == "他写的"


def test_a_sealed_value_that_he_changed_unseen_is_not_overwritten_in_silence(record):
    mine = sent(record, phone="13800000000")
    record.change(phone_sealed="x")
    merge = settled(record, mine)[1]
    assert [(clash.label, clash.theirs) for clash in merge.clashes] == [("手机号", "已改，不显示")]


@pytest.mark.parametrize("text", ["长" * 10_000, "👮‍♀️🚓", "一行\r\n两行", "a\x00b", '<script>"&'])
def test_any_text_survives_a_merge(record, text):
    mine = sent(record, points__0__text=text, place="二楼")
    record.change(chair=2)
    form, merge = settle(record.make, mine, record)
    assert not merge.clashes
    assert form.data["points-0-text"].replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_a_line_end_of_another_system_is_no_change(record):
    record.values["points"][1]["text"] = "一\n二"
    mine = sent(record, points__1__text="一\r\n二")
    record.change(points=[record.values["points"][0], {"title": "选举", "text": "他写的"}])
    form, merge = settled(record, mine)
    assert not merge.clashes and form.points.forms[1]["text"].value() == "他写的"


@pytest.mark.parametrize("base", ["", "{", "[]", '"x"', '{"f": 3}', '{"r": {"points": 1}}', "[" * 100_000, '{"k": 1}'])
def test_a_base_that_is_none_of_ours_counts_as_none(record, base):
    mine = sent(record, place="二楼")
    mine["base"] = base
    record.change(place="三楼")
    assert settle(record.make, mine, record)[1] is None, "the door refuses what is stale"


def test_nothing_readable_lies_in_the_base(record):
    assert not [word for word in ("一楼", "学习", "修灯", "present") if word in base_of(record.make())]
