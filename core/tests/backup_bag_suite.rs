//! The public BagIt conformance suite (tests/vectors/bagit, CC0): every bag gets the verdict that the suite expects.

mod backup_bag;

use backup_bag::{is_pass, kinds, vectors, verified};
use opsledger::backup::Verdict;
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(vectors("bagit_expected.json")).unwrap()).unwrap()
}

/// Names, line ends and encodings are what is tested, so the copy must be exact to the byte.
#[test]
fn the_copy_of_the_suite_is_exact() {
    let doc = expected();
    let files = doc["file_sm3"].as_object().unwrap();
    assert_eq!(files.len(), 438);
    for (name, sm3) in files {
        let bytes = std::fs::read(vectors("bagit").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(opsledger::digest::sm3_hex(&bytes), sm3.as_str().unwrap(), "{name}");
    }
}

#[test]
fn sixty_of_sixty() {
    the_copy_of_the_suite_is_exact();
    let doc = expected();
    let mut wrong = Vec::new();
    let bags = doc["bags"].as_array().unwrap();
    for bag in bags {
        let name = bag["bag"].as_str().unwrap();
        let report = verified(&vectors("bagit").join(name));
        let right = match bag["expect"].as_str().unwrap() {
            // MD5 and an unsigned manifest are remarks of ours.
            "valid" => {
                is_pass(&report)
                    && kinds(&report).iter().all(|k| {
                        ["weak-digest", "unsigned", "manifest-form", "unlisted-tag-file"].contains(k)
                    })
            }
            "valid_with_warning" => {
                report.verdict == Verdict::PassWithRemarks
                    && kinds(&report).iter().any(|k| !["weak-digest", "unsigned"].contains(k))
            }
            "invalid" | "invalid_on_posix" | "invalid_on_windows" => report.verdict == Verdict::Fail,
            other => panic!("{name}: expects {other}"),
        };
        println!("{name}: {} {:?}", report.verdict.name(), kinds(&report));
        if !right {
            wrong.push(format!("{name}: expects {}, {:?}", bag["expect"], report.problems));
        }
    }
    assert_eq!(bags.len(), 60);
    assert!(wrong.is_empty(), "{} of 60 wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// An invalid bag is refused for the reason the suite gives, not for another.
#[test]
fn refused_for_the_right_reason() {
    let reasons = [
        ("v0.97/invalid/baginfo-missing-encoding", "manifest-broken", "bagit.txt"),
        ("v0.97/invalid/bom-in-bagit.txt", "manifest-broken", "bagit.txt"),
        ("v0.97/invalid/corrupt-data-file", "checksum-mismatch", "data/"),
        ("v0.97/invalid/corrupt-tag-file", "checksum-mismatch", "bag-info.txt"),
        ("v0.97/invalid/extra-file-in-bag", "extra-on-disk", "data/bar"),
        ("v0.97/invalid/invalid-version-number", "manifest-broken", "bagit.txt"),
        ("v0.97/invalid/missing-baginfo", "missing-on-disk", "bag-info.txt"),
        ("v0.97/invalid/missing-bagit.txt", "manifest-missing", "bagit.txt"),
        ("v0.97/invalid/out-of-scope-file-paths-using-dot-notation", "unsafe-path", "../../../README.md"),
        (
            "v0.97/invalid/out-of-scope-file-paths-using-dot-notation-for-fetch",
            "unsafe-path",
            "../../../README.md",
        ),
        ("v0.97/invalid/same-filename-listed-twice-with-different-hashes", "duplicate-entry", "data/README"),
        ("v0.97/linux-only/out-of-scope-file-paths-using-absolute-path", "unsafe-path", "/tmp/foo"),
        (
            "v0.97/linux-only/out-of-scope-file-paths-using-absolute-path-for-fetch",
            "unsafe-path",
            "/tmp/test.txt",
        ),
        ("v0.97/linux-only/out-of-scope-file-paths-using-shortcut", "unsafe-path", "~/foo"),
        ("v0.97/linux-only/out-of-scope-file-paths-using-shortcut-username", "unsafe-path", "~root/foo"),
        ("v0.97/windows-only/out-of-scope-file-paths-using-absolute-path", "unsafe-path", "C:\\Windows"),
        ("v0.97/windows-only/out-of-scope-file-paths-using-shortcut-for-fetch", "unsafe-path", "%HomeDrive%"),
        ("v0.97/windows-only/out-of-scope-file-paths-using-unc-for-fetch", "unsafe-path", "\\\\?\\UNC"),
        ("v1.0/invalid/bagit-with-invalid-whitespace", "manifest-broken", "bagit.txt"),
        ("v1.0/invalid/notAllManifestsListAllFiles", "extra-on-disk", "data/missingFromManifest.txt"),
        ("v1.0/invalid/same-filename-listed-twice-with-different-hashes", "duplicate-entry", "data/README"),
        ("v1.0/invalid/same-filename-listed-twice-with-the-same-hash", "duplicate-entry", "data/README"),
    ];
    for (name, kind, path) in reasons {
        let report = verified(&vectors("bagit").join(name));
        let named = report.problems.iter().any(|p| p.kind.name() == kind && p.path.starts_with(path));
        assert!(named, "{name}: {:?}", report.problems);
    }
}
