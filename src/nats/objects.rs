//! A bucket of the object store, and how what is in it is erased.

use std::collections::BTreeMap;
use std::time::SystemTime;

use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::object_store::{DeleteErrorKind, GetErrorKind, InfoErrorKind, ObjectStore};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use tokio::io::AsyncReadExt as _;

use super::errors::NatsError;
use super::listed;
use super::messages::{erase_message, next_message};

/// A bucket of the object store. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    store: ObjectStore,
    bucket: String,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl Objects {
    /// Opens a bucket, which must exist.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn open(client: &Client, bucket: &str) -> Result<Self, NatsError> {
        let store = jetstream::new(client.clone())
            .get_object_store(bucket)
            .await
            .map_err(|error| NatsError::Request { operation: "open the object store", reason: error.to_string() })?;
        Ok(Self { client: client.clone(), store, bucket: bucket.to_owned() })
    }

    /// The bucket, to read and write objects.
    pub(crate) fn store(&self) -> &ObjectStore {
        &self.store
    }

    /// Names of all objects.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn names(&self) -> Result<Vec<String>, NatsError> {
        listed::names(&self.client, &self.bucket).await
    }

    /// Names of all objects; and the subjects of pieces that belong to none, each with when the last of them was stored. Those of an object
    /// that is being stored are among them.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn names_and_adrift(&self) -> Result<(Vec<String>, BTreeMap<String, SystemTime>), NatsError> {
        listed::names_and_adrift(&self.client, &self.bucket).await
    }

    /// Stores bytes under a name, in the place of what was there. Dropped: pieces may be left that belong to no object.
    ///
    /// # Errors
    /// The store does not answer; some of it may be left.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> Result<(), NatsError> {
        let mut rest = bytes;
        let failed = |reason: String| NatsError::Request { operation: "store an object", reason };
        self.store.put(name, &mut rest).await.map(drop).map_err(|error| failed(error.to_string()))
    }

    /// The bytes of an object; none: there is no such object.
    ///
    /// # Errors
    /// The store does not answer, or what it has is not what was stored.
    pub async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, NatsError> {
        let failed = |reason: String| NatsError::Request { operation: "read an object", reason };
        let mut object = match self.store.get(name).await {
            Ok(object) => object,
            Err(error) if error.kind() == GetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let mut bytes = Vec::with_capacity(object.info().size);
        object.read_to_end(&mut bytes).await.map_err(|error| failed(error.to_string()))?;
        Ok(Some(bytes))
    }

    /// Deletes an object. Its bytes may stay on the server's disk for a while. One that is gone already is fine.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), NatsError> {
        match self.store.delete(name).await {
            Err(error) if error.kind() == DeleteErrorKind::NotFound => Ok(()),
            deleted => {
                deleted.map_err(|error| NatsError::Request { operation: "delete an object", reason: error.to_string() })
            }
        }
    }

    /// Deletes an object and has the server overwrite its bytes: first the pieces, at last what says where they are, so that it may be
    /// repeated after a crash. One that is gone already is fine.
    ///
    /// # Errors
    /// The store does not answer; some of it may be left.
    pub async fn erase(&self, name: &str) -> Result<(), NatsError> {
        let info = match self.store.info(name).await {
            Ok(info) => info,
            Err(error) if error.kind() == InfoErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(NatsError::Request { operation: "look for an object", reason: error.to_string() });
            }
        };
        self.erase_all(&format!("$O.{}.C.{}", self.bucket, info.nuid)).await?;
        self.erase_all(&format!("$O.{}.M.{}", self.bucket, URL_SAFE.encode(name))).await
    }

    /// Deletes the messages of a subject of the bucket, and has the server overwrite their bytes.
    ///
    /// # Errors
    /// The store does not answer; some of them may be left.
    pub(crate) async fn erase_all(&self, subject: &str) -> Result<(), NatsError> {
        let stream = format!("OBJ_{}", self.bucket);
        let mut from = 1;
        while let Some(message) = next_message(&self.client, &stream, from, subject).await? {
            erase_message(&self.client, &stream, message.sequence).await?;
            from = message.sequence + 1;
        }
        Ok(())
    }
}
