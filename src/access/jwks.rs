//! Keys that prove tokens: a JWKS (RFC 7517), or public keys as PEM, one after the other.
//!
//! A key of a JWKS is used with the algorithm that it names, or with those of its kind and size; one of PEM with those of its kind.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// Keys of one file: an issuer has one or two, and some while they change.
const MAX_KEYS: usize = 64;
/// Shortest secret of HMAC, bytes: as long as what it signs with (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;

const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// What is wrong with a file of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysProblem {
    /// Neither a JWKS nor PEM.
    #[error("is neither a JWKS (`{{\"keys\": [...]}}`) nor public keys as PEM (`-----BEGIN PUBLIC KEY-----`)")]
    Neither,
    /// JSON that is no JWKS.
    #[error("is no JWKS: line {line}, column {column}")]
    Json {
        /// Where.
        line: usize,
        /// Where in it.
        column: usize,
    },
    /// A key that cannot be used.
    #[error("key {number} {why}")]
    Key {
        /// Which, from 1.
        number: usize,
        /// Why.
        why: &'static str,
    },
    /// There are none.
    #[error("holds no key that can prove a token")]
    Empty,
    /// There are too many.
    #[error("holds more than {MAX_KEYS} keys")]
    TooMany,
}

/// One key.
pub(super) struct Key {
    /// As tokens name it.
    pub(super) id: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// Keys of one file.
pub(super) struct KeySet(Vec<Key>);

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeySet").field(&self.0.len()).finish()
    }
}

impl KeySet {
    /// Reads the text of a file.
    pub(super) fn read(text: &str) -> Result<Self, KeysProblem> {
        let keys = if text.trim_start().starts_with('{') {
            jwks(text)?
        } else if text.contains("-----BEGIN ") {
            pem(text)?
        } else {
            return Err(KeysProblem::Neither);
        };
        match keys.len() {
            0 => Err(KeysProblem::Empty),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(KeysProblem::TooMany),
        }
    }

    /// Keys that a token of this algorithm may be signed with: that of the id, where both have one.
    pub(super) fn fitting<'k>(&'k self, id: Option<&'k str>, algorithm: Algorithm) -> impl Iterator<Item = &'k Key> {
        self.0.iter().filter(move |key| {
            let is_meant = id.is_none_or(|id| key.id.as_deref().is_none_or(|own| own == id));
            is_meant && key.algorithms.contains(&algorithm)
        })
    }
}

fn jwks(text: &str) -> Result<Vec<Key>, KeysProblem> {
    let set: JwkSet =
        serde_json::from_str(text).map_err(|error| KeysProblem::Json { line: error.line(), column: error.column() })?;
    let signs = |key: &&(usize, Jwk)| !matches!(key.1.common.public_key_use, Some(PublicKeyUse::Encryption));
    let numbered: Vec<(usize, Jwk)> = (1..).zip(set.keys).collect();
    numbered.iter().filter(signs).filter_map(|(number, jwk)| of_jwk(*number, jwk).transpose()).collect()
}

/// None: of a kind that is not known here, which RFC 7517 (section 5) has readers pass over.
fn of_jwk(number: usize, jwk: &Jwk) -> Result<Option<Key>, KeysProblem> {
    let wrong = |why| KeysProblem::Key { number, why };
    let of_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return Ok(None),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        AlgorithmParameters::OctetKey(_) => HMAC,
        _ => return Ok(None),
    };
    let key = DecodingKey::from_jwk(jwk).map_err(|_| wrong("is malformed"))?;
    if of_kind == HMAC && key.try_get_as_bytes().is_ok_and(|secret| secret.len() < MIN_SECRET_BYTES) {
        return Err(wrong("is a secret of less than 32 bytes: whoever has a token could guess it"));
    }
    let algorithms = match jwk.common.key_algorithm {
        None => of_kind.to_vec(),
        Some(named) => {
            let named = signing(named).filter(|named| of_kind.contains(named));
            vec![named.ok_or_else(|| wrong("names an algorithm (`alg`) that is not of its kind (`kty`, `crv`)"))?]
        }
    };
    Ok(Some(Key { id: jwk.common.key_id.clone(), algorithms, key }))
}

fn signing(named: KeyAlgorithm) -> Option<Algorithm> {
    named.to_string().parse().ok()
}

fn pem(text: &str) -> Result<Vec<Key>, KeysProblem> {
    const BEGIN: &str = "-----BEGIN ";
    let blocks = text.match_indices(BEGIN).map(|(at, _)| at);
    let ends = text.match_indices(BEGIN).map(|(at, _)| at).skip(1).chain([text.len()]);
    (1..).zip(blocks.zip(ends)).map(|(number, (from, to))| of_pem(number, &text[from..to])).collect()
}

fn of_pem(number: usize, block: &str) -> Result<Key, KeysProblem> {
    if block.contains("PRIVATE KEY") {
        let why = "is a private key: the daemon wants the public one, and the private one belongs to the issuer alone";
        return Err(KeysProblem::Key { number, why });
    }
    let bytes = block.as_bytes();
    let rsa = || DecodingKey::from_rsa_pem(bytes).map(|key| (key, RSA.to_vec()));
    let curve = || DecodingKey::from_ec_pem(bytes).map(|key| (key, vec![Algorithm::ES256, Algorithm::ES384]));
    let edwards = || DecodingKey::from_ed_pem(bytes).map(|key| (key, vec![Algorithm::EdDSA]));
    let read = edwards().or_else(|_| curve()).or_else(|_| rsa());
    let wrong = |_| KeysProblem::Key { number, why: "is no public key of RSA, P-256, P-384 or Ed25519" };
    let (key, algorithms) = read.map_err(wrong)?;
    Ok(Key { id: None, algorithms, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQ";

    fn problem(text: &str) -> String {
        KeySet::read(text).unwrap_err().to_string()
    }

    #[test]
    fn a_key_is_only_used_with_the_algorithms_of_its_kind() {
        let text = format!(r#"{{"keys": [{{"kty": "oct", "kid": "one", "alg": "HS256", "k": "{SECRET}"}}]}}"#);
        let keys = KeySet::read(&text).unwrap();
        assert_eq!(keys.fitting(Some("one"), Algorithm::HS256).count(), 1);
        assert_eq!(keys.fitting(None, Algorithm::HS256).count(), 1);
        assert_eq!(keys.fitting(Some("two"), Algorithm::HS256).count(), 0);
        assert_eq!(keys.fitting(Some("one"), Algorithm::HS512).count(), 0, "it names another");
        assert_eq!(keys.fitting(Some("one"), Algorithm::RS256).count(), 0);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        assert!(problem("hello").starts_with("is neither"));
        assert_eq!(problem("{\"keys\": [\n}"), "is no JWKS: line 2, column 1");
        assert_eq!(problem(r#"{"keys": []}"#), "holds no key that can prove a token");
        let short = r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#;
        assert!(problem(short).starts_with("key 1 is a secret of less than 32 bytes"));
        let alien = format!(r#"{{"keys": [{{"kty": "oct", "alg": "RS256", "k": "{SECRET}"}}]}}"#);
        assert!(problem(&alien).contains("is not of its kind"), "{}", problem(&alien));
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(problem(private).starts_with("key 1 is a private key"));
        let junk = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert!(problem(junk).contains("is no public key of"));
    }
}
