//! SM2 signatures: published vectors, OpenSSL as the second opinion, malformed input.

mod backup_bag;

use backup_bag::{find, kinds, of, shell, try_seal, try_verify, verified, write};
use opsledger::backup::{SealOptions, Verdict, VerifyOptions};
use opsledger::error::Code;
use std::path::{Path, PathBuf};

/// A folder with a key pair and a signed bag in `set`.
fn signed() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let make =
        "openssl genpkey -algorithm SM2 -out key.pem && openssl pkey -in key.pem -pubout -out public.pem";
    let (ok, text) = shell(place.path(), make);
    assert!(ok, "{text}");
    let root = place.path().join("set");
    write(&root, "dump.sql", b"select 1;");
    try_seal(&options(place.path(), &root)).unwrap();
    (place, root)
}

fn options(place: &Path, root: &Path) -> SealOptions {
    SealOptions { path: root.to_owned(), key: Some(place.join("key.pem")), ..SealOptions::default() }
}

#[test]
fn openssl_accepts_what_we_sign() {
    let (place, root) = signed();
    let file = root.join("tagmanifest-sm3.txt");
    let line = format!(
        "openssl dgst -sm3 -verify public.pem -sigopt distid:1234567812345678 -signature set/signature-sm2.der {}",
        file.display()
    );
    let (ok, text) = shell(place.path(), &line);
    assert!(ok && text.contains("Verified OK"), "{text}");
    let with = format!(
        "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -digest sm3 -pkeyopt distid:1234567812345678 \
         -sigfile set/signature-sm2.der -in {}",
        file.display()
    );
    let (ok, text) = shell(place.path(), &with);
    assert!(ok, "{text}");
    // The key in the bag is that of the signer.
    assert_eq!(shell(place.path(), "cmp set/signer-sm2.pem public.pem"), (true, String::new()));
}

#[test]
fn we_accept_what_openssl_signs() {
    let (place, root) = signed();
    let line = "openssl dgst -sm3 -sign key.pem -sigopt distid:1234567812345678 -out set/signature-sm2.der \
                set/tagmanifest-sm3.txt";
    assert!(shell(place.path(), line).0);
    let report =
        try_verify(&VerifyOptions { key: Some(place.path().join("public.pem")), ..of(&root) }).unwrap();
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.problems);
    // By another identifier it is another signature.
    assert!(shell(place.path(), &line.replace("1234567812345678", "ALICE123@YAHOO.COM")).0);
    assert_eq!(kinds(&verified(&root)), ["signature-wrong"]);
}

#[test]
fn without_a_key_named_the_signature_tells_damage_only() {
    let (place, root) = signed();
    let report = verified(&root);
    assert_eq!(kinds(&report), ["signer-unknown"]);
    assert_eq!((report.verdict, report.signed_by), (Verdict::PassWithRemarks, None));
    let other = "openssl genpkey -algorithm SM2 -out k2.pem && openssl pkey -in k2.pem -pubout -out p2.pem";
    assert!(shell(place.path(), other).0);
    let report = try_verify(&VerifyOptions { key: Some(place.path().join("p2.pem")), ..of(&root) }).unwrap();
    assert_eq!(kinds(&report), ["signature-wrong"]);
}

#[test]
fn a_malformed_signature_is_wrong_and_never_crashes() {
    let (_place, root) = signed();
    let path = root.join("signature-sm2.der");
    let good = std::fs::read(&path).unwrap();
    let mut cases: Vec<Vec<u8>> =
        vec![vec![], vec![0x30], vec![0x30, 0x80], vec![0xff; 72], vec![0; 64], vec![0x30; 70_000]];
    cases.extend((0..good.len()).map(|n| good[..n].to_vec()));
    cases.extend((0..good.len() * 8).map(|bit| {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }));
    cases.push([good.clone(), vec![0]].concat());
    for bytes in cases {
        std::fs::write(&path, &bytes).unwrap();
        let report = verified(&root);
        let named = !find(&report, "signature-wrong").is_empty() || !find(&report, "cannot-read").is_empty();
        assert!(named && report.verdict != Verdict::Pass, "{bytes:02x?}: {:?}", report.problems);
    }
}

#[test]
fn a_key_that_is_none_is_refused() {
    let (place, root) = signed();
    let ec = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem && \
              openssl pkey -in ec.pem -pubout -out ecpub.pem && : > empty.pem && \
              head -c 100 key.pem > cut.pem && head -c 300 /dev/urandom > noise.pem && \
              openssl pkey -in key.pem -aes128 -passout pass:x -out locked.pem";
    let (ok, text) = shell(place.path(), ec);
    assert!(ok, "{text}");
    let fresh = place.path().join("fresh");
    for name in ["ec.pem", "empty.pem", "cut.pem", "noise.pem", "locked.pem", "public.pem", "gone.pem", "."] {
        write(&fresh, "a", b"1");
        let seal =
            SealOptions { key: Some(place.path().join(name)), path: fresh.clone(), ..SealOptions::default() };
        assert_eq!(try_seal(&seal).expect_err(name).code(), Code::BadKey, "{name}");
        assert!(fresh.join("a").exists() && !fresh.join("data").exists(), "{name}: nothing is changed");
    }
    for name in ["ecpub.pem", "empty.pem", "cut.pem", "noise.pem", "key.pem", "gone.pem"] {
        let verify = VerifyOptions { key: Some(place.path().join(name)), ..of(&root) };
        assert_eq!(try_verify(&verify).expect_err(name).code(), Code::BadKey, "{name}");
    }
}
