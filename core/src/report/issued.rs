//! Documents that were issued before: what `report.submit` says about them, and what was corrected since.

use super::DocumentKind;
use crate::account::Account;
use crate::assess::{Ask, ClauseVerdict};
use crate::calendar::Zone;
use crate::error::Result;
use crate::facts::Entry;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// One that was issued.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Issued {
    /// Its entry.
    pub(super) seq: u64,
    /// `2026-03`.
    pub(super) covers: String,
    /// The instant it speaks of.
    pub(super) as_of: Instant,
    /// What it knew.
    pub(super) known_at: Instant,
    /// The last entry it saw.
    pub(super) head: Option<u64>,
}

/// The documents of a kind that were issued, as known now, in the order of their entries. One that does not say what it
/// knew (issued elsewhere) is left out: nothing can be compared with it.
pub(super) fn before(account: &Account, kind: DocumentKind, ask: &Ask, _zone: Zone) -> Result<Vec<Issued>> {
    // What was issued after the end of the month that is told belongs to the story too.
    let now = Ask { as_of: ask.known_at, ..ask.clone() };
    let rows = account.register("reports", &now)?;
    let submits: BTreeSet<u64> = rows.rows.iter().filter_map(|r| r.entries.first().copied()).collect();
    let issued = account.entries(&submits)?.into_iter().filter_map(|e| read(&e, kind));
    Ok(issued.collect())
}

fn read(e: &Entry, kind: DocumentKind) -> Option<Issued> {
    let fact = &e.fact;
    let head = fact.body.get("head").and_then(|h| h.get("seq")).and_then(serde_json::Value::as_u64);
    (fact.text("document") == Some(kind.name())).then_some(())?;
    Some(Issued {
        seq: e.seq,
        covers: fact.text("covers").unwrap_or_default().to_owned(),
        as_of: fact.instant("as_of")?,
        known_at: fact.instant("known_at")?,
        head,
    })
}

/// A clause that stands otherwise now than it stood in what was issued.
pub(super) struct Adjustment {
    pub(super) covers: String,
    pub(super) then: ClauseVerdict,
    pub(super) now: ClauseVerdict,
    /// What the verdict rests on now and did not then, or no longer does.
    pub(super) entries: Vec<u64>,
}

/// For each stretch that was issued, what was corrected since the newest issue: the same instant, as known then and as
/// known now.
pub(super) fn adjustments(account: &Account, issued: &[Issued], ask: &Ask) -> Result<Vec<Adjustment>> {
    let Some(newest) = issued.iter().max_by_key(|i| i.seq) else { return Ok(Vec::new()) };
    // Of each stretch its last version.
    let stretches: BTreeMap<&str, &Issued> = issued.iter().map(|i| (i.covers.as_str(), i)).collect();
    let mut found = Vec::new();
    for (covers, issue) in stretches {
        let at = |known_at: Option<Instant>, head: Option<u64>| {
            account.assess(&Ask { as_of: Some(issue.as_of), known_at, head, ..ask.clone() })
        };
        let then = at(Some(newest.known_at), newest.head)?;
        let now = at(ask.known_at, ask.head)?;
        for now in now.clauses {
            let Some(then) = then.clauses.iter().find(|c| c.id == now.id) else { continue };
            if (then.status, &then.value, then.breaches) == (now.status, &now.value, now.breaches) {
                continue;
            }
            let (a, b): (BTreeSet<u64>, BTreeSet<u64>) =
                (then.evidence.iter().copied().collect(), now.evidence.iter().copied().collect());
            let entries = a.symmetric_difference(&b).copied().collect();
            found.push(Adjustment { covers: covers.to_owned(), then: then.clone(), now, entries });
        }
    }
    Ok(found)
}
