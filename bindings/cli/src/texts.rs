//! What the command says, in both languages, and how it prints figures.

use crate::pick;
use opsledger::assess::{Figure, View};
use opsledger::{Lang, time};
use std::fmt::Display;

/// One message; `{}` takes the values in order.
pub(crate) struct Text(&'static str, &'static str);

impl Text {
    pub(crate) fn get(&self, lang: Lang) -> &'static str {
        pick(lang, self.0, self.1)
    }
    pub(crate) fn with(&self, lang: Lang, values: &[&dyn Display]) -> String {
        let mut parts = self.get(lang).split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (value, part) in values.iter().zip(parts) {
            text.push_str(&value.to_string());
            text.push_str(part);
        }
        text
    }
}

macro_rules! texts {
    ($($name:ident = $en:literal, $zh:literal;)*) => { $(pub(crate) const $name: Text = Text($en, $zh);)* };
}

texts! {
    MADE = "made the ledger {}", "已新建台账 {}";
    EXISTS = "the ledger {} exists; {} entries", "台账 {} 已存在，共 {} 条记录";
    ADOPTED = "adopted contract {} (SM3 {}), entry {}", "已采用合同 {}（SM3 {}），记录 {}";
    ADOPTED_BEFORE = "contract {} (SM3 {}) was adopted before", "合同 {}（SM3 {}）此前已采用";
    RECORDED = "{} facts, entries {}", "{} 条事实，记录 {}";
    NOTHING_READ = "no facts read", "未读到事实";
    KEPT = "rows 1 to {} are recorded; the rest of the file is not", "第 1 至 {} 行已记录，其余未记录";
    IMPORTED = "{} rows read, {} new, entries {}", "读入 {} 行，新增 {} 条，记录 {}";
    FAULTY_ROW = "row {}: recorded without effect: {}", "第 {} 行：已记录但不生效：{}";
    TAIL = "the last {}; --all shows all", "仅显示最后 {} 条；--all 显示全部";
    SEQ = "SEQ", "序号";
    RECORDED_AT = "RECORDED", "记录时间";
    AT = "AT", "发生时间";
    KIND = "KIND", "种类";
    SUBJECT = "SUBJECT", "编号";
    BODY = "BODY", "内容";
    ENTRY = "entry {}", "记录 {}";
    HASH = "hash  {}", "摘要 {}";
    HEAD = "head  {}", "记录头 {}";
    FACT = "fact  {}", "事实 {}";
    STATUS = "STATUS", "状态";
    CLAUSE = "CLAUSE", "条款";
    REFERENCE = "REF", "出处";
    VALUE = "VALUE", "数值";
    LIMIT = "LIMIT", "限值";
    MARGIN = "LEFT", "余量";
    VERDICT = "VERDICT", "结论";
    ASSUMED = " (not agreed; example value)", "（未约定，示例值）";
    STANDS = "{}: {}", "{}：{}";
    AS_OF = "as of {}, known at {}, view {}", "截至 {}，以 {} 已知为准，{}口径";
    AGREED = "agreed", "双方认可";
    CLAIMED = "claimed", "全部主张";
    CONTRACT_SM3 = "contract SM3 {}", "合同 SM3 {}";
    HEAD_REF = "ledger entry {}, hash {}", "台账记录 {}，摘要 {}";
    OUTAGES = "outages: {} long, {} short, {} open below the limit; downtime {}, planned {}, unknown {}", "故障：长故障 {} 次，短故障 {} 次，未结束且未达长故障 {} 次；停机 {}，计划停机 {}，未知 {}";
    AVAILABILITY = "availability: {} of the elapsed time, {} without planned and unknown time", "可用率：按已过时间 {}，扣除计划停机与未知时间 {}";
    BECOMES_LONG = "open: becomes a long outage at {}", "未结束：将于 {} 成为长故障";
    NEXT_BREACH = "next breach if nothing more is recorded: {} at {}", "若不再有新记录，下一次违约：{}，{}";
    LATE = "recorded late: entries {}", "补录：记录 {}";
    UNCONFIRMED = "unconfirmed: entries {}", "待确认：记录 {}";
    DISPUTED = "disputed: entries {}", "有异议：记录 {}";
    WAIVED = "waivers: entries {}", "豁免：记录 {}";
    FAULTS = "data faults:", "数据问题：";
    FAULT = "  entry {}: {}: {}", "  记录 {}：{}：{}";
    FAULT_NO_ENTRY = "  {}: {}", "  {}：{}";
    SOUND = "sound: {} entries", "完好：共 {} 条记录";
    BROKEN = "broken: {} entries read; first bad entry {}: {} ({})", "已损坏：共读取 {} 条记录；首个问题记录 {}：{}（{}）";
    BROKEN_AROUND = "broken: {} entries read, all sound; {} ({})", "已损坏：共读取 {} 条记录，记录本身完好；{}（{}）";
    SHEET_ROW = "ROW", "行";
    SHEET_RESULT = "RESULT", "结果";
    SHEET_FACTS = "WOULD RECORD", "将记录";
    ROW_NEW = "new", "新增";
    ROW_FURTHER = "goes on", "续填";
    ROW_CORRECTED = "corrected", "更正";
    ROW_UNCHANGED = "recorded before", "已记录";
    ROW_WRONG = "wrong", "有误";
    CELLS_WRONG = "wrong cells: {}; nothing is recorded", "有 {} 处错误；未记录任何内容";
    REMARK = "remark: {}: {}", "提示：{}：{}";
    DRY_RUN = "{} rows, {} facts to record; nothing is recorded yet", "共 {} 行，将记录 {} 条事实；尚未记录";
    SHEET_RECORDED = "{} rows, {} facts recorded, entries {}", "共 {} 行，新记录 {} 条事实，记录 {}";
    SHEET_UNCHANGED = "{} rows, all recorded before", "共 {} 行，均已记录，没有变化";
    OPINIONS_READ = "{} to confirm, {} to dispute, {} recorded before, {} left open; nothing is recorded yet", "确认 {} 条，异议 {} 条，此前已记录 {} 条，未表态 {} 条；尚未记录";
    OPINIONS_RECORDED = "{} confirmed, {} disputed, {} recorded before, {} left open", "已记录：确认 {} 条，异议 {} 条；此前已记录 {} 条，未表态 {} 条";
    ZONE_READ = "times are read in {}", "时间按 {} 读取";
    WRITTEN = "wrote {}", "已写出 {}";
    DUE = "{}: {} to {}, {} items", "{}：{} 至 {}，共 {} 项";
    DUE_AT = "WHEN", "时间";
    REASON = "WHY", "事由";
    PARTY = "WHO", "责任方";
    CASE = "CASE", "件";
    WHAT = "WHAT", "内容";
    ROSTER = "{}: roster {} to {}", "{}：值班表 {} 至 {}";
    START = "START", "开始";
    END = "END", "结束";
    ROLE = "ROLE", "岗位";
    PERSON = "PERSON", "人员";
    GAPS = "gaps:", "空缺：";
    NOTHING_FOUND = "nothing found", "未发现问题";
    ISSUED = "issued as {}: entry {}", "已出具 {}：记录 {}";
    VERIFYING = "verifying", "校验";
    APPENDING = "recording", "记录";
    EXPORTING = "exporting", "导出";
    READING = "reading", "读取";
    BACKUP_STANDS = "{}: {} ({} {}, {})", "{}：{}（{} {}，用时 {}）";
    BACKUP_PASS = "pass", "通过";
    BACKUP_REMARKS = "pass with remarks", "通过（有提示）";
    BACKUP_FAIL = "FAIL", "未通过";
    BACKUP_UNVERIFIABLE = "unverifiable", "无法校验";
    BACKUP_UNSTABLE = "unstable read (it changed meanwhile: check again)", "读取期间有变化（请重新校验）";
    BACKUP_COVERAGE = "coverage: {} of {} files, {} of {} bytes read and compared", "覆盖：读取并比对文件 {}/{} 个，字节 {}/{}";
    BACKUP_RTO = "measured RTO: {} (at most {}), restored into {}", "实测 RTO：{}（上限 {}），恢复到 {}";
    BACKUP_PROBLEMS = "problems: {}", "问题：共 {} 个";
    BACKUP_MORE = "{} more are not listed", "另有 {} 个未列出";
    BACKUP_CHECKED = "checked:", "已查：";
    BACKUP_FILES = "{} x", "{} 个";
    BACKUP_LEFT_OUT = "not covered:", "未覆盖：";
    BACKUP_NOT_CHECKED = "not checked by this:", "本次未查：";
    BACKUP_SET = "SET", "备份集";
    BACKUP_VERDICT = "VERDICT", "结论";
    BACKUP_NEWEST = "NEWEST GOOD RUN", "最近有效备份";
    BACKUP_BEGUN = "BEGUN", "开始";
    BACKUP_VERIFY_DUE = "VERIFY DUE", "校验到期";
    BACKUP_DRILL_DUE = "DRILL DUE", "演练到期";
    BACKUP_NOT_L1 = "  L1 digests of every file: backup verify", "  L1 各文件摘要：backup verify";
    BACKUP_NOT_L2 = "  L2 structure of dumps, archives and databases: backup verify --level L2", "  L2 转储、归档与数据库的结构：backup verify --level L2";
    BACKUP_NOT_L3 = "  L3 that it can be restored: backup drill", "  L3 能否恢复：backup drill";
    BACKUP_NOT_L4 = "  L4 that platform and standby agree: backup compare", "  L4 平台与备库是否一致：backup compare";
    BACKUP_DIGEST = "SM3 of the manifest {}", "清单 SM3 {}";
    BACKUP_SIGNED = "signed by {}", "签名者 {}";
    BACKUP_REPORT = "SM3 of the report {}", "报告 SM3 {}";
    BACKUP_RECORDED = "recorded: entries {}", "已入账：记录 {}";
    BACKUP_NOT_RECORDED = "the check itself ended as shown; it is not recorded in the ledger:", "校验已完成，结果如上；但未能记入台账：";
    PATH = "PATH", "路径";
    EXPECTED = "EXPECTED", "应为";
    FOUND = "FOUND", "实为";
    OFFSET = "AT BYTE", "字节位置";
    DETAIL = "DETAIL", "说明";
    YUAN = "CNY {}", "{} 元";
}

/// Seqs as ranges: `3-5, 9`.
pub(crate) fn ranges(seqs: &[u64]) -> String {
    let mut out = String::new();
    let mut i = 0;
    while i < seqs.len() {
        let first = seqs[i];
        let mut last = first;
        while seqs.get(i + 1).is_some_and(|next| last.checked_add(1) == Some(*next)) {
            i += 1;
            last = seqs[i];
        }
        i += 1;
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&if first == last { first.to_string() } else { format!("{first}-{last}") });
    }
    out
}

/// A figure in its unit.
pub(crate) fn figure(figure: Option<&Figure>, unit: Option<&str>, lang: Lang) -> String {
    match (figure, unit) {
        (None, _) => "-".to_owned(),
        (Some(Figure::Points(text)), _) => text.clone(),
        (Some(Figure::Integer(us)), Some("us")) => time::words(*us, lang),
        (Some(Figure::Integer(fen)), Some("fen")) => {
            let sign = if *fen < 0 { "-" } else { "" };
            let fen = fen.unsigned_abs();
            YUAN.with(lang, &[&format!("{sign}{}.{:02}", fen / 100, fen % 100)])
        }
        (Some(Figure::Integer(n)), _) => n.to_string(),
    }
}

pub(crate) fn view(view: View, lang: Lang) -> &'static str {
    match view {
        View::Agreed => AGREED.get(lang),
        View::Claimed => CLAIMED.get(lang),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqs_are_joined_to_ranges() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[3, 4, 5, 9, 7, 8, u64::MAX]), "3-5, 9, 7-8, 18446744073709551615");
    }

    #[test]
    fn money_is_exact() {
        let fen = |n| figure(Some(&Figure::Integer(n)), Some("fen"), Lang::Zh);
        assert_eq!((fen(123_456), fen(-5)), ("1234.56 元".to_owned(), "-0.05 元".to_owned()));
    }
}
