//! One item of the list: when it breaks, and how it stands. Pure: in, what was submitted for it. See the rules page,
//! documents.

use super::shelf::{Hold, Shelf};
use crate::assess::Status;
use crate::contract::{Decimal, Limit};
use crate::error::Result;
use crate::rules::due::Dues;
use crate::time::Instant;

/// An item with its dates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) start: Instant,
    pub(super) due: Instant,
    /// Only what was accepted counts.
    pub(super) accept: bool,
    /// Time to hand in anew.
    pub(super) resubmit: Limit,
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) status: Status,
    pub(super) breached_at: Option<Instant>,
    pub(super) forecast: Option<Instant>,
    /// The first later `as_of` at which it may read differently.
    pub(super) turns: Option<Instant>,
}

impl Owed {
    pub(super) fn stands(
        &self,
        shelf: &Shelf,
        dues: &Dues<'_>,
        as_of: Instant,
        warn: Decimal,
    ) -> Result<Stand> {
        let still = |status| Stand { status, breached_at: None, forecast: None, turns: None };
        let breaks = self.breaks(shelf, dues)?;
        if let Some(at) = breaks.filter(|at| *at < as_of) {
            return Ok(Stand { breached_at: Some(at), ..still(Status::Breached) });
        }
        if shelf.complete() {
            let met = !self.accept || shelf.accepted(self.due);
            return Ok(still(if met { Status::Met } else { Status::Running }));
        }
        // Of the time to the due instant so much or less is left when it is at risk; after it, nothing is.
        let warned = warn.most_below(self.due - self.start);
        let at_risk = !shelf.stands() && (self.due - as_of <= warned || as_of > self.due);
        let status = if at_risk { Status::AtRisk } else { Status::Running };
        let warns = Some(self.due - warned).filter(|t| !shelf.stands() && *t > as_of);
        let turns = warns.into_iter().chain(breaks.map(|t| t + 1)).min();
        Ok(Stand { forecast: breaks, turns, ..still(status) })
    }

    /// When it breaks, if nothing more is recorded: at due with nothing standing; later, when what stood is rejected and
    /// nothing is submitted anew in time.
    fn breaks(&self, shelf: &Shelf, dues: &Dues<'_>) -> Result<Option<Instant>> {
        let mut from = self.due;
        loop {
            match shelf.hold(from) {
                Hold::On => return Ok(None),
                Hold::Gone => return Ok(Some(from)),
                Hold::Until(rejected) => {
                    let last = dues.after(self.resubmit, rejected)?;
                    match shelf.anew(rejected, last) {
                        Some(at) => from = at,
                        None => return Ok(Some(last)),
                    }
                }
            }
        }
    }
}
