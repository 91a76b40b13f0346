//! 排班: who is on duty from when to when.

use crate::sheets::family::{At, Column, Correction, Family, Step, Type};

static ROLES: &[&str] = &["desk", "engineer", "duty", "manager"];

pub(super) static FAMILY: Family = Family {
    name: "roster",
    zh: "排班",
    en: "Roster",
    help_zh: "每行一个班次：谁、什么岗位、从何时到何时。班次未结束前改动本行，记为取消原班次并重新排班。",
    help_en: "One row a shift: who, in which role, from when to when. Until it is over, a changed row is recorded as the old shift cancelled and a new one assigned.",
    columns: &[
        Column::new("code", "班次编号", "Shift no.", Type::Code)
            .help("不填时由开始时间、岗位、人员生成", "May be left empty: made of start, role and person"),
        Column::new("person", "值班人员", "Person", Type::Line).required().sample("工程师甲"),
        Column::new("role", "岗位", "Role", Type::Mostly(ROLES)).required().sample("工程师"),
        Column::new("start", "开始时间", "From", Type::Time).required().sample("2026-01-01 09:00"),
        Column::new("end", "结束时间", "To", Type::Time).required().sample("2026-01-01 17:00"),
        Column::new("signed", "签到时间", "Signed in", Type::Time),
        Column::new("cancelled", "取消时间", "Cancelled at", Type::Time).help(
            "班次取消时填写；已过去的时间不因取消而改变",
            "Where the shift is cancelled; what is past stays as it was",
        ),
        Column::new("reason", "更正或取消原因", "Reason", Type::Text)
            .help("更正已导入的行或取消班次时填写", "For a corrected row or a cancelled shift"),
    ],
    identity: &["start", "role", "person"],
    steps: &[
        Step {
            kind: "duty.assign",
            at: At::Before("start"),
            fields: &[("person", "person"), ("role", "role"), ("start", "start"), ("end", "end")],
            needs: &[],
            after: None,
        },
        Step::new("duty.sign-in", "signed", &[("person", "person")]),
        Step::new("duty.cancel", "cancelled", &[("reason", "reason")]).needs(&["reason"]),
    ],
    correction: Correction::Anew {
        cancel: "duty.cancel",
        until: "end",
        reason: "reason",
        zh: "班次已结束，记录不再更改；实际值班的人员请另起一行登记",
        en: "the shift is over and stays on record; enter who really was on duty in a row of its own",
    },
};
