//! Words that several families share.

pub(super) static SEVERITIES: &[&str] = &["critical", "major", "minor"];

pub(super) static PARTIES: &[&str] = &["supplier", "subcontractor", "buyer", "force-majeure"];

pub(super) static CHANNELS: &[&str] = &["phone", "email", "web", "onsite", "monitor"];
