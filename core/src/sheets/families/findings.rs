//! 安全问题: findings of assessments, scans and notices, until they are fixed and verified.

use super::words::PARTIES;
use crate::sheets::family::{Column, Correction, Family, Step, Type};

static SOURCES: &[&str] = &["mlps", "scan", "code", "crypto", "notice"];
static SEVERITIES: &[&str] = &["high", "medium", "low"];
static RESULTS: &[&str] = &["pass", "fail"];

pub(super) static FAMILY: Family = Family {
    name: "findings",
    zh: "安全问题",
    en: "Findings",
    help_zh: "每行一个问题，整改、复核后补填，可多次导入同一张表。",
    help_en: "One row a finding; fill in fix and verification later and import the same sheet again.",
    columns: &[
        Column::new("code", "问题编号", "Finding no.", Type::Code).required().sample("F-2026-001"),
        Column::new("opened", "发现时间", "Found", Type::Time).required().sample("2026-01-08 10:00"),
        Column::new("source", "来源", "Source", Type::Words(SOURCES)).required().sample("日常安全检测"),
        Column::new("severity", "级别", "Severity", Type::Words(SEVERITIES)).required().sample("高"),
        Column::new("system", "系统", "System", Type::Line),
        Column::new("summary", "问题", "What", Type::Text).sample("组件版本过低"),
        Column::new("fixed", "整改时间", "Fixed", Type::Time),
        Column::new("fix", "整改措施", "How", Type::Text),
        Column::new("verified", "复核时间", "Verified", Type::Time),
        Column::new("result", "复核结论", "Result", Type::Words(RESULTS)),
        Column::new("transferred", "移交时间", "Transferred", Type::Time),
        Column::new("to", "移交给", "To", Type::Words(PARTIES)),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "finding.open",
            "opened",
            &[("source", "source"), ("severity", "severity"), ("system", "system"), ("summary", "text")],
        ),
        Step::new("finding.fix", "fixed", &[("fix", "text")]).after("opened"),
        Step::new("finding.verify", "verified", &[("result", "result")]).needs(&["result"]).after("opened"),
        Step::new("finding.transfer", "transferred", &[("to", "to")]).needs(&["to"]).after("opened"),
    ],
    correction: Correction::None(
        "已记录的问题不能改写；如登记有误，请用新编号登记正确的一条，并请对方对原记录提出异议；复核未通过后再次整改的，请由监测或 JSON 另行记录",
        "a recorded finding is not rewritten: enter the right one under a new number and let the other party dispute the old entry",
    ),
};
