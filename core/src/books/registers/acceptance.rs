//! The steps of an acceptance.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const APPLY: &[&str] = &["acceptance.apply"];
const REVIEW: &[&str] = &["acceptance.review"];
const RECTIFY: &[&str] = &["acceptance.rectify"];
const CONCLUDE: &[&str] = &["acceptance.conclude"];

pub(super) static ACCEPTANCE: Register = Register {
    name: "acceptance",
    zh: "验收登记",
    en: "Acceptance",
    of: Of::Subjects(
        Family::Acceptance,
        &["acceptance.apply", "acceptance.review", "acceptance.rectify", "acceptance.conclude"],
    ),
    columns: &[
        col("subject", "验收编号", "Acceptance", Subject),
        col("applied_at", "申请时间", "Applied", At(First, APPLY)),
        col("reviewed_at", "评审时间", "Reviewed", At(Last, REVIEW)),
        col("reviewers", "评审人", "Reviewers", Values(REVIEW, "reviewers")),
        col("review", "评审意见", "Review", Field(Last, REVIEW, "text")),
        col("rectifications", "整改次数", "Rectifications", Count(RECTIFY)),
        col("rectified_at", "整改时间", "Rectified", At(Last, RECTIFY)),
        col("concluded_at", "结论时间", "Concluded", At(Last, CONCLUDE)),
        col("conclusion", "结论", "Conclusion", Field(Last, CONCLUDE, "result")).words(),
        col("concluded_by", "结论方", "Concluded by", Party(Last, CONCLUDE)).words(),
        col("evidence", "凭证摘要", "Evidence", Evidence(CONCLUDE)),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("acceptance.apply", "applied"),
                ("acceptance.review", "reviewed"),
                ("acceptance.rectify", "rectified"),
                ("acceptance.conclude", "concluded"),
            ]),
        )
        .words(),
    ],
};
