"""What sheets bring in: hazards of the time before the portal out of a squadron's own ledger, and roads. This room is a
package: columns, what cells may name, where a hazard lies, how a line becomes one."""

from django.utils.translation import gettext_lazy

from brigade.ledgers.rules import Import
from enforcement.hazards import actions
from enforcement.hazards.imports.book import PERM
from enforcement.hazards.imports.columns import COLUMNS
from enforcement.hazards.imports.roads import ROADS
from enforcement.hazards.imports.rows import judge, used

IMPORTS = [
    Import(
        code="hazards:hazard_list",
        title=gettext_lazy("隐患台账"),
        perm=PERM,
        columns=COLUMNS,
        keys=("number",),
        notes={
            "number": gettext_lazy("系统编号，不用填"),
            "stake": gettext_lazy("K12+350，路段写K12+350-K12+600"),
            "lat": gettext_lazy("小数度，36开头，测绘的北坐标也行；桩号和经纬度有一样就行"),
            "coord_sys": gettext_lazy("有经纬度必填：WGS-84、GCJ-02（高德）、BD-09（百度）、CGCS2000"),
            "unit": gettext_lazy("不填按乡镇"),
            "verifiers": gettext_lazy("两名民警，用顿号分开"),
        },
        explains=gettext_lazy(
            "收已登记、整改中、已销号的。整改中的从导入起照常计时，已逾期的从次日起制发督办文书；"
            "已销号的写明责任单位、通知、期限和两名核验人才进统计，否则只存档。照片不导入。"
        ),
        judge=judge,
        ready=actions.ready_past,
        write=lambda batch, *, by, now: actions.record_past(batch, by=by, now=now),
        used=used,
        undo=actions.take_back_past,
    ),
    ROADS,
]
