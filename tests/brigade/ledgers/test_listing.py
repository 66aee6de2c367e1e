"""A ledger shows what is in scope, as asked, in constant queries; its file holds what the screen shows."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest

from brigade.audit.models import AuditEvent
from brigade.org.models import Unit
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh, csv_of
from tests.brigade.org.factories import person, unit

URL = "/toy/units/"
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.brigade.ledgers.toy")]


@pytest.fixture
def brigade():
    return unit("东昌府大队")


@pytest.fixture
def clerk(client, brigade):
    who = person("clerk", at=brigade, name="刘敏")
    client.force_login(who)
    return who


def names(rows):
    return [row[1] for row in rows[1:]]


def shown(response):
    return [record.name for record in response.context["page"].records]


def test_out_of_scope_rows_are_neither_shown_nor_counted_nor_exported(client, brigade, clerk):
    unit("一中队", parent=brigade)
    unit("外县大队")
    response = client.get(URL)
    assert set(shown(response)) == {"东昌府大队", "一中队"}
    assert response.context["page"].total == 2
    assert set(names(csv_of(client, URL))) == {"东昌府大队", "一中队"}


def test_a_ledger_without_the_permission_is_refused(client, brigade):
    client.force_login(person(at=brigade))
    assert client.get(URL).status_code == 403


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get(URL).status_code == 302


def test_one_three_and_two_hundred_rows_cost_the_same_queries(client, brigade, clerk):
    side_bar, new_options = 2, 1
    assert_same_queries(
        client, f"{URL}?per=200", lambda n: [unit(parent=brigade) for _ in range(n)], limit=8 + side_bar + new_options
    )


def test_the_default_order_is_by_date_and_then_by_id(client, brigade, clerk):
    made = [unit(f"{n}中队", parent=brigade, opened_on=day) for n, day in enumerate([date(2021, 1, 1)] * 2)]
    newest = unit("新中队", parent=brigade, opened_on=date(2022, 1, 1))
    assert shown(client.get(URL)) == [newest.name, made[1].name, made[0].name, brigade.name]


@pytest.mark.parametrize("asked", ["code", "-code"])
def test_a_declared_column_sorts_both_ways(client, brigade, clerk, asked):
    for code in ("A2", "A1", "A3"):
        unit(f"{code}中队", parent=brigade, code=code)
    codes = [row[0] for row in csv_of(client, f"{URL}?sort={asked}&kind=squadron")[1:]]
    assert codes == sorted(codes, reverse=asked.startswith("-"))


@pytest.mark.parametrize(
    "asked", ["name", "parent", "password", "--code", "pk;drop", "parent__path", "?", "code,name", "\x00", "-"]
)
def test_any_other_sorting_falls_back_to_the_ledgers_own_order(client, brigade, clerk, asked):
    unit("一中队", parent=brigade, opened_on=date(2021, 1, 1))
    response = client.get(URL, {"sort": asked})
    assert shown(response) == ["一中队", "东昌府大队"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=一中", {"一中队"}),
        ("q=一中 大队", set()),
        ("kind=squadron", {"一中队", "二中队"}),
        ("opened_on_after=2021-01-01&opened_on_before=2021-12-31", {"二中队"}),
        ("opened_on_before=2020-12-31", {"东昌府大队", "一中队"}),
    ],
)
def test_filters_narrow_the_list_and_its_file_alike(client, brigade, clerk, query, found):
    unit("一中队", parent=brigade)
    unit("二中队", parent=brigade, opened_on=date(2021, 5, 1))
    assert set(shown(client.get(f"{URL}?{query}"))) == found
    assert set(names(csv_of(client, f"{URL}?{query}"))) == found


def test_a_unit_filter_takes_in_what_lies_below_and_offers_only_what_is_in_scope(client, brigade, clerk):
    squadron = unit("一中队", parent=brigade)
    unit("一班", parent=squadron)
    other = unit("外县大队")
    assert set(shown(client.get(f"{URL}?under={squadron.pk}"))) == {"一中队", "一班"}
    response = client.get(f"{URL}?under={other.pk}")
    assert shown(response) == []
    assert "外县大队" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=nonsense", "类别："),
        ("opened_on_after=someday", "设立日期："),
        ("opened_on_after=2026-02-01&opened_on_before=2026-01-01", "起止日期颠倒了"),
        ("q=%00", "搜索："),
        ("q=" + "长" * 10_000, "搜索："),
    ],
)
def test_a_filter_that_cannot_be_understood_lists_nothing_and_says_which(client, brigade, clerk, query, said):
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    assert shown(response) == []
    assert said in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-3", "zwei", "999", "²", "99999999999999999999"])
def test_a_page_that_is_not_there_shows_the_nearest(client, brigade, clerk, page):
    assert shown(client.get(URL, {"page": page})) == ["东昌府大队"]


@pytest.mark.parametrize(("asked", "per"), [("25", 25), ("200", 200), ("201", 50), ("x", 50)])
def test_rows_a_page_are_one_of_four_sizes(client, brigade, clerk, asked, per):
    assert client.get(URL, {"per": asked}).context["page"].per == per


def test_beyond_the_cap_a_narrower_filter_is_asked_for(client, brigade, clerk, monkeypatch):
    for module in ("views.listing", "tables.pages", "tables.sheets"):
        monkeypatch.setattr(f"brigade.ledgers.{module}.CAP", 60)
    for _ in range(70):
        unit(parent=brigade)
    first = client.get(URL)
    assert first.context["page"].total == 61
    assert "60+" in first.content.decode()
    assert len(shown(client.get(f"{URL}?page=2"))) == 21
    deep = client.get(f"{URL}?page=3")
    assert shown(deep) == []
    assert "缩小范围再看" in deep.content.decode()


def test_a_list_beyond_the_cap_is_not_counted_again_but_a_narrower_one_is(
    client, brigade, clerk, monkeypatch, django_assert_max_num_queries
):
    for module in ("tables.pages", "tables.sheets"):
        monkeypatch.setattr(f"brigade.ledgers.{module}.CAP", 20)
    for _ in range(30):
        unit(parent=brigade)
    totals = []
    for _ in range(2):
        with django_assert_max_num_queries(20) as seen:
            totals.append(client.get(URL).context["page"].total)
        totals.append(sum("COUNT(*)" in query["sql"] for query in seen))
    assert totals == [21, 1, 21, 0]
    assert client.get(f"{URL}?kind=brigade").context["page"].total == 1


def test_an_empty_ledger_says_what_to_do_next(client, brigade, clerk, monkeypatch):
    monkeypatch.setattr("tests.brigade.ledgers.toy.UnitList.rows", classmethod(lambda cls, user: Unit.objects.none()))
    assert "先设立一个单位。" in client.get(URL).content.decode()


def test_a_filter_that_finds_nothing_offers_to_clear_it(client, brigade, clerk):
    html = client.get(f"{URL}?kind=hall").content.decode()
    assert "当前条件：类别：服务大厅" in html
    assert f"{URL}?all=1" in html


def test_columns_are_those_chosen_on_screen_and_in_the_file(client, brigade, clerk):
    assert csv_of(client, URL)[0] == ["代码", "名称", "类别", "设立日期", "上级"]
    asked = f"{URL}?columns=order&columns=code&columns=password"
    assert csv_of(client, asked) == [["代码", "次序"], [brigade.code, "0"]]
    assert [str(cell.label) for cell, _url, _now in client.get(asked).context["head"]] == ["代码", "次序"]


def test_a_workbook_has_title_unit_conditions_person_and_the_same_rows(client, brigade, clerk):
    unit("一中队", parent=brigade)
    response = client.get(f"{URL}?kind=squadron&format=xlsx")
    sheet = openpyxl.load_workbook(BytesIO(response.getvalue())).active
    text = "\n".join(str(cell.value) for row in sheet.iter_rows(max_row=3) for cell in row if cell.value)
    for part in ("单位台账", "东昌府大队", "类别：中队", "刘敏"):
        assert part in text
    assert [cell.value for cell in sheet[5]][1:3] == ["一中队", "中队"]
    assert sheet.freeze_panes == "A5"


def test_what_looks_like_a_formula_stays_text_in_both_files(client, brigade, clerk):
    unit("=HYPERLINK(1)", parent=brigade, code="+1")
    row = csv_of(client, f"{URL}?kind=squadron")[1]
    assert row[:2] == ["'+1", "'=HYPERLINK(1)"]


def test_an_export_leaves_an_audit_row_with_its_conditions_and_rows(client, brigade, clerk):
    csv_of(client, f"{URL}?kind=brigade")
    event = AuditEvent.objects.get(verb="ledger.exported")
    assert event.actor_name == "刘敏"
    assert event.changes["rows"] == 1
    assert "类别：大队" in event.sentence


def test_a_screen_value_is_escaped(client, brigade, clerk):
    unit("<script>x</script>", parent=brigade)
    html = client.get(URL).content.decode()
    assert "&lt;script&gt;x" in html
    assert "<script>x" not in html


@pytest.mark.parametrize("query", ["kind=squadron", "sort=-code&per=25", "page=2&per=25", "q=none", "columns=code"])
def test_the_swapped_page_is_the_fresh_page(client, brigade, clerk, query):
    for _ in range(30):
        unit(parent=brigade)
    assert_swap_is_fresh(client, f"{URL}?{query}")


def test_the_address_after_a_swap_holds_only_what_was_set(client, brigade, clerk):
    answer = client.get(f"{URL}?q=&kind=squadron&sort=&foreign=1", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == f"{URL}?kind=squadron"


def test_print_lays_all_rows_on_one_sheet(client, brigade, clerk):
    for _ in range(60):
        unit(parent=brigade)
    assert len(shown(client.get(f"{URL}?print=1"))) == 61
    assert "print=1" in client.get(URL).content.decode()


def test_on_a_phone_a_row_says_what_its_days_are_and_leaves_out_what_is_empty(client, brigade, clerk):
    page = client.get(f"{URL}?columns=code&columns=name&columns=opened_on&columns=parent").text
    assert f'<td class="topic"><a href="/org/units/{brigade.pk}/">' in page
    assert '<td class="fit" data-label="设立日期">' in page
    assert '<td class="none">—</td>' in page


def test_units_are_offered_each_below_its_parent(client, brigade, clerk):
    second, first = unit("二中队", parent=brigade, order=2), unit("一中队", parent=brigade, order=1)
    post = unit("铁塔岗", parent=second)
    offered = client.get(URL).context["sheet"].filters.form.fields["under"].choices
    assert [str(pk) for pk, _name in offered][1:] == [str(one.pk) for one in (brigade, first, second, post)]
