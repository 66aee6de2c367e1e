"""The screen on the wall: prepared pages of figures and obligations, for whom the board is."""

import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.indicators.actions import drain
from brigade.org.states import Role, Tree
from brigade.reference.actions import load_reference
from brigade.workflow import settle
from enforcement.hazards.queries import ALONE
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.test_map import many
from tests.enforcement.hazards.world import reported
from tests.partybuilding import factories

pytestmark = pytest.mark.django_db

SCREEN = reverse("workbench:screen")


@pytest.fixture
def house(db, time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")
    load_reference()
    return factories.world()


@pytest.fixture
def leader(client, house):
    client.force_login(house.leader)
    return house.leader


def hold(*branches):
    for branch in branches:
        factories.held(branch, "2026-11-16", "TD", "ST", absent=2)
    settle(now=timezone.now())
    drain(now=timezone.now())


def codes(answer):
    return [drawn.page.code for drawn in answer.context["pages"]]


def drawn(answer, code):
    return next(drawn for drawn in answer.context["pages"] if drawn.page.code == code)


def test_five_pages_are_prepared_where_the_brigade_has_all_it_has(client, house, leader):
    unit("车管所大厅", parent=house.brigade, tree=Tree.HALL)
    hold(factories.branch(house))
    answer = client.get(SCREEN)
    assert codes(answer) == ["today", "hazards", "party", "hall", "duties"]
    assert answer.text.count("data-page>") == 5
    assert all(len(one.tiles) <= 4 for one in answer.context["pages"])


def test_nothing_was_recorded_yet_and_the_screen_says_so_without_breaking(client, house, leader):
    answer = client.get(SCREEN)
    assert answer.status_code == 200
    assert "没有逾期和将到期的事" in answer.text


def test_the_page_named_in_the_address_is_shown_and_one_too_far_is_the_last(client, house, leader):
    assert client.get(SCREEN).context["at"] == 1
    assert client.get(SCREEN, {"page": "2"}).context["at"] == 2
    far = client.get(SCREEN, {"page": "99"})
    assert far.context["at"] == len(far.context["pages"])
    assert client.get(SCREEN, {"page": "-1"}).context["at"] == client.get(SCREEN, {"page": "0"}).context["at"] == 1


@pytest.mark.parametrize(("asked", "seconds"), [("", 0), ("30", 30), ("1", 5), ("abc", 0), ("99999", 3600)])
def test_it_turns_by_itself_only_when_the_address_asks(client, house, leader, asked, seconds):
    answer = client.get(SCREEN, {"turn": asked})
    assert answer.context["turn"] == seconds
    assert ("data-turn" in answer.text) == bool(seconds)


def test_what_is_fetched_every_minute_is_what_a_fresh_page_holds(client, house, leader):
    hold(factories.branch(house))
    whole, part = client.get(SCREEN).text, client.get(SCREEN, headers={"HX-Request": "true"}).text
    assert "<!doctype html>" not in part
    assert part.strip() in whole


def test_every_number_opens_the_list_behind_it(client, house, leader):
    hold(factories.branch(house), factories.branch(house, "城区二中队党支部"))
    answer = client.get(SCREEN)
    urls = {tile.href for one in answer.context["pages"] for tile in one.tiles}
    urls |= {url for rows in drawn(answer, "duties").parts["loads"] for _load, _name, url in rows if url}
    urls |= {line[-1] for line in drawn(answer, "duties").parts["warnings"]["lines"] if line[-1]}
    rows = [row for column in drawn(answer, "party").parts["units"]["columns"] for row in column]
    urls |= {url for _unit, cells in rows for _words, _note, url in cells if url}
    assert {client.get(url).status_code for url in urls} == {200}


def test_units_stand_in_their_fixed_order_and_no_person_is_compared(client, house, leader):
    first, second = factories.branch(house, "甲支部"), factories.branch(house, "乙支部")
    hold(second, first)
    answer = client.get(SCREEN)
    rows = [row for column in drawn(answer, "party").parts["units"]["columns"] for row in column]
    assert [one.pk for one, _cells in rows] == [first.unit.pk, second.unit.pk]
    names = {member.name for branch in (first, second) for member in branch.members}
    assert not [name for name in names if name in answer.text]


def test_the_numbers_are_those_of_the_board(client, house, leader):
    hold(factories.branch(house))
    board = client.get(reverse("workbench:dashboard")).context["board"]
    shown = {tile.label: tile.value for one in client.get(SCREEN).context["pages"] for tile in one.tiles}
    cards = {card.label: card.value for card in board.cards}
    assert {label: value for label, value in shown.items() if label in cards}.items() <= cards.items()
    assert shown["已到期应办"] == str(board.funnel.due)
    assert shown["逾期或未达标"] == str(board.funnel.late)


def test_a_unit_stands_with_all_that_it_oversees(client, house, leader):
    hold(factories.branch(house), factories.branch(house, "城区二中队党支部"))
    rows = [load for column in drawn(client.get(SCREEN), "duties").parts["loads"] for load, _name, _url in column]
    assert [load.unit for load in rows] == [house.general.unit]
    board = client.get(reverse("workbench:dashboard")).context["board"]
    assert (rows[0].due, rows[0].on_time) == (board.funnel.due, board.funnel.on_time)


def test_whoever_leads_one_hall_sees_its_pages_and_nobody_elses(client, house):
    hall = unit("车管所大厅", parent=house.brigade, tree=Tree.HALL)
    hold(factories.branch(house))
    client.force_login(person(Role.HALL_HEAD, at=hall))
    answer = client.get(SCREEN)
    assert "hall" in codes(answer) and not {"party", "hazards"} & set(codes(answer))
    assert "map" not in drawn(answer, "today").parts
    assert client.get(SCREEN, {"unit": house.brigade.pk}).status_code == 404


def test_whoever_leads_nothing_is_refused_and_finds_no_line_in_the_menu(client, house):
    client.force_login(person(Role.OFFICER, at=house.brigade))
    assert client.get(SCREEN).status_code == 403
    assert f'href="{SCREEN}"' not in client.get("/").text


def test_the_menu_leads_a_leader_to_the_screen(client, house, leader):
    assert f'href="{SCREEN}"' in client.get("/").text


def test_the_name_of_the_viewer_stands_in_the_footer_and_not_over_the_numbers(client, house, leader):
    page = client.get(SCREEN).text
    assert "mark-layer" not in page
    assert f"{leader.name} {leader.police_no[-6:]}" in page


def test_a_session_that_ended_gets_a_bare_answer_so_that_the_last_data_stay(client, house):
    assert client.get(SCREEN, headers={"HX-Request": "true"}).status_code == 401


def test_the_screen_asks_as_much_for_twelve_branches_as_for_two(client, house, leader, django_assert_max_num_queries):
    hold(*[factories.branch(house, f"第{n}党支部") for n in range(12)])
    client.get(SCREEN)
    with django_assert_max_num_queries(60):
        client.get(SCREEN, headers={"HX-Request": "true"})


def test_what_stands_as_late_stands_among_the_warnings_also_when_it_is_the_readers_own(client, roads):
    reported(roads, "2026-03-02T09:00")
    client.force_login(roads.captain)
    answer = client.get(SCREEN)
    [[(load, _name, _url)]] = drawn(answer, "today").parts["loads"]
    assert load.late == drawn(answer, "today").parts["warnings"]["count"] == 1


def the_map(answer):
    return drawn(answer, "today").parts.get("map")


def test_open_hazards_stand_on_the_map_and_each_opens_its_record(client, roads):
    hazard = reported(roads, "2026-03-02T09:00")
    client.force_login(roads.leader)
    answer = client.get(SCREEN)
    [(x, y, tone, title, url)] = the_map(answer)["places"]
    outline = the_map(answer)["outline"]
    assert 0 < x < outline.width and 0 < y < outline.height
    assert (tone, url) == ("open", hazard.get_absolute_url())
    assert hazard.title in title
    assert f'href="{url}"' in answer.text


def test_very_many_hazards_stand_on_the_map_as_numbers(client, roads, django_assert_max_num_queries):
    many(roads, ALONE + 20)
    client.force_login(roads.leader)
    found = the_map(client.get(SCREEN))
    assert found["places"] == []
    assert sum(n for _x, _y, n, _late in found["groups"]) == ALONE + 20


def test_a_leader_without_a_right_to_hazards_finds_no_map(client, roads):
    reported(roads, "2026-03-02T09:00")
    client.force_login(person(Role.PARTY_OFFICE, at=roads.brigade))
    assert the_map(client.get(SCREEN)) is None


def test_a_wall_stays_for_hours_but_is_nobody_at_work(client, house, leader, time_machine):
    renewal = {"HX-Request": "true"}
    assert client.get(SCREEN).status_code == 200
    for _hour in range(3):
        time_machine.shift(3600)
        assert client.get(SCREEN, headers=renewal).status_code == 200
    assert client.get(reverse("workbench:dashboard"))["Location"].endswith("expired=1")
    assert client.get(SCREEN, headers=renewal).status_code == 401


def test_a_wall_ends_with_its_session_after_twelve_hours(client, house, leader, time_machine):
    assert client.get(SCREEN).status_code == 200
    time_machine.shift(12 * 3600)
    assert client.get(SCREEN, headers={"HX-Request": "true"}).status_code == 401
