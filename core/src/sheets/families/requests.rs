//! 请求: consultations, complaints and other requests to the desk.

use super::words::CHANNELS;
use crate::sheets::family::{Column, Correction, Family, Step, Type};

static TYPES: &[&str] = &["consult", "complaint", "data", "account", "requirement"];

pub(super) static FAMILY: Family = Family {
    name: "requests",
    zh: "请求",
    en: "Requests",
    help_zh: "每行一个咨询、投诉或其他请求，答复与关闭后补填，可多次导入同一张表。",
    help_en: "One row a consultation, complaint or other request; fill in answer and closing later and import the same sheet again.",
    columns: &[
        Column::new("code", "请求编号", "Request no.", Type::Code).required().sample("R-2026-001"),
        Column::new("opened", "受理时间", "Received", Type::Time).required().sample("2026-01-06 09:00"),
        Column::new("type", "类别", "Type", Type::Words(TYPES)).required().sample("咨询"),
        Column::new("channel", "渠道", "Channel", Type::Mostly(CHANNELS)).sample("电话"),
        Column::new("unit", "来电单位", "From", Type::Line).sample("某某医院"),
        Column::new("summary", "内容", "What", Type::Text).sample("如何重置密码"),
        Column::new("answered", "答复时间", "Answered", Type::Time).sample("2026-01-06 09:20"),
        Column::new("person", "答复人", "Answered by", Type::Line).sample("客服甲"),
        Column::new("answer", "答复内容", "Answer", Type::Text),
        Column::new("closed", "关闭时间", "Closed", Type::Time).sample("2026-01-06 09:30"),
        Column::new("confirmed_by", "确认人", "Confirmed by", Type::Line),
        Column::new("score", "满意度", "Score", Type::Decimal).help("如 95 或 4.5", "Such as 95 or 4.5"),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "request.open",
            "opened",
            &[("type", "type"), ("channel", "channel"), ("unit", "unit"), ("summary", "text")],
        ),
        Step::new("request.answer", "answered", &[("person", "person"), ("answer", "text")]).after("opened"),
        Step::new("request.close", "closed", &[("confirmed_by", "confirmed_by"), ("score", "score")])
            .after("opened"),
    ],
    correction: Correction::None(
        "已记录的请求不能改写；如登记有误，请用新编号登记正确的一条，并请对方对原记录提出异议",
        "a recorded request is not rewritten: enter the right one under a new number and let the other party dispute the old entry",
    ),
};
