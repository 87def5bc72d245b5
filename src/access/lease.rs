//! For how long a proof holds: until its token expires, or the keys change and it is proven no longer.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::claims::Claimed;
use super::tokens::{TokenProblem, Tokens};
use crate::clock::wall_ms;

/// The clock on the wall is looked at so often: it may jump, and the machine may sleep.
const LOOK: Duration = Duration::from_secs(5);

/// Who calls, as a token proves it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What the token says.
    pub claimed: Arc<Claimed>,
    /// How long it is good.
    pub lease: Lease,
}

/// Why a stream has to end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token of the call proves nothing any more")]
pub struct Over(#[source] pub TokenProblem);

/// Waits until a call is believed no longer.
pub type Ending = Pin<Box<dyn Future<Output = Over> + Send + Sync>>;

/// For how long a call may go on. Cheap to clone.
#[derive(Clone, Default)]
pub struct Lease(Option<Held>);

#[derive(Clone)]
struct Held {
    tokens: Tokens,
    token: Arc<str>,
    until_ms: i64,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lease").field(&self.0.as_ref().map(|held| held.until_ms)).finish()
    }
}

impl Lease {
    /// Where no proof is asked for: it never ends.
    #[must_use]
    pub fn endless() -> Self {
        Self(None)
    }

    /// Whether it holds now, by its time.
    ///
    /// # Errors
    /// [`Over`].
    pub fn check(&self) -> Result<(), Over> {
        match &self.0 {
            Some(held) if held.until_ms <= wall_ms() => Err(Over(TokenProblem::Expired)),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it holds now, by its time and by the keys.
    ///
    /// # Errors
    /// [`Over`].
    pub fn holds(&self) -> Result<(), Over> {
        self.check()?;
        match &self.0 {
            Some(held) => held.tokens.prove(&held.token).map(drop).map_err(Over),
            None => Ok(()),
        }
    }

    /// [`Lease::over`], to be kept. Not to be waited for again once it has resolved.
    #[must_use]
    pub fn ending(&self) -> Ending {
        let lease = self.clone();
        Box::pin(async move { lease.over().await })
    }

    /// Resolves when it holds no longer. Cancel safe: it only looks.
    pub async fn over(&self) -> Over {
        let Some(held) = &self.0 else { return std::future::pending().await };
        let mut keys = held.tokens.changes();
        loop {
            // Keys that changed between the proof and here, or while this was not polled: proven anew.
            if let Err(over) = self.holds() {
                return over;
            }
            let left = u64::try_from(held.until_ms.saturating_sub(wall_ms())).unwrap_or_default();
            tokio::select! {
                () = sleep(Duration::from_millis(left).min(LOOK)) => {}
                // The sender lives in `held`: it cannot be gone.
                _ = keys.changed() => {}
            }
        }
    }
}

impl Tokens {
    /// Who bears the token, and for how long that is so.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn proof(&self, token: &str) -> Result<Proof, TokenProblem> {
        let proven = self.prove(token)?;
        let held = Held { tokens: self.clone(), token: token.into(), until_ms: proven.until_ms };
        Ok(Proof { claimed: proven.claimed, lease: Lease(Some(held)) })
    }
}
