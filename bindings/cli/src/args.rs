//! The grammar: `opsledger VERB [FILES] [options]`. The help texts are in `help.rs`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "opsledger", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) contract: Option<PathBuf>,
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, value_enum, hide_possible_values = true, value_name = "zh|en")]
    pub(crate) lang: Option<Tongue>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Tongue {
    Zh,
    En,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    Init(Init),
    Append(Append),
    Import(Import),
    Show(Show),
    Assess(Assess),
    Verify,
    Sql(Sql),
    Snapshot(Snapshot),
    Export(Export),
    Calendar(Calendar),
    Form(Form),
    Confirm(Confirm),
    Report(Report),
    Due(Due),
    Explain(Explain),
    Lint(Lint),
    Diff(Diff),
    Register(Register),
    Backup(Backup),
    Completions(Completions),
    Schema(Schema),
}

#[derive(Args)]
pub(crate) struct Init {
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
pub(crate) struct Append {
    #[arg(value_name = "FACTS")]
    pub(crate) facts: PathBuf,
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
#[command(subcommand_required = true)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) source: Source,
}

#[derive(Subcommand)]
pub(crate) enum Source {
    Csv(ImportCsv),
    Sheet(ImportSheet),
}

#[derive(Args)]
pub(crate) struct ImportSheet {
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "OUT.xlsx")]
    pub(crate) preview: Option<PathBuf>,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long, value_name = "NAME")]
    pub(crate) person: Option<String>,
    #[arg(long, value_name = "PARTY")]
    pub(crate) party: Option<String>,
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
pub(crate) struct Form {
    #[arg(value_name = "FAMILY", required = true)]
    pub(crate) families: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[arg(long, value_name = "N", conflicts_with = "month")]
    pub(crate) rows: Option<u32>,
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: Option<String>,
    #[arg(long, value_name = "PARTY", requires = "month")]
    pub(crate) party: Option<String>,
}

#[derive(Args)]
pub(crate) struct Confirm {
    #[arg(long, value_name = "SHEET")]
    pub(crate) from: PathBuf,
    #[arg(long, value_name = "NAME")]
    pub(crate) person: String,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
pub(crate) struct ImportCsv {
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    #[arg(long)]
    pub(crate) lenient: bool,
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
pub(crate) struct Show {
    #[arg(value_name = "SEQ")]
    pub(crate) seqs: Vec<u64>,
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    #[arg(long, value_name = "T")]
    pub(crate) until: Option<String>,
    #[arg(long, value_name = "SEQ", conflicts_with = "tail")]
    pub(crate) from: Option<u64>,
    #[arg(long, value_name = "N", default_value_t = 20, hide_default_value = true)]
    pub(crate) tail: u64,
    #[arg(long, conflicts_with_all = ["tail", "from"])]
    pub(crate) all: bool,
}

/// What an assessment is asked.
#[derive(Args)]
pub(crate) struct Ask {
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    #[arg(long, value_name = "T")]
    pub(crate) known_at: Option<String>,
    #[arg(long, value_name = "SEQ")]
    pub(crate) head: Option<u64>,
    #[arg(long, value_enum, default_value_t = View::Agreed, hide_possible_values = true, hide_default_value = true, value_name = "agreed|claimed")]
    pub(crate) view: View,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ledger", "head"])]
    pub(crate) facts: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum View {
    Agreed,
    Claimed,
}

#[derive(Args)]
pub(crate) struct Assess {
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args)]
pub(crate) struct Report {
    #[arg(value_name = "monthly|incident|ledger|roster|acceptance")]
    pub(crate) kind: Option<String>,
    #[arg(long, value_name = "FILE|DIR", required_unless_present = "kind")]
    pub(crate) out: Option<PathBuf>,
    #[arg(long, value_name = "YYYY-MM", requires = "kind")]
    pub(crate) month: Option<String>,
    #[arg(long, value_name = "SUBJECT", requires = "kind")]
    pub(crate) subject: Option<String>,
    #[arg(long, value_name = "docx,xlsx,html", value_delimiter = ',', requires = "kind")]
    pub(crate) format: Vec<String>,
    #[arg(long, requires = "kind", conflicts_with = "facts")]
    pub(crate) issue: bool,
    #[arg(long, value_name = "NAME", requires = "issue")]
    pub(crate) person: Option<String>,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args)]
pub(crate) struct Due {
    #[arg(long, value_name = "DURATION", default_value = "7d", hide_default_value = true)]
    pub(crate) within: String,
    #[arg(long, value_name = "FILE", conflicts_with = "roster")]
    pub(crate) ical: Option<PathBuf>,
    #[arg(long)]
    pub(crate) roster: bool,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args)]
pub(crate) struct Explain {
    #[arg(value_name = "CLAUSE")]
    pub(crate) clause: String,
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args)]
pub(crate) struct Lint {
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

/// What two assessments are asked: an option once means both, twice the one and the other.
#[derive(Args)]
pub(crate) struct Diff {
    #[arg(long, value_name = "T")]
    pub(crate) known_at: Vec<String>,
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Vec<String>,
    #[arg(long, value_name = "SEQ")]
    pub(crate) head: Vec<u64>,
    #[arg(long, value_enum, hide_possible_values = true, value_name = "agreed|claimed")]
    pub(crate) view: Vec<View>,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ledger", "head"])]
    pub(crate) facts: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Register {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args)]
pub(crate) struct Sql {
    #[arg(value_name = "QUERY")]
    pub(crate) query: String,
}

#[derive(Args)]
pub(crate) struct Snapshot {
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Export {
    #[arg(long, value_name = "SEQ", default_value_t = 1, hide_default_value = true)]
    pub(crate) from: u64,
}

#[derive(Args)]
#[command(subcommand_required = true)]
pub(crate) struct Calendar {
    #[command(subcommand)]
    pub(crate) question: Question,
}

#[derive(Subcommand)]
pub(crate) enum Question {
    Between(Between),
    Add(Add),
}

#[derive(Args)]
pub(crate) struct Between {
    #[arg(value_name = "START")]
    pub(crate) start: String,
    #[arg(value_name = "END")]
    pub(crate) end: String,
    #[command(flatten)]
    pub(crate) hours: Hours,
}

#[derive(Args)]
pub(crate) struct Add {
    #[arg(value_name = "START")]
    pub(crate) start: String,
    #[arg(value_name = "DURATION")]
    pub(crate) duration: String,
    #[command(flatten)]
    pub(crate) hours: Hours,
}

/// Which service hours.
#[derive(Args)]
pub(crate) struct Hours {
    #[arg(long, value_name = "ID", default_value = "7x24", hide_default_value = true)]
    pub(crate) calendar: String,
    #[arg(long, value_name = "T")]
    pub(crate) known_at: Option<String>,
}

#[derive(Args)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct Schema {
    #[arg(value_enum)]
    pub(crate) document: Document,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    Contract,
    Assessment,
    BackupReport,
    BackupOptions,
}

#[derive(Args)]
#[command(subcommand_required = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    pub(crate) operation: Operation,
}

#[derive(Subcommand)]
pub(crate) enum Operation {
    Seal(Seal),
    Verify(Check),
    Drill(Drill),
    Compare(Compare),
    Status(Standing),
}

/// What every operation takes.
#[derive(Args)]
pub(crate) struct Common {
    #[arg(long, value_name = "ID")]
    pub(crate) set: Option<String>,
    #[arg(long, value_name = "SIZE")]
    pub(crate) io_limit: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// What a set holds and which of its runs it is.
#[derive(Args)]
pub(crate) struct Which {
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<String>,
    #[arg(long, value_name = "KIND", value_parser = KINDS, hide_possible_values = true)]
    pub(crate) kind: Option<String>,
}

const KINDS: [&str; 8] =
    ["files", "postgres-base", "postgres-dump", "mysql-dump", "sqlite", "archive", "opaque", "command"];

#[derive(Args)]
pub(crate) struct Seal {
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) algorithms: Vec<String>,
    #[arg(long, value_name = "SIZE")]
    pub(crate) chunks_from: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    #[arg(long, value_name = "DATABASE")]
    pub(crate) source: Option<String>,
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: Option<String>,
    #[arg(long, value_name = "NAME=TEXT")]
    pub(crate) info: Vec<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args)]
pub(crate) struct Check {
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[arg(long, value_name = "L1|L2", ignore_case = true, value_parser = ["L1", "L2"], hide_possible_values = true)]
    pub(crate) level: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) check_file: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    #[arg(long, value_name = "SM3")]
    pub(crate) manifest_sm3: Option<String>,
    #[arg(long, value_name = "N/T")]
    pub(crate) sample: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    #[arg(long, value_name = "PATH")]
    pub(crate) ignore: Vec<String>,
    #[arg(long)]
    pub(crate) first: bool,
    #[arg(long, value_name = "DIR")]
    pub(crate) wal: Option<PathBuf>,
    #[arg(long, conflicts_with = "wal")]
    pub(crate) no_wal: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    #[arg(long, value_name = "TEXT")]
    pub(crate) log_marker: Option<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args)]
pub(crate) struct Drill {
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    #[arg(long, value_name = "DATABASE")]
    pub(crate) target: Option<String>,
    #[arg(long, value_name = "DATABASE")]
    pub(crate) source: Vec<String>,
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(crate) wal: Option<PathBuf>,
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: Option<String>,
    #[arg(long, value_name = "NAME=ROWS")]
    pub(crate) count: Vec<String>,
    #[arg(long, value_name = "DURATION")]
    pub(crate) rto: Option<String>,
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args)]
pub(crate) struct Compare {
    #[arg(value_name = "PLATFORM")]
    pub(crate) platform: String,
    #[arg(value_name = "STANDBY")]
    pub(crate) standby: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<String>,
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Vec<String>,
    #[arg(long, value_name = "TABLE")]
    pub(crate) ignore: Vec<String>,
    #[arg(long, value_name = "DURATION")]
    pub(crate) recheck: Option<String>,
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<u64>,
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args)]
pub(crate) struct Standing {
    #[arg(long, value_name = "SET=DIR")]
    pub(crate) folder: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}
