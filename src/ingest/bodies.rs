//! Bodies and attachments in the object store of a workspace (domain rules, section 2): fetched by reference, stored before the record
//! that refers to them. Names are digests, so storing twice stores nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_nats::Client;
use async_nats::jetstream::object_store::{GetErrorKind, InfoErrorKind};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Notify;
use tracing::warn;

use crate::domain::id::Name;
use crate::nats::{NatsError, Objects};

/// Objects of ingest's own that are watched at most: what several thousand mails a second store between two looks.
const STORED_MAX: usize = 65_536;
/// First and longest wait before asking a silent store again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Header with the reference of a body: `object=<name>;bytes=<size>;sha256=<lower-case hex>`.
pub const BODY_HEADER: &str = "Skein-Body";

/// A body in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BodyRef {
    pub(super) object: String,
    bytes: u64,
    sha256: String,
}

/// Why a referenced body cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadBody {
    /// No such object.
    Missing,
    /// Larger than is allowed.
    TooLarge,
    /// Not the bytes that the reference promises.
    Differs,
}

/// Why an object cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoObject {
    /// There is none of that name.
    #[error("no such object")]
    Missing,
    /// The store does not answer.
    #[error("the object store does not answer")]
    Silent,
}

impl BodyRef {
    /// Reads the value of [`BODY_HEADER`].
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (mut object, mut bytes, mut sha256) = (None, None, None);
        for field in value.split(';') {
            let (key, value) = field.trim().split_once('=')?;
            match key {
                "object" => object = Some(value.to_owned()),
                "bytes" => bytes = Some(value.parse().ok()?),
                "sha256" => sha256 = Some(value.to_ascii_lowercase()),
                // A later version may say more.
                _ => {}
            }
        }
        Some(Self { object: object.filter(|name| !name.is_empty())?, bytes: bytes?, sha256: sha256? })
    }
}

/// The object store of one workspace.
#[derive(Clone)]
pub struct Bodies {
    objects: Objects,
    gate: Arc<Gate>,
}

/// Between ingest, which relies on what is stored, and erasures, which delete.
#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<Closed>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct Closed {
    /// Nobody relies on these now: they are being deleted.
    objects: BTreeSet<String>,
    /// The last message of each IN stream that relies on an object.
    relied: BTreeMap<Name, u64>,
    /// What ingest itself has stored, with the last message that it did that for: until it is known whether anybody names it.
    stored: BTreeMap<String, (Name, u64)>,
}

impl Gate {
    /// Waits while the object is being deleted, and notes that the message relies on it; `own`: that ingest stores it. Cancel-safe.
    async fn pass(&self, (stream, sequence): (&Name, u64), object: &str, own: bool) {
        loop {
            let opened = self.opened.notified();
            tokio::pin!(opened);
            opened.as_mut().enable();
            {
                let mut closed = self.closed();
                if !closed.objects.contains(object) {
                    closed.relied.insert(stream.clone(), sequence);
                    if own && (closed.stored.len() < STORED_MAX || closed.stored.contains_key(object)) {
                        closed.stored.insert(object.to_owned(), (stream.clone(), sequence));
                    }
                    return;
                }
            }
            opened.await;
        }
    }

    fn closed(&self) -> MutexGuard<'_, Closed> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Objects that nobody relies on from now on. Dropped: they may be stored again.
#[derive(Debug)]
pub(crate) struct Closing<'b> {
    bodies: &'b Bodies,
    /// The last message of each IN stream that may rely on one of them.
    pub(crate) relied: BTreeMap<Name, u64>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.bodies.gate.closed().objects.clear();
        self.bodies.gate.opened.notify_waiters();
    }
}

impl std::fmt::Debug for Bodies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bodies").finish_non_exhaustive()
    }
}

impl Bodies {
    /// Opens the bucket, which must exist.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn open(client: &Client, bucket: &str) -> Result<Self, NatsError> {
        Ok(Self { objects: Objects::open(client, bucket).await?, gate: Arc::default() })
    }

    /// Names of all objects.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn names(&self) -> Result<Vec<String>, NatsError> {
        self.objects.names().await
    }

    /// Deletes pieces of objects that were never stored to their end, where none has come for so long, and has the server overwrite their
    /// bytes. Names of all objects.
    ///
    /// # Errors
    /// The store does not answer; some of it may be left.
    pub async fn erase_broken_off(&self, quiet: Duration) -> Result<Vec<String>, NatsError> {
        let (names, adrift) = self.objects.names_and_adrift().await?;
        let now = SystemTime::now();
        for (pieces, stored) in adrift {
            if now.duration_since(stored).is_ok_and(|age| age >= quiet) {
                self.objects.erase_all(&pieces).await?;
            }
        }
        Ok(names)
    }

    /// From now on nobody relies on these objects, until what is returned is dropped. One erasure does that at a time.
    pub(crate) fn close(&self, objects: &[String]) -> Closing<'_> {
        let mut closed = self.gate.closed();
        closed.objects = objects.iter().cloned().collect();
        Closing { bodies: self, relied: closed.relied.clone() }
    }

    /// What ingest itself has stored and was not [told of](Self::forget) yet, with the stream and sequence of the last message that it
    /// did that for.
    pub(crate) fn stored(&self) -> Vec<(String, (Name, u64))> {
        self.gate.closed().stored.iter().map(|(object, at)| (object.clone(), at.clone())).collect()
    }

    /// It is known what became of this object, unless another message had it stored since.
    pub(crate) fn forget(&self, object: &str, at: &(Name, u64)) {
        let mut closed = self.gate.closed();
        if closed.stored.get(object) == Some(at) {
            closed.stored.remove(object);
        }
    }

    /// Deletes an object and has the server overwrite its bytes; may be repeated after a crash. One that is gone already is fine.
    ///
    /// # Errors
    /// The store does not answer; some of it may be left.
    pub(crate) async fn erase(&self, object: &str) -> Result<(), NatsError> {
        self.objects.erase(object).await
    }

    /// Stores bytes under a name that nobody else has. Dropped: pieces may be left that only [`Self::erase_broken_off`] finds.
    ///
    /// # Errors
    /// The store does not answer; some of it may be left.
    pub async fn put_new(&self, name: &str, bytes: &[u8]) -> Result<(), NatsError> {
        self.objects.put(name, bytes).await
    }

    /// Opens an object for reading.
    ///
    /// # Errors
    /// [`NoObject`]: it may come with another call, or never.
    pub async fn open_object(&self, name: &str) -> Result<impl AsyncRead + Send + Unpin + use<>, NoObject> {
        self.objects.store().get(name).await.map_err(|error| match error.kind() {
            GetErrorKind::NotFound | GetErrorKind::InvalidName | GetErrorKind::BucketLink => NoObject::Missing,
            GetErrorKind::ConsumerCreate | GetErrorKind::Other | GetErrorKind::TimedOut => NoObject::Silent,
        })
    }

    /// Fetches a body; waits while the store does not answer, as nothing may overtake it. Cancel-safe.
    ///
    /// # Errors
    /// [`BadBody`]: it will not get better.
    pub(super) async fn fetch(&self, at: (&Name, u64), body: &BodyRef, limit: usize) -> Result<Vec<u8>, BadBody> {
        self.gate.pass(at, &body.object, false).await;
        let size = usize::try_from(body.bytes).ok().filter(|size| *size <= limit).ok_or(BadBody::TooLarge)?;
        let mut wait = BACK_OFF.0;
        loop {
            match self.objects.store().get(&body.object).await {
                Ok(object) => {
                    let mut bytes = Vec::with_capacity(size);
                    // One more than promised shows that it is not what was promised.
                    let mut object = object.take(body.bytes + 1);
                    match object.read_to_end(&mut bytes).await {
                        Ok(_) if bytes.len() == size && hex_sha256(&bytes) == body.sha256 => {
                            return Ok(bytes);
                        }
                        Ok(_) => return Err(BadBody::Differs),
                        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                            return Err(BadBody::Differs);
                        }
                        Err(error) => pause("fetch a body", &error, &mut wait).await,
                    }
                }
                Err(error) => match error.kind() {
                    GetErrorKind::NotFound | GetErrorKind::InvalidName | GetErrorKind::BucketLink => {
                        return Err(BadBody::Missing);
                    }
                    GetErrorKind::ConsumerCreate | GetErrorKind::Other | GetErrorKind::TimedOut => {
                        pause("fetch a body", &error, &mut wait).await;
                    }
                },
            }
        }
    }

    /// Stores bytes under `name` unless they are there; waits while the store does not answer. Cancelled: may have been stored.
    /// `at`: the stream and sequence of the message that relies on it.
    pub(super) async fn store(&self, at: (&Name, u64), name: &str, bytes: &[u8]) {
        self.gate.pass(at, name, true).await;
        let mut wait = BACK_OFF.0;
        loop {
            match self.objects.store().info(name).await {
                Ok(info) if info.size == bytes.len() => return,
                Ok(_) => {}
                Err(error) if error.kind() == InfoErrorKind::NotFound => {}
                Err(error) => {
                    pause("look for a body", &error, &mut wait).await;
                    continue;
                }
            }
            let mut rest = bytes;
            match self.objects.store().put(name, &mut rest).await {
                Ok(_) => return,
                Err(error) => pause("store a body", &error, &mut wait).await,
            }
        }
    }
}

async fn pause(operation: &'static str, error: &(dyn std::fmt::Display + Sync), wait: &mut Duration) {
    warn!(operation, error = %error, "object store does not serve");
    tokio::time::sleep(*wait).await;
    *wait = (*wait * 2).min(BACK_OFF.1);
}

/// SHA-256 as lower-case hex.
pub(super) fn hex_sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(64);
    for byte in digest {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_object_size_and_digest() {
        let sha256 = hex_sha256(b"abc");
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let value = format!("object=mail-1; bytes=3; sha256={}; later=x", sha256.to_uppercase());
        assert_eq!(BodyRef::parse(&value), Some(BodyRef { object: "mail-1".into(), bytes: 3, sha256 }));
        for bad in ["", "object=a;bytes=3", "object=;bytes=3;sha256=0", "object=a;bytes=-1;sha256=0"] {
            assert_eq!(BodyRef::parse(bad), None, "{bad}");
        }
    }
}
