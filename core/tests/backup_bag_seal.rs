//! Sealing: what is written is a bag for every tool, whatever the names and sizes; what cannot be sealed is refused before
//! anything is changed; a seal that is stopped at any point loses nothing.

mod backup_bag;

use backup_bag::{find, is_pass, kinds, of, sealed, shell, try_seal, try_verify, verified, write};
use opsledger::backup::{Kind, SealOptions, Verdict};
use opsledger::digest::{Algorithm, sm3_hex};
use opsledger::error::Code;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NAMES: [&str; 14] = [
    "plain.sql",
    "with space",
    " leading and trailing ",
    "100%",
    "%0A",
    "%25",
    "cr\rlf\nboth\r\n",
    "数据库备份.sql",
    "😀",
    "quote'\"$(x)",
    "*star",
    "-dash",
    "a/b/c/deep",
    "tab\there",
];

/// Every file below a folder with its content.
fn content(root: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
                all.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

#[test]
fn any_name_and_any_size() {
    let place = tempfile::tempdir().unwrap();
    for name in NAMES {
        write(place.path(), name, name.as_bytes());
    }
    for size in [0, 1, 55, 56, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 262_143, 262_144, 262_145] {
        write(place.path(), &format!("sizes/{size}"), &vec![7; size]);
    }
    let before = content(place.path());
    let report = sealed(place.path());
    assert!(is_pass(&report), "{:?}", report.problems);
    let detail = report.seal.as_ref().unwrap();
    assert_eq!(detail.files, before.len() as u64);
    assert_eq!(detail.bytes, before.values().map(|c| c.len() as u64).sum::<u64>());
    assert_eq!(content(&place.path().join("data")), before, "content moves unchanged");
    let checked = verified(place.path());
    assert_eq!(checked.verdict, Verdict::PassWithRemarks, "{:?}", checked.problems);
    assert_eq!(kinds(&checked), ["unsigned"]);
    assert_eq!(checked.coverage.files_read, checked.coverage.files);
    assert_eq!(checked.coverage.bytes_read, checked.coverage.bytes);
    assert_eq!(checked.manifest_sm3, report.manifest_sm3);
    let tag = std::fs::read(place.path().join("tagmanifest-sm3.txt")).unwrap();
    assert_eq!(report.manifest_sm3.as_deref(), Some(sm3_hex(&tag).as_str()));
}

/// Tools of the system read what we write, where names are plain.
#[test]
fn ordinary_tools_agree() {
    let place = tempfile::tempdir().unwrap();
    for (i, name) in ["a.sql", "with space", "数据库备份.sql", "deep/er/x"].iter().enumerate() {
        write(place.path(), name, &vec![b'x'; i * 1000]);
    }
    sealed(place.path());
    for line in [
        "cksum -a sm3 --check manifest-sm3.txt",
        "cksum -a sm3 --check tagmanifest-sm3.txt",
        "sha256sum --check manifest-sha256.txt",
        "sha256sum --check tagmanifest-sha256.txt",
    ] {
        let (ok, text) = shell(place.path(), line);
        assert!(ok, "{line}: {text}");
    }
    std::fs::write(place.path().join("data/a.sql"), b"y").unwrap();
    assert!(!shell(place.path(), "cksum -a sm3 --check manifest-sm3.txt").0);
}

#[test]
fn bag_info_says_what_it_is() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "dump.sql", b"x");
    let report = try_seal(&SealOptions {
        path: place.path().into(),
        set: Some("platform-db".into()),
        run: Some("2026-11-25-daily".into()),
        kind: Some(Kind::Opaque),
        algorithms: vec![Algorithm::Sha512],
        info: BTreeMap::from([("Contact-Name".into(), "工程师甲".into())]),
        ..SealOptions::default()
    })
    .unwrap();
    assert_eq!(report.seal.as_ref().unwrap().algorithms, ["sm3", "sha512"]);
    let info = std::fs::read_to_string(place.path().join("bag-info.txt")).unwrap();
    for line in [
        "Bagging-Date: 2026-11-25",
        "Payload-Oxum: 1.1",
        "External-Identifier: 2026-11-25-daily",
        "Opsledger-Set: platform-db",
        "Opsledger-Kind: opaque",
        "Opsledger-Started: 2026-11-25T03:00:00+08:00",
        "Contact-Name: 工程师甲",
    ] {
        assert!(info.lines().any(|l| l == line), "{line}: {info}");
    }
    let checked = try_verify(&of(place.path())).unwrap();
    assert_eq!(checked.set.as_deref(), Some("platform-db"));
    assert_eq!(checked.run.as_deref(), Some("2026-11-25-daily"));
    let other =
        try_verify(&opsledger::backup::VerifyOptions { set: Some("logs".into()), ..of(place.path()) });
    assert_eq!(find(&other.unwrap(), "other-set").len(), 1);
}

#[test]
fn refused_before_anything_is_changed() {
    type Make = fn(&Path);
    let cases: [(&str, Make); 9] = [
        ("no file", |p| std::fs::create_dir_all(p.join("empty/er")).unwrap()),
        ("a link", |p| std::os::unix::fs::symlink("ok", p.join("link")).unwrap()),
        ("a link", |p| std::os::unix::fs::symlink("gone", p.join("dangling")).unwrap()),
        ("neither", |p| {
            let name = std::ffi::CString::new(p.join("pipe").as_os_str().as_bytes()).unwrap();
            // SAFETY: `name` is a C string that lives through the call.
            assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        }),
        ("not UTF-8", |p| std::fs::write(p.join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), b"x").unwrap()),
        ("device name", |p| drop(write(p, "sub/NUL.txt", b"x"))),
        ("separator", |p| drop(write(p, "a\\b", b"x"))),
        ("a ledger", |p| {
            let mut head = vec![0; 4096];
            head[..16].copy_from_slice(b"SQLite format 3\0");
            head[18] = 2;
            head[68..72].copy_from_slice(b"OPSL");
            write(p, "ledger.db", &head);
        }),
        ("not a folder", |p| {
            std::fs::remove_dir_all(p).unwrap();
            std::fs::write(p, b"x").unwrap();
        }),
    ];
    for (why, make) in cases {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("set");
        std::fs::create_dir(&root).unwrap();
        if why != "no file" {
            write(&root, "ok", b"x");
        }
        make(&root);
        let list = shell(place.path(), "find . | sort").1;
        for into in [None, Some(place.path().join("bag"))] {
            let error =
                try_seal(&SealOptions { path: root.clone(), into: into.clone(), ..SealOptions::default() })
                    .expect_err(why);
            assert_eq!(error.code(), Code::CannotSeal, "{why}: {error}");
            assert!(error.detail().contains(why), "{why}: {error}");
        }
        let _ = std::fs::remove_dir(place.path().join("bag"));
        assert_eq!(shell(place.path(), "find . | sort").1, list, "{why}");
    }
}

#[test]
fn a_bag_is_not_sealed_twice() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a", b"x");
    sealed(place.path());
    let before = content(place.path());
    let error = try_seal(&SealOptions { path: place.path().into(), ..SealOptions::default() }).unwrap_err();
    assert_eq!(error.code(), Code::AlreadySealed);
    assert_eq!(content(place.path()), before);
}

#[test]
fn into_another_folder() {
    let place = tempfile::tempdir().unwrap();
    let (from, into) = (place.path().join("set"), place.path().join("bags/one"));
    write(&from, "data/a", b"1");
    write(&from, "备份 b", b"2");
    let options = SealOptions { path: from.clone(), into: Some(into.clone()), ..SealOptions::default() };
    let report = try_seal(&options).unwrap();
    assert_eq!(report.seal.as_ref().unwrap().linked, 2);
    assert!(report.coverage.not_covered.iter().any(|u| u.en.contains("hard links")));
    assert!(is_pass(&verified(&into)));
    assert_eq!(content(&from), content(&into.join("data")), "the source stays as it is");
    assert_eq!(try_seal(&options).unwrap_err().code(), Code::CannotSeal, "not empty");
    let inside = SealOptions { into: Some(from.join("x")), ..options };
    assert_eq!(try_seal(&inside).unwrap_err().code(), Code::CannotSeal);
}

#[test]
fn big_files_have_a_list_of_chunks() {
    const MIB: usize = 1024 * 1024;
    let place = tempfile::tempdir().unwrap();
    for (name, size) in [
        ("under", MIB),
        ("one more\ttab", MIB + 1),
        ("two", 2 * MIB),
        ("three and a half", 3 * MIB + MIB / 2),
    ] {
        let bytes: Vec<u8> = (0..size).map(|i| u8::try_from((i * 31 + i / 7) % 251).unwrap()).collect();
        write(place.path(), name, &bytes);
    }
    let report = try_seal(&SealOptions {
        path: place.path().into(),
        chunks_from: Some(MIB as u64),
        ..SealOptions::default()
    })
    .unwrap();
    assert_eq!(report.seal.unwrap().chunked, 3);
    let list = std::fs::read_to_string(place.path().join("chunks-sm3.tsv")).unwrap();
    assert_eq!(list.lines().count(), 1 + 2 + 2 + 4, "{list}");
    assert!(is_pass(&verified(place.path())));

    // Damage is located: two chunks of one file.
    let path = place.path().join("data/three and a half");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[MIB + 5] ^= 1;
    bytes[3 * MIB + 5] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = verified(place.path());
    let at: Vec<Option<u64>> = find(&report, "chunk-mismatch").iter().map(|p| p.at).collect();
    assert_eq!(at, [Some(MIB as u64), Some(3 * MIB as u64)]);
    assert_eq!(find(&report, "checksum-mismatch").len(), 1);
}

/// A list of chunks that does not agree with the file's own digest is a problem, though every tag file fits.
#[test]
fn a_wrong_list_of_chunks_is_found() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "big", &[1; 5000]);
    try_seal(&SealOptions { path: place.path().into(), chunks_from: Some(100), ..SealOptions::default() })
        .unwrap();
    let list = place.path().join("chunks-sm3.tsv");
    let good = std::fs::read_to_string(&list).unwrap();
    let digest = good.lines().last().unwrap().rsplit('\t').next().unwrap().to_owned();
    let other = sm3_hex(b"other");
    for (text, kind) in [
        (good.replace(&digest, &other), "chunk-list-wrong"),
        (good.replace("\t5000\t", "\t4999\t"), "chunk-list-wrong"),
        (good.replace("data/big", "data/bag"), "chunk-list-wrong"),
        (good.replace("\t0\t", "\t1\t"), "manifest-broken"),
        (good.replace("\t0\t", "\t-1\t"), "manifest-broken"),
        (good.replace("5000", "99999999999999999999999"), "manifest-broken"),
        (good.replace("5000", "18446744073709551615"), "manifest-broken"),
        (good.replace("path\t", ""), "manifest-broken"),
        (format!("{good}{}", good.lines().last().unwrap()), "manifest-broken"),
        (String::new(), "manifest-broken"),
    ] {
        std::fs::write(&list, &text).unwrap();
        resum(place.path());
        let report = verified(place.path());
        assert_eq!(report.verdict, Verdict::Fail, "{text}");
        assert_eq!(find(&report, kind).len(), 1, "{text}: {:?}", report.problems);
        assert_eq!(kinds(&report).iter().filter(|k| k.contains("changed")).count(), 0);
    }
}

/// Makes the tag manifests fit the tag files again, as anybody could.
fn resum(root: &Path) {
    for (tool, name) in [("cksum -a sm3 --untagged", "sm3"), ("sha256sum", "sha256")] {
        let line = format!(
            "{tool} $(sed 's/^[0-9a-f]*  //' tagmanifest-{name}.txt) > t && mv t tagmanifest-{name}.txt"
        );
        let (ok, text) = shell(root, &line);
        assert!(ok, "{text}");
    }
}

/// A ledger in use is refused, its snapshot is sealed.
#[cfg(feature = "ledger")]
#[test]
fn a_ledger_is_backed_up_by_its_snapshot() {
    use opsledger::ledger::{Ledger, Options};
    let place = tempfile::tempdir().unwrap();
    let live = place.path().join("live");
    std::fs::create_dir(&live).unwrap();
    let ledger = Ledger::open(&live.join("l.db"), &Options { create: true, ..Options::default() }).unwrap();
    let backup = place.path().join("backup");
    std::fs::create_dir(&backup).unwrap();
    ledger.snapshot(&backup.join("l.db")).unwrap();
    for _ in 0..2 {
        let error = try_seal(&SealOptions { path: live.clone(), ..SealOptions::default() }).unwrap_err();
        assert_eq!(error.code(), Code::CannotSeal, "{error}");
        assert!(error.detail().contains("a ledger"), "{error}");
    }
    assert!(is_pass(&sealed(&backup)));
    drop(ledger);
    let closed = try_seal(&SealOptions { path: live, ..SealOptions::default() });
    assert_eq!(closed.unwrap_err().code(), Code::CannotSeal, "closed, it is still the ledger itself");
}
