//! What an operation is asked: the same words in the command, in Python, and as JSON in C and Java
//! (`schemas/backup-options.schema.json`). Paths are the host's; sizes are bytes.

use super::{Level, Rotation};
use crate::digest::Algorithm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a set holds: how its structure is checked and how it is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Files and folders.
    Files,
    /// A PostgreSQL base backup with its `backup_manifest`.
    PostgresBase,
    /// Dumps of pg_dump or pg_dumpall.
    PostgresDump,
    /// Dumps of mysqldump or mariadb-dump.
    MysqlDump,
    /// SQLite files.
    Sqlite,
    /// Archives: tar, zip, compressed files.
    Archive,
    /// Files of an engine we cannot read: digests, and the tool's own log marker.
    Opaque,
    /// Restored by the customer's own script only.
    Command,
}

/// Seals a folder as a BagIt bag.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SealOptions {
    /// The folder to seal.
    pub path: PathBuf,
    /// Where the bag goes; left out: the folder itself becomes the bag, its content moves into `data/`.
    pub into: Option<PathBuf>,
    /// The backup set of the contract.
    pub set: Option<String>,
    /// Name of this run, the subject of its facts; left out: the name of the folder.
    pub run: Option<String>,
    /// What it holds; left out: as the contract says, else `files`.
    pub kind: Option<Kind>,
    /// Digests of the manifests; left out: SM3 and SHA-256.
    pub algorithms: Vec<Algorithm>,
    /// Files longer than this get a list of chunks, bytes; left out: 64 MiB.
    pub chunks_from: Option<u64>,
    /// SM2 private key (PEM, PKCS #8) that signs the tag manifest.
    pub key: Option<PathBuf>,
    /// The database that was backed up, `postgresql://…`, `mariadb://…` or `sqlite:PATH`: its counts and row digests are
    /// recorded in the bag, for drills.
    pub source: Option<String>,
    /// A command, run by the shell inside the snapshot that `source` is read in (its id in `OPSLEDGER_SNAPSHOT`), that writes the
    /// backup into `path` before it is sealed.
    pub command: Option<String>,
    /// More lines for `bag-info.txt`.
    pub info: BTreeMap<String, String>,
}

/// Checks a set.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyOptions {
    /// A bag, a PostgreSQL base backup, a folder or file with a check file, or a file.
    pub path: PathBuf,
    /// The backup set of the contract.
    pub set: Option<String>,
    /// Name of the run; left out: what the bag says, else the name of the folder.
    pub run: Option<String>,
    /// What it holds; left out: what the bag or the contract says, else found by looking.
    pub kind: Option<Kind>,
    /// How deep, L1 or L2; left out: L2.
    pub level: Option<Level>,
    /// A check file of `cksum`, `sha256sum` or `openssl`, where the set is no bag.
    pub check_file: Option<PathBuf>,
    /// SM2 public key (PEM) that the tag manifest must be signed with.
    pub key: Option<PathBuf>,
    /// SM3 of the tag manifest as it was recorded elsewhere: the set must be that one.
    pub manifest_sm3: Option<String>,
    /// `n/t`: read n of t parts, beginning where the last run of this manifest ended.
    pub sample: Option<String>,
    /// Where the rotation of `sample` stands, as the report of the last run said; left out: as `state` says, else its beginning.
    pub rotation: Option<Rotation>,
    /// Where the rotation of `sample` is remembered when there is no ledger.
    pub state: Option<PathBuf>,
    /// Paths (and all below them) that are left out, and listed as not covered.
    pub ignore: Vec<String>,
    /// Stops at the first problem.
    pub first: bool,
    /// Where a base backup's WAL lies, if not in its `pg_wal`.
    pub wal: Option<PathBuf>,
    /// WAL is not read, and listed as not covered.
    pub no_wal: bool,
    /// The log of the tool that made it, and what its last lines must say (`opaque`).
    pub log: Option<PathBuf>,
    /// What the log says at the end of a good run.
    pub log_marker: Option<String>,
}

/// Restores a set into a scratch target.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrillOptions {
    /// The set: a bag, a base backup, a dump, a SQLite file.
    pub path: PathBuf,
    /// The backup set of the contract.
    pub set: Option<String>,
    /// Name of the run.
    pub run: Option<String>,
    /// What it holds; left out: what the bag or the contract says, else found by looking.
    pub kind: Option<Kind>,
    /// Where the scratch target is made: a folder that is empty or does not exist; left out: below the system's temporary folder.
    pub scratch: Option<PathBuf>,
    /// A running server to restore into, instead of one of the drill's own: the database must be empty.
    pub target: Option<String>,
    /// Sources that are in use: a target that is one of them is refused.
    pub sources: Vec<String>,
    /// Where the engine's programs lie; left out: `PATH` and the places of Debian.
    pub programs: Option<PathBuf>,
    /// WAL beyond the base backup's own.
    pub wal: Option<PathBuf>,
    /// `command`: what the shell runs; it gets `OPSLEDGER_SET` and `OPSLEDGER_SCRATCH`, and may print `count NAME NUMBER` lines.
    pub command: Option<String>,
    /// What the counts must be, where no bag says so: table or name, rows.
    pub counts: BTreeMap<String, u64>,
    /// The longest it may take, a duration such as `4h`; left out: what the contract says.
    pub rto: Option<String>,
    /// Keeps the scratch target also when it passed.
    pub keep: bool,
}

/// Compares two databases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompareOptions {
    /// The platform: `postgresql://…`, `mariadb://…` or `sqlite:PATH`.
    pub platform: String,
    /// The standby.
    pub standby: String,
    /// The backup set of the contract.
    pub set: Option<String>,
    /// Name of this comparison, the subject of its fact.
    pub run: Option<String>,
    /// Tables (`schema.table`); empty: all.
    pub tables: Vec<String>,
    /// Tables left out, and listed as not covered.
    pub ignore: Vec<String>,
    /// How long to wait before differing rows are read again, a duration; left out: `5s`.
    pub recheck: Option<String>,
    /// Differing rows named at most, for each table; left out: 100.
    pub rows: Option<u64>,
    /// Where the engine's programs lie.
    pub programs: Option<PathBuf>,
}

/// Where the sets of a contract stand: schedule, RPO, retention, what lies in their folders.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusOptions {
    /// Only this set.
    pub set: Option<String>,
    /// Folder of a set, whose sub-folders or files are its runs: set, folder.
    pub folders: BTreeMap<String, PathBuf>,
}
