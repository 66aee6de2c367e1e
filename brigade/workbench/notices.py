"""What is told by the pages' own night work, and to whom things are handed over."""

from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice

NOTICES = [
    Notice(
        "workbench.audit_altered",
        _("审计记录被改动"),
        _("审计记录核验不通过"),
        _("%(finding)s保留现场，立即报告单位负责人。"),
    ),
    Notice(
        "workbench.agreement_asked",
        _("机构和借调等同意"),
        _("%(what)s，待你同意"),
        _("%(day)s起，%(who)s办理。哪些角色跟着走由你定，定了才生效。"),
    ),
    Notice(
        "workflow.handed_over",
        _("移交"),
        _("接手%(count)d项%(what)s"),
        _("由%(who)s移交给你，在应办事项和台账里办。"),
    ),
]
