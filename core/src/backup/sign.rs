//! SM2 signature with SM3 (GB/T 32918.2) over the bytes of `tagmanifest-sm3.txt`, with the default distinguishing identifier, as
//! `openssl dgst -sm3 -verify` with `distid:1234567812345678` checks it.

use super::content::read_small;
use super::files::Outcome;
use super::{Level, Problem, ProblemKind, Report, VerifyOptions};
use crate::error::{Code, Error, Result, err};
use std::path::Path;

/// What is signed.
pub(super) const SIGNED: &str = "tagmanifest-sm3.txt";
/// The signature, DER.
pub(super) const NAME: &str = "signature-sm2.der";
/// The signer's public key, PEM: it tells damage from soundness, and names nobody.
pub(super) const SIGNER: &str = "signer-sm2.pem";
/// Bytes of a key or signature at most.
const MAX: u64 = 64 * 1024;

/// Checks the signature of a set. `said`: the key that bag-info says it was signed by; `recorded`: the digest of what is signed
/// is known from elsewhere.
pub(super) fn check(
    root: &Path,
    signed: &str,
    bytes: &[u8],
    said: Option<&str>,
    recorded: bool,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let asked = match &options.key {
        Some(path) => Some(PublicKey::read(path)?),
        None => None,
    };
    let signature = match read_small(&root.join(NAME), MAX) {
        Ok(der) => der,
        Err(Outcome::Vanished) => {
            if asked.is_some() || said.is_some() {
                report.problem(Problem::new(ProblemKind::SignatureMissing, NAME));
            } else if !recorded {
                report.problem(Problem::new(ProblemKind::Unsigned, signed));
            }
            return Ok(());
        }
        // A link or a folder was named when the names were looked at.
        Err(Outcome::NotAFile) => return Ok(()),
        Err(outcome) => {
            report.problem(super::content::unread(NAME, outcome));
            return Ok(());
        }
    };
    if signed != SIGNED {
        report.problem(Problem::new(ProblemKind::SignatureWrong, NAME).detail(format!("without {SIGNED}")));
        return Ok(());
    }
    // Signed elsewhere, by a key that the set does not name.
    if !cfg!(feature = "sign") || said.is_none() && asked.is_none() {
        report.problem(Problem::new(ProblemKind::SignatureNotChecked, NAME));
        return Ok(());
    }
    let by_itself = asked.is_none();
    let key = match asked {
        Some(key) => Ok(key),
        None => read_small(&root.join(SIGNER), MAX)
            .map_err(|_| SIGNER.to_owned())
            .and_then(|pem| PublicKey::parse(&pem)),
    };
    match key.and_then(|key| if key.verify(bytes, &signature) { Ok(key) } else { Err(key.name()) }) {
        Ok(key) => {
            report.check(Level::L1, "signature-sm2", Some(NAME), &[("key", key.name())]);
            if by_itself {
                report.problem(Problem::new(ProblemKind::SignerUnknown, SIGNER).detail(key.name()));
            } else {
                report.signed_by = Some(key.name());
            }
        }
        Err(detail) => report.problem(Problem::new(ProblemKind::SignatureWrong, NAME).detail(detail)),
    }
    Ok(())
}

fn key_file(path: &Path) -> Result<Vec<u8>> {
    read_small(path, MAX).map_err(|outcome| {
        let why = match outcome {
            Outcome::Refused(error) => error.to_string(),
            Outcome::Vanished => "not there".to_owned(),
            _ => "not a file".to_owned(),
        };
        Error::new(Code::BadKey, format!("{}: {why}", path.display()))
    })
}

impl PublicKey {
    fn read(path: &Path) -> Result<PublicKey> {
        if !cfg!(feature = "sign") {
            return err(Code::Unsupported, format!("sign: {}", path.display()));
        }
        PublicKey::parse(&key_file(path)?)
            .map_err(|what| Error::new(Code::BadKey, format!("{}: {what}", path.display())))
    }
}

impl PrivateKey {
    /// Reads PEM, PKCS #8.
    pub(super) fn read(path: &Path) -> Result<PrivateKey> {
        if !cfg!(feature = "sign") {
            return err(Code::Unsupported, format!("sign: {}", path.display()));
        }
        PrivateKey::parse(&key_file(path)?)
            .map_err(|what| Error::new(Code::BadKey, format!("{}: {what}", path.display())))
    }
}

#[cfg(not(feature = "sign"))]
mod keys {
    /// No key is ever read in this build.
    pub(in crate::backup) enum PublicKey {}
    /// No key is ever read in this build.
    pub(in crate::backup) enum PrivateKey {}

    impl PublicKey {
        pub(in crate::backup) fn parse(_pem: &[u8]) -> Result<PublicKey, String> {
            Err("sign: not in this build".into())
        }
        pub(in crate::backup) fn verify(&self, _message: &[u8], _der: &[u8]) -> bool {
            match *self {}
        }
        pub(in crate::backup) fn name(&self) -> String {
            match *self {}
        }
        pub(in crate::backup) fn pem(&self) -> Result<String, String> {
            match *self {}
        }
    }
    impl PrivateKey {
        pub(in crate::backup) fn parse(_pem: &[u8]) -> Result<PrivateKey, String> {
            Err("sign: not in this build".into())
        }
        pub(in crate::backup) fn public(&self) -> PublicKey {
            match *self {}
        }
        pub(in crate::backup) fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, String> {
            match *self {}
        }
    }
}

#[cfg(feature = "sign")]
mod keys {
    use crate::digest::sm3_hex;
    use sm2::dsa::signature::{Signer, Verifier};
    use sm2::dsa::{Signature, SigningKey, VerifyingKey};
    use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey, LineEnding};

    /// The identifier that GM/T 0009 sets where none is agreed.
    const ID: &str = "1234567812345678";

    /// Checks signatures.
    pub(in crate::backup) struct PublicKey(VerifyingKey);
    /// Signs.
    pub(in crate::backup) struct PrivateKey(SigningKey);

    fn text(pem: &[u8]) -> Result<&str, String> {
        std::str::from_utf8(pem).map_err(|_| "not PEM".to_owned())
    }

    impl PublicKey {
        pub(in crate::backup) fn parse(pem: &[u8]) -> Result<PublicKey, String> {
            let key = sm2::PublicKey::from_public_key_pem(text(pem)?)
                .map_err(|e| format!("not an SM2 public key in PEM ({e})"))?;
            VerifyingKey::new(ID, key).map(PublicKey).map_err(|e| e.to_string())
        }
        /// False for whatever is not a right signature, well formed or not.
        pub(in crate::backup) fn verify(&self, message: &[u8], der: &[u8]) -> bool {
            Signature::from_der(der).is_ok_and(|s| self.0.verify(message, &s).is_ok())
        }
        /// SM3 of the point, uncompressed, hex: the key's name.
        pub(in crate::backup) fn name(&self) -> String {
            sm3_hex(&self.0.to_sec1_bytes())
        }
        pub(in crate::backup) fn pem(&self) -> Result<String, String> {
            self.0.to_public_key_pem(LineEnding::LF).map_err(|e| e.to_string())
        }
    }

    #[cfg(test)]
    impl PublicKey {
        /// By its point, uncompressed, and the signer's identifier.
        pub(in crate::backup) fn of_point(id: &str, point: &[u8]) -> PublicKey {
            PublicKey(VerifyingKey::from_sec1_bytes(id, point).unwrap())
        }
    }

    #[cfg(test)]
    impl PrivateKey {
        /// By its number.
        pub(in crate::backup) fn of_number(number: &[u8]) -> PrivateKey {
            PrivateKey(SigningKey::from_slice(ID, number).unwrap())
        }
    }

    impl PrivateKey {
        pub(in crate::backup) fn parse(pem: &[u8]) -> Result<PrivateKey, String> {
            let key = sm2::SecretKey::from_pkcs8_pem(text(pem)?)
                .map_err(|e| format!("not an SM2 private key in PEM, PKCS #8, without a password ({e})"))?;
            SigningKey::new(ID, &key).map(PrivateKey).map_err(|e| e.to_string())
        }
        pub(in crate::backup) fn public(&self) -> PublicKey {
            PublicKey(self.0.verifying_key().clone())
        }
        /// The signature, DER.
        pub(in crate::backup) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
            let signature: Signature = self.0.try_sign(message).map_err(|e| e.to_string())?;
            Ok(signature.to_der().to_vec())
        }
    }
}

pub(super) use keys::{PrivateKey, PublicKey};

#[cfg(all(test, feature = "sign"))]
mod tests {
    use super::{PrivateKey, PublicKey};
    use crate::backup::bag::unhex;
    use serde_json::Value;

    fn vectors() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/sm2.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn hex(v: &Value, key: &str) -> Vec<u8> {
        unhex(v[key].as_str().unwrap()).unwrap()
    }

    fn point(v: &Value) -> Vec<u8> {
        [vec![4], hex(v, "public_x"), hex(v, "public_y")].concat()
    }

    /// r and s as DER, whatever they are.
    fn der(v: &Value) -> Vec<u8> {
        let integer = |n: Vec<u8>| {
            let mut n: Vec<u8> = n.into_iter().skip_while(|b| *b == 0).collect();
            if n.first().is_none_or(|b| *b >= 0x80) {
                n.insert(0, 0);
            }
            [vec![2, u8::try_from(n.len()).unwrap()], n].concat()
        };
        let body = [integer(hex(v, "r")), integer(hex(v, "s"))].concat();
        [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
    }

    #[test]
    fn published_signatures_are_right() {
        let all = vectors();
        let all = all["signature"].as_array().unwrap();
        assert!(!all.is_empty());
        for v in all {
            let key = PublicKey::of_point(v["id_ascii"].as_str().unwrap(), &point(v));
            let message = v["message_ascii"].as_str().unwrap().as_bytes();
            assert_eq!(der(v), hex(v, "der"));
            assert!(key.verify(message, &hex(v, "der")));
            let own = PrivateKey::of_number(&hex(v, "private"));
            assert_eq!(own.public().name(), key.name());
            assert!(key.verify(message, &own.sign(message).unwrap()));
        }
    }

    #[test]
    fn published_wrong_signatures_are_wrong() {
        let all = vectors();
        let right = &all["signature"][0];
        let negative = all["signature_negative"].as_array().unwrap();
        assert_eq!(negative.len(), 11);
        for v in negative {
            let text = |name: &str| v.get(name).unwrap_or(&right[name]).as_str().unwrap().to_owned();
            let key = PublicKey::of_point(&text("id_ascii"), &point(right));
            assert!(!key.verify(text("message_ascii").as_bytes(), &der(v)), "{}", v["case"]);
        }
    }
}
