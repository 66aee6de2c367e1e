"""What lies in another unit is not there: whatever the address, the role, the method and the way round."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.org.models import Record
from brigade.org.states import Role
from tests.attack.town import Town, one_of_each_role, strangers
from tests.brigade.org.factories import person

pytestmark = pytest.mark.django_db

PARTS = {"field": "phone", "kind": "meetings.meeting", "seq": 1, "code": "void", "number": 1}
RECORDS = (
    "requests:servicerequest_detail",
    "meetings:meeting_detail",
    "meetings:decision_detail",
    "meetings:waiver_detail",
    "meetings:leave_detail",
    "branches:branch_detail",
    "branches:member_detail",
    "workbench:person_detail",
    "assignments:assignment_detail",
    "hazards:hazard_detail",
    "reports:report_detail",
    "workbench:announcement_detail",
)
OWNERS = {"hazards:owner_edit", "hazards:owner_reveal"}
NO_UNITS = {"workbench:parameter_set", "hazards:road_edit", *OWNERS}
"""These name something that belongs to no unit, or that all police know of: who may not change it is told so."""


def named(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, set[str], Any]]:
    """(name, parts of the address, view) of every page of the portal."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from named(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern) and entry.name and isinstance(entry.pattern, RoutePattern):
            yield f"{space}{entry.name}", set(entry.pattern.converters), entry.callback


def addresses(town: Town) -> dict[str, str]:
    """Every page that names a row, with the row of `town` in it."""
    found = {}
    for name, parts, _view in named(get_resolver()):
        if "pk" in parts and name not in NO_UNITS:
            values = {**PARTS, "pk": town.row(name).pk}
            found[name] = reverse(name, kwargs={part: values[part] for part in parts})
    return found


def test_no_role_of_another_unit_finds_a_row_by_its_address(client, town):
    asked, found = addresses(town), []
    assert len(asked) > 40
    for stranger in strangers(town):
        client.force_login(stranger)
        for name, address in asked.items():
            for ask in (client.get, client.post):
                status = ask(address).status_code
                if status not in (404, 405):
                    found.append((stranger.name, ask.__name__, name, status))
    assert found == []


def test_owners_that_all_police_know_of_are_changed_and_called_by_those_in_charge_alone(client, town):
    for stranger in strangers(town):
        client.force_login(stranger)
        for name in OWNERS:
            address = reverse(name, args=[town.owner.pk])
            assert {client.get(address).status_code, client.post(address).status_code} <= {403, 404}, stranger.name


def test_no_single_role_of_another_unit_reads_a_record(client, town):
    asked, found = addresses(town), []
    for stranger in one_of_each_role(town):
        client.force_login(stranger)
        found += [(stranger.name, name) for name in RECORDS if client.get(asked[name]).status_code != 404]
    assert found == []


def test_no_role_of_another_unit_finds_a_row_through_the_api(client, town):
    found = []
    for stranger in strangers(town):
        client.force_login(stranger)
        for noun, row, move in town.endpoints:
            address = f"/api/v1/{noun}/{row.pk}/"
            statuses = [
                client.get(address).status_code,
                client.post(f"{address}moves/{move}/", {}, content_type="application/json").status_code,
            ]
            if statuses != [404, 404]:
                found.append((stranger.name, noun, statuses))
            if str(row.pk) in client.get(f"/api/v1/{noun}/").content.decode():
                found.append((stranger.name, noun, "list"))
    assert found == []


def test_the_owner_of_the_rows_does_find_them(client, town):
    """The tests above would pass in a portal that finds nothing at all."""
    client.force_login(town.branch.recorder)
    asked = addresses(town)
    for name in ("meetings:meeting_detail", "meetings:decision_detail", "branches:branch_detail"):
        assert client.get(asked[name]).status_code == 200, name
    client.force_login(town.hall.clerk)
    assert client.get(asked["requests:servicerequest_detail"]).status_code == 200
    assert client.get(f"/api/v1/requests/{town.request.pk}/").status_code == 200


def test_no_answer_about_a_record_stays_in_the_browser(client, town):
    """People share the computers of a station: pages, refusals, lists and records of the API, all alike."""
    client.force_login(person(*Role.values, at=town.brigade))
    asked = {name: address for name, address in addresses(town).items() if not name.endswith(("_move", "_void"))}
    asked |= {name: reverse(name) for name in ("meetings:people", "hazards:hazard_points", "workbench:home")}
    asked |= {f"api {noun}": f"/api/v1/{noun}/{row.pk}/" for noun, row, _move in town.endpoints}
    asked |= {f"api {noun} list": f"/api/v1/{noun}/" for noun, _row, _move in town.endpoints}
    kept = []
    for name, address in asked.items():
        answer = client.get(address)
        b"".join(answer)  # a file is closed when it was read
        if "no-store" not in answer.get("Cache-Control", ""):
            kept.append(name)
    assert kept == []


LISTS = (
    "requests:servicerequest_list",
    "meetings:meeting_list",
    "meetings:decision_list",
    "meetings:waiver_list",
    "assignments:assignment_list",
    "hazards:hazard_list",
    "hazards:sent_list",
    "reports:report_list",
    "workbench:announcement_list",
)


def test_lists_counts_and_exports_of_another_unit_are_empty(client, town):
    marks = [record.pk for _noun, record, _move in town.endpoints]
    marks += [town.request.number, town.meeting.number, town.decision.title, town.task.title, town.announcement.title]
    marks += [town.hazard.number, town.report.number]
    for stranger in strangers(town):
        client.force_login(stranger)
        for name in LISTS:
            for query in ("", "?all=1", "?all=1&format=csv", "?format=csv", "?print=1", "?search=DJ"):
                answer = client.get(reverse(name) + query)
                if answer.status_code != 403:
                    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                    text = content.decode("utf-8", "replace")
                    assert not [mark for mark in marks if str(mark) in text], (stranger.name, name, query)


@pytest.mark.parametrize("query", ["?export={run}", "?download={run}", "?view={view}"])
def test_exports_and_views_are_their_owners_alone(client, town, query):
    address = reverse("requests:servicerequest_list") + query.format(run=town.run.pk, view=town.view.pk)
    client.force_login(town.hall.clerk)
    assert client.get(address).status_code == 200
    client.force_login(town.hall.other)
    assert client.get(address).status_code == 404


def test_a_view_of_another_is_not_dropped(client, town):
    client.force_login(town.hall.other)
    assert client.post(reverse("requests:servicerequest_list"), {"drop": town.view.pk}).status_code == 404
    town.view.refresh_from_db()


def test_a_view_is_shared_only_to_units_within_reach(client, town):
    client.force_login(town.hall.clerk)
    form = {"view-name": "查看别处", "view-unit": town.other_hall.pk, "view-query": ""}
    assert client.post(reverse("requests:servicerequest_list"), form).status_code == 422
    assert not type(town.view).objects.filter(unit=town.other_hall).exists()


def test_a_message_is_read_by_its_recipient_alone(client, town):
    colleague = next(person for person in town.branch.members if person.pk != town.message.recipient_id)
    client.force_login(colleague)
    assert client.get(reverse("workbench:notice_detail", args=[town.message.pk])).status_code == 404
    town.message.refresh_from_db()
    assert town.message.read_at is None


def test_a_member_sees_his_own_meetings_and_nobody_elses_duties(client, town):
    """A plain member was there, so he reads the minutes; not the duty of another, the waiver or the leave."""
    member = town.branch.members[4]
    client.force_login(member)
    asked = addresses(town)
    assert client.get(asked["meetings:meeting_detail"]).status_code == 200
    for name in (
        "meetings:decision_detail",
        "meetings:waiver_detail",
        "meetings:leave_detail",
        "meetings:meeting_edit",
    ):
        assert client.get(asked[name]).status_code in (403, 404), name


def test_every_kind_of_record_is_tried_here(town):
    kinds = {model for model in apps.get_models() if issubclass(model, Record)}
    assert kinds == {type(row) for row in town.rows.values()} & kinds
    assert kinds == {type(row) for _noun, row, _move in town.endpoints}


def test_ids_that_nobody_has_look_like_ids_out_of_reach(client, town):
    """The answer to a made-up id and to a real one out of reach are the same, byte for byte but for the address."""
    client.force_login(strangers(town)[0])

    def told(pk):
        return client.get(f"/services/requests/{pk}/").content.decode().replace(str(pk), "")

    made_up = new_id()
    assert client.get(f"/services/requests/{made_up}/").status_code == 404
    strip = lambda text: [line for line in text.splitlines() if "csrf" not in line]  # noqa: E731
    assert strip(told(made_up)) == strip(told(town.request.pk))


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_stands_in_the_audit_trail(client, town):
    client.force_login(town.branch.recorder)
    client.post(reverse("meetings:meeting_move", args=[town.meeting.pk, "reopen"]), {"reason": "我想改"})
    event = AuditEvent.objects.filter(result="refused").latest("pk")
    assert (event.verb, str(event.target_id)) == ("meeting.reopened", str(town.meeting.pk))
