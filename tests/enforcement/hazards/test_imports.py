"""A squadron's own ledger of hazards: every shape of a place, what lies beside another, and all or nothing."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.geo import Datum, Point, distance, from_wgs84
from brigade.ledgers.models import ImportRun
from brigade.ledgers.queries import checked
from brigade.ledgers.rules import IMPORTS
from brigade.ledgers.states import ImportState
from brigade.obligations.models import Obligation
from brigade.org.models import Beat
from brigade.org.states import Role
from brigade.reference.models import Road
from brigade.reference.queries import kept_parameters
from brigade.search.models import Entry
from brigade.search.rules import key_of
from enforcement.hazards import actions
from enforcement.hazards.indicators import FIGURES
from enforcement.hazards.models import Hazard, Verification
from tests.brigade.ledgers.books import again, into, work
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import at, category, closed, reported

URL = "/enforcement/hazards/"
HEAD = ["乡镇", "隐患类型", "排查时间", "隐患位置", "路名", "桩号", "隐患描述"]
upload, bring_in = into(URL, HEAD)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clerk(client, world, time_machine):
    time_machine.move_to("2025-05-07 09:00 +0800")
    Road.objects.update(is_divided=False)
    client.force_login(world.clerk)
    return world.clerk


def only(client, line, head=HEAD) -> Hazard:
    run = bring_in(client, [line], head)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 1), page(client, run)
    return Hazard.objects.get()


def page(client, run) -> str:
    """What the check says, without the shell around it."""
    text = client.get(f"{URL}?import={run.pk}").content.decode()
    return text[text.index("<main") : text.index("</main>")]


def fault(client, line, head=HEAD) -> str:
    run = upload(client, [line], head)
    assert run.counts["faulty"] == 1, run.counts
    return page(client, run)


@pytest.mark.parametrize(
    ("road", "stake", "start", "end"),
    [
        ("X012", "K1+350", 1_350, 1_350),
        ("县道012", "Ｋ１＋３５０", 1_350, 1_350),
        ("x012", "1K+350", 1_350, 1_350),
        ("X012", "1公里350米", 1_350, 1_350),
        ("X012", "2K", 2_000, 2_000),
        (None, "X012 K3+450.5", 3_451, 3_451),
        ("X012", "K1+350-K1+600", 1_350, 1_600),
        ("X012", "K1+350～K1+600", 1_350, 1_600),
        ("X012", "K1+350 至 K1+600", 1_350, 1_600),
    ],
)
def test_07_a_stake_comes_in_every_shape_and_gives_the_point(client, world, road, stake, start, end):
    hazard = only(client, ["于集镇", "平交路口", "2025.3.5", None, road, stake, "支路接入无让行"])
    assert (hazard.road, hazard.stake_start_m, hazard.stake_end_m) == (world.road, start, end)
    assert hazard.geo_source == "stake_calc" and hazard.point is not None


@pytest.mark.parametrize(
    ("sentence", "start"),
    [
        ("县道012 K1+350路东", 1_350),
        ("X012线12公里处北侧", None),
        ("于集镇县道012,2公里350米处", 2_350),
        ("X012 Ｋ3＋100 路口", 3_100),
    ],
)
def test_a_place_that_is_one_sentence_is_read_too(client, world, sentence, start):
    hazard = only(client, ["于集镇", "平交路口", "2025-03-05", sentence, None, None, "无让行标志"])
    assert hazard.road == world.road and hazard.place.endswith(sentence[-2:])
    assert hazard.stake_start_m == (12_000 if start is None else start)


def test_07_a_thousand_metres_are_no_stake(client, world):
    text = fault(client, ["于集镇", "平交路口", "2025.3.5", None, "X012", "K1+1350", "无让行"])
    assert "米数不能到1000" in text


@pytest.mark.parametrize(
    ("stake", "place", "way"),
    [("K1+350上行", None, "up"), ("K1+350", "下行线路侧", "down"), ("K1+350", "双向四车道", "both")],
)
def test_on_a_divided_road_the_way_is_read_where_it_stands_and_asked_for_where_it_does_not(
    client, world, stake, place, way
):
    Road.objects.update(is_divided=True)
    text = fault(client, ["于集镇", "平交路口", "2025.3.5", None, "X012", "K1+350", "无让行"])
    assert "县道012有中央隔离，要写明上行、下行还是双向" in text
    hazard = only(client, ["于集镇", "平交路口", "2025.3.5", place, "X012", stake, "无让行"])
    assert (hazard.direction, hazard.stakes) == (way, "K1+350")


COORDS = ["乡镇", "类别", "发现日期", "纬度", "经度", "坐标系"]


def gcj(point: Point) -> tuple[float, float]:
    there = from_wgs84(point, Datum.GCJ02)
    return round(there.lat, 6), round(there.lon, 6)


@pytest.mark.parametrize("system", ["GCJ-02", "gcj02", "高德地图", "腾讯"])
def test_08_coordinates_of_gaode_are_stored_as_wgs84(client, world, system):
    hazard = only(client, ["于集镇", "平交路口", "2025年3月5日", 36.456088, 115.991181, system], COORDS)
    assert distance(hazard.point, Point(36.456, 115.9855)) < 0.2
    assert (hazard.coord_sys, hazard.geo_source) == ("gcj02", "import")
    assert (hazard.entered_lat, hazard.entered_lon) == (Decimal("36.456088"), Decimal("115.991181"))


@pytest.mark.parametrize("east", [409_057.02, 39_409_057.02])
def test_the_metres_of_a_survey_are_stored_as_wgs84(client, world, east):
    line = ["于集镇", "平交路口", "2025-3-5", 4_036_620.35, east, "CGCS2000"]
    hazard = only(client, line, ["乡镇", "类别", "发现日期", "北坐标", "东坐标", "坐标系"])
    assert distance(hazard.point, Point(36.456, 115.9855)) < 0.2
    assert hazard.coord_sys == "cgcs2000"


@pytest.mark.parametrize(
    ("lat", "lon", "system", "sentence"),
    [
        (409_057.02, 4_036_620.35, "CGCS2000", "投影坐标填反了"),
        (4_036_620.35, 409_057_020_000, "CGCS2000", "投影坐标填反了"),
        (4_036_620.35, 409_057.02, "WGS-84", "经纬度不对"),
        (36.456088, 115.991181, "WGS-84", "按GCJ-02（高德、腾讯）正好在路上"),
        (36.47, round(gcj(Point(36.47, 115.9855))[1], 6), "GPS", "按GCJ-02（高德、腾讯）正好在路上"),
        (36.456, 115.9855, None, "选坐标系"),
        (36.456, 115.9855, "北京54", "不认识坐标系"),
        (115.9855, 36.456, "WGS-84", "填反了"),
        (39.9, 116.4, "WGS-84", "不在辖区内"),
        (36.456, None, "WGS-84", "经度和纬度要一起填"),
        (None, None, None, "写明位置"),
    ],
)
def test_coordinates_that_cannot_be_right_are_faults_of_their_row(client, world, lat, lon, system, sentence):
    assert sentence in fault(client, ["于集镇", "平交路口", "2025-3-5", lat, lon, system], COORDS)


def test_08_the_suspected_pair_comes_in_when_it_is_said_to_be_right(client, world):
    line = ["于集镇", "平交路口", "2025-3-5", 36.456088, 115.991181, "WGS-84", "是"]
    hazard = only(client, line, [*COORDS, "坐标系无误"])
    assert round(distance(hazard.point, Point(36.456, 115.9855))) == 508


def test_what_lies_near_another_asks_for_a_word(client, world):
    there = reported(world, "2025-05-06T08:00")
    line = ["于集镇", "平交路口", "2025-3-5", 36.4563, 115.9856, "WGS-84"]
    text = fault(client, line, COORDS)
    assert f"与{there.number}相距34米" in text or f"与{there.number}相距35米" in text
    far = ["于集镇", "平交路口", "2025-3-5", 36.4564, 115.9859, "WGS-84"]
    other_kind = ["于集镇", "标志标线", "2025-3-5", 36.4563, 115.9856, "WGS-84"]
    assert upload(client, [far, other_kind], COORDS).counts["new"] == 2
    assert bring_in(client, [[*line, "是"]], [*COORDS, "不是同一处"]).counts["new"] == 1


def test_two_lines_of_one_place_are_told_of_each_other(client, world):
    lines = [
        ["于集镇", "平交路口", "2025-3-5", 36.456, 115.9855, "WGS-84", None],
        ["于集镇", "平交路口", "2025-3-9", 36.4563, 115.9856, "WGS-84", None],
    ]
    run = upload(client, lines, [*COORDS, "不是同一处"])
    assert run.counts == {"total": 2, "new": 1, "known": 0, "faulty": 1}
    assert "与第2行相距3" in page(client, run)


def test_the_other_carriageway_and_what_was_closed_long_ago_are_no_twins(client, world):
    head = ["乡镇", "类别", "发现日期", "道路", "桩号", "方向"]
    lines = [
        ["于集镇", "平交路口", "2025-3-5", "X012", "K1+350", "上行"],
        ["于集镇", "平交路口", "2025-3-5", "X012", "K1+350", "下行"],
        ["于集镇", "平交路口", "2025-3-6", "X012", "K1+400", "上行"],
        ["于集镇", "平交路口", "2025-3-7", "X012", "K1+451", "下行"],
    ]
    run = upload(client, lines, head)
    assert (run.counts["new"], run.counts["faulty"]) == (3, 1)
    assert "与第2行相距50米" in page(client, run)


def test_the_same_ledger_once_more_brings_nothing_and_the_export_comes_back(client, world):
    lines = [
        ["于集镇", "平交路口", "2025.3.5", "路口东", "X012", "K1+350", "无让行"],
        ["于集镇", "标志标线", "2025年3月6日 9:30", None, "X012", "K2+350", "标线磨损"],
    ]
    assert bring_in(client, lines).counts["new"] == 2
    assert upload(client, lines).counts == {"total": 2, "new": 0, "known": 2, "faulty": 0}
    file = client.get(f"{URL}?format=xlsx").getvalue()
    client.post(f"{URL}?import=new", {"file": again(file)})
    run = ImportRun.objects.order_by("-created_at").first()
    assert run.counts["faulty"] == 0
    assert run.counts["known"] == 2


FULL = [
    "乡镇", "类别", "发现日期", "道路", "桩号", "定级", "状态", "责任单位", "通知日期", "整改期限",
    "完成日期", "销号日期", "核验人",
]  # fmt: skip


def test_what_is_with_its_owner_goes_on_with_its_clock(client, world):
    line = [
        "于集镇", "平交路口", "2025-4-1", "X012", "K1+350", "一般", "整改中", "区公路中心", "2025-4-3",
        "2025-5-30", None, None, None,
    ]  # fmt: skip
    hazard = only(client, line, FULL)
    assert (hazard.state, hazard.owner, hazard.grade) == ("rectifying", world.highway, "general")
    assert hazard.due_at == at("2025-05-30T23:59:59") and hazard.turns.get().owner == world.highway
    assert hazard.number == "371502-YH-2025-00001" and hazard.unit == world.squadron and hazard.is_past
    row = Obligation.objects.get(state="open")
    assert (row.rule, row.person, row.due_at) == ("hazards.rectify", world.liaison, hazard.due_at)
    done = actions.progress(by=world.liaison, hazard=hazard, now=at("2025-05-07T10:00"), note="已进场")
    assert client.get(done.get_absolute_url()).status_code == 200


def test_what_was_closed_counts_where_two_police_are_named_and_is_kept_where_not(client, world):
    lines = [
        ["于集镇", "平交路口", "2025-1-6", "X012", "K1+350", "一般", None, "区公路中心", "2025-1-7", "2025-2-10",
         "2025-2-1", "2025-2-3 10:00", "孙立、李明哲"],
        ["于集镇", "平交路口", "2024-1-6", "X012", "K2+350", None, "已销号", None, None, None, None, "2024-2-3", None],
    ]  # fmt: skip
    assert bring_in(client, lines, FULL).counts["new"] == 2
    first, second = Hazard.objects.order_by("-discovered_at")
    made = Verification.objects.get()
    assert (made.hazard, made.first, made.second, made.is_on_time) == (first, world.officer, world.other, True)
    assert (second.number, second.registered_at) == ("371502-YH-2024-00001", None)
    assert not Obligation.objects.filter(state="open", subject=str(second.pk)).exists()
    assert {row.period[-2:] for row in Obligation.objects.filter(subject=str(first.pk), rule="hazards.recheck")} <= {
        "90"
    }
    counts = {figure.code: sum(value.value for value in figure.compute(None)) for figure in FIGURES}
    assert (counts["hazards.registered"], counts["hazards.closed"], counts["hazards.on_time"]) == (1, 1, 1)
    for hazard in (first, second):
        assert client.get(hazard.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"状态": "待核验"}, "“待核验”的不能导入"),
        ({"责任单位": "没有的局"}, "责任单位里没有“没有的局”"),
        ({"通知日期": None}, "整改中的写明通知日期"),
        ({"整改期限": "2025-4-2"}, "整改期限要晚于通知日期"),
        ({"通知日期": "2025-3-3"}, "要在发现以后、现在以前"),
        ({"发现日期": "2025-6-1"}, "时间还没有到"),
        ({"定级": "重大"}, "重大隐患整改中的写明临时管控措施"),
        ({"定级": "重大"}, "五落实方案还缺"),
        ({"状态": "已销号"}, "已销号的写明销号日期"),
        ({"状态": "已销号", "销号日期": "2025-4-9", "核验人": "孙立"}, "核验人要两名"),
        ({"状态": "已销号", "销号日期": "2025-4-9", "核验人": "孙立、没有的人"}, "人员里没有“没有的人”"),
        ({"乡镇": "没有镇"}, "乡镇街道里没有“没有镇”"),
        ({"类别": "没有类"}, "类别里没有“没有类”"),
        ({"道路": "没有路"}, "道路里没有“没有路”"),
        ({"桩号": "路口东"}, "认不出桩号“路口东”"),
    ],
)
def test_each_fault_is_said_beside_its_cell_and_nothing_comes_in(client, world, change, sentence):
    line = dict.fromkeys(FULL) | {
        "乡镇": "于集镇", "类别": "平交路口", "发现日期": "2025-4-1", "道路": "X012", "桩号": "K1+350", "定级": "一般",
        "状态": "整改中", "责任单位": "区公路中心", "通知日期": "2025-4-3", "整改期限": "2025-5-30",
    }  # fmt: skip
    assert sentence in fault(client, [(line | change)[name] for name in FULL], FULL)
    assert not Hazard.objects.exists()


def test_an_import_is_taken_back_as_a_whole_and_may_come_again(client, world):
    line = ["于集镇", "平交路口", "2025-1-6", "X012", "K1+350", "一般", None, "区公路中心", "2025-1-7", "2025-2-10",
            "2025-2-1", "2025-2-3 10:00", "孙立、李明哲"]  # fmt: skip
    run = bring_in(client, [line], FULL)
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错年份"})
    work()
    run.refresh_from_db()
    hazard = Hazard.objects.get()
    assert (run.state, hazard.state, hazard.registered_at) == (ImportState.UNDONE, "voided", None)
    assert not Obligation.objects.filter(state="open").exists()
    counts = {figure.code: sum(value.value for value in figure.compute(None)) for figure in FIGURES}
    assert {counts[code] for code in ("hazards.registered", "hazards.closed", "hazards.open")} == {0}
    assert client.get(hazard.get_absolute_url()).status_code == 200
    assert bring_in(client, [line], FULL).counts["new"] == 1


def test_one_that_was_worked_on_keeps_the_import(client, world):
    run = bring_in(client, [["于集镇", "平交路口", "2025.3.5", None, "X012", "K1+350", "无让行"]])
    actions.grade(by=world.clerk, hazard=Hazard.objects.get(), now=at("2025-05-07T09:00"))
    answer = client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错年份"})
    assert "371502-YH-2025-00001（已办理过）" in answer.content.decode()


def test_a_squadron_s_clerk_writes_for_his_own_squadron_alone(client, world):
    own = person(Role.CLERK, at=world.squadron, name="中队内勤")
    client.force_login(own)
    line = ["于集镇", "平交路口", "2025.3.5", None, "X012", "K1+350", "无让行"]
    assert upload(client, [line]).counts["new"] == 1
    Beat.objects.all().delete()
    assert upload(client, [line]).counts["new"] == 1, "a town that nobody polices is the importer's own"
    client.force_login(world.officer)
    assert client.get(f"{URL}?import=new").status_code == 403


def test_numbers_go_on_where_reports_stopped(client, world):
    assert reported(world, "2025-02-06T08:00").number.endswith("2025-00001")
    closed(world, "2025-02-07T08:00", category=category("signs"))
    hazard_lines = [["于集镇", "照明", datetime(2025, 3, n), None, "X012", f"K{n}+100", "灯不亮"] for n in (1, 2)]
    bring_in(client, hazard_lines)
    numbers = Hazard.objects.filter(is_past=True).order_by("number").values_list("number", flat=True)
    assert list(numbers) == ["371502-YH-2025-00003", "371502-YH-2025-00004"]


def test_a_long_ledger_is_checked_in_constant_queries(client, world, django_assert_max_num_queries):
    Road.objects.create(code="S254", name="省道254", road_class="province")
    lines = [["于集镇", "标志标线", date(2025, 3, 5), None, "S254", f"K{n}+{n:03}", "磨损"] for n in range(300)]
    with django_assert_max_num_queries(50):
        run = upload(client, lines)
    assert run.counts["new"] == 300


def settled_line(stake, verifiers="孙立、李明哲"):
    return ["于集镇", "平交路口", "2025-1-6", "X012", stake, "一般", None, "区公路中心", "2025-1-7", "2025-2-10",
            "2025-2-1", "2025-2-3 10:00", verifiers]  # fmt: skip


def test_a_number_that_is_taken_while_the_sheet_is_made_ready_is_passed_over_with_all_that_hangs_on_it(
    client, world, clerk
):
    run = upload(client, [settled_line("K1+350"), settled_line("K2+350")], FULL)
    drafts = checked(run, IMPORTS[run.listing], by=clerk, now=run.created_at).drafts
    batch = next(iter(actions.ready_past(drafts, by=clerk, now=run.created_at)))
    taken = reported(world, "2025-02-06T08:00")
    made = actions.record_past(batch, by=clerk, now=run.created_at)
    assert [int(one.number[-5:]) for one in (taken, *made)] == [1, 2, 3]
    assert set(Verification.objects.values_list("hazard", flat=True)) == {one.pk for one in made}
    for one in made:
        assert AuditEvent.objects.get(target_id=str(one.pk)).target_number == one.number
        assert Entry.objects.filter(kind="hazards.hazard", object_id=key_of(one.pk)).count() == 1


def test_a_long_ledger_is_written_and_taken_back_in_as_many_queries_as_a_short_one(
    client, world, clerk, django_assert_max_num_queries
):
    kept_parameters.drop()
    asked = []
    for count in (2, 40):
        Hazard.objects.filter(is_past=True).update(state="voided")
        run = upload(client, [settled_line(f"K{n // 9}+{n % 9}00") for n in range(count)], FULL)
        client.post(f"{URL}?import={run.pk}", {"do": "confirm"})
        with django_assert_max_num_queries(200) as writing:
            work(run)
        assert run.counts["new"] == count
        client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错年份"})
        with django_assert_max_num_queries(200) as undoing:
            work(run)
        assert run.state == ImportState.UNDONE
        asked.append((len(writing), len(undoing)))
    assert asked[1] == asked[0]


def test_a_hazard_of_ten_years_ago_comes_in_or_is_told(client, world):
    line = ["于集镇", "平交路口", "2012-1-6", "X012", "K1+350", "一般", None, "区公路中心", "2012-1-7", "2012-2-10",
            "2012-2-1", "2012-2-3 10:00", "孙立、李明哲"]  # fmt: skip
    run = bring_in(client, [line], FULL)
    assert run.state == ImportState.DONE, (run.error, run.counts)


@pytest.mark.parametrize("settled", [("已登记", None, None), ("整改中", "2017-1-7", "2017-2-10")])
def test_what_is_open_since_before_the_first_rules_has_its_clock_too(client, world, settled):
    state, told, limit = settled
    line = ["于集镇", "平交路口", "2017-1-6", "X012", "K1+350", "一般", state, "区公路中心", told, limit,
            None, None, None]  # fmt: skip
    hazard = only(client, line, FULL)
    assert Obligation.objects.get(subject=str(hazard.pk), state="open").due_at
    actions.escalate_overdue(now=hazard.created_at)
    assert hazard.documents.count() == (1 if limit else 0)
