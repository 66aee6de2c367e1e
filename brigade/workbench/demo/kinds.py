"""What is found on the roads of the demo brigade, in words."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A sort of hazard: how often, where, in which words, and what is done about it."""

    often: int
    where: str
    category: str
    defect: str
    title: str
    description: str
    remedy: str


ROAD, CITY, VILLAGE = "on_road", "at_crossing", "near_village"
KINDS = (
    Kind(
        9,
        VILLAGE,
        "intersection",
        "branch_access",
        "支路接入视距不良",
        "支路下坡接入，交叉口行道树与围墙遮挡，视距约35米，无减速让行标志，夜间无照明。",
        "清理行道树，装爆闪警示灯2套、凸面镜1面、支路减速带1道、让行标志1面",
    ),
    Kind(
        8,
        ROAD,
        "intersection",
        "no_yield",
        "平交路口缺让行标志",
        "支路接入处没有让行标志和标线，横穿车辆不减速。",
        "设停车让行标志2面，施划让行线，装道口警示桩",
    ),
    Kind(
        5,
        ROAD,
        "intersection",
        "grade_difference",
        "支路接入坡差大",
        "支路低于主路约0.8米，上坡起步看不见主路来车。",
        "支路坡改平30米，装减速带和爆闪警示灯",
    ),
    Kind(
        6,
        ROAD,
        "signs",
        "sign_missing",
        "急弯前缺警告标志",
        "弯道前没有急弯和限速标志，夜间多次发生冲出路外。",
        "设急弯、限速40标志各2面，弯道外侧装线形诱导标",
    ),
    Kind(
        5,
        ROAD,
        "signs",
        "marking_worn",
        "标线磨损看不清",
        "约400米中心线、边缘线磨损，夜间看不清。",
        "重新施划热熔标线400米",
    ),
    Kind(
        4,
        CITY,
        "signs",
        "sign_hidden",
        "指路标志被行道树遮挡",
        "标志被树冠遮住大半，驶近才看得见。",
        "修剪树枝，标志前移20米",
    ),
    Kind(6, CITY, "signals", "signal_failed", "信号灯不亮", "东西方向左转灯不亮，高峰靠人指挥。", "更换灯盘和控制板"),
    Kind(
        5,
        ROAD,
        "barriers",
        "barrier_missing",
        "桥头护栏缺失12米",
        "桥头引道临水一侧护栏缺失约12米，水深约2米。",
        "补装波形护栏16米，端头贴反光标识",
    ),
    Kind(
        4,
        ROAD,
        "barriers",
        "barrier_broken",
        "护栏被撞损坏",
        "护栏被撞变形约8米，立柱外倾。",
        "更换护栏板3片、立柱4根",
    ),
    Kind(
        7,
        ROAD,
        "pavement",
        "pothole",
        "路面坑槽",
        "行车道坑槽3处，最深约6厘米，二轮车绕行进入对向车道。",
        "挖补坑槽3处，共11平方米",
    ),
    Kind(
        5,
        VILLAGE,
        "lighting",
        "beacon_failed",
        "爆闪警示灯不亮",
        "太阳能爆闪警示灯2套不亮，蓄电池老化。",
        "更换蓄电池2块、灯头1个",
    ),
    Kind(
        3, CITY, "lighting", "lamp_failed", "路灯不亮", "连续6盏路灯不亮，人行横道夜间看不清。", "更换光源6盏，检修线路"
    ),
    Kind(
        6,
        VILLAGE,
        "greenery",
        "branch_cover",
        "行道树遮挡视线",
        "路口东南角行道树下垂，遮挡来车视线。",
        "修剪行道树40米",
    ),
    Kind(
        5,
        VILLAGE,
        "through_village",
        "",
        "穿村路段无减速带",
        "穿村路段长约600米，两侧学校、商店集中，车速偏高。",
        "设减速带4道、限速30和注意儿童标志各2面",
    ),
    Kind(
        4,
        VILLAGE,
        "school",
        "",
        "学校门口无限速标志",
        "学校门口没有限速和注意儿童标志，上下学时段车辆不减速。",
        "设限速30、注意儿童标志各2面，施划人行横道",
    ),
    Kind(
        4,
        CITY,
        "works",
        "",
        "施工路段标志不全",
        "围挡外没有导向和限速标志，夜间没有警示灯。",
        "按方案补齐施工标志、锥桶和夜间警示灯",
    ),
    Kind(3, CITY, "occupation", "", "摊点占道影响通行", "早市摊点占用非机动车道约60米。", "清理占道摊点，装隔离桩"),
    Kind(
        2,
        VILLAGE,
        "roadside_market",
        "",
        "逢集占道经营",
        "逢集日沿路摆摊约200米，行人与货车混行。",
        "集市迁入院内，路侧装隔离设施",
    ),
    Kind(
        3,
        ROAD,
        "roadside",
        "water_side",
        "临水路段无防护",
        "路侧临渠，无护栏和警示桩，约150米。",
        "装警示桩60根、反光标识",
    ),
)
