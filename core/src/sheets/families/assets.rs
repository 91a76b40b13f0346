//! 资产: devices and software under maintenance.

use crate::sheets::family::{Column, Correction, Family, Step, Type};

static TYPES: &[&str] = &["host", "network", "storage", "security", "database", "middleware", "application"];

pub(super) static FAMILY: Family = Family {
    name: "assets",
    zh: "资产",
    en: "Assets",
    help_zh: "每行一台设备或一套软件；退役时补填。",
    help_en: "One row a device or a piece of software; fill in when it is retired.",
    columns: &[
        Column::new("code", "资产编号", "Asset no.", Type::Code).required().sample("DB-01"),
        Column::new("registered", "登记时间", "Registered", Type::Time).required().sample("2026-01-04 10:00"),
        Column::new("name", "名称", "Name", Type::Line).required().sample("主数据库服务器"),
        Column::new("type", "类别", "Type", Type::Mostly(TYPES)).sample("主机"),
        Column::new("model", "型号或版本", "Model or version", Type::Line),
        Column::new("serial", "序列号", "Serial no.", Type::Code),
        Column::new("location", "位置", "Location", Type::Line),
        Column::new("keeper", "责任人", "Keeper", Type::Line).sample("工程师甲"),
        Column::new("retired", "退役时间", "Retired", Type::Time),
        Column::new("reason", "退役原因", "Reason", Type::Text),
    ],
    identity: &[],
    steps: &[
        Step::new(
            "asset.register",
            "registered",
            &[
                ("name", "name"),
                ("type", "type"),
                ("model", "model"),
                ("serial", "serial"),
                ("location", "place"),
                ("keeper", "owner"),
            ],
        ),
        Step::new("asset.retire", "retired", &[("reason", "reason")]).after("registered"),
    ],
    correction: Correction::None(
        "已登记的资产不能改写；请填写退役时间与原因，并用新编号重新登记",
        "a registered asset is not rewritten: retire it (time and reason) and register it under a new number",
    ),
};
