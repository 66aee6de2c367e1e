"""Columns of the sheet: what a squadron's own ledger calls them."""

from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column
from enforcement.hazards.states import Direction, Grade, HazardState, Source

COLUMNS = (
    Column("number", gettext_lazy("编号"), "id", synonyms=("隐患编号",), max_length=40, width=22),
    Column("title", gettext_lazy("标题"), synonyms=("隐患名称", "名称"), max_length=60, width=26),
    Column(
        "town",
        gettext_lazy("乡镇街道"),
        required=True,
        synonyms=("乡镇", "街道", "镇街", "所属乡镇", "辖区"),
        max_length=40,
    ),
    Column("village", gettext_lazy("村社区"), synonyms=("村", "村庄", "社区"), max_length=40),
    Column("category", gettext_lazy("类别"), required=True, synonyms=("隐患类别", "隐患类型", "类型"), max_length=40),
    Column("defect", gettext_lazy("缺陷"), max_length=40),
    Column(
        "description",
        gettext_lazy("问题"),
        synonyms=("隐患描述", "隐患情况", "存在问题", "主要问题", "隐患内容"),
        width=30,
    ),
    Column(
        "place",
        gettext_lazy("地点说明"),
        synonyms=("地点", "位置", "隐患地点", "隐患位置", "具体位置", "路段"),
        max_length=120,
        width=24,
    ),
    Column("road", gettext_lazy("道路"), synonyms=("路名", "线路", "道路名称", "路线编号"), max_length=40),
    Column("stake", gettext_lazy("桩号"), synonyms=("起点桩号", "起始桩号", "桩号位置"), max_length=60, width=18),
    Column("stake_end", gettext_lazy("止点桩号"), synonyms=("终点桩号", "结束桩号"), max_length=40),
    Column("direction", gettext_lazy("方向"), "choice", choices=Direction.choices),
    Column("lat", gettext_lazy("纬度"), "number", synonyms=("北纬", "北坐标")),
    Column("lon", gettext_lazy("经度"), "number", synonyms=("东经", "东坐标")),
    Column("coord_sys", gettext_lazy("坐标系"), synonyms=("坐标系统", "坐标来源"), max_length=40, width=18),
    Column("source", gettext_lazy("来源"), "choice", synonyms=("隐患来源",), choices=Source.choices),
    Column(
        "discovered_at",
        gettext_lazy("发现"),
        "moment",
        True,
        ("发现时间", "发现日期", "排查时间", "排查日期", "上报时间", "上报日期"),
        width=17,
    ),
    Column("grade", gettext_lazy("定级"), "choice", synonyms=("等级", "隐患等级", "级别"), choices=Grade.choices),
    Column("state", gettext_lazy("状态"), "choice", synonyms=("整改状态", "整改情况"), choices=HazardState.choices),
    Column("unit", gettext_lazy("负责中队"), synonyms=("中队", "经办中队", "所属中队"), max_length=80),
    Column("owner", gettext_lazy("责任单位"), synonyms=("整改单位", "整改责任单位"), max_length=80, width=18),
    Column("notified_at", gettext_lazy("通知"), "moment", synonyms=("通知日期", "通知时间", "下发日期"), width=17),
    Column("due_on", gettext_lazy("到期"), "date", synonyms=("整改期限", "整改时限", "期限", "完成时限", "到期日期")),
    Column("interim_measures", gettext_lazy("临时管控措施"), synonyms=("临时管控", "临时措施"), width=24),
    Column("plan_measures", gettext_lazy("整改措施"), width=24),
    Column("plan_funds", gettext_lazy("资金"), synonyms=("整改资金",), max_length=120),
    Column("plan_person", gettext_lazy("责任人"), synonyms=("整改责任人",), max_length=60),
    Column("plan_due_on", gettext_lazy("时限"), "date", synonyms=("计划完成", "计划完成日期")),
    Column("plan_emergency", gettext_lazy("预案"), synonyms=("应急预案",), width=24),
    Column("suggestion", gettext_lazy("整改建议"), synonyms=("建议",), width=24),
    Column("completed_on", gettext_lazy("完工日期"), "date", synonyms=("完成日期", "整改完成时间", "整改完成日期")),
    Column("closed_at", gettext_lazy("销号"), "moment", synonyms=("销号日期", "销号时间"), width=17),
    Column("verifiers", gettext_lazy("核验人"), synonyms=("验收人", "核查人"), max_length=80),
    Column("is_new", gettext_lazy("不是同一处"), "yes"),
    Column("is_datum_confirmed", gettext_lazy("坐标系无误"), "yes"),
)
