"""The words and signs that rows are made of: what is late, how much is left, how figures are rounded."""

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone

from brigade.kit.forms import ClockInput, DayInput, Form, MomentInput
from brigade.kit.templatetags import ui


def at(day: int, hour: int = 9, minute: int = 40, month: int = 11, year: int = 2026) -> datetime:
    return timezone.make_aware(datetime(year, month, day, hour, minute))


NOW = {"now": at(20)}


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context({**NOW, **context}))


@pytest.mark.parametrize(
    ("due_at", "word", "tone"),
    [
        (date(2026, 11, 17), "逾期3天", "is-late"),
        (at(19, 23, 59), "逾期1天", "is-late"),
        (at(20, 6, 0), "逾期3小时", "is-late"),
        (at(20, 9, 30), "逾期10分钟", "is-late"),
        (at(20, 17, 30), "今天 17:30", "is-warn"),
        (date(2026, 11, 20), "今天<", "is-warn"),
        (date(2026, 11, 27), "剩7天", "is-warn"),
        (date(2026, 11, 28), "11月28日", 'class="due"'),
        (date(2027, 1, 4), "2027年1月4日", 'class="due"'),
    ],
)
def test_due_says_how_much_time_is_left(due_at, word, tone):
    html = ui.due(NOW, due_at)
    assert word in html
    assert tone in html


def test_due_turns_amber_when_its_own_warning_begins_and_not_before():
    assert 'class="due"' in ui.due(NOW, date(2026, 11, 25), date(2026, 11, 22))
    assert "is-warn" in ui.due(NOW, date(2026, 12, 10), at(19))
    assert "剩20天" in ui.due(NOW, date(2026, 12, 10), at(19))


def test_due_beside_its_day_does_not_say_the_day_again():
    assert ui.due(NOW, at(28, 17), beside=True) == ""
    assert "剩3天" in ui.due(NOW, at(23, 17), beside=True)


def test_due_stays_grey_in_a_list_that_is_grouped_by_urgency_but_late_is_late():
    assert "is-warn" not in ui.due(NOW, date(2026, 11, 23), plain=True)
    assert "is-late" in ui.due(NOW, date(2026, 11, 18), plain=True)


def test_what_is_done_is_never_late():
    assert ui.due(NOW, date(2026, 11, 2), over=True) == '<span class="due">11月2日</span>'


def test_without_a_due_time_there_is_a_dash():
    assert "—" in ui.due(NOW, None)


def test_state_has_colour_icon_and_word():
    html = ui.state("late", "未达标", box=True)
    assert (
        "is-late" in html and "box" in html and "#exclamation-octagon-fill" in html and html.endswith("未达标</span>")
    )


def test_icon_without_a_word_beside_it_carries_one():
    assert 'class="visually-hidden">收起' in ui.icon("x-lg", "收起")
    assert 'aria-hidden="true"' in ui.icon("bell")


def test_a_cell_that_opens_is_a_link_and_tells_htmx_where():
    html = ui.cell("warn", "预警", "2/3", "/m/?cell=1", picked=True, target="#cell")
    assert 'hx-target="#cell"' in html and "picked" in html and 'aria-current="true"' in html
    assert ui.cell("ok", "达标", "3/3").startswith("<span")


@pytest.mark.parametrize(
    ("part", "whole", "word"),
    [(13, 16, "81.3%"), (1, 8, "12.5%"), (2001, 2000, "100.1%"), (0, 5, "0.0%"), (1, 0, "—"), (None, 5, "—")],
)
def test_percent_rounds_half_up_and_never_divides_by_nothing(part, whole, word):
    assert ui.percent(part, whole) == word


def test_percent_of_a_finished_share_keeps_its_places():
    assert ui.percent(Decimal("88.05")) == "88.1%"
    assert ui.percent(Decimal("62.4"), None, 0) == "62%"


@pytest.mark.parametrize(
    ("part", "whole", "word"), [(2499, 2500, "99.9%"), (2500, 2500, "100.0%"), (999, 1000, "99.9%")]
)
def test_a_share_that_is_not_all_never_reads_as_all(part, whole, word):
    assert ui.percent(part, whole) == word
    assert ui.percent(Decimal("99.96")) == "99.9%" and ui.percent(Decimal("99.6"), None, 0) == "99%"


def test_number_groups_thousands():
    assert [ui.number(1284), ui.number(Decimal("19.45"), 1), ui.number(None)] == ["1,284", "19.5", "—"]


def test_day_names_the_year_only_when_it_is_another_one():
    assert ui.day(NOW, date(2026, 11, 20), weekday=True) == "11月20日 星期五"
    assert ui.day(NOW, date(2025, 1, 2)) == "2025年1月2日"
    assert ui.day(NOW, date(2026, 1, 2), full=True) == "2026年1月2日"
    assert ui.day(NOW, None) == "—"


def test_pieces_of_a_line_are_parted_by_points_and_empty_ones_leave_none_behind():
    point = '<span class="dot">·</span>'
    words = "办结的期限由承诺时限确定，承诺时限为产品默认值"
    assert ui.dotted("", ["城区<一>中队", None], "", words) == (
        f'<span class="nb">城区&lt;一&gt;中队</span>{point}{words}'
    )
    assert ui.dotted("", None) == ""


def test_the_number_of_a_record_is_never_broken_inside_a_text():
    assert ui.numbers_whole("审核<b>（CGS-BJ-2026-00012）、DJ-DZ-20261120-001，2026-11-20前") == (
        '审核&lt;b&gt;<span class="nb">（CGS-BJ-2026-00012）</span>、'
        '<span class="nb">DJ-DZ-20261120-001</span>，2026-11-20前'
    )


def test_moment_is_in_local_time():
    assert "11月20日 09:40" in ui.moment(NOW, datetime(2026, 11, 20, 1, 40, tzinfo=UTC))
    assert ui.moment(NOW, None) == "—"


def test_clock_takes_a_time_or_a_moment():
    assert [ui.clock(time(9, 5)), ui.clock(at(20, 17, 30)), ui.clock(None)] == ["09:05", "17:30", "—"]


def test_person_shows_the_name_and_keeps_the_number_in_the_tip():
    who = SimpleNamespace(name="周<海峰", police_no="D10237")
    assert ui.person(who) == '<span class="nb" title="D10237">周&lt;海峰</span>'
    assert "D10237</span>" in ui.person(who, True)
    assert "—" in ui.person(None)
    assert "title" not in ui.person(SimpleNamespace(name="系统", police_no=""))


class Visit(forms.Form):
    held_on = forms.DateField(label="日期", widget=DayInput())
    starts_at = forms.TimeField(label="起", widget=ClockInput(), required=False)
    seen_at = forms.DateTimeField(label="时间", widget=MomentInput(), required=False)
    kind = forms.ChoiceField(label="类型", choices=[("a", "走访"), ("b", "约谈")])
    tags = forms.MultipleChoiceField(label="包含", choices=[("x", "党课")], widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="已告知", required=False, help_text="口头也算")


def test_a_form_row_has_its_label_and_says_what_may_stay_empty():
    html = " ".join(str(Visit()).split())
    assert html.count("可不填") == 2
    assert 'class="form-control"' in html and 'class="form-select"' in html and 'class="pick"' in html
    assert '<label for="id_held_on">日期</label>' in html


def test_an_error_stands_below_its_field_and_is_tied_to_it():
    html = str(Visit({"held_on": "2026-02-30", "kind": "a", "tags": ["x"]}))
    assert 'aria-describedby="id_held_on_error"' in html
    assert 'id="id_held_on_error"' in html
    assert "form-control is-invalid" in html


def test_typed_days_and_times_keep_the_form_that_people_write():
    form = Visit(initial={"held_on": date(2026, 11, 20), "starts_at": time(15, 0), "seen_at": at(20, 15, 0)})
    html = str(form)
    assert 'value="2026-11-20"' in html and 'value="15:00"' in html and 'value="2026-11-20 15:00"' in html


def test_the_bare_control_takes_width_and_marks():
    html = render('{% field form.starts_at css="clock" data_segment_start="1" %}', form=Visit())
    assert "form-control clock" in html and 'data-segment-start="1"' in html
    wrong = render("{% field form.held_on %}", form=Visit({"kind": "a"}))
    assert 'aria-invalid="true"' in wrong and "is-invalid" in wrong


SCRIPTS = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))


def test_scripts_stay_small():
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in SCRIPTS}
    assert {name: length for name, length in lengths.items() if length > 80} == {}
    assert sum(lengths.values()) <= 1500


def test_each_behaviour_is_reached_by_some_page_or_module():
    text = "".join(path.read_text("utf-8") for path in SCRIPTS)
    pages = "".join(path.read_text("utf-8") for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    unreached = [path.name for path in SCRIPTS if f"./{path.name}" not in text and f"js/{path.name}" not in pages]
    assert unreached == []


def test_a_swap_copies_no_inline_style_which_the_content_policy_forbids():
    config = re.search(
        r"name=\"htmx-config\"\s+content='(.*)'>", (settings.BASE_DIR / "templates" / "base.html").read_text()
    )[1]
    assert "style" not in json.loads(config)["attributesToSettle"]


class Question(Form):
    day = forms.DateField(label="召开日期")
    branch = forms.ChoiceField(label="支部", choices=[("1", "一支部")])
    is_read = forms.BooleanField(label="已读")
    reason = forms.CharField(label="原因", error_messages={"required": "写明原因"})


def test_what_is_left_empty_is_asked_for_by_its_name_unless_the_form_says_it_better():
    assert [errors[0] for errors in Question({}).errors.values()] == [
        "请填“召开日期”。",
        "请选“支部”。",
        "请勾选“已读”。",
        "写明原因",
    ]
