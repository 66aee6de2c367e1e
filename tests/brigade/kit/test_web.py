"""Views reach only what the person may see, and say in plain Chinese why something does not go."""

import errno
import io
import json
from typing import ClassVar

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse  # noqa: TID251  (a view of the test's own)
from django_htmx.middleware import HtmxDetails

from brigade.audit.models import AuditEvent
from brigade.kit import context, web
from brigade.kit.refusals import NotAllowed, Refused, Stale
from tests.brigade.audit.people import AUDITOR, ZHANG

NOBODY = AnonymousUser()


class Visitor:
    """Sees what the auditor sees, and holds the named permissions."""

    def __init__(self, person, *perms):
        self.person, self.perms = person, perms

    def units_for(self, perm):
        return self.person.units_for(perm)

    def has_perm(self, perm, obj=None):
        return perm in self.perms


@pytest.fixture
def request_of(rf):
    def make(path="/", user=NOBODY, **headers):
        request = rf.get(path, headers=headers)
        request.user = user
        request.session = {}
        request._messages = FallbackStorage(request)
        request.htmx = HtmxDetails(request)
        return request

    return make


# Reaching a row


@pytest.fixture
def event(db):
    from brigade.audit import actions
    from tests.brigade.audit.people import Hazard

    return actions.record("hazard.opened", Hazard(pk=7, unit_id=3), by=ZHANG)


def test_a_row_in_sight_is_reached(request_of, event):
    request = request_of(user=Visitor(AUDITOR, "audit.comment"))
    assert web.get_visible(request, AuditEvent, event.pk) == event
    assert web.get_visible(request, AuditEvent.objects.only("id"), str(event.pk), "audit.comment") == event


def test_a_row_out_of_sight_is_not_found_whatever_one_may_do(request_of, event):
    with pytest.raises(Http404):
        web.get_visible(request_of(user=Visitor(ZHANG, "audit.comment")), AuditEvent, event.pk, "audit.comment")


@pytest.mark.parametrize("pk", ["0", "x", "", 10**30, "9f0f"])
def test_a_row_that_is_not_there_is_not_found(request_of, event, pk):
    with pytest.raises(Http404):
        web.get_visible(request_of(user=Visitor(AUDITOR)), AuditEvent, pk)


def test_a_row_in_sight_without_the_permission_is_forbidden(request_of, event):
    with pytest.raises(PermissionDenied):
        web.get_visible(request_of(user=Visitor(AUDITOR)), AuditEvent, event.pk, "audit.comment")


# Answering


@pytest.fixture
def small_templates(settings, tmp_path):
    (tmp_path / "list.html").write_text(
        "{% load partials %}<h1>台账</h1>{% partialdef rows inline %}<p>{{ count }}行</p>{% endpartialdef %}"
    )
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path],
            "OPTIONS": {
                "loaders": [("template_partials.loader.Loader", ["django.template.loaders.filesystem.Loader"])],
                "builtins": ["template_partials.templatetags.partials"],
            },
        }
    ]


@pytest.mark.usefixtures("small_templates")
class TestPage:
    headers: ClassVar = {"HX-Request": "true"}

    def answer(self, request):
        return web.page(request, "list.html", {"count": 3}, fragment="rows").content.decode()

    def test_a_full_load_is_the_whole_page(self, request_of):
        assert self.answer(request_of()) == "<h1>台账</h1><p>3行</p>"

    def test_htmx_gets_the_fragment_alone(self, request_of):
        assert self.answer(request_of(**self.headers)) == "<p>3行</p>"

    @pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
    def test_a_boosted_link_and_a_step_back_get_the_whole_page(self, request_of, header):
        assert "<h1>" in self.answer(request_of(**self.headers, **{header: "true"}))

    def test_no_cache_mixes_up_page_and_fragment(self, request_of):
        response = web.page(request_of(), "list.html", {"count": 3}, status=422)
        assert response.status_code == 422
        assert "HX-Request" in response["Vary"]
        assert "no-store" in response["Cache-Control"]


def test_what_is_done_is_said_on_the_next_page(request_of):
    request = request_of()
    response = web.done(request, "已登记。", "/party/meetings/")
    assert (response.status_code, response["Location"]) == (302, "/party/meetings/")
    assert [str(message) for message in get_messages(request)] == ["已登记。"]


def test_htmx_goes_on_to_the_next_page_too(request_of):
    response = web.done(request_of(**{"HX-Request": "true"}), "已登记。", "/party/meetings/")
    assert response["HX-Redirect"] == "/party/meetings/"


# Refusing


class MeetingForm(forms.Form):
    held_on = forms.DateField(required=False)


@pytest.fixture
def form():
    form = MeetingForm({})
    assert form.is_valid()
    return form


@pytest.mark.parametrize(("kind", "status"), [(Refused, 422), (Stale, 409), (NotAllowed, 403)])
def test_a_refusal_stands_on_the_form_with_its_status(request_of, form, kind, status):
    request = request_of()
    assert web.refused(request, form, kind("还没有签到。")) == status
    assert form.non_field_errors() == ["还没有签到。"]
    assert [str(refusal) for refusal in web.refusals_of(request)] == ["还没有签到。"]


def test_a_refusal_about_a_field_stands_beside_it(request_of, form):
    web.refused(request_of(), form, Refused("会议日期不能晚于今天。", field="held_on"))
    assert form.errors == {"held_on": ["会议日期不能晚于今天。"]}


def test_a_refusal_without_a_form_is_a_message(request_of):
    request = request_of()
    web.refused(request, None, Refused("不能结案。", article="《程序规定》第五十条"))
    assert [str(message) for message in get_messages(request)] == ["不能结案（《程序规定》第五十条）。"]


def test_a_refusal_names_its_article_before_the_full_stop():
    assert str(Refused("不能结案", article="第五十条")) == "不能结案（第五十条）"
    assert str(Refused("不能结案")) == "不能结案"


# Asking


class ReasonForm(forms.Form):
    reason = forms.CharField(label="原因")


@pytest.fixture
def ask(request_of):
    """Answer the question, and see what the action was called with."""
    called = []

    def answer(typed=None, refuse=None):
        def call(**words):
            if refuse:
                raise refuse
            called.append(words)
            return "/party/meetings/7/"

        request = request_of()
        if typed is not None:
            request.method, request.POST = "POST", typed
        response = web.ask(
            request,
            ReasonForm(request.POST or None),
            title="作废",
            button="作废",
            call=call,
            said="已作废。",
            back=None,
        )
        return response, called

    return answer


def test_a_question_is_shown_first(ask):
    response, called = ask()
    assert (response.status_code, called) == (200, [])
    assert "原因" in response.content.decode()


def test_a_good_answer_is_carried_out_and_leads_on(ask):
    response, called = ask({"reason": "登记重复"})
    assert (response.status_code, response["Location"]) == (302, "/party/meetings/7/")
    assert called == [{"reason": "登记重复"}]


def test_a_poor_answer_is_asked_again(ask):
    response, called = ask({"reason": " "})
    assert (response.status_code, called) == (422, [])


def test_a_refused_answer_is_asked_again_with_the_reason(ask):
    response, _called = ask({"reason": "登记重复"}, refuse=Stale("这条记录刚被别人改过。"))
    assert response.status_code == 409
    assert "这条记录刚被别人改过。" in response.content.decode()


# Files


def test_a_download_is_saved_and_never_run():
    response = web.download(io.BytesIO(b"x"), name="..\\会议/记录\r\n:1.pdf", media_type="application/pdf")
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/pdf"


def test_a_picture_may_show_in_its_page():
    response = web.download(io.BytesIO(b"x"), name="图.png", media_type="image/png", inline=True)
    assert response["Content-Disposition"].startswith("inline")
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("六月/会议记录.docx", "会议记录.docx"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("a\0b\r\n.pdf", "ab_.pdf"),
        ('a"<>|b.pdf', "a_b.pdf"),
        ("回执\u202efdp.exe", "回执fdp.exe"),
        ("", "未命名"),
        ("../..", "未命名"),
        (".pdf", "pdf"),
        ("长" * 300 + ".pdf", "长" * 110 + ".pdf"),
        ("没有后缀", "没有后缀"),
    ],
)
def test_a_file_name_is_safe_in_headers_and_folders(name, safe):
    assert web.safe_name(name) == safe


# The request's context


def seen_by(request, settings, *proxies):
    settings.TRUSTED_PROXIES = list(proxies)
    seen = []

    def view(request):
        seen.append(context.current())
        return HttpResponse()

    response = web.RequestContextMiddleware(view)(request)
    assert response["X-Request-ID"] == seen[0].request_id
    return seen[0]


def test_each_request_has_an_id_an_address_and_a_terminal(rf, settings):
    here = seen_by(rf.get("/", REMOTE_ADDR="10.1.2.3", headers={"User-Agent": "Chrome 86\0"}), settings)
    assert (here.ip, here.terminal, len(here.request_id)) == ("10.1.2.3", "Chrome 86", 32)
    assert context.current() == context.NOWHERE


def test_a_stranger_s_claims_about_address_and_id_count_for_nothing(rf, settings):
    headers = {"X-Forwarded-For": "1.2.3.4", "X-Request-ID": "forged-request"}
    here = seen_by(rf.get("/", REMOTE_ADDR="10.1.2.3", headers=headers), settings)
    assert here.ip == "10.1.2.3"
    assert here.request_id != "forged-request"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("1.2.3.4, 10.1.2.3", "10.1.2.3"),
        ("1.2.3.4, 10.1.2.3, 10.0.0.2", "10.1.2.3"),
        ("", "10.0.0.1"),
        ("<script>", "10.0.0.1"),
        ("10.0.0.2", "10.0.0.1"),
    ],
)
def test_behind_our_own_front_server_the_nearest_foreign_address_counts(rf, settings, forwarded, address):
    headers = {"X-Forwarded-For": forwarded, "X-Request-ID": "front-request-1"}
    here = seen_by(rf.get("/", REMOTE_ADDR="10.0.0.1", headers=headers), settings, "10.0.0.1", "10.0.0.2")
    assert (here.ip, here.request_id) == (address, "front-request-1")


def test_a_front_server_on_a_unix_socket_is_trusted_by_name(rf, settings):
    here = seen_by(rf.get("/", REMOTE_ADDR="", headers={"X-Forwarded-For": "10.1.2.3"}), settings, "unix")
    assert here.ip == "10.1.2.3"


def test_a_forged_id_with_odd_signs_is_not_taken_over(rf, settings):
    headers = {"X-Request-ID": "a b\tc; drop"}
    assert len(seen_by(rf.get("/", REMOTE_ADDR="10.0.0.1", headers=headers), settings, "10.0.0.1").request_id) == 32


@pytest.mark.parametrize("kind", [Refused, Stale, NotAllowed])
def test_a_refusal_that_no_view_met_is_shown_on_a_page_of_its_own(request_of, kind):
    request = request_of()
    response = web.RequestContextMiddleware(HttpResponse).process_exception(
        request, kind("还没有签到。", article="第十四条")
    )
    assert response.status_code == kind.status
    assert "还没有签到。" in response.content.decode()
    assert "第十四条" in response.content.decode()
    assert len(web.refusals_of(request)) == 1


def test_htmx_shows_that_page_instead_of_the_one_it_has(request_of):
    request = request_of(**{"HX-Request": "true"})
    response = web.RequestContextMiddleware(HttpResponse).process_exception(request, Refused("还没有签到。"))
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("body", "innerHTML")


# What nobody caught


def answer_to(error, request):
    try:
        raise error
    except type(error):
        return web.broken(request)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_told_in_a_sentence_to_reader_and_program(request_of, number):
    page = answer_to(OSError(number, "No space left on device"), request_of("/party/"))
    assert page.status_code == 507 and "服务器磁盘已满" in page.text
    answer = answer_to(OSError(number, "No space left on device"), request_of("/api/v1/meetings/"))
    said = json.loads(answer.content)
    assert answer.status_code == 507 and said.keys() == {"detail", "field", "article"}
    assert "服务器磁盘已满" in said["detail"]


def test_who_waited_too_long_for_another_writer_is_told_so(request_of):
    error = OperationalError("database is locked")
    page = answer_to(error, request_of("/party/"))
    assert page.status_code == 503 and "正有一大批数据在入库" in page.text and "填的内容还在" in page.text
    answer = answer_to(error, request_of("/api/v1/meetings/"))
    assert answer.status_code == 503 and "过一分钟再办一次" in json.loads(answer.content)["detail"]


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), OperationalError("no such table: x")])
def test_what_is_no_full_disk_and_no_waiting_stays_an_error_of_the_server(request_of, error):
    page = answer_to(error, request_of("/party/"))
    assert page.status_code == 500 and "服务器出错了" in page.text
