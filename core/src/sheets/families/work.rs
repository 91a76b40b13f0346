//! 维护日志: what was done.

use crate::sheets::family::{Column, Correction, Family, Step, Type};

static ACTIONS: &[&str] = &["preventive", "corrective", "adaptive", "optimise"];

pub(super) static FAMILY: Family = Family {
    name: "work",
    zh: "维护日志",
    en: "Work log",
    help_zh: "每行一次维护操作。",
    help_en: "One row a piece of work.",
    columns: &[
        Column::new("code", "日志编号", "Log no.", Type::Code)
            .help("不填时由时间、人员、对象生成", "May be left empty: made of time, person and asset"),
        Column::new("at", "完成时间", "Done", Type::Time).required().sample("2026-01-07 16:00"),
        Column::new("asset", "设备或软件", "Asset", Type::Code).sample("DB-01"),
        Column::new("action", "类别", "Kind of work", Type::Mostly(ACTIONS)).required().sample("预防性维护"),
        Column::new("detail", "内容", "What was done", Type::Text).sample("更新补丁并重启"),
        Column::new("person", "操作人", "By", Type::Line).required().sample("工程师甲"),
        Column::new("minutes", "用时（分钟）", "Minutes", Type::Integer).sample("40"),
        Column::new("incident", "对应事件编号", "Incident no.", Type::Code),
        Column::new("change", "对应变更编号", "Change no.", Type::Code),
    ],
    identity: &["at", "person", "asset"],
    steps: &[Step::new(
        "work.log",
        "at",
        &[
            ("asset", "asset"),
            ("action", "action"),
            ("detail", "text"),
            ("person", "person"),
            ("minutes", "minutes"),
            ("incident", "incident"),
            ("change", "change"),
        ],
    )],
    correction: Correction::None(
        "已记录的日志不能改写；请另起一行，用新编号登记正确的内容",
        "a recorded line is not rewritten: enter the right one in a row of its own under a new number",
    ),
};
