//! Words that several families share.

use crate::sheets::family::{Word, word};

pub(super) static SEVERITIES: &[Word] =
    &[word("critical", "紧急"), word("major", "严重"), word("minor", "一般")];

pub(super) static PARTIES: &[Word] = &[
    word("supplier", "供应商"),
    word("subcontractor", "分包商"),
    word("buyer", "采购方"),
    word("force-majeure", "不可抗力"),
];

pub(super) static CHANNELS: &[Word] = &[
    word("phone", "电话"),
    word("email", "电子邮件"),
    word("web", "网络"),
    word("onsite", "现场"),
    word("monitor", "监测"),
];
