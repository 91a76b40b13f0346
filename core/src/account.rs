//! Contract, ledger (or loose facts) and books: what a host holds in its hand.

use crate::assess::{Ask, Assessment, Budget, OutageRow};
use crate::contract::Contract;
use crate::error::{Code, Result, err};
#[cfg(feature = "ledger")]
use crate::ledger::Ledger;
use std::sync::Arc;

/// The books of one contract. `Send + Sync`; locks inside.
pub struct Account {
    contract: Arc<Contract>,
}

impl Account {
    /// An account of loose facts.
    pub fn new(contract: Arc<Contract>) -> Account {
        Account { contract }
    }
    /// An account that follows a ledger: every question first reads what was appended since. Without `contract`, the one the
    /// ledger adopted (`contract.adopt`).
    ///
    /// # Errors
    /// `not-found` when the ledger adopted no contract; whatever reading it may answer.
    #[cfg(feature = "ledger")]
    pub fn open(_contract: Option<Arc<Contract>>, _ledger: Ledger) -> Result<Account> {
        err(Code::Unsupported, "account")
    }
    /// The contract in force.
    pub fn contract(&self) -> Arc<Contract> {
        self.contract.clone()
    }
    /// Adds facts as JSON Lines (blank lines are skipped), each with its stated `recorded_at` (absent: its `at`), in that
    /// order. All or none. Returns how many.
    ///
    /// # Errors
    /// Category input (with the line as row); facts that contradict the record become faults and are no error here;
    /// `bad-request` on an account that follows a ledger.
    pub fn add(&self, _jsonl: &str) -> Result<u64> {
        err(Code::Unsupported, "account")
    }
    /// The flat figures.
    ///
    /// # Errors
    /// `as-of-after-known-at`; with a ledger, whatever reading it may answer.
    pub fn budget(&self, _ask: &Ask) -> Result<Budget> {
        err(Code::Unsupported, "account")
    }
    /// The assessment document.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn assess(&self, _ask: &Ask) -> Result<Assessment> {
        err(Code::Unsupported, "account")
    }
    /// Every outage that shares an instant with the service period, counted or not, by start.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn outages(&self, _ask: &Ask) -> Result<Vec<OutageRow>> {
        err(Code::Unsupported, "account")
    }
}
