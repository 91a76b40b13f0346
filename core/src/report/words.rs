//! The page's words in both languages, and figures in words. Everything a reader sees that is not data stands here.

use crate::assess::{Figure, Status, View};
use crate::error::Lang;
pub(super) use crate::facts::terms::term;
use crate::time::{self, DAY, Micros};
use std::collections::BTreeMap;

/// Name in the template, Chinese, English; sorted by name.
const WORDS: &[(&str, &str, &str)] = &[
    ("as_of", "截至", "As of"),
    ("assumed", "未约定，示例值", "not agreed, example value"),
    ("availability_elapsed", "可用率 A（已过时间）", "Availability A (elapsed)"),
    ("availability_elapsed_note", "排除与未知时间计为可用", "excluded and unknown time as up"),
    ("availability_eligible", "可用率 B（应服务时间）", "Availability B (eligible)"),
    ("availability_eligible_note", "扣除计划停机与未知时间", "without planned and unknown time"),
    ("breached_at", "违约时刻", "Breached at"),
    ("breaches", "违约次数", "Breaches"),
    ("budget", "故障时间预算", "Downtime budget"),
    (
        "budget_note",
        "累计计入的故障时间与约定上限；每个点是一次故障的开始或结束，数值精确。",
        "Counted downtime so far against the limit; each point is the start or the end of an episode, exact.",
    ),
    ("budget_zoom", "局部：有故障的时段", "Detail: the stretch with outages"),
    ("case", "事件", "Case"),
    ("by", "记录人", "By"),
    ("cause", "原因", "Cause"),
    ("check", "如何核对本报告", "How to check this page"),
    (
        "check_assess",
        "用同一台账、同一时刻重新计算，结果应逐字相同",
        "Compute it again from the same ledger and instants; the result must be the same, letter by letter",
    ),
    ("check_contract", "核对合同文本的 SM3", "Check the SM3 of the contract's text"),
    ("check_holidays", "放假安排数据文件及其 SM3", "Holiday data files and their SM3"),
    (
        "check_intro",
        "本页只是打印件，以台账和合同文本为准。任何一方都可以自行核对，不必信任对方或本程序：",
        "This page is a print; the ledger and the contract's text decide. Either side can check it without trusting the other or this program:",
    ),
    (
        "check_shell",
        "不用本程序核对（只需 sqlite3 与 cksum 或 openssl），末条摘要应为",
        "The same without this program (sqlite3 and cksum or openssl); its last head must be",
    ),
    ("check_verify", "核对台账：每条记录、每个链接", "Check the ledger: every entry, every link"),
    ("claimed", "全部主张", "claimed"),
    ("class", "类别", "Class"),
    ("clause", "条款", "Clause"),
    ("clauses", "条款结论", "Clauses"),
    ("colon", "：", ": "),
    ("contract", "合同", "Contract"),
    ("counted_no", "不计", "not counted"),
    ("counted_other", "计入其他期间", "counts in another period"),
    ("counted_yes", "计入", "counted"),
    ("deadlines", "时限逐件核对", "Clocks, case by case"),
    ("disputed", "有异议的记录", "Disputed"),
    ("document", "合同履约评估报告", "Contract assessment"),
    ("downtime", "计入的故障时间", "Counted downtime"),
    ("due", "到期", "Due"),
    ("duration", "历时", "Duration"),
    ("effect", "后果", "Effect"),
    ("end", "结束", "End"),
    ("entry", "记录", "Entry"),
    ("episodes", "故障清单", "Outages"),
    (
        "episodes_note",
        "首尾相接或重叠的故障合并为一次；类别按整次故障计入的时间划分。",
        "Outages that touch or overlap are one episode; its class goes by the counted downtime of the whole.",
    ),
    ("evidence", "依据", "Evidence"),
    ("exact", "精确值", "exact"),
    ("excluded", "不计入的时间及原因", "What was taken out, and why"),
    ("faults", "数据问题", "Data faults"),
    ("faults_note", "下列内容不影响任何数字，只列明原因。", "None of these has any effect on a figure."),
    ("forecast", "预计违约时刻", "Forecast breach"),
    ("forecast_short", "预计", "forecast"),
    ("head", "台账末条", "Last head"),
    ("impact", "影响", "Impact"),
    ("at", "时间", "At"),
    ("attribution", "责任", "Attribution"),
    ("known_at", "已知至", "Known at"),
    ("late", "逾期补记且使数字降低的记录", "Recorded late, lowering a figure"),
    ("legend_excluded", "不计", "not counted"),
    ("legend_long", "长时间", "long"),
    ("legend_none", "不计时（计划停机或已排除）", "no downtime (planned or excluded)"),
    ("legend_short", "短时间", "short"),
    ("limit", "约定", "Limit"),
    ("long", "长时间故障", "Long outages"),
    ("margin", "余量", "Margin"),
    ("no_ledger", "无台账（由零散事实计算）", "no ledger (from loose facts)"),
    ("none", "无", "none"),
    ("not_settled", "未完成", "not settled"),
    ("notes", "口径与说明", "Readings and notes"),
    ("now", "截至时刻", "as of"),
    ("open", "未结束", "open"),
    ("other_excluded", "未计入任何一次故障的记录", "Outages in no episode"),
    ("other_view", "另一口径", "Other view"),
    ("outage", "故障", "Outage"),
    ("outages_in", "条记录", "outages"),
    ("pending", "进行中", "Pending"),
    ("period", "服务期", "Period"),
    ("planned", "计划停机", "Planned"),
    ("record", "记录状况", "The record"),
    ("remaining", "剩余", "Left"),
    ("run", "连续", "In a row"),
    ("settled", "完成", "Settled"),
    ("short", "短时间故障", "Short outages"),
    ("sm3", "SM3", "SM3"),
    ("start", "开始", "Start"),
    ("status", "状态", "Status"),
    ("streak", "连续逾期", "Late in a row"),
    ("streak_late", "逾期", "late"),
    ("streak_time", "按期", "in time"),
    ("subject", "编号", "Subject"),
    ("system", "系统", "System"),
    ("timeline", "故障时间轴", "Timeline of outages"),
    (
        "timeline_note",
        "每条记录一格；为可见起见最窄 2 个单位，宽度不作计算依据。",
        "One bar an outage, at least 2 units wide to be seen; widths are no measure.",
    ),
    ("told", "内容", "What it says"),
    ("unconfirmed", "待对方确认的记录", "Unconfirmed"),
    ("unknown", "未监测", "Unknown"),
    ("value", "实际", "Actual"),
    ("view", "口径", "View"),
    (
        "view_note",
        "两种口径结果不同：有利于记录方的事实须经对方确认才计入双方认可口径。",
        "The two views differ: what helps its writer counts in the agreed view only once the other party confirmed it.",
    ),
    ("waived", "豁免", "Waivers"),
    ("zone", "时区", "Zone"),
];

/// The words of one language, by name.
pub(super) fn words(lang: Lang) -> BTreeMap<&'static str, &'static str> {
    WORDS.iter().map(|(name, zh, en)| (*name, pick(lang, *zh, *en))).collect()
}

pub(super) fn pick<T>(lang: Lang, zh: T, en: T) -> T {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

pub(super) fn status(lang: Lang, s: Status) -> &'static str {
    pick(lang, s.zh(), s.name())
}

pub(super) fn view(lang: Lang, v: View) -> &'static str {
    match v {
        View::Agreed => pick(lang, "双方认可口径", "agreed by both parties"),
        View::Claimed => pick(lang, "全部主张口径", "as claimed, all facts"),
    }
}

/// A length of time in words, exact: `10 小时 4 分 6 秒`, `10 h 4 min 6 s`; days from three on.
pub(super) fn duration(lang: Lang, us: Micros) -> String {
    let sign = if us < 0 { "−" } else { "" };
    let (size, day) = (us.unsigned_abs(), DAY.unsigned_abs());
    let days = if size >= 3 * day { size / day } else { 0 };
    // Less than 2^63 once the days are taken, or short of three days.
    let rest = (size - days * day) as Micros;
    let mut parts = Vec::new();
    if days > 0 {
        parts.push(format!("{days} {}", pick(lang, "天", "d")));
    }
    if rest > 0 || days == 0 {
        parts.push(time::words(rest, lang));
    }
    format!("{sign}{}", parts.join(" "))
}

/// A figure in words.
pub(super) fn figure(lang: Lang, figure: &Figure, unit: Option<&str>) -> String {
    match (figure, unit) {
        (Figure::Integer(us), Some("us")) => duration(lang, *us),
        (Figure::Integer(n), Some("count")) => pick(lang, format!("{n} 次"), n.to_string()),
        (Figure::Integer(fen), Some("fen")) => {
            let (sign, fen) = (if *fen < 0 { "−" } else { "" }, fen.unsigned_abs());
            pick(
                lang,
                format!("{sign}{}.{:02} 元", fen / 100, fen % 100),
                format!("{sign}¥{}.{:02}", fen / 100, fen % 100),
            )
        }
        (Figure::Integer(n), _) => n.to_string(),
        (Figure::Points(p), _) => pick(lang, format!("{p} 分"), format!("{p} points")),
    }
}

/// What is left of a limit, or by how much it is exceeded.
pub(super) fn margin(lang: Lang, margin: &Figure, unit: Option<&str>) -> String {
    let (over, amount) = match margin {
        Figure::Integer(n) if *n < 0 => (true, Figure::Integer(n.saturating_neg())),
        Figure::Points(p) if p.starts_with('-') => (true, Figure::Points(p[1..].to_owned())),
        other => (false, other.clone()),
    };
    let text = figure(lang, &amount, unit);
    match over {
        true => pick(lang, format!("超出 {text}"), format!("over by {text}")),
        false => pick(lang, format!("余 {text}"), format!("{text} left")),
    }
}

/// A figure as it stands in the JSON document, digits in groups, with its unit.
pub(super) fn exact(figure: &Figure, unit: Option<&str>) -> Option<String> {
    match (figure, unit) {
        (Figure::Integer(n), Some("us")) => Some(format!("{} µs", grouped(*n))),
        _ => None,
    }
}

fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// Columns that a text takes: Chinese characters are two wide.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) < 0x1100 { 1 } else { 2 }).sum()
}

/// Entry numbers in runs, first and last.
pub(super) fn runs(seqs: &[u64]) -> Vec<(u64, u64)> {
    let mut sorted = seqs.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for seq in sorted {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seq) => *last = seq,
            _ => runs.push((seq, seq)),
        }
    }
    runs
}

/// Runs in words: `#3–5, #9`; `more` further entries are counted at the end.
pub(super) fn run_text(lang: Lang, runs: &[(u64, u64)], more: u64) -> String {
    let shown: Vec<String> =
        runs.iter().map(|(a, b)| if a == b { format!("#{a}") } else { format!("#{a}–{b}") }).collect();
    let text = shown.join(pick(lang, "、", ", "));
    if more == 0 {
        return text;
    }
    format!("{text}{}", more_text(lang, runs, more))
}

/// How many entries there are in all, after the runs that are shown.
pub(super) fn more_text(lang: Lang, runs: &[(u64, u64)], more: u64) -> String {
    let all = more + runs.iter().map(|(a, b)| b - a + 1).sum::<u64>();
    pick(lang, format!(" 等 {all} 条"), format!(", … {all} in all"))
}

/// Entry numbers in runs: `#3–5, #9`; at most so many runs, then how many entries there are in all.
pub(super) fn entries(lang: Lang, seqs: &[u64], most: usize) -> String {
    let runs = runs(seqs);
    let more = runs.iter().skip(most).map(|(a, b)| b - a + 1).sum();
    run_text(lang, &runs[..most.min(runs.len())], more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{HOUR, MINUTE, SECOND};

    #[test]
    fn durations_are_exact() {
        let zh = |us| duration(Lang::Zh, us);
        assert_eq!(zh(0), "0 秒");
        assert_eq!(zh(10 * HOUR + 4 * MINUTE + 6 * SECOND), "10 小时 4 分 6 秒");
        assert_eq!(zh(HOUR), "1 小时");
        assert_eq!(zh(HOUR - 1), "59 分 59.999999 秒");
        assert_eq!(zh(-1_500_000), "−1.5 秒");
        assert_eq!(zh(71 * HOUR), "71 小时");
        assert_eq!(duration(Lang::En, 3 * DAY + 1), "3 d 0.000001 s");
        assert_eq!(duration(Lang::En, i64::MIN), "−106751991 d 4 h 54.775808 s");
    }

    #[test]
    fn figures_in_words() {
        let us = Some("us");
        assert_eq!(margin(Lang::Zh, &Figure::Integer(-246 * SECOND), us), "超出 4 分 6 秒");
        assert_eq!(margin(Lang::En, &Figure::Integer(SECOND), us), "1 s left");
        assert_eq!(margin(Lang::Zh, &Figure::Points("-1.5".into()), Some("points")), "超出 1.5 分");
        assert_eq!(figure(Lang::Zh, &Figure::Integer(-105), Some("fen")), "−1.05 元");
        assert_eq!(figure(Lang::Zh, &Figure::Integer(3), Some("count")), "3 次");
        assert_eq!(exact(&Figure::Integer(36_246_000_000), us).unwrap(), "36,246,000,000 µs");
        assert_eq!(exact(&Figure::Integer(-300), us).unwrap(), "−300 µs");
    }

    #[test]
    fn entries_in_runs() {
        assert_eq!(entries(Lang::Zh, &[5, 3, 4, 9, 9], 8), "#3–5、#9");
        assert_eq!(entries(Lang::En, &[1, 3, 5], 2), "#1, #3, … 3 in all");
        assert_eq!(entries(Lang::En, &[], 2), "");
    }

    #[test]
    fn every_word_stands_once_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            assert_eq!(words(lang).len(), WORDS.len());
        }
        assert!(WORDS.iter().all(|(_, zh, en)| !zh.is_empty() && !en.is_empty()));
    }
}
