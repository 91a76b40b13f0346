//! How many instructions one new fact costs: `account.add` of one fact and `account.budget`, on books of N facts.
//!
//!     cargo run --example one_fact -- N
//!
//! A child builds the books at full speed; around each measured fact it stops, and the parent steps it instruction by
//! instruction. So the count is exact, needs no counter of the machine's, and does not grow with the time the books take.
//! Prints one line a kind of fact: name, tab, instructions. Linux only.

use opsledger::account::Account;
use opsledger::assess::Ask;
use opsledger::contract::Contract;
use opsledger::time::{self, DAY, HOUR, Instant, MINUTE, SECOND};
use std::fmt::Write;
use std::sync::Arc;

const CONTRACT: &str = r#"
format = 1
id = "gate"
title = "Gate"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }

[[clause]]
id = "long"
rule = "outage-count"
at_least = "1h"
max = 2
[[clause]]
id = "short"
rule = "outage-count"
below = "1h"
max = 5
[[clause]]
id = "downtime"
rule = "downtime"
max = "10h"
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
needs = ["person", "arrangement"]
within = "1h"
[[clause]]
id = "repair"
rule = "deadline"
from = "incident.report"
to = "incident.repair"
within = { critical = "4h", major = "8h", minor = "3d" }
pausable = true
[[clause]]
id = "termination-right"
rule = "streak"
of = "repair"
length = 3
only_if = "affects_use"
[[clause]]
id = "available"
rule = "availability"
target = "99.9%"
[[clause]]
id = "checks"
rule = "recurring"
fact = "inspection.complete"
every = "day"
by = "calendar"
[[clause]]
id = "desk"
rule = "coverage"
roles = { desk = 1 }
windows = ["period"]
[[clause]]
id = "changes"
rule = "sequence"
then = "change.deploy"
needs = ["change.approve", { kind = "change.test", where = { result = "pass" } }]
[[clause]]
id = "papers"
rule = "documents"
list = [{ kind = "plan", due = "end" }]
[[clause]]
id = "findings"
rule = "findings"
within = { high = "5d", low = "30d" }
[[clause]]
id = "score"
rule = "score"
lines = [{ clause = "changes", each = 2, cap = 10 }, { clause = "desk", each_hour = 1, cap = 10 }]
"#;

/// Facts handed over at a time while the books are built.
const PIECE: usize = 10_000;
/// Facts of one story.
const STORY: usize = 20;

/// The facts of a year, in the order they happened: outages that end, incidents that are answered and repaired, windows.
struct Year {
    text: String,
    at: Instant,
    step: Instant,
}

impl Year {
    fn new(facts: usize) -> opsledger::Result<Year> {
        let start = time::parse_instant("2026-01-02T00:00:00+08:00")?;
        // All but the last weeks of the year.
        Ok(Year { text: String::new(), at: start, step: 320 * DAY / facts as i64 })
    }

    fn after(&self, us: Instant) -> String {
        time::canonical_instant(self.at + us).unwrap_or_default()
    }

    fn push(&mut self, kind: &str, subject: &str, body: &str) {
        let at = self.after(0);
        let line = format!(r#"{{"kind":"{kind}","subject":"{subject}","at":"{at}","body":{{{body}}}}}"#);
        let _ = writeln!(self.text, "{line}");
        self.at += self.step;
    }

    fn story(&mut self, n: usize) {
        let severity = ["critical", "major", "minor"][n % 3];
        let window = format!(
            r#""start":"{}","end":"{}""#,
            self.after(30 * self.step),
            self.after(30 * self.step + 5 * SECOND)
        );
        let report = format!(r#""severity":"{severity}","affects_use":true,"outage":"O-{n}""#);
        self.push("outage.start", &format!("O-{n}"), r#""system":"portal","impact":"down""#);
        self.push("incident.report", &format!("I-{n}"), &report);
        self.push("incident.respond", &format!("I-{n}"), r#""person":"li","arrangement":"restart""#);
        self.push("outage.end", &format!("O-{n}"), "");
        self.push("incident.repair", &format!("I-{n}"), "");
        self.push("maintenance.approve", &format!("M-{n}"), &window);
        self.push("watch.seen", &format!("S-{n}"), "");
        self.push("work.log", &format!("W-{n}"), r#""action":"checked","minutes":5"#);
        self.push("request.open", &format!("R-{n}"), r#""type":"consult""#);
        self.push("incident.close", &format!("I-{n}"), "");
        // Shifts follow one another whatever their number, with a gap between two of three.
        let shift = format!(
            r#""person":"li","role":"desk","start":"{}","end":"{}""#,
            self.after(0),
            self.after(STORY as i64 * self.step - if n.is_multiple_of(3) { 0 } else { SECOND })
        );
        self.push("duty.assign", &format!("D-{n}"), &shift);
        self.push("inspection.complete", &format!("C-{n}"), r#""type":"daily""#);
        self.push("change.request", &format!("G-{n}"), r#""type":"fix""#);
        self.push("change.approve", &format!("G-{n}"), "");
        self.push(
            "change.test",
            &format!("G-{n}"),
            if n.is_multiple_of(5) { r#""result":"fail""# } else { r#""result":"pass""# },
        );
        self.push("change.deploy", &format!("G-{n}"), "");
        self.push("finding.open", &format!("F-{n}"), r#""source":"scan","severity":"low""#);
        self.push("finding.fix", &format!("F-{n}"), "");
        self.push("document.submit", &format!("P-{n}"), &format!(r#""kind":"paper {n}","digest":"{n}""#));
        self.push("request.close", &format!("R-{n}"), "");
    }

    /// One of each kind that moves a figure, as they would come next.
    fn measured(&mut self, stories: usize) -> Vec<(&'static str, String)> {
        self.step = 10 * MINUTE;
        let old = format!("O-{}", stories / 2);
        let older = format!("O-{}", stories / 3);
        let window = format!(r#""start":"{}","end":"{}""#, self.after(2 * HOUR), self.after(3 * HOUR));
        let shift = format!(
            r#""person":"wang","role":"desk","start":"{}","end":"{}""#,
            self.after(0),
            self.after(10 * self.step)
        );
        let (shift_old, change_old, finding_old) =
            (format!("D-{}", stories / 2), format!("G-{}", stories / 2), format!("F-{}", stories / 2));
        let next: &[(&'static str, &str, &str)] = &[
            ("outage.start", "O-new", r#""system":"portal""#),
            ("incident.report", "I-new", r#""severity":"major","affects_use":true"#),
            ("incident.respond", "I-new", r#""person":"li","arrangement":"restart""#),
            ("outage.end", "O-new", ""),
            ("incident.repair", "I-new", ""),
            ("maintenance.approve", "M-new", &window),
            ("outage.amend", &old, r#""attribution":"buyer","reason":"power cut by the buyer""#),
            ("outage.void", &older, r#""reason":"false alarm""#),
            ("duty.assign", "D-new", &shift),
            ("duty.cancel", &shift_old, r#""reason":"ill""#),
            ("inspection.complete", "C-new", r#""type":"daily""#),
            ("change.deploy", &change_old, r#""version":"2""#),
            ("finding.open", "F-new", r#""source":"scan","severity":"high""#),
            ("finding.verify", &finding_old, r#""result":"fail""#),
            ("document.submit", "P-new", r#""kind":"plan","digest":"d""#),
        ];
        let mut line = |(kind, subject, body): &(&'static str, &str, &str)| {
            self.push(kind, subject, body);
            (*kind, std::mem::take(&mut self.text))
        };
        next.iter().map(&mut line).collect()
    }
}

fn books(stories: usize, year: &mut Year) -> opsledger::Result<Account> {
    let account = Account::new(Arc::new(Contract::parse(CONTRACT)?));
    for n in 0..stories {
        year.story(n);
        if (n + 1) % (PIECE / STORY) == 0 || n + 1 == stories {
            account.add(&std::mem::take(&mut year.text))?;
        }
    }
    Ok(account)
}

fn one_fact(account: &Account, fact: &str) -> opsledger::Result<()> {
    account.add(fact)?;
    std::hint::black_box(account.budget(&Ask::default())?);
    Ok(())
}

/// The child: stops itself before and after each measured stretch.
#[cfg(target_os = "linux")]
fn child(facts: usize) -> opsledger::Result<()> {
    let mut year = Year::new(facts)?;
    let stories = facts / STORY;
    let account = books(stories, &mut year)?;
    // The first question folds the books, and the first fact after it pays for what the allocator gathers of the building.
    account.budget(&Ask::default())?;
    year.push("watch.seen", "S-new", "");
    one_fact(&account, &std::mem::take(&mut year.text))?;
    for (name, fact) in year.measured(stories) {
        println!("{name}");
        stop();
        let done = one_fact(&account, &fact);
        stop();
        done?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn stop() {
    // SAFETY: raises a signal in this process; nothing is shared.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// The parent: lets the child run to a stop, then steps it to the next and counts.
#[cfg(target_os = "linux")]
fn count(pid: libc::pid_t) -> Result<Vec<u64>, String> {
    let go_on = |request: libc::c_uint| -> Result<Option<i32>, String> {
        let mut status = 0;
        let null = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: the child is ours, stopped, and traced by us; status is ours.
        let failed = unsafe {
            libc::ptrace(request, pid, null, null) == -1 || libc::waitpid(pid, &raw mut status, 0) == -1
        };
        match () {
            () if failed => Err(format!("ptrace: {}", std::io::Error::last_os_error())),
            () if libc::WIFSTOPPED(status) => Ok(Some(libc::WSTOPSIG(status))),
            () if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 => Ok(None),
            () => Err(format!("the measured process ended badly ({status:#x})")),
        }
    };
    let mut counts = Vec::new();
    while let Some(signal) = go_on(libc::PTRACE_CONT)? {
        if signal != libc::SIGSTOP {
            return Err(format!("unexpected signal {signal}"));
        }
        let mut steps = 0u64;
        while go_on(libc::PTRACE_SINGLESTEP)? == Some(libc::SIGTRAP) {
            steps += 1;
        }
        counts.push(steps);
    }
    Ok(counts)
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), String> {
    use std::io::Read;
    use std::os::fd::FromRawFd;
    let facts = std::env::args().nth(1).and_then(|n| n.parse().ok()).filter(|n| *n >= 100);
    let facts: usize = facts.ok_or("usage: one_fact N (at least 100)")?;
    let mut pipe = [0; 2];
    // SAFETY: one thread runs; the child uses what it has copied, writes to the pipe and leaves with _exit.
    let pid = unsafe {
        if libc::pipe(pipe.as_mut_ptr()) == -1 {
            return Err(format!("pipe: {}", std::io::Error::last_os_error()));
        }
        let pid = libc::fork();
        if pid == 0 {
            libc::dup2(pipe[1], 1);
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
            let done = child(facts);
            if let Err(e) = &done {
                eprintln!("{e}");
            }
            libc::_exit(i32::from(done.is_err()));
        }
        libc::close(pipe[1]);
        pid
    };
    let mut status = 0;
    // SAFETY: waits for our child's first stop.
    if pid == -1 || unsafe { libc::waitpid(pid, &raw mut status, 0) } == -1 || !libc::WIFSTOPPED(status) {
        return Err(format!("cannot trace a child: {}", std::io::Error::last_os_error()));
    }
    let counts = count(pid)?;
    let mut names = String::new();
    // SAFETY: the reading end of the pipe is ours alone.
    let mut reader = unsafe { std::fs::File::from_raw_fd(pipe[0]) };
    reader.read_to_string(&mut names).map_err(|e| e.to_string())?;
    for (name, count) in names.lines().zip(counts) {
        println!("{name}\t{count}");
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), String> {
    Err("counts instructions on Linux only".to_owned())
}
