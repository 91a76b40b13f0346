//! The month of `examples/rust` prints what the examples of the other languages print.

use std::path::Path;
use std::process::Command;

#[test]
fn the_example_prints_what_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("month.ledger");
    let expected = std::fs::read_to_string(root.join("examples/month/expected.txt")).unwrap();
    // Twice: the second on the same ledger, where every fact has its key, so nothing is recorded twice.
    for _ in 0..2 {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", "month", "--"])
            .args([&root.join("examples/month"), &ledger])
            .current_dir(root)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}
