//! Remedies for bad deliverables, summed by the party that bears them. See the rules page, its last section.

use super::{Remedy, RemedyItem};
use crate::books::Books;
use crate::books::agreement::Lens;
use crate::contract::parse::reader::clip;
use crate::error::Code;
use crate::facts::kinds::Family;
use crate::rules::Finding;
use crate::time::Instant;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was agreed by `as_of`, by party; items without an amount are faults and add nothing.
pub(crate) fn remedies(books: &Books, lens: &Lens<'_>, as_of: Instant) -> (Vec<Remedy>, Vec<Finding>) {
    let mut by_party: BTreeMap<String, Vec<RemedyItem>> = BTreeMap::new();
    let mut faults = Vec::new();
    for id in 0..books.subjects.len() {
        let case = books.subjects.case(id);
        if case.family != Family::Remedy {
            continue;
        }
        let subject = books.subjects.subject(id);
        let (events, _) = case.events(lens, as_of, None);
        for agreed in events.into_iter().filter(|e| e.kind.name == "remedy.agree") {
            // A deliverable is the supplier's to put right unless something else was agreed.
            let party = agreed.text("party").unwrap_or("supplier");
            let listed = agreed.body.as_ref().and_then(|b| b.get("items")?.as_array());
            for item in listed.into_iter().flatten() {
                let Some(amount_fen) = item.get("amount_fen").and_then(Value::as_i64) else {
                    let detail = format!("items: {}", clip(&item.to_string()));
                    faults.push(Finding::new(Some(agreed.seq), Code::NoAmount, subject, &detail));
                    continue;
                };
                let name = item.get("name").and_then(Value::as_str).map(str::to_owned);
                let kind = agreed.text("kind").map(str::to_owned);
                let item =
                    RemedyItem { subject: subject.to_owned(), kind, name, amount_fen, entry: agreed.seq };
                by_party.entry(party.to_owned()).or_default().push(item);
            }
        }
    }
    let summed = by_party.into_iter().map(|(party, mut items)| {
        items.sort_by_key(|i| i.entry);
        Remedy { party, amount_fen: items.iter().map(|i| i.amount_fen).fold(0, i64::saturating_add), items }
    });
    (summed.collect(), faults)
}
