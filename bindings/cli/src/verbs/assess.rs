//! `assess`.

use crate::args::{self, Assess, Cli};
use crate::input::Lines;
use crate::out::{Out, clean};
use crate::progress::Progress;
use crate::table::{self, Value};
use crate::texts::{self, Text};
use crate::{EXIT_BREACHED, EXIT_NO_EVIDENCE, EXIT_OK, verbs};
use opsledger::account::Account;
use opsledger::assess::{Ask, Assessment, ClauseVerdict, Status, View};
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Lang, Result};
use opsledger::ledger::clock;
use opsledger::time::Instant;
use std::path::Path;
use std::sync::Arc;

/// Lines of facts that are handed over at a time.
const PIECE: u64 = 10_000;

pub(super) fn run(cli: &Cli, args: &Assess, out: &mut Out<'_, '_>) -> Result<i32> {
    let (account, ask) = account(cli, &args.ask, out)?;
    let assessment = account.assess(&ask)?;
    if out.json {
        out.line(&assessment.to_json())?;
    } else {
        print(&assessment, &account.contract_for(&ask)?.title, out)?;
    }
    Ok(exit_of(&assessment))
}

/// The contract's status is the worst of its clauses, breached before no-evidence before the rest.
fn exit_of(assessment: &Assessment) -> i32 {
    match assessment.status {
        Status::Breached => EXIT_BREACHED,
        Status::NoEvidence => EXIT_NO_EVIDENCE,
        _ => EXIT_OK,
    }
}

/// The account that the arguments name, and what it is asked.
pub(super) fn account(cli: &Cli, args: &args::Ask, out: &mut Out<'_, '_>) -> Result<(Account, Ask)> {
    let contract = verbs::stated_contract(cli, out)?;
    asked(cli, contract, args, out)
}

/// As [`account`], with a contract that is read already; none: the adopted one.
pub(super) fn asked(
    cli: &Cli,
    contract: Option<Arc<Contract>>,
    args: &args::Ask,
    out: &mut Out<'_, '_>,
) -> Result<(Account, Ask)> {
    let (account, now) = open(cli, contract, args.facts.as_deref(), out)?;
    let ask = Ask {
        as_of: verbs::instant("--as-of", args.as_of.as_ref())?,
        known_at: verbs::instant("--known-at", args.known_at.as_ref())?,
        head: args.head,
        view: match args.view {
            args::View::Agreed => View::Agreed,
            args::View::Claimed => View::Claimed,
        },
        now,
    };
    Ok((account, ask))
}

/// The account of a ledger, with the host's clock; or of loose facts, without.
pub(super) fn open(
    cli: &Cli,
    contract: Option<Arc<Contract>>,
    facts: Option<&Path>,
    out: &mut Out<'_, '_>,
) -> Result<(Account, Option<Instant>)> {
    let Some(facts) = facts else {
        let account = Account::open(contract, verbs::open(cli, false)?)?;
        return Ok((account, Some(clock::system_now())));
    };
    let contract = contract.ok_or_else(|| {
        Error::new(Code::BadRequest, "--contract").with_hints(
            "facts without a ledger need --contract FILE or OPSLEDGER_CONTRACT",
            "不用台账时，请用 --contract FILE 或环境变量 OPSLEDGER_CONTRACT 指明合同",
        )
    })?;
    let account = Account::new(contract);
    let bar = Progress::new(out, texts::READING.get(out.lang), None);
    let mut lines = Lines::open(facts, out)?;
    loop {
        let before = lines.row();
        let mut piece = String::new();
        while lines.row() < before + PIECE {
            let Some(line) = lines.next()? else { break };
            piece.push_str(line);
            piece.push('\n');
        }
        if lines.row() == before {
            break;
        }
        account.add(&piece).map_err(|e| match e.row() {
            Some(row) => e.at_row(before + row),
            None => e,
        })?;
        bar.add(lines.row() - before);
    }
    Ok((account, None))
}

fn print(a: &Assessment, title: &str, out: &mut Out<'_, '_>) -> Result<()> {
    let lang = out.lang;
    let zone = a.as_of.zone;
    out.line(&clean(&texts::STANDS.with(lang, &[&title, &status(a.status, lang)])))?;
    out.line(
        &texts::AS_OF
            .with(lang, &[&zone.format(a.as_of.at), &zone.format(a.known_at.at), &texts::view(a.view, lang)]),
    )?;
    out.line(&texts::CONTRACT_SM3.with(lang, &[&a.contract_sm3]))?;
    if let Some(head) = &a.head {
        out.line(&texts::HEAD_REF.with(lang, &[&head.seq, &head.sm3]))?;
    }
    out.line("")?;
    clauses(&a.clauses, out)?;
    out.line("")?;
    outages(a, out)?;
    lists(a, out)
}

fn clauses(clauses: &[ClauseVerdict], out: &mut Out<'_, '_>) -> Result<()> {
    let lang = out.lang;
    let head = [
        texts::STATUS,
        texts::CLAUSE,
        texts::REFERENCE,
        texts::VALUE,
        texts::LIMIT,
        texts::MARGIN,
        texts::VERDICT,
    ]
    .map(|text| text.get(lang));
    let rows = clauses.iter().map(|c| {
        let number = |figure: Option<&_>| Value::Number(texts::figure(figure, c.unit, lang));
        let verdict = match lang {
            Lang::En => &c.text_en,
            Lang::Zh => &c.text_zh,
        };
        let assumed = if c.assumed { texts::ASSUMED.get(lang) } else { "" };
        vec![
            Value::Status(c.status, status(c.status, lang).to_owned()),
            c.id.as_str().into(),
            c.reference.as_deref().unwrap_or_default().into(),
            number(c.value.as_ref()),
            number(c.limit.as_ref()),
            number(c.margin.as_ref()),
            format!("{verdict}{assumed}").into(),
        ]
    });
    table::print(out, &head, rows.collect())
}

fn outages(a: &Assessment, out: &mut Out<'_, '_>) -> Result<()> {
    let lang = out.lang;
    let zone = a.as_of.zone;
    let o = &a.outages;
    let time = |us| opsledger::time::words(us, lang);
    out.line(&texts::OUTAGES.with(
        lang,
        &[&o.long, &o.short, &o.pending, &time(o.downtime_us), &time(o.planned_us), &time(o.unknown_us)],
    ))?;
    let ratio = |ratio: &Option<String>| ratio.clone().unwrap_or_else(|| "-".to_owned());
    out.line(
        &texts::AVAILABILITY.with(lang, &[&ratio(&o.availability_elapsed), &ratio(&o.availability_eligible)]),
    )?;
    if let Some(at) = o.forecast.becomes_long_at {
        out.line(&texts::BECOMES_LONG.with(lang, &[&zone.format(at.at)]))?;
    }
    let next = a.clauses.iter().filter_map(|c| c.forecast_breach_at.map(|at| (at.at, &c.id))).min();
    if let Some((at, id)) = next {
        out.line(&texts::NEXT_BREACH.with(lang, &[id, &zone.format(at)]))?;
    }
    Ok(())
}

fn lists(a: &Assessment, out: &mut Out<'_, '_>) -> Result<()> {
    let lang = out.lang;
    let lists: [(&Text, &[u64]); 4] = [
        (&texts::LATE, &a.late),
        (&texts::UNCONFIRMED, &a.unconfirmed),
        (&texts::DISPUTED, &a.disputed),
        (&texts::WAIVED, &a.waived),
    ];
    for (text, seqs) in lists.into_iter().filter(|(_, seqs)| !seqs.is_empty()) {
        out.line(&text.with(lang, &[&texts::ranges(seqs)]))?;
    }
    if !a.faults.is_empty() {
        out.line(texts::FAULTS.get(lang))?;
    }
    for fault in &a.faults {
        let text = match lang {
            Lang::En => &fault.text_en,
            Lang::Zh => &fault.text_zh,
        };
        let line = match fault.seq {
            Some(seq) => texts::FAULT.with(lang, &[&seq, &fault.subject, text]),
            None => texts::FAULT_NO_ENTRY.with(lang, &[&fault.subject, text]),
        };
        out.line(&clean(&line))?;
    }
    Ok(())
}

fn status(status: Status, lang: Lang) -> &'static str {
    match lang {
        Lang::En => status.name(),
        Lang::Zh => status.zh(),
    }
}
