"""Limits of ledgers, and the words of what is audited."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

CAP = 10_000
"""Rows that are counted, paged and exported at once; what lies beyond asks for a narrower filter or for the worker."""
PAGE_SIZES = (25, 50, 100, 200)
PRINTED = 1_000
EXPORTED = 200_000
VIEWS_A_LEDGER = 20
KEEP_EXPORT = timedelta(hours=24)
REPORT_EVERY = 2_000

VERBS = {
    "ledger.exported": _("导出台账"),
    "ledger.downloaded": _("下载导出的台账"),
    "ledger.view_saved": _("保存台账视图"),
    "ledger.view_dropped": _("删除台账视图"),
}
