//! The flags that say which letters are meant.

use crate::dead::Selection;

/// Which letters are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Selected {
    /// Only letters of this endpoint.
    #[arg(long, value_name = "CHANNEL/NAME", value_parser = endpoint)]
    endpoint: Option<(String, String)>,
    /// Only letters with this reason, such as `unknown_endpoint`.
    #[arg(long)]
    reason: Option<String>,
}

fn endpoint(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((channel, name)) if !channel.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((channel.to_owned(), name.to_owned()))
        }
        _ => Err("wanted as CHANNEL/NAME, for example whatsapp/support".to_owned()),
    }
}

impl Selected {
    pub(super) fn is_everything(&self) -> bool {
        self.endpoint.is_none() && self.reason.is_none()
    }

    pub(super) fn selection(self) -> Selection {
        Selection { endpoint: self.endpoint, reason: self.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_with_its_channel() {
        assert_eq!(endpoint("sms/main"), Ok(("sms".to_owned(), "main".to_owned())));
        for wrong in ["main", "/main", "sms/", "sms/main/x"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
