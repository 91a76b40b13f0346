//! Requests at the desk (consultations, complaints, data, accounts, requirements), and what people thought of the service.

use super::{First, Last, Of, Register, Source::*, Spec, col};
use crate::facts::kinds::Family;

const OPEN: &[&str] = &["request.open"];
const ANSWER: &[&str] = &["request.answer"];
const CLOSE: &[&str] = &["request.close"];

pub(super) static REQUESTS: Register = Register {
    name: "requests",
    zh: "咨询投诉与服务请求登记",
    en: "Requests",
    of: Of::Subjects(Family::Request, OPEN),
    columns: REQUEST,
};

const REQUEST: &[Spec] = &[
    col("subject", "请求编号", "Request", Subject),
    col("opened_at", "受理时间", "Opened", At(First, OPEN)),
    col("type", "类型", "Type", Field(First, OPEN, "type")).words(),
    col("channel", "渠道", "Channel", Field(First, OPEN, "channel")).words(),
    col("unit", "来访单位", "Unit", Field(First, OPEN, "unit")),
    col("person", "受理人", "Taken by", Person(First, OPEN)),
    col("text", "内容", "What", Field(First, OPEN, "text")),
    col("answered_at", "首次答复", "Answered", At(First, ANSWER)),
    col("answer", "答复用时", "Time to answer", Between(OPEN, First, ANSWER)),
    col("answers", "答复次数", "Answers", Count(ANSWER)),
    col("closed_at", "关闭时间", "Closed", At(Last, CLOSE)),
    col("confirmed_by", "确认人", "Confirmed by", Field(Last, CLOSE, "confirmed_by")),
    col("score", "满意度评分", "Score", Field(Last, CLOSE, "score")),
    col("elapsed", "受理至关闭", "Open to close", Between(OPEN, Last, CLOSE)),
    col(
        "state",
        "状态",
        "State",
        State(&[("request.open", "open"), ("request.answer", "answered"), ("request.close", "closed")]),
    )
    .words(),
];

const SURVEY: &[&str] = &["survey.submit"];

pub(super) static SURVEYS: Register = Register {
    name: "surveys",
    zh: "满意度调查",
    en: "Surveys",
    of: Of::Each(Family::Request, SURVEY),
    columns: &[
        col("subject", "编号", "Survey", Subject),
        col("submitted_at", "提交时间", "Submitted", At(First, SURVEY)),
        col("party", "提交方", "Party", Party(First, SURVEY)).words(),
        col("person", "提交人", "Person", Person(First, SURVEY)),
        col("unit", "单位", "Unit", Field(First, SURVEY, "unit")),
        col("score", "评分", "Score", Field(First, SURVEY, "score")),
        col("text", "意见", "Opinion", Field(First, SURVEY, "text")),
    ],
};
