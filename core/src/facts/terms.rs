//! Words that facts use for states, parties, impacts and kinds, and what a Chinese reader calls them.

use crate::error::Lang;

/// Word, Chinese; sorted by word.
const TERMS: &[(&str, &str)] = &[
    ("accepted", "已通过"),
    ("account", "账号"),
    ("acknowledged", "已确认"),
    ("agreed", "已商定"),
    ("answered", "已答复"),
    ("applied", "已申请"),
    ("approved", "已同意"),
    ("breached", "违约"),
    ("buyer", "采购方"),
    ("cancelled", "已取消"),
    ("cleared", "已解除"),
    ("closed", "已关闭"),
    ("code", "代码安全检测"),
    ("coming", "未开始"),
    ("compared", "已比对"),
    ("complaint", "投诉"),
    ("concluded", "已有结论"),
    ("consult", "咨询"),
    ("critical", "特别严重"),
    ("crypto", "密码应用测评"),
    ("daily", "日常"),
    ("data", "数据"),
    ("database", "数据库"),
    ("deployed", "已上线"),
    ("depreciate", "贬值"),
    ("desk", "服务台"),
    ("diagnosed", "已诊断"),
    ("done", "已完成"),
    ("down", "不可用"),
    ("due", "应付"),
    ("duplicate", "重复"),
    ("email", "邮件"),
    ("engineer", "工程师"),
    ("fail", "未通过"),
    ("fixed", "已整改"),
    ("flapping", "抖动"),
    ("force-majeure", "不可抗力"),
    ("hardware", "硬件"),
    ("high", "高"),
    ("in-progress", "处理中"),
    ("in-use", "在用"),
    ("left", "已离任"),
    ("logs", "日志"),
    ("long", "长时间"),
    ("low", "低"),
    ("machine", "监测程序"),
    ("major", "严重"),
    ("manager", "项目经理"),
    ("medium", "中"),
    ("met", "达标"),
    ("minor", "一般"),
    ("mlps", "等级保护测评"),
    ("monthly", "月度"),
    ("none", "不计时"),
    ("not-due", "未到期"),
    ("notice", "通报"),
    ("on-post", "在岗"),
    ("on-site", "已到场"),
    ("open", "未完成"),
    ("over", "已结束"),
    ("paid", "已付"),
    ("partial", "部分不可用"),
    ("pass", "通过"),
    ("paused", "已暂停"),
    ("pending", "进行中"),
    ("phone", "电话"),
    ("queued", "待上报"),
    ("raised", "未确认"),
    ("rectified", "已整改"),
    ("rejected", "已退回"),
    ("reopened", "已重开"),
    ("repaired", "已修复"),
    ("replace", "更换"),
    ("replaced", "已更换"),
    ("replacement-approved", "更换已同意"),
    ("replacement-requested", "更换已申请"),
    ("reported", "已申报"),
    ("requested", "已申请"),
    ("requirement", "需求"),
    ("responded", "已响应"),
    ("restored", "已恢复"),
    ("retired", "已退役"),
    ("return", "退回"),
    ("reviewed", "已评审"),
    ("risk-accepted", "风险已接受"),
    ("rolled-back", "已回退"),
    ("running", "进行中"),
    ("scan", "日常安全检测"),
    ("scanned", "已扫描"),
    ("sent", "已上报"),
    ("short", "短时间"),
    ("signed", "已签署"),
    ("software", "软件"),
    ("subcontractor", "分包商"),
    ("submitted", "已提交"),
    ("supplier", "供应商"),
    ("tested", "已测试"),
    ("transferred", "已移交"),
    ("unknown", "未知"),
    ("verified", "已复核"),
    ("void", "已作废"),
    ("withdrawn", "已撤回"),
];

/// What a reader of `lang` calls `word`; any other word stands as it is.
pub fn term(lang: Lang, word: &str) -> &str {
    match lang {
        Lang::Zh => TERMS.binary_search_by(|(w, _)| (*w).cmp(word)).map_or(word, |i| TERMS[i].1),
        Lang::En => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_found() {
        for pair in TERMS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        assert_eq!(term(Lang::Zh, "buyer"), "采购方");
        assert_eq!(term(Lang::En, "buyer"), "buyer");
        assert_eq!(term(Lang::Zh, "省平台"), "省平台");
    }
}
