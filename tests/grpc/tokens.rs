//! An issuer of tokens for these tests, and servers that believe it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use skein::access::{Access, AccessFiles, ClaimNames, TokenRules};
use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use tempfile::TempDir;
use tonic::Request;

use crate::harness::{Server, guarded};

pub(crate) const SECRET: &str = "a-secret-of-these-tests-that-is-long-enough";
pub(crate) const OTHER_SECRET: &str = "another-secret-that-is-long-enough-as-well-yes";

/// A JWKS with one secret.
pub(crate) fn jwks(secret: &str) -> String {
    json!({ "keys": [{ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(secret) }] }).to_string()
}

pub(crate) fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://login.example".to_owned(),
        audience: "skein".to_owned(),
        leeway: Duration::ZERO,
        claims: ClaimNames {
            agent: "sub".to_owned(),
            workspace: "skein_workspace".to_owned(),
            roles: "skein_roles".to_owned(),
            roles_prefix: String::new(),
        },
    }
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the year 292 billion")
}

/// Claims of an agent of the demo workspace, good for ten minutes.
pub(crate) fn claims(agent: &str, roles: &[&str]) -> Value {
    json!({
        "iss": "https://login.example", "aud": "skein", "exp": now() + 600,
        "sub": agent, "skein_workspace": "demo", "skein_roles": roles,
    })
}

pub(crate) fn signed(secret: &str, claims: &Value) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}

/// A good token.
pub(crate) fn token(agent: &str, roles: &[&str]) -> String {
    signed(SECRET, &claims(agent, roles))
}

/// A call that brings a token, and no name.
pub(crate) fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
    request
}

/// A server that believes tokens of [`SECRET`], the folder with its file of keys, and what it rests on.
pub(crate) async fn server_with_tokens() -> (Server, TempDir, Access) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, jwks(SECRET)).expect("written");
    let files = AccessFiles { token_keys: Some(path), ..AccessFiles::default() };
    let access = Access::load(files, rules()).expect("good keys");
    let server = guarded(ServeOptions::default(), FeedLimits::default(), access.clone()).await;
    (server, folder, access)
}
