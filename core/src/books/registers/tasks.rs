//! Tasks on the buyer's call.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const ASSIGN: &[&str] = &["task.assign"];
const DONE: &[&str] = &["task.done"];
const ACCEPT: &[&str] = &["task.accept"];

pub(super) static TASKS: Register = Register {
    name: "tasks",
    zh: "任务登记",
    en: "Tasks",
    of: Of::Subjects(Family::Task, ASSIGN),
    columns: &[
        col("subject", "任务编号", "Task", Subject),
        col("assigned_at", "下达时间", "Assigned", At(First, ASSIGN)),
        col("by", "下达人", "By", Field(First, ASSIGN, "by")).words(),
        col("doc", "依据文件", "Paper", Field(First, ASSIGN, "doc")),
        col("text", "内容", "What", Field(First, ASSIGN, "text")),
        col("due", "要求完成", "Due", Field(Last, ASSIGN, "due")),
        col("done_at", "完成时间", "Done", At(Last, DONE)),
        col("done_by", "完成人", "Done by", Person(Last, DONE)),
        col("evidence", "凭证摘要", "Evidence", Evidence(DONE)),
        col("elapsed", "下达至完成", "Assigned to done", Between(ASSIGN, Last, DONE)),
        col("accepted_at", "验收时间", "Accepted", At(Last, ACCEPT)),
        col("accepted_by", "验收方", "Accepted by", Party(Last, ACCEPT)).words(),
        col(
            "state",
            "状态",
            "State",
            State(&[("task.assign", "open"), ("task.done", "done"), ("task.accept", "accepted")]),
        )
        .words(),
    ],
};
