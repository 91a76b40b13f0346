//! Random single damages on sealed sets: every one is found and its path is named, none crashes, sound sets never fail.
//! `OPSLEDGER_SOAK=1` makes 10 000 of them, else 500; `OPSLEDGER_SEED=n` repeats a run.

mod backup_bag;

use backup_bag::{is_pass, kinds, of, sealed, shell, try_seal, try_verify, verified, write};
use opsledger::backup::{Level, Report, SealOptions, Verdict, VerifyOptions};
use opsledger::digest::Algorithm;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

/// Small and repeatable; nothing here needs a good generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| u8::try_from(self.next() & 0xff).unwrap()).collect()
    }
}

fn key(folder: &Path) -> PathBuf {
    let (ok, text) = shell(folder, "openssl genpkey -algorithm SM2 -out key.pem 2>&1");
    assert!(ok, "{text}");
    folder.join("key.pem")
}

/// A set of a few files, sealed in one of the ways there are.
fn set(root: &Path, random: &mut Random, key: &Path) {
    let names =
        ["dump.sql", "日志/应用 01.log", "a b", "100%", "sub/deep/x", "😀.bin", "empty", "line\nend", "z"];
    for name in names {
        let n = random.below(700);
        let bytes = random.bytes(if name == "empty" { 0 } else { n + 1 });
        write(root, name, &bytes);
    }
    let big = random.bytes(3000);
    write(root, "big", &big);
    let algorithms =
        [vec![], vec![Algorithm::Sm3], vec![Algorithm::Sm3, Algorithm::Sha512], vec![Algorithm::Sha384]];
    let options = SealOptions {
        path: root.to_owned(),
        algorithms: random.pick(&algorithms).clone(),
        chunks_from: random.pick(&[None, Some(2000)]).to_owned(),
        key: random.pick(&[None, Some(key.to_owned())]).clone(),
        ..SealOptions::default()
    };
    assert!(is_pass(&try_seal(&options).unwrap()));
}

/// Every file below a folder, by its path in the set.
fn files(root: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    all.sort();
    all
}

/// Does one damage; its name, and the paths that must be named.
fn damage(root: &Path, random: &mut Random) -> (&'static str, Vec<String>) {
    let all = files(root);
    // A tag file as often as a file of the payload.
    let (payload, tags): (Vec<String>, Vec<String>) =
        all.iter().cloned().partition(|f| f.starts_with("data/"));
    let name = if random.below(2) == 0 { random.pick(&payload) } else { random.pick(&tags) }.clone();
    let path = root.join(&name);
    let bytes = std::fs::read(&path).unwrap();
    let put = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
    match random.below(9) {
        0 if !bytes.is_empty() => {
            let mut bytes = bytes;
            let i = random.below(bytes.len());
            bytes[i] ^= 1 << random.below(8);
            put(&bytes);
            ("flip", vec![name])
        }
        1 if !bytes.is_empty() => {
            put(&bytes[..random.below(bytes.len())]);
            ("cut", vec![name])
        }
        2 => {
            let n = 1 + random.below(40);
            let more = match random.below(3) {
                0 => vec![0; n],
                1 => vec![b'\n'; n],
                _ => random.bytes(n),
            };
            put(&[bytes, more].concat());
            ("extend", vec![name])
        }
        3 => {
            let other = random.pick(&all).clone();
            let theirs = std::fs::read(root.join(&other)).unwrap();
            if theirs == bytes {
                return damage(root, random);
            }
            put(&theirs);
            std::fs::write(root.join(&other), bytes).unwrap();
            ("swap", vec![name, other])
        }
        4 => {
            let new = format!("{name}{}", random.pick(&["~", ".bak", " ", "副本"]));
            std::fs::rename(&path, root.join(&new)).unwrap();
            ("rename", vec![name, new])
        }
        5 => {
            std::fs::remove_file(&path).unwrap();
            ("delete", vec![name])
        }
        6 => {
            let new = format!(
                "{}{}",
                random.pick(&["data/", "data/sub/", "", "data/new/", "tags/"]),
                random.pick(&[
                    "added",
                    ".hidden",
                    "新增",
                    "Thumbs.db",
                    "fetch.txt",
                    "manifest-md5.txt",
                    "tagmanifest-md5.txt"
                ])
            );
            write(root, &new, &bytes);
            ("add", vec![new])
        }
        7 => {
            let away = root.parent().unwrap().join("away");
            std::fs::rename(&path, &away).unwrap();
            std::os::unix::fs::symlink(&away, &path).unwrap();
            ("link", vec![name])
        }
        8 => {
            // Rows of the same file change places.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            if lines.len() < 2 || String::from_utf8(bytes.clone()).is_err() {
                return damage(root, random);
            }
            let i = random.below(lines.len() - 1);
            lines.swap(i, i + 1);
            let new = lines.concat();
            if new.as_bytes() == bytes {
                return damage(root, random);
            }
            put(new.as_bytes());
            ("lines", vec![name])
        }
        _ => damage(root, random),
    }
}

/// Named: as the path of a problem, or, for a tag manifest that has no second one beside it, as what the problem refers to.
fn names(report: &Report, path: &str) -> bool {
    report.problems.iter().any(|p| {
        let referred =
            path.starts_with("tagmanifest-") && p.detail.as_deref().is_some_and(|d| d.contains(path));
        p.path == path || referred
    })
}

#[test]
fn every_single_damage_is_found_and_named() {
    let asked = std::env::var("OPSLEDGER_SEED").ok().map(|s| s.parse().expect("OPSLEDGER_SEED is a number"));
    let soaks = std::env::var_os("OPSLEDGER_SOAK").is_some();
    let seed: u64 = asked.unwrap_or_else(|| if soaks { RandomState::new().hash_one("damage") } else { 5 });
    let count = if soaks { 10_000 } else { 500 };
    println!("{count} damages, OPSLEDGER_SEED={seed}");
    let keys = tempfile::tempdir().unwrap();
    let key = key(keys.path());
    let mut random = Random(seed);
    let mut done = std::collections::BTreeMap::<&str, u32>::new();
    for i in 0..count {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("set");
        std::fs::create_dir(&root).unwrap();
        set(&root, &mut random, &key);
        let options = VerifyOptions { level: Some(Level::L1), ..of(&root) };
        let sound = try_verify(&options).unwrap();
        assert!(is_pass(&sound), "damage {i}: a sound set fails: {:?}", sound.problems);
        let (what, paths) = damage(&root, &mut random);
        let report = try_verify(&options).unwrap();
        assert_eq!(report.verdict, Verdict::Fail, "damage {i}: {what} {paths:?}: {:?}", report.problems);
        for path in &paths {
            assert!(
                names(&report, path),
                "damage {i}: {what} of {path:?} is not named: {:?}",
                report.problems
            );
        }
        *done.entry(what).or_default() += 1;
    }
    println!("{done:?}");
    assert_eq!(done.len(), 9);
}

/// A file, its manifests and tag manifests rewritten together: only the signature, or the digest that was recorded, can tell.
#[test]
fn everything_rewritten_together_is_caught_by_signature_or_record() {
    let place = tempfile::tempdir().unwrap();
    let key = key(place.path());
    assert!(shell(place.path(), "openssl pkey -in key.pem -pubout -out public.pem").0);
    let public = Some(place.path().join("public.pem"));
    let root = place.path().join("set");
    write(&root, "dump.sql", b"insert 1");
    let report =
        try_seal(&SealOptions { path: root.clone(), key: Some(key), ..SealOptions::default() }).unwrap();
    let recorded = report.manifest_sm3;
    let with_key = VerifyOptions { key: public.clone(), ..of(&root) };
    let sound = try_verify(&with_key).unwrap();
    assert_eq!((sound.verdict, kinds(&sound)), (Verdict::Pass, vec![]), "{:?}", sound.problems);
    assert!(sound.signed_by.is_some());

    // As anybody could with the tools of the system.
    std::fs::write(root.join("data/dump.sql"), b"insert 2").unwrap();
    let rewrite = "for t in manifest tagmanifest; do \
        cksum -a sm3 --untagged $(sed 's/^[0-9a-f]*  //' $t-sm3.txt) > x && mv x $t-sm3.txt; \
        sha256sum $(sed 's/^[0-9a-f]*  //' $t-sha256.txt) > x && mv x $t-sha256.txt; done";
    // The tag manifest of SM3 lists the manifest of SHA-256, so a second turn is needed.
    assert!(shell(&root, rewrite).0 && shell(&root, rewrite).0);
    assert!(shell(&root, "cksum -a sm3 --check manifest-sm3.txt tagmanifest-sm3.txt").0);
    let report = try_verify(&with_key).unwrap();
    assert_eq!(kinds(&report), ["signature-wrong"]);
    let with_record = VerifyOptions { manifest_sm3: recorded, ..of(&root) };
    assert!(kinds(&try_verify(&with_record).unwrap()).contains(&"manifest-not-recorded"));

    // The signature taken away as well.
    for name in ["signature-sm2.der", "signer-sm2.pem"] {
        std::fs::remove_file(root.join(name)).unwrap();
    }
    let strip = "sed -i '/Opsledger-Signer/d' bag-info.txt; sed -i '/signer-sm2/d' tagmanifest-*.txt";
    assert!(shell(&root, strip).0 && shell(&root, rewrite).0);
    assert_eq!(kinds(&verified(&root)), ["unsigned"], "without a key or a record nobody can tell");
    assert_eq!(kinds(&try_verify(&with_key).unwrap()), ["signature-missing"]);
    assert!(kinds(&try_verify(&with_record).unwrap()).contains(&"manifest-not-recorded"));
}

/// Links, devices and pipes in a set are refused, not read; nothing outside the set is touched.
#[test]
fn what_is_no_file_is_not_read() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("set");
    write(&root, "a", b"1");
    write(&root, "sub/b", b"2");
    sealed(&root);
    let moved = place.path().join("moved");
    std::fs::rename(root.join("data"), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, root.join("data")).unwrap();
    let report = verified(&root);
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.problems.iter().any(|p| p.kind.name() == "link-refused" && p.path == "data"));
    std::fs::remove_file(root.join("data")).unwrap();
    std::fs::rename(&moved, root.join("data")).unwrap();
    assert!(is_pass(&verified(&root)));
    std::fs::remove_file(root.join("data/a")).unwrap();
    assert!(shell(&root, "mkfifo data/a").0);
    let report = verified(&root);
    assert!(report.problems.iter().any(|p| p.kind.name() == "not-a-file" && p.path == "data/a"));
}
