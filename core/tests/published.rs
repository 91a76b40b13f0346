//! The percentages that a public status page gives for the real outages of examples/year, reproduced with its own rule
//! (what is shorter than 15 minutes is left out), and ours, which leave nothing out.

#[path = "../../examples/year/src/published.rs"]
mod published;

use opsledger::time::SECOND;
use published::{LEFT_OUT_BELOW, compare};
use std::path::Path;

#[test]
fn eighteen_of_eighteen_with_its_rule_nine_without() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/year/source");
    let lines = compare(&folder).unwrap();
    for l in &lines {
        println!("{:26} {:>8} {:>8} {:>8}", l.service, l.published, l.by_their_rule, l.ours);
        assert_eq!(l.by_their_rule, l.published, "{}", l.service);
        assert_eq!(l.ours == l.published, l.left_out == 0, "{}", l.service);
    }
    assert_eq!(lines.len(), 18);
    assert_eq!(lines.iter().filter(|l| l.ours == l.published).count(), 9);
    assert_eq!(lines.iter().map(|l| l.left_out).sum::<usize>(), 24);
    assert_eq!(lines.iter().map(|l| l.left_out_downtime).sum::<i64>(), 12_607 * SECOND);
    assert_eq!(lines.iter().map(|l| l.downtime).sum::<i64>(), 72_218 * SECOND);
    assert_eq!(LEFT_OUT_BELOW, 900 * SECOND);
}

#[test]
fn one_of_them_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/year/source");
    let lines = compare(&folder).unwrap();
    let manual = lines.iter().find(|l| l.service == "manual").unwrap();
    // 767 + 2142 + 528 + 530 + 226 + 1352 s of 915 124.762 s; without the four below 900 s, 3494 s.
    assert_eq!(manual.downtime, 5_545 * SECOND);
    assert_eq!((manual.by_their_rule.as_str(), manual.ours.as_str()), ("99.62%", "99.39%"));
    assert_eq!((manual.left_out, manual.left_out_downtime), (4, 2_051 * SECOND));
}
