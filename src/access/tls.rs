//! TLS of the agents' port: a certificate with its key, and where it is wanted the authorities of clients.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto};

use super::files::{AccessError, AccessFiles, guarded, nobody_else_writes};

/// What connections speak from now on. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Tls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads the files.
    pub(super) fn load(files: &AccessFiles) -> Result<Self, AccessError> {
        Ok(Self { current: Arc::new(RwLock::new(Arc::new(read(files)?))) })
    }

    /// Reads them again. Connections that are open stay as they are.
    pub(super) fn reload(&self, files: &AccessFiles) -> Result<(), AccessError> {
        let config = Arc::new(read(files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// For the next connection.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read(files: &AccessFiles) -> Result<ServerConfig, AccessError> {
    let (Some(certificate), Some(key)) = (&files.certificate, &files.key) else { return Err(AccessError::HalfTls) };
    for path in [Some(certificate), Some(key), files.client_ca.as_ref()].into_iter().flatten() {
        nobody_else_writes(path)?;
    }
    guarded(key);
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| AccessError::of(key, format!("holds no private key as PEM: {error}")))?;
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| AccessError::of(certificate, error.to_string()))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(authorities)? {
                roots.add(authority).map_err(|error| AccessError::of(authorities, error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| AccessError::of(authorities, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, private)
        .map_err(|error| AccessError::of(certificate, format!("does not go with {}: {error}", key.display())))?;
    // Agents' tools speak the first, some browsers and proxies the second.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AccessError> {
    let wrong =
        |error: rustls::pki_types::pem::Error| AccessError::of(path, format!("holds no certificates as PEM: {error}"));
    let found: Vec<_> = CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)?;
    if found.is_empty() {
        return Err(AccessError::of(path, "holds no certificate as PEM (`-----BEGIN CERTIFICATE-----`)".to_owned()));
    }
    Ok(found)
}
