//! What contradicts what. A fact joins the record only if the earlier facts of its case allow it; no contract is asked.

use super::kinds::Family;
use super::{Entry, Fact};
use crate::error::{Code, Error, Result, err};
use crate::time::Instant;

/// The earlier entries that [`admit`] must see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// All entries of these cases.
    pub cases: Vec<(Family, &'a str)>,
    /// The entry of this number.
    pub entry: Option<u64>,
}

/// What `admit` needs to judge `fact`. Empty for most kinds: nothing can contradict them.
pub fn lookup(fact: &Fact) -> Lookup<'_> {
    let mut needs = Lookup::default();
    match fact.kind.family {
        Family::Outage | Family::Planned | Family::Exclusion | Family::Incident => {
            needs.cases.push((fact.kind.family, &fact.subject));
        }
        Family::Desk if fact.kind.name == "duty.cancel" => needs.cases.push((Family::Desk, &fact.subject)),
        Family::Agreement => needs.entry = named_entry(fact),
        _ => {}
    }
    if fact.kind.name == "incident.duplicate"
        && let Some(of) = fact.text("of").filter(|of| *of != fact.subject)
    {
        needs.cases.push((Family::Incident, of));
    }
    needs
}

/// The entry an agreement fact speaks of; of a range, its last.
fn named_entry(fact: &Fact) -> Option<u64> {
    fact.body.get("entry").or_else(|| fact.body.get("to"))?.as_u64()
}

/// Says whether `fact` (with `recorded_at`) may join the record. `earlier`: what [`lookup`] names, in seq order; entries of
/// other cases do no harm. Total and pure: the fold calls it too, and gives a refused fact no effect. Refused facts among
/// `earlier` (recorded by a lenient import) have no effect here either.
///
/// # Errors
/// Category refused, with the reason.
pub fn admit(fact: &Fact, recorded_at: Instant, earlier: &[&Entry]) -> Result<()> {
    let of_case = |subject: &str| -> Standing {
        let mut standing = Standing::default();
        for e in earlier {
            if e.fact.kind.family == fact.kind.family && e.fact.subject == subject {
                // A refusal here was reported when that fact itself was judged.
                let _ = standing.step(&e.fact, e.recorded_at);
            }
        }
        standing
    };
    match fact.kind.family {
        Family::Agreement => agreement(fact, earlier),
        Family::Outage | Family::Planned | Family::Exclusion | Family::Incident | Family::Desk => {
            of_case(&fact.subject).step(fact, recorded_at)?;
            if fact.kind.name == "incident.duplicate" {
                original(fact, &of_case(fact.text("of").unwrap_or_default()))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How a case stands after the facts that were admitted so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    opened: bool,
    ended: bool,
    void: bool,
    duplicate: bool,
    /// As corrected.
    start: Option<Instant>,
    /// As corrected.
    end: Option<Instant>,
    /// A correction set `end`, so a later statement does not.
    end_corrected: bool,
}

impl Standing {
    /// Admits the next fact of the case, or refuses it and stays as it is.
    pub(crate) fn step(&mut self, fact: &Fact, recorded_at: Instant) -> Result<()> {
        match fact.kind.name {
            "outage.start" => {
                self.open(fact)?;
                self.start = Some(fact.at);
            }
            "outage.end" => self.end(fact)?,
            "outage.amend" => self.amend(fact)?,
            "maintenance.approve" | "exclusion.approve" => {
                let recorded_at = fact.claimed_recorded_at.map_or(recorded_at, |c| c.min(recorded_at));
                if fact.at > recorded_at {
                    return Err(about(Code::AtAfterRecorded, fact));
                }
                self.open(fact)?;
            }
            "duty.assign" => self.opened = true,
            "incident.report" => self.open(fact)?,
            "incident.amend" => self.correctable(fact)?,
            "incident.duplicate" => {
                self.correctable(fact)?;
                self.duplicate = true;
            }
            "outage.void" | "maintenance.cancel" | "exclusion.void" | "incident.withdraw" => {
                self.correctable(fact)?;
                self.void = true;
            }
            "duty.cancel" if !self.opened => return Err(about(Code::NothingToCorrect, fact)),
            _ if fact.kind.family == Family::Incident && !self.opened => {
                return Err(about(Code::UnknownSubject, fact));
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, fact: &Fact) -> Result<()> {
        if self.opened {
            return Err(about(Code::SecondStart, fact));
        }
        self.opened = true;
        Ok(())
    }

    /// A void outage can still end: in the agreed view it counts until the void is confirmed.
    fn end(&mut self, fact: &Fact) -> Result<()> {
        let Some(start) = self.start else { return Err(about(Code::UnknownSubject, fact)) };
        if self.ended {
            return Err(about(Code::AlreadyEnded, fact));
        }
        if fact.at <= start {
            return Err(end_before_start(fact, start, fact.at));
        }
        self.ended = true;
        if !self.end_corrected {
            self.end = Some(fact.at);
        }
        Ok(())
    }

    fn amend(&mut self, fact: &Fact) -> Result<()> {
        self.correctable(fact)?;
        let start = fact.instant("start").or(self.start);
        let end = fact.instant("end").or(self.end);
        if let (Some(start), Some(end)) = (start, end)
            && end <= start
        {
            return Err(end_before_start(fact, start, end));
        }
        self.end_corrected |= fact.body.contains_key("end");
        (self.start, self.end) = (start, end);
        Ok(())
    }

    /// There is something, and it was not taken back.
    fn correctable(&self, fact: &Fact) -> Result<()> {
        if !self.opened {
            return Err(about(Code::NothingToCorrect, fact));
        }
        if self.void {
            return Err(about(Code::AlreadyVoid, fact));
        }
        Ok(())
    }
}

/// The incident that a duplicate names is known and no duplicate itself, so that no circle can arise.
pub(crate) fn original(fact: &Fact, of: &Standing) -> Result<()> {
    let named = || {
        format!(
            "{}: body.of = {:?}",
            about(Code::UnknownSubject, fact).detail(),
            fact.text("of").unwrap_or_default()
        )
    };
    if fact.text("of") == Some(&fact.subject) || of.duplicate {
        return err(Code::DuplicateOfDuplicate, named());
    }
    if !of.opened {
        return err(Code::UnknownSubject, named());
    }
    Ok(())
}

/// Confirm, dispute and resolve belong to the other party of an earlier entry; what a machine stated, or nobody in
/// particular, is the buyer's to confirm.
fn agreement(fact: &Fact, earlier: &[&Entry]) -> Result<()> {
    agreement_on(fact, |seq| earlier.iter().find(|e| e.seq == seq).map(|e| e.fact.party()))
}

/// As [`admit`] for the agreement family. `party_of`: none where no earlier entry has that number, else its party.
pub(crate) fn agreement_on<'a>(fact: &Fact, party_of: impl Fn(u64) -> Option<Option<&'a str>>) -> Result<()> {
    if !matches!(fact.kind.name, "fact.confirm" | "fact.dispute" | "dispute.resolve") {
        return Ok(());
    }
    let Some(seq) = named_entry(fact) else { return err(Code::MissingField, "body.entry") };
    let Some(owner) = party_of(seq) else {
        return err(Code::UnknownEntry, format!("{}: {seq}", fact.kind.name));
    };
    let Some(party) = fact.party() else { return err(Code::NoParty, format!("{} {seq}", fact.kind.name)) };
    // A range may hold facts of both parties; the confirmation covers the other party's.
    if !fact.body.contains_key("entry") {
        return Ok(());
    }
    match owner {
        None | Some("machine") if party == "buyer" => Ok(()),
        None | Some("machine") => {
            err(Code::BuyerOnly, format!("{} {seq}: actor.party = {party:?}", fact.kind.name))
        }
        Some(other) if other == party => {
            err(Code::SameParty, format!("{} {seq}: actor.party = {party:?}", fact.kind.name))
        }
        Some(_) => Ok(()),
    }
}

fn about(code: Code, fact: &Fact) -> Error {
    Error::new(code, format!("{} {:?}", fact.kind.name, fact.subject))
}

fn end_before_start(fact: &Fact, start: Instant, end: Instant) -> Error {
    let text = |t| crate::time::canonical_instant(t).unwrap_or_else(|_| t.to_string());
    let what = format!("{} {:?}: start {}, end {}", fact.kind.name, fact.subject, text(start), text(end));
    Error::new(Code::EndBeforeStart, what)
}
