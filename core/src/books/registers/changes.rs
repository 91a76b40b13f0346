//! Changes: request, consent, scan, test, deployment.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const REQUEST: &[&str] = &["change.request"];
const APPROVE: &[&str] = &["change.approve"];
const SCAN: &[&str] = &["change.scan"];
const TEST: &[&str] = &["change.test"];
const DEPLOY: &[&str] = &["change.deploy"];

pub(super) static CHANGES: Register = Register {
    name: "changes",
    zh: "变更登记",
    en: "Changes",
    of: Of::Subjects(
        Family::Change,
        &["change.request", "change.approve", "change.scan", "change.test", "change.deploy", "change.ratify"],
    ),
    columns: &[
        col("subject", "变更编号", "Change", Subject),
        col("requested_at", "申请时间", "Requested", At(First, REQUEST)),
        col("type", "类型", "Type", Field(First, REQUEST, "type")).words(),
        col("by", "提出方", "By", Field(First, REQUEST, "by")).words(),
        col("requester", "申请人", "Requester", Person(First, REQUEST)),
        col("text", "内容", "What", Field(First, REQUEST, "text")),
        col("effort_days", "工作量(人日)", "Effort, days", Field(Last, REQUEST, "effort_days")),
        col("emergency", "紧急", "Emergency", Field(First, REQUEST, "emergency")),
        col("approved_at", "同意时间", "Approved", At(Last, APPROVE)),
        col("approved_by", "同意方", "Approved by", Party(Last, APPROVE)).words(),
        col("approver", "同意人", "Approver", Person(Last, APPROVE)),
        col("scanned_at", "安全扫描", "Scanned", At(Last, SCAN)),
        col("scan", "扫描结果", "Scan", Field(Last, SCAN, "result")).words(),
        col("tested_at", "测试时间", "Tested", At(Last, TEST)),
        col("test", "测试结果", "Test", Field(Last, TEST, "result")).words(),
        col("deployed_at", "上线时间", "Deployed", At(Last, DEPLOY)),
        col("version", "版本", "Version", Field(Last, DEPLOY, "version")),
        col("deployments", "上线次数", "Deployments", Count(DEPLOY)),
        col("ratified_at", "追认时间", "Ratified", At(Last, &["change.ratify"])),
        col("rolled_back_at", "回退时间", "Rolled back", At(Last, &["change.rollback"])),
        col("work_logs", "维护记录数", "Work logs", Count(&["work.log"])),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("change.request", "requested"),
                ("change.approve", "approved"),
                ("change.scan", "scanned"),
                ("change.test", "tested"),
                ("change.deploy", "deployed"),
                ("change.rollback", "rolled-back"),
            ]),
        )
        .words(),
    ],
};
