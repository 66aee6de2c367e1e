"""Real duties at a real browser: what each costs in clicks and keys, and that nothing typed is ever lost.

The budgets are those of the brigade; each journey prints what was pressed (`pytest tests/browser -s`).
"""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from uuid import uuid4

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from PIL import Image

from tests.browser.portal import NOW, PHONE, sign_in

TEXT = qn("w:t")
RECORDER, SECRETARY, MEMBER, WINDOW = "D10021", "D10020", "D10022", "D10032"
PATROL = MEMBER
POLITICAL, LEADER, PARTY_OFFICE = "D10002", "D10001", "D10010"
SYSTEM_ADMIN, SECURITY_ADMIN = "D90001", "D90002"
CLERK = "D10011"
"""She is the business administrator too."""
MAIN_PAGES = {
    SECRETARY: ("/", "/party/meetings/new/", "/party/meetings/matrix/", "/party/meetings/", "/party/mine/"),
    LEADER: ("/dashboard/", "/obligations/", "/notices/", "/party/members/", "/org/people/")
    + ("/assignments/", "/assignments/new/", "/assignments/*", "/org/people/*hand-over/", "/reports/*")
    + ("/notices/announcements/", "/notices/announcements/new/", "/notices/announcements/*", "/search/?q=中队"),
    WINDOW: ("/services/requests/", "/services/items/", "/services/requests/new/"),
    PATROL: ("/enforcement/hazards/", "/enforcement/hazards/new/", "/enforcement/hazards/map/")
    + ("/enforcement/hazards/*",),
    CLERK: ("/documents/", "/documents/meetings.sign_in/", "/reports/", "/enforcement/hazards/?import=new"),
    SYSTEM_ADMIN: ("/org/people/?import=new", "/org/units/", "/org/units/*change/"),
}
"""A star stands for the first record of a ledger."""


# Everybody, in the morning


def test_an_officer_signs_in_and_knows_the_day_without_scrolling(officer):
    person = officer(SECRETARY, fresh=True)
    person.begin("/login/")
    sign_in(person.page, SECRETARY)
    for words in ("待办", "今日带班", "中队长", "未读消息"):
        person.see(words)
    person.interactions("A1", 3)


# Leaders


def test_a_leader_sees_the_figures_and_comes_from_one_to_a_case_and_back_to_the_same_place(officer):
    leader = officer(LEADER)
    leader.begin("/")
    leader.reads("今日带班", "待办", "预警", "本月数字", "比去年同期", "数据截至")
    leader.interactions("B1", 0)

    leader.begin("/dashboard/")
    page = leader.page
    row = page.locator("main .ledger").last.locator("tbody tr").last
    row.scroll_into_view_if_needed()
    place = page.evaluate("window.scrollY")
    assert place > 0
    row.locator("a").first.click()
    page.locator("#ledger-part td a").first.click()
    page.wait_for_selector("#move, .track, .facts")
    page.get_by_role("link", name="领导看板").first.click()
    page.wait_for_url("**/dashboard/**")
    page.wait_for_load_state("networkidle")
    assert abs(page.evaluate("window.scrollY") - place) < 4
    leader.interactions("B3", 3)


def test_a_leaving_officer_hands_everything_over_on_one_page_and_his_account_is_closed(officer):
    leader = officer(LEADER)
    leader.begin("/org/people/?q=D10031")
    page = leader.page
    page.locator("#ledger-part td a").first.click()
    page.get_by_role("link", name="移交").click()
    leader.fill(page.locator("[name=leaves_on]"), f"{NOW:%Y-%m-%d}")
    leader.fill(page.locator("[name=reason]"), "退休")
    for choice in page.locator("main table select").all():
        leader.choose(choice, choice.locator("option").nth(1).inner_text())
    page.get_by_text("名下0项；").wait_for()
    page.get_by_role("button", name="移交").click()
    page.wait_for_url(re.compile(r"/org/people/\d+/$"))
    leader.see("账号停用")
    leader.interactions("B14", 10)


def test_the_political_officer_grants_a_waiver_and_the_party_office_prints_the_matrix(officer):
    political = officer(POLITICAL)
    political.begin("/")
    political.page.get_by_role("link", name="去批复").first.click()
    political.page.get_by_role("button", name="批准").click()
    political.see("批准")
    political.interactions("B7", 2)

    office = officer(PARTY_OFFICE)
    office.begin("/")
    office.page.locator(".bar-nav").get_by_role("link", name="党建").click()
    office.page.get_by_role("button", name="打印").click()
    width, height = office.printed()
    office.interactions("A21", 4)
    assert width > height, "A4 landscape"
    cell = office.page.locator("tr", has_text="农村一中队党支部").locator("td").nth(NOW.date().month - 1)
    assert "豁免" in cell.inner_text()


def test_a_leader_hands_out_a_figure_and_asks_again_for_what_is_late(officer):
    leader = officer(LEADER)
    leader.begin("/dashboard/")
    page = leader.page
    page.locator(".figure-do").first.click()
    asked = page.locator("#ask dialog")
    for name in ("城区一中队", "城区二中队"):
        asked.get_by_text(name, exact=True).click()
    asked.get_by_role("button", name="交办").click()
    page.wait_for_url("**/assignments/*-*/**")
    leader.interactions("hand out from a figure", 5)
    leader.see("前回复")
    leader.reads("同时交办", "来源", "至2026年11月20日")

    leader.begin("/")
    page.locator(".side").get_by_role("link", name="交办督办").click()
    late = page.locator("#ledger-part tbody tr", has_text="逾期")
    assert "逾期" in page.locator("#ledger-part tbody").inner_text()
    late.filter(has_text="城区一中队").locator("a").first.click()
    leader.see("留言")
    page.get_by_role("button", name="催办").click()
    page.locator("#thread").get_by_text("催办").wait_for()
    leader.interactions("B9", 3)
    leader.reads("已建档214户，还差6户，户主外出务工", "今天已经催过，明天再催")


def test_an_announcement_is_published_read_and_signed_and_only_the_unread_are_reminded(officer):
    reader, political, title = officer(SECRETARY), officer(POLITICAL), f"元旦假期值班{uuid4().hex[:4]}"
    reader.begin("/")
    reader.see("未读通知公告")
    reader.page.get_by_role("link", name="冬季路面执勤安全防护规定").click()
    reader.page.get_by_role("button", name="签收").click()
    reader.see("已签收")
    reader.interactions("A2", 2)
    reader.begin("/")
    assert reader.page.get_by_role("link", name="冬季路面执勤安全防护规定").count() == 0

    political.begin("/")
    page = political.page
    page.get_by_role("link", name="发通知").click()
    political.fill(page.get_by_label("标题"), title)
    political.fill(page.get_by_label("内容"), "12月31日起两班倒，名单见附件。")
    page.locator(".picks").get_by_text("城区一中队", exact=True).click()
    hall = page.locator("details", has=page.get_by_text("车管所大厅", exact=True))
    hall.locator("summary").click()
    hall.get_by_text("车管所大厅", exact=True).click()
    page.get_by_role("button", name="发布").click()
    page.get_by_text("提醒没看的").wait_for()
    everybody = int(re.search(r"0/(\d+)", page.inner_text("#receipts"))[1])
    reader.begin("/")
    reader.page.get_by_role("link", name=title).click()
    reader.see("打开就算看过")
    page.reload()
    page.get_by_role("button", name=f"提醒没看的{everybody - 1}人").click()
    page.get_by_text("今天已经提醒过").wait_for()
    political.interactions("B10", 8)
    political.reads(f"1/{everybody}", "11月20日提醒过")


# The brigade's clerk


@pytest.mark.parametrize("lost", [False, True], ids=["fresh", "session lost"])
def test_a_clerk_takes_the_ledger_on_the_screen_as_a_workbook_and_prints_it(officer, lost):
    clerk = officer(RECORDER)
    since = NOW.date().replace(day=1) - timedelta(days=1)
    clerk.begin(f"/party/meetings/?starts_at_after={since.replace(day=1)}&starts_at_before={since}")
    page, button = clerk.page, clerk.page.get_by_role("link", name="导出")
    if lost:
        clerk.lose_session()
        button.first.click()
        clerk.sign_in_again()
    with page.expect_download() as download:
        button.first.click()
    page.locator(".page-do").get_by_text("打印").click()
    width, height = clerk.printed()
    clerk.interactions("A18", 3 + 3 * lost)
    assert width > height, "A4 landscape"
    sheet = openpyxl.load_workbook(BytesIO(download.value.path().read_bytes())).active
    head = " ".join(str(cell.value) for row in sheet.iter_rows(max_row=4) for cell in row if cell.value)
    for words in ("会议记录", "城区一中队党支部", f"{NOW.date()}", f"{since}"):
        assert words in head
    assert sheet.freeze_panes
    titles = {str(row[1].value) for row in sheet.iter_rows(min_row=4)}
    assert f"城区一中队党支部{since.month}月主题党日" in titles


def test_units_people_branches_and_roles_come_out_of_the_drawer_with_two_errors_mended_on_the_way(
    officer, portal, tmp_path
):
    """The clerk's work before the first day: 14 units, 180 people, 9 branches with their members, and the roles."""
    names = [f"新区{n}中队" for n in range(1, 15)]
    units = [[f"XQ{n:02}", name, name, "中队", "东昌府大队"] for n, name in enumerate(names, start=1)]
    people = [
        [f"Y{n:05}", f"新警{n}", names[n % 14], "中队长" if n < 14 else "民警", "2026.11.2"]
        + ["民警、中队长" if n < 14 else "民警"]
        for n in range(180)
    ]
    parties = [f"新区{n}中队党支部" for n in range(1, 10)]
    branches = [[name, "大队党总支", "2024.7.1"] for name in parties]
    members = [
        [f"Y{n:05}", f"新警{n}", parties[n % 9], "2024.7.1", "2025.7.1", "党员、记录员" if n < 9 else "党员"]
        for n in range(90)
    ]
    meetings = [[name, f"2025.{month}.5 15:00", "集中学习", 60] for name in parties for month in range(8, 12)]
    sheets = {
        "单位": (["单位编码", "单位名称", "单位简称", "单位类别", "所属单位"], units),
        "人员": (["警号", "姓名", "单位", "职务", "任职日期", "角色"], people),
        "党支部": (["党组织名称", "上级党组织", "成立时间"], branches),
        "党员": (["警号", "姓名", "所属支部", "入党时间", "转正时间", "角色"], members),
        "会议": (["支部名称", "会议时间", "会议类型", "时长"], meetings),
    }
    wrong = [list(row) for row in people]
    wrong[10][2], wrong[40][4] = "新区三十中队", "2026-02-30"
    for name, (head, rows) in (*sheets.items(), ("花名册", (sheets["人员"][0], wrong))):
        book = openpyxl.Workbook()
        for row in ([None, f"{name}一览表"], head, *rows):
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")

    def choose(page, name):
        page.locator("[name=file]").set_input_files(tmp_path / f"{name}.xlsx")
        page.get_by_role("button", name="上传并预检").click()

    def bring_in(page, count):
        page.get_by_role("button", name=f"入库{count}行").click()
        page.get_by_text("等待入库").wait_for()
        portal.pass_a_minute()
        page.get_by_text(f"已入库{count}行").wait_for()

    def take_in(page, ledger, name, count):
        page.get_by_role("link", name=ledger, exact=True).first.click()
        page.get_by_role("link", name="导入", exact=True).click()
        choose(page, name)
        bring_in(page, count)

    keeper = officer(SYSTEM_ADMIN)
    page = keeper.page
    keeper.begin("/")
    take_in(page, "单位", "单位", 14)
    done = keeper.interactions("units", 5)
    keeper.begin("/org/people/")
    page.get_by_role("link", name="导入").click()
    choose(page, "花名册")
    keeper.see("没有“新区三十中队”这个单位")
    keeper.see("没有“2026-02-30”这一天")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载带错误说明的表").click()
    download.value.save_as(tmp_path / "错误.xlsx")
    mended = openpyxl.load_workbook(tmp_path / "错误.xlsx")
    for line in mended.active.iter_rows(min_row=5):
        if line[-1].value:
            line[2].value, line[4].value = "新区1中队", "2026-11-02"
    mended.save(tmp_path / "改好.xlsx")
    page.get_by_role("link", name="另选一个文件").click()
    choose(page, "改好")
    bring_in(page, 180)
    done += 1 + keeper.interactions("A19", 8)

    party = officer(PARTY_OFFICE)
    party.begin("/")
    party.page.get_by_role("link", name="党建", exact=True).first.click()
    take_in(party.page, "支部", "党支部", 9)
    take_in(party.page, "党员", "党员", 90)
    done += party.interactions("branches and members", 11)

    giver = officer(SECURITY_ADMIN)
    giver.begin("/")
    take_in(giver.page, "授权", "人员", 180)
    take_in(giver.page, "授权", "党员", 90)
    done += giver.interactions("roles", 10)
    print(f"people and units in: {done} of 40")
    assert done <= 40

    party.begin("/party/meetings/")
    party.page.get_by_role("link", name="导入", exact=True).click()
    choose(party.page, "会议")
    bring_in(party.page, 36)
    party.interactions("last year's meetings", 10)


def test_the_office_confirms_a_report_with_one_sentence_and_replaces_a_word_form_by_its_own(officer, tmp_path):
    clerk = officer(CLERK)
    page = clerk.page
    clerk.begin("/")
    page.locator("li", has_text="每日简报").locator("a", has_text="去确认").first.click()
    page.wait_for_url("**/reports/**")
    clerk.fill(page.locator("[name=sentence]"), "周末两班改三班，重点看沙镇路口。")
    page.get_by_role("button", name="确认", exact=True).click()
    clerk.see("已确认")
    clerk.reads("周末两班改三班，重点看沙镇路口。", "与生成时一致")
    clerk.interactions("confirm a report", 4)

    clerk.begin("/documents/meetings.sign_in/")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载现用模板").click()
    word = docx.Document(download.value.path())
    word.paragraphs[0].insert_paragraph_before("东区大队统一样式")
    word.paragraphs[1].add_run("（{{ 时间 }}）")
    word.save(tmp_path / "我们的.docx")

    clerk.begin("/")
    page.get_by_role("link", name="文书模板").click()
    page.get_by_role("link", name="签到表").click()
    page.locator("[name=file]").set_input_files(tmp_path / "我们的.docx")
    page.get_by_role("button", name="上传检查").click()
    clerk.see("第1版检查通过，还没启用")
    page.get_by_role("button", name="启用").click()
    clerk.see("现在用第1版")
    clerk.interactions("first week", 6)

    recorder = officer(RECORDER)
    recorder.begin("/party/meetings/")
    recorder.page.locator("main .ledger tbody a").first.click()
    address = recorder.page.url
    answer = recorder.page.request.get(f"{address.rstrip('/')}/sign-in/")
    printed = docx.Document(BytesIO(answer.body())).paragraphs
    assert printed[0].text == "东区大队统一样式" and "{{" not in printed[1].text


# On the road


@pytest.mark.parametrize("lost", [False, True], ids=["fresh", "session lost"])
def test_an_officer_reports_a_hazard_from_his_phone_and_is_shown_what_lies_near(officer, tmp_path, lost):
    photo, known = tmp_path / "坑槽.jpg", open_hazard(officer(PATROL))
    Image.effect_noise((640, 480), 80).save(photo)
    here = {"latitude": float(known["lat"]), "longitude": float(known["lon"]), "accuracy": 12}
    patrol = officer(PATROL, PHONE, has_touch=True, is_mobile=True, geolocation=here, permissions=["geolocation"])
    page = patrol.page
    patrol.begin("/")
    page.get_by_role("link", name="报隐患").first.tap()
    page.get_by_text("误差12米").wait_for()
    page.locator("input[type=file]").set_input_files(photo)
    page.locator(".shot img").wait_for()
    page.locator(".picks").get_by_text(known["called"], exact=True).tap()
    page.locator("#near .note").first.wait_for()
    patrol.reads("米外有一处相近隐患", known["title"])
    page.get_by_text("看过了，不是同一处").tap()
    if lost:
        patrol.lose_session()
    page.get_by_role("button", name="上报给").tap()
    if lost:
        patrol.sign_in_again()
        page.get_by_text("的草稿").wait_for()
        page.locator(".shot img").wait_for()
        page.locator("#near input:checked").wait_for()
        page.get_by_role("button", name="上报给").tap()
    page.wait_for_url(re.compile(r"/enforcement/hazards/[0-9a-f-]{36}/$"))
    patrol.interactions("A4", 9 + 3 * lost)
    patrol.reads("待核实", "李明哲 上报", f"-{NOW.year}-")
    made = page.request.get(f"/api/v1/hazards/{page.url.split('/')[-2]}/").json()
    assert (made["state"], made["category"]) == ("reported", known["category"]) and made["number"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def open_hazard(person):
    """One of those that he may see, at a place of a kind that can be reported twice; `called` as its category is."""
    kinds = person.page.request.get("/api/v1/hazard-categories/?page_size=100").json()["results"]
    names = {kind["code"]: kind["name"] for kind in kinds if kind["radius_m"]}
    rows = person.page.request.get("/api/v1/hazards/?state=rectifying").json()["results"]
    found = next(row for row in rows if row["lat"] and row["category"] in names)
    return found | {"called": names[found["category"]]}


# The branch's recorder


def begin_meeting(person, *kinds):
    """By the digit on the workbench to the form, and tick what the meeting holds."""
    person.begin("/")
    person.page.keyboard.press("1")
    person.page.wait_for_url("**/party/meetings/new/**")
    person.page.locator("[data-rollcall] button").first.wait_for()
    for kind in kinds:
        person.page.locator(".picks").get_by_text(kind, exact=True).click()


def mark_away(person, count):
    """Tap the names of the last ones on the roll: on duty."""
    names = person.page.locator("[data-rollcall] button")
    there = names.count()
    for at in range(there - count, there):
        names.nth(at).click()
    assert int(person.page.inner_text("[data-roll-present]")) == there - count


def submit(person, *, lost, twice=False):
    """Send the form; where the session is gone, sign in and send what is still there, `twice` by a double click."""
    button = person.page.get_by_role("button", name="提交主持人确认")
    if lost:
        person.lose_session()
        button.click()
        person.sign_in_again()
        person.page.wait_for_url("**/party/meetings/new/**")
        person.page.get_by_text("的草稿").wait_for()
    button.click(click_count=2 if twice else 1)
    person.page.wait_for_url(lambda url: not url.rstrip("/").endswith(("new", "login")) and "login" not in url)


@pytest.mark.parametrize("lost", [False, True], ids=["fresh", "session lost"])
def test_a_recorder_writes_down_a_study_meeting_by_naming_only_who_was_not_there(officer, lost):
    recorder = officer(RECORDER)
    begin_meeting(recorder, "集中学习")
    mark_away(recorder, 3)
    recorder.fill(recorder.page.get_by_label("议题").first, "传达学习：冬季事故预防部署")
    if lost:
        recorder.page.reload()
        recorder.page.get_by_text("的草稿").wait_for()
    submit(recorder, lost=lost)
    recorder.interactions("A10", 12 + 3 * lost)
    recorder.see("待确认")
    recorder.reads("应到17", "实到14", "传达学习：冬季事故预防部署")


@pytest.mark.parametrize("lost", [False, True], ids=["fresh", "session lost"])
def test_a_theme_party_day_is_written_down_once_and_all_that_hangs_on_it_follows(officer, portal, lost):
    recorder, secretary, member, leader = officer(RECORDER), officer(SECRETARY), officer(MEMBER), officer(LEADER)
    mark = uuid4().hex[:6]
    hours, gatherings = hours_of(member), gatherings_on_the_board(leader)
    held, learnt = branch_in_the_return(secretary)

    begin_meeting(recorder, "主题党日", "党课", "党员大会", "志愿服务")
    page = recorder.page
    recorder.fill(page.get_by_label("主题", exact=True), f"一盔一带进村口{mark}")
    recorder.choose(page.get_by_label("主讲").locator("visible=true").first, "周海峰")
    mark_away(recorder, 3)
    recorder.fill(page.get_by_label("议题").first, "传达学习：冬季事故预防部署")
    recorder.fill(page.get_by_label("决定").first, f"分片包路口{mark}")
    recorder.choose(page.get_by_label("承办人").first, "李明哲")
    recorder.fill(page.get_by_label("期限").first, f"{NOW.date() + timedelta(days=12)}")
    if lost:
        page.goto("/")
        page.go_back()
        page.get_by_text("的草稿").wait_for()
    submit(recorder, lost=lost, twice=lost)
    recorder.interactions("A11", 20 + 3 * lost + lost)
    recorder.reads("待确认", "党课", "党员大会", "志愿服务", "应到17", "实到14")
    record = page.url.removeprefix(portal.address)

    secretary.begin("/")
    secretary.page.locator(f"li:has(a[href='{record}'])").get_by_role("link", name="去确认").click()
    secretary.page.get_by_role("button", name="确认会议记录").click()
    secretary.see("确认会议记录：")
    secretary.interactions("A11 confirm", 2)

    recorder.begin(f"/party/meetings/?q={mark}")
    recorder.reads("共1条")
    for kind in ("minutes/?format=docx", "sign-in/"):
        assert "周海峰" in words_of(page.request.get(f"{record}{kind}").body())
    quarter_end = (NOW.date().month + 2) // 3 * 3
    for kind, month in (("主题党日", NOW.date().month), ("党课", quarter_end), ("党员大会", quarter_end)):
        recorder.begin("/party/meetings/matrix/")
        cells = recorder.page.locator("tr", has_text="城区一中队党支部").locator("td")
        cells.nth(month - 1).locator("a").click()
        recorder.page.locator("#cell tr", has_text=kind).locator(f"a[href='{record}']").wait_for()
    member.begin("/")
    member.reads(f"分片包路口{mark}")
    portal.pass_a_minute()
    each = hours_of(member) - hours
    assert each > 0
    assert gatherings_on_the_board(leader) == gatherings + 1
    assert branch_in_the_return(secretary) == (held + 1, learnt + each * 14)
    for must in ("每月支部必研学", "每名书记必讲课", "每人学习必过关"):
        assert record in records_of_must(secretary, must)


def words_of(paper):
    """All words of a Word document."""
    return "".join(part.text or "" for part in docx.Document(BytesIO(paper)).element.body.iter(TEXT))


def hours_of(member):
    """What a member has learnt this year, as he sees it himself."""
    member.begin("/party/mine/")
    return float(member.page.get_by_text("年已学").locator("xpath=ancestor::li//b").inner_text())


def branch_in_the_return(person):
    """Gatherings and hours of his branch in the running quarter, as the quarterly return has them."""
    person.begin("/party/meetings/returns/")
    cells = person.page.locator("tbody tr", has_text="城区一中队党支部").first.locator("td.num a")
    gatherings, _rate, hours = cells.all_inner_texts()
    return int(gatherings), float(hours)


def records_of_must(person, must):
    """Addresses of the records that stand behind one of the five obligations of his branch this month."""
    person.begin("/party/meetings/five-musts/")
    person.page.locator("tr", has_text="城区一中队党支部").locator("td").nth(NOW.date().month - 1).locator("a").click()
    row = person.page.locator("#cell", has_text=f"城区一中队党支部：{NOW.date().month}月").locator("tr", has_text=must)
    row.wait_for()
    return row.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")


def gatherings_on_the_board(leader):
    leader.begin("/dashboard/")
    figure = leader.page.locator(".figure", has_text="组织生活次数").inner_text()
    return int(re.search(r"(\d+)\s*次", figure)[1])


# At the window, by keyboard alone


def take(person, letters, marks, *, lost=False):
    """Choose a service by its initials and mark its papers, as far as the clerk looks at them himself."""
    person.page.keyboard.type(letters)
    person.page.keyboard.press("Enter")
    for mark in marks:
        person.page.keyboard.press(mark)
    if lost:
        person.lose_session()


def find_requests(person, number):
    """What was recorded under a number of the national platform."""
    newest = person.page.request.get("/api/v1/requests/").json()["results"]
    return [found for found in newest if found["external_no"] == number]


@pytest.mark.parametrize("lost", [False, True], ids=["fresh", "session lost"])
def test_a_window_clerk_settles_one_citizen_and_tells_the_next_what_is_missing_by_keyboard_alone(officer, lost):
    clerk, more, number = officer(WINDOW), 3 if lost else 0, f"YS{uuid4().hex[:8]}"
    press, page = clerk.page.keyboard.press, clerk.page

    clerk.begin("/services/requests/new/")
    take(clerk, "qmh", "0", lost=lost)
    page.keyboard.insert_text(number)
    press("F2")
    if lost:
        clerk.sign_in_again()
        page.locator("[data-material]").first.wait_for()
        press("F2")
    clerk.see("已办结")
    assert page.evaluate("document.activeElement.id") == "desk-item-ts-control", "the next citizen can begin"
    clerk.keys("C6", 8 + more)
    assert [found["state"] for found in find_requests(clerk, number)] == ["completed"]

    clerk.begin("/services/requests/new/")
    take(clerk, "dyd", "220", lost=lost)
    page.keyboard.insert_text(f"{number}B")
    press("F8")
    page.keyboard.insert_text("演示群众")
    press("F8")
    if lost:
        clerk.sign_in_again()
        page.locator("[data-material]").first.wait_for()
        assert page.input_value("[name=citizen_name]") == "", "a citizen is never kept in the browser"
        page.keyboard.insert_text("演示群众")
        press("F8")
    clerk.see("待补正")
    clerk.keys("C8", 10 + more)
    made = find_requests(clerk, f"{number}B")
    assert [(found["state"], found["round"]) for found in made] == [("supplement_requested", 1)]


# On every page


def test_main_pages_can_be_used_with_a_screen_reader_and_on_a_phone(officer):
    findings = []
    for police_no, pages in MAIN_PAGES.items():
        desk, phone = officer(police_no), officer(police_no, PHONE)
        for address in [first_record(desk, address) for address in pages]:
            desk.begin(address)
            findings += [f"{address} {finding}" for finding in desk.serious_findings()]
            phone.begin(address)
            findings += [f"{address} on a phone {finding}" for finding in phone.serious_findings()]
            if (wide := phone.page.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]:
                findings.append(f"{address} is {wide} wide on a phone")
    assert not findings, "\n".join(findings)


def first_record(person, address):
    """The address, with the first record of the ledger before its star in place of both."""
    ledger, star, rest = address.partition("*")
    if not star:
        return address
    person.begin(ledger)
    links = person.page.locator("main tbody a[href], main .rows a[href]").evaluate_all("all => all.map(a => a.href)")
    return next(link for link in links if re.search(r"/([0-9a-f-]{36}|[0-9]+)/$", link)) + rest


# Two people, two PCs


def test_two_people_write_in_one_meeting_and_a_killed_tab_loses_nothing(officer):
    recorder, secretary = officer(RECORDER), officer(SECRETARY)
    page = recorder.page
    begin_meeting(recorder, "主题党日")
    page.get_by_role("button", name="列入计划").click()
    page.wait_for_url(lambda url: "/new/" not in url)
    edit = f"{urlsplit(page.url).path}edit/"
    for person in (recorder, secretary):
        person.begin(edit)

    page.fill("[name=place]", "二楼会议室")
    recorder.fill(page.locator("[name=theme]"), "学习条例👮" * 10)
    page.locator("[data-draft-status]", has_text=re.compile(r"草稿 .+ 已存\s*$")).wait_for()
    page.close()  # the tab is killed; on another PC the draft is offered
    recorder = officer(RECORDER)
    page = recorder.page
    recorder.begin(edit)
    page.get_by_text("地点：二楼会议室").wait_for()
    page.get_by_role("button", name="用它").click()
    assert page.input_value("[name=place]") == "二楼会议室"

    secretary.fill(secretary.page.locator("[name=theme]"), "冬季事故预防")
    secretary.page.locator("[data-rollcall] button").last.click()
    secretary.page.get_by_role("button", name="只保存").click()
    secretary.page.wait_for_url(lambda url: not url.endswith("/edit/"))

    recorder.lose_session()
    page.get_by_role("button", name="只保存").click()
    recorder.sign_in_again()
    page.get_by_text("的草稿").wait_for()
    recorder.watch.may_conflict = True
    page.get_by_role("button", name="只保存").click()
    page.get_by_text("有1处你和别人都改了").wait_for()
    recorder.reads("冬季事故预防", "学习条例👮")
    page.locator("[name=take-theme][value=theirs]").check()
    page.get_by_role("button", name="只保存").click(click_count=2)
    page.wait_for_url(lambda url: not url.endswith("/edit/"))
    saved = page.request.get(f"/api/v1/meetings/{edit.split('/')[-3]}/").json()
    assert (saved["place"], saved["theme"], saved["version"]) == ("二楼会议室", "冬季事故预防", 3)
    page.goto(edit)
    page.wait_for_load_state("networkidle")
    assert page.locator("form#meeting .note").count() == 0, "the draft went with its sending"
