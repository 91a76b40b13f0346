//! Security: findings, assessments, rounds of rectification.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const OPEN: &[&str] = &["finding.open"];
const FIX: &[&str] = &["finding.fix"];
const VERIFY: &[&str] = &["finding.verify"];
const TRANSFER: &[&str] = &["finding.transfer"];
const ACCEPT: &[&str] = &["finding.accept-risk"];

pub(super) static FINDINGS: Register = Register {
    name: "findings",
    zh: "安全问题整改登记",
    en: "Security findings",
    of: Of::Subjects(Family::Finding, OPEN),
    columns: &[
        col("subject", "问题编号", "Finding", Subject),
        col("opened_at", "发现时间", "Opened", At(First, OPEN)),
        col("source", "来源", "Source", Field(First, OPEN, "source")).words(),
        col("severity", "级别", "Severity", Field(First, OPEN, "severity")).words(),
        col("system", "系统", "System", Field(First, OPEN, "system")),
        col("text", "内容", "What", Field(First, OPEN, "text")),
        col("fixed_at", "整改时间", "Fixed", At(Last, FIX)),
        col("fixed_by", "整改人", "Fixed by", Person(Last, FIX)),
        col("elapsed", "整改用时", "Open to fixed", Between(OPEN, Last, FIX)),
        col("verified_at", "复核时间", "Verified", At(Last, VERIFY)),
        col("verification", "复核结果", "Verification", Field(Last, VERIFY, "result")).words(),
        col("verified_by", "复核人", "Verified by", Person(Last, VERIFY)),
        col("transferred_at", "移交时间", "Transferred", At(Last, TRANSFER)),
        col("transferred_to", "移交给", "Transferred to", Field(Last, TRANSFER, "to")).words(),
        col("risk_accepted_at", "接受风险", "Risk accepted", At(Last, ACCEPT)),
        col("risk_reason", "接受理由", "Why accepted", Field(Last, ACCEPT, "reason")),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("finding.open", "open"),
                ("finding.fix", "fixed"),
                ("finding.verify", "verified"),
                ("finding.transfer", "transferred"),
                ("finding.accept-risk", "risk-accepted"),
            ]),
        )
        .words(),
    ],
};

const COMPLETE: &[&str] = &["assessment.complete"];

pub(super) static ASSESSMENTS: Register = Register {
    name: "assessments",
    zh: "测评登记",
    en: "Assessments",
    of: Of::Each(Family::Assessment, COMPLETE),
    columns: &[
        col("subject", "编号", "Assessment", Subject),
        col("completed_at", "完成时间", "Completed", At(First, COMPLETE)),
        col("scheme", "测评类别", "Scheme", Field(First, COMPLETE, "scheme")).words(),
        col("agency", "测评机构", "Agency", Field(First, COMPLETE, "agency")),
        col("level", "等级", "Level", Field(First, COMPLETE, "level")),
        col("score", "得分", "Score", Field(First, COMPLETE, "score")),
        col("conclusion", "结论", "Conclusion", Field(First, COMPLETE, "conclusion")).words(),
        col("evidence", "凭证摘要", "Evidence", Evidence(COMPLETE)),
    ],
};

const ROUND: &[&str] = &["rectification.round"];

pub(super) static RECTIFICATION: Register = Register {
    name: "rectification",
    zh: "等级问题整改轮次",
    en: "Rounds of rectification",
    of: Of::Each(Family::Assessment, ROUND),
    columns: &[
        col("subject", "编号", "Round", Subject),
        col("done_at", "完成时间", "Done", At(First, ROUND)),
        col("scope", "范围", "Scope", Field(First, ROUND, "scope")),
        col("covers", "所属期间", "Covers", Field(First, ROUND, "covers")),
        col("evidence", "凭证摘要", "Evidence", Evidence(ROUND)),
    ],
};
