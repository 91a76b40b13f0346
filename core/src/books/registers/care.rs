//! Care for the system: inspections, work, assets, error logs, metrics, advice, drills.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const INSPECTION: &[&str] = &["inspection.complete"];

pub(super) static INSPECTIONS: Register = Register {
    name: "inspections",
    zh: "巡检记录",
    en: "Inspections",
    of: Of::Each(Family::Care, INSPECTION),
    columns: &[
        col("subject", "编号", "Inspection", Subject),
        col("completed_at", "完成时间", "Completed", At(First, INSPECTION)),
        col("type", "类型", "Type", Field(First, INSPECTION, "type")).words(),
        col("covers", "所属期间", "Covers", Field(First, INSPECTION, "covers")),
        col("parts", "检查内容", "Parts", Field(First, INSPECTION, "parts")).words(),
        col("person", "巡检人", "Person", Field(First, INSPECTION, "person")),
        col("findings", "发现问题", "Findings", Field(First, INSPECTION, "findings")),
        col("stated_by", "填报人", "Stated by", Person(First, INSPECTION)),
        col("evidence", "凭证摘要", "Evidence", Evidence(INSPECTION)),
    ],
};

const WORK_LOG: &[&str] = &["work.log"];

pub(super) static WORK: Register = Register {
    name: "work",
    zh: "维护日志",
    en: "Work log",
    of: Of::Each(Family::Care, WORK_LOG),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("logged_at", "时间", "At", At(First, WORK_LOG)),
        col("asset", "维护对象", "Asset", Field(First, WORK_LOG, "asset")),
        col("action", "维护内容", "Action", Field(First, WORK_LOG, "action")),
        col("person", "维护人员", "Person", Field(First, WORK_LOG, "person")),
        col("minutes", "用时(分钟)", "Minutes", Field(First, WORK_LOG, "minutes")),
        col("incident", "对应事件", "Incident", Field(First, WORK_LOG, "incident")),
        col("change", "对应变更", "Change", Field(First, WORK_LOG, "change")),
        col("result", "结果", "Result", Field(First, WORK_LOG, "result")).words(),
        col("stated_by", "填报人", "Stated by", Person(First, WORK_LOG)),
    ],
};

const REGISTER: &[&str] = &["asset.register"];

pub(super) static ASSETS: Register = Register {
    name: "assets",
    zh: "资产台账",
    en: "Assets",
    of: Of::Subjects(Family::Care, REGISTER),
    columns: &[
        col("subject", "资产编号", "Asset", Subject),
        col("registered_at", "登记时间", "Registered", At(First, REGISTER)),
        col("name", "名称", "Name", Field(Last, REGISTER, "name")),
        col("type", "类别", "Type", Field(Last, REGISTER, "type")).words(),
        col("model", "型号或版本", "Model or version", Field(Last, REGISTER, "model")),
        col("place", "位置", "Place", Field(Last, REGISTER, "place")),
        col("owner", "责任人", "Owner", Field(Last, REGISTER, "owner")),
        col("address", "地址", "Address", Field(Last, REGISTER, "address")),
        col("retired_at", "退役时间", "Retired", At(Last, &["asset.retire"])),
        col("state", "状态", "State", State(&[("asset.register", "in-use"), ("asset.retire", "retired")]))
            .words(),
    ],
};

const ERRORLOG: &[&str] = &["errorlog.register"];

pub(super) static ERRORS: Register = Register {
    name: "errors",
    zh: "错误日志登记",
    en: "Error log",
    of: Of::Each(Family::Care, ERRORLOG),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("registered_at", "登记时间", "Registered", At(First, ERRORLOG)),
        col("system", "系统", "System", Field(First, ERRORLOG, "system")),
        col("signature", "错误特征", "Signature", Field(First, ERRORLOG, "signature")),
        col("count", "次数", "Count", Field(First, ERRORLOG, "count")),
        col("first", "首次出现", "First seen", Field(First, ERRORLOG, "first")),
        col("last", "末次出现", "Last seen", Field(First, ERRORLOG, "last")),
        col("incident", "对应事件", "Incident", Field(First, ERRORLOG, "incident")),
        col("cause", "原因", "Cause", Field(First, ERRORLOG, "cause")),
        col("action", "处理", "Action", Field(First, ERRORLOG, "action")),
    ],
};

const METRIC: &[&str] = &["metric.record"];

pub(super) static METRICS: Register = Register {
    name: "metrics",
    zh: "运行指标",
    en: "Metrics",
    of: Of::Each(Family::Care, METRIC),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("recorded_at", "时间", "At", At(First, METRIC)),
        col("name", "指标", "Metric", Field(First, METRIC, "name")),
        col("value", "数值", "Value", Field(First, METRIC, "value")),
        col("unit", "单位", "Unit", Field(First, METRIC, "unit")),
        col("covers", "所属期间", "Covers", Field(First, METRIC, "covers")),
        col("system", "系统", "System", Field(First, METRIC, "system")),
    ],
};

const SUBMIT: &[&str] = &["advice.submit"];
const ANSWER: &[&str] = &["advice.answer"];

pub(super) static ADVICE: Register = Register {
    name: "advice",
    zh: "优化建议",
    en: "Advice",
    of: Of::Subjects(Family::Care, SUBMIT),
    columns: &[
        col("subject", "编号", "Advice", Subject),
        col("submitted_at", "提出时间", "Submitted", At(First, SUBMIT)),
        col("kind", "类别", "Kind", Field(First, SUBMIT, "kind")).words(),
        col("text", "内容", "What", Field(First, SUBMIT, "text")),
        col("answered_at", "答复时间", "Answered", At(Last, ANSWER)),
        col("answer", "答复", "Answer", Field(Last, ANSWER, "text")),
        col("answered_by", "答复方", "Answered by", Party(Last, ANSWER)).words(),
        col("person", "提出人", "Person", Person(First, SUBMIT)),
        col("state", "状态", "State", State(&[("advice.submit", "open"), ("advice.answer", "answered")]))
            .words(),
    ],
};

const DRILL: &[&str] = &["drill.run"];

pub(super) static DRILLS: Register = Register {
    name: "drills",
    zh: "应急演练",
    en: "Drills",
    of: Of::Each(Family::Care, DRILL),
    columns: &[
        col("subject", "编号", "Drill", Subject),
        col("run_at", "演练时间", "Run", At(First, DRILL)),
        col("plan", "预案", "Plan", Field(First, DRILL, "plan")),
        col("fault", "故障类型", "Fault", Field(First, DRILL, "fault")),
        col("covers", "所属期间", "Covers", Field(First, DRILL, "covers")),
        col("rto", "恢复用时", "RTO", Field(First, DRILL, "rto")),
        col("rpo", "数据损失", "RPO", Field(First, DRILL, "rpo")),
        col("result", "结果", "Result", Field(First, DRILL, "result")).words(),
        col("evidence", "凭证摘要", "Evidence", Evidence(DRILL)),
    ],
};
