//! How the contract stood at some instants, a line each, and how it stands at the last of them; Chinese and English.

use opsledger::account::Account;
use opsledger::assess::{Ask, Assessment, Status};
use opsledger::error::Result;
use opsledger::time::parse_instant;
use std::collections::BTreeMap;

/// In the order of how bad they are.
const ORDER: [Status; 7] = [
    Status::Breached,
    Status::NoEvidence,
    Status::AtRisk,
    Status::Waived,
    Status::Met,
    Status::Running,
    Status::NotDue,
];

/// Prints both. The instants go forward.
///
/// # Errors
/// As [`Account::assess`], and an instant that is none.
pub(crate) fn print(account: &Account, instants: &[&str]) -> Result<()> {
    let mut before: Vec<String> = Vec::new();
    let mut last = None;
    for text in instants {
        let ask = Ask { as_of: Some(parse_instant(text)?), ..Ask::default() };
        let a = account.assess(&ask)?;
        let breached: Vec<String> = of(&a, Status::Breached).map(|c| c.id.clone()).collect();
        let new: Vec<&str> = breached.iter().filter(|id| !before.contains(id)).map(String::as_str).collect();
        println!("{}  {}", text.get(..10).unwrap_or(text), counts(&a));
        if !new.is_empty() {
            println!("            + 违约 breached: {}", new.join(" "));
        }
        before = breached;
        last = Some(a);
    }
    if let Some(a) = last {
        conclusion(&a);
    }
    Ok(())
}

fn of(a: &Assessment, status: Status) -> impl Iterator<Item = &opsledger::assess::ClauseVerdict> {
    a.clauses.iter().filter(move |c| c.status == status)
}

fn counts(a: &Assessment) -> String {
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for c in &a.clauses {
        *by.entry(c.status.name()).or_default() += 1;
    }
    let some = ORDER.iter().filter_map(|s| by.get(s.name()).map(|n| format!("{} {n}", s.zh())));
    some.collect::<Vec<_>>().join("  ")
}

fn conclusion(a: &Assessment) {
    println!("\n结论 conclusion: {} ({})", a.status.zh(), a.status.name());
    println!("全部 {} 条 clauses: {}", a.clauses.len(), counts(a));
    for c in of(a, Status::Breached) {
        println!("  {:<24} {:<12} {}", c.id, c.reference.as_deref().unwrap_or_default(), c.text_zh);
    }
    println!(
        "未确认 unconfirmed {}, 有异议 disputed {}, 已豁免 waived {}, 迟记 late {}, 数据问题 faults {}",
        a.unconfirmed.len(),
        a.disputed.len(),
        a.waived.len(),
        a.late.len(),
        a.faults.len()
    );
}
