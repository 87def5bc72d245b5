//! TLS of the port: with a certificate, with certificates of clients, and with another one while it runs.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use skein::access::{Access, AccessFiles};
use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use skein::proto::agent as p;
use skein::proto::agent::work_service_client::WorkServiceClient;
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::harness::{SOON, Server, guarded, named};
use crate::reason;
use crate::tokens::rules;

/// An authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed"))
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `name` and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }
}

/// Puts a certificate of the authority into the folder.
fn install(folder: &Path, authority: &Authority) {
    let (certificate, key) = authority.issue("localhost");
    std::fs::write(folder.join("port.pem"), certificate).expect("written");
    std::fs::write(folder.join("port.key"), key).expect("written");
}

async fn server(authority: &Authority, clients: Option<&Authority>) -> (Server, TempDir, Access) {
    let folder = tempfile::tempdir().expect("a folder");
    install(folder.path(), authority);
    let client_ca = clients.map(|clients| {
        let path = folder.path().join("clients.pem");
        std::fs::write(&path, clients.pem()).expect("written");
        path
    });
    let files = AccessFiles {
        certificate: Some(folder.path().join("port.pem")),
        key: Some(folder.path().join("port.key")),
        client_ca,
        ..AccessFiles::default()
    };
    let access = Access::load(files, rules()).expect("good files");
    let server = guarded(ServeOptions::default(), FeedLimits::default(), access.clone()).await;
    (server, folder, access)
}

/// Whether one who trusts the authority, and brings this certificate, is answered.
async fn answered(server: &Server, authority: &Authority, identity: Option<&(String, String)>) -> bool {
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost");
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let endpoint = Channel::from_shared(format!("https://{}", server.address)).expect("a URI");
    let endpoint = endpoint.tls_config(tls).expect("good certificates");
    let asked = async {
        let mut works = WorkServiceClient::new(endpoint.connect().await.ok()?);
        let status = works.list_my_work(named("anna", p::ListMyWorkRequest {})).await.err()?;
        Some(reason(&status) == "UNKNOWN_AGENT")
    };
    tokio::time::timeout(SOON, asked).await.expect("in time").unwrap_or(false)
}

#[tokio::test]
async fn a_port_with_a_certificate_speaks_tls_only_and_only_to_those_who_trust_it() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (server, _folder, _) = server(&authority, None).await;
    assert!(answered(&server, &authority, None).await);
    assert!(!answered(&server, &stranger, None).await, "the client does not trust it");
    let plain = Channel::from_shared(format!("http://{}", server.address)).expect("a URI").connect().await;
    if let Ok(channel) = plain {
        let mut works = WorkServiceClient::new(channel);
        let status = works.list_my_work(named("anna", p::ListMyWorkRequest {})).await.expect_err("no plain text");
        assert_eq!(reason(&status), "", "{status:?}");
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_of_the_named_authority_is_not_connected() {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let (server, _folder, _) = server(&authority, Some(&clients)).await;
    assert!(answered(&server, &authority, Some(&clients.issue("desk"))).await, "the control");
    assert!(!answered(&server, &authority, None).await);
    assert!(!answered(&server, &authority, Some(&stranger.issue("desk"))).await);
}

#[tokio::test]
async fn another_certificate_is_used_when_its_file_is_there() {
    let (old, new) = (Authority::new(), Authority::new());
    let (server, folder, access) = server(&old, None).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let following = tokio::spawn(skein::access::follow(access, |_, _| (), stop.clone()));
    assert!(answered(&server, &old, None).await && !answered(&server, &new, None).await);
    // A second, so that the files look other than before whatever the store's clock.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    install(folder.path(), &new);
    let waited = tokio::time::timeout(SOON, async {
        while !answered(&server, &new, None).await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    assert!(waited.await.is_ok(), "the new certificate is used");
    stop.cancel();
    following.await.expect("it ends");
}

#[test]
fn what_is_wrong_with_certificates_is_said_with_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (Authority::new().issue("localhost"), Authority::new().issue("localhost"));
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        Some(path)
    };
    let problems = |certificate, key| {
        let files = AccessFiles { certificate, key, ..AccessFiles::default() };
        let problems = Access::load(files, rules()).expect_err("wrong");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let mixed = problems(at("one.pem", &one.0), at("two.key", &two.1));
    assert!(mixed.contains("one.pem: does not go with"), "{mixed}");
    let none = problems(at("empty.pem", "hello"), at("one.key", &one.1));
    assert!(none.contains("empty.pem: holds no certificate"), "{none}");
    let absent = problems(Some(folder.path().join("absent.pem")), at("one.key", &one.1));
    assert!(absent.contains("absent.pem"), "{absent}");
    let no_key = problems(at("one.pem", &one.0), at("not.key", &one.0));
    assert!(no_key.contains("not.key: holds no private key"), "{no_key}");
}

#[tokio::test]
async fn the_keys_that_the_script_makes_are_taken_with_its_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let script = |verb: &str, args: &[&str]| {
        let mut command = std::process::Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/keys"));
        let done = command.arg(verb).arg(folder.path()).args(args).output().expect("a shell and openssl are there");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text").trim().to_owned()
    };
    script("make", &["localhost", "127.0.0.1"]);
    script("client", &["desk"]);
    let token = script("token", &["anna", "demo", "agent supervisor"]);
    let files = AccessFiles {
        token_keys: Some(at("tokens.pem")),
        certificate: Some(at("port.pem")),
        key: Some(at("port.key")),
        client_ca: Some(at("ca.pem")),
    };
    let rules = skein::access::TokenRules { issuer: "deploy/keys".to_owned(), ..rules() };
    let access = Access::load(files, rules).expect("good files");
    let server = guarded(ServeOptions::default(), FeedLimits::default(), access).await;
    let read = |name: &str| std::fs::read_to_string(at(name)).expect("made");
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read("ca.pem")))
        .identity(Identity::from_pem(read("desk.pem"), read("desk.key")));
    let endpoint = Channel::from_shared(format!("https://127.0.0.1:{}", server.address.port())).expect("a URI");
    let channel = endpoint.tls_config(tls).expect("good certificates").connect().await.expect("connected");
    let mut works = WorkServiceClient::new(channel);
    let status = works.list_my_work(crate::tokens::bearing(&token, p::ListMyWorkRequest {})).await;
    assert_eq!(reason(&status.expect_err("believed, and not registered yet")), "UNKNOWN_AGENT");
    let (head, _) = token.rsplit_once('.').expect("a token");
    let forged = works.list_my_work(crate::tokens::bearing(&format!("{head}.AAAA"), p::ListMyWorkRequest {})).await;
    assert_eq!(reason(&forged.expect_err("the control")), "TOKEN_INVALID");
}
