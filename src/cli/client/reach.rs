//! The way to the agents' port: its address, the token that every call brings, and TLS.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// Variable with a token.
const TOKEN: &str = "SKEIN_TOKEN";
/// Variables that stand for the flags of the same names.
const TOKEN_FILE: &str = "SKEIN_TOKEN_FILE";
const CA_FILE: &str = "SKEIN_CA_FILE";
const CERTIFICATE_FILE: &str = "SKEIN_CERTIFICATE_FILE";
const KEY_FILE: &str = "SKEIN_KEY_FILE";

/// What a connection sends calls by.
pub(in crate::cli) type Port = InterceptedService<Channel, Bearer>;

/// Flags about proof and protection. A token itself is no flag: others on this machine could read it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct Proofs {
    /// File with the token (JWT) that says who calls, read for each call; or the variables SKEIN_TOKEN_FILE, SKEIN_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate authorities (PEM) that the agents' port is checked against; those of the system when left out. Or SKEIN_CA_FILE.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Certificate (PEM) of this client, where the daemon wants one. Or SKEIN_CERTIFICATE_FILE.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    certificate_file: Option<PathBuf>,
    /// Its private key (PEM). Or SKEIN_KEY_FILE.
    #[arg(long, value_name = "FILE", requires = "certificate_file")]
    key_file: Option<PathBuf>,
}

impl Proofs {
    /// Completed from the environment.
    pub(super) fn completed(&self) -> Self {
        let or = |flag: &Option<PathBuf>, name: &str| {
            flag.clone().or_else(|| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
        };
        Self {
            token_file: or(&self.token_file, TOKEN_FILE),
            ca_file: or(&self.ca_file, CA_FILE),
            certificate_file: or(&self.certificate_file, CERTIFICATE_FILE),
            key_file: or(&self.key_file, KEY_FILE),
        }
    }

    /// Whether calls bring a token.
    pub(super) fn has_token(&self) -> bool {
        self.token_file.is_some() || std::env::var_os(TOKEN).is_some_and(|token| !token.is_empty())
    }

    /// Whether only TLS can be meant.
    pub(super) fn means_tls(&self) -> bool {
        self.ca_file.is_some() || self.certificate_file.is_some()
    }
}

/// Where the agents' port is, and how it is called.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Reach {
    /// With its scheme.
    pub(super) address: String,
    pub(super) proofs: Proofs,
}

impl Reach {
    /// A daemon of this machine that believes its callers.
    pub(in crate::cli) fn plain(address: &str) -> Self {
        Self { address: format!("http://{address}"), proofs: Proofs::default() }
    }

    /// A daemon by the address that somebody named. Without a scheme it is `https` where a certificate is named, else `http`.
    pub(in crate::cli) fn named(address: &str, proofs: &Proofs) -> Self {
        let proofs = proofs.completed();
        let scheme = if proofs.means_tls() { "https" } else { "http" };
        let address = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
        Self { address, proofs }
    }

    /// Whether calls bring a token, which says who calls.
    pub(in crate::cli) fn has_token(&self) -> bool {
        self.proofs.has_token()
    }

    /// Connects. Every call brings the token as it is then.
    ///
    /// # Errors
    /// A file that cannot be read, or nobody is there.
    pub(in crate::cli) async fn connect(&self) -> anyhow::Result<Port> {
        let endpoint =
            Endpoint::from_shared(self.address.clone()).context("cannot understand the address of the agents' port")?;
        let endpoint = if self.address.starts_with("https://") {
            endpoint.tls_config(self.tls()?).context("cannot use the certificates")?
        } else {
            endpoint
        };
        let channel = endpoint.connect().await.with_context(|| format!("cannot connect to {}", self.address))?;
        Ok(InterceptedService::new(channel, Bearer(self.proofs.token_file.clone())))
    }

    fn tls(&self) -> anyhow::Result<ClientTlsConfig> {
        let proofs = &self.proofs;
        let config = match &proofs.ca_file {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        Ok(match (&proofs.certificate_file, &proofs.key_file) {
            (Some(certificate), Some(key)) => config.identity(Identity::from_pem(read(certificate)?, read(key)?)),
            _ => config,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Puts the token on every call: that of the file as it is then, so that a new one takes effect without a new connection; else that of
/// the variable; else none.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Bearer(Option<PathBuf>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = match &self.0 {
            Some(path) => read(path).map_err(|error| Status::unauthenticated(format!("{error:#}")))?,
            None => std::env::var(TOKEN).unwrap_or_default(),
        };
        let token = token.trim();
        if !token.is_empty() {
            let value: MetadataValue<Ascii> = format!("Bearer {token}")
                .parse()
                .map_err(|_| Status::unauthenticated("the token holds characters that headers cannot hold"))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_brings_the_token_as_the_file_has_it_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut bearer = Bearer(Some(path.clone()));
        let missing = bearer.call(Request::new(())).unwrap_err();
        assert!(missing.message().contains("cannot read"), "{missing}");
        for token in ["one.two.three", "four.five.six\n"] {
            std::fs::write(&path, token).unwrap();
            let request = bearer.call(Request::new(())).unwrap();
            assert_eq!(request.metadata().get("authorization").unwrap(), &format!("Bearer {}", token.trim()));
        }
    }
}
