//! Backups: sealed, checked, restored in drills, compared with the standby. In: folders, files, engines, and what is asked of
//! them. Out: a [`Report`] with a verdict, every problem and what was covered, and the facts it states. Nothing is ever
//! deleted, and what is checked is never written to. Knows nothing of clauses: the rule `backup` judges the facts.

mod bag;
mod compare;
mod drill;
mod files;
mod options;
mod pg;
mod report;
mod seal;
mod source;
mod structure;
mod verify;
mod watch;

pub use compare::{CompareDetail, Held, Side, TableDetail, compare};
pub use drill::{DrillDetail, drill};
pub use options::{CompareOptions, DrillOptions, Kind, SealOptions, StatusOptions, VerifyOptions};
pub use report::{
    Check, Coverage, Level, PROBLEMS, Problem, ProblemKind, Report, Uncovered, Verdict, Weight,
};
pub use seal::{SealDetail, seal};
pub use source::{Fingerprint, LeftOut, SequencePrint, TablePrint, Why};
pub use verify::verify;
pub use watch::{Progress, Shared, Watch};
