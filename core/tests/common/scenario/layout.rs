//! Events as facts.

use super::Draft;
use super::events::{ATTRIBUTIONS, Event, IMPACTS, Incident, Outage, Slot};
use opsledger::time::{HOUR, Instant, MINUTE};
use serde_json::json;

/// Facts of the events.
pub(super) struct Layout {
    base: Instant,
    pub(super) drafts: Vec<Draft>,
    incidents: usize,
}

impl Layout {
    pub(super) fn new(base: Instant) -> Layout {
        Layout { base, drafts: Vec::new(), incidents: 0 }
    }

    fn at(&self, (minutes, us): Slot) -> Instant {
        self.base + minutes * MINUTE + us
    }

    pub(super) fn lay(&mut self, i: usize, event: &Event, by: Option<&'static str>) {
        match event {
            Event::Outage(outage) => self.outage(i, outage, by),
            Event::Window(start, length, systems, lead, cancel) => {
                let subject = format!("M-{i}");
                let start = self.at(*start);
                let recorded = start - lead;
                let draft = Draft::new("maintenance.approve", &subject, recorded, recorded)
                    .with_time("start", start)
                    .with_time("end", start + length)
                    .with_some("systems", systems.as_ref().map(|s| json!(s)));
                self.drafts.push(draft.by(by));
                if let Some((after, delay)) = cancel {
                    let at = start + after;
                    self.drafts.push(Draft::new("maintenance.cancel", &subject, at, at + delay).by(by));
                }
            }
            Event::Exclusion(start, length, delay, void) => {
                let subject = format!("X-{i}");
                let start = self.at(*start);
                let at = start + length;
                let draft = Draft::new("exclusion.approve", &subject, at, at + delay)
                    .with_time("start", start)
                    .with_time("end", at)
                    .with("approver", "buyer")
                    .with("reason", "agreed");
                self.drafts.push(draft.by(by));
                if let Some(after) = void {
                    self.drafts.push(Draft::new("exclusion.void", &subject, at + after, at + after).by(by));
                }
            }
            Event::Incident(incident) => self.incident(incident, by),
            Event::Watch(kind, at, system, length) => {
                let at = self.at(*at);
                let mut draft = Draft::new(kind, "", at, at).with_some("systems", system.map(|s| json!([s])));
                if *kind == "watch.gap" {
                    draft = draft.with_time("start", at - length).with_time("end", at);
                }
                self.drafts.push(draft);
            }
            Event::Seen(at, n, step) => {
                let first = self.at(*at);
                for k in 0..i64::from(*n) {
                    self.drafts.push(Draft::new("watch.seen", "", first + k * step, first + k * step));
                }
            }
            Event::Request(at, kind, answered) => {
                let (subject, at) = (format!("R-{i}"), self.at(*at));
                self.drafts.push(Draft::new("request.open", &subject, at, at).with("type", *kind).by(by));
                if let Some(after) = answered {
                    self.drafts.push(Draft::new("request.answer", &subject, at + after, at + after).by(by));
                }
            }
            Event::Word(..) | Event::Waiver(..) => {}
        }
    }

    fn outage(&mut self, i: usize, x: &Outage, by: Option<&'static str>) {
        let subject = format!("O-{i}");
        let start = self.at(x.start);
        let opened = Draft::new("outage.start", &subject, start, start + x.delays[0])
            .with("system", x.system)
            .with_some("impact", IMPACTS[x.impact])
            .with_some("attribution", ATTRIBUTIONS[x.attribution])
            .with_some("cause", x.impact.is_multiple_of(2).then_some("power"));
        self.drafts.push(opened.by(by));
        let end = x.length.map(|l| start + l);
        if let Some(end) = end {
            self.drafts.push(Draft::new("outage.end", &subject, end, end + x.delays[1]).by(by));
        }
        let mut at = end.unwrap_or(start);
        for a in &x.amends {
            at += a.after;
            let mut draft = Draft::new("outage.amend", &subject, at, at).with("reason", "checked");
            let (new_start, new_end) =
                (a.start.map(|s| start + s), a.end.map(|s| end.unwrap_or(start + 2 * HOUR) + s));
            if let Some(t) = new_start {
                draft = draft.with_time("start", t);
            }
            // One fact with its end before its own start is not even read.
            if let Some(t) = new_end.filter(|t| new_start.is_none_or(|s| s < *t)) {
                draft = draft.with_time("end", t);
            }
            let draft = draft
                .with_some("impact", a.impact.and_then(|i| IMPACTS[i]))
                .with_some("attribution", a.attribution.and_then(|i| ATTRIBUTIONS[i]));
            self.drafts.push(draft.by(by));
        }
        if let Some(after) = x.void {
            let at = at + after;
            self.drafts.push(Draft::new("outage.void", &subject, at, at).with("reason", "wrong").by(by));
        }
        if let Some([lead, before, after]) = x.window {
            let recorded = start + before - lead;
            let until = end.unwrap_or(start + 2 * HOUR) + after;
            if until > start + before {
                let window = Draft::new("maintenance.approve", &format!("M-{i}"), recorded, recorded)
                    .with_time("start", start + before)
                    .with_time("end", until);
                self.drafts.push(window.by(by));
            }
        }
    }

    fn incident(&mut self, x: &Incident, by: Option<&'static str>) {
        let subject = format!("I-{}", self.incidents);
        self.incidents += 1;
        let start = self.at(x.start);
        let report = Draft::new("incident.report", &subject, start, start)
            .with_some("severity", x.severity)
            .with_some("affects_use", x.affects_use)
            .with_some("attribution", ATTRIBUTIONS[x.attribution])
            .with_some("onsite", x.onsite.then_some(true));
        self.drafts.push(report.by(by));
        let mut at = start;
        // What a severity does to a clock that was paused or reopened before it changed, the text leaves open.
        let changes = x.amends.iter().any(|a| a.0.is_some());
        for (gap, kind, party, delay) in &x.steps {
            at += gap;
            let recorded = at + delay;
            let fact = |kind: &'static str| Draft::new(kind, &subject, at, recorded).by(by);
            self.drafts.push(match *kind {
                "respond" => fact("incident.respond").with("person", "Li").with("arrangement", "at once"),
                "vague" => fact("incident.respond").with("person", "Li"),
                "auto" => fact("incident.respond")
                    .with("person", "bot")
                    .with("arrangement", "queued")
                    .with("auto", true),
                "diagnose" => fact("incident.diagnose"),
                "onsite.request" => fact("incident.onsite.request"),
                "onsite.arrive" => fact("incident.onsite.arrive"),
                "restore" => fact("incident.restore"),
                "repair" => fact("incident.repair"),
                "reopen" if !changes => fact("incident.reopen"),
                "pause" if !changes => {
                    fact("incident.pause").with("party", party.unwrap_or("buyer")).with("reason", "waiting")
                }
                "resume" if !changes => fact("incident.resume").with_some("party", *party),
                "work.log" => {
                    let log = format!("W-{}-{}", self.incidents, self.drafts.len());
                    Draft::new("work.log", &log, at, recorded).with("incident", subject.as_str())
                }
                _ => continue,
            });
        }
        let mut at = start;
        for (severity, affects_use, attribution, after) in &x.amends {
            at += after;
            let draft = Draft::new("incident.amend", &subject, at, at)
                .with("reason", "checked")
                .with_some("severity", *severity)
                .with_some("affects_use", *affects_use)
                .with_some("attribution", attribution.and_then(|i| ATTRIBUTIONS[i]));
            self.drafts.push(draft.by(by));
        }
        if let Some(after) = x.withdrawn {
            self.drafts.push(Draft::new("incident.withdraw", &subject, start + after, start + after).by(by));
        }
        if let Some((of, after)) = x.duplicate_of {
            let of = format!("I-{of}");
            let draft =
                Draft::new("incident.duplicate", &subject, start + after, start + after).with("of", of);
            self.drafts.push(draft.by(by));
        }
    }

    /// Words of the parties and waivers, once the facts they speak of are there.
    pub(super) fn speak(&mut self, event: &Event, facts: usize) {
        match event {
            Event::Word(word, of, to, party, delay) if facts > 0 => {
                let of = of.index(facts);
                let at = self.drafts[of].recorded_at + (*delay).max(0);
                let kind = match *word {
                    "confirm" => "fact.confirm",
                    "dispute" => "fact.dispute",
                    _ => "dispute.resolve",
                };
                let mut draft = Draft::new(kind, "", at, at).by(*party);
                draft.names = Some((of, None));
                match *word {
                    "confirm" => draft.names = Some((of, to.map(|t| t.index(facts)))),
                    "dispute" => draft = draft.with("reason", "not so"),
                    outcome => draft = draft.with("outcome", outcome),
                }
                self.drafts.push(draft);
            }
            Event::Waiver(clause, case, party, at, delay) => {
                let at = self.at(*at);
                let draft = Draft::new("waive", "", at, at + (*delay).max(0))
                    .with("clause", *clause)
                    .with("approver", "Wang")
                    .with("reason", "let pass");
                let subject = case.filter(|_| facts > 0).map(|c| self.drafts[c.index(facts)].subject.clone());
                self.drafts.push(draft.with_some("case", subject.filter(|s| !s.is_empty())).by(*party));
            }
            _ => {}
        }
    }
}
