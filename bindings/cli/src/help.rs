//! Help in both languages: one row for each verb and each argument, with an example for each verb.

use crate::args::Cli;
use crate::pick;
use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory};
use opsledger::Lang;

/// Verb (`""`: the command itself), English, Chinese, examples.
const VERBS: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "Keeps the books of a service contract: facts in a provable ledger, promises computed exactly",
        "服务合同的账簿：事实入可验证的台账，承诺逐条精确核算",
        "opsledger init --ledger year.ledger --contract contract.toml
opsledger append facts.jsonl --ledger year.ledger
opsledger assess --ledger year.ledger --as-of 2026-04-01T00:00:00+08:00",
    ),
    (
        "init",
        "Make a ledger (an existing one is left as it is); with --contract, record that the contract is adopted",
        "新建台账（已有台账保持不变）；给出 --contract 时记录采用该合同",
        "opsledger init --ledger year.ledger --contract contract.toml",
    ),
    (
        "append",
        "Record facts (JSON Lines). Up to 10 000 are recorded together or not at all; a longer file goes in pieces of that size, and an error says which rows are recorded",
        "记录事实（JSON Lines）。一万条以内要么全部记录，要么全不记录；更长的文件按此分批，出错时说明哪些行已记录",
        "opsledger append facts.jsonl --ledger year.ledger
echo '{\"kind\":\"outage.end\",\"subject\":\"O-17\",\"at\":\"2026-03-02T09:40:00+08:00\"}' | opsledger append - --ledger year.ledger",
    ),
    (
        "import",
        "Record facts that were recorded elsewhere before",
        "导入此前在别处记录的事实",
        "opsledger import csv outages.csv --ledger year.ledger",
    ),
    (
        "import csv",
        "Import a CSV file with columns kind, subject, at, key, recorded_at, actor.person, actor.party, body.*; all rows or none",
        "导入 CSV 文件，列为 kind、subject、at、key、recorded_at、actor.person、actor.party、body.*；要么全部导入，要么全不导入",
        "opsledger import csv outages.csv --zone Asia/Shanghai --ledger year.ledger",
    ),
    (
        "import sheet",
        "Import a filled form (xlsx): prints what each row would record, then records it; with a wrong cell nothing is recorded. The same sheet twice changes nothing",
        "导入填好的表单（xlsx）：先列出每行将记录什么，再记录；有一格不对则全不记录。同一张表导入两次不产生变化",
        "opsledger import sheet incidents.xlsx --dry-run --preview marked.xlsx --ledger year.ledger
opsledger import sheet incidents.xlsx --person 测试员01 --party supplier --ledger year.ledger",
    ),
    (
        "form",
        "Write a sheet to fill in (xlsx): roster, incidents, outages, planned, requests, work, inspections, assets, findings; or the monthly confirmation",
        "生成待填写的表单（xlsx）：roster 排班、incidents 事件、outages 故障、planned 计划停机、requests 请求、work 维护日志、inspections 巡检、assets 资产、findings 安全问题；或 confirmation 月度确认表",
        "opsledger form incidents --ledger year.ledger
opsledger form roster incidents inspections --out 2026-03.xlsx --rows 100 --contract contract.toml
opsledger form confirmation --month 2026-03 --out confirm-2026-03.xlsx --ledger year.ledger",
    ),
    (
        "confirm",
        "Record the opinions of a confirmation sheet as confirmations and disputes of the party it was written for",
        "把月度确认表上的意见记录为该方的确认与异议",
        "opsledger confirm --from confirm-2026-03.xlsx --person 采购方甲 --ledger year.ledger",
    ),
    (
        "show",
        "Show entries: the last 20, those that fit, or single ones in full",
        "查看记录：最近 20 条、符合条件的记录，或按序号查看全文",
        "opsledger show --ledger year.ledger --kind outage.start --since 2026-03-01T00:00:00+08:00
opsledger show 17 18 --ledger year.ledger",
    ),
    (
        "assess",
        "How the contract stands. Exit status: 0 no clause breached, 1 some breached, 3 none breached but some without evidence; 2 bad input, 4 could not be done",
        "合同履行情况。退出状态：0 无违约，1 有条款违约，3 无违约但有条款无证据；2 输入有误，4 无法完成",
        "opsledger assess --ledger year.ledger --as-of 2026-04-01T00:00:00+08:00
opsledger assess --contract contract.toml --facts facts.jsonl --json",
    ),
    (
        "verify",
        "Re-hash every entry and check the chain. Exit status: 0 sound, 1 broken",
        "逐条重算摘要并检查链条。退出状态：0 完好，1 已损坏",
        "opsledger verify --ledger year.ledger",
    ),
    (
        "sql",
        "Answer a read-only query over the table entry(seq, head, fact)",
        "对表 entry(seq, head, fact) 执行只读查询",
        "opsledger sql \"SELECT seq, fact ->> 'kind' FROM entry ORDER BY seq DESC LIMIT 5\" --ledger year.ledger",
    ),
    (
        "snapshot",
        "Write one consistent, self-contained copy of the ledger",
        "写出一份一致、自包含的台账副本",
        "opsledger snapshot copy.ledger --ledger year.ledger",
    ),
    (
        "export",
        "Print every entry as text: head (seq, recorded_at, prev, digest of the fact), hash of the head, fact; tab-separated",
        "以文本输出全部记录：记录头（序号、记录时间、前一摘要、事实摘要）、记录头摘要、事实，以制表符分隔",
        "opsledger export --ledger year.ledger > year.tsv",
    ),
    (
        "calendar",
        "Working time on the service hours of a contract",
        "按合同的服务时间计算工作时长",
        "opsledger calendar between 2026-02-13T17:00:00+08:00 2026-02-24T09:00:00+08:00 --calendar workdays --contract contract.toml",
    ),
    (
        "calendar between",
        "Working time between two instants",
        "两个时刻之间的工作时长",
        "opsledger calendar between 2026-02-13T17:00:00+08:00 2026-02-24T09:00:00+08:00 --calendar workdays --contract contract.toml",
    ),
    (
        "calendar add",
        "The first instant at which so much working time has passed",
        "经过给定工作时长后的最早时刻",
        "opsledger calendar add 2026-02-13T17:00:00+08:00 4h --calendar workdays --contract contract.toml",
    ),
    (
        "report",
        "Write how the contract stands as one HTML page that needs no network, or a document to sign: monthly report, incident report, service ledger, duty roster, acceptance package. A document goes into --out as docx, xlsx and html; --issue records it, so that the next one tells what was corrected since",
        "将合同履行情况写成一个无需联网的 HTML 页面，或写成可签署的文档：月报、故障报告、服务台账、值班表、验收资料。文档以 docx、xlsx、html 写入 --out；--issue 将其记入台账，下一期据此列出更正",
        "opsledger report --out march.html --ledger year.ledger --as-of 2026-04-01T00:00:00+08:00\nopsledger report monthly --month 2026-03 --out reports --ledger year.ledger --issue\nopsledger report incident --subject INC-1 --format docx --ledger year.ledger\nopsledger report acceptance --out acceptance --ledger year.ledger",
    ),
    (
        "due",
        "What falls due, is at risk, or waits for whom, if nothing more is recorded; as a list, as iCalendar, or as the roster with its gaps",
        "若不再有新记录，近期到期、有风险、待谁处理的事项；可输出清单、iCalendar 或带空缺的值班表",
        "opsledger due --within 7d --ledger year.ledger
opsledger due --within 30d --ical due.ics --ledger year.ledger
opsledger due --roster --ledger year.ledger",
    ),
    (
        "explain",
        "Why a clause stands as it does: the facts, the arithmetic, what was left out and why, and the command to check it",
        "某条款为何是此结论：事实、计算过程、未计入的内容及原因、核对命令",
        "opsledger explain support.respond --ledger year.ledger
opsledger explain support.respond --case I-17 --ledger year.ledger",
    ),
    (
        "lint",
        "Look a contract over: contradictions, values nobody agreed on, promises that no fact can meet; with a ledger or facts, the record too. Exit status: 0 nothing, 1 warnings, 2 errors",
        "检查合同文本：自相矛盾、未经约定的数值、无事实可依的承诺；给出台账或事实时一并检查记录。退出状态：0 无问题，1 有警告，2 有错误",
        "opsledger lint contract.toml
opsledger lint --ledger year.ledger",
    ),
    (
        "diff",
        "What changed between two assessments and which entries explain it. Exit status: 0 no difference, 1 some. An option given once holds for both; without --as-of both are asked for the earlier known-at",
        "两次评估之间变了什么、由哪些记录引起。退出状态：0 无不同，1 有不同。选项只给一次则两次共用；省略 --as-of 时取较早的 known-at",
        "opsledger diff --known-at 2026-04-01T00:00:00+08:00 --known-at 2026-05-01T00:00:00+08:00 --ledger year.ledger
opsledger diff --view agreed --view claimed --ledger year.ledger",
    ),
    (
        "register",
        "Show a register: incidents, requests, tasks, duty, staff, inspections, work, assets, documents, changes, findings, planned and more",
        "查看登记表：incidents 事件、requests 请求、tasks 任务、duty 值班、staff 人员、inspections 巡检、work 维护日志、assets 资产、documents 文档、changes 变更、findings 安全问题、planned 计划停机等",
        "opsledger register incidents --ledger year.ledger
opsledger register duty --as-of 2026-04-01T00:00:00+08:00 --ledger year.ledger --json",
    ),
    (
        "backup",
        "Seal backups, check them, restore them in drills, compare platform and standby. Exit status: 0 pass (with or without remarks), 1 fail, 3 unverifiable or unstable read; 2 bad input, 4 could not be done",
        "备份的封存、校验、恢复演练，以及平台与备库比对。退出状态：0 通过（含有提示），1 未通过，3 无法校验或读取期间有变化；2 输入有误，4 无法完成",
        "opsledger backup verify /backup/2026-03-02 --ledger year.ledger",
    ),
    (
        "backup seal",
        "Seal a folder as a BagIt bag: digests of every file, a digest of those, a signature. With --ledger, record the run",
        "将目录封存为 BagIt 包：每个文件的摘要、摘要清单的摘要、签名。给出 --ledger 时记录本次备份",
        "opsledger backup seal /backup/2026-03-02 --set platform-db --key seal.pem --ledger year.ledger
opsledger backup seal /srv/app --into /backup/app-2026-03-02 --set application
opsledger backup seal /backup/2026-03-02 --set platform-db --kind postgres-dump --source postgresql:///platform --command 'pg_dump --snapshot=$OPSLEDGER_SNAPSHOT platform > /backup/2026-03-02/platform.sql'",
    ),
    (
        "backup verify",
        "Check a set: names, sizes, digests and signature (L1), then the structure of its files to the last byte (L2). Every problem is reported. What is checked is never written to",
        "校验备份集：名称、大小、摘要与签名（L1），再查各文件结构直至最后一字节（L2）。报告全部问题。绝不写入被校验的内容",
        "opsledger backup verify /backup/2026-03-02 --key seal.pub.pem --ledger year.ledger
opsledger backup verify /backup/2026-03-02 --level L1 --sample 1/4 --io-limit 50MB --ledger year.ledger
opsledger backup verify /var/backups/base --kind postgres-base
opsledger backup verify /backup/old --check-file /backup/old/SHA256SUMS --json > report.json",
    ),
    (
        "backup drill",
        "Restore a set into a scratch target with the real engine (L3): stops at the first error, measures the time, compares counts and row digests with what was recorded when it was made",
        "用真实引擎把备份集恢复到临时目标（L3）：遇第一个错误即停，测量用时，并将行数与行摘要同备份时所记比对",
        "opsledger backup drill /backup/2026-03-02 --rto 4h --source postgresql:///platform --ledger year.ledger
opsledger backup drill /backup/oracle --kind command --command ./restore.sh --count orders=12000",
    ),
    (
        "backup compare",
        "Compare platform and standby (L4): schema, counts, row digests, down to the rows that differ; says when the two were not read at one point",
        "比对平台与备库（L4）：结构、行数、行摘要，直至有差异的行；两者未在同一时点读取时予以说明",
        "opsledger backup compare postgresql://platform/app postgresql://standby/app --set standby-db --ledger year.ledger
opsledger backup compare sqlite:/srv/app.db sqlite:/backup/app.db --ignore sessions",
    ),
    (
        "backup status",
        "Where the sets of the contract stand (L0): newest good run against RPO, sizes, retention, when the next check and drill are due. With --folder, also what lies there, and that is recorded",
        "合同中各备份集的情况（L0）：最近有效备份与 RPO、大小趋势、保留情况、下次校验与演练何时到期。给出 --folder 时一并核对并记录在库备份",
        "opsledger backup status --ledger year.ledger
opsledger backup status --folder platform-db=/backup/platform-db --ledger year.ledger",
    ),
    (
        "completions",
        "Print completions for a shell",
        "输出命令行补全脚本",
        "opsledger completions bash > ~/.local/share/bash-completion/completions/opsledger",
    ),
    (
        "schema",
        "Print the JSON Schema of a public document",
        "输出公开文档的 JSON Schema",
        "opsledger schema contract",
    ),
];

/// Argument (`verb argument`, or `argument` for every verb that has it), English, Chinese.
const ARGS: &[(&str, &str, &str)] = &[
    ("ledger", "The ledger (or OPSLEDGER_LEDGER)", "台账文件（或环境变量 OPSLEDGER_LEDGER）"),
    (
        "contract",
        "The contract (or OPSLEDGER_CONTRACT); without it, the one that the ledger adopted",
        "合同文件（或环境变量 OPSLEDGER_CONTRACT）；省略时用台账已采用的合同",
    ),
    ("json", "Print the library's documents (stable keys)", "输出 JSON 文档（键名稳定）"),
    ("lang", "Language; without it, by locale", "语言；省略时按系统区域设置"),
    (
        "accept_clock",
        "Accept a clock more than 400 days ahead of the last entry",
        "接受比最后一条记录晚 400 天以上的系统时间",
    ),
    (
        "append facts",
        "JSON Lines, one fact a line; - reads standard input",
        "JSON Lines，每行一条事实；- 表示标准输入",
    ),
    ("import csv file", "The CSV file (UTF-8); - reads standard input", "CSV 文件（UTF-8）；- 表示标准输入"),
    (
        "zone",
        "Zone of times without an offset; without it, the contract's",
        "未写偏移的时间所用时区；省略时用合同时区",
    ),
    (
        "lenient",
        "Record also what contradicts the record; it has no effect and is listed as a fault",
        "与已有记录矛盾的事实也予记录；其不生效，并列为数据问题",
    ),
    ("import sheet file", "The filled form; - reads standard input", "填好的表单；- 表示标准输入"),
    (
        "preview",
        "Also write the sheet with its wrong cells coloured and the reasons as notes",
        "另写出一份表格，有误的单元格标红并附原因",
    ),
    ("dry_run", "Only print what would be recorded", "只预览，不记录"),
    ("import sheet person", "Who states it; without it, as the sheet says", "填表人；省略时按表内填写"),
    (
        "import sheet party",
        "For which party: supplier, buyer; without it, as the sheet says",
        "所属当事方：supplier 供应商、buyer 采购方；省略时按表内填写",
    ),
    ("families", "Which forms, a tab each; or confirmation", "哪些表单，每个一页；或 confirmation"),
    (
        "form out",
        "The file to write; - writes to standard output. Without it FAMILY.xlsx, which must not exist",
        "输出文件；- 表示标准输出。省略时为 FAMILY.xlsx，且不得已存在",
    ),
    ("rows", "Rows to fill (default 200)", "空行数（默认 200）"),
    ("month", "The month it is about, such as 2026-03", "所涉月份，如 2026-03"),
    (
        "form party",
        "Who is to confirm: buyer (default), supplier",
        "由谁确认：buyer 采购方（默认）、supplier 供应商",
    ),
    ("confirm from", "The confirmation sheet, filled in", "填好的确认表"),
    ("confirm person", "Who confirms", "确认人姓名"),
    ("seqs", "Entries to show in full", "要查看全文的记录序号"),
    ("kind", "Only this kind; may stand several times", "只看该种类；可多次给出"),
    ("subject", "Only this subject", "只看该编号"),
    ("since", "Only what happened at or after this instant", "只看该时刻及之后发生的"),
    ("until", "Only what happened before this instant", "只看该时刻之前发生的"),
    ("show from", "From this entry on", "从该序号开始"),
    ("tail", "The last N that fit (default 20)", "最后 N 条（默认 20）"),
    ("all", "All that fit", "全部"),
    ("as_of", "The instant asked for; default: known-at", "所问时刻；默认同 known-at"),
    (
        "known_at",
        "What was known by this instant; default: now, or the last fact's recording",
        "以该时刻已知的为准；默认当前时间，无台账时为最后一条事实的记录时间",
    ),
    ("head", "Only entries up to this one", "只用到该序号为止的记录"),
    (
        "view",
        "agreed: what needs the other party's confirmation counts once confirmed (default); claimed: all facts",
        "agreed：需对方确认的，确认后才计入（默认）；claimed：全部事实",
    ),
    (
        "facts",
        "Facts instead of a ledger (JSON Lines, with their stated recorded_at); - reads standard input",
        "不用台账，直接读事实（JSON Lines，含所述 recorded_at）；- 表示标准输入",
    ),
    ("within", "How far to look ahead, such as 7d or 36h (default 7d)", "向前看多久，如 7d、36h（默认 7d）"),
    (
        "ical",
        "Write the list as iCalendar; - writes to standard output",
        "写成 iCalendar 文件；- 表示标准输出",
    ),
    ("roster", "The roster of the span, and its gaps", "该时段的值班表及空缺"),
    ("clause", "Id of the clause", "条款 id"),
    ("case", "Only this case, as a waiver names it", "只看该件（写法同豁免）"),
    (
        "lint file",
        "The contract; without it, the one stated or adopted",
        "合同文件；省略时用所指或台账已采用的合同",
    ),
    (
        "diff known_at",
        "What was known by this instant; twice: before and after",
        "以该时刻已知的为准；给两次：前与后",
    ),
    ("diff as_of", "The instant asked for; twice: before and after", "所问时刻；给两次：前与后"),
    (
        "diff head",
        "Only entries up to this one; twice: before and after",
        "只用到该序号为止的记录；给两次：前与后",
    ),
    (
        "diff view",
        "agreed or claimed (default agreed); twice: before and after",
        "agreed 或 claimed（默认 agreed）；给两次：前与后",
    ),
    ("name", "Which register", "登记表名称"),
    ("out", "The file to write; - writes to standard output", "输出文件；- 表示标准输出"),
    (
        "report out",
        "The file to write, or the folder for a document's files (default: this one); - writes to standard output",
        "输出文件，或文档各文件所在的目录（默认当前目录）；- 表示标准输出",
    ),
    ("report kind", "The document; without it, the page of the assessment", "文档种类；省略时写出评估页面"),
    (
        "month",
        "The month it speaks of; without it, the last one that is over",
        "所述月份；省略时为最近一个已结束的月份",
    ),
    ("report subject", "The incident that an incident report speaks of", "故障报告所述的事件"),
    ("format", "Forms of the document (default all that suit it)", "文档格式（默认其适用的全部格式）"),
    ("issue", "Record in the ledger that it was issued, with its digest", "将出具情况连同摘要记入台账"),
    ("person", "Who issues it", "出具人"),
    ("snapshot out", "The file to write; there must be none of that name", "输出文件；不得已存在"),
    ("query", "One SELECT; - reads it from standard input", "一条 SELECT；- 表示从标准输入读取"),
    ("export from", "From this entry on (default 1)", "从该序号开始（默认 1）"),
    ("start", "An instant with an offset", "时刻（含时区偏移）"),
    ("end", "An instant with an offset", "时刻（含时区偏移）"),
    ("duration", "Such as 90m, 1h30m or PT1H30M", "如 90m、1h30m 或 PT1H30M"),
    ("calendar", "Id of a [[calendar]] (default 7x24)", "[[calendar]] 的 id（默认 7x24）"),
    ("set", "The backup set, as [[backup]] of the contract names it", "备份集，即合同 [[backup]] 的 id"),
    ("io_limit", "Read at most so much a second, such as 50MB", "每秒最多读取多少，如 50MB"),
    (
        "report",
        "Also write the report (JSON) to this file; its SM3 stands in the ledger",
        "另将报告（JSON）写入该文件；其 SM3 记入台账",
    ),
    (
        "run",
        "Name of this run; without it, what the bag says, else the folder's name",
        "本次备份的名称；省略时按包内所记，否则用目录名",
    ),
    (
        "kind",
        "What it holds: files, postgres-base, postgres-dump, mysql-dump, sqlite, archive, opaque, command; without it, as the bag or the contract says",
        "内容种类：files 文件、postgres-base、postgres-dump、mysql-dump、sqlite、archive 归档、opaque 不解析、command 自备脚本；省略时按包或合同所记",
    ),
    ("backup seal path", "The folder to seal", "要封存的目录"),
    (
        "into",
        "Where the bag goes; without it, the folder itself becomes the bag",
        "包写到何处；省略时该目录本身成为包",
    ),
    ("algorithms", "Digests of the manifests (default sm3,sha256)", "清单所用摘要（默认 sm3,sha256）"),
    (
        "chunks_from",
        "Files longer than this get a list of chunks (default 64MiB)",
        "超过该大小的文件另列分块摘要（默认 64MiB）",
    ),
    ("backup seal key", "SM2 private key (PEM) that signs the tag manifest", "对清单签名的 SM2 私钥（PEM）"),
    (
        "backup seal source",
        "The database backed up: its counts and row digests are kept in the bag, for drills",
        "所备份的数据库：其行数与行摘要存入包内，供演练比对",
    ),
    (
        "backup seal command",
        "Makes the backup, inside the snapshot that --source is read in (OPSLEDGER_SNAPSHOT)",
        "生成备份的命令，在读取 --source 的同一快照内执行（OPSLEDGER_SNAPSHOT）",
    ),
    ("info", "A line for bag-info.txt", "写入 bag-info.txt 的一行"),
    (
        "backup verify path",
        "A bag, a base backup, a folder or file with a check file, or a file",
        "BagIt 包、PostgreSQL 基础备份、带校验文件的目录或文件，或单个文件",
    ),
    ("level", "How deep: L1 digests, L2 structure too (default L2)", "深度：L1 摘要，L2 另查结构（默认 L2）"),
    ("check_file", "A check file of cksum, sha256sum or openssl", "cksum、sha256sum 或 openssl 的校验文件"),
    (
        "backup verify key",
        "SM2 public key (PEM) that it must be signed with",
        "其签名须对应的 SM2 公钥（PEM）",
    ),
    ("manifest_sm3", "SM3 of the tag manifest as recorded elsewhere", "别处所记的清单 SM3，须一致"),
    ("sample", "Read n of t parts, going on where the last run ended", "每次读 t 份中的 n 份，接续上次"),
    ("state", "Where that is remembered without a ledger", "无台账时在何处记住进度"),
    (
        "backup verify ignore",
        "A path that is left out, and listed as not covered",
        "不校验的路径，列入未覆盖",
    ),
    ("first", "Stop at the first problem", "遇第一个问题即停"),
    (
        "backup verify wal",
        "Where the base backup's WAL lies, if not in pg_wal",
        "WAL 所在目录（不在 pg_wal 时）",
    ),
    ("no_wal", "Do not read WAL; it is listed as not covered", "不读 WAL，列入未覆盖"),
    ("log", "The log of the tool that made it", "生成该备份的工具的日志"),
    ("log_marker", "What that log says at the end of a good run", "正常结束时日志末尾的内容"),
    (
        "backup drill path",
        "The set: a bag, a base backup, a dump, a SQLite file",
        "备份集：BagIt 包、基础备份、转储文件或 SQLite 文件",
    ),
    ("scratch", "An empty folder for the scratch target", "临时目标所用的空目录"),
    (
        "target",
        "A running server to restore into; the database must be empty",
        "恢复到运行中的服务器；该数据库须为空",
    ),
    ("backup drill source", "A database in use: it is refused as a target", "正在使用的数据库：不得作为目标"),
    ("programs", "Where the engine's programs lie", "数据库程序所在目录"),
    ("backup drill wal", "WAL beyond the base backup's own", "基础备份之外的 WAL"),
    (
        "backup drill command",
        "What restores it; gets OPSLEDGER_SET and OPSLEDGER_SCRATCH, may print `count NAME NUMBER`",
        "恢复命令；可用 OPSLEDGER_SET 与 OPSLEDGER_SCRATCH，可输出 count 名称 数目",
    ),
    ("count", "What a count must be", "某项行数应为多少"),
    ("rto", "The longest it may take; without it, what the contract says", "最长用时；省略时按合同"),
    ("keep", "Keep the scratch target also when it passed", "通过后也保留临时目标"),
    (
        "platform",
        "postgresql://…, mariadb://… or sqlite:PATH",
        "postgresql://…、mariadb://… 或 sqlite:路径（平台）",
    ),
    ("standby", "The same, the standby", "同上（备库）"),
    ("backup compare run", "Name of this comparison", "本次比对的名称"),
    ("table", "Only this table", "只比对该表"),
    (
        "backup compare ignore",
        "A table that is left out, and listed as not covered",
        "不比对的表，列入未覆盖",
    ),
    (
        "recheck",
        "How long to wait before differing rows are read again (default 5s)",
        "重读有差异的行之前等待多久（默认 5s）",
    ),
    (
        "backup compare rows",
        "Differing rows named at most, a table (default 100)",
        "每表最多列出多少差异行（默认 100）",
    ),
    ("folder", "Folder of a set; what lies in it are its runs", "备份集所在目录，其下各项即各次备份"),
    ("shell", "The shell", "命令行解释器"),
    ("document", "The document", "文档"),
];

/// The grammar with its texts.
pub(crate) fn command(lang: Lang) -> Command {
    dress(Cli::command(), "", lang)
}

fn dress(mut command: Command, path: &str, lang: Lang) -> Command {
    if let Some((_, en, zh, examples)) = VERBS.iter().find(|(verb, ..)| *verb == path) {
        let examples = examples.lines().map(|line| format!("  {line}\n")).collect::<String>();
        let (text, end) = (pick(lang, en, zh), pick(lang, ". ", "。"));
        // The list of verbs shows the first sentence, the verb's own help all of them.
        command = command
            .about(text.split(end).next().unwrap_or(text).to_owned())
            .long_about(text.to_owned())
            .after_help(format!("{}\n{}", pick(lang, "Examples:", "示例："), examples.trim_end()));
    }
    if lang == Lang::Zh {
        command = command
            .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
            .subcommand_help_heading("命令");
    }
    let own =
        |text: &'static str| move |arg: Arg| if lang == Lang::Zh { arg.help_heading(text) } else { arg };
    command = command
        .disable_help_flag(true)
        .arg(own("选项")(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(pick(lang, "Print help", "打印帮助").to_owned()),
        ))
        .mut_args(|arg| {
            let text = arg_text(path, arg.get_id().as_str(), lang);
            let arg = match text {
                Some(text) => arg.help(StyledStr::from(text)),
                None => arg,
            };
            let heading = if arg.is_positional() { "参数" } else { "选项" };
            own(heading)(arg)
        });
    if path.is_empty() {
        command = command.disable_version_flag(true).arg(own("选项")(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(pick(lang, "Print version", "打印版本").to_owned()),
        ));
    }
    command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        dress(sub, path.trim_start(), lang)
    })
}

fn arg_text(path: &str, id: &str, lang: Lang) -> Option<&'static str> {
    let own = format!("{path} {id}");
    let row =
        ARGS.iter().find(|(name, ..)| *name == own).or_else(|| ARGS.iter().find(|(name, ..)| *name == id));
    row.map(|(_, en, zh)| pick(lang, en, zh))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &Command, path: &str) {
        let row = VERBS.iter().find(|(verb, ..)| *verb == path);
        let (_, en, zh, examples) = row.unwrap_or_else(|| panic!("no help for {path:?}"));
        assert!(!en.is_empty() && !zh.is_ascii(), "{path}");
        assert!(examples.lines().all(|l| l.contains(&format!("opsledger {path}"))), "{path}");
        for arg in command.get_arguments().map(|a| a.get_id().as_str()) {
            assert!(
                matches!(arg, "help" | "version")
                    || arg_text(path, arg, Lang::Zh).is_some_and(|t| !t.is_ascii()),
                "no help for {path} {arg}"
            );
        }
        for sub in command.get_subcommands() {
            check(sub, format!("{path} {}", sub.get_name()).trim_start());
        }
    }

    #[test]
    fn every_verb_and_argument_has_help_in_both_languages() {
        for lang in [Lang::En, Lang::Zh] {
            command(lang).debug_assert();
            check(&command(lang), "");
        }
    }
}
