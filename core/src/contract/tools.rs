//! The calendars of a contract, compiled once for all that is asked of it while the same holiday notices are known.

use super::Contract;
use crate::calendar::{Calendar, Days};
use crate::error::{Code, Error, Result};
use crate::time::Instant;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Calendars and holidays as known at an instant.
#[derive(Debug)]
pub(crate) struct Tools {
    calendars: BTreeMap<String, Result<Calendar>>,
    /// Workdays by the contract's own holidays.
    pub(crate) days: Days,
    /// Id and SM3 of each holiday file that decides days of the period or of the year after it.
    pub(crate) sources: Vec<(String, String)>,
    /// From then on a later notice is known.
    pub(crate) valid_until: Option<Instant>,
}

/// Tools, and the earliest instant they are known to hold for.
type Since = (Instant, Arc<Tools>);

/// What was compiled. Clones of a contract share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiled(Arc<Mutex<Vec<Since>>>);

impl Contract {
    /// # Errors
    /// `not-found` for holiday data that do not exist; a contract that was read names none.
    pub(crate) fn tools(&self, known_at: Instant) -> Result<Arc<Tools>> {
        let mut compiled = self.compiled.0.lock();
        let holds = |(from, tools): &&Since| {
            *from <= known_at && tools.valid_until.is_none_or(|until| known_at < until)
        };
        if let Some((_, tools)) = compiled.iter().find(holds) {
            return Ok(tools.clone());
        }
        let tools = Arc::new(Tools::new(self, known_at)?);
        // The same notices were known when asked for a later instant: one entry, holding from the earlier one.
        compiled.retain(|(_, old)| old.valid_until != tools.valid_until);
        compiled.push((known_at, tools.clone()));
        Ok(tools)
    }
}

impl Tools {
    fn new(contract: &Contract, known_at: Instant) -> Result<Tools> {
        let days = Days::new(contract.holidays.as_deref(), &contract.days, known_at)?;
        let mut valid_until = days.valid_until();
        let mut calendars = BTreeMap::new();
        // Clocks run on after the period, into the year after it.
        let (first, last) = contract.period_dates;
        let last = last.checked_add_days(chrono::Days::new(366)).unwrap_or(last);
        let mut sources = days.sources_between(first, last);
        for (id, spec) in &contract.calendars {
            let own = Days::new(spec.holidays.as_deref(), &contract.days, known_at)?;
            valid_until = valid_until.into_iter().chain(own.valid_until()).min();
            sources.extend(own.sources_between(first, last));
            calendars.insert(id.clone(), Calendar::new(spec, contract.zone, &own));
        }
        sources.sort();
        sources.dedup();
        Ok(Tools { calendars, days, sources, valid_until })
    }
    /// Service hours by id.
    pub(crate) fn calendar(&self, id: &str) -> Result<Calendar> {
        match self.calendars.get(id) {
            Some(Ok(calendar)) => Ok(calendar.clone()),
            Some(Err(e)) => Err(Error::new(e.code(), e.detail())),
            None => Err(Error::new(Code::NotFound, format!("calendar {id:?}"))),
        }
    }
}
