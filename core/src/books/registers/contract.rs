//! What concerns the contract as a whole: payments, scores as recorded, judgements.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const DUE: &[&str] = &["payment.due"];
const PAID: &[&str] = &["payment.paid"];

pub(super) static PAYMENTS: Register = Register {
    name: "payments",
    zh: "付款登记",
    en: "Payments",
    of: Of::Subjects(Family::Contract, &["payment.due", "payment.paid"]),
    columns: &[
        col("subject", "编号", "Payment", Subject),
        col("due_at", "应付时间", "Due", At(First, DUE)),
        col("due_fen", "应付金额(分)", "Due, fen", Field(Last, DUE, "amount_fen")),
        col("paid_at", "付款时间", "Paid", At(Last, PAID)),
        col("paid_fen", "实付金额(分)", "Paid, fen", Field(Last, PAID, "amount_fen")),
        col("text", "说明", "What", Field(First, &["payment.due", "payment.paid"], "text")),
        col("state", "状态", "State", State(&[("payment.due", "due"), ("payment.paid", "paid")])).words(),
    ],
};

const SCORE: &[&str] = &["score.record"];

pub(super) static SCORES: Register = Register {
    name: "scores",
    zh: "考核记录",
    en: "Scores",
    of: Of::Each(Family::Contract, SCORE),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("recorded_at", "时间", "At", At(First, SCORE)),
        col("covers", "所属期间", "Covers", Field(First, SCORE, "covers")),
        col("score", "得分", "Score", Field(First, SCORE, "score")),
        col("grade", "等次", "Grade", Field(First, SCORE, "grade")),
        col("party", "考核方", "Party", Party(First, SCORE)).words(),
        col("person", "考核人", "Person", Person(First, SCORE)),
        col("text", "说明", "What", Field(First, SCORE, "text")),
    ],
};

const JUDGEMENT: &[&str] = &["judgement.record"];

pub(super) static JUDGEMENTS: Register = Register {
    name: "judgements",
    zh: "评判记录",
    en: "Judgements",
    of: Of::Each(Family::Judgement, JUDGEMENT),
    columns: &[
        col("clause", "条款", "Clause", Field(First, JUDGEMENT, "clause")),
        col("recorded_at", "时间", "At", At(First, JUDGEMENT)),
        col("result", "结论", "Result", Field(Last, JUDGEMENT, "result")).words(),
        col("by", "评判方", "By", Field(First, JUDGEMENT, "by")).words(),
        col("party", "记录方", "Recorded by", Party(First, JUDGEMENT)).words(),
        col("person", "记录人", "Person", Person(First, JUDGEMENT)),
        col("reason", "理由", "Reason", Field(First, JUDGEMENT, "reason")),
        col("evidence", "凭证摘要", "Evidence", Evidence(JUDGEMENT)),
    ],
};
