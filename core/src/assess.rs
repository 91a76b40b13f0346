//! Contract and books to assessment: the public document, its types, and the flat budget beside it.

pub mod cases;
pub(crate) mod document;
mod remedies;

use crate::calendar::Zone;
use crate::time::{Instant, Micros};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// Which facts count: all, or what needs confirmation only once confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// What needs confirmation counts once confirmed and not in dispute.
    #[default]
    Agreed,
    /// All facts.
    Claimed,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Default: `known_at`.
    pub as_of: Option<Instant>,
    /// Default: with a ledger the later of `now` and the last `recorded_at`; of loose facts the later of `as_of` and that.
    pub known_at: Option<Instant>,
    /// Only entries up to this one.
    pub head: Option<u64>,
    /// Which view.
    pub view: View,
    /// The host's clock: with a ledger, `known_at` defaults to the later of this and the last `recorded_at`.
    pub now: Option<Instant>,
}

/// Status of a case, a clause or the contract; the numbers stand in the C struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[repr(i32)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Status {
    NotDue = 0,
    Met = 1,
    Waived = 2,
    AtRisk = 3,
    NoEvidence = 4,
    Breached = 5,
    Running = 6,
    Paused = 7,
}

impl Status {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Status::NotDue => "not-due",
            Status::Met => "met",
            Status::Waived => "waived",
            Status::AtRisk => "at-risk",
            Status::NoEvidence => "no-evidence",
            Status::Breached => "breached",
            Status::Running => "running",
            Status::Paused => "paused",
        }
    }
    /// In Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Status::NotDue => "未到期",
            Status::Met => "达标",
            Status::Waived => "已豁免",
            Status::AtRisk => "有风险",
            Status::NoEvidence => "无证据",
            Status::Breached => "违约",
            Status::Running => "进行中",
            Status::Paused => "已暂停",
        }
    }
}

/// The flat figures of the `opsl_budget` struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The instant asked for.
    pub as_of: Instant,
    /// What was known.
    pub known_at: Instant,
    /// Status of the contract.
    pub status: Status,
    /// Long episodes of the first such clause without `systems` or `per`.
    pub long_count: Option<i64>,
    /// Its limit.
    pub long_max: Option<i64>,
    /// Short episodes of the first such clause without `systems` or `per`.
    pub short_count: Option<i64>,
    /// Its limit.
    pub short_max: Option<i64>,
    /// Open episodes below `long_from`.
    pub pending_count: Option<i64>,
    /// Downtime of the first such clause without `systems` or `per`.
    pub downtime: Option<Micros>,
    /// Its limit.
    pub downtime_max: Option<Micros>,
    /// Limit minus downtime; negative once broken.
    pub remaining: Option<Micros>,
    /// The earliest forecast breach of all clauses.
    pub next_breach_at: Option<Instant>,
    /// The last entry read; none without a ledger.
    pub head_seq: Option<u64>,
}

/// An instant that is printed in the contract's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The instant.
    pub at: Instant,
    /// The zone it is printed in.
    pub zone: Zone,
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.zone.format(self.at))
    }
}

impl JsonSchema for Stamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Stamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A figure: microseconds, a count or fen as an integer; points as decimal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Figure {
    /// `us`, `count`, `fen`.
    Integer(i64),
    /// `points`.
    Points(String),
}

/// How the contract stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Assessment {
    /// 1.
    pub format: u32,
    /// Id of the contract.
    pub contract: String,
    /// Its identity.
    pub contract_sm3: String,
    /// The holiday data that were used.
    pub holidays: Vec<HolidayFile>,
    /// The view.
    pub view: View,
    /// The instant asked for.
    pub as_of: Stamp,
    /// What was known.
    pub known_at: Stamp,
    /// The last entry read; null without a ledger.
    pub head: Option<HeadRef>,
    /// The worst of the clauses.
    pub status: Status,
    /// In the contract's order.
    pub clauses: Vec<ClauseVerdict>,
    /// All systems, on 7x24.
    pub outages: Outages,
    /// What was agreed for bad deliverables, by the party that bears it.
    pub remedies: Vec<Remedy>,
    /// Facts recorded late that lower a count or a duration.
    pub late: Vec<u64>,
    /// Facts that need a confirmation and have none.
    pub unconfirmed: Vec<u64>,
    /// Facts in dispute.
    pub disputed: Vec<u64>,
    /// Waivers.
    pub waived: Vec<u64>,
    /// Data faults: what has no effect, and why.
    pub faults: Vec<Fault>,
}

/// A holiday file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HolidayFile {
    /// `CN/2026`.
    pub id: String,
    /// SM3 of its bytes.
    pub sm3: String,
}

/// An entry of the ledger and the hash of its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeadRef {
    /// Its number.
    pub seq: u64,
    /// SM3 of its head line.
    pub sm3: String,
}

/// One clause.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClauseVerdict {
    /// Id.
    pub id: String,
    /// Where the promise stands in the source text.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Rule.
    pub rule: &'static str,
    /// Status.
    pub status: Status,
    /// The figure; null where there is none.
    pub value: Option<Figure>,
    /// The limit.
    pub limit: Option<Figure>,
    /// Limit minus value.
    pub margin: Option<Figure>,
    /// `us`, `count`, `fen` or `points`.
    pub unit: Option<&'static str>,
    /// Breached cases.
    pub breaches: i64,
    /// The earliest breach.
    pub breached_at: Option<Stamp>,
    /// The earliest breach to come if nothing more is recorded.
    pub forecast_breach_at: Option<Stamp>,
    /// A value the parties never agreed on.
    pub assumed: bool,
    /// The verdict in Chinese.
    pub text_zh: String,
    /// The verdict in English.
    pub text_en: String,
    /// The entries it rests on.
    pub evidence: Vec<u64>,
    /// What the rule shows beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<crate::rules::Detail>,
}

/// Outages of all systems on 7x24, in the service period.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Outages {
    /// By start.
    pub episodes: Vec<Episode>,
    /// Long ones that count in the period.
    pub long: i64,
    /// Short ones.
    pub short: i64,
    /// Open ones below `long_from`.
    pub pending: i64,
    /// Downtime inside the period.
    pub downtime_us: Micros,
    /// Planned time that is not counted downtime.
    pub planned_us: Micros,
    /// Time nobody watched, of what was to be watched, that is neither.
    pub unknown_us: Micros,
    /// (A) Over the elapsed period, excluded and unknown time as good; decimal text, 9 digits; null with nothing elapsed.
    pub availability_elapsed: Option<String>,
    /// (B) Over elapsed minus planned minus unknown; null with nothing to divide by.
    pub availability_eligible: Option<String>,
    /// What was taken out.
    pub excluded: Vec<Excluded>,
    /// As if the open outages never ended.
    pub forecast: OutageForecast,
}

/// Outages that touch.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Episode {
    /// Start of its first outage.
    pub start: Stamp,
    /// End of its last, or `as_of` while open.
    pub end: Stamp,
    /// Downtime of the whole episode.
    pub downtime_us: Micros,
    /// `long`, `short`, `pending` or `none`.
    pub class: &'static str,
    /// Open.
    pub open: bool,
    /// Counts in this period.
    pub counted: bool,
    /// Subjects.
    pub outages: Vec<String>,
    /// Entries.
    pub evidence: Vec<u64>,
}

/// An outage, or a part of time, that does not count.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Excluded {
    /// Subject of the outage or exclusion.
    pub subject: String,
    /// Start.
    pub start: Stamp,
    /// End; null while open.
    pub end: Option<Stamp>,
    /// Why.
    pub cause: Option<String>,
    /// The entry that says so.
    pub entry: u64,
}

/// What a party bears for bad deliverables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remedy {
    /// The party.
    pub party: String,
    /// The sum of the items, fen.
    pub amount_fen: i64,
    /// Item by item, in the order they were recorded.
    pub items: Vec<RemedyItem>,
}

/// One item of a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemedyItem {
    /// The deliverable's case.
    pub subject: String,
    /// `replace`, `depreciate` or `return`.
    pub kind: Option<String>,
    /// What the item is.
    pub name: Option<String>,
    /// Its amount, fen.
    pub amount_fen: i64,
    /// The entry that says so.
    pub entry: u64,
}

/// What becomes of the open episode if it never ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct OutageForecast {
    /// When it becomes long.
    pub becomes_long_at: Option<Stamp>,
    /// When the first clause on long outages breaks.
    pub long_breach_at: Option<Stamp>,
    /// When the first clause on downtime breaks.
    pub downtime_breach_at: Option<Stamp>,
}

/// A fact without effect, or what else is wrong with the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// The entry; null where no single one is meant.
    pub seq: Option<u64>,
    /// Stable name.
    pub code: &'static str,
    /// Subject, or the clause.
    pub subject: String,
    /// In Chinese.
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

impl Assessment {
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One outage as it stands at the instant asked for, counted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutageRow {
    /// Subject.
    pub subject: String,
    /// System.
    pub system: String,
    /// Start, as corrected.
    pub start: Instant,
    /// End, as corrected; none while open.
    pub end: Option<Instant>,
    /// Its impact.
    pub impact: String,
    /// Its attribution.
    pub attribution: String,
    /// Its cause, where stated.
    pub cause: Option<String>,
    /// Its impact and attribution count, and it was not voided.
    pub counted: bool,
    /// The entry that opened it.
    pub entry: u64,
}

/// JSON Schema (draft 2020-12) of an assessment.
pub fn schema() -> serde_json::Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Assessment>().to_value()
}
