//! The table of kinds: one row a kind of fact, sorted by name.

/// What a fact groups by, together with its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Family {
    Agreement,
    Contract,
    Watching,
    Outage,
    Planned,
    Exclusion,
    Incident,
    Request,
    Task,
    Desk,
    Staff,
    Event,
    Care,
    Document,
    Acceptance,
    Judgement,
    Change,
    Finding,
    Assessment,
    Backup,
    Interface,
    Alarm,
    Window,
    Transfer,
    Remedy,
    Other,
}

/// Type of a field of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text.
    Text,
    /// An instant: RFC 3339 with an offset, kept as canonical UTC text.
    Instant,
    /// A local date (`2026-01-01`) or an instant.
    DateOrInstant,
    /// An integer within ±(2^53-1).
    Integer,
    /// A position in the ledger: an integer from 1.
    Seq,
    /// True or false.
    Bool,
    /// A decimal as text (`"93.5"`); an integer is taken and kept as text.
    Decimal,
    /// Elapsed time as text (`"90m"`, `"PT1H30M"`).
    Duration,
    /// A list of texts.
    Texts,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any JSON.
    Any,
}

/// A field of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in the body.
    pub name: &'static str,
    /// Type.
    pub ty: FieldType,
    /// Must be given.
    pub required: bool,
}

impl Field {
    const fn required(self) -> Field {
        Field { required: true, ..self }
    }
}

/// By which axis a fact takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsBy {
    /// From its `at` on.
    At,
    /// As soon as it is known (corrections).
    RecordedAt,
}

/// One row of the table.
#[derive(Debug, PartialEq)]
pub struct Kind {
    /// `outage.start`.
    pub name: &'static str,
    /// What it groups by.
    pub family: Family,
    /// Fields of the body.
    pub fields: &'static [Field],
    /// Chinese name.
    pub zh: &'static str,
    /// Which axis.
    pub acts_by: ActsBy,
    /// Whether a subject must be given.
    pub subject: bool,
}

impl Kind {
    /// Acts as soon as it is known.
    const fn correction(self) -> Kind {
        Kind { acts_by: ActsBy::RecordedAt, ..self }
    }
    /// Needs no subject.
    const fn loose(self) -> Kind {
        Kind { subject: false, ..self }
    }
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

const fn field(name: &'static str, ty: FieldType) -> Field {
    Field { name, ty, required: false }
}
const fn text(name: &'static str) -> Field {
    field(name, FieldType::Text)
}
const fn texts(name: &'static str) -> Field {
    field(name, FieldType::Texts)
}
const fn flag(name: &'static str) -> Field {
    field(name, FieldType::Bool)
}
const fn integer(name: &'static str) -> Field {
    field(name, FieldType::Integer)
}
const fn decimal(name: &'static str) -> Field {
    field(name, FieldType::Decimal)
}
const fn duration(name: &'static str) -> Field {
    field(name, FieldType::Duration)
}
const fn instant(name: &'static str) -> Field {
    field(name, FieldType::Instant)
}
const fn any(name: &'static str) -> Field {
    field(name, FieldType::Any)
}
const START: Field = instant("start").required();
const END: Field = instant("end").required();
const ENTRY: Field = field("entry", FieldType::Seq).required();
const REASON: Field = text("reason").required();
const SYSTEMS: Field = texts("systems");

const fn kind(name: &'static str, family: Family, zh: &'static str, fields: &'static [Field]) -> Kind {
    Kind { name, family, fields, zh, acts_by: ActsBy::At, subject: true }
}

/// Kinds named `x.…`: kept, unjudged.
pub static OTHER: Kind = kind("x", Family::Other, "其他", &[]).loose();

use Family as F;

/// The table, sorted by name.
pub static KINDS: &[Kind] = &[
    kind("acceptance.apply", F::Acceptance, "申请验收", &[]),
    kind("acceptance.conclude", F::Acceptance, "验收结论", &[]),
    kind("acceptance.rectify", F::Acceptance, "验收整改", &[]),
    kind("acceptance.review", F::Acceptance, "验收评审", &[]),
    kind("advice.answer", F::Care, "答复优化建议", &[]),
    kind("advice.submit", F::Care, "提出优化建议", &[text("kind")]),
    kind("alarm.ack", F::Alarm, "确认告警", &[]),
    kind("alarm.clear", F::Alarm, "告警解除", &[]),
    kind("alarm.raise", F::Alarm, "发出告警", &[]),
    kind(
        "assessment.complete",
        F::Assessment,
        "完成测评",
        &[text("scheme"), text("agency"), text("level"), decimal("score"), text("conclusion")],
    ),
    kind("asset.register", F::Care, "资产登记", &[]),
    kind("asset.retire", F::Care, "资产退役", &[]),
    kind("backup.compare", F::Backup, "备份比对", &[]),
    kind("backup.drill", F::Backup, "备份恢复演练", &[text("set"), duration("rto"), text("verdict")]),
    kind(
        "backup.run",
        F::Backup,
        "执行备份",
        &[
            text("set"),
            instant("started"),
            instant("finished"),
            integer("bytes"),
            text("manifest"),
            text("digest"),
        ],
    ),
    kind(
        "backup.verify",
        F::Backup,
        "备份校验",
        &[text("set"), text("run"), any("level"), text("verdict"), any("present")],
    ),
    kind("change.approve", F::Change, "同意变更", &[]),
    kind("change.deploy", F::Change, "变更上线", &[text("version")]),
    kind("change.ratify", F::Change, "变更追认", &[]),
    kind(
        "change.request",
        F::Change,
        "申请变更",
        &[text("type"), text("by"), decimal("effort_days"), flag("emergency")],
    ),
    kind("change.rollback", F::Change, "变更回退", &[]),
    kind("change.scan", F::Change, "变更安全扫描", &[]),
    kind("change.test", F::Change, "变更测试", &[text("result")]),
    kind("clock.fault", F::Watching, "时钟异常", &[]).loose(),
    kind(
        "contract.adopt",
        F::Contract,
        "采用合同",
        &[text("sm3").required(), text("text").required(), field("from", FieldType::DateOrInstant)],
    )
    .loose(),
    kind("deliverable.defect", F::Remedy, "交付物缺陷", &[]),
    kind("deliverable.replace", F::Remedy, "更换交付物", &[]),
    kind(
        "dispute.resolve",
        F::Agreement,
        "异议处理",
        &[ENTRY, field("outcome", FieldType::OneOf(&["upheld", "rejected"])).required(), text("reason")],
    )
    .loose()
    .correction(),
    kind("document.accept", F::Document, "文档通过", &[]),
    kind("document.reject", F::Document, "文档退回", &[text("reason")]),
    kind(
        "document.submit",
        F::Document,
        "提交文档",
        &[text("kind").required(), text("version"), text("digest"), text("person"), texts("covers_faults")],
    ),
    kind(
        "drill.run",
        F::Care,
        "应急演练",
        &[text("plan"), text("fault"), duration("rto"), duration("rpo"), text("result")],
    ),
    kind("duty.assign", F::Desk, "排班", &[text("person").required(), text("role").required(), START, END]),
    kind("duty.cancel", F::Desk, "取消排班", &[text("reason")]),
    kind("duty.log", F::Desk, "值班记录", &[]),
    kind("duty.sign-in", F::Desk, "值班签到", &[text("person").required()]),
    kind(
        "errorlog.register",
        F::Care,
        "登记错误日志",
        &[
            text("system"),
            text("signature"),
            integer("count"),
            instant("first"),
            instant("last"),
            text("incident"),
        ],
    ),
    kind("event.declare", F::Event, "宣布重要活动", &[text("name"), START, END]),
    kind(
        "exclusion.approve",
        F::Exclusion,
        "批准排除时间",
        &[START, END, text("approver").required(), REASON],
    )
    .correction(),
    kind("exclusion.void", F::Exclusion, "作废排除时间", &[text("reason")]).correction(),
    kind(
        "fact.confirm",
        F::Agreement,
        "确认记录",
        &[field("entry", FieldType::Seq), field("from", FieldType::Seq), field("to", FieldType::Seq)],
    )
    .loose()
    .correction(),
    kind("fact.dispute", F::Agreement, "提出异议", &[ENTRY, REASON]).loose().correction(),
    kind("finding.accept-risk", F::Finding, "接受风险", &[text("reason")]),
    kind("finding.fix", F::Finding, "整改问题", &[]),
    kind("finding.open", F::Finding, "发现问题", &[text("source"), text("severity")]),
    kind("finding.transfer", F::Finding, "移交问题", &[text("to")]),
    kind("finding.verify", F::Finding, "复核问题", &[text("result")]),
    kind(
        "incident.amend",
        F::Incident,
        "更正事件",
        &[text("severity"), flag("affects_use"), text("attribution"), text("outage"), REASON],
    )
    .correction(),
    kind("incident.close", F::Incident, "关闭事件", &[]),
    kind("incident.diagnose", F::Incident, "事件诊断", &[text("report")]),
    kind("incident.duplicate", F::Incident, "重复事件", &[text("of").required()]).correction(),
    kind("incident.notify-buyer", F::Incident, "告知采购方", &[]),
    kind("incident.onsite.arrive", F::Incident, "到达现场", &[text("person")]),
    kind("incident.onsite.request", F::Incident, "要求到场", &[]),
    kind("incident.pause", F::Incident, "暂停计时", &[text("party"), text("reason")]),
    kind("incident.reopen", F::Incident, "重新打开事件", &[]),
    kind("incident.repair", F::Incident, "修复", &[]),
    kind(
        "incident.report",
        F::Incident,
        "事件申报",
        &[
            text("severity"),
            flag("affects_use"),
            text("attribution"),
            text("outage"),
            text("channel"),
            flag("onsite"),
        ],
    ),
    kind("incident.respond", F::Incident, "响应", &[text("person"), text("arrangement"), flag("auto")]),
    kind("incident.restore", F::Incident, "恢复服务", &[]),
    kind("incident.resume", F::Incident, "恢复计时", &[text("party")]),
    kind("incident.security", F::Incident, "安全事件定级", &[text("level")]),
    kind("incident.withdraw", F::Incident, "撤回事件", &[text("reason")]).correction(),
    kind(
        "inspection.complete",
        F::Care,
        "完成巡检",
        &[text("type"), text("covers"), texts("parts"), any("findings")],
    ),
    kind("interface.down", F::Interface, "接口中断", &[]),
    kind("interface.flapping", F::Interface, "接口抖动", &[]),
    kind("interface.unknown", F::Interface, "接口状态未知", &[]),
    kind("interface.up", F::Interface, "接口恢复", &[]),
    kind(
        "judgement.record",
        F::Judgement,
        "评判记录",
        &[
            text("clause").required(),
            text("by"),
            field("result", FieldType::OneOf(&["met", "breached", "not-due"])).required(),
        ],
    )
    .loose(),
    kind("maintenance.approve", F::Planned, "批准计划停机", &[START, END, SYSTEMS, text("approver")]),
    kind("maintenance.cancel", F::Planned, "取消计划停机", &[text("reason")]),
    kind(
        "metric.record",
        F::Care,
        "指标记录",
        &[text("name"), decimal("value"), text("unit"), text("covers")],
    ),
    kind(
        "outage.amend",
        F::Outage,
        "更正故障",
        &[instant("start"), instant("end"), text("impact"), text("attribution"), REASON],
    )
    .correction(),
    kind("outage.end", F::Outage, "故障结束", &[]),
    kind(
        "outage.start",
        F::Outage,
        "故障开始",
        &[text("system").required(), text("impact"), text("attribution"), text("cause")],
    ),
    kind("outage.void", F::Outage, "作废故障", &[REASON]).correction(),
    kind("payment.due", F::Contract, "应付款", &[]),
    kind("payment.paid", F::Contract, "已付款", &[]),
    kind("rectification.round", F::Assessment, "整改轮次", &[text("scope")]),
    kind("remedy.agree", F::Remedy, "商定补救", &[text("kind"), any("items"), text("party")]),
    kind(
        "report.sign",
        F::Document,
        "签署报告",
        &[text("report_sm3"), text("scan_sm3"), text("signer"), text("party")],
    ),
    kind(
        "report.submit",
        F::Document,
        "提交报告",
        &[text("kind").required(), text("covers"), text("version"), text("digest"), text("person")],
    ),
    kind("request.answer", F::Request, "答复请求", &[]),
    kind("request.close", F::Request, "关闭请求", &[text("confirmed_by"), decimal("score")]),
    kind("request.open", F::Request, "受理请求", &[text("type"), text("channel"), text("unit")]),
    kind("right.notice", F::Agreement, "行使权利通知", &[text("clause"), text("reason")]).loose(),
    kind("right.waive", F::Agreement, "放弃权利", &[text("clause"), text("reason")]).loose(),
    kind("score.record", F::Contract, "考核记录", &[]).loose(),
    kind("staff.absent", F::Staff, "人员离岗", &[START, END, text("deputy")]),
    kind(
        "staff.join",
        F::Staff,
        "人员到岗",
        &[text("person").required(), text("role").required(), any("certificates")],
    ),
    kind("staff.leave", F::Staff, "人员离任", &[]),
    kind("staff.replace.approve", F::Staff, "同意更换人员", &[flag("shorter_notice")]),
    kind("staff.replace.effect", F::Staff, "人员更换生效", &[]),
    kind("staff.replace.request", F::Staff, "申请更换人员", &[]),
    kind("survey.submit", F::Request, "满意度调查", &[]),
    kind("task.accept", F::Task, "任务验收", &[]),
    kind(
        "task.assign",
        F::Task,
        "下达任务",
        &[text("by"), field("due", FieldType::DateOrInstant), text("doc")],
    ),
    kind("task.done", F::Task, "任务完成", &[]),
    kind("trainee.status", F::Transfer, "学员状态", &[]),
    kind("transfer.ack", F::Transfer, "上报回执", &[]),
    kind("transfer.queue", F::Transfer, "待上报", &[]),
    kind("transfer.reject", F::Transfer, "上报退回", &[text("reason")]),
    kind("transfer.send", F::Transfer, "已上报", &[]),
    kind(
        "waive",
        F::Agreement,
        "豁免违约",
        &[text("clause").required(), text("case"), text("approver").required(), REASON],
    )
    .loose(),
    kind("watch.gap", F::Watching, "监测空白", &[START, END, SYSTEMS]).loose(),
    kind("watch.seen", F::Watching, "监测在线", &[SYSTEMS]).loose(),
    kind("watch.start", F::Watching, "开始监测", &[SYSTEMS]).loose(),
    kind("watch.stop", F::Watching, "停止监测", &[SYSTEMS]).loose(),
    kind("window.close", F::Window, "上报窗口关闭", &[]),
    kind("window.open", F::Window, "上报窗口开启", &[instant("until")]),
    kind(
        "work.log",
        F::Care,
        "维护日志",
        &[
            text("asset"),
            text("action"),
            text("person"),
            integer("minutes"),
            text("incident"),
            text("change"),
        ],
    ),
];

/// By name.
pub fn find(name: &str) -> Option<&'static Kind> {
    match KINDS.binary_search_by(|k| k.name.cmp(name)) {
        Ok(i) => Some(&KINDS[i]),
        Err(_) => (name.len() > 2 && name.starts_with("x.")).then_some(&OTHER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn sorted_without_duplicates() {
        for pair in KINDS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
        for k in KINDS {
            assert!(std::ptr::eq(find(k.name).unwrap(), k));
            assert!(!k.zh.is_empty());
            let names: BTreeSet<_> = k.fields.iter().map(|f| f.name).collect();
            assert_eq!(names.len(), k.fields.len(), "{}", k.name);
        }
        let zh: BTreeSet<_> = KINDS.iter().map(|k| k.zh).collect();
        assert_eq!(zh.len(), KINDS.len());
        assert_eq!(find("x.note"), Some(&OTHER));
        for unknown in ["", "x.", "x", "outage", "outage.", "outage.begin", "zz"] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn corrections_act_when_known() {
        let by_name: Vec<_> =
            KINDS.iter().filter(|k| k.acts_by == ActsBy::RecordedAt).map(|k| k.name).collect();
        assert_eq!(
            by_name,
            [
                "dispute.resolve",
                "exclusion.approve",
                "exclusion.void",
                "fact.confirm",
                "fact.dispute",
                "incident.amend",
                "incident.duplicate",
                "incident.withdraw",
                "outage.amend",
                "outage.void",
            ]
        );
    }
}
