//! Incidents: one row an incident, with the instants its clocks look at.

use super::eval::{Facts, text};
use super::{Cell, First, Last, Of, Register, Source::*, Spec, col};
use crate::facts::kinds::Family;
use crate::time::Instant;

const REPORT: &[&str] = &["incident.report"];
const REPAIR: &[&str] = &["incident.repair", "incident.restore"];

pub(super) static INCIDENTS: Register = Register {
    name: "incidents",
    zh: "故障与事件登记",
    en: "Incidents",
    of: Of::Subjects(Family::Incident, REPORT),
    columns: COLUMNS,
};

const COLUMNS: &[Spec] = &[
    col("subject", "事件编号", "Incident", Subject),
    col("reported_at", "申报时间", "Reported", At(First, REPORT)),
    col("severity", "级别", "Severity", Amended("severity")).words(),
    col("affects_use", "影响使用", "Affects use", Amended("affects_use")),
    col("attribution", "责任", "Attribution", Amended("attribution")).words(),
    col("channel", "受理渠道", "Channel", Field(First, REPORT, "channel")).words(),
    col("reported_by", "申报方", "Reported by", Party(First, REPORT)).words(),
    col("reporter", "申报人", "Reporter", Person(First, REPORT)),
    col("outage", "对应故障", "Outage", Amended("outage")),
    col("responded_at", "响应时间", "Responded", Own(responded)),
    col("response", "响应用时", "Time to respond", Own(response)),
    col("person", "响应人员", "Person", Field(First, &["incident.respond"], "person")),
    col("arrangement", "处置安排", "Arrangement", Field(First, &["incident.respond"], "arrangement")),
    col("diagnosed_at", "诊断时间", "Diagnosed", At(First, &["incident.diagnose"])),
    col("diagnosis", "诊断结论", "Diagnosis", Field(Last, &["incident.diagnose"], "report")),
    col("onsite_requested_at", "要求到场", "On site requested", At(First, &["incident.onsite.request"])),
    col("onsite_at", "到场时间", "On site", At(First, &["incident.onsite.arrive"])),
    col("restored_at", "恢复时间", "Restored", At(Last, &["incident.restore"])),
    col("repaired_at", "修复时间", "Repaired", At(Last, &["incident.repair"])),
    col("elapsed", "申报至修复", "Report to repair", Between(REPORT, Last, REPAIR)),
    col("pauses", "暂停次数", "Pauses", Count(&["incident.pause"])),
    col("reopened", "重开次数", "Reopened", Count(&["incident.reopen"])),
    col("duplicate_of", "重复于", "Duplicate of", Field(Last, &["incident.duplicate"], "of")),
    col("security_level", "安全事件级别", "Security level", Field(Last, &["incident.security"], "level"))
        .words(),
    col("notified_at", "告知采购方", "Buyer notified", At(First, &["incident.notify-buyer"])),
    col("work_logs", "维护记录数", "Work logs", Count(&["work.log"])),
    col("closed_at", "关闭时间", "Closed", At(Last, &["incident.close"])),
    col("state", "状态", "State", Own(state)).words(),
];

/// The first answer of a person; an automatic one answers nothing.
fn first_answer(facts: &Facts<'_>) -> Option<Instant> {
    facts.of(&["incident.respond"]).find(|i| i.flag("auto") != Some(true)).map(|i| i.at)
}

fn responded(facts: &Facts<'_>) -> Cell {
    first_answer(facts).map_or(Cell::Empty, Cell::Instant)
}

fn response(facts: &Facts<'_>) -> Cell {
    let reported = facts.of(REPORT).next().map(|i| i.at);
    let took = reported.zip(first_answer(facts)).map(|(from, to)| to - from);
    took.filter(|us| *us >= 0).map_or(Cell::Empty, Cell::Duration)
}

fn state(facts: &Facts<'_>) -> Cell {
    for (kind, word) in [("incident.withdraw", "withdrawn"), ("incident.duplicate", "duplicate")] {
        if facts.items.iter().any(|i| i.kind.name == kind) {
            return text(word);
        }
    }
    facts.state(&[
        ("incident.report", "reported"),
        ("incident.respond", "responded"),
        ("incident.diagnose", "diagnosed"),
        ("incident.onsite.arrive", "on-site"),
        ("incident.pause", "paused"),
        ("incident.resume", "in-progress"),
        ("incident.restore", "restored"),
        ("incident.repair", "repaired"),
        ("incident.reopen", "reopened"),
        ("incident.close", "closed"),
    ])
}
