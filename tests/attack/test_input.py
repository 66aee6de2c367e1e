"""Whatever is typed, pasted, counted up or left out: a page, a refusal or nothing, never a broken server."""

import csv
import io
import json

import openpyxl
import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.ledgers.views import Listing
from brigade.org.models import Grant, Person
from brigade.org.states import Role
from partybuilding.branches.models import PartyMember
from partybuilding.meetings.models import Meeting
from services.requests.models import ServiceRequest
from tests.attack.test_scope import addresses, named
from tests.brigade.org.factories import PASSWORD, person, unit
from tests.partybuilding import factories as party
from tests.services.requests.world import item, marks

pytestmark = pytest.mark.django_db

NASTY = [
    "9" * 5000, "-1", "²", "a\x00b", "'; DROP TABLE x; --", "😀" * 300, "9999-12-31", "0000", "created_by__password",
]  # fmt: skip
READ = """
page per sort columns view export format print save all search state unit item kind overdue backfill year cell period
received_at_after received_at_before starts_at_after due_on_before at_after day group copy requirement meeting done q
unread role person result verb
"""
TYPED = """
id version reason answer result starts_at people on starts_on ends_on name title code tree parent since closed_on end
police_no phone leaders start chair recorder kinds observers branches photo segments-TOTAL_FORMS segments-0-kind
segments-0-start segments-0-group agenda-TOTAL_FORMS agenda-0-title shifts-TOTAL_FORMS
shifts-0-start agenda-0-tasks-TOTAL_FORMS agenda-0-tasks-0-owner agenda-0-tasks-0-id agenda-0-votes-TOTAL_FORMS
agenda-0-votes-0-kind agenda-0-votes-0-written roll_shifts
material-1 ending channel to drop view-name view-unit view-query status member leader value valid_from
"""


@pytest.fixture
def everywhere(town):
    """Somebody who may see all that there is, so that every page reads what it is given."""
    return person(*Role.values, at=town.brigade)


def test_no_page_breaks_on_what_stands_in_its_address(client, town, everywhere):
    client.force_login(everywhere)
    pages = {name: reverse(name) for name, parts, _view in named(get_resolver()) if not parts} | addresses(town)
    pages.pop("workbench:logout")
    broken = []
    client.raise_request_exception = False
    for name, page in pages.items():
        for nasty in NASTY:
            answer = client.get(page, dict.fromkeys(READ.split(), nasty))
            b"".join(answer)  # a file is closed when it was read
            if answer.status_code >= 500:
                broken.append((name, nasty[:20]))
    assert broken == []


def test_no_list_breaks_on_one_strange_value_among_good_ones(client, town, everywhere):
    """One at a time: where another filter is wrong too, none of them reaches the database."""
    client.force_login(everywhere)
    client.raise_request_exception = False
    lists = [view for view in Listing.__subclasses__() if view.__module__.split(".")[0] != "tests"]
    assert len(lists) > 6
    pages = list(named(get_resolver()))
    broken = []
    for view in lists:
        name, parts = next(page[:2] for page in pages if getattr(page[2], "view_class", None) is view)
        address = reverse(name, kwargs={part: town.row(name).pk for part in parts})
        fields = [f"{name}{end}" for name in view.filterset.base_filters for end in ("", "_after", "_before")]
        for field in (*fields, "page", "per", "sort", "columns", "export", "download", "view"):
            statuses = {nasty[:20]: client.get(address, {field: nasty}).status_code for nasty in NASTY[:4]}
            broken += [(address, field, nasty) for nasty, status in statuses.items() if status >= 500]
    assert broken == []


@pytest.mark.parametrize("sort", ["created_by__password", "-unit__path", "?", "id; DROP TABLE x", "citizen_name"])
def test_lists_sort_by_what_they_offer_and_by_nothing_else(client, town, sort):
    client.force_login(town.hall.clerk)
    page = reverse("requests:servicerequest_list")
    plain, sorted_so = client.get(page), client.get(page, {"sort": sort, "columns": sort})
    assert sorted_so.status_code == 200
    assert [row.pk for row in sorted_so.context["page"].records] == [row.pk for row in plain.context["page"].records]


@pytest.mark.parametrize("address", ["/services/requests/?page=99999999", "/audit/?page=200000", "/notices/?page=9999"])
def test_deep_pages_end_somewhere(client, everywhere, address):
    client.force_login(everywhere)
    assert client.get(address).status_code == 200


# What is posted


def desk(town, **fields) -> dict:
    statuses = {f"material-{pk}": status for pk, (status, _note) in marks("PL01").items()}
    citizen = {"citizen_name": "刘某某", "phone": "13800000024"}
    sent = {"id": str(new_id()), "unit": town.hall.hall.pk, "item": item("PL01").pk, "ending": "accept", **statuses}
    return {**sent, **citizen, **fields}


def meeting(town, **fields) -> dict:
    branch = town.branch
    rows = {"segments-TOTAL_FORMS": "0", "segments-INITIAL_FORMS": "0", "agenda-TOTAL_FORMS": "0"}
    sent = {"id": str(new_id()), "unit": branch.pk, "day": "2026-06-17", "start": "15:00", "end": "16:00"}
    people = {"chair": branch.secretary.pk, "recorder": branch.recorder.pk}
    return {**sent, **people, **rows, "agenda-INITIAL_FORMS": "0", "mode": "onsite", "kinds": ["MM"], **fields}


LONG = "字" * 10_000


@pytest.mark.parametrize("text", [LONG, "😀" * 200, "a\x00b", "\u202e回执fdp.exe", "=HYPERLINK(1)", "<b>x</b>" * 50])
def test_any_text_is_stored_cleanly_or_refused_in_a_sentence(client, town, text):
    client.force_login(town.hall.clerk)
    for name in ("citizen_name", "external_no", "phone", "id_no"):
        answer = client.post("/services/requests/new/", desk(town, **{name: text}))
        assert answer.status_code in (302, 422), name
    client.force_login(town.branch.recorder)
    for name in ("place", "theme", "summary", "backfill_reason"):
        answer = client.post("/party/meetings/new/", meeting(town, **{name: text, "backfill_reason": "补录"}))
        assert answer.status_code in (302, 422), name
    for row in [*ServiceRequest.objects.all(), *Meeting.objects.all()]:
        for field in ("title", "citizen_name", "external_no", "place", "theme", "summary"):
            assert not {"\x00", "\u202e"} & set(getattr(row, field, ""))


@pytest.mark.django_db(transaction=True)
def test_strange_values_in_every_field_of_every_form_break_nothing(client, town, everywhere):
    """Each page that takes a form is sent the same strange value under every name that its form knows."""
    client.force_login(everywhere)
    client.raise_request_exception = False
    pages = {name: reverse(name) for name, parts, _view in named(get_resolver()) if not parts} | addresses(town)
    broken = []
    for name, page in pages.items():
        if name not in ("workbench:logout", "workbench:login"):
            for nasty in NASTY:
                status = client.post(page, dict.fromkeys((READ + TYPED).split(), nasty)).status_code
                if status >= 500:
                    broken.append((name, nasty[:20]))
    assert broken == []


def test_fields_that_no_form_offers_change_nothing(client, town):
    """Mass assignment: state, version, number, unit, who and when are the door's alone."""
    client.force_login(town.hall.clerk)
    forced = {"state": "completed", "version": 99, "number": "X-1", "created_by": 1, "handler": 1, "is_synthetic": "1"}
    assert client.post("/services/requests/new/", desk(town, **forced, promised_due_at="2030-01-01")).status_code == 302
    made = ServiceRequest.objects.exclude(pk=town.request.pk).get()
    assert (made.state, made.created_by, made.is_synthetic) == ("accepted", town.hall.clerk, False)
    assert made.version < 3 and made.number != "X-1"
    sent = {"id": str(new_id()), "unit": town.hall.hall.pk, "item": "PL01", "ending": "accept"}
    sent |= {"citizen_name": "刘某某", "phone": "13800000024"}
    sent["materials"] = {str(pk): mark for pk, (mark, _note) in marks("PL01").items()}
    answer = client.post("/api/v1/requests/", {**sent, **forced}, content_type="application/json").json()
    assert answer["state"] == "accepted" and answer["version"] < 3 and answer["number"] != "X-1"
    client.force_login(town.branch.recorder)
    form = meeting(town, **forced, confirmed_at="2026-06-17", edition=7, backfill_reason="补录", backfill="")
    assert client.post("/party/meetings/new/", form).status_code == 302
    written = Meeting.objects.latest("created_at")
    assert (written.state, written.edition, written.confirmed_at) == ("recorded", 1, None)


# Keys of others


def test_keys_of_another_unit_are_refused_in_forms(client, town):
    outsider, group = town.other_branch.members[2], town.other_branch.groups[0]
    span = {
        "segments-TOTAL_FORMS": "1",
        "segments-0-kind": "GM",
        "segments-0-start": "15:00",
        "segments-0-end": "16:00",
    }
    task = {"agenda-TOTAL_FORMS": "1", "agenda-0-kind": "deliberate", "agenda-0-title": "x"}
    task |= {"agenda-0-tasks-TOTAL_FORMS": "1", "agenda-0-tasks-INITIAL_FORMS": "0", "agenda-0-tasks-0-title": "x"}
    task |= {"agenda-0-tasks-0-owner": outsider.pk, "agenda-0-tasks-0-due_on": "2026-07-01"}
    tries = [
        {"chair": outsider.pk},
        {"recorder": outsider.pk},
        {"branches": [town.other_branch.pk]},
        {**span, "segments-0-group": group.pk},
        {**span, "segments-0-kind": "PL", "segments-0-lecturer": outsider.pk},
        task,
    ]
    client.force_login(town.branch.recorder)
    before = Meeting.objects.count()
    for fields in tries:
        sent = meeting(town, backfill_reason="补录", **fields)
        assert client.post("/party/meetings/new/", sent).status_code == 422, fields
    for fields in ({"unit": town.other_branch.pk}, {"unit": "9" * 11}):
        assert client.post("/party/meetings/new/", meeting(town, **fields)).status_code == 404
    assert Meeting.objects.count() == before


def test_a_photo_of_somebody_else_is_not_taken_over(client, town):
    client.force_login(town.other_branch.recorder)
    fields = {"unit": town.other_branch.pk, "chair": town.other_branch.secretary.pk, "backfill_reason": "补录"}
    fields |= {"recorder": town.other_branch.recorder.pk, "photo": [str(town.photo.pk)]}
    answer = client.post("/party/meetings/new/", meeting(town, **fields))
    assert answer.status_code == 422
    assert town.photo.name not in answer.content.decode()


def test_a_request_is_neither_taken_in_nor_handed_over_elsewhere(client, town):
    client.force_login(town.hall.clerk)
    before = ServiceRequest.objects.count()
    assert client.post("/services/requests/new/", desk(town, unit=town.other_hall.pk)).status_code == 422
    assert ServiceRequest.objects.count() == before
    far = person(Role.WINDOW_CLERK, at=town.other_hall)
    address = reverse("requests:servicerequest_move", args=[town.request.pk, "hand_over"])
    assert client.post(address, {"to": far.pk, "version": town.request.version}).status_code == 422
    town.request.refresh_from_db()
    assert town.request.handler_id != far.pk


def test_an_administrator_of_one_brigade_grants_nothing_in_another(client, town):
    far = person(Role.SECURITY_ADMIN, at=town.other_hall)
    client.force_login(far)
    target = person(at=town.other_hall)
    form = {"role": Role.BRIGADE_LEADER, "unit": town.brigade.pk, "starts_on": "2026-06-01"}
    assert client.post(reverse("workbench:grant_give", args=[target.pk]), form).status_code == 422
    assert not target.grants.exists()


def test_names_of_people_out_of_reach_are_not_offered(client, town):
    """The field of observers looks in the brigade of the branch, not in the next one."""
    far = person(at=unit("邻县大队"), name="邻县民警")
    client.force_login(town.branch.recorder)
    found = client.get(reverse("meetings:people"), {"q": "邻县"}).json()["results"]
    assert found == []
    answer = client.post("/party/meetings/new/", meeting(town, observers=[far.pk], backfill_reason="补录"))
    assert answer.status_code == 422


def test_people_and_branches_of_another_brigade_are_not_offered(client, town):
    elsewhere = party.branch(party.world(), "邻县机关党支部", full=3)
    far, office = (
        person(at=elsewhere.unit, name="邻县民警"),
        Grant.objects.filter(role=Role.PARTY_OFFICE).first().person,
    )
    client.force_login(office)
    enrol = reverse("branches:member_enrol", args=[town.branch.pk])
    form = {"person": far.pk, "status": "full", "start_on": "2026-06-01", "confirmed_on": "2020-01-01"}
    assert client.post(enrol, form).status_code == 422
    letter = {"to_branch": elsewhere.pk, "letter_no": "组转2号", "issued_on": timezone.localdate()}
    send = reverse("branches:transfer_create", args=[PartyMember.objects.get(person=town.branch.members[4]).pk])
    assert client.post(send, letter).status_code == 422
    for page in (enrol, send):
        assert "邻县" not in client.get(page).text
    assert client.post(send, letter | {"to_branch": town.other_branch.pk}).status_code == 302


# Files made of it


@pytest.mark.parametrize("formula", ['=HYPERLINK("//x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_exports_hold_no_formulas(client, town, formula):
    client.force_login(town.hall.clerk)
    sent = client.post("/services/requests/new/", desk(town, citizen_name=formula, external_no=formula))
    assert sent.status_code in (302, 422)
    page = reverse("requests:servicerequest_list")
    columns = "number,citizen_name,external_no"
    text = b"".join(client.get(page, {"format": "csv", "columns": columns}).streaming_content).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and len(cell) > 1]
    book = b"".join(client.get(page, {"format": "xlsx", "columns": columns}).streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink]


# The API as raw HTTP


def post(client, data, content_type="application/json"):
    return client.generic("POST", "/api/v1/requests/", data, content_type=content_type)


BODIES = [
    (b"{", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"null", "application/json", 400),
    (b"\xff\xfe", "application/json", 400),
    (b'{"id": NaN}', "application/json", 400),
    (b"[" * 200_000, "application/json", 400),
    (b'{"a":' * 50_000, "application/json", 400),
    (b'{"unit": ' + b"9" * 6000 + b"}", "application/json", 400),
    (b"<a/>", "application/xml", 415),
    (b"a=b", "application/x-www-form-urlencoded", 415),
    (b"x", "text/plain", 415),
    (b'{"id": "' + b"x" * (6 * 1024 * 1024) + b'"}', "application/json", 413),
    (json.dumps({"id": "\ud800", "item": "\x00", "ending": "accept", "unit": 1}).encode(), "application/json", 400),
]


@pytest.mark.parametrize(("data", "kind", "status"), BODIES, ids=[f"{kind} {data[:8]}" for data, kind, _s in BODIES])
def test_a_body_that_is_no_request_is_refused_in_one_sentence(client, town, data, kind, status):
    client.force_login(town.hall.clerk)
    answer = post(client, data, kind)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail", "field", "article"}


@pytest.mark.parametrize("noun", ["requests", "meetings", "waivers", "leaves"])
def test_a_word_that_cannot_be_written_is_not_said_again_in_the_refusal(client, everywhere, noun):
    client.force_login(everywhere)
    word = "\ud800"
    sent = dict.fromkeys(["id", "unit", "ending", "mode", "requirement", "leave_kind", "day"], word)
    sent |= {"kinds": [word], "materials": {word: word}, "segments": [{"kind": word}]}
    for name, value in sent.items():
        answer = client.generic("POST", f"/api/v1/{noun}/", json.dumps({name: value}), "application/json")
        assert answer.status_code == 400, name
    for name, value in sent.items():
        body = json.dumps({"id": str(new_id()), "unit": 1, "requirement": "TD", "ending": "accept", name: value})
        assert client.generic("POST", f"/api/v1/{noun}/", body, "application/json").status_code < 500, name


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"])
def test_a_moment_at_the_edge_of_the_calendar_is_no_moment(client, town, everywhere, moment):
    client.force_login(everywhere)
    body = {"version": town.announced.version, "reason": "改期", "starts_at": moment}
    answer = client.post(f"/api/v1/meetings/{town.announced.pk}/moves/postpone/", body, "application/json")
    assert answer.status_code in (400, 422)
    answer = client.post("/api/v1/requests/", {"received_at": moment}, "application/json")
    assert answer.status_code == 400


def test_a_key_too_long_for_any_row_is_no_choice(client, town, everywhere):
    client.force_login(everywhere)
    roster = {"start": "2026-06-20", "end": "2026-06-21", "leaders": ["9" * 30]}
    assert client.post(reverse("workbench:duty_arrange"), roster).status_code == 422
    letter = {"to_branch": "9" * 30, "letter_no": "组转2号", "issued_on": "2026-06-20"}
    assert client.post(reverse("branches:transfer_create", args=[town.member.pk]), letter).status_code == 422


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "trace"])
def test_moves_are_posted_and_nothing_else(client, town, method):
    client.force_login(town.hall.clerk)
    assert getattr(client, method)(f"/api/v1/requests/{town.request.pk}/moves/start/").status_code == 405
    assert getattr(client, method)("/logout/").status_code == 405
    town.request.refresh_from_db()
    assert town.request.state == "accepted"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_pages_take_no_other_method_for_a_post(client, town, method):
    client.force_login(town.hall.clerk)
    before = ServiceRequest.objects.values("pk", "state", "version").order_by("pk")
    kept = list(before)
    for page in ("requests:servicerequest_detail", "requests:servicerequest_receipt"):
        assert getattr(client, method)(reverse(page, args=[town.request.pk])).status_code == 405
    getattr(client, method)(reverse("requests:servicerequest_move", args=[town.request.pk, "start"]))
    assert list(before.all()) == kept


def test_looking_at_a_move_does_not_make_it(client, town):
    client.force_login(town.hall.clerk)
    client.get(reverse("requests:servicerequest_move", args=[town.request.pk, "start"]))
    client.head(reverse("requests:servicerequest_move", args=[town.request.pk, "start"]))
    town.request.refresh_from_db()
    assert town.request.state == "accepted"


# Sessions, tokens, redirects


def test_nothing_is_written_without_the_token_of_the_form(client, town):
    client = type(client)(enforce_csrf_checks=True)
    client.force_login(town.hall.clerk)
    before = ServiceRequest.objects.count()
    for address in ("/services/requests/new/", "/api/v1/requests/", "/logout/", "/notices/read/"):
        assert client.post(address, desk(town)).status_code == 403
        assert client.generic("POST", address, b"{}", content_type="application/json").status_code == 403
    assert client.post("/login/", {"police_no": "x", "password": "x"}).status_code == 403
    assert ServiceRequest.objects.count() == before


TARGETS = ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"]


@pytest.mark.parametrize("target", TARGETS)
def test_signing_in_leads_to_the_portal_only(client, town, target):
    somebody = person(Role.OFFICER, at=town.brigade, password=PASSWORD)
    form = {"police_no": somebody.police_no, "password": PASSWORD, "next": target}
    answer = client.post(f"/login/?next={target}", form)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_session_from_before_the_sign_in_is_worth_nothing(client, town):
    somebody = person(Role.OFFICER, at=town.brigade, password=PASSWORD)
    client.get("/login/")
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies["sessionid"] = planted = session.session_key
    client.post("/login/", {"police_no": somebody.police_no, "password": PASSWORD})
    assert client.cookies["sessionid"].value != planted
    thief = type(client)()
    thief.cookies["sessionid"] = planted
    assert thief.get("/").status_code == 302


def test_a_session_that_ended_in_mid_form_says_so_and_writes_nothing(client, town):
    client.force_login(town.hall.clerk)
    form, before = desk(town), ServiceRequest.objects.count()
    session = client.session
    session["seen_at"] = session["opened_at"] = 1
    session.save()
    answer = client.post("/services/requests/new/", form, headers={"HX-Request": "true"})
    assert (answer.status_code, "登录已过期" in answer.content.decode()) == (401, True)
    answer = client.post("/services/requests/new/", form)
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")
    assert client.post("/api/v1/requests/", {}, content_type="application/json").status_code in (401, 403)
    assert ServiceRequest.objects.count() == before


def test_a_person_who_was_stopped_is_out_at_the_next_click(client, town):
    client.force_login(town.hall.clerk)
    assert client.get("/services/requests/").status_code == 200
    Person.objects.filter(pk=town.hall.clerk.pk).update(is_active=False)
    assert client.get("/services/requests/").status_code == 302
    assert client.get(f"/api/v1/requests/{town.request.pk}/").status_code in (401, 403)


LONG_GONE = ["0001-01-01", "0016-01-31", "1899-12-31", "9999-12-31"]


@pytest.mark.parametrize("day", LONG_GONE)
def test_a_day_that_cannot_be_meant_is_refused_in_a_sentence(client, town, day):
    client.force_login(town.branch.recorder)
    assert client.post("/party/meetings/new/", meeting(town, day=day, backfill_reason="补录")).status_code == 422
    assert client.post("/party/meetings/preview/", meeting(town, day=day)).status_code in (200, 422)
    client.get(f"/party/meetings/new/?day={day}")
    made_up = reverse("meetings:meeting_move", args=[town.meeting.pk, "make_up"])
    assert client.post(made_up, {"people": town.branch.members[1].pk, "on": day}).status_code == 422
    client.force_login(town.hall.clerk)
    for fields in ({"received_at": f"{day}T10:00"}, {"tolerated_due_on": day}):
        assert client.post("/services/requests/new/", desk(town, **fields)).status_code in (302, 422), fields
    client.force_login(person(*Role.values, at=town.brigade))
    for address in (
        "/services/requests/?received_at_after=",
        "/party/meetings/?starts_at_before=",
        "/audit/?at_after=",
    ):
        assert client.get(f"{address}{day}").status_code == 200
    moved = reverse("meetings:meeting_move", args=[town.announced.pk, "postpone"])
    assert client.post(moved, {"reason": "改期", "starts_at": f"{day}T10:00"}).status_code in (302, 422)
    for name, row, form in (
        ("workbench:person_post", person(at=town.branch.unit), {"unit": town.brigade.pk, "starts_on": day}),
        ("workbench:unit_close", town.other_hall, {"closed_on": day}),
        ("branches:term_create", town.branch, {"elected_on": day, "secretary": town.branch.secretary.pk, "years": 3}),
        ("branches:member_exempt", town.member, {"kind": "serious_ill", "start_on": day, "end_on": day}),
    ):
        answer = client.post(reverse(name, args=[row.pk]), form)
        assert answer.status_code == 422, name
        assert "年份不对" in answer.text, name
