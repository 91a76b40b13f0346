//! Papers as they were handed in, and what became of them: what a subject says ([`papers`]), and all that one item of the
//! list is judged by ([`Shelf`]). Pure. See the rules page, documents.

use crate::books::Item;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paper {
    pub(super) at: Instant,
    pub(super) seq: u64,
    /// Its place among the kinds of the list.
    pub(super) kind: usize,
    pub(super) person: Option<String>,
    /// The faults it names, by their place in the contract.
    pub(super) faults: BTreeSet<usize>,
    pub(super) digest: Arc<str>,
    /// When it was rejected.
    pub(super) rejected: Option<Instant>,
    /// Accepted, and not rejected.
    pub(super) accepted: bool,
}

/// The submissions under a subject, from its facts in (`at`, seq) order. A rejection, like an acceptance, speaks of
/// everything submitted before it; what was rejected stays so.
pub(super) fn papers(events: &[&Item], kinds: &[String], faults: &[&str]) -> Vec<Paper> {
    let mut papers: Vec<Paper> = Vec::new();
    for event in events {
        match event.kind.name {
            "document.submit" | "report.submit" => papers.extend(paper(event, kinds, faults)),
            "document.accept" => {
                papers.iter_mut().filter(|p| p.rejected.is_none()).for_each(|p| p.accepted = true);
            }
            "document.reject" => {
                for paper in papers.iter_mut().filter(|p| p.rejected.is_none()) {
                    (paper.rejected, paper.accepted) = (Some(event.at), false);
                }
            }
            _ => {}
        }
    }
    papers
}

/// A submission of a kind of the list; one without a digest is none.
fn paper(event: &Item, kinds: &[String], faults: &[&str]) -> Option<Paper> {
    let kind = event.text("kind")?;
    let stated = event.text("digest").map(Arc::from).or_else(|| event.digest.clone());
    let named = event.body.as_ref().and_then(|b| b.get("covers_faults")?.as_array());
    let place = |name: &serde_json::Value| faults.iter().position(|f| name.as_str() == Some(*f));
    Some(Paper {
        at: event.at,
        seq: event.seq,
        kind: kinds.iter().position(|k| k == kind)?,
        person: event.text("person").map(str::to_owned),
        faults: named.into_iter().flatten().filter_map(place).collect(),
        digest: stated.filter(|d| !d.is_empty())?,
        rejected: None,
        accepted: false,
    })
}

/// By `at`, then seq.
type Key = (Instant, u64);

/// Whether something stands from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Nothing stands at it.
    Gone,
    /// Until it is rejected.
    Until(Instant),
    /// As far as is known.
    On,
}

/// Submissions that answer one need: the paper itself, or a fault that it has to name.
#[derive(Clone, Debug, Default)]
struct Line {
    standing: BTreeSet<Key>,
    accepted: BTreeSet<Key>,
    /// With the instant of the rejection.
    rejected: BTreeMap<Key, Instant>,
}

impl Line {
    fn put(&mut self, paper: &Paper, there: bool) {
        let key = (paper.at, paper.seq);
        let note = |set: &mut BTreeSet<Key>| if there { set.insert(key) } else { set.remove(&key) };
        match paper.rejected {
            Some(at) if there => drop(self.rejected.insert(key, at)),
            Some(_) => drop(self.rejected.remove(&key)),
            None => drop(note(&mut self.standing)),
        }
        if paper.accepted {
            note(&mut self.accepted);
        }
    }

    fn hold(&self, from: Instant) -> Hold {
        let stands = |t: Instant| self.standing.first().is_some_and(|(at, _)| *at <= t);
        let mut until = from;
        for ((at, _), rejected) in &self.rejected {
            if *at > until || stands(until) {
                break;
            }
            until = until.max(*rejected);
        }
        if stands(until) {
            Hold::On
        } else if until > from {
            Hold::Until(until)
        } else {
            Hold::Gone
        }
    }
}

/// Everything submitted for one item.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    papers: Line,
    /// By fault, where the submissions have to name them all.
    faults: Vec<Line>,
    digests: BTreeMap<Key, Arc<str>>,
}

impl Shelf {
    pub(super) fn new(faults: usize) -> Shelf {
        Shelf { papers: Line::default(), faults: vec![Line::default(); faults], digests: BTreeMap::new() }
    }
    pub(super) fn put(&mut self, paper: &Paper) {
        self.lines(paper, true);
        self.digests.insert((paper.at, paper.seq), paper.digest.clone());
    }
    pub(super) fn take(&mut self, paper: &Paper) {
        self.lines(paper, false);
        self.digests.remove(&(paper.at, paper.seq));
    }
    fn lines(&mut self, paper: &Paper, there: bool) {
        self.papers.put(paper, there);
        for (_, line) in self.faults.iter_mut().enumerate().filter(|(i, _)| paper.faults.contains(i)) {
            line.put(paper, there);
        }
    }

    fn needs(&self) -> impl Iterator<Item = &Line> {
        let papers = self.faults.is_empty().then_some(&self.papers);
        papers.into_iter().chain(&self.faults)
    }
    /// For how long what is needed stands from an instant on.
    pub(super) fn hold(&self, from: Instant) -> Hold {
        self.needs().map(|line| line.hold(from)).min().unwrap_or(Hold::Gone)
    }
    /// The first instant in `[from, until]` at which something was submitted and all that is needed stands.
    pub(super) fn anew(&self, from: Instant, until: Instant) -> Option<Instant> {
        let mut submitted = self.digests.range((from, 0)..=(until, u64::MAX)).map(|((at, _), _)| *at);
        submitted.find(|at| self.hold(*at) != Hold::Gone)
    }
    /// All that is needed stands now.
    pub(super) fn complete(&self) -> bool {
        self.needs().all(|line| !line.standing.is_empty())
    }
    /// All that is needed is accepted now; while one stands that was submitted by `due`, one of those.
    pub(super) fn accepted(&self, due: Instant) -> bool {
        let by_due = |set: &BTreeSet<Key>| set.first().is_some_and(|(at, _)| *at <= due);
        self.needs()
            .all(|line| by_due(&line.accepted) || !(line.accepted.is_empty() || by_due(&line.standing)))
    }
    /// Something stands now.
    pub(super) fn stands(&self) -> bool {
        !self.papers.standing.is_empty()
    }
    /// The earliest that stands, or is accepted: its `at` and its digest.
    pub(super) fn earliest(&self, accept: bool) -> Option<(Instant, Arc<str>)> {
        let key = if accept { &self.papers.accepted } else { &self.papers.standing }.first()?;
        Some((key.0, self.digests.get(key)?.clone()))
    }
    /// Faults that nothing names that stands, by place.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        self.faults.iter().enumerate().filter(|(_, line)| line.standing.is_empty()).map(|(i, _)| i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(at: Instant, rejected: Option<Instant>) -> Paper {
        Paper {
            at,
            seq: at.unsigned_abs(),
            kind: 0,
            person: None,
            faults: BTreeSet::new(),
            digest: "d".into(),
            rejected,
            accepted: false,
        }
    }

    #[test]
    fn what_stands_joins_without_a_gap() {
        let mut shelf = Shelf::new(0);
        for p in [paper(10, Some(20)), paper(15, Some(30)), paper(30, Some(40)), paper(50, None)] {
            shelf.put(&p);
        }
        assert_eq!(shelf.hold(9), Hold::Gone);
        assert_eq!(shelf.hold(10), Hold::Until(40));
        assert_eq!(shelf.hold(39), Hold::Until(40));
        assert_eq!(shelf.hold(40), Hold::Gone);
        assert_eq!(shelf.hold(50), Hold::On);
        assert_eq!((shelf.anew(40, 49), shelf.anew(40, 50)), (None, Some(50)));
        shelf.take(&paper(15, Some(30)));
        assert_eq!((shelf.hold(10), shelf.hold(20)), (Hold::Until(20), Hold::Gone));
        shelf.put(&paper(12, None));
        assert_eq!((shelf.hold(11), shelf.hold(9)), (Hold::On, Hold::Gone));
    }

    #[test]
    fn an_acceptance_of_a_late_one_leaves_the_one_in_time_open() {
        let accepted = |at| Paper { accepted: true, ..paper(at, None) };
        let mut shelf = Shelf::new(0);
        shelf.put(&accepted(20));
        assert!(shelf.accepted(20) && shelf.accepted(15));
        shelf.put(&paper(10, None));
        assert!(shelf.accepted(20) && !shelf.accepted(15) && shelf.accepted(5));
        shelf.put(&accepted(12));
        assert!(shelf.accepted(15));
    }

    #[test]
    fn every_fault_must_stand() {
        let mut shelf = Shelf::new(2);
        shelf.put(&Paper { faults: [0].into(), ..paper(10, Some(30)) });
        shelf.put(&Paper { faults: [1].into(), ..paper(20, Some(25)) });
        assert_eq!((shelf.hold(10), shelf.hold(20)), (Hold::Gone, Hold::Until(25)));
        assert_eq!(shelf.missing().collect::<Vec<_>>(), [0, 1]);
        shelf.put(&Paper { faults: [0, 1].into(), ..paper(28, None) });
        assert_eq!(shelf.anew(25, 28), Some(28));
        assert_eq!(shelf.hold(28), Hold::On);
        assert!(shelf.complete() && !shelf.accepted(30));
    }
}
