//! The holiday files that the library carries, one a year and version, read once.

use super::{Date, Zone};
use crate::digest::sm3_hex;
use crate::error::{self, Code, Error, err};
use crate::time::Instant;
use serde::{Deserialize, Deserializer, de};
use std::result::Result;
use std::sync::OnceLock;

/// A published schedule of days off and make-up workdays.
#[derive(Debug)]
pub(super) struct Notice {
    /// `CN/2026`; a later version of a year's schedule has another.
    pub(super) id: String,
    /// SM3 of the file.
    pub(super) sm3: String,
    pub(super) year: i32,
    /// From when it can be known; none: always.
    pub(super) published: Option<Instant>,
    /// Whether the source says which days are statutory holidays.
    pub(super) statutory_marked: bool,
    pub(super) days: Vec<NoticeDay>,
}

/// A day as a schedule names it; it may lie in the last days of the year before.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoticeDay {
    pub(super) date: Date,
    pub(super) workday: bool,
    /// None where the source does not say.
    pub(super) statutory: Option<bool>,
}

const CN: &[&str] = &[
    include_str!("../../data/holidays/CN/2018.toml"),
    include_str!("../../data/holidays/CN/2019.toml"),
    include_str!("../../data/holidays/CN/2020.toml"),
    include_str!("../../data/holidays/CN/2020-2.toml"),
    include_str!("../../data/holidays/CN/2021.toml"),
    include_str!("../../data/holidays/CN/2022.toml"),
    include_str!("../../data/holidays/CN/2023.toml"),
    include_str!("../../data/holidays/CN/2024.toml"),
    include_str!("../../data/holidays/CN/2025.toml"),
    include_str!("../../data/holidays/CN/2026.toml"),
];

/// The notices of a country, by date of publication.
pub(super) fn notices(name: &str) -> error::Result<&'static [Notice]> {
    static LOADED: OnceLock<error::Result<Vec<Notice>>> = OnceLock::new();
    if name != "CN" {
        return Err(Error::new(Code::NotFound, format!("holiday data {name:?}"))
            .with_hints("the library carries \"CN\"", "本程序带有 \"CN\""));
    }
    match LOADED.get_or_init(|| load(CN, Zone::parse("Asia/Shanghai")?)) {
        Ok(notices) => Ok(notices),
        Err(e) => err(e.code(), e.detail()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    year: i32,
    #[serde(default, deserialize_with = "some_date")]
    published: Option<Date>,
    /// Read by people: where the days come from and on what terms.
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "licence")]
    _licence: String,
    statutory_marked: bool,
    off: Vec<DayOff>,
    work: Vec<Workday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayOff {
    #[serde(deserialize_with = "date")]
    date: Date,
    #[serde(rename = "name")]
    _name: String,
    statutory: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workday {
    #[serde(deserialize_with = "date")]
    date: Date,
    #[serde(rename = "name")]
    _name: String,
}

fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    String::deserialize(from)?.parse().map_err(de::Error::custom)
}

fn some_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    date(from).map(Some)
}

fn load(files: &[&str], zone: Zone) -> error::Result<Vec<Notice>> {
    let mut notices = files.iter().map(|text| read(text, zone)).collect::<error::Result<Vec<_>>>()?;
    notices.sort_by_key(|n| (n.published, n.year));
    Ok(notices)
}

fn read(text: &str, zone: Zone) -> error::Result<Notice> {
    let broken = |what: String| Error::new(Code::Internal, format!("holiday file: {what}"));
    let file: File = toml::from_str(text).map_err(|e| broken(e.to_string()))?;
    let marked = file.statutory_marked;
    if file.off.iter().any(|d| d.statutory.is_some() != marked) {
        return Err(broken(format!("{}: a statutory flag is missing or too many", file.id)));
    }
    let off = file.off.iter().map(|d| NoticeDay { date: d.date, workday: false, statutory: d.statutory });
    let work = file.work.iter().map(|d| NoticeDay {
        date: d.date,
        workday: true,
        statutory: marked.then_some(false),
    });
    Ok(Notice {
        days: off.chain(work).collect(),
        sm3: sm3_hex(text.as_bytes()),
        year: file.year,
        // Known from the first instant of the day of publication on.
        published: file.published.map(|d| zone.midnight(d)),
        statutory_marked: marked,
        id: file.id,
    })
}
