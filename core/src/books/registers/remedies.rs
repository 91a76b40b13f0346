//! Remedies for bad deliverables: 更换, 贬值, 退回.

use super::eval::Facts;
use super::{Cell, First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;
use serde_json::Value;

const DEFECT: &[&str] = &["deliverable.defect"];
const AGREE: &[&str] = &["remedy.agree"];
const REPLACE: &[&str] = &["deliverable.replace"];

pub(super) static REMEDIES: Register = Register {
    name: "remedies",
    zh: "缺陷与补救登记",
    en: "Remedies",
    of: Of::Subjects(Family::Remedy, &["deliverable.defect", "deliverable.replace", "remedy.agree"]),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("found_at", "发现时间", "Found", At(First, DEFECT)),
        col("deliverable", "交付物", "Deliverable", Field(First, DEFECT, "deliverable")),
        col("text", "缺陷", "Defect", Field(First, DEFECT, "text")),
        col("agreed_at", "商定时间", "Agreed", At(Last, AGREE)),
        col("kind", "补救方式", "Remedy", Values(AGREE, "kind")).words(),
        col("party", "承担方", "Borne by", Field(Last, AGREE, "party")).words(),
        col("evidence", "凭证摘要", "Evidence", Evidence(AGREE)),
        col("items", "项目数", "Items", Own(items)),
        col("amount_fen", "金额(分)", "Amount, fen", Own(amount)),
        col("replaced_at", "更换时间", "Replaced", At(Last, REPLACE)),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("deliverable.defect", "open"),
                ("remedy.agree", "agreed"),
                ("deliverable.replace", "replaced"),
            ]),
        )
        .words(),
    ],
};

fn listed<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Value> {
    let items = facts.of(AGREE).filter_map(|i| i.body.as_ref()?.get("items")?.as_array());
    items.flatten()
}

fn items(facts: &Facts<'_>) -> Cell {
    Cell::Integer(i64::try_from(listed(facts).count()).unwrap_or(i64::MAX))
}

/// The sum of the items' amounts; empty where none states one.
fn amount(facts: &Facts<'_>) -> Cell {
    let amounts = listed(facts).filter_map(|item| item.get("amount_fen")?.as_i64());
    amounts.reduce(i64::saturating_add).map_or(Cell::Empty, Cell::Integer)
}
