//! Reports and documents: one row a submission, with what was said of it before the next one of its subject.

use super::eval::Facts;
use super::{Cell, First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const REPORT: &[&str] = &["report.submit"];
const SIGN: &[&str] = &["report.sign"];
const ACCEPT: &[&str] = &["document.accept"];
const REJECT: &[&str] = &["document.reject"];

pub(super) static REPORTS: Register = Register {
    name: "reports",
    zh: "报告提交登记",
    en: "Reports",
    of: Of::Each(Family::Document, REPORT),
    columns: &[
        col("subject", "编号", "Report", Subject),
        col("submitted_at", "提交时间", "Submitted", At(First, REPORT)),
        col("kind", "报告种类", "Kind", Field(First, REPORT, "kind")).words(),
        col("covers", "所属期间", "Covers", Field(First, REPORT, "covers")),
        col("version", "版本", "Version", Field(First, REPORT, "version")),
        col("person", "提交人", "Person", Field(First, REPORT, "person")),
        col("digest", "摘要", "Digest", Own(digest)),
        col("signed_at", "签署时间", "Signed", At(Last, SIGN)),
        col("signers", "签署人", "Signers", Values(SIGN, "signer")),
        col("sign_parties", "签署方", "Signing parties", Values(SIGN, "party")).words(),
        col("scan", "签字件摘要", "Digest of the scan", Field(Last, SIGN, "scan_sm3")),
        col("rejected_at", "退回时间", "Rejected", At(Last, REJECT)),
        col("accepted_at", "通过时间", "Accepted", At(Last, ACCEPT)),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("report.submit", "submitted"),
                ("report.sign", "signed"),
                ("document.reject", "rejected"),
                ("document.accept", "accepted"),
            ]),
        )
        .words(),
    ],
};

const DOCUMENT: &[&str] = &["document.submit"];

pub(super) static DOCUMENTS: Register = Register {
    name: "documents",
    zh: "文档提交登记",
    en: "Documents",
    of: Of::Each(Family::Document, DOCUMENT),
    columns: &[
        col("subject", "编号", "Document", Subject),
        col("submitted_at", "提交时间", "Submitted", At(First, DOCUMENT)),
        col("kind", "文档种类", "Kind", Field(First, DOCUMENT, "kind")).words(),
        col("version", "版本", "Version", Field(First, DOCUMENT, "version")),
        col("person", "人员", "Person", Field(First, DOCUMENT, "person")),
        col("covers_faults", "覆盖故障类型", "Faults covered", Field(First, DOCUMENT, "covers_faults")),
        col("digest", "摘要", "Digest", Own(digest)),
        col("rejected_at", "退回时间", "Rejected", At(Last, REJECT)),
        col("reject_reason", "退回原因", "Why rejected", Field(Last, REJECT, "reason")),
        col("accepted_at", "通过时间", "Accepted", At(Last, ACCEPT)),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("document.submit", "submitted"),
                ("document.reject", "rejected"),
                ("document.accept", "accepted"),
            ]),
        )
        .words(),
    ],
};

/// What the submission says of its file, or the digest of its evidence.
fn digest(facts: &Facts<'_>) -> Cell {
    let submission = facts.items.first();
    let digest = submission.and_then(|i| i.text("digest").or(i.digest.as_deref()));
    digest.map_or(Cell::Empty, |d| Cell::Text(d.to_owned()))
}
