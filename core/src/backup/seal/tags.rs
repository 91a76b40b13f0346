//! The tag files of a bag: manifests, list of chunks, bag-info, source, tag manifests, signature, declaration.

use super::Order;
use super::stage::Stage;
use crate::backup::bag::{SOURCE, declaration, info, manifest};
use crate::backup::files::{self, Found, Job, Outcome, What};
use crate::backup::{Fingerprint, Watch, chunks, sign};
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result, err};
use crate::time::Instant;
use std::collections::BTreeMap;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) chunked: u64,
    pub(super) tag_files: u64,
    pub(super) tag_bytes: u64,
}

/// Reads the payload once and writes every tag file into the stage.
pub(super) fn write(
    stage: &Stage,
    order: &Order<'_>,
    fingerprint: Option<&Fingerprint>,
    watch: &mut Watch<'_>,
) -> Result<Written> {
    stage.clear()?;
    let (found, _) = files::walk(&stage.data(), watch)?;
    let files: Vec<(String, &Found)> = found
        .iter()
        .filter(|f| f.what == What::File)
        .map(|f| (format!("data/{}", f.path.to_string_lossy()), f))
        .collect();
    let (mut tags, mut written) = payload(stage, order, &files, watch)?;
    sync_payload(stage, &found, watch)?;
    let key = order.key.as_ref().map(sign::PrivateKey::public);
    if let Some(key) = &key {
        let pem = key.pem().map_err(|what| Error::new(Code::BadKey, what))?;
        tags.insert(sign::SIGNER.into(), pem.into_bytes());
    }
    if let Some(fingerprint) = fingerprint {
        tags.insert(SOURCE.into(), source(fingerprint)?);
    }
    let signer = key.map(|k| k.name());
    let info = bag_info(order, &written, fingerprint, signer, watch.now())?;
    tags.insert(info::NAME.into(), info.write().into_bytes());
    tags.insert(declaration::NAME.into(), declaration::WRITTEN.as_bytes().to_vec());
    for (name, bytes) in &tags {
        stage.write(name, bytes)?;
        written.tag_files += 1;
        written.tag_bytes += bytes.len() as u64;
    }
    for algorithm in &order.algorithms {
        let lines: String = tags.iter().map(|(name, bytes)| line(*algorithm, name, bytes)).collect();
        stage.write(&format!("tagmanifest-{}.txt", algorithm.name()), lines.as_bytes())?;
        if let (Algorithm::Sm3, Some(key)) = (algorithm, &order.key) {
            let signature = key.sign(lines.as_bytes()).map_err(|what| Error::new(Code::BadKey, what))?;
            stage.write(sign::NAME, &signature)?;
        }
    }
    Ok(written)
}

/// What the source held, as it stands in the bag.
pub(super) fn source(fingerprint: &Fingerprint) -> Result<Vec<u8>> {
    let json = serde_json::to_vec_pretty(fingerprint);
    let mut json = json.map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    json.push(b'\n');
    Ok(json)
}

fn line(algorithm: Algorithm, name: &str, bytes: &[u8]) -> String {
    let mut hasher = algorithm.hasher();
    hasher.update(bytes);
    manifest::write(&hasher.finish(), name)
}

/// Manifests and the list of chunks.
fn payload(
    stage: &Stage,
    order: &Order<'_>,
    files: &[(String, &Found)],
    watch: &mut Watch<'_>,
) -> Result<(BTreeMap<String, Vec<u8>>, Written)> {
    let from = order.options.chunks_from.unwrap_or(chunks::FROM);
    let jobs: Vec<Job> = files
        .iter()
        .map(|(_, f)| Job {
            path: stage.data().join(&f.path),
            algorithms: order.algorithms.clone(),
            chunk: (f.len > from).then_some(chunks::SIZE),
        })
        .collect();
    watch.step("seal digests", jobs.len() as u64, files.iter().map(|(_, f)| f.len).sum())?;
    let mut read = Vec::new();
    read.resize_with(jobs.len(), || None);
    files::digest_all(&jobs, watch, &mut |i, outcome| read[i] = Some(outcome))?;
    let mut manifests = vec![String::new(); order.algorithms.len()];
    let mut list = String::new();
    let mut written = Written::default();
    for ((name, f), outcome) in files.iter().zip(read) {
        let path = stage.data().join(&f.path);
        let digests = match outcome {
            Some(Outcome::Read(digests)) => digests,
            Some(Outcome::Refused(error)) => return Err(files::io(&path, &error)),
            _ => return err(Code::CannotSeal, format!("{}: it changes while it is sealed", path.display())),
        };
        written.files += 1;
        written.bytes += digests.bytes;
        for (text, digest) in manifests.iter_mut().zip(&digests.digests) {
            text.push_str(&manifest::write(digest, name));
        }
        if !digests.chunks.is_empty() {
            written.chunked += 1;
            list.push_str(&chunks::lines(name, &digests, chunks::SIZE));
        }
    }
    let mut tags = BTreeMap::new();
    for (algorithm, text) in order.algorithms.iter().zip(manifests) {
        tags.insert(format!("manifest-{}.txt", algorithm.name()), text.into_bytes());
    }
    if !list.is_empty() {
        tags.insert(chunks::NAME.into(), (chunks::head() + &list).into_bytes());
    }
    Ok((tags, written))
}

/// What is named in a manifest must be on the disk before the manifest is.
fn sync_payload(stage: &Stage, found: &[Found], watch: &mut Watch<'_>) -> Result<()> {
    for f in found {
        watch.tick()?;
        let path = stage.data().join(&f.path);
        match f.what {
            What::File => {
                let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
                synced.map_err(|error| files::io(&path, &error))?;
            }
            What::Folder => super::stage::sync_folder(&path)?,
            _ => return err(Code::CannotSeal, format!("{}: it changes while it is sealed", path.display())),
        }
    }
    Ok(())
}

fn bag_info(
    order: &Order<'_>,
    written: &Written,
    fingerprint: Option<&Fingerprint>,
    signer: Option<String>,
    finished: Instant,
) -> Result<info::Info> {
    let text = |t: Instant| china(t).map(|t| t.format("%Y-%m-%dT%H:%M:%S%:z").to_string());
    let mut lines: Vec<(&str, String)> = vec![
        (info::AGENT, concat!("opsledger ", env!("CARGO_PKG_VERSION")).into()),
        ("Bagging-Date", china(finished)?.format("%Y-%m-%d").to_string()),
        (info::OXUM, format!("{}.{}", written.bytes, written.files)),
        (info::RUN, order.run.clone()),
    ];
    lines.extend(order.options.set.clone().map(|set| (info::SET, set)));
    let kind = serde_json::to_value(order.kind()).ok();
    lines.extend(kind.and_then(|k| k.as_str().map(|k| (info::KIND, k.to_owned()))));
    lines.push((info::STARTED, text(order.started)?));
    lines.push((info::FINISHED, text(finished)?));
    lines.extend(
        fingerprint.map(|f| (info::ENGINE, format!("{} {}", f.engine, f.version.replace(['\r', '\n'], " ")))),
    );
    if written.chunked > 0 {
        lines.push((
            info::CHUNKS,
            format!(
                "{} bytes, files over {} bytes",
                chunks::SIZE,
                order.options.chunks_from.unwrap_or(chunks::FROM)
            ),
        ));
    }
    lines.extend(signer.map(|s| (info::SIGNER, s)));
    let own = lines.into_iter().map(|(label, value)| (label.to_owned(), value));
    let asked = order.options.info.iter().map(|(l, v)| (l.clone(), v.clone()));
    Ok(info::Info(own.chain(asked).collect()))
}

/// Time of China, with its offset: dates in a bag are those of the people who made it.
fn china(t: Instant) -> Result<chrono::DateTime<chrono::FixedOffset>> {
    let zone = chrono::FixedOffset::east_opt(8 * 3600);
    let utc = chrono::DateTime::from_timestamp_micros(t);
    match (zone, utc) {
        (Some(zone), Some(utc)) => Ok(utc.with_timezone(&zone)),
        _ => err(Code::OutOfRange, format!("instant {t}")),
    }
}
