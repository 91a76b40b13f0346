//! A clock: what it shows after the events of its case. Pure: in, events in (`at`, seq) order and a limit; out, when it
//! stopped, broke, or will. See the accounting page, clocks 1 to 4.

use super::due::Dues;
use crate::books::Item;
use crate::books::agreement::Lens;
use crate::calendar::{Calendar, Days, Zone};
use crate::contract::Limit;
use crate::error::{Code, Result};
use crate::rules::deadline::Params;
use crate::time::{Instant, Micros};

/// What a clock is read with.
pub(crate) struct Clock<'a> {
    pub(crate) params: &'a Params,
    pub(crate) calendar: &'a Calendar,
    pub(crate) days: &'a Days,
    pub(crate) zone: Zone,
    pub(crate) pause_parties: &'a [String],
    pub(crate) lens: Lens<'a>,
    pub(crate) as_of: Instant,
}

/// Where the hands stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hands<'a> {
    Running { since: Instant, used: Micros },
    Paused { used: Micros, parties: Vec<&'a str> },
    Stopped { used: Micros },
}

/// A run of the clock over the events of a case.
#[derive(Clone, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) hands: Hands<'a>,
    /// Stops in time.
    pub(crate) on_time: Vec<Instant>,
    /// The due instant that was missed; nothing heals it.
    pub(crate) breached: Option<Instant>,
    /// The last stop, also a late one; none while it runs.
    pub(crate) settled: Option<Instant>,
    /// While it runs: when it is due; stopped: when it would have been.
    pub(crate) due: Option<Instant>,
    pub(crate) faults: Vec<(u64, Code)>,
    /// Pauses that were recorded too late to count by themselves.
    pub(crate) late_pauses: Vec<u64>,
}

/// A limit, and the instant before which it is never due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Allowed {
    pub(crate) limit: Limit,
    /// A limit made shorter by a correction is never due before that was recorded.
    pub(crate) floor: Instant,
}

impl<'a> Clock<'a> {
    pub(crate) fn dues(&self) -> Dues<'a> {
        Dues { calendar: self.calendar, days: self.days, zone: self.zone }
    }

    /// When `limit` ends that starts at `start`, without pauses.
    pub(crate) fn plain_due(&self, limit: Limit, start: Instant) -> Result<Instant> {
        self.dues().after(limit, start)
    }

    /// Runs the clock from its opening over the events after it.
    pub(crate) fn run(&self, opening: &'a Item, after: &[&'a Item], allowed: Allowed) -> Result<Run<'a>> {
        let mut run = Run {
            hands: Hands::Running { since: opening.at, used: 0 },
            on_time: Vec::new(),
            breached: None,
            settled: None,
            due: None,
            faults: Vec::new(),
            late_pauses: Vec::new(),
        };
        for event in after {
            let due = self.due(&run.hands, opening, allowed)?;
            if due.is_some_and(|due| event.at > due) {
                run.breached = due;
                run.settled = after.iter().filter(|e| e.at >= event.at && self.stops(e)).map(|e| e.at).next();
                return Ok(run);
            }
            self.step(&mut run, event, due, allowed.limit)?;
        }
        if !matches!(run.hands, Hands::Stopped { .. }) {
            run.due = self.due(&run.hands, opening, allowed)?;
            if run.due.is_some_and(|due| self.as_of > due) {
                run.breached = run.due;
            }
        }
        Ok(run)
    }

    fn due(&self, hands: &Hands<'_>, opening: &Item, allowed: Allowed) -> Result<Option<Instant>> {
        let Hands::Running { since, used } = hands else { return Ok(None) };
        let due = match allowed.limit {
            Limit::Elapsed(us) => self.calendar.add(*since, (us - used).max(0))?,
            // A day count does not stop; reopened after it, it is due then.
            limit => self.plain_due(limit, opening.at)?.max(*since),
        };
        Ok(Some(due.max(allowed.floor)))
    }

    fn step(&self, run: &mut Run<'a>, event: &'a Item, due: Option<Instant>, limit: Limit) -> Result<()> {
        let used = match &run.hands {
            Hands::Running { since, used } => used + self.calendar.between(*since, event.at)?,
            Hands::Paused { used, .. } | Hands::Stopped { used } => *used,
        };
        let stopped = matches!(run.hands, Hands::Stopped { .. });
        if !stopped && self.stops(event) {
            run.on_time.push(event.at);
            (run.settled, run.due) = (Some(event.at), due);
            run.hands = Hands::Stopped { used };
            return Ok(());
        }
        match event.kind.name {
            // A day count does not stop.
            "incident.pause" if self.params.pausable && matches!(limit, Limit::Elapsed(_)) => {
                self.pause(run, event, used, due);
            }
            "incident.resume" => {
                if let Hands::Paused { parties, .. } = &mut run.hands {
                    match event.text("party") {
                        Some(party) => parties.retain(|p| *p != party),
                        None => parties.clear(),
                    }
                    if parties.is_empty() {
                        run.hands = Hands::Running { since: event.at, used };
                    }
                }
            }
            "incident.reopen" if self.params.is_repair() => {
                if stopped {
                    run.settled = None;
                    run.hands = Hands::Running { since: event.at, used };
                } else {
                    run.faults.push((event.seq, Code::ReopenRunning));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn pause(&self, run: &mut Run<'a>, event: &'a Item, used: Micros, due: Option<Instant>) {
        let Some(party) = event.text("party").filter(|p| self.pause_parties.iter().any(|q| q == p)) else {
            return;
        };
        if matches!(run.hands, Hands::Stopped { .. }) {
            run.faults.push((event.seq, Code::PauseWhileStopped));
            return;
        }
        if due.is_some_and(|due| self.lens.item_recorded(event) >= due) {
            run.late_pauses.push(event.seq);
            if !self.lens.is_confirmed(event.seq) {
                return;
            }
        }
        match &mut run.hands {
            Hands::Paused { parties, .. } => {
                if !parties.contains(&party) {
                    parties.push(party);
                }
            }
            hands => *hands = Hands::Paused { used, parties: vec![party] },
        }
    }

    /// A `to` fact that stops the clock.
    fn stops(&self, event: &Item) -> bool {
        let stated = |field: &String| {
            event.body.as_ref().and_then(|b| b.get(field)).is_some_and(|v| v.as_str() != Some(""))
        };
        self.params.to.iter().any(|k| k.takes(event))
            && event.flag("auto") != Some(true)
            && self.params.needs.iter().all(stated)
    }
}
