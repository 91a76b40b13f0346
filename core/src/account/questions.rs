//! What else an account is asked beside the assessment: registers, the due list, why, and what changed.

use super::Account;
use crate::assess::{Ask, HeadRef, View, document};
use crate::books::engine::{Engine, Position};
use crate::books::registers::{self, Rows};
use crate::books::{Books, FactLine, statements};
use crate::diff::{self, Diff};
use crate::due::{self, DueList, Roster};
use crate::error::{Code, Error, Result};
use crate::explain::{self, Explanation};
use crate::lint::{self, Lint};
use crate::time::Micros;
use std::collections::BTreeSet;

impl Account {
    /// A register (`incidents`, `duty`, …) as it stands at the instants asked for, in the view asked for.
    ///
    /// # Errors
    /// `not-found` for a name there is not; else as [`Account::budget`].
    pub fn register(&self, name: &str, ask: &Ask) -> Result<Rows> {
        let register = registers::find(name)?;
        self.with(ask, |engine, books, _| Ok(registers::rows(register, engine, books)))
    }

    /// What falls due, is at risk, or waits for whom, from `as_of` on and for so long, if nothing more is recorded.
    ///
    /// # Errors
    /// `out-of-range` for a negative or endless span; else as [`Account::budget`].
    pub fn due(&self, ask: &Ask, within: Micros) -> Result<DueList> {
        self.with(ask, |engine, books, head| due_list(engine, books, head, ask.view, within))
    }

    /// Who is on duty from `as_of` on and for so long, and where nobody is.
    ///
    /// # Errors
    /// As [`Account::due`].
    pub fn roster(&self, ask: &Ask, within: Micros) -> Result<Roster> {
        self.with(ask, |engine, books, head| {
            due::roster(due_list(engine, books, head, ask.view, within)?, engine, books)
        })
    }

    /// Why a clause stands as it does; with `case`, only that case.
    ///
    /// # Errors
    /// `not-found` for a clause or a case there is not, with those there are; else as [`Account::budget`].
    pub fn explain(&self, ask: &Ask, clause: &str, case: Option<&str>) -> Result<Explanation> {
        self.with(ask, |engine, books, head| {
            explain::explain(
                document::assessment(engine, books, head, ask.view)?,
                engine,
                books,
                clause,
                case,
            )
        })
    }

    /// What the author of the contract wants to know, with what the record shows beside the text.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn lint(&self, ask: &Ask, file: Option<&str>) -> Result<Lint> {
        self.with(ask, |engine, books, _| {
            Ok(lint::record(lint::lint(engine.contract(), file), engine, books))
        })
    }

    /// Two assessments side by side: what differs between two `known_at`, two views, two instants, and the entries that explain
    /// it. Without `as_of` both are asked for the earlier of the two `known_at`.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn diff(&self, from: &Ask, to: &Ask) -> Result<Diff> {
        let (mut from, mut to) = (from.clone(), to.clone());
        if from.as_of.is_none() && to.as_of.is_none() {
            let known = |ask: &Ask| self.with(ask, |engine, _, _| Ok(engine.position().known_at));
            let as_of = known(&from)?.min(known(&to)?);
            (from.as_of, to.as_of) = (Some(as_of), Some(as_of));
        }
        let before = self.assess(&from)?;
        let after = self.assess(&to)?;
        let limit = |ask: &Ask| self.with(ask, |engine, _, _| Ok(engine.position().limit));
        let (low, high) = (limit(&from)?, limit(&to)?);
        let mut seqs: BTreeSet<u64> = (low.min(high) + 1..=low.max(high)).collect();
        if from.view != to.view {
            seqs.extend(
                before
                    .unconfirmed
                    .iter()
                    .chain(&after.unconfirmed)
                    .chain(&before.disputed)
                    .chain(&after.disputed),
            );
        }
        let later = if low > high { &from } else { &to };
        let entries = self.statements(&seqs, later)?;
        self.with(later, |_, books, _| Ok(diff::diff(&before, &after, entries, books)))
    }

    /// Entries in a line each, as the books or the ledger have them, by number.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn statements(&self, seqs: &BTreeSet<u64>, ask: &Ask) -> Result<Vec<FactLine>> {
        let mut lines = self.with(ask, |engine, books, _| {
            let (lens, zone) = (engine.lens(books), engine.contract().zone);
            Ok(seqs.iter().filter_map(|seq| books.statement(*seq, &lens, zone)).collect::<Vec<FactLine>>())
        })?;
        let known: BTreeSet<u64> = lines.iter().map(|l| l.seq).collect();
        let rest = self.entries(&seqs.difference(&known).copied().collect())?;
        lines.extend(self.with(ask, |engine, books, _| {
            let (lens, zone) = (engine.lens(books), engine.contract().zone);
            Ok(rest.iter().map(|e| statements::of_entry(e, &lens, zone)).collect::<Vec<FactLine>>())
        })?);
        lines.sort_by_key(|l| l.seq);
        Ok(lines)
    }
}

/// The due list where an engine stands: a second engine looks ahead.
fn due_list(
    engine: &Engine,
    books: &Books,
    head: Option<HeadRef>,
    view: View,
    within: Micros,
) -> Result<DueList> {
    let position = engine.position();
    let until = position.as_of.checked_add(within).filter(|_| within >= 0);
    let until = until.ok_or_else(|| Error::new(Code::OutOfRange, format!("within = {within} us")))?;
    let to = Position { as_of: until, ..position };
    let ahead = Engine::fold(engine.contract().clone(), engine.view(), books, to)?;
    let now = document::assessment(engine, books, head, view)?;
    due::list(now, &document::assessment(&ahead, books, None, view)?, engine, books)
}
