//! What an operation found: a public document (`schemas/backup-report.schema.json`).

use super::{CompareDetail, DrillDetail, Fingerprint, Rotation, SealDetail, StatusDetail};
use crate::error::Lang;
use crate::time::Instant;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Problems listed at most; `problems_total` counts them all.
pub(super) const MAX_PROBLEMS: usize = 10_000;

/// How deep a check went.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum Level {
    /// On schedule: the newest within RPO, retention complete, size within trend.
    L0,
    /// Names, sizes, digests, signature.
    L1,
    /// Structure: dumps and archives to the very last byte, WAL range, SQLite's own checks.
    L2,
    /// Restored with the real engine.
    L3,
    /// Compared with the standby.
    L4,
}

/// The outcome. Two would not do: what could not be checked is neither sound nor damaged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything asked for was checked and is sound.
    Pass,
    /// Sound, with something to look at.
    PassWithRemarks,
    /// It could not be checked: no digest, unreadable, nothing read.
    Unverifiable,
    /// It changed, grew or vanished while it was read: check again.
    UnstableRead,
    /// Damaged, incomplete or different.
    Fail,
}

/// What a problem does to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Pass with remarks.
    Remark,
    /// Unverifiable.
    Unverifiable,
    /// Unstable read.
    Unstable,
    /// Fail.
    Fail,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $weight:ident, $en:literal, $zh:literal;)*) => {
        /// The kind of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ProblemKind { $(#[doc = $en] $name,)* }
        /// The table: every kind with its stable name, weight and texts.
        pub const PROBLEMS: &[(ProblemKind, &str, Weight, &str, &str)] =
            &[$((ProblemKind::$name, $id, Weight::$weight, $en, $zh),)*];
        impl ProblemKind {
            /// Stable name, as it stands in JSON.
            pub fn name(self) -> &'static str { match self { $(ProblemKind::$name => $id,)* } }
            /// What it does to the verdict.
            pub fn weight(self) -> Weight { match self { $(ProblemKind::$name => Weight::$weight,)* } }
            /// What is wrong, in words.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) { $((ProblemKind::$name, Lang::En) => $en, (ProblemKind::$name, Lang::Zh) => $zh,)* }
            }
        }
    };
}

// Names are part of the public document: they are never changed, only added.
problems! {
    // the set and its files
    MissingOnDisk = "missing-on-disk", Fail, "listed, and not there", "清单中有，但不存在";
    ExtraOnDisk = "extra-on-disk", Fail, "there, and not listed", "存在，但清单中没有";
    SizeMismatch = "size-mismatch", Fail, "the size is another", "大小不符";
    ChecksumMismatch = "checksum-mismatch", Fail, "the content is another", "内容不符（摘要不一致）";
    UnsafePath = "unsafe-path", Fail, "the path leaves the set, or is unsafe on some system", "路径越出备份集，或在某些系统上不安全";
    LinkRefused = "link-refused", Fail, "a link stands where a file should be", "应为文件之处是链接";
    NotAFile = "not-a-file", Fail, "neither a file nor a folder", "既不是文件也不是目录";
    CannotRead = "cannot-read", Unverifiable, "it cannot be read", "无法读取";
    Vanished = "vanished", Unstable, "it vanished while it was read", "读取过程中消失";
    ChangedWhileRead = "changed-while-read", Unstable, "it changed while it was read", "读取过程中发生变化";
    NothingRead = "nothing-read", Unverifiable, "nothing was read, so nothing was checked", "未读取任何内容，因而未作校验";
    NoDigest = "no-digest", Unverifiable, "no digest to check it against", "没有可供比对的摘要";
    WeakDigest = "weak-digest", Remark, "checked by a weak digest only (MD5, SHA-1, CRC-32C): it finds accidents, not intent", "仅用弱摘要校验（MD5、SHA-1、CRC-32C）：只能发现意外，不能发现蓄意";
    // the manifest
    ManifestMissing = "manifest-missing", Fail, "the manifest is missing", "缺少清单";
    ManifestBroken = "manifest-broken", Fail, "the manifest cannot be read", "清单无法读取";
    ManifestChanged = "manifest-changed", Fail, "the manifest does not agree with its own digest", "清单与其自身摘要不符";
    ManifestNotRecorded = "manifest-not-recorded", Fail, "this is not the set that was recorded: the digest of its manifest is another", "不是所记录的备份集：清单的摘要与记录不符";
    ManifestForm = "manifest-form", Remark, "the manifest is not in the form of the standard", "清单格式不完全符合标准";
    DuplicateEntry = "duplicate-entry", Fail, "listed twice", "清单中重复列出";
    NotInEveryManifest = "not-in-every-manifest", Fail, "not listed in every manifest", "未列入每一份清单";
    UnknownAlgorithm = "unknown-algorithm", Remark, "the algorithm of this manifest is not known here, so it was not used", "不支持该清单的摘要算法，未予使用";
    UnlistedTagFile = "unlisted-tag-file", Remark, "no tag manifest lists it, so nothing protects it", "未列入标签清单，不受保护";
    NameDiffers = "name-differs", Remark, "the name is spelt otherwise on disk", "磁盘上的文件名写法不同";
    NotFetched = "not-fetched", Fail, "listed to be fetched from elsewhere, and not there: the set is incomplete", "须另行获取的文件尚未取得，备份集不完整";
    OxumMismatch = "oxum-mismatch", Fail, "the bytes and files in all (Payload-Oxum) are others", "总字节数或文件数（Payload-Oxum）不符";
    ChunkMismatch = "chunk-mismatch", Fail, "the content is another in this chunk", "该分块内容不符";
    ChunkListWrong = "chunk-list-wrong", Fail, "the list of chunks does not agree with the file's own digest", "分块清单与文件自身摘要不一致";
    ReadDiffers = "read-differs", Unstable, "two reads gave two contents: memory, a cable, or somebody writing", "两次读取内容不一致：内存、线缆故障或正在被写入";
    OtherSet = "other-set", Fail, "it is a backup of another set", "属于另一备份集";
    LogMarkerMissing = "log-marker-missing", Fail, "the tool's log does not end as a good run does", "备份工具日志末尾没有成功标记";
    Unsigned = "unsigned", Remark, "not signed: a manifest that anyone can recompute proves nothing against a person", "未签名：任何人都能重算的清单不能证明未被人为改动";
    SignatureWrong = "signature-wrong", Fail, "the signature does not fit", "签名不符";
    SignatureMissing = "signature-missing", Fail, "there should be a signature, and there is none", "应有签名而没有";
    SignatureNotChecked = "signature-not-checked", Remark, "there is a signature, and it was not checked", "存在签名，但未作校验";
    SignerUnknown = "signer-unknown", Remark, "signed by a key that only the set itself names: name the key that is expected", "签名密钥仅由备份集自身给出：请指定应有的公钥";
    // structure
    Empty = "empty", Fail, "it is empty", "文件为空";
    Cut = "cut", Fail, "it ends before its end", "不完整：在结尾之前中断";
    TrailingBytes = "trailing-bytes", Fail, "there is something behind its end", "结尾之后另有内容";
    LeadingBytes = "leading-bytes", Fail, "there is something before its start", "开头之前另有内容";
    ArchiveDamaged = "archive-damaged", Fail, "the archive is damaged", "归档或压缩文件已损坏";
    Encrypted = "encrypted", Unverifiable, "members are encrypted and cannot be looked into", "成员已加密，无法查看";
    NoSums = "no-sums", Remark, "the format carries no sums of its content: only a digest made in time finds a flipped bit", "该格式不含内容校验和：只有当时生成的摘要才能发现位翻转";
    TooDeep = "too-deep", Unverifiable, "compressed in compressed more often than is looked into", "压缩嵌套过深，未继续查看";
    OtherFormat = "other-format", Fail, "it is not what the set should hold", "不是该备份集应有的格式";
    DumpDamaged = "dump-damaged", Fail, "the dump is damaged", "转储文件已损坏";
    NoEndMark = "no-end-mark", Fail, "the dump's end mark is missing: it was cut, or the dump failed", "缺少转储结束标记：被截断或转储失败";
    NoEndMarkWritten = "no-end-mark-written", Unverifiable, "the dump was made without an end mark: that it is whole only a restore shows", "转储时未写结束标记：是否完整只能由恢复演练证明";
    TokenMismatch = "token-mismatch", Fail, "the token at the dump's end is not that of its head", "转储末尾的令牌与开头不一致";
    DatabaseDamaged = "database-damaged", Fail, "the database's own check found damage", "数据库自检发现损坏";
    DatabaseUnsettled = "database-unsettled", Remark, "changes lie beside it that are not in it yet", "旁边有尚未并入的改动（WAL 或日志）";
    ForeignKey = "foreign-key", Remark, "a row refers to one that is not there", "外键所指的行不存在";
    LiveLedger = "live-ledger", Unverifiable, "a live ledger is not read here: back up its snapshot", "不读取使用中的台账：请备份其快照";
    // drills
    DrillImpossible = "drill-impossible", Unverifiable, "a drill is not possible here", "此处无法进行恢复演练";
    EngineVersion = "engine-version", Unverifiable, "the version of the engine that the set needs is not installed here", "本机未安装备份集所需的数据库版本";
    SetDamaged = "set-damaged", Fail, "the set is damaged, so nothing was restored", "备份集已损坏，未进行恢复";
    RestoreFailed = "restore-failed", Fail, "the restore stopped at an error", "恢复因错误而中止";
    EngineCheckFailed = "engine-check-failed", Fail, "the engine's own check of the restored data found damage", "数据库引擎对恢复数据的自检发现损坏";
    EngineWarning = "engine-warning", Remark, "the engine gave a warning", "数据库引擎给出警告";
    InvalidIndex = "invalid-index", Remark, "an index is not valid", "索引处于无效状态";
    NotValidated = "not-validated", Remark, "a constraint was never validated", "约束未经验证";
    RestoredTableMissing = "restored-table-missing", Fail, "a table recorded at backup time was not restored", "备份时登记的表未被恢复";
    RestoredTableExtra = "restored-table-extra", Remark, "a table was restored that was not recorded at backup time", "恢复出备份时未登记的表";
    RestoredCount = "restored-count", Fail, "the number of rows restored is another", "恢复的行数不符";
    RestoredRows = "restored-rows", Fail, "as many rows were restored, but other ones", "恢复的行数相同，但内容不同";
    RestoredSchema = "restored-schema", Fail, "the table restored has other columns, keys or indexes", "恢复的表结构（列、键、索引）不同";
    RestoredSequence = "restored-sequence", Remark, "a sequence is behind where it was at backup time: it may give out values again", "序列值落后于备份时：可能重复发号";
    NothingExpected = "nothing-expected", Remark, "it was restored, but nothing is recorded to compare it with", "已恢复，但没有可供比对的登记值";
    RtoExceeded = "rto-exceeded", Fail, "the restore took longer than the recovery time objective", "恢复用时超过恢复时间目标（RTO）";
    // platform and standby
    NotOnePoint = "not-one-point", Remark, "the two were not read at one point; rows that differed were read again", "两侧并非在同一时点读取；有差异的行已复读";
    StandbyLags = "standby-lags", Remark, "the standby had not reached the platform's point when the wait was over", "等待时限内备库未追上平台的时点";
    NotInSnapshot = "not-in-snapshot", Remark, "the table's engine takes part in no snapshot", "该表的存储引擎不参与一致性快照";
    TableMissing = "table-missing", Fail, "the standby lacks the table", "备库缺少该表";
    TableExtra = "table-extra", Fail, "the standby has a table that the platform lacks", "备库有平台所没有的表";
    SchemaDiffers = "schema-differs", Fail, "the table's definition is another", "表结构不一致";
    RowsDiffer = "rows-differ", Fail, "the table's rows are others", "表的数据不一致";
    RowMissing = "row-missing", Fail, "the standby lacks the row", "备库缺少该行";
    RowExtra = "row-extra", Fail, "the standby has a row that the platform lacks", "备库有平台所没有的行";
    RowDiffers = "row-differs", Fail, "the row's content is another", "该行内容不一致";
    RowsUnsettled = "rows-unsettled", Unstable, "rows that were written meanwhile differed each time they were read", "比对期间被改写的行每次读取都不一致，未能确认";
    SequenceBehind = "sequence-behind", Fail, "the standby's sequence would give out numbers again", "备库的序列落后，会重复发号";
    SequenceMissing = "sequence-missing", Fail, "the standby lacks the sequence", "备库缺少该序列";
    ExtensionDiffers = "extension-differs", Remark, "the extension is there in another version", "扩展的版本不一致";
    ExtensionMissing = "extension-missing", Fail, "the standby lacks the extension", "备库缺少该扩展";
    IndexInvalid = "index-invalid", Remark, "the index is invalid", "索引无效";
    ConstraintNotValidated = "constraint-not-validated", Remark, "the constraint was never checked against the rows there are", "约束尚未对已有数据验证";
    // where a set stands
    NoRun = "no-run", Fail, "no backup of the set that is not known to be bad", "该备份集没有可用的备份";
    RpoExceeded = "rpo-exceeded", Fail, "the newest good backup is older than the RPO", "最近有效备份早于 RPO 要求";
    RunMissing = "run-missing", Fail, "retention says it should be there, and it is not", "按保留期应在库而不在";
    SizeTrend = "size-trend", Remark, "less than half of the usual size", "大小不足以往的一半";
    VerifyOverdue = "verify-overdue", Remark, "a verification is overdue", "校验已逾期";
    DrillOverdue = "drill-overdue", Remark, "a restore drill is overdue", "恢复演练已逾期";
    // base backups
    SystemIdentifierMismatch = "system-identifier-mismatch", Fail, "the manifest is of another cluster than the control file", "清单与控制文件不属于同一数据库集群";
    PgControlBroken = "pg-control-broken", Fail, "the control file does not agree with its own checksum", "控制文件与其自身校验和不符";
    TablespaceLost = "tablespace-lost", Fail, "the link of a tablespace leads nowhere", "表空间链接指向的目录不存在";
    IncrementalBackup = "incremental-backup", Remark, "an incremental backup: it restores only together with those before it (pg_combinebackup)", "增量备份：须与此前的备份合并（pg_combinebackup）才能恢复";
    ArchiveBroken = "archive-broken", Fail, "the archive cannot be read to its end", "归档无法读取到末尾";
    WalMissing = "wal-missing", Fail, "WAL that a restore needs is missing", "缺少恢复所需的 WAL";
    WalBroken = "wal-broken", Fail, "WAL that a restore needs cannot be read", "恢复所需的 WAL 已损坏";
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// Where, below the set's folder; empty: the set itself.
    pub path: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What is there.
    pub found: Option<String>,
    /// Where in the file, bytes from its start.
    pub at: Option<u64>,
    /// More, in words that need no translation: an engine's own message, a value.
    pub detail: Option<String>,
}

impl Problem {
    /// A problem at a path.
    pub fn new(kind: ProblemKind, path: impl Into<String>) -> Problem {
        Problem { kind, path: path.into(), expected: None, found: None, at: None, detail: None }
    }
    /// Adds what should be there and what is.
    #[must_use]
    pub fn with(mut self, expected: impl ToString, found: impl ToString) -> Problem {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }
    /// Adds where in the file, bytes.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Problem {
        self.at = Some(offset);
        self
    }
    /// Adds words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }
}

/// A problem as it stands in JSON.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "Problem")]
struct Shown<'a> {
    /// Its kind, a stable name.
    kind: &'static str,
    /// What it does to the verdict.
    weight: Weight,
    /// Where, below the set's folder; empty: the set itself.
    path: &'a str,
    /// What should be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    /// Where in the file, bytes from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    /// More, in words that need no translation.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The kind in words, Chinese.
    zh: &'static str,
    /// The kind in words, English.
    en: &'static str,
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Shown {
            kind: self.kind.name(),
            weight: self.kind.weight(),
            path: &self.path,
            expected: self.expected.as_deref(),
            found: self.found.as_deref(),
            at: self.at,
            detail: self.detail.as_deref(),
            zh: self.kind.text(Lang::Zh),
            en: self.kind.text(Lang::En),
        }
        .serialize(s)
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Check {
    /// How deep it goes.
    pub level: Level,
    /// What was checked: `manifest-sm3`, `wal-range`, `pg-dump`.
    pub name: String,
    /// The file, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What was counted or measured, as text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, String>,
}

/// What no check of this operation looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Uncovered {
    /// Where, below the set's folder.
    pub path: String,
    /// Why, Chinese.
    pub zh: String,
    /// Why, English.
    pub en: String,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Coverage {
    /// Files of the set.
    pub files: u64,
    /// Files whose whole content was read and compared with a digest.
    pub files_read: u64,
    /// Bytes of the set.
    pub bytes: u64,
    /// Bytes read and compared.
    pub bytes_read: u64,
    /// What is left out, and why.
    pub not_covered: Vec<Uncovered>,
}

/// The report of one operation.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// Version of this document.
    pub format: u32,
    /// `seal`, `verify`, `drill`, `compare` or `status`.
    pub operation: &'static str,
    /// The backup set of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The run: the subject of its facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Where it lies, as the caller named it.
    pub path: String,
    /// How deep it went.
    pub level: Level,
    /// The outcome; see [`Report::verdict`].
    pub verdict: Verdict,
    /// When it began.
    #[serde(serialize_with = "instant")]
    #[schemars(with = "String")]
    pub started: Instant,
    /// When it ended.
    #[serde(serialize_with = "instant")]
    #[schemars(with = "String")]
    pub finished: Instant,
    /// What was looked at.
    pub coverage: Coverage,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What is wrong, in the order it was found; at most [`MAX_PROBLEMS`].
    #[schemars(with = "Vec<Shown<'static>>")]
    pub problems: Vec<Problem>,
    /// How many there are.
    pub problems_total: u64,
    /// The digest that stands for the whole set: SM3 of `tagmanifest-sm3.txt`, else of the manifest it was checked by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_sm3: Option<String>,
    /// Who signed, where a signature was checked: the key's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What the database held when it was sealed, or holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Fingerprint>,
    /// Of `verify` with `sample`: where the rotation stands after this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Of `seal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealDetail>,
    /// Of `drill`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillDetail>,
    /// Of `compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareDetail>,
    /// Of `status`: where each set stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusDetail>,
    /// The worst problem so far, those included that the list has no room for.
    #[serde(skip)]
    worst: Verdict,
    /// The entries that it became, where a ledger was given.
    #[serde(skip)]
    pub entries: Vec<u64>,
    /// Why it did not become entries: the check itself ended, and its outcome is above.
    #[serde(skip)]
    pub not_recorded: Option<crate::Error>,
}

fn instant<S: Serializer>(t: &Instant, s: S) -> Result<S::Ok, S::Error> {
    // A clock beyond the years that text can hold: microseconds.
    s.serialize_str(&crate::time::canonical_instant(*t).unwrap_or_else(|_| t.to_string()))
}

impl Report {
    /// Nothing looked at yet: unverifiable.
    pub(super) fn new(
        operation: &'static str,
        level: Level,
        path: impl Into<String>,
        started: Instant,
    ) -> Report {
        Report {
            format: 1,
            operation,
            set: None,
            run: None,
            path: path.into(),
            level,
            verdict: Verdict::Unverifiable,
            started,
            finished: started,
            coverage: Coverage::default(),
            checks: Vec::new(),
            problems: Vec::new(),
            problems_total: 0,
            manifest_sm3: None,
            signed_by: None,
            source: None,
            rotation: None,
            seal: None,
            drill: None,
            compare: None,
            status: None,
            worst: Verdict::Pass,
            entries: Vec::new(),
            not_recorded: None,
        }
    }
    /// Adds a problem.
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems_total += 1;
        self.worst = self.worst.max(problem.kind.weight().verdict());
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
    /// True once there is a problem that is more than a remark.
    pub(super) fn is_failed(&self) -> bool {
        self.worst > Verdict::PassWithRemarks
    }
    /// Adds what was checked.
    pub(super) fn check(
        &mut self,
        level: Level,
        name: impl Into<String>,
        path: Option<&str>,
        figures: &[(&str, String)],
    ) {
        let figures = figures.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        self.checks.push(Check { level, name: name.into(), path: path.map(str::to_owned), figures });
    }
    /// Adds what is left out.
    pub(super) fn leave_out(
        &mut self,
        path: impl Into<String>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.coverage.not_covered.push(Uncovered { path: path.into(), zh: zh.into(), en: en.into() });
    }
    /// The verdict: that of the worst problem. An operation that checked nothing is never a pass.
    pub(super) fn finish(mut self, finished: Instant) -> Report {
        if self.checks.is_empty() {
            self.problem(Problem::new(ProblemKind::NothingRead, ""));
        }
        self.finished = finished;
        self.verdict = self.worst;
        self
    }
}

impl Report {
    /// The document: one line of JSON with its line feed, so that `cksum -a sm3` of the saved file is [`Report::sm3`].
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string(self);
        // Strings, integers and texts as keys only, and instants that were read from a clock.
        let mut text = text.unwrap_or_else(|e| unreachable!("a report is plain data: {e}"));
        text.push('\n');
        text
    }
    /// SM3 of the document, hex: what the ledger keeps of it.
    pub fn sm3(&self) -> String {
        crate::digest::sm3_hex(self.to_json().as_bytes())
    }
}

/// The JSON Schema of the report.
pub fn report_schema() -> serde_json::Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Report>().to_value()
}

impl Weight {
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Weight::Remark => Verdict::PassWithRemarks,
            Weight::Unverifiable => Verdict::Unverifiable,
            Weight::Unstable => Verdict::UnstableRead,
            Weight::Fail => Verdict::Fail,
        }
    }
}

impl Verdict {
    /// Exit status of the command: 0 pass, with or without remarks, 1 fail, 3 unverifiable or unstable read.
    pub fn exit_status(self) -> u8 {
        match self {
            Verdict::Pass | Verdict::PassWithRemarks => 0,
            Verdict::Fail => 1,
            Verdict::Unverifiable | Verdict::UnstableRead => 3,
        }
    }
    /// As it stands in JSON and in facts.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::PassWithRemarks => "pass-with-remarks",
            Verdict::Unverifiable => "unverifiable",
            Verdict::UnstableRead => "unstable-read",
            Verdict::Fail => "fail",
        }
    }
}
