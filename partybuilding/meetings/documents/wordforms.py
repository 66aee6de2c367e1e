"""The Word forms of meetings that the brigade can replace. Layout of the built-in ones after GB/T 9704-2012."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from brigade.kit.documents import Field, WordForm

FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"
TITLE = Field("title", _("标题"), "一支部党员大会会议记录", longest=40, required=True)
WHEN = Field("when", _("时间"), "2026年11月20日 15:00–16:00", required=True)
PLACE = Field("place", _("地点"), "大队三楼会议室", longest=120, required=True)
NUMBER = Field("number", _("编号"), "DJ-DZZ1-20261120-001", required=True)
EDITION = Field("edition", _("版次"), "第1版")
NAMES = "孙立（执勤公务：夜查）、郭振华（病假）"

MINUTES = (
    TITLE,
    WHEN,
    PLACE,
    Field("chair", _("主持人"), "刘建国", required=True),
    Field("recorder", _("记录人"), "王芳", required=True),
    Field("due", _("应到"), "16人", required=True),
    Field("present", _("实到"), "13人", required=True),
    Field("voters", _("有表决权应到"), "15人"),
    Field("voters_there", _("有表决权实到"), "13人"),
    Field("leave", _("请假及原因"), NAMES, longest=400),
    Field("absent", _("缺席及原因"), "王强（未说明）", longest=400),
    Field("observers", _("列席"), "张敏", longest=200),
    Field("theme", _("主题"), "学习贯彻全会精神", longest=120),
    Field("segments", _("内容"), "15:00–15:40 党员大会，主持刘建国", longest=160, lines=6, required=True),
    Field(
        "items",
        _("议程"),
        lines=8,
        parts=(
            Field("heading", _("题目"), "一、表决：分包路口", longest=160),
            Field("lines", _("记录"), "刘建国：先挂牌，再调整勤务。", longest=400, lines=6),
        ),
        required=True,
    ),
    Field("more", _("其他记录"), "会后集中学习一小时。", longest=400, lines=6),
    NUMBER,
    EDITION,
    Field("state", _("状态"), "已召开"),
)
SIGN_IN = (
    TITLE,
    WHEN,
    PLACE,
    Field("heading", _("签到栏"), "到会情况"),
    Field(
        "rows",
        _("名单"),
        lines=60,
        parts=(
            Field("no", _("序号"), 1),
            Field("name", _("姓名"), "刘建国"),
            Field("group", _("党小组"), "第一党小组", longest=12),
            Field("mark", _("到会情况"), "到会", longest=12),
            Field("note", _("备注"), "夜查", longest=120),
        ),
        required=True,
    ),
    NUMBER,
    EDITION,
)
RETURN = (
    TITLE,
    Field("unit", _("填报单位"), "东区交警大队", longest=30, required=True),
    Field("cut_off", _("数据截至"), "数据截至2026年11月20日 08:00，本季未结束", required=True),
    Field("requirements", _("统计项"), "支委会", lines=5, fixed=True),
    Field(
        "lines",
        _("支部"),
        lines=12,
        parts=(
            Field("name", _("名称"), "机关党支部", longest=12),
            Field("members", _("党员"), "16"),
            Field("cells", _("各项"), "达标3/3", longest=14, lines=5, fixed=True),
            Field("result", _("结果"), "达标"),
            Field("meetings", _("次数"), "9"),
            Field("attendance", _("到会率"), "140/144=97.2%"),
            Field("hours", _("学时"), "12.5"),
        ),
        required=True,
    ),
    Field("basis", _("口径"), "达标除以达标加未达标，豁免和不适用不计。", longest=140),
    Field("sentence", _("补充"), "二支部因中考安保经批准豁免。", longest=200),
    Field("by", _("填报人"), "刘洋"),
    EDITION,
    Field("state", _("状态"), "待确认"),
)
GROUP = _("组织生活")
FORMS = [
    WordForm("meetings.minutes", GROUP, _("会议记录"), FOLDER / "meeting_minutes.docx", MINUTES),
    WordForm("meetings.sign_in", GROUP, _("签到表"), FOLDER / "sign_in_sheet.docx", SIGN_IN),
    WordForm("meetings.quarter_return", GROUP, _("季度报表"), FOLDER / "quarter_return.docx", RETURN),
]
