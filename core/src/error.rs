//! One table of errors: code, category, and text in both languages. C constants, Python classes and Java
//! exceptions are derived from [`CODES`]; nothing else defines an error number.

use std::fmt;

/// What the caller can do about an error; the low byte of a C status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Category {
    /// The caller's data are wrong.
    Input = 1,
    /// The data contradict what is recorded, or a safety rule forbids the call.
    Refused = 2,
    /// The same key was recorded with another fact.
    Conflict = 3,
    /// No such thing.
    NotFound = 4,
    /// Another writer held the ledger longer than the wait limit.
    Busy = 5,
    /// The operating system refused.
    Io = 6,
    /// The file's content is damaged or forged.
    Corrupt = 7,
    /// Made by a newer version.
    Version = 8,
    /// Not in this build, or not built yet.
    Unsupported = 9,
    /// The handle was closed.
    Closed = 10,
    /// The handle belongs to the parent process.
    Forked = 11,
    /// The file was replaced under us; what is recorded was looked up again.
    Disturbed = 12,
    /// The caller's progress callback said stop.
    Cancelled = 13,
    /// A bug of ours.
    Internal = 14,
}

/// Language of messages and documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $num:literal, $cat:ident, $id:literal, $en:literal, $zh:literal, $hint_en:literal, $hint_zh:literal;)*) => {
        /// The detail of an error: its number (times 256, plus the category, is the C status).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code { $(#[doc = $en] $name = $num,)* }
        /// The table: every code with its category, stable name, texts and hints.
        pub const CODES: &[CodeInfo] = &[$(CodeInfo {
            code: Code::$name, category: Category::$cat, name: $id, en: $en, zh: $zh, hint_en: $hint_en, hint_zh: $hint_zh,
        },)*];
        impl Code {
            /// The row of the table.
            pub fn info(self) -> &'static CodeInfo {
                match self { $(Code::$name => &CODES[Code::index($num)],)* }
            }
            const fn index(num: u16) -> usize {
                let nums: &[u16] = &[$($num),*];
                let mut i = 0;
                while i < nums.len() { if nums[i] == num { return i; } i += 1; }
                0
            }
        }
    };
}

/// One row of [`CODES`].
#[derive(Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// Its category.
    pub category: Category,
    /// Stable name, as it stands in JSON (`naive-time`).
    pub name: &'static str,
    /// What is wrong, English.
    pub en: &'static str,
    /// What is wrong, Chinese.
    pub zh: &'static str,
    /// What to do, English (empty: the text says it).
    pub hint_en: &'static str,
    /// What to do, Chinese.
    pub hint_zh: &'static str,
}

codes! {
    // input: time and calendar
    NaiveTime = 1, Input, "naive-time", "the time has no zone", "时间没有时区", "add an offset such as +08:00 or Z", "请加上时区，如 +08:00 或 Z";
    BadTime = 2, Input, "bad-time", "not a time", "不是有效的时间", "write it as 2026-03-02T08:10:00+08:00, with at most six digits of the second and a year from 1900 to 9999", "请写成 2026-03-02T08:10:00+08:00；秒的小数不超过六位，年份 1900 至 9999";
    BadDuration = 3, Input, "bad-duration", "not a duration", "不是有效的时长", "write it as 90m, 1h30m, 3d, 3 workdays, 3 months or PT1H30M", "请写成 90m、1h30m、3d、3 workdays、3 months 或 PT1H30M";
    BadZone = 4, Input, "bad-zone", "unknown time zone", "未知的时区", "use an IANA name such as Asia/Shanghai", "请用 IANA 名称，如 Asia/Shanghai";
    NoSchedule = 5, Input, "no-schedule", "no holiday schedule is published for this year", "该年份的放假安排尚未公布", "add the published notice, or [[holiday]] and [[workday]] lines to the contract", "请补充已公布的通知，或在合同中写明 [[holiday]] 与 [[workday]]";
    NoStatutory = 6, Input, "no-statutory", "the source does not say which days are statutory holidays", "数据来源未标明哪些是法定节假日", "statutory flags are known from 2023 on", "2023 年起才有法定节假日标记";
    BadCalendar = 7, Input, "bad-calendar", "not a valid calendar", "日历定义无效", "", "";
    OutOfRange = 8, Input, "out-of-range", "the value is outside the supported range", "数值超出支持的范围", "", "";
    // input: contract
    ContractSyntax = 20, Input, "contract-syntax", "the contract is not valid TOML", "合同文件不是有效的 TOML", "", "";
    ContractKey = 21, Input, "contract-key", "unknown key in the contract", "合同文件中有未知的键", "", "";
    ContractValue = 22, Input, "contract-value", "wrong value in the contract", "合同文件中的值不正确", "", "";
    ContractMissing = 23, Input, "contract-missing", "a required key is missing in the contract", "合同文件缺少必需的键", "", "";
    ContractRule = 24, Input, "contract-rule", "unknown rule", "未知的规则", "", "";
    ContractReference = 25, Input, "contract-reference", "the contract names something it does not define", "合同引用了未定义的内容", "", "";
    ContractCycle = 26, Input, "contract-cycle", "clauses refer to each other in a circle", "条款互相循环引用", "", "";
    ContractPeriod = 27, Input, "contract-period", "impossible period", "期间不成立", "", "";
    ContractFormat = 28, Version, "contract-format", "the contract's format is newer than this library", "合同格式版本高于本程序", "install a newer opsledger", "请安装更新版本的 opsledger";
    ContractDuplicate = 29, Input, "contract-duplicate", "defined twice in the contract", "合同中重复定义", "", "";
    // input: facts
    BadJson = 40, Input, "bad-json", "not valid JSON", "不是有效的 JSON", "", "";
    BadUtf8 = 41, Input, "bad-utf8", "not valid UTF-8", "不是有效的 UTF-8 文本", "", "";
    UnknownKind = 42, Input, "unknown-kind", "unknown kind of fact", "未知的事实种类", "kinds of your own start with x.", "自定义种类以 x. 开头";
    UnknownField = 43, Input, "unknown-field", "unknown top-level key in a fact", "事实中有未知的顶层键", "fields of the kind belong into body", "种类的字段请放入 body";
    MissingField = 44, Input, "missing-field", "a required field is missing", "缺少必需的字段", "", "";
    WrongType = 45, Input, "wrong-type", "a field has the wrong type", "字段类型不正确", "", "";
    NotInteger = 46, Input, "not-integer", "a number in a fact must be an integer within 2^53", "事实中的数字必须是 2^53 以内的整数", "write a decimal as a string, \"93.5\"", "小数请写成字符串，如 \"93.5\"";
    NullValue = 47, Input, "null-value", "null is not recorded", "不能记录 null", "leave the field out", "请省略该字段";
    DuplicateKey = 48, Input, "duplicate-json-key", "a JSON key stands twice", "JSON 键重复", "", "";
    TooLong = 49, Input, "too-long", "the fact is longer than 64 KiB", "事实超过 64 KiB", "keep large data in an evidence file and record its digest", "大数据请存为证据文件并记录其摘要";
    StatedRecordedAt = 50, Input, "stated-recorded-at", "recorded_at is set by the ledger", "recorded_at 由台账设定", "use import to keep a stated instant as claimed_recorded_at", "如需保留原记录时间，请用 import";
    NotInOrder = 51, Input, "not-in-order", "facts are not in the order they were recorded", "事实未按记录时间排序", "sort the lines by recorded_at", "请按 recorded_at 排序";
    BadDecimal = 52, Input, "bad-decimal", "not a plain decimal", "不是规范的小数", "write \"93.5\": no exponent, plus, trailing zero or -0", "请写成 \"93.5\"：不带指数、加号、末尾零或 -0";
    AsOfAfterKnown = 53, Input, "as-of-after-known-at", "as_of is after known_at", "as_of 晚于 known_at", "one cannot know what happens later", "不能知道之后发生的事";
    BadRequest = 54, Input, "bad-request", "the request is not understood", "请求无法理解", "", "";
    NullPointer = 55, Input, "null-pointer", "a required pointer is NULL", "必需的指针为 NULL", "", "";
    EmptyText = 56, Input, "empty-text", "the text is empty", "文本为空", "", "";
    BadCsv = 57, Input, "bad-csv", "the CSV file cannot be read", "无法读取 CSV 文件", "", "";
    TooDeep = 58, Input, "too-deep", "objects and lists lie more than 32 deep", "对象或列表嵌套超过 32 层", "", "";
    UnknownWord = 59, Input, "unknown-word", "the word is not one of those allowed here", "该取值不在允许的范围内", "", "";
    NotCanonical = 60, Input, "not-canonical", "the fact is not in canonical form", "事实不是规范格式", "", "";
    // input: sheets
    BadSource = 67, Input, "bad-source", "not a database this can read", "不是可读取的数据库地址", "write postgresql://user@host/database, mariadb://user@host/database or sqlite:PATH", "请写成 postgresql://user@host/database、mariadb://user@host/database 或 sqlite:PATH";
    SameSource = 68, Input, "same-source", "platform and standby are one and the same database", "平台与备库是同一个数据库", "name the standby's own address", "请写明备库自己的地址";
    BadSheet = 65, Input, "bad-sheet", "the sheet cannot be read", "无法读取该表格", "", "";
    BadCell = 66, Input, "bad-cell", "this cell cannot be read rightly", "该单元格无法正确读取", "", "";
    // input: keys
    BadKey = 62, Input, "bad-key", "the key cannot be read", "无法读取密钥", "", "";
    // refused: facts that contradict the record (admit)
    UnknownSubject = 70, Refused, "unknown-subject", "nothing of that name was opened", "没有该名称的记录", "record its opening fact first", "请先记录其起始事实";
    SecondStart = 71, Refused, "second-start", "this was opened before", "该记录已存在", "use another subject, or amend the first", "请换一个编号，或更正原记录";
    EndBeforeStart = 72, Refused, "end-before-start", "the end is at or before the start", "结束时间不晚于开始时间", "", "";
    AlreadyEnded = 73, Refused, "already-ended", "this has ended already", "该记录已经结束", "amend the end instead", "请改用更正";
    AlreadyVoid = 74, Refused, "already-void", "this was voided or withdrawn", "该记录已作废", "", "";
    NothingToCorrect = 75, Refused, "nothing-to-correct", "there is nothing to correct", "没有可更正的内容", "", "";
    UnknownEntry = 76, Refused, "unknown-entry", "no earlier entry has that number", "没有该序号的记录", "", "";
    AtAfterRecorded = 77, Refused, "at-after-recorded", "the approval lies after its own recording", "批准时间晚于记录时间", "", "";
    SameParty = 78, Refused, "same-party", "one cannot confirm or dispute one's own statement", "不能确认或质疑己方陈述", "", "";
    NoParty = 79, Refused, "no-party", "the fact names no party", "未写明当事方", "give actor.party: buyer or supplier", "请填写 actor.party：buyer 或 supplier";
    BuyerOnly = 80, Refused, "buyer-only", "what a machine or nobody in particular stated is the buyer's to confirm or dispute", "机器记录或未写明当事方的记录由采购方确认或质疑", "", "";
    DuplicateOfDuplicate = 81, Refused, "duplicate-of-duplicate", "the incident named is itself a duplicate", "所指事件本身就是重复事件", "name the original incident", "请填写最初的事件";
    // refused: sheets
    RecordedOtherwise = 85, Refused, "recorded-otherwise", "this is recorded with another value", "该项已按其他数值记录", "", "";
    OtherSheet = 86, Refused, "other-sheet", "the sheet belongs to another contract or ledger", "该表格属于其他合同或台账", "write the sheet anew from this ledger", "请用本台账重新生成表格";
    SheetChanged = 87, Refused, "sheet-changed", "the sheet does not show what the ledger holds", "表格内容与台账记录不一致", "write the sheet anew from this ledger; only opinion and reason are to be filled in", "请用本台账重新生成表格；只填写意见与理由";
    // refused: the rest
    NotALedger = 90, Refused, "not-a-ledger", "the file is not a ledger", "该文件不是台账", "name a file made by init", "请指定由 init 创建的文件";
    LedgerExists = 91, Refused, "ledger-exists", "a ledger of that name exists", "同名台账已存在", "", "";
    ClockJump = 92, Refused, "clock-jump", "the clock is more than 400 days ahead of the last entry", "系统时间比最后一条记录晚 400 天以上", "set the clock right, or accept it explicitly", "请校正时间，或明确接受";
    SecondCopy = 93, Refused, "second-copy", "another copy of the library in this process has the ledger open", "本进程内另一份程序库已打开该台账", "load one copy only", "只加载一份程序库";
    NetworkFile = 94, Refused, "network-file-system", "ledgers on network file systems lose their locks", "网络文件系统上的台账会丢失锁", "keep it on a local disk", "请放在本地磁盘";
    NotReadOnly = 95, Refused, "not-read-only", "only reading is allowed here", "此处只允许读取", "", "";
    PartyKeys = 96, Refused, "party-keys", "signatures are not checked yet, so a contract that lists party keys is refused", "尚未支持签名校验，不能使用列有当事方密钥的合同", "", "";
    CannotSeal = 97, Refused, "cannot-seal", "this cannot be sealed", "无法封存", "nothing was changed", "未作任何改动";
    AlreadySealed = 98, Refused, "already-sealed", "this is sealed already", "已经封存", "check it with verify; seal another folder", "请用 verify 校验；或封存其他目录";
    TargetNotEmpty = 103, Refused, "target-not-empty", "the scratch target holds something", "演练目标不是空的", "name one that is empty or does not exist: a drill never writes over anything", "请指定空的或不存在的目标：演练不会覆盖任何内容";
    TargetInUse = 104, Refused, "target-in-use", "the scratch target is the set itself or a source in use", "演练目标是备份集本身或在用的数据源", "name another target", "请另选目标";
    KeyConflict = 100, Conflict, "key-conflict", "the key was recorded with another fact", "该 key 已记录了不同的事实", "a key names one fact for ever; use a new key", "一个 key 只对应一条事实，请换用新的 key";
    NotFound = 110, NotFound, "not-found", "not found", "未找到", "", "";
    Busy = 120, Busy, "busy", "another writer held the ledger too long", "其他进程占用台账过久", "try again", "请重试";
    Io = 130, Io, "io", "the operating system refused", "操作系统拒绝了操作", "", "";
    CommandFailed = 139, Io, "command-failed", "the command failed", "命令执行失败", "", "";
    ReadOnlyFile = 131, Io, "read-only-file", "the file or its folder cannot be written", "文件或所在目录不可写", "check owner and permissions", "请检查所有者与权限";
    DiskFull = 132, Io, "disk-full", "no room left to write", "磁盘空间不足", "free some space; nothing of this batch was recorded", "请清理空间；本批次未记录任何内容";
    SourceRefused = 133, Io, "source-refused", "the database did not answer as asked", "数据库未按要求应答", "", "";
    ProgramMissing = 134, Io, "program-missing", "a program of the engine was not found or did not start", "未找到或无法启动数据库引擎的程序", "install the engine's client, or say where it lies with `programs`", "请安装该引擎的客户端，或用 programs 指明其位置";
    Corrupt = 140, Corrupt, "corrupt", "the ledger's content is damaged or was changed", "台账内容已损坏或被改动", "run verify", "请运行 verify";
    LedgerVersion = 150, Version, "ledger-version", "the ledger was made by a newer version", "台账由更新版本创建", "install a newer opsledger", "请安装更新版本的 opsledger";
    Unsupported = 160, Unsupported, "unsupported", "not in this build", "本版本不支持", "", "";
    RuleNotBuilt = 161, Unsupported, "rule-not-built", "this rule is not built yet, so the clause cannot be judged", "该规则尚未实现，条款无法判定", "", "";
    Closed = 170, Closed, "closed", "the handle was closed", "句柄已关闭", "", "";
    Forked = 180, Forked, "forked", "the handle belongs to the parent process", "句柄属于父进程", "open the ledger again after fork", "fork 之后请重新打开台账";
    Disturbed = 190, Disturbed, "disturbed", "the ledger's files were replaced while it was open", "台账文件在使用中被替换", "check what moved or restored them; the entries named here are not in the file", "请查明替换者；此处列出的记录不在文件中";
    Cancelled = 200, Cancelled, "cancelled", "cancelled", "已取消", "", "";
    Internal = 210, Internal, "internal", "an internal error", "内部错误", "please report it", "请反馈";
    // data faults that only a contract can see; they stand in `faults`, they refuse nothing
    PauseWhileStopped = 220, Input, "pause-while-stopped", "a pause while the clock is stopped has no effect", "计时已停止，暂停无效", "", "";
    ReopenRunning = 221, Input, "reopen-running", "a reopening while the clock runs has no effect", "计时进行中，重新打开无效", "", "";
    ExclusionNoCause = 222, Input, "exclusion-without-cause", "excluded without a cause or reason", "排除但未写明原因", "", "";
    UnknownSeverity = 223, Input, "unknown-severity", "the severity has no limit of its own; the shortest applies", "该级别未约定时限，按最短时限计", "", "";
    UnknownUnit = 225, Input, "unknown-unit", "covers names no unit that is owed in the service period", "covers 所指不是服务期内应履行的周期", "write it as 2026-03, 2026-Q1, 2026-W07, 2026 or a date", "请写作 2026-03、2026-Q1、2026-W07、2026 或日期";
    NoAmount = 226, Input, "no-amount", "an item states no amount_fen (a whole number of fen)", "项目未写金额 amount_fen（整数，单位为分）", "", "";
    UnknownSet = 227, Input, "unknown-set", "the contract has no such backup set", "合同未声明该备份集", "name a set of [[backup]]", "请填写 [[backup]] 中的备份集";
    ClockFault = 224, Input, "clock-fault", "the host's clock went backwards", "系统时间倒退", "", "";
}

/// An error: one word wide, cheap to pass.
#[derive(Clone, thiserror::Error)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    detail: String,
    hint: Option<String>,
    hint_zh: Option<String>,
    row: Option<u64>,
    place: Option<Place>,
}

/// Where in a text file an error is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name, where the caller gave one.
    pub file: Option<String>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// The result of everything fallible here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// `detail` says where and which value, in words that need no translation
    /// (`line 12: key "mx"`, `body.start = "2026-01-01"`).
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            detail: detail.into(),
            hint: None,
            hint_zh: None,
            row: None,
            place: None,
        }))
    }
    /// Names the field that holds the value: `field = detail`.
    #[must_use]
    pub fn in_field(mut self, field: &str) -> Self {
        self.0.detail = format!("{field} = {}", self.0.detail);
        self
    }
    /// Adds a hint for this very error (beside the table's).
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }
    /// Adds a hint for this very error, in both languages.
    #[must_use]
    pub fn with_hints(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.0.hint = Some(en.into());
        self.0.hint_zh = Some(zh.into());
        self
    }
    /// Says where in a text file.
    #[must_use]
    pub fn at_place(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }
    /// Where in a text file.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }
    /// The row, line or position in a batch, counted from 1.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.0.row = Some(row);
        self
    }
    /// The row, line or position in a batch, counted from 1.
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }
    /// Which error.
    pub fn code(&self) -> Code {
        self.0.code
    }
    /// What kind of error.
    pub fn category(&self) -> Category {
        self.0.code.info().category
    }
    /// Where and which value.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
    /// C status: category in the low byte, code above it.
    pub fn status(&self) -> i32 {
        i32::from(self.0.code as u16) << 8 | self.category() as i32
    }
    /// The hint of this very error, without the table's; empty: none.
    pub(crate) fn hint(&self, lang: Lang) -> &str {
        let own = match lang {
            Lang::En => self.0.hint.as_deref(),
            Lang::Zh => self.0.hint_zh.as_deref().or(self.0.hint.as_deref()),
        };
        own.unwrap_or_default()
    }
    /// The whole message: what, where, which value, what to do.
    pub fn text(&self, lang: Lang) -> String {
        let info = self.0.code.info();
        let (what, hint) = match lang {
            Lang::En => (info.en, info.hint_en),
            Lang::Zh => (info.zh, info.hint_zh),
        };
        let (colon, row_before, row_after, open, close) = match lang {
            Lang::En => (": ", "row ", ": ", " (", ")"),
            Lang::Zh => ("：", "第 ", " 行：", "（", "）"),
        };
        let mut out = String::new();
        if let Some(row) = self.0.row {
            out.push_str(row_before);
            out.push_str(&row.to_string());
            out.push_str(row_after);
        }
        if let Some(Place { file, line, column }) = &self.0.place {
            if let Some(file) = file {
                out.push_str(file);
                out.push_str(colon);
            }
            out.push_str(&match lang {
                Lang::En => format!("line {line}, column {column}: "),
                Lang::Zh => format!("第 {line} 行第 {column} 列："),
            });
        }
        out.push_str(what);
        if !self.0.detail.is_empty() {
            out.push_str(colon);
            out.push_str(&self.0.detail);
        }
        let hints: Vec<&str> = [self.hint(lang), hint].into_iter().filter(|h| !h.is_empty()).collect();
        if !hints.is_empty() {
            out.push_str(open);
            out.push_str(&hints.join(match lang {
                Lang::En => "; ",
                Lang::Zh => "；",
            }));
            out.push_str(close);
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.0.code.info().name, self.text(Lang::En))
    }
}

/// Shorthand for `Err(Error::new(..))`.
pub(crate) fn err<T>(code: Code, detail: impl Into<String>) -> Result<T> {
    Err(Error::new(code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_consistent() {
        for (i, row) in CODES.iter().enumerate() {
            assert_eq!(row.code.info().name, row.name);
            assert!(!row.en.is_empty() && !row.zh.is_empty());
            assert!(CODES[..i].iter().all(|other| other.name != row.name && other.code != row.code));
            assert_eq!(row.hint_en.is_empty(), row.hint_zh.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn text_says_what_where_and_what_to_do() {
        let e = Error::new(Code::NaiveTime, "at = \"2026-01-01T00:00:00\"").at_row(3);
        assert_eq!(
            e.text(Lang::En),
            "row 3: the time has no zone: at = \"2026-01-01T00:00:00\" (add an offset such as +08:00 or Z)"
        );
        assert!(e.text(Lang::Zh).starts_with("第 3 行：时间没有时区："));
        assert_eq!(e.status(), 1 << 8 | 1);
    }
}
