//! The monthly reports, made from the ledger as it stood when each was handed in, and recorded there with their digests.

use crate::book::Line;
use opsledger::account::Account;
use opsledger::assess::Ask;
use opsledger::contract::Contract;
use opsledger::digest::sm3_hex;
use opsledger::error::Lang;
use opsledger::facts::Fact;
use opsledger::ledger::Ledger;
use opsledger::report::{DocumentKind, DocumentOptions, Month, package};
use opsledger::time::Instant;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What issues them.
pub(crate) struct Office {
    account: Account,
    /// Its file, for the commands that a report prints.
    ledger: String,
    folder: PathBuf,
    /// By the subject that the day-book gives a report: its number, and the digest of what is signed.
    issued: BTreeMap<String, (String, String)>,
}

impl Office {
    /// Reads the ledger, writes into the folder.
    pub(crate) fn new(contract: Arc<Contract>, ledger: Ledger, folder: PathBuf) -> Outcome<Office> {
        std::fs::create_dir_all(&folder)?;
        let file = ledger.path().display().to_string();
        let account = Account::open(Some(contract), ledger)?;
        Ok(Office { account, ledger: file, folder, issued: BTreeMap::new() })
    }

    /// The month that a line of the day-book hands in the report of.
    pub(crate) fn month(line: &Line) -> Option<&str> {
        let body = line.fact.get("body")?;
        let monthly = line.fact.get("kind")? == "report.submit" && body.get("kind")? == "monthly";
        if monthly { body.get("covers")?.as_str() } else { None }
    }

    /// Makes the report of a month out of what is recorded by now, and gives the fact that it was handed in.
    pub(crate) fn issue(&mut self, line: &Line, month: &str, now: Instant) -> Outcome<Fact> {
        let ask = Ask { now: Some(now), ..Ask::default() };
        let month = Some(Month::parse(month)?);
        let options = DocumentOptions {
            lang: Lang::Zh,
            month,
            ledger: Some(self.ledger.as_str()),
            ..DocumentOptions::default()
        };
        let made = package(&self.account, DocumentKind::Monthly, &ask, &options)?;
        for file in &made.files {
            std::fs::write(self.folder.join(&file.name), &file.bytes)?;
        }
        let digest = made.files.first().map(|f| sm3_hex(&f.bytes)).unwrap_or_default();
        let person = line.fact.get("actor").and_then(|a| a.get("person")).and_then(Value::as_str);
        self.issued.insert(subject(&line.fact), (made.document.number.clone(), digest));
        Ok(made.issue(now, "supplier", person)?)
    }

    /// A signature names the report by its number and digest.
    pub(crate) fn sign(&self, fact: &mut Map<String, Value>) {
        let Some((number, digest)) = self.issued.get(&subject(fact)) else { return };
        fact.insert("subject".into(), number.as_str().into());
        if let Some(Value::Object(body)) = fact.get_mut("body") {
            body.insert("report_sm3".into(), digest.as_str().into());
        }
    }
}

fn subject(fact: &Map<String, Value>) -> String {
    fact.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned()
}
