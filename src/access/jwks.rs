//! Keys that prove tokens: a JWKS (RFC 7517), or public keys as PEM, one after the other.
//!
//! A key of a JWKS is used with the algorithm that it names, or with those of its kind and size; one of PEM with those of its kind. A key
//! of a JWKS that cannot be used is passed over (RFC 7517, section 5), and said; its issuer may have it for others. A set without any key
//! proves nothing.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// Keys of one file: an issuer has one or two, and some while they change.
const MAX_KEYS: usize = 64;
/// Keys that one token is tried with: one that names none, or a file whose keys have no names, costs a stranger's call no more.
const MAX_TRIED: usize = 8;
/// Shortest secret of HMAC, bytes: as long as what it signs with (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Why a key is passed over that a later version of this daemon may know.
const UNKNOWN: &str = "is malformed, or of a kind that is not known here";

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
    /// There are too many that a token cannot name.
    #[error("holds more than {MAX_TRIED} keys without a name (`kid`): a token is not tried with more")]
    TooManyNameless,
}

/// One key.
pub(super) struct Key {
    /// As tokens name it.
    pub(super) id: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// Keys of one file.
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// What was passed over.
    passed_over: Vec<KeysProblem>,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeySet").field(&self.keys.len()).finish()
    }
}

impl KeySet {
    /// Reads the text of a file that has keys.
    pub(super) fn read(text: &str) -> Result<Self, KeysProblem> {
        let set = Self::read_any(text)?;
        if set.is_empty() { Err(KeysProblem::Empty) } else { Ok(set) }
    }

    /// Reads the text of a file; a JWKS may be empty, which is an issuer's way to believe nobody any more.
    pub(super) fn read_any(text: &str) -> Result<Self, KeysProblem> {
        let set = if text.trim_start().starts_with('{') {
            jwks(text)?
        } else if text.contains("-----BEGIN ") {
            Self { keys: pem(text)?, passed_over: Vec::new() }
        } else {
            return Err(KeysProblem::Neither);
        };
        if set.keys.len() > MAX_KEYS {
            return Err(KeysProblem::TooMany);
        }
        if set.keys.iter().filter(|key| key.id.is_none()).count() > MAX_TRIED {
            return Err(KeysProblem::TooManyNameless);
        }
        Ok(set)
    }

    /// Whether there is no key.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What was passed over.
    pub(super) fn passed_over(&self) -> &[KeysProblem] {
        &self.passed_over
    }

    /// Whether any is a secret: whoever reads it can sign tokens.
    pub(super) fn has_secrets(&self) -> bool {
        self.keys.iter().any(|key| key.algorithms.iter().any(|algorithm| HMAC.contains(algorithm)))
    }

    /// Keys that a token of this algorithm may be signed with: that of the id, where both have one, before those without one. Of a
    /// token without id [`MAX_TRIED`] at most.
    pub(super) fn fitting<'k>(&'k self, id: Option<&'k str>, algorithm: Algorithm) -> impl Iterator<Item = &'k Key> {
        let fits = move |key: &&Key| key.algorithms.contains(&algorithm);
        let named = move |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let nameless = move |key: &&Key| id.is_some() && key.id.is_none();
        let (named, nameless) = (self.keys.iter().filter(named), self.keys.iter().filter(nameless));
        named.chain(nameless).filter(fits).take(MAX_TRIED)
    }
}

fn jwks(text: &str) -> Result<KeySet, KeysProblem> {
    let Set { keys } =
        serde_json::from_str(text).map_err(|error| KeysProblem::Json { line: error.line(), column: error.column() })?;
    let (mut set, any) = (KeySet { keys: Vec::new(), passed_over: Vec::new() }, !keys.is_empty());
    for (number, key) in (1..).zip(keys) {
        let key = serde_json::from_value::<Jwk>(key).map_err(|_| KeysProblem::Key { number, why: UNKNOWN });
        match key.and_then(|jwk| signs(&jwk).then(|| of_jwk(number, &jwk)).transpose()) {
            Ok(key) => set.keys.extend(key),
            Err(problem) => set.passed_over.push(problem),
        }
    }
    match set.passed_over.first() {
        Some(problem) if set.keys.is_empty() => Err(problem.clone()),
        // Keys for something else only.
        None if set.keys.is_empty() && any => Err(KeysProblem::Empty),
        Some(_) | None => Ok(set),
    }
}

/// A JWKS, before its keys are looked at.
#[derive(serde::Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

fn signs(key: &Jwk) -> bool {
    !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
}

fn of_jwk(number: usize, jwk: &Jwk) -> Result<Key, KeysProblem> {
    let wrong = |why| KeysProblem::Key { number, why };
    let of_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return Err(wrong(UNKNOWN)),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        AlgorithmParameters::OctetKey(_) => HMAC,
        _ => return Err(wrong(UNKNOWN)),
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
    Ok(Key { id: jwk.common.key_id.clone(), algorithms, key })
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

    fn named(kid: &str) -> String {
        format!(r#"{{"kty": "oct", "kid": "{kid}", "k": "{SECRET}"}}"#)
    }

    #[test]
    fn a_key_that_cannot_be_used_is_passed_over_and_the_others_are_good() {
        let of_tomorrow = r#"{"kty": "OKP", "kid": "new", "crv": "X448", "x": "AAAA"}"#;
        let broken = r#"{"kty": "RSA", "kid": "broken", "n": "AAAA"}"#;
        let weak = r#"{"kty": "oct", "kid": "weak", "k": "c2VjcmV0"}"#;
        let text = format!(r#"{{"keys": [{of_tomorrow}, {broken}, {weak}, {}]}}"#, named("good"));
        let keys = KeySet::read(&text).unwrap();
        assert_eq!(keys.fitting(Some("good"), Algorithm::HS256).count(), 1);
        assert_eq!(keys.fitting(Some("weak"), Algorithm::HS256).count(), 0);
        let said: Vec<String> = keys.passed_over().iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].starts_with("key 1 is malformed, or of a kind") && said[1].starts_with("key 2 is malformed"));
        assert!(said[2].starts_with("key 3 is a secret of less"), "{said:?}");
        assert!(problem(&format!(r#"{{"keys": [{broken}]}}"#)).starts_with("key 1 is malformed"), "alone it is wrong");
    }

    #[test]
    fn a_token_that_names_no_key_is_not_tried_with_all() {
        let all: Vec<String> = (0..40).map(|number| named(&format!("k{number}"))).collect();
        let keys = KeySet::read(&format!(r#"{{"keys": [{}]}}"#, all.join(","))).unwrap();
        assert_eq!(keys.fitting(None, Algorithm::HS256).count(), MAX_TRIED);
        assert_eq!(keys.fitting(Some("k39"), Algorithm::HS256).count(), 1);
        let nameless = format!(r#"{{"kty": "oct", "k": "{SECRET}"}}"#);
        let many = vec![nameless; MAX_TRIED + 1].join(",");
        assert!(problem(&format!(r#"{{"keys": [{many}]}}"#)).contains("without a name"));
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
