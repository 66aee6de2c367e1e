"""What is found by whom: on both databases, over records, people and units."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from brigade.audit.actions import SYSTEM
from brigade.kit.ids import new_id
from brigade.kit.searching import haystack, question
from brigade.ledgers.tables import sheets
from brigade.org.actions import change_person, enrol_person, open_unit
from brigade.org.models import Person, Record
from brigade.org.states import Role, Tree, UnitKind
from brigade.search import actions, queries, rules
from brigade.search.models import Entry
from brigade.search.queries import aiming, find, findable, is_complete, narrowing, walking
from services.requests.actions import Citizen, void
from services.requests.models import ServiceRequest
from services.requests.views import RequestList
from tests.attack.town import strangers
from tests.attack.town import town as build
from tests.brigade.org.factories import LONG_AGO, person, unit
from tests.services.requests.world import HERE, taken_in

pytestmark = pytest.mark.django_db
MANY = 12


def found(user, text):
    return [row for group in find(user, text) for row in group.rows]


def request_of(world, name="刘某某", phone="13800000024", code="PL01", **more):
    return taken_in(world, code, "2026-06-12T10:00", citizen=Citizen(name=name, phone=phone, **more))


@pytest.mark.parametrize("typed", ["曾伟", "zengwei", "ZW", "cengwei", "cw", "0024", "024"])
def test_a_request_is_found_by_the_citizen_in_every_way_that_he_is_asked_for(world, typed):
    request_of(world, phone="13800000099")
    request = request_of(world, name="曾伟")
    assert found(world.clerk, typed)[0] == request


def test_a_request_is_found_by_its_number_and_by_the_end_of_it(world):
    request_of(world)
    request = request_of(world)
    for typed in (request.number, request.number.lower(), request.number[-3:], request.number[:-1]):
        assert request in found(world.clerk, typed)[:2], typed
    assert found(world.clerk, request.number) == [request]


def test_the_row_whose_number_is_asked_for_comes_before_all_younger_ones_that_hold_it(world):
    request = request_of(world)
    for _ in range(3):
        younger = request_of(world)
        younger.external_no = request.number
        actions.keep([younger])
    assert found(world.clerk, request.number)[0] == request


def test_of_rows_that_fit_alike_the_younger_one_comes_first(world):
    older, younger = request_of(world, name="仇强"), request_of(world, name="仇强")
    assert found(world.clerk, "qiuqiang") == [younger, older]


def test_a_whole_phone_number_finds_by_its_blind_index_and_is_not_in_the_index(world):
    request_of(world, phone="13900000024")
    request = request_of(world, phone="13800000024", id_no=HERE)
    assert found(world.clerk, "138 0000 0024") == [request]
    assert found(world.clerk, HERE) == [request]
    assert found(world.clerk, "13800000025") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM search_entry")
        kept = " ".join(words for (words,) in cursor.fetchall())
    assert "0024" in kept and "13800000024" not in kept and HERE not in kept and HERE[:10] not in kept


def test_what_is_changed_is_found_by_the_new_words_only(world):
    request = request_of(world, name="曾伟")
    request.citizen_name = "仇强"
    actions.keep([request])
    assert found(world.clerk, "qq") == [request] and found(world.clerk, "zw") == []


def test_people_and_units_are_found_as_soon_as_they_are_there(world):
    admin = person(Role.SYSTEM_ADMIN, at=world.brigade)
    made = enrol_person(
        by=admin, police_no="372777", name="单立", unit=world.hall, starts_on=LONG_AGO, phone="13812345678"
    )
    assert all(found(admin, typed) == [made] for typed in ("单立", "shanli", "sl", "372777", "5678", "13812345678"))
    change_person(by=admin, person=made, name="乐平", kind=made.kind)
    assert found(admin, "shanli") == [] and found(admin, "yueping") == [made]
    opened = open_unit(
        by=SYSTEM,
        tree=Tree.HALL,
        kind=UnitKind.HALL,
        code="LC-BL",
        name="便民服务站",
        short_name="便民站",
        opened_on=LONG_AGO,
        parent=world.brigade,
    )
    viewer = person(Role.BRIGADE_LEADER, at=world.brigade)
    assert found(viewer, "bmfw") == found(viewer, "便民") == found(viewer, "lc-bl") == [opened]


def test_nobody_finds_what_he_may_not_see(world):
    request = request_of(world, name="曾伟")
    elsewhere = unit("别处车管所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    stranger, nobody = person(Role.WINDOW_CLERK, at=elsewhere), person(at=elsewhere)
    for typed in ("曾伟", "zw", request.number, "13800000024"):
        assert request in found(world.clerk, typed)
        assert found(stranger, typed) == found(nobody, typed) == []


def test_the_roles_of_another_place_find_nothing_of_this_one():
    town = build()
    actions.catch_up(now=timezone.now())
    records = [town.request, town.meeting, town.announced, town.decision, town.waiver, town.leave, town.transfer]
    for stranger in strangers(town):
        for record in records:
            for typed in filter(None, (record.title, record.number)):
                assert record not in found(stranger, typed), (stranger, record)


def test_whoever_may_see_a_record_finds_it():
    """By its title; also who sees it beside the grants on its unit."""
    town = build()
    actions.catch_up(now=timezone.now())
    for record in (town.request, town.meeting, town.announced, town.decision, town.waiver, town.leave, town.transfer):
        readers = [reader for reader, _why in record.own_readers()]
        assert all(record in found(reader, record.title) for reader in readers), record


def many_elsewhere(world, monkeypatch):
    """More rows of another hall ask for the same word than the search looks at, all younger."""
    monkeypatch.setattr(aiming, "POOL", 3)
    mine = request_of(world)
    elsewhere = unit("别处车管所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    twins = [ServiceRequest.objects.get(pk=mine.pk) for _ in range(MANY)]
    for n, twin in enumerate(twins):
        twin.pk, twin.unit, twin.number = new_id(), elsewhere, f"X-{n}"
    ServiceRequest.objects.bulk_create(twins)
    actions.enter(twins)
    return mine


def test_who_sees_one_hall_finds_his_row_behind_any_number_of_younger_ones(world, monkeypatch):
    mine = many_elsewhere(world, monkeypatch)
    assert found(world.clerk, mine.title) == found(world.clerk, mine.title[:2]) == [mine]


def test_so_does_the_reader_of_his_own_record(monkeypatch):
    monkeypatch.setattr(aiming, "POOL", 3)
    town = build()
    owner = person(at=town.brigade)
    twins = [type(town.decision).objects.get(pk=town.decision.pk) for _ in range(MANY)]
    for n, twin in enumerate(twins):
        twin.pk, twin.owner = new_id(), town.decision.owner if n else owner
    type(town.decision).objects.bulk_create(twins)
    actions.enter(twins)
    assert found(owner, twins[0].title) == found(owner, twins[0].title[:2]) == [twins[0]]


@pytest.mark.parametrize(("probe", "deepest"), [(1, 0), (2, 8), (3, 100), (256, 0)])
def test_however_far_the_young_end_is_walked_the_youngest_rows_are_found(world, monkeypatch, probe, deepest):
    names = ["曾伟", "仇强", "仇强", "曾芳", "单立", "曾伟", "仇强", "曾芳", "仇强", "仇强", "仇强", "仇强"]
    requests = [request_of(world, name=name) for name in names]
    elsewhere = unit("别处车管所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    twin = ServiceRequest.objects.get(pk=requests[0].pk)
    twin.pk, twin.unit = new_id(), elsewhere
    ServiceRequest.objects.bulk_create([twin])
    actions.enter([twin])
    for module, name, value in ((walking, "PROBE", probe), (walking, "DEEPEST", deepest), (aiming, "POOL", 3)):
        monkeypatch.setattr(module, name, value)
    everybody, stranger = person(Role.HALL_HEAD, at=world.brigade), person(Role.HALL_HEAD, at=elsewhere)
    for name, typed in (("曾伟", "zw"), ("仇强", "仇强"), ("曾芳", "曾芳 0024"), ("单立", "sl"), ("没有", "没有")):
        mine = [request for request in reversed(requests) if request.citizen_name == name][:3]
        assert found(world.clerk, typed) == mine, typed
        assert [row for row in found(everybody, typed) if row != twin][:2] == mine[:2], typed
        assert found(stranger, typed) == ([twin] if name == twin.citizen_name else []), typed


def test_more_rows_of_a_kind_do_not_cost_more_queries(world, django_assert_max_num_queries):
    request_of(world)
    for count in (0, 3):
        for _ in range(count):
            request_of(world)
        clerk = type(world.clerk).objects.get(pk=world.clerk.pk)
        with django_assert_max_num_queries(len(findable()) + 6):
            assert len(found(clerk, "刘某某")) == 1 + count


@pytest.mark.parametrize(
    "typed", ["", " ", "\x00", "😀", '"', "' OR 1=1 --", "* & | ! ( ) :", "a" * 10_000, "驾" * 10_000]
)
def test_nothing_that_is_typed_is_an_error(world, typed):
    request = request_of(world)
    assert request not in found(world.clerk, typed)
    assert RequestList.sheet(world.clerk, QueryDict(urlencode({"q": typed[:60]}))).total in (0, 1)


@pytest.mark.parametrize("many", [10_000, 1, 0])
def test_a_ledger_finds_what_a_reading_of_all_rows_would_whether_they_are_few_or_many(world, monkeypatch, many):
    monkeypatch.setattr(narrowing, "MANY", many)
    elsewhere = unit("别处车管所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    requests = [request_of(world, name=name) for name in ("曾伟", "曾伟", "仇强", "单立", "刘某某")]
    twin = ServiceRequest.objects.get(pk=requests[0].pk)
    twin.pk, twin.unit, twin.number = new_id(), elsewhere, "X-1"
    twin.search_text = haystack(twin.search_words())
    twin.save(force_insert=True)
    actions.enter([twin])
    void(by=world.head, request=requests[1], reason="录错了", now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    whole, part = person(Role.HALL_HEAD, at=world.brigade), person(Role.HALL_HEAD, at=elsewhere)
    for reader in (whole, world.clerk, part, person(at=elsewhere)):
        rows = ServiceRequest.objects.visible_to(reader)
        for typed in ("曾伟", "zw", "zengwei", "曾", "仇强 刘", "没有", requests[0].number, requests[0].number[-3:]):
            words = question(typed).words
            plain = {row for row in rows if all(word in row.search_text.casefold() for word in words)}
            assert set(queries.narrowed(rows, typed, reader).rows) == plain, (reader, typed)


def test_a_ledger_has_a_new_row_at_once_and_counts_many_by_key(world, monkeypatch):
    def asked(typed):
        return RequestList.sheet(world.clerk, QueryDict(urlencode({"q": typed})))

    assert asked("曾伟").total == 0
    request_of(world, name="曾伟")
    assert asked("曾伟").total == 1
    for module, cap in ((narrowing, "MANY"), (sheets, "CAP")):
        monkeypatch.setattr(module, cap, 2)
    for _ in range(4):
        request_of(world, name="曾伟")
    assert asked("曾伟").total > 2
    few = RequestList.sheet(world.clerk, QueryDict(urlencode({"q": "曾伟", "state": "completed"})))
    assert few.total == 0 and not few.queryset.exists()


def test_whoever_sees_a_record_has_it_in_the_ledger_by_the_same_words():
    town = build()
    actions.catch_up(now=timezone.now())
    records = [row for row in vars(town).values() if isinstance(row, Record)]
    assert len(records) >= 9
    for reader in Person.objects.all():
        for record in records:
            rows = type(record).objects.visible_to(reader)
            seen = rows.filter(pk=record.pk).exists()
            assert (record in queries.narrowed(rows, record.title, reader).rows) == seen, (reader, record)


def test_what_was_there_before_the_index_is_entered_once():
    build()
    Entry.objects.all().delete()
    actions.catch_up(now=timezone.now())
    assert all(is_complete(model) for model in findable().values())
    before = list(Entry.objects.order_by("pk").values_list("pk", "print"))
    assert actions.catch_up(now=timezone.now()) == "搜索索引补上0条"
    assert list(Entry.objects.order_by("pk").values_list("pk", "print")) == before


def test_the_entries_of_an_earlier_edition_are_made_anew(world, monkeypatch):
    request = request_of(world)
    actions.catch_up(now=timezone.now())
    monkeypatch.setattr(rules, "EDITION", rules.EDITION + 1)
    actions.catch_up(now=timezone.now())
    assert set(Entry.objects.values_list("edition", flat=True)) == {rules.EDITION}
    assert found(world.clerk, request.number) == [request]


def test_the_index_is_made_where_it_does_not_stand_and_left_alone_where_it_does(world):
    request = request_of(world)
    with connection.cursor() as cursor:
        kind = "INDEX" if connection.vendor == "postgresql" else "TABLE"
        for name in () if connection.vendor == "postgresql" else ("insert", "delete", "update"):
            cursor.execute(f"DROP TRIGGER {rules.FULL_TEXT}_{name}")
        cursor.execute(f"DROP {kind} {rules.FULL_TEXT}")
    for _ in range(2):
        actions.make_index()
        assert found(world.clerk, request.number) == [request]
    other = request_of(world)
    assert found(world.clerk, other.number) == [other]


@pytest.mark.django_db(transaction=True)
def test_a_table_that_was_emptied_leaves_nothing_to_be_found():
    made = unit("便民服务站")
    actions.enter([made])
    Entry.objects.all().delete()
    other = unit("别的单位")
    actions.enter([other])
    assert found(person(Role.BRIGADE_LEADER, at=made), "便民") == []
