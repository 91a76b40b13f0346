//! Backups, their verification, and restores.

use super::eval::Facts;
use super::{Cell, First, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const RUN: &[&str] = &["backup.run"];

pub(super) static BACKUPS: Register = Register {
    name: "backups",
    zh: "备份记录",
    en: "Backups",
    of: Of::Each(Family::Backup, RUN),
    columns: &[
        col("subject", "编号", "Backup", Subject),
        col("set", "备份集", "Set", Field(First, RUN, "set")),
        col("started", "开始", "Started", Field(First, RUN, "started")),
        col("finished", "完成", "Finished", Field(First, RUN, "finished")),
        col("took", "用时", "Took", Own(took)),
        col("bytes", "字节数", "Bytes", Field(First, RUN, "bytes")),
        col("digest", "摘要", "Digest", Field(First, RUN, "digest")),
        col("verified_at", "校验时间", "Verified", At(First, VERIFY)),
        col("verdict", "校验结果", "Verdict", Field(First, VERIFY, "verdict")).words(),
    ],
};

fn took(facts: &Facts<'_>) -> Cell {
    let run = facts.items.first();
    let took = run.and_then(|i| Some(i.instant("finished")? - i.instant("started")?));
    took.filter(|us| *us >= 0).map_or(Cell::Empty, Cell::Duration)
}

const VERIFY: &[&str] = &["backup.verify"];

pub(super) static VERIFICATIONS: Register = Register {
    name: "verifications",
    zh: "备份校验记录",
    en: "Verifications of backups",
    of: Of::Each(Family::Backup, &["backup.verify", "backup.compare"]),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("done_at", "时间", "At", At(First, CHECKS)),
        col(
            "check",
            "方式",
            "Check",
            State(&[("backup.verify", "verified"), ("backup.compare", "compared")]),
        )
        .words(),
        col("set", "备份集", "Set", Field(First, CHECKS, "set")),
        col("level", "校验级别", "Level", Field(First, CHECKS, "level")),
        col("verdict", "结果", "Verdict", Field(First, CHECKS, "verdict")).words(),
        col("present", "在库备份", "Present", Field(First, CHECKS, "present")),
    ],
};

const CHECKS: &[&str] = &["backup.verify", "backup.compare"];
const DRILL: &[&str] = &["backup.drill"];

pub(super) static RESTORES: Register = Register {
    name: "restores",
    zh: "恢复演练记录",
    en: "Restores",
    of: Of::Each(Family::Backup, DRILL),
    columns: &[
        col("subject", "编号", "Restore", Subject),
        col("done_at", "时间", "At", At(First, DRILL)),
        col("set", "备份集", "Set", Field(First, DRILL, "set")),
        col("rto", "恢复用时", "RTO", Field(First, DRILL, "rto")),
        col("rpo", "数据损失", "RPO", Field(First, DRILL, "rpo")),
        col("verdict", "结果", "Verdict", Field(First, DRILL, "verdict")).words(),
        col("evidence", "凭证摘要", "Evidence", Evidence(DRILL)),
    ],
};
