//! Planned downtime (计划停机), and what both parties agreed to take out afterwards.

use super::eval::{Facts, text};
use super::{Cell, First, Last, Of, Register, Source::*, col};

const APPROVE: &[&str] = &["maintenance.approve"];
const CANCEL: &[&str] = &["maintenance.cancel"];

pub(super) static PLANNED: Register = Register {
    name: "planned",
    zh: "计划停机登记",
    en: "Planned downtime",
    of: Of::Windows(false),
    columns: &[
        col("subject", "编号", "Window", Subject),
        col("approved_at", "批准时间", "Approved", At(First, APPROVE)),
        col("approver", "批准人", "Approver", Field(First, APPROVE, "approver")),
        col("start", "开始", "Start", Field(First, APPROVE, "start")),
        col("end", "结束", "End", Field(First, APPROVE, "end")),
        col("systems", "系统", "Systems", Field(First, APPROVE, "systems")),
        col("cancelled_at", "取消时间", "Cancelled", At(Last, CANCEL)),
        col("cancel_reason", "取消原因", "Why cancelled", Field(Last, CANCEL, "reason")),
        col("in_time", "提前通知", "Noticed in time", Own(in_time)),
        col("state", "状态", "State", Own(state)).words(),
    ],
};

/// It was recorded so long before its start that it takes time from outages.
fn in_time(facts: &Facts<'_>) -> Cell {
    let start = facts.of(APPROVE).find_map(|i| Some((i, i.instant("start")?)));
    start.map_or(Cell::Empty, |(item, start)| {
        let recorded = facts.lens.item_recorded(item);
        Cell::Flag(recorded.saturating_add(facts.accounting.maintenance_notice) <= start)
    })
}

fn state(facts: &Facts<'_>) -> Cell {
    let instant = |field| facts.of(APPROVE).find_map(|i| i.instant(field));
    text(match (instant("start"), instant("end")) {
        _ if facts.of(CANCEL).next().is_some() => "cancelled",
        (Some(start), _) if facts.as_of < start => "coming",
        (_, Some(end)) if facts.as_of < end => "running",
        _ => "over",
    })
}

const EXCLUDE: &[&str] = &["exclusion.approve"];
const VOID: &[&str] = &["exclusion.void"];

pub(super) static EXCLUSIONS: Register = Register {
    name: "exclusions",
    zh: "排除时间登记",
    en: "Exclusions",
    of: Of::Windows(true),
    columns: &[
        col("subject", "编号", "Exclusion", Subject),
        col("approved_at", "批准时间", "Approved", At(First, EXCLUDE)),
        col("approver", "批准人", "Approver", Field(First, EXCLUDE, "approver")),
        col("start", "开始", "Start", Field(First, EXCLUDE, "start")),
        col("end", "结束", "End", Field(First, EXCLUDE, "end")),
        col("reason", "原因", "Reason", Field(First, EXCLUDE, "reason")),
        col("void", "已作废", "Void", Any(VOID)),
        col("void_reason", "作废原因", "Why void", Field(Last, VOID, "reason")),
    ],
};
