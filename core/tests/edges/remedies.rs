//! Remedies of bad deliverables: item by item, summed per party.

use crate::common::model::Question;
use crate::common::{account, assess, contract, instant};
use opsledger::assess::View;
use serde_json::json;

const CONTRACT: &str = r#"
format = 1
id = "r"
title = "r"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[agreement]
needs = ["remedy.agree"]
[[clause]]
id = "judged"
rule = "judgement"
"#;

fn agree(subject: &str, at: &str, body: serde_json::Value) -> String {
    json!({ "kind": "remedy.agree", "subject": subject, "at": at, "actor": { "party": "supplier" }, "body": body })
        .to_string()
}

#[test]
fn summed_by_party_once_agreed_and_there() {
    let lines = [
        agree(
            "D-1",
            "2026-03-01T00:00:00Z",
            json!({ "kind": "replace", "party": "supplier", "items": [{ "name": "运费", "amount_fen": 1200 }, { "name": "检验", "amount_fen": 3 }] }),
        ),
        agree("D-2", "2026-03-02T00:00:00Z", json!({ "kind": "depreciate", "party": "buyer", "items": [{ "amount_fen": 50 }] })),
        agree("D-3", "2026-03-03T00:00:00Z", json!({ "kind": "return", "items": [{ "name": "利息" }, { "amount_fen": 7 }] })),
        agree("D-4", "2026-05-01T00:00:00Z", json!({ "kind": "return", "items": [{ "amount_fen": 9 }] })),
        json!({ "kind": "fact.confirm", "at": "2026-05-02T00:00:00Z", "actor": { "party": "buyer" }, "body": { "entry": 1 } })
            .to_string(),
    ];
    let account = account(&contract(CONTRACT), &lines);
    let at = |text: &str, view| {
        let as_of = instant(&json!(text)).unwrap();
        assess(&account, Question { as_of, known_at: instant(&json!("2026-06-01T00:00:00Z")).unwrap(), view })
    };
    let sums = |a: &opsledger::assess::Assessment| -> Vec<(String, i64, usize)> {
        a.remedies.iter().map(|r| (r.party.clone(), r.amount_fen, r.items.len())).collect()
    };
    let claimed = at("2026-04-01T00:00:00Z", View::Claimed);
    // What states no amount is a fault and adds nothing; what is agreed later is not there yet.
    assert_eq!(sums(&claimed), [("buyer".to_owned(), 50, 1), ("supplier".to_owned(), 1210, 3)]);
    let faults: Vec<_> = claimed.faults.iter().filter(|f| f.code == "no-amount").map(|f| f.seq).collect();
    assert_eq!(faults, [Some(3)]);
    assert_eq!(claimed.remedies[1].items[0].name.as_deref(), Some("运费"));
    assert_eq!(sums(&at("2026-05-01T00:00:00Z", View::Claimed))[1].1, 1219);
    let agreed = at("2026-05-01T00:00:00Z", View::Agreed);
    assert_eq!(sums(&agreed), [("supplier".to_owned(), 1203, 2)]);
}
