//! Backups: sealed, checked, restored in drills, compared with the standby. In: folders, files, engines, and what is asked of
//! them. Out: a [`Report`] with a verdict, every problem and what was covered, and the facts it states. Nothing is ever
//! deleted, and what is checked is never written to. Knows nothing of clauses: the rule `backup` judges the facts.

mod bag;
mod check_file;
mod chunks;
mod compare;
mod content;
mod drill;
pub mod files;
mod options;
mod path;
mod pg;
mod record;
mod report;
mod run;
mod sample;
mod seal;
mod sign;
mod source;
mod status;
mod structure;
mod verify;
mod watch;

pub use compare::{CompareDetail, Held, Side, TableDetail, compare};
pub use drill::{DrillDetail, DrillStep, DrillTable, drill};
pub use options::{
    CompareOptions, DrillOptions, Kind, SealOptions, StatusOptions, VerifyOptions, options_schema, parse_size,
};
pub use report::{
    Check, Coverage, Level, PROBLEMS, Problem, ProblemKind, Report, Uncovered, Verdict, Weight, report_schema,
};
pub use run::{OPERATIONS, run};
pub use sample::Rotation;
pub use seal::{SealDetail, seal};
pub use source::{Fingerprint, LeftOut, SequencePrint, TablePrint, Why};
pub use status::{SetStatus, StatusDetail};
pub use verify::verify;
pub use watch::{Progress, Shared, Watch};
