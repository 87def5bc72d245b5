//! Tokens, proven and not.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::access::{Lease, Role};

const SECRET: &str = "one-secret-of-more-than-thirty-two-bytes";
const OTHER: &str = "another-secret-of-more-than-thirty-two-bytes";

/// Ed25519 keys of these tests alone.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIC9RJm5XXlLRThGCCHYRKfQYwVpxIf4pb8yOSEJNgRGF\n-----END PRIVATE KEY-----\n";

fn jwks(secret: &str) -> String {
    use base64::Engine as _;
    let k = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret);
    json!({ "keys": [{ "kty": "oct", "kid": "k1", "alg": "HS256", "k": k }] }).to_string()
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://login.example".to_owned(),
        audience: "skein".to_owned(),
        leeway: Duration::ZERO,
        claims: ClaimNames {
            agent: "sub".to_owned(),
            workspace: "workspace".to_owned(),
            roles: "roles".to_owned(),
            roles_prefix: String::new(),
        },
    }
}

fn tokens() -> Tokens {
    Tokens::new(rules(), &jwks(SECRET)).unwrap()
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let exp = wall_ms() / 1_000 + 600;
    let mut claims = json!({
        "iss": "https://login.example", "aud": ["other", "skein"], "sub": "anna", "workspace": "acme",
        "roles": ["agent"], "exp": exp,
    });
    change(&mut claims);
    claims
}

fn signed(secret: &str, claims: &Value) -> String {
    let header = Header { kid: Some("k1".to_owned()), ..Header::default() };
    encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[test]
fn a_good_token_names_its_bearer_until_it_expires() {
    let proven = tokens().prove(&signed(SECRET, &claims(|_| {}))).unwrap();
    assert_eq!(proven.claimed.name, "anna");
    assert!(proven.claimed.roles.has(Role::Agent) && proven.until_ms > wall_ms());
}

#[test]
fn each_way_to_be_wrong_is_told_apart() {
    let now = wall_ms() / 1_000;
    let tokens = tokens();
    let refused =
        |change: fn(&mut Value, i64)| tokens.prove(&signed(SECRET, &claims(|it| change(it, now)))).unwrap_err();
    assert_eq!(refused(|it, now| it["exp"] = json!(now - 1)), TokenProblem::Expired);
    assert_eq!(refused(|it, now| it["nbf"] = json!(now + 60)), TokenProblem::NotYet);
    assert_eq!(refused(|it, _| it["iss"] = json!("https://evil.example")), TokenProblem::Issuer);
    assert_eq!(refused(|it, _| it["aud"] = json!("another")), TokenProblem::Audience);
    for claim in ["exp", "iss", "aud", "sub", "workspace"] {
        let mut without = claims(|_| {});
        without.as_object_mut().unwrap().remove(claim);
        assert_eq!(tokens.prove(&signed(SECRET, &without)).unwrap_err(), TokenProblem::Claim(claim.to_owned()));
    }
    assert_eq!(tokens.prove(&signed(OTHER, &claims(|_| {}))).unwrap_err(), TokenProblem::Signature);
    assert_eq!(tokens.prove("nonsense").unwrap_err(), TokenProblem::Malformed);
}

#[test]
fn a_token_without_signature_or_with_another_algorithm_proves_nothing() {
    use base64::Engine as _;
    let tokens = tokens();
    let part = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims(|_| {})));
    assert_eq!(tokens.prove(&unsigned).unwrap_err(), TokenProblem::Malformed);
    let header = Header { alg: jsonwebtoken::Algorithm::HS512, ..Header::default() };
    let stronger = encode(&header, &claims(|_| {}), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
    assert_eq!(tokens.prove(&stronger).unwrap_err(), TokenProblem::Signature);
    // The public key of somebody's RSA, used as a secret, is the classic confusion: a key has the algorithms of its own kind.
    let good = signed(SECRET, &claims(|_| {}));
    let (head, _) = good.rsplit_once('.').unwrap();
    assert_eq!(tokens.prove(&format!("{head}.AAAA")).unwrap_err(), TokenProblem::Signature);
}

#[test]
fn a_static_public_key_proves_too() {
    let private = EncodingKey::from_ed_pem(PRIVATE.as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&private, jsonwebtoken::Algorithm::EdDSA).unwrap();
    let set = json!({ "keys": [jwk] }).to_string();
    let tokens = Tokens::new(rules(), &set).unwrap();
    let token = encode(&Header::new(jsonwebtoken::Algorithm::EdDSA), &claims(|_| {}), &private).unwrap();
    assert_eq!(tokens.prove(&token).unwrap().claimed.name, "anna");
    assert_eq!(tokens.prove(&signed(SECRET, &claims(|_| {}))).unwrap_err(), TokenProblem::Signature);
}

#[test]
fn a_key_that_is_gone_proves_nothing_more_and_a_bad_file_changes_nothing() {
    let tokens = tokens();
    let token = signed(SECRET, &claims(|_| {}));
    tokens.prove(&token).unwrap();
    assert!(tokens.replace("{}").is_err());
    tokens.prove(&token).unwrap();
    tokens.replace(&jwks(OTHER)).unwrap();
    assert_eq!(tokens.prove(&token).unwrap_err(), TokenProblem::Signature);
}

#[tokio::test]
async fn a_lease_is_over_when_its_token_expires_or_its_key_is_gone() {
    let tokens = tokens();
    let short = signed(SECRET, &claims(|it| it["exp"] = json!(wall_ms() / 1_000 + 1)));
    let proof = tokens.proof(&short).unwrap();
    assert_eq!(proof.lease.over().await.0, TokenProblem::Expired);
    let long = tokens.proof(&signed(SECRET, &claims(|_| {}))).unwrap();
    assert_eq!(long.lease.check(), Ok(()));
    let (over, ()) = tokio::join!(long.lease.over(), async { tokens.replace(&jwks(OTHER)).unwrap() });
    assert_eq!(over.0, TokenProblem::Signature);
    // Its time is not over; its key is gone.
    assert_eq!(long.lease.check(), Ok(()));
    assert_eq!(long.lease.holds().unwrap_err().0, TokenProblem::Signature);
    assert_eq!(Lease::endless().check(), Ok(()));
}
