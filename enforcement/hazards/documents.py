"""Documents about a hazard as Word, filled from what was kept when each was issued; layout after GB/T 9704-2012."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.queries import fill, open_file
from brigade.files.states import BUILT_IN
from brigade.kit.documents import Field, WordForm, with_photos
from enforcement.hazards.models import Hazard, HazardDocument, HazardPhoto
from enforcement.hazards.states import Check, DocumentKind, PhotoKind, form_code

FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"
FIELDS = (
    Field("document_no", gettext_lazy("文号"), "东公交隐〔2026〕42号", required=True),
    Field("issuer", gettext_lazy("制发单位"), "东区交警大队", longest=40, required=True),
    Field("signer", gettext_lazy("签发人"), "何立军"),
    Field("number", gettext_lazy("隐患编号"), "YH-DD-20260307-001", required=True),
    Field("title", gettext_lazy("隐患名称"), "塘沟路与振兴街交叉口视距不足", longest=80),
    Field("description", gettext_lazy("主要问题"), "支路接入视距不足35米，无停车让行标志。", longest=1000),
    Field("category", gettext_lazy("隐患类别"), "视距不良", longest=20),
    Field("defect", gettext_lazy("缺陷"), "植被遮挡", longest=20),
    Field("defect_text", gettext_lazy("缺陷说明"), "（植被遮挡）", longest=22),
    Field("standard", gettext_lazy("参照标准"), "JTG D20-2017 第7.9条", longest=80),
    Field("grade", gettext_lazy("定级"), "重点"),
    Field("source", gettext_lazy("来源"), "路面排查"),
    Field("where", gettext_lazy("路段"), "S307 K12+300", longest=60),
    Field("place", gettext_lazy("地点说明"), "振兴街口向东20米", longest=120),
    Field("location", gettext_lazy("位置"), "S307 K12+300，塘沟镇三里村，振兴街口向东20米", longest=260, required=True),
    Field("town", gettext_lazy("乡镇"), "塘沟镇"),
    Field("village", gettext_lazy("村"), "三里村"),
    Field("point", gettext_lazy("经纬度"), "34.712345，119.123456"),
    Field("owner", gettext_lazy("责任单位"), "区公路中心", longest=60, required=True),
    Field("unit", gettext_lazy("承办单位"), "塘沟中队"),
    Field("discovered_on", gettext_lazy("发现日期"), "2026年3月7日"),
    Field("notified_on", gettext_lazy("通知日期"), "2026年3月9日"),
    Field("due_on", gettext_lazy("整改期限"), "2026年4月8日", required=True),
    Field("issued_on", gettext_lazy("制发日期"), "2026年3月9日"),
    Field("suggestion", gettext_lazy("整改建议"), "清除遮挡植被，增设停车让行标志。", longest=1000),
    Field("interim_measures", gettext_lazy("临时管控"), "设置警示锥，限速40公里。", longest=1000),
    Field("plan_measures", gettext_lazy("整改措施"), "清障后补设标志标线。", longest=1000),
    Field("plan_funds", gettext_lazy("整改资金"), "养护经费2万元", longest=120),
    Field("plan_person", gettext_lazy("整改责任人"), "陈卫国", longest=60),
    Field("plan_due_on", gettext_lazy("计划完成日期"), "2026年4月1日"),
    Field("plan_emergency", gettext_lazy("应急措施"), "雨雪天派人值守。", longest=1000),
    Field("completed_on", gettext_lazy("完工日期"), "2026年3月30日"),
    Field("completion_note", gettext_lazy("整改情况"), "植被已清除，标志已设。", longest=300),
    Field("photos", gettext_lazy("照片张数"), 3),
)
"""What every template may name."""
LATE = (
    Field("days_overdue", gettext_lazy("逾期天数"), 7),
    Field(
        "history", gettext_lazy("已发文书"), "2026年3月9日 道路交通安全隐患整改通知书（东公交隐〔2026〕42号）", lines=6
    ),
)
VERIFIED = (
    Field("verified_on", gettext_lazy("核验日期"), "2026年4月2日"),
    Field("verifiers", gettext_lazy("核验人名单"), "李明哲", lines=2),
    Field("verifier_names", gettext_lazy("核验人"), "李明哲、周海峰"),
    Field(
        "checks",
        gettext_lazy("核验项"),
        lines=len(Check),
        parts=(
            Field("item", gettext_lazy("项目"), "整改内容与通知书一致"),
            Field("passed", gettext_lazy("通过"), True),
        ),
    ),
    Field("distance", gettext_lazy("核验距离"), "距隐患12米"),
    Field("no_fix", gettext_lazy("未定位原因"), "", longest=12),
    Field("verdict", gettext_lazy("核验说明"), "现场无新的隐患。", longest=300),
    Field("on_time", gettext_lazy("是否按期"), "按期"),
    Field("submitted_on", gettext_lazy("提交日期"), "2026年3月31日"),
)
LISTED = (
    Field("listing_level", gettext_lazy("挂牌级别"), "县级"),
    Field("listing_no", gettext_lazy("挂牌文号"), "东政安〔2026〕3号", longest=60),
    Field("listing_leader", gettext_lazy("挂牌责任领导"), "王建国", longest=60),
    Field("listed_on", gettext_lazy("挂牌日期"), "2026年5月8日"),
    Field("listing_due_on", gettext_lazy("挂牌期限"), "2026年8月8日"),
)
MORE: dict[str, tuple[Field, ...]] = {
    DocumentKind.REMINDER: LATE,
    DocumentKind.URGING: LATE,
    DocumentKind.GOVERNMENT: LATE,
    DocumentKind.LISTING: LATE,
    DocumentKind.EXTENSION: (
        Field("extension_days", gettext_lazy("延长天数"), 5),
        Field("extension_reason", gettext_lazy("申请理由"), "连日降雨，标线无法施工。", longest=300),
        Field("old_due_on", gettext_lazy("原期限"), "2026年4月8日"),
        Field("answer", gettext_lazy("审批意见"), "抓紧施工。", longest=200),
    ),
    DocumentKind.VERIFICATION: VERIFIED,
    DocumentKind.CLOSING: VERIFIED,
    DocumentKind.LISTED: (*LISTED, *LATE),
    DocumentKind.DELISTED: (
        *LISTED,
        Field("delisting_no", gettext_lazy("摘牌文号"), "东政安〔2026〕9号", longest=60),
        Field("delisted_on", gettext_lazy("摘牌日期"), "2026年8月1日"),
        Field("closed_on", gettext_lazy("销号日期"), "2026年7月28日"),
        LATE[1],
    ),
    DocumentKind.SPECIAL: (
        Field("crash_analysis", gettext_lazy("事故情况"), "近三年发生事故4起，其中亡人1起。", longest=2000),
        Field("scheme", gettext_lazy("一点一方案"), "清除遮挡，增设让行标志和警示灯。", longest=2000),
        Field("cost", gettext_lazy("所需经费"), "48000.00"),
        Field("listing", gettext_lazy("挂牌情况"), "县级，东政安〔2026〕3号", longest=80),
    ),
}
"""What the template of one kind may name besides."""
GROUP = gettext_lazy("隐患")
FORMS = [
    WordForm(
        form_code(kind), gettext_lazy("隐患"), kind.label, FOLDER / f"hazard_{kind}.docx", FIELDS + MORE.get(kind, ())
    )
    for kind in DocumentKind
]
WITH_PHOTOS = frozenset({DocumentKind.NOTICE, DocumentKind.ADVICE, DocumentKind.VERIFICATION})


def context_of(document: HazardDocument) -> dict[str, Any]:
    """The values of the fields, as they were when it was issued; what was not known then stays empty."""
    facts: Mapping[str, Any] = document.facts
    context = {name: facts.get(name, "") for name in _names(document.kind)}
    spot = (facts.get("where", ""), f"{facts.get('town', '')}{facts.get('village', '')}", facts.get("place", ""))
    context["location"] = "，".join(filter(None, spot))
    context["defect_text"] = _("（%s）") % facts["defect"] if facts.get("defect") else ""
    if "verifiers" in context:
        context["verifier_names"] = "、".join(context["verifiers"])
    return context


def _names(kind: str) -> list[str]:
    return [field.name for field in (*FIELDS, *MORE.get(kind, ()))]


def paper(document: HazardDocument) -> tuple[BytesIO, str]:
    """The document as Word, and its file name; it says today what it said when it was issued, in the form of that day.

    Notices and the record of a verification carry their photos on a last page, the latter before beside after.
    """
    version = document.facts.get("form", BUILT_IN)
    content = BytesIO(fill(form_code(document.kind), context_of(document), version=version))
    if document.kind in WITH_PHOTOS:
        content = _with_photos(content, document)
    return content, f"{document.get_kind_display()}{document.number}.docx"


def _with_photos(content: BytesIO, document: HazardDocument) -> BytesIO:
    kinds = [PhotoKind.BEFORE]
    if document.kind == DocumentKind.VERIFICATION:
        kinds += [PhotoKind.AFTER, PhotoKind.VERIFICATION]
    hazard: Hazard = document.hazard
    rows = hazard.photos.filter(kind__in=kinds, taken_at__lte=document.issued_at).select_related("file")
    pictures = sorted(rows.order_by("taken_at", "pk"), key=lambda photo: kinds.index(PhotoKind(photo.kind)))
    return with_photos(content, [(partial(open_file, photo.file), _caption(photo)) for photo in pictures])


def _caption(photo: HazardPhoto) -> str:
    return f"{photo.get_kind_display()} {timezone.localtime(photo.taken_at):%Y-%m-%d %H:%M}"
