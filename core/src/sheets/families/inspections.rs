//! 巡检: inspections and daily checks.

use crate::sheets::family::{Column, Correction, Family, Step, Type};

static TYPES: &[&str] = &["daily", "weekly", "monthly", "quarterly", "security", "special"];
static PARTS: &[&str] = &["hardware", "software", "database", "middleware", "host", "logs"];

pub(super) static FAMILY: Family = Family {
    name: "inspections",
    zh: "巡检",
    en: "Inspections",
    help_zh: "每行一次巡检：属于哪一期、查了哪些部分、发现了什么。",
    help_en: "One row an inspection: for which month or day, which parts, and what was found.",
    columns: &[
        Column::new("code", "巡检编号", "Inspection no.", Type::Code)
            .help("不填时由完成时间与类别生成", "May be left empty: made of time and type"),
        Column::new("at", "完成时间", "Completed", Type::Time).required().sample("2026-01-20 15:00"),
        Column::new("type", "类别", "Type", Type::Mostly(TYPES)).required().sample("月度"),
        Column::new("covers", "所属期间", "Covers", Type::Unit).sample("2026-01").help(
            "如 2026-01、2026-Q1、2026-01-20；不填按完成时间归属",
            "Such as 2026-01, 2026-Q1, 2026-01-20; left empty: where its time falls",
        ),
        Column::new("parts", "巡检部分", "Parts", Type::List(PARTS)).sample("硬件；软件；数据库；日志").help(
            "多个用；分开：硬件、软件、数据库、中间件、主机、日志（已备份）",
            "Several with ； between",
        ),
        Column::new("person", "巡检人", "By", Type::Line).required().sample("工程师甲"),
        Column::new("findings", "发现的问题", "Findings", Type::Text).sample("磁盘使用率 82%，已清理"),
    ],
    identity: &["at", "type"],
    steps: &[Step::new(
        "inspection.complete",
        "at",
        &[
            ("type", "type"),
            ("covers", "covers"),
            ("parts", "parts"),
            ("person", "person"),
            ("findings", "findings"),
        ],
    )],
    correction: Correction::None(
        "已记录的巡检不能改写；漏写的部分请另起一行，用新编号补记",
        "a recorded inspection is not rewritten: enter what is missing in a row of its own under a new number",
    ),
};
