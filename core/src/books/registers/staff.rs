//! People and their roles, and the events during which more of them are on duty.

use super::{First, Last, Of, Register, Source::*, col};
use crate::facts::kinds::Family;

const JOIN: &[&str] = &["staff.join"];
const ABSENT: &[&str] = &["staff.absent"];

pub(super) static STAFF: Register = Register {
    name: "staff",
    zh: "人员登记",
    en: "Staff",
    of: Of::Subjects(
        Family::Staff,
        &["staff.join", "staff.replace.request", "staff.replace.approve", "staff.replace.effect"],
    ),
    columns: &[
        col("subject", "编号", "Subject", Subject),
        col("person", "姓名", "Person", Field(Last, JOIN, "person")),
        col("role", "岗位", "Role", Field(Last, JOIN, "role")).words(),
        col("certificates", "资质证书", "Certificates", Field(Last, JOIN, "certificates")),
        col("joined_at", "到岗", "Joined", At(First, JOIN)),
        col("absences", "离岗次数", "Absences", Count(ABSENT)),
        col("deputies", "代理人", "Deputies", Values(ABSENT, "deputy")),
        col(
            "replace_requested_at",
            "申请更换",
            "Replacement requested",
            At(First, &["staff.replace.request"]),
        ),
        col("replace_approved_at", "同意更换", "Replacement approved", At(Last, &["staff.replace.approve"])),
        col("replaced_at", "更换生效", "Replaced", At(Last, &["staff.replace.effect"])),
        col("left_at", "离任", "Left", At(Last, &["staff.leave"])),
        col(
            "state",
            "状态",
            "State",
            State(&[
                ("staff.join", "on-post"),
                ("staff.replace.request", "replacement-requested"),
                ("staff.replace.approve", "replacement-approved"),
                ("staff.replace.effect", "replaced"),
                ("staff.leave", "left"),
            ]),
        )
        .words(),
    ],
};

const DECLARE: &[&str] = &["event.declare"];

pub(super) static EVENTS: Register = Register {
    name: "events",
    zh: "重要活动",
    en: "Events",
    of: Of::Each(Family::Event, DECLARE),
    columns: &[
        col("subject", "编号", "Event", Subject),
        col("name", "名称", "Name", Field(First, DECLARE, "name")),
        col("declared_at", "宣布时间", "Declared", At(First, DECLARE)),
        col("start", "开始", "Start", Field(First, DECLARE, "start")),
        col("end", "结束", "End", Field(First, DECLARE, "end")),
        col("party", "宣布方", "Party", Party(First, DECLARE)).words(),
        col("person", "宣布人", "Person", Person(First, DECLARE)),
    ],
};
