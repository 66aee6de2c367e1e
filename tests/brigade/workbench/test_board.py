"""The leader's board and the workbench, over real records."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.indicators.actions import drain
from brigade.indicators.models import Figure
from brigade.indicators.queries import as_of, shown
from brigade.indicators.rules import FIGURES
from brigade.kit.ids import new_id
from brigade.obligations.models import Obligation
from brigade.org.models import Unit, UnitPlacement
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from brigade.reference.models import Town
from brigade.workbench.queries import course
from brigade.workflow import settle
from tests.brigade.org.factories import person, unit
from tests.partybuilding import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db, time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")
    load_reference()
    return factories.world()


def hold(house, *branches):
    """A theme day of each branch a week ago, confirmed, and all figures computed."""
    now = timezone.now()
    day = (timezone.localdate(now) - timedelta(days=7)).isoformat()
    for branch in branches:
        factories.held(branch, day, "TD", "ST", absent=2)
    settle(now=now)
    drain(now=now)


def test_every_figure_opens_the_list_behind_it(client, house):
    hold(house, factories.branch(house), factories.branch(house, "城区二中队党支部"))
    client.force_login(house.leader)
    board = client.get(reverse("workbench:dashboard"), {"period": "year"})
    parts = board.context["board"].parts
    urls = [card.href for part in parts for card in part.cards]
    urls += [url for part in parts for _unit, cells, _task in part.rows for _shown, _note, url in cells if url]
    assert urls
    assert {client.get(url).status_code for url in set(urls)} == {200}


def test_the_board_shows_no_figure_whose_list_its_reader_may_not_open(client, house):
    squadron, branch = unit("一中队", parent=house.brigade), factories.branch(house)
    hold(house, branch)
    place = {"parent": squadron, "path": f"{squadron.path}{branch.pk}/"}
    Unit.objects.filter(pk=branch.pk).update(**place)
    UnitPlacement.objects.filter(unit=branch.pk).update(**place)
    client.force_login(person(Role.SQUADRON_LEADER, at=squadron))
    assert client.get("/party/meetings/").status_code == 403
    for page in ("workbench:dashboard", "workbench:screen", "workbench:home"):
        assert "/party/" not in client.get(reverse(page)).content.decode(), page


def test_the_board_is_a_whole_page_also_where_a_swap_asks_for_it(client, house):
    client.force_login(house.leader)
    board = client.get(reverse("workbench:dashboard"), headers={"HX-Request": "true"})
    assert board.status_code == 200 and "<!doctype html>" in board.content.decode()


def test_the_board_asks_no_more_for_twelve_branches_than_for_two(client, house, django_assert_max_num_queries):
    branches = [factories.branch(house, f"第{n}党支部") for n in range(12)]
    hold(house, *branches)
    client.force_login(house.leader)
    client.get(reverse("workbench:dashboard"))
    with django_assert_max_num_queries(33):
        client.get(reverse("workbench:dashboard"))


def test_units_stand_in_their_fixed_order(client, house):
    first, second = factories.branch(house, "甲支部"), factories.branch(house, "乙支部")
    hold(house, second, first)
    client.force_login(house.leader)
    board = client.get(reverse("workbench:dashboard"))
    rows = next(part.rows for part in board.context["board"].parts if part.rows)
    assert [one.pk for one, _cells, _task in rows] == [first.pk, second.pk]


def test_the_board_offers_units_each_below_its_parent(client, house):
    squadron = unit("一中队", parent=house.brigade, order=1)
    unit("二中队", parent=house.brigade, order=2)
    post = unit("铁塔岗", parent=squadron)
    client.force_login(house.leader)
    offered = [one.short_name for one in client.get(reverse("workbench:dashboard")).context["units"]]
    assert offered[0] == house.brigade.short_name
    assert offered[-3:] == [squadron.short_name, post.short_name, "二中队"]


def test_a_comparison_with_a_year_that_was_not_recorded_is_not_made(client, house):
    hold(house, factories.branch(house))
    client.force_login(house.leader)
    board = client.get(reverse("workbench:dashboard"))
    assert "上年同期数据不全" in board.text


def test_whoever_leads_nothing_is_told_where_his_figures_are(client, house):
    client.force_login(person(Role.OFFICER, at=house.brigade))
    answer = client.get(reverse("workbench:dashboard"))
    assert answer.status_code == 403
    assert "你的数字在工作台上" in answer.text


def test_a_squadron_leader_sees_the_board_of_his_own_squadron_and_of_no_other(client, house):
    own, other = unit("城区一中队", parent=house.brigade), unit("城区二中队", parent=house.brigade, order=1)
    counted(own, "2026-11-05", 3)
    counted(other, "2026-11-05", 40)
    client.force_login(person(Role.SQUADRON_LEADER, at=own))
    page = client.get(reverse("workbench:dashboard"), {"period": "month"})
    board = page.context["board"]
    assert (board.unit, page.context["units"]) == (own, [own])
    values = {card.standing.indicator.code: card for part in board.parts for card in part.cards}
    assert values["hazards.registered"].value == "3" and f"unit={own.pk}" in values["hazards.registered"].href
    assert {client.get(card.href).status_code for card in values.values()} == {200}
    for address in ("workbench:dashboard", "workbench:screen"):
        assert client.get(reverse(address)).status_code == 200
        for stranger in (other, house.brigade):
            assert client.get(reverse(address), {"unit": stranger.pk}).status_code == 404


def test_the_workbench_groups_by_urgency_and_shows_only_ones_own(client, house):
    branch, other = factories.branch(house), factories.branch(house, "城区二中队党支部")
    yesterday = (timezone.localdate() - timedelta(days=20)).isoformat()
    factories.recorded(branch, yesterday, "CM")
    client.force_login(branch.secretary)
    page = client.get(reverse("workbench:home"))
    assert "已逾期" in page.text
    assert "去确认" in page.text
    client.force_login(other.secretary)
    assert "去确认" not in client.get(reverse("workbench:home")).text


def test_the_workbench_says_how_many_duties_there_are_that_it_does_not_list(client, house):
    clerk = person(Role.CLERK, at=house.brigade)
    now = timezone.now()
    for n in range(33):
        Obligation.objects.create(
            rule="hazards.notice",
            kind="hazards.hazard",
            subject=str(new_id()),
            title=f"第{n}件",
            unit=house.brigade,
            post=Role.CLERK,
            opens_at=now - timedelta(days=90),
            due_at=now - timedelta(days=n + 1),
            state="open",
            changed_at=now,
        )
    client.force_login(clerk)
    page = client.get(reverse("workbench:home")).text
    assert (page.count('class="t"'), page.count("<small>33件</small>")) == (30, 2)
    assert "还有3件，看全部" in page


def test_what_the_product_assumes_has_a_star_in_each_line_and_is_said_once(client, house):
    clerk, now = person(Role.CLERK, at=house.brigade), timezone.now()
    for rule in ("hazards.notice", "hazards.receipt"):
        Obligation.objects.create(
            rule=rule, kind="hazards.hazard", subject=str(new_id()), title="急弯", unit=house.brigade, post=Role.CLERK,
            opens_at=now, due_at=now, state="open", changed_at=now,
        )  # fmt: skip
    client.force_login(clerk)
    page = client.get(reverse("workbench:home")).text
    words = re.sub(r"<[^>]+>", "", page)
    assert "“及时”*" in words and "期限*" in words
    assert words.count("产品默认值") == 1 and page.count("：天数为产品默认值") == 2


def test_whoever_has_no_role_yet_finds_no_link_that_leads_nowhere(client, house):
    client.force_login(person(at=house.brigade))
    page = client.get(reverse("workbench:home")).text
    links = set(re.findall(r'href="(/[^"#?]*)"', page)) - set(re.findall(r'href="(/static/[^"]*)"', page))
    assert reverse("workbench:notices") in links
    assert {client.get(link).status_code for link in links} == {200}


def test_a_person_without_anything_to_do_is_told_so(client, house):
    client.force_login(person(Role.OFFICER, at=house.brigade))
    assert "今天没有要办的事" in client.get(reverse("workbench:home")).text


def test_the_list_of_duties_asks_as_much_for_two_hundred_rows_as_for_one(client, house, django_assert_max_num_queries):
    branch = factories.branch(house)
    hold(house, branch)
    client.force_login(house.office)
    client.get(reverse("workbench:obligations"))
    with django_assert_max_num_queries(11):
        assert client.get(reverse("workbench:obligations"), {"per": "200"}).status_code == 200


def test_the_list_of_duties_opens_on_what_is_to_be_done_the_nearest_first(client, house):
    branch = factories.branch(house)
    hold(house, branch)
    client.force_login(house.office)
    bare = client.get(reverse("workbench:obligations"))
    rows = bare.context["page"].records
    assert rows and {row.state for row in rows} == {"open"}
    assert [row.due_at for row in rows] == sorted(row.due_at for row in rows)


def test_all_duties_stay_asked_for_while_the_list_is_sorted_and_reloaded(client, house):
    hold(house, factories.branch(house))
    client.force_login(house.office)
    url = reverse("workbench:obligations")
    assert {row.state for row in client.get(url, {"all": 1}).context["page"].records} > {"open"}
    sorting = [address for _cell, address, _now in client.get(url, {"all": 1}).context["head"] if address]
    assert sorting and all("all=1" in address for address in sorting)
    swapped = client.get(f"{url}?q=&state=", headers={"HX-Request": "true"})
    assert swapped["HX-Push-Url"] == f"{url}?all=1"


@pytest.mark.parametrize(
    ("role", "words", "own"),
    [(Role.RECORDER, "记会议", "/party/meetings/new/"), (Role.WINDOW_CLERK, "窗口办件", "/services/requests/new/")],
)
def test_what_a_person_can_do_for_no_unit_is_not_offered(client, house, role, words, own):
    """A recorder or a window clerk of a squadron, below which there is neither a branch nor a hall."""
    stranger = person(role, at=unit("城区一中队", parent=house.brigade))
    client.force_login(stranger)
    ledger = "/party/meetings/" if role == Role.RECORDER else "/services/requests/"
    for page in ("/", ledger, "/party/meetings/matrix/"):
        assert f'href="{own}"' not in client.get(page).text
    assert client.get(own).status_code == 403


def test_what_counts_in_halves_has_one_decimal_throughout_and_a_count_has_none():
    hours, gatherings = FIGURES["party.study_hours"], FIGURES["party.meetings"]
    assert [shown(Decimal(amount), hours) for amount in ("118", "92.5")] == ["118.0", "92.5"]
    assert shown(Decimal("1250.0"), gatherings) == "1,250"


def test_what_is_not_all_is_never_rounded_to_a_hundred():
    """411 of 412 is 99.76 %."""
    rate = FIGURES["hazards.on_time"]
    amounts = [Decimal(part) * 100 / Decimal(whole) for part, whole in ((411, 412), (9999, 10000), (412, 412), (0, 9))]
    assert [shown(amount, rate) for amount in amounts] == ["99.8", "99.9", "100.0", "0.0"]


def sheets_of(answer):
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)] for sheet in book}, book


def test_the_board_is_taken_along_as_a_workbook_of_the_same_figures(client, house):
    branches = [factories.branch(house), factories.branch(house, "城区二中队党支部")]
    hold(house, *branches)
    client.force_login(house.leader)
    board = client.get(reverse("workbench:dashboard")).context["board"]
    answer = client.get(reverse("workbench:dashboard"), {"format": "xlsx"})
    assert "attachment" in answer["Content-Disposition"]
    sheets, _book = sheets_of(answer)
    assert list(sheets) == ["应办事项", *[card.label for part in board.parts for card in part.cards]]
    assert [row[1] for row in sheets["应办事项"][:4]] == [
        board.funnel.due,
        board.funnel.met,
        board.funnel.on_time,
        board.funnel.late,
    ]
    for part in board.parts:
        for card in part.cards:
            whole, months, units = sheets[card.label][0], sheets[card.label][1:12], sheets[card.label][12:]
            if card.standing.base:
                assert round(whole[2] * 100, 1) == float(card.value)
                assert whole[3:5] == [float(card.standing.value), float(card.standing.base)]
            elif card.standing.amount is not None:
                assert whole[2] == float(card.standing.amount)
            assert len(months) == 11
            assert [row[1] for row in units] == [
                one.short_name for one, sums in part.lines if card.standing.indicator.code in sums
            ]


def test_each_sheet_of_the_board_says_whose_of_which_time_on_what_basis_and_up_to_when(client, house):
    hold(house, factories.branch(house))
    client.force_login(house.leader)
    _sheets, book = sheets_of(client.get(reverse("workbench:dashboard"), {"format": "xlsx", "period": "month"}))
    sheet = book["到会率"]
    assert "大队党总支" in sheet["A2"].value and house.leader.police_no in sheet["A2"].value
    told = sheet["A3"].value
    assert "2026年11月1日至2026年11月23日" in told
    assert "数据截至2026-11-23 09:00" in told
    assert str(FIGURES["party.attendance"].basis) in told


def test_a_name_that_begins_like_a_formula_stays_a_name_in_the_workbook(client, house):
    hold(house, factories.branch(house, "=1+1"), factories.branch(house))
    client.force_login(house.leader)
    _sheets, book = sheets_of(client.get(reverse("workbench:dashboard"), {"format": "xlsx"}))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert cells and {cell.data_type for cell in cells} == {"s"}


def test_taking_the_board_along_is_noted(client, house):
    client.force_login(house.leader)
    client.get(reverse("workbench:dashboard"), {"format": "xlsx"}).getvalue()
    event = AuditEvent.objects.get(verb="ledger.exported")
    assert event.actor_id == house.leader.pk
    assert "运行情况" in event.sentence


def test_a_board_without_any_record_is_a_workbook_too(client, house):
    client.force_login(house.leader)
    sheets, _book = sheets_of(client.get(reverse("workbench:dashboard"), {"format": "xlsx"}))
    assert [row[1] for row in sheets["应办事项"]] == [0] * 6


def test_whoever_may_not_see_the_board_gets_no_workbook_either(client, house):
    client.force_login(person(Role.OFFICER, at=house.brigade))
    assert client.get(reverse("workbench:dashboard"), {"format": "xlsx"}).status_code == 403


def test_figures_that_nothing_moved_are_as_new_as_the_last_drain(house):
    hold(house, factories.branch(house))
    later = timezone.now() + timedelta(minutes=7)
    drain(now=later)
    assert as_of(["party.meetings"]) == later


# Compared with last year and with the month before


def counted(at, day, value, base=0, code="hazards.registered", facet=""):
    Figure.objects.create(indicator=code, unit=at, day=date.fromisoformat(day), value=value, base=base, facet=facet)


@pytest.fixture
def november(house):
    """Eighteen hazards this November and thirty in the last one, none in October; 276 of 300 in time after 255."""
    counted(house.brigade, "2024-10-01", 1)
    counted(house.brigade, "2025-11-05", 30)
    counted(house.brigade, "2026-11-05", 18)
    for day, part in (("2024-10-02", 0), ("2025-11-05", 255), ("2026-11-05", 276)):
        counted(house.brigade, day, part, 300, "hazards.on_time")
        counted(house.brigade, day, part, 300, "hazards.closing")
    counted(house.brigade, "2024-10-01", 1, code="hazards.closed")
    counted(house.brigade, "2026-11-05", 3, code="hazards.closed")
    counted(house.brigade, "2025-11-05", 40, code="hazards.open")
    counted(house.brigade, "2026-11-05", -12, code="hazards.open")
    return house


def cards_of_the_month(client, house, **asked):
    client.force_login(house.leader)
    page = client.get(reverse("workbench:dashboard"), {"period": "month", **asked})
    return {card.standing.indicator.code: card for card in page.context["board"].cards}, page.text


def test_a_difference_that_is_chance_is_called_so_and_has_no_colour(client, november):
    cards, page = cards_of_the_month(client, november)
    card = cards["hazards.registered"]
    assert (card.value, card.change, card.then, card.verdict) == ("18", "少12处", "同期30处", "差异不显著 p=0.11")
    assert (card.arrow, card.tone) == ("down", "")
    assert "差异不显著 p=0.11" in page and "同期30处" in page


def test_a_difference_that_is_more_than_chance_is_coloured_and_says_of_how_many(client, november):
    card = cards_of_the_month(client, november)[0]["hazards.on_time"]
    assert (card.value, card.note, card.then) == ("92.0", "276/300", "同期255/300")
    assert (card.change, card.verdict, card.tone) == ("高7.0个百分点", "差异显著 p=0.007", "ok")


def test_where_there_was_nothing_then_it_is_said_and_there_is_no_percentage(client, november):
    card = cards_of_the_month(client, november)[0]["hazards.closed"]
    assert (card.value, card.change, card.verdict, card.arrow, card.then) == ("3", "上年同期为0", "", "", "")
    last_month = cards_of_the_month(client, november, against="previous")[0]["hazards.registered"]
    assert (last_month.change, last_month.verdict, last_month.arrow) == ("上期为0", "", "")


def test_what_ripens_is_not_compared_and_a_stock_is_compared_without_a_test(client, november):
    cards, _page = cards_of_the_month(client, november)
    assert (cards["hazards.closing"].value, cards["hazards.closing"].change) == ("92.0", "")
    assert (cards["hazards.closing"].arrow, cards["hazards.closing"].then) == ("", "")
    stock = cards["hazards.open"]
    assert (stock.value, stock.change, stock.verdict) == ("28", "少12处", "")


def test_a_month_is_compared_with_the_same_days_of_the_month_before(client, november):
    counted(november.brigade, "2026-10-23", 20)
    counted(november.brigade, "2026-10-24", 70)
    cards, page = cards_of_the_month(client, november, against="previous")
    card = cards["hazards.registered"]
    assert (card.change, card.then, card.verdict) == ("少2处", "上期20处", "差异不显著 p=0.87")
    assert "与上期同天数比" in page
    sheets, _book = sheets_of(client.get(reverse("workbench:dashboard"), {
        "format": "xlsx", "period": "month", "against": "previous",
    }))  # fmt: skip
    whole, before = sheets["登记隐患"][:2]
    assert [whole[2], *whole[8:]] == [18, "少2处", "差异不显著 p=0.87"]
    assert before[:3] == ["上期", "2026年10月1日至2026年10月23日", 20]


def test_a_month_without_any_is_none_at_all_where_it_is_counted_but_not_before_anybody_did(house):
    counted(house.brigade, "2025-03-02", 4)
    counted(house.brigade, "2026-01-05", 2)
    months = course(FIGURES["hazards.registered"], house.brigade, date(2026, 4, 30)).months
    assert [(now and now[0], then and then[0]) for _month, now, then in months] == [
        (2, None),
        (0, None),
        (0, 4),
        (0, 0),
    ]


def test_small_counts_of_months_are_drawn_as_what_they_add_up_to(client, house):
    squadron = unit("一中队", parent=house.brigade)
    counted(squadron, "2025-03-02", 4)
    counted(squadron, "2026-01-05", 2)
    counted(squadron, "2026-03-05", 9)
    drawn = course(FIGURES["hazards.registered"], squadron, date(2026, 4, 30)).as_drawn
    assert drawn.rows == [(1, "2", ""), (2, "2", ""), (3, "11", "4"), (4, "11", "4")]
    client.force_login(person(Role.SQUADRON_LEADER, at=squadron))
    page = client.get(reverse("workbench:dashboard")).content.decode()
    assert "处，逐月累计与去年同期" in page and "累计到" in page
    counted(squadron, "2026-02-05", 10)
    raw = course(FIGURES["hazards.registered"], squadron, date(2026, 4, 30))
    assert raw.as_drawn is raw and [now for _month, now, _then in raw.rows] == ["2", "10", "9", "0"]


def test_an_address_that_means_nothing_compares_with_last_year(client, november):
    assert cards_of_the_month(client, november, against="x")[0]["hazards.registered"].then == "同期30处"
    client.force_login(november.leader)
    year = client.get(reverse("workbench:dashboard"), {"period": "year", "against": "previous"})
    assert year.context["board"].against.code == "year"


# Street by street


@pytest.fixture
def streets(november):
    """One town has many more than a year ago, one as many as chance makes; of the third nothing is known."""
    worse, same, _none = towns = list(Town.objects.order_by("code")[:3])
    for town, day, n in (
        (worse, "2025-11-05", 4), (worse, "2026-10-05", 20), (worse, "2026-11-05", 24),
        (same, "2025-11-05", 9), (same, "2026-11-05", 8), (same, "2024-10-01", 1),
    ):  # fmt: skip
        counted(november.brigade, day, n, code="hazards.registered_in_town", facet=str(town.pk))
    for day, n in (("2024-10-01", 1), ("2025-11-05", 5), ("2026-11-05", 3)):
        counted(november.brigade, day, n, code="hazards.open_in_town", facet=str(worse.pk))
    counted(november.brigade, "2026-11-06", 2, code="hazards.overdue_in_town", facet=str(worse.pk))
    counted(november.brigade, "2026-11-06", 2, code="hazards.overdue")
    return towns


def test_the_board_says_which_towns_got_worse_beside_last_year_and_the_month_before(client, november, streets):
    client.force_login(november.leader)
    page = client.get(reverse("workbench:dashboard"), {"period": "month"})
    (worse, cells), (same, others) = page.context["towns"]
    assert [worse, same] == streets[:2]
    found, still, late = cells
    assert [(card.then, card.change, card.verdict) for card in found.told] == [
        ("同期4处", "多20处", "差异显著 p<0.001"),
        ("上期20处", "多4处", "差异不显著 p=0.65"),
    ]
    assert [card.verdict for card in others[0].told][0] == "差异不显著 p=1.00"
    assert [(card.then, card.change, card.verdict) for card in still.told][:1] == [("同期6处", "多3处", "")]
    assert (found.value, still.value, late.value, late.told) == ("24", "9", "2", [])
    for cell in cells:
        answer = client.get(cell.href)
        assert answer.status_code == 200 and answer.context["sheet"].filters.form.cleaned_data["town"] == str(worse.pk)
    assert 'id="towns"' in page.text and "差异显著 p&lt;0.001" in page.text


def test_the_towns_of_the_board_go_along_as_a_sheet_of_their_own(client, november, streets):
    client.force_login(november.leader)
    sheets, book = sheets_of(client.get(reverse("workbench:dashboard"), {"format": "xlsx", "period": "month"}))
    heads = [cell.value for cell in book["各乡镇街道"][4]]
    assert heads[:4] == ["乡镇街道", "登记隐患（处）", "登记隐患，同期", "差异"] and heads[-1] == "逾期未整改隐患（处）"
    first = sheets["各乡镇街道"][0]
    assert first[:5] == [streets[0].name, 24, 4, "多20处", "差异显著 p<0.001"] and first[-1] == 2


def test_a_town_of_another_squadron_stands_on_no_board_of_this_one(client, november, streets):
    own = unit("城区一中队", parent=november.brigade)
    counted(own, "2026-11-05", 2, code="hazards.registered_in_town", facet=str(streets[2].pk))
    client.force_login(person(Role.SQUADRON_LEADER, at=own))
    page = client.get(reverse("workbench:dashboard"), {"period": "month"})
    assert [town for town, _cells in page.context["towns"]] == [streets[2]]
    assert streets[0].name not in page.text


def test_the_board_asks_no_more_for_more_towns(client, november, streets, django_assert_max_num_queries):
    for town in Town.objects.all():
        counted(november.brigade, "2026-11-07", 2, code="hazards.registered_in_town", facet=str(town.pk))
    client.force_login(november.leader)
    client.get(reverse("workbench:dashboard"), {"period": "month"})
    with django_assert_max_num_queries(43):
        client.get(reverse("workbench:dashboard"), {"period": "month"})
