//! 事件: one row an incident, filled in as it goes on.

use super::words::{CHANNELS, PARTIES, SEVERITIES};
use crate::sheets::family::{Column, Correction, Family, Step, Type};

pub(super) static FAMILY: Family = Family {
    name: "incidents",
    zh: "事件",
    en: "Incidents",
    help_zh: "每行一个事件，随处理进展逐格补填，可多次导入同一张表。响应须写明人员与安排。",
    help_en: "One row an incident. Fill in further cells as it goes on and import the same sheet again. An answer names a person and an arrangement.",
    columns: &[
        Column::new("code", "事件编号", "Incident no.", Type::Code).required().sample("I-2026-001"),
        Column::new("reported", "申报时间", "Reported", Type::Time).required().sample("2026-01-05 08:10"),
        Column::new("severity", "级别", "Severity", Type::Words(SEVERITIES)).required().sample("严重"),
        Column::new("affects_use", "影响正常使用", "Affects use", Type::YesNo).required().sample("是"),
        Column::new("summary", "现象", "What happened", Type::Text).sample("登录页面无法打开"),
        Column::new("channel", "申报渠道", "Channel", Type::Mostly(CHANNELS)).sample("电话"),
        Column::new("onsite", "申报时即要求到场", "On site asked for at once", Type::YesNo),
        Column::new("attribution", "责任方", "Attribution", Type::Words(PARTIES))
            .help("不填视为供应商", "Left empty: the supplier"),
        Column::new("outage", "对应故障编号", "Outage no.", Type::Code),
        Column::new("responded", "响应时间", "Answered", Type::Time).sample("2026-01-05 08:25"),
        Column::new("responder", "响应人", "Answered by", Type::Line).sample("工程师甲"),
        Column::new("arrangement", "安排", "Arrangement", Type::Text).sample("远程排查，预计一小时"),
        Column::new("diagnosed", "诊断时间", "Diagnosed", Type::Time).sample("2026-01-05 09:00"),
        Column::new("report", "诊断报告", "Diagnosis report", Type::Text)
            .sample("诊断-001")
            .help("报告编号或结论", "Its number, or what it says"),
        Column::new("onsite_asked", "要求到场时间", "On site asked for", Type::Time),
        Column::new("arrived", "到场时间", "Arrived", Type::Time),
        Column::new("engineer", "到场人", "Arrived: who", Type::Line),
        Column::new("restored", "恢复服务时间", "Restored", Type::Time),
        Column::new("repaired", "修复时间", "Repaired", Type::Time).sample("2026-01-05 11:30"),
        Column::new("closed", "关闭时间", "Closed", Type::Time),
        Column::new("withdrawn", "撤回时间", "Withdrawn", Type::Time)
            .help("事件登记有误、整条撤回时填写", "Where the whole incident was entered by mistake"),
        Column::new("reason", "更正或撤回原因", "Reason", Type::Text).help(
            "更正已导入的级别、影响、责任方，或撤回时填写",
            "For a corrected severity, effect or attribution, or a withdrawal",
        ),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "incident.report",
            "reported",
            &[
                ("severity", "severity"),
                ("affects_use", "affects_use"),
                ("summary", "text"),
                ("channel", "channel"),
                ("onsite", "onsite"),
                ("attribution", "attribution"),
                ("outage", "outage"),
            ],
        ),
        Step::new(
            "incident.respond",
            "responded",
            &[("responder", "person"), ("arrangement", "arrangement")],
        )
        .needs(&["responder", "arrangement"])
        .after("reported"),
        Step::new("incident.diagnose", "diagnosed", &[("report", "report")])
            .needs(&["report"])
            .after("reported"),
        Step::new("incident.onsite.request", "onsite_asked", &[]).after("reported"),
        Step::new("incident.onsite.arrive", "arrived", &[("engineer", "person")])
            .needs(&["engineer"])
            .after("reported"),
        Step::new("incident.restore", "restored", &[]).after("reported"),
        Step::new("incident.repair", "repaired", &[]).after("reported"),
        Step::new("incident.close", "closed", &[]).after("reported"),
        Step::new("incident.withdraw", "withdrawn", &[("reason", "reason")])
            .needs(&["reason"])
            .after("reported"),
    ],
    correction: Correction::Amend {
        kind: "incident.amend",
        columns: &[
            ("severity", "severity"),
            ("affects_use", "affects_use"),
            ("attribution", "attribution"),
            ("outage", "outage"),
        ],
        reason: "reason",
        zh: "已记录的时间与文字不能改写；如登记有误，请填写撤回时间与原因，并用新编号重新登记",
        en: "a recorded time or text is not rewritten; if it is wrong, withdraw the incident (time and reason) and enter it under a new number",
    },
};
