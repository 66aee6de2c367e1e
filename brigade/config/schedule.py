"""Every timed job, and every job that a person's action can queue; nothing else is ever run in the background."""

from datetime import time

from brigade.jobs.rules import Daily, Every, Timed, Workdays

SCHEDULE: list[Timed] = [
    Timed("meetings.expire", "过期未记录的会议", "partybuilding.meetings.actions.expire_meetings", Daily(time(0, 2))),
    Timed("branches.expire", "过期的介绍信", "partybuilding.branches.actions.expire_transfers", Daily(time(0, 1))),
    Timed("requests.recompute", "按日历重算办件期限", "services.requests.actions.recompute_due", Daily(time(0, 3))),
    Timed("hazards.overdue", "逾期隐患计入指标", "enforcement.hazards.actions.mark_overdue", Daily(time(0, 4))),
    Timed(
        "hazards.escalate", "逾期隐患制发督办文书", "enforcement.hazards.actions.escalate_overdue", Daily(time(8, 0))
    ),
    Timed("workflow.settle", "核对应办事项", "brigade.workflow.settle", Daily(time(0, 5))),
    Timed("indicators.drain", "重算有变动的指标", "brigade.indicators.actions.drain", Every(1)),
    Timed("reports.build", "生成简报、周报、月报", "brigade.reports.actions.build_due", Daily(time(6, 0))),
    Timed("reports.halls", "生成大厅日报", "brigade.reports.actions.build_due", Daily(time(17, 40))),
    Timed("obligations.digest", "早间提醒", "brigade.obligations.actions.send_digest", Workdays(time(8, 30))),
    Timed(
        "requests.remind",
        "期限前2小时提醒经办人",
        "services.requests.actions.remind_soon_due",
        Every(10),
        catch_up="none",
    ),
    Timed("requests.deem", "逾期未告知的视为受理", "services.requests.actions.deem_accepted", Daily(time(17, 5))),
    Timed("requests.lapse", "逾期未补正的终止", "services.requests.actions.lapse_overdue", Daily(time(17, 10))),
    Timed(
        "requests.forget", "清除不再需要的办事人信息", "services.requests.actions.forget_citizens", Daily(time(2, 50))
    ),
    Timed("requests.overdue", "逾期未办结的计入指标", "services.requests.actions.mark_overdue", Daily(time(17, 15))),
    Timed("org.close_departed", "到日离任", "brigade.org.actions.close_departed", Daily(time(0, 4))),
    Timed("workbench.changes", "到日的机构调整", "brigade.workbench.actions.carry_out_changes", Every(10)),
    Timed("audit.seal", "封存审计记录", "brigade.audit.actions.seal_due", Every(5)),
    Timed("audit.anchor", "留存审计校验值", "brigade.audit.actions.anchor_head", Daily(time(23, 50))),
    Timed("workbench.check_audit", "核验审计记录", "brigade.workbench.actions.check_audit", Daily(time(3, 30))),
    Timed("notices.relay", "发送短信和邮件", "brigade.notices.actions.relay", Every(1)),
    Timed("notices.warn_calendar", "缺少放假安排时提醒", "brigade.notices.actions.warn_calendar", Daily(time(9, 0))),
    Timed("files.sweep", "清理无主文件", "brigade.files.actions.sweep_orphans", Daily(time(3, 0))),
    Timed("search.catch_up", "补上搜索索引", "brigade.search.actions.catch_up", Every(60)),
    Timed("ledgers.expire", "清除到期的导出文件", "brigade.ledgers.actions.expire_exports", Every(60)),
    Timed("ledgers.expire_imports", "清除到期的导入文件", "brigade.ledgers.actions.expire_imports", Every(60)),
    Timed("ledgers.purge_drafts", "清除过期草稿", "brigade.ledgers.actions.purge_drafts", Daily(time(2, 45))),
    Timed("org.forget_sign_ins", "清理过期的登录", "brigade.org.actions.forget_sign_ins", Daily(time(2, 40))),
    Timed("jobs.forget_old", "清理旧的任务记录", "brigade.jobs.actions.forget_old", Daily(time(2, 30))),
]

RUNNERS: dict[str, str] = {
    "workbench.change": "brigade.workbench.actions.run_change",
    "ledgers.export": "brigade.ledgers.actions.run_export",
    "ledgers.import": "brigade.ledgers.actions.run_import",
    "ledgers.undo_import": "brigade.ledgers.actions.run_undo",
}
