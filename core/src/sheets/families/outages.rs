//! 故障: when a system was out.

use super::words::PARTIES;
use crate::sheets::family::{Column, Correction, Family, Step, Type};

static IMPACTS: &[&str] = &["down", "partial", "degraded"];

pub(super) static FAMILY: Family = Family {
    name: "outages",
    zh: "故障",
    en: "Outages",
    help_zh: "每行一次故障：哪个系统、从何时到何时不可用。未恢复时结束时间留空。改动已导入的起止时间、影响或责任方时须写原因，记为更正。",
    help_en: "One row an outage: which system, from when to when. Leave the end empty while it lasts. A changed start, end, impact or attribution needs a reason and is recorded as a correction.",
    columns: &[
        Column::new("code", "故障编号", "Outage no.", Type::Code).required().sample("O-2026-001"),
        Column::new("system", "系统", "System", Type::Line).required().sample("门户"),
        Column::new("start", "开始时间", "Start", Type::Time).required().sample("2026-01-05 08:00"),
        Column::new("end", "结束时间", "End", Type::Time).sample("2026-01-05 09:30"),
        Column::new("impact", "影响", "Impact", Type::Words(IMPACTS))
            .sample("不可用")
            .help("不填视为不可用", "Left empty: down"),
        Column::new("attribution", "责任方", "Attribution", Type::Words(PARTIES))
            .help("不填视为供应商", "Left empty: the supplier"),
        Column::new("cause", "原因", "Cause", Type::Text).sample("数据库连接耗尽"),
        Column::new("voided", "作废时间", "Voided", Type::Time)
            .help("登记有误、整条作废时填写", "Where the whole outage was entered by mistake"),
        Column::new("reason", "更正或作废原因", "Reason", Type::Text),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "outage.start",
            "start",
            &[("system", "system"), ("impact", "impact"), ("attribution", "attribution"), ("cause", "cause")],
        ),
        Step::new("outage.end", "end", &[]).after("start"),
        Step::new("outage.void", "voided", &[("reason", "reason")]).needs(&["reason"]),
    ],
    correction: Correction::Amend {
        kind: "outage.amend",
        columns: &[("start", "start"), ("end", "end"), ("impact", "impact"), ("attribution", "attribution")],
        reason: "reason",
        zh: "系统与原因不能改写；如登记有误，请填写作废时间与原因，并用新编号重新登记",
        en: "system and cause are not rewritten; if they are wrong, void the outage (time and reason) and enter it under a new number",
    },
};
