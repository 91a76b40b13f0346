//! 计划停机: windows approved beforehand.

use crate::sheets::family::{Column, Correction, Family, Step, Type};

pub(super) static FAMILY: Family = Family {
    name: "planned",
    zh: "计划停机",
    en: "Planned downtime",
    help_zh: "每行一个经批准的停机窗口，须在开始前导入台账才作计划停机；事后批准的不在此登记。",
    help_en: "One row an approved window. It counts as planned only if imported before it begins; what is agreed afterwards does not belong here.",
    columns: &[
        Column::new("code", "窗口编号", "Window no.", Type::Code).required().sample("P-2026-001"),
        Column::new("approved", "批准时间", "Approved", Type::Time).required().sample("2026-01-03 10:00"),
        Column::new("approver", "批准人", "Approved by", Type::Line).required().sample("采购方甲"),
        Column::new("start", "开始时间", "From", Type::Time).required().sample("2026-01-10 22:00"),
        Column::new("end", "结束时间", "To", Type::Time).required().sample("2026-01-11 02:00"),
        Column::new("systems", "系统", "Systems", Type::List(&[]))
            .sample("门户；报名")
            .help("不填为全部系统；多个用；分开", "Left empty: all; several with ； between"),
        Column::new("purpose", "事由", "Purpose", Type::Text).sample("数据库升级"),
        Column::new("cancelled", "取消时间", "Cancelled", Type::Time),
        Column::new("reason", "取消原因", "Reason", Type::Text),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "maintenance.approve",
            "approved",
            &[
                ("start", "start"),
                ("end", "end"),
                ("systems", "systems"),
                ("approver", "approver"),
                ("purpose", "purpose"),
            ],
        ),
        Step::new("maintenance.cancel", "cancelled", &[("reason", "reason")])
            .needs(&["reason"])
            .after("approved"),
    ],
    correction: Correction::None(
        "批准过的窗口不能改写；请在原行填写取消时间与原因，并用新编号登记新的窗口",
        "an approved window is not rewritten: cancel it in its row (time and reason) and enter the new one under a new number",
    ),
};
