"""What was refused leaves a row too, though the refused work itself is rolled back."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse  # noqa: TID251  (a view of the test's own)

from brigade.audit import actions
from brigade.audit.middleware import RefusalMiddleware
from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.web import RequestContextMiddleware, note_refusal
from tests.brigade.audit.people import ZHANG, Hazard


def answer(request, refusal, user):
    """A view that begins its work in a transaction and is refused halfway."""

    def view(request):
        request.user = user
        try:
            with transaction.atomic():
                actions.record("hazard.closed", Hazard(pk=7), by=ZHANG)
                raise refusal
        except Refused as caught:
            note_refusal(request, caught)
        return HttpResponse(status=refusal.status)

    return RefusalMiddleware(view)(request)


class SignedIn:
    pk, name, police_no, is_authenticated = 5, "张三", "012345", True


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_recorded_after_the_work_is_rolled_back(rf):
    refusal = Refused("还没有整改照片。")
    refusal.target, refusal.verb = Hazard(pk=7, unit_id=3, title="缺护栏"), "hazard.closed"
    answer(rf.post("/enforcement/hazards/7/"), refusal, SignedIn())
    event = AuditEvent.objects.get()
    assert (event.verb, event.target_id, event.unit_id, event.result) == ("hazard.closed", "7", 3, "refused")
    assert event.sentence.endswith("办理“核验销号”，结果：被拒绝，说明：还没有整改照片。")
    assert event.changes == {"sent_to": "/enforcement/hazards/7/"}


@pytest.mark.django_db(transaction=True)
def test_a_refusal_of_nobody_in_particular_is_recorded(rf):
    answer(rf.post("/x/"), NotAllowed("没有权限。"), AnonymousUser())
    event = AuditEvent.objects.get()
    assert (event.actor_name, event.verb, event.target_type) == ("未登录者", "request.refused", "")


@pytest.mark.django_db
def test_a_request_without_refusal_leaves_no_row(rf):
    RefusalMiddleware(lambda request: HttpResponse())(rf.get("/"))
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_a_forbidden_page_leaves_a_row(rf):
    request = rf.get("/party/meetings/1/")
    request.user = SignedIn()

    def view(request):
        assert RequestContextMiddleware(view).process_exception(request, PermissionDenied("没有权限。")) is None
        return HttpResponse(status=403)

    RefusalMiddleware(view)(request)
    event = AuditEvent.objects.get()
    assert (event.note, event.changes) == ("没有权限。", {"opened": "/party/meetings/1/"})


def test_other_errors_stay_loud(rf):
    assert RequestContextMiddleware(HttpResponse).process_exception(rf.get("/"), ValueError("bug")) is None
