//! What was due to the national system: its windows, and the records.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const OPEN: &[&str] = &["window.open"];
const CLOSE: &[&str] = &["window.close"];

pub(super) static WINDOWS: Register = Register {
    name: "windows",
    zh: "上报窗口",
    en: "Transfer windows",
    of: Of::Each(Family::Window, OPEN),
    columns: &[
        col("subject", "窗口", "Window", Subject),
        col("opened_at", "开启", "Opened", At(First, OPEN)),
        col("until", "预告关闭", "Announced until", Field(First, OPEN, "until")),
        col("closed_at", "关闭", "Closed", At(First, CLOSE)),
        col("lasted", "历时", "Lasted", Between(OPEN, First, CLOSE)),
    ],
};

const QUEUE: &[&str] = &["transfer.queue"];
const SEND: &[&str] = &["transfer.send"];
const ACK: &[&str] = &["transfer.ack"];
const REJECT: &[&str] = &["transfer.reject"];

pub(super) static TRANSFERS: Register = Register {
    name: "transfers",
    zh: "上报记录",
    en: "Transfers",
    of: Of::Subjects(
        Family::Transfer,
        &["transfer.queue", "transfer.send", "transfer.ack", "transfer.reject"],
    ),
    columns: &[
        col("subject", "记录编号", "Record", Subject),
        col("queued_at", "待上报", "Queued", At(First, QUEUE)),
        col("sent_at", "上报", "Sent", At(Last, SEND)),
        col("sends", "上报次数", "Times sent", Count(SEND)),
        col("acked_at", "回执", "Acknowledged", At(First, ACK)),
        col("elapsed", "待上报至回执", "Queued to acknowledged", Between(QUEUE, First, ACK)),
        col("rejected_at", "退回", "Rejected", At(Last, REJECT)),
        col("reject_reason", "退回原因", "Why rejected", Field(Last, REJECT, "reason")),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("transfer.queue", "queued"),
                ("transfer.send", "sent"),
                ("transfer.ack", "acknowledged"),
                ("transfer.reject", "rejected"),
            ]),
        )
        .words(),
    ],
};
