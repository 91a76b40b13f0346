//! The duty roster: one row a shift.

use super::eval::Facts;
use super::{Cell, First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const ASSIGN: &[&str] = &["duty.assign"];
const CANCEL: &[&str] = &["duty.cancel"];
const SIGN_IN: &[&str] = &["duty.sign-in"];
const LOG: &[&str] = &["duty.log"];

pub(super) static DUTY: Register = Register {
    name: "duty",
    zh: "值班表",
    en: "Duty roster",
    of: Of::Each(Family::Desk, ASSIGN),
    columns: &[
        col("subject", "班次", "Shift", Subject),
        col("person", "值班人", "Person", Field(First, ASSIGN, "person")),
        col("role", "岗位", "Role", Field(First, ASSIGN, "role")).words(),
        col("start", "开始", "Start", Field(First, ASSIGN, "start")),
        col("end", "结束", "End", Field(First, ASSIGN, "end")),
        col("phone", "电话", "Phone", Field(First, ASSIGN, "phone")),
        col("signed_in_at", "签到", "Signed in", At(First, SIGN_IN)),
        col("signed_in", "签到人", "Signed in by", Field(First, SIGN_IN, "person")),
        col("cancelled_from", "取消自", "Cancelled from", Own(cancelled)),
        col("cancel_reason", "取消原因", "Why cancelled", Field(Last, CANCEL, "reason")),
        col("logs", "值班记录数", "Logs", Count(LOG)),
        col("log", "值班记录", "Log", Values(LOG, "text")),
    ],
};

/// From when on a cancellation takes the shift away: its `at`, or when it was recorded where that is later.
fn cancelled(facts: &Facts<'_>) -> Cell {
    let from = facts.of(CANCEL).map(|i| i.at.max(facts.lens.item_recorded(i))).min();
    from.map_or(Cell::Empty, Cell::Instant)
}
