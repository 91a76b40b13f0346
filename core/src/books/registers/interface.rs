//! Interfaces as the monitor saw them, and its alarms.

use super::{First, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const BAD: &[&str] = &["interface.down", "interface.flapping", "interface.unknown"];
const UP: &[&str] = &["interface.up"];

pub(super) static INTERFACE: Register = Register {
    name: "interface",
    zh: "接口状态记录",
    en: "Interfaces",
    of: Of::Each(Family::Interface, BAD),
    columns: &[
        col("subject", "接口", "Interface", Subject),
        col("from", "开始", "From", At(First, BAD)),
        col(
            "what",
            "现象",
            "What",
            Own(|facts| {
                let kind = facts.items.first().map(|i| i.kind.name).unwrap_or_default();
                super::eval::text(kind.strip_prefix("interface.").unwrap_or(kind))
            }),
        )
        .words(),
        col("cause", "原因", "Cause", Field(First, BAD, "cause")),
        col("up_at", "恢复", "Up again", At(First, UP)),
        col("lasted", "历时", "Lasted", Between(BAD, First, UP)),
    ],
};

const RAISE: &[&str] = &["alarm.raise"];
const ACK: &[&str] = &["alarm.ack"];
const CLEAR: &[&str] = &["alarm.clear"];

pub(super) static ALARMS: Register = Register {
    name: "alarms",
    zh: "告警记录",
    en: "Alarms",
    of: Of::Each(Family::Alarm, RAISE),
    columns: &[
        col("subject", "告警", "Alarm", Subject),
        col("raised_at", "发出时间", "Raised", At(First, RAISE)),
        col("target", "对象", "Target", Field(First, RAISE, "target")),
        col("severity", "级别", "Severity", Field(First, RAISE, "severity")).words(),
        col("text", "内容", "What", Field(First, RAISE, "text")),
        col("acked_at", "确认时间", "Acknowledged", At(First, ACK)),
        col("cleared_at", "解除时间", "Cleared", At(First, CLEAR)),
        col("lasted", "历时", "Lasted", Between(RAISE, First, CLEAR)),
        col(
            "state",
            "状态",
            "State",
            State(&[("alarm.raise", "raised"), ("alarm.ack", "acknowledged"), ("alarm.clear", "cleared")]),
        )
        .words(),
    ],
};
