//! What an operation is asked: the same words in the command, in Python, and as JSON in C and Java
//! (`schemas/backup-options.schema.json`). Paths are the host's; sizes are bytes.

use super::{Level, Rotation};
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
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
    /// Bytes read in a second at most, such as `50MB` or `20MiB`; left out: as fast as it goes.
    pub io_limit: Option<String>,
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
    /// Bytes read in a second at most, such as `50MB` or `20MiB`; left out: as fast as it goes.
    pub io_limit: Option<String>,
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
    /// Bytes read in a second at most, such as `50MB` or `20MiB`; left out: as fast as it goes.
    pub io_limit: Option<String>,
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
    /// Bytes read in a second at most, such as `50MB` or `20MiB`; left out: as fast as it goes.
    pub io_limit: Option<String>,
}

/// Where the sets of a contract stand: schedule, RPO, retention, what lies in their folders.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusOptions {
    /// Only this set.
    pub set: Option<String>,
    /// Folder of a set, whose sub-folders or files are its runs: set, folder.
    pub folders: BTreeMap<String, PathBuf>,
    /// Bytes read in a second at most, such as `50MB` or `20MiB`; left out: as fast as it goes.
    pub io_limit: Option<String>,
}

/// The JSON Schema of what each operation is asked: an object with one property an operation.
pub fn options_schema() -> serde_json::Value {
    #[derive(JsonSchema)]
    #[schemars(rename = "BackupOptions")]
    #[allow(dead_code, reason = "its schema is all that is wanted")]
    struct Operations {
        seal: SealOptions,
        verify: VerifyOptions,
        drill: DrillOptions,
        compare: CompareOptions,
        status: StatusOptions,
    }
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<Operations>().to_value()
}

/// Units of sizes; those of 1024 have an i.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a size: `50MB`, `64MiB`, `2GB`, or bytes without a unit. With `/s` at its end it is the same number.
///
/// # Errors
/// `bad-request` with the text: no whole number, another unit, or more than fits.
pub fn parse_size(text: &str) -> Result<u64> {
    let body = text.trim();
    let body = body.strip_suffix("/s").unwrap_or(body);
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = body.split_at(digits);
    let unit = match unit.trim_start() {
        "" => Some(1),
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor),
    };
    let size = number.parse::<u64>().ok().zip(unit).and_then(|(n, factor)| n.checked_mul(factor));
    size.ok_or_else(|| {
        Error::new(Code::BadRequest, format!("size {text:?}")).with_hints(
            "write a whole number with a unit: 50MB (a million bytes), 64MiB (1024 x 1024)",
            "请写成整数加单位：50MB（百万字节）、64MiB（1024×1024）",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact_or_refused() {
        let sizes = [("0", 0), ("7", 7), ("50MB", 50_000_000), ("50 MB/s", 50_000_000), ("64MiB", 64 << 20)];
        for (text, size) in sizes {
            assert_eq!(parse_size(text).unwrap(), size, "{text}");
        }
        for text in ["", "MB", "1.5GB", "50M", "-1", "50mb", "99999999999TB", "1 0MB"] {
            let error = parse_size(text).unwrap_err();
            assert!(error.text(crate::Lang::En).contains(&format!("{text:?}")), "{text}");
        }
    }
}
