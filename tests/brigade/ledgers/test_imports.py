"""A brigade's own sheet comes into a ledger: checked as a whole, written in one piece or not at all."""

import os
import signal
import time
import zipfile
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from brigade.audit.models import AuditEvent
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.kit.refusals import Refused
from brigade.ledgers import actions
from brigade.ledgers.models import ImportRun, KeptMapping
from brigade.ledgers.rules import IMPORTS
from brigade.ledgers.states import ImportState
from brigade.org.actions import grant_role, take_back_grants
from brigade.org.models import Grant, Person, Posting
from tests.brigade.ledgers.books import again, book, into, work
from tests.brigade.org.factories import grant, person, unit

URL = "/org/people/"
NEW = f"{URL}?import=new"
HEAD = ["警号", "姓名", "身份", "单位", "职务", "手机号", "任职日期"]
upload, bring_in = into(URL, HEAD)
pytestmark = pytest.mark.django_db


@pytest.fixture
def brigade():
    made = unit("东昌府大队")
    unit("城区一中队", parent=made)
    unit("城区二中队", parent=made)
    return made


@pytest.fixture
def clerk(client, brigade):
    who = person("system_admin", at=brigade, name="钱管机")
    client.force_login(who)
    return who


def rows(count=3, **changed):
    made = [
        [f"J{n:05}", f"民警{n:03}", "民警", "城区一中队", "民警", f"138000{n:05}", "2026.5.3"]
        for n in range(1, count + 1)
    ]
    for place, value in changed.items():
        line, column = (int(part) for part in place.removeprefix("at").split("_"))
        made[line][column] = value
    return made


def confirm(client, run):
    return client.post(f"{URL}?import={run.pk}", {"do": "confirm"})


def text_of(client, run, query=""):
    return client.get(f"{URL}?import={run.pk}{query}").content.decode()


def undo(client, run, reason="导错了表"):
    return client.post(f"{URL}?import={run.pk}&undo=1", {"reason": reason})


def test_the_page_says_how_many_lines_this_import_takes(client, clerk):
    assert "最多20MB、500行" in client.get(f"{URL}?import=new").content.decode()


def test_a_clean_sheet_is_in_the_ledger_after_three_steps_with_an_audit_row_each(client, clerk):
    run = upload(client, rows(3))
    assert run.counts == {"total": 3, "new": 3, "known": 0, "faulty": 0}
    assert "入库3行" in text_of(client, run)
    assert not Person.objects.filter(police_no="J00001").exists()
    assert confirm(client, run)["Location"] == f"{URL}?import={run.pk}"
    assert "every 2s" in text_of(client, run)
    work()
    run.refresh_from_db()
    assert (run.state, len(run.rows)) == (ImportState.DONE, 3)
    assert "已入库3行" in text_of(client, run)
    made = Person.objects.get(police_no="J00001")
    assert (made.unit.name, made.postings.get().starts_on, made.phone_tail) == ("城区一中队", date(2026, 5, 3), "0001")
    assert AuditEvent.objects.filter(verb="person.enrolled", actor_id=clerk.pk).count() == 3
    assert AuditEvent.objects.get(verb="ledger.imported").changes["rows"] == 3


def test_the_imported_rows_are_one_click_away_and_are_exactly_these(client, clerk):
    run = bring_in(client, rows(2))
    page = client.get(f"{URL}?imported={run.pk}")
    assert page.context["page"].total == 2
    assert "这次导入的" in page.context["sheet"].conditions_text
    client.force_login(person("system_admin", at=clerk.unit))
    assert client.get(f"{URL}?imported={run.pk}").context["page"].total == 0
    assert client.get(f"{URL}?imported=x").context["page"].total == 0


def test_merged_cells_full_width_digits_and_every_way_to_write_a_day_are_understood(client, clerk):
    lines = [
        ["东昌府大队人员花名册", *[None] * 6],
        HEAD,
        ["Ｊ００００１", "甲", "民警", "城区一中队", "民警", "１３８００００１１１１", "2026.5.3"],
        ["J00002", "乙", "辅警", None, "辅警", None, "2026年5月3日"],
        ["J00003", "丙", None, None, None, 13800001113, 46145],
        ["J00004", "丁", None, None, None, None, date(2026, 5, 3)],
        [None] * 7,
        ["合计", 4, *[None] * 5],
    ]
    answer = client.post(NEW, {"file": book(lines, merge=["A1:G1", "D3:D6"])})
    run = ImportRun.objects.get()
    assert answer.status_code == 302
    assert run.counts == {"total": 4, "new": 4, "known": 0, "faulty": 0}, run.preview
    confirm(client, run)
    work()
    assert set(Posting.objects.filter(person__police_no__startswith="J").values_list("unit__name", "starts_on")) == {
        ("城区一中队", date(2026, 5, 3))
    }
    assert Person.objects.get(police_no="J00003").phone_tail == "1113"


def test_three_in_a_hundred_broken_rows_let_nothing_in_and_the_mended_sheet_brings_all(client, clerk):
    broken = {"at4_3": "城区三中队", "at40_6": "2026-02-30", "at80_5": "12345"}
    run = upload(client, rows(100, **broken))
    assert run.counts == {"total": 100, "new": 97, "known": 0, "faulty": 3}
    page = text_of(client, run)
    assert "没有“城区三中队”这个单位" in page
    assert "是不是城区" in page
    assert "没有“2026-02-30”这一天" in page
    assert "下载带错误说明的表" in page
    confirm(client, run)
    work()
    assert Person.objects.filter(police_no__startswith="J").count() == 0
    answer = client.get(f"{URL}?import={run.pk}&mend=1")
    mended = load_workbook(BytesIO(answer.getvalue()))
    sheet = mended.active
    heads = {cell.value: cell.column for cell in sheet[4]}
    for line in range(5, sheet.max_row + 1):
        reason = sheet.cell(line, heads["错误"]).value
        if reason:
            assert sheet.cell(line, 1).value in {"J00005", "J00041", "J00081"}
            sheet.cell(line, heads["单位"]).value = "城区二中队"
            sheet.cell(line, heads["任职日期"]).value = "2026-02-28"
            sheet.cell(line, heads["手机号"]).value = "13800012345"
    content = BytesIO()
    mended.save(content)
    client.post(NEW, {"file": again(content.getvalue())})
    second = ImportRun.objects.order_by("-created_at").first()
    assert second.counts == {"total": 100, "new": 100, "known": 0, "faulty": 0}, second.preview
    confirm(client, second)
    work()
    assert Person.objects.filter(police_no__startswith="J").count() == 100


def test_what_stands_twice_in_the_sheet_is_a_fault_and_what_is_there_already_is_skipped_or_named(client, clerk):
    bring_in(client, rows(2))
    lines = rows(4, at1_1="改了名", at3_0="J00003")
    run = upload(client, lines)
    assert run.counts == {"total": 4, "new": 1, "known": 1, "faulty": 2}
    page = text_of(client, run)
    assert "警号已登记，姓名不同；更正请到人员页" in page
    assert "与第4行重复" in page


def test_a_sheet_of_known_rows_has_nothing_to_bring_in(client, clerk):
    bring_in(client, rows(2))
    run = upload(client, rows(2))
    assert run.counts["known"] == 2
    assert "表里的行都已经有了" in text_of(client, run)
    assert "没有要入库的新行" in confirm(client, run).content.decode()


def test_own_headings_are_matched_once_and_known_the_next_month(client, clerk):
    head = ["编号", "姓名", "类", "何处", "职务", "联系方式", "到岗"]
    run = upload(client, rows(1), head=head)
    assert run.state == ImportState.UPLOADED
    assert "表里没有这几列：警号、单位" in text_of(client, run)
    matched = {"column-1": "police_no", "column-2": "name", "column-4": "unit", "column-6": "", "sheet": "台账"}
    client.post(f"{URL}?import={run.pk}", {"do": "map", **matched})
    run.refresh_from_db()
    assert (run.state, run.counts["new"]) == (ImportState.CHECKED, 1)
    confirm(client, run)
    work()
    assert KeptMapping.objects.get().mapping["编号"] == "police_no"
    following = upload(client, rows(2)[1:], head=head)
    assert (following.state, following.counts["new"]) == (ImportState.CHECKED, 1)
    client.force_login(person("system_admin", at=clerk.unit))
    assert upload(client, rows(3)[2:], head=head).state == ImportState.UPLOADED


def test_another_sheet_of_the_book_can_be_meant(client, clerk):
    run = upload(client, rows(1), sheets=[("调入", [HEAD, *rows(3)])])
    assert (run.sheet, run.counts["total"]) == ("台账", 1)
    client.post(f"{URL}?import={run.pk}", {"do": "map", "sheet": "调入"})
    run.refresh_from_db()
    assert (run.sheet, run.counts["total"]) == ("调入", 3)


def test_a_double_click_brings_it_in_once(client, clerk):
    run = upload(client, rows(2))
    assert confirm(client, run).status_code == confirm(client, run).status_code == 302
    assert Job.objects.filter(name="ledgers.import").count() == 1
    work()
    confirm(client, run)
    assert Job.objects.filter(name="ledgers.import").count() == 1
    assert Person.objects.filter(police_no__startswith="J").count() == 2


def test_what_changed_between_check_and_import_is_looked_at_again(client, clerk):
    run = upload(client, rows(3))
    confirm(client, run)
    person(at=clerk.unit, police_no="J00002", name="别人")
    work()
    run.refresh_from_db()
    assert run.state == ImportState.FAILED
    assert "有1行对不上了" in text_of(client, run)
    assert not Person.objects.filter(police_no="J00001").exists()


def test_a_file_that_was_swapped_on_the_server_is_not_brought_in(client, clerk):
    run = upload(client, rows(2))
    confirm(client, run)
    run.file.write_bytes(book([HEAD, *rows(5)]).read())
    work()
    run.refresh_from_db()
    assert (run.state, Person.objects.filter(police_no__startswith="J").count()) == (ImportState.FAILED, 0)
    assert "和上传时不一样" in run.error


def test_who_lost_the_right_meanwhile_writes_nothing(client, clerk):
    run = upload(client, rows(2))
    confirm(client, run)
    Grant.objects.filter(person=clerk).update(ends_on=timezone.localdate())
    work()
    run.refresh_from_db()
    assert (run.state, run.error) == (ImportState.FAILED, "没有导入人员的权限。")


def test_an_error_in_the_middle_leaves_nothing_and_the_next_run_brings_all(client, clerk, monkeypatch):
    monkeypatch.setattr("brigade.ledgers.rules.WRITTEN_AT_ONCE", 1)
    whole, calls = IMPORTS["workbench:person_list"], []

    def dies(drafts, *, by, now):
        calls.append(drafts)
        if len(calls) == 2:
            raise ConnectionError("the database went away")
        return whole.write(drafts, by=by, now=now)

    spec = type(whole)(**{name: getattr(whole, name) for name in whole.__dataclass_fields__} | {"write": dies})
    monkeypatch.setitem(IMPORTS, whole.code, spec)
    run = upload(client, rows(3))
    confirm(client, run)
    work()
    run.refresh_from_db()
    assert (run.state, Person.objects.filter(police_no__startswith="J").count()) == (ImportState.RUNNING, 0)
    Job.objects.update(due_at=timezone.now())
    work()
    run.refresh_from_db()
    assert (run.state, Person.objects.filter(police_no__startswith="J").count()) == (ImportState.DONE, 3)


def test_an_import_that_was_given_up_says_so_and_begins_anew(client, clerk):
    run = upload(client, rows(2))
    confirm(client, run)
    Job.objects.update(state=JobState.FAILED)
    assert "试了几次都没有办成" in text_of(client, run)
    matched = {f"column-{n}": run.mapping[heading] for n, (heading, _sample) in enumerate(run.headings, start=1)}
    client.post(f"{URL}?import={run.pk}", {"do": "map", **matched})
    confirm(client, run)
    work()
    run.refresh_from_db()
    assert run.state == ImportState.DONE


def test_an_import_is_undone_within_a_day_and_the_mended_sheet_comes_again(client, clerk):
    run = bring_in(client, rows(2))
    assert "撤销导入" in text_of(client, run)
    assert undo(client, run, "").status_code == 422
    undo(client, run)
    work()
    run.refresh_from_db()
    assert (run.state, run.reason) == (ImportState.UNDONE, "导错了表")
    left = Person.objects.get(police_no="J00001")
    assert (left.is_active, left.postings.get().ends_on) == (False, date(2026, 5, 3))
    assert AuditEvent.objects.get(verb="ledger.import_undone").note == "导错了表"
    second = bring_in(client, rows(2, at0_1="改好了"))
    assert second.state == ImportState.DONE
    left.refresh_from_db()
    assert (left.name, left.is_active, left.postings.count()) == ("改好了", True, 2)


def test_roles_that_were_taken_back_do_not_keep_the_people_and_these_come_again(client, clerk):
    run = bring_in(client, rows(1))
    keeper, today = person("security_admin", at=clerk.unit), timezone.localdate()
    made = Person.objects.get(police_no="J00001")
    role = grant_role(by=keeper, person=made, role="officer", unit=clerk.unit, starts_on=today)
    assert "民警001（授权）" in undo(client, run).content.decode()
    Grant.objects.filter(pk=role.pk).update(starts_on=today - timedelta(days=1))  # the evening before
    take_back_grants([role.pk], by=keeper, now=timezone.now(), reason="表错了")
    undo(client, run)
    assert work(run).state == ImportState.UNDONE, run.error
    assert bring_in(client, rows(1)).state == ImportState.DONE
    made.refresh_from_db()
    assert made.is_active and not made.grants.reaching(today)


def test_after_a_day_an_import_stays(client, clerk):
    run = bring_in(client, rows(1))
    ImportRun.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert "撤销导入</a>" not in text_of(client, run)
    answer = undo(client, run)
    assert answer.status_code == 422
    assert "已过24小时" in answer.content.decode()


def test_an_import_whose_rows_are_in_use_stays_and_says_which(client, clerk):
    run = bring_in(client, rows(2))
    grant(Person.objects.get(police_no="J00002"), "officer", clerk.unit)
    answer = undo(client, run)
    assert answer.status_code == 422
    assert "已经在用，不能整批撤销：民警002（授权）" in answer.content.decode()
    Grant.objects.filter(person__police_no="J00002").delete()
    Person.objects.filter(police_no="J00001").update(signed_in_at=timezone.now())
    assert "民警001（已登录过）" in undo(client, run).content.decode()


def test_a_row_that_came_into_use_before_the_worker_undid_it_keeps_all(client, clerk):
    run = bring_in(client, rows(2))
    undo(client, run)
    grant(Person.objects.get(police_no="J00002"), "officer", clerk.unit)
    work()
    run.refresh_from_db()
    assert run.state == ImportState.DONE
    assert "民警002（授权）" in run.error
    assert Person.objects.filter(police_no__startswith="J", is_active=True).count() == 2


def test_first_passwords_are_handed_out_once_and_never_stand_in_the_open(client, clerk):
    run = bring_in(client, rows(2))
    assert run.handout_sealed
    answer = client.post(f"{URL}?import={run.pk}", {"do": "handout"})
    sheet = load_workbook(BytesIO(answer.getvalue())).active
    given = {sheet.cell(line, 1).value: sheet.cell(line, 4).value for line in range(5, sheet.max_row + 1)}
    assert Person.objects.get(police_no="J00001").check_password(given["J00001"])
    assert Person.objects.get(police_no="J00001").must_change_password
    run.refresh_from_db()
    assert run.handout_sealed == ""
    again = client.post(f"{URL}?import={run.pk}", {"do": "handout"})
    assert (again.status_code, "只能下载一次" in again.content.decode()) == (422, True)
    assert AuditEvent.objects.filter(verb="ledger.handed_out").count() == 1


def test_somebody_elses_import_is_not_found(client, clerk):
    run = upload(client, rows(1))
    client.force_login(person("system_admin", at=clerk.unit))
    for query in (str(run.pk), f"{run.pk}&mend=1", f"{run.pk}&undo=1", "x"):
        assert client.get(f"{URL}?import={query}").status_code == 404
    assert confirm(client, run).status_code == 404
    with pytest.raises(Refused, match="别人的"):
        actions.confirm_import(by=person("system_admin", at=clerk.unit), run=run, now=timezone.now())


def test_who_may_not_enter_people_may_not_import_them(client, brigade):
    client.force_login(person("clerk", at=brigade))
    assert client.get(NEW).status_code == 403
    assert "?import=new" not in client.get(URL).content.decode()
    assert client.get("/obligations/?import=new").status_code in (403, 404)


def test_a_unit_out_of_ones_reach_is_a_fault_of_its_row(client, brigade):
    squadron = brigade.children.get(name="城区一中队")
    client.force_login(person("system_admin", at=squadron))
    run = upload(client, rows(2, at1_3="城区二中队"))
    assert run.counts["faulty"] == 1
    assert "没有“城区二中队”这个单位，或不在你的范围内" in text_of(client, run)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "这不是Excel工作簿"),
        (b"MZ\x90\x00" + b"\0" * 200, "这不是Excel工作簿"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版的xls文件"),
        (b"PK\x03\x04 no archive", "已损坏"),
    ],
)
def test_what_is_no_workbook_is_refused_beside_the_field(client, clerk, content, said):
    answer = client.post(NEW, {"file": SimpleUploadedFile("人员.xlsx", content)})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_bomb_and_a_file_beyond_the_limit_are_refused_unread(client, clerk):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 120_000_000)
    answer = client.post(NEW, {"file": again(packed.getvalue())})
    assert answer.status_code == 422
    assert "展开后" in answer.content.decode() or "过大" in answer.content.decode()
    big = SimpleUploadedFile("人员.xlsx", b"PK\x03\x04" + b"\0" * (21 * 1024 * 1024))
    answer = client.post(NEW, {"file": big})
    assert (answer.status_code, "表格最大20MB" in answer.content.decode()) == (422, True)
    assert not ImportRun.objects.exists()


def test_more_rows_than_an_import_takes_are_refused_with_their_number(client, clerk):
    run = upload(client, rows(501))
    assert run.state == ImportState.UPLOADED
    assert "一次最多导入500行，这张表有501行" in text_of(client, run)


def test_a_sheet_without_the_headings_is_refused_with_what_is_wanted(client, clerk):
    answer = client.post(NEW, {"file": book([["甲", "乙"], [1, 2]])})
    assert answer.status_code == 422
    assert "应有这几列：警号、姓名、单位" in answer.content.decode()


def test_the_template_filled_in_comes_back_without_a_fault(client, clerk):
    template = load_workbook(BytesIO(client.get(f"{URL}?import=template").getvalue()))
    assert [cell.value for cell in template.active[4]][:3] == ["警号*", "姓名*", "身份（民警、辅警、职工、外部联络人）"]
    template.active.append(rows(1)[0])
    content = BytesIO()
    template.save(content)
    client.post(NEW, {"file": again(content.getvalue())})
    assert ImportRun.objects.get().counts["new"] == 1


def test_the_export_of_the_ledger_comes_back_as_known_rows(client, clerk):
    bring_in(client, rows(3))
    client.post(NEW, {"file": again(client.get(f"{URL}?format=xlsx&q=J0").getvalue())})
    assert ImportRun.objects.order_by("-created_at").first().counts == {"total": 3, "new": 0, "known": 3, "faulty": 0}


def test_no_page_of_an_import_shows_a_whole_phone_number(client, clerk):
    run = upload(client, rows(2, at0_3="没有的中队"))
    assert "13800000001" not in text_of(client, run)
    assert "13800000001" not in str(run.preview)


def test_an_upload_that_nobody_brought_in_is_gone_after_a_day(client, clerk):
    run = upload(client, rows(1))
    actions.expire_imports(now=timezone.now() + timedelta(hours=25))
    run.refresh_from_db()
    assert (run.state, run.file.exists()) == (ImportState.EXPIRED, False)
    assert "文件已清除" in text_of(client, run)
    done = bring_in(client, rows(1))
    assert not done.file.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_half(client, brigade, start_worker):
    client.force_login(person("system_admin", at=brigade))
    run = upload(client, rows(200))
    confirm(client, run)
    worker = start_worker()
    end = time.monotonic() + 120
    while not (run.state == ImportState.RUNNING and run.written) and time.monotonic() < end:
        time.sleep(0.01)
        run.refresh_from_db()
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    run.refresh_from_db()
    assert (run.state, Person.objects.filter(police_no__startswith="J").count()) == (ImportState.RUNNING, 0)
    jobs.sweep(now=timezone.now() + timedelta(minutes=10))
    Job.objects.update(due_at=timezone.now())
    work()
    run.refresh_from_db()
    assert (run.state, Person.objects.filter(police_no__startswith="J").count()) == (ImportState.DONE, 200)


def test_who_made_the_sheet_and_when_is_no_row_of_it(client, clerk):
    below = [
        ["合计", "2人"],
        ["填表人：钱管机", None, "审核人：李四"],
        ["制表：钱", None, None, None, "审核："],
        ["备注：一式两份"],
    ]
    assert upload(client, [*rows(2), *below]).counts == {"total": 2, "new": 2, "known": 0, "faulty": 0}


def test_a_number_that_lost_its_first_zero_is_told_and_not_taken_for_a_new_one(client, clerk):
    person(at=clerk.unit, police_no="037001", name="民警001")
    lines = rows(3, at0_0=37001, at1_0="037002", at2_0=37002)
    run = upload(client, lines)
    page = text_of(client, run)
    assert run.counts["faulty"] == 2
    assert "是不是037001？Excel按数字存，丢了开头的0" in page
    assert "是不是037002" in page


def test_a_squadron_written_with_a_figure_is_asked_after_by_its_own_name(client, clerk):
    page = text_of(client, upload(client, rows(1, at0_3="城区2中队")))
    assert "没有“城区2中队”这个单位，或不在你的范围内，是不是城区二中队" in page
