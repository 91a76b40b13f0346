//! Times as people write them into sheets: no offset, the zone is understood.

use super::Zone;
use crate::error::{Code, Error, Result};
use crate::time::{self, Instant};
use chrono::offset::LocalResult;
use chrono::{NaiveDateTime, TimeZone};

/// With four digits of the year first there is one way to read each of them.
const FORMATS: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
];

impl Zone {
    /// The instant of a local time such as `2026-03-02 08:10` or `2026/3/2 8:10:00` in this zone.
    ///
    /// # Errors
    /// `bad-time`: not such a time, or a local time that the zone's clocks skip or show twice; `out-of-range`.
    pub fn parse_local(self, text: &str) -> Result<Instant> {
        let Some(naive) = naive(text) else {
            return Err(Error::new(Code::BadTime, format!("{text:?}")));
        };
        match self.0.from_local_datetime(&naive) {
            LocalResult::Single(t) => {
                let us = t.timestamp_micros();
                time::canonical_instant(us)?;
                Ok(us)
            }
            LocalResult::Ambiguous(..) => Err(Error::new(Code::BadTime, format!("{text:?}")).with_hints(
                format!("the clocks of {} show this time twice: add the offset", self.name()),
                format!("{} 的时钟会两次显示该时间，请写明时区偏移", self.name()),
            )),
            LocalResult::None => Err(Error::new(Code::BadTime, format!("{text:?}")).with_hints(
                format!("the clocks of {} skip this time", self.name()),
                format!("{} 的时钟会跳过该时间", self.name()),
            )),
        }
    }
}

/// True for a date and time of day without an offset, in one of the forms that [`Zone::parse_local`] reads.
pub(crate) fn is_local_time(text: &str) -> bool {
    naive(text).is_some()
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let naive = FORMATS.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    naive.filter(|_| digits_of_second(text) <= 6)
}

fn digits_of_second(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn sheets_write_local_times() {
        let wanted = time::parse_instant("2026-03-02T08:10:00+08:00").unwrap();
        for text in ["2026-03-02 08:10", "2026-03-02T08:10:00", "2026/3/2 8:10", "2026/03/02 08:10:00.000000"]
        {
            assert_eq!(zone("Asia/Shanghai").parse_local(text).unwrap(), wanted, "{text}");
        }
        for bad in [
            "",
            "2026-03-02",
            "2026-02-30 08:10",
            "08:10",
            "2026-03-02 08:10:00.1234567",
            "3/2/2026 8:10",
            "1800-01-01 00:00",
        ] {
            assert!(zone("Asia/Shanghai").parse_local(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn skipped_and_doubled_times_are_refused() {
        let berlin = zone("Europe/Berlin");
        let skipped = berlin.parse_local("2026-03-29 02:30").unwrap_err();
        assert!(skipped.code() == Code::BadTime && skipped.to_string().contains("skip"), "{skipped}");
        let doubled = berlin.parse_local("2026-10-25 02:30").unwrap_err();
        assert!(doubled.code() == Code::BadTime && doubled.to_string().contains("twice"), "{doubled}");
        assert_eq!(
            berlin.parse_local("2026-10-25 03:00").unwrap(),
            time::parse_instant("2026-10-25T03:00:00+01:00").unwrap()
        );
    }
}
