//! The gate of the port: before any service sees a call its token is proven, and its roles are compared with the table.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::AUTHORIZATION;
use tonic::body::Body;

use super::metrics::EdgeMetrics;
use super::status::{Reason, Refusal};
use crate::access::{Door, Proof, Tokens, door};

/// What the gate asks for.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// None: callers are believed.
    pub(super) tokens: Option<Tokens>,
    pub(super) metrics: EdgeMetrics,
}

impl Gate {
    /// Routes that only calls reach which may pass.
    pub(super) fn before(self, router: axum::Router) -> axum::Router {
        router.layer(axum::middleware::from_fn(move |request, next| self.clone().pass(request, next)))
    }

    /// Lets a call pass with the proof of who makes it, or answers it.
    async fn pass(self, mut request: Request, next: Next) -> Response {
        if let Some(tokens) = &self.tokens {
            match proven(tokens, &request) {
                Ok(proof) => drop(proof.map(|proof| request.extensions_mut().insert(proof))),
                Err(refusal) => {
                    self.metrics.refused(refusal.reason());
                    return refusal.to_status().into_http::<Body>().map(axum::body::Body::new);
                }
            }
        }
        next.run(request).await
    }
}

/// None: nothing is asked for.
fn proven(tokens: &Tokens, request: &Request) -> Result<Option<Proof>, Refusal> {
    let wanted = match door(request.uri().path()) {
        Some(Door::Open) => return Ok(None),
        Some(Door::Roles(roles)) => roles,
        None => return Err(Refusal::new(Reason::RoleRefused, "no role may call that")),
    };
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let missing = || Refusal::new(Reason::TokenMissing, "a token is wanted: `authorization: Bearer TOKEN`");
    let proof = tokens.proof(token.ok_or_else(missing)?)?;
    if proof.claimed.roles.meets(wanted) {
        return Ok(Some(proof));
    }
    let (has, wanted) = (proof.claimed.roles.labels(), wanted.labels());
    Err(Refusal::new(Reason::RoleRefused, format!("that is for the roles {wanted}"))
        .with("wanted", wanted)
        .with("roles", has))
}
