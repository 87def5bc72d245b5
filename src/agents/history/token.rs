//! The page token: opaque to clients, checked when it comes back. What it leads to is checked again when it is read.

use std::fmt::Write as _;

use crate::domain::event::ReceiptStatus;
use crate::domain::id::{Index, LeafId, MessageId};

/// First byte of a token; another one is refused.
const VERSION: u8 = 1;
/// Leaves in one token: of a customer with more, those that were touched last are followed.
pub(super) const MAX_LEAVES: usize = 256;
/// Reports carried to the page where their message stands; more of them are rare, and only the newest page would lack them.
pub(super) const MAX_STATUSES: usize = 64;

/// Where the next page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::agents) struct Token {
    /// Only messages before this one: a page may end inside a record.
    pub(super) before: Option<MessageId>,
    /// The newest record of each leaf that may have more.
    pub(super) heads: Vec<(LeafId, Index)>,
    /// Reports of messages that stand further back.
    pub(super) statuses: Vec<(MessageId, ReceiptStatus)>,
}

impl Token {
    pub(in crate::agents) fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.before.map_or(u64::MAX, MessageId::to_bits).to_le_bytes());
        bytes.extend(u16::try_from(self.heads.len()).unwrap_or(u16::MAX).to_le_bytes());
        for (leaf, index) in &self.heads {
            bytes.extend(leaf.0.to_le_bytes());
            bytes.extend(index.0.to_le_bytes());
        }
        for (message, status) in &self.statuses {
            bytes.extend(message.to_bits().to_le_bytes());
            bytes.push(code(*status));
        }
        bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        })
    }

    /// None: this was not given out.
    pub(in crate::agents) fn decode(text: &str) -> Option<Self> {
        let longest = 1 + 8 + 2 + MAX_LEAVES * 12 + MAX_STATUSES * 9;
        if !text.len().is_multiple_of(2) || text.len() > longest * 2 || !text.is_ascii() {
            return None;
        }
        let bytes: Vec<u8> = (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok())
            .collect::<Option<_>>()?;
        let (version, rest) = bytes.split_first()?;
        let (before, rest) = rest.split_first_chunk::<8>()?;
        let (count, mut rest) = rest.split_first_chunk::<2>()?;
        if *version != VERSION {
            return None;
        }
        let mut token = Self {
            before: Some(u64::from_le_bytes(*before)).filter(|bits| *bits != u64::MAX).map(MessageId::from_bits),
            ..Self::default()
        };
        for _ in 0..u16::from_le_bytes(*count) {
            let (leaf, after) = rest.split_first_chunk::<4>()?;
            let (index, after) = after.split_first_chunk::<8>()?;
            token.heads.push((LeafId(u32::from_le_bytes(*leaf)), Index(u64::from_le_bytes(*index))));
            rest = after;
        }
        while let Some((message, after)) = rest.split_first_chunk::<8>() {
            let (status, after) = after.split_first()?;
            token.statuses.push((MessageId::from_bits(u64::from_le_bytes(*message)), status_of(*status)?));
            rest = after;
        }
        rest.is_empty().then_some(token)
    }
}

const STATUSES: [ReceiptStatus; 7] = [
    ReceiptStatus::Queued,
    ReceiptStatus::Unknown,
    ReceiptStatus::Sent,
    ReceiptStatus::Failed,
    ReceiptStatus::Expired,
    ReceiptStatus::Delivered,
    ReceiptStatus::Read,
];

fn code(status: ReceiptStatus) -> u8 {
    (0u8..).zip(STATUSES).find(|(_, known)| *known == status).map_or(0, |(code, _)| code)
}

fn status_of(code: u8) -> Option<ReceiptStatus> {
    STATUSES.get(usize::from(code)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = Token {
            before: Some(MessageId::new(Index(77), 3)),
            heads: vec![(LeafId(1), Index(70)), (LeafId(9), Index(12))],
            statuses: vec![(MessageId::new(Index(5), 1), ReceiptStatus::Read)],
        };
        assert_eq!(Token::decode(&token.encode()), Some(token));
    }

    #[test]
    fn a_text_that_is_no_token_is_refused() {
        let good = Token { heads: vec![(LeafId(1), Index(70))], ..Token::default() }.encode();
        for bad in ["", "zz", "é", "02", &good[..good.len() - 2], &format!("{good}00"), &"0".repeat(100_000)] {
            assert_eq!(Token::decode(bad), None, "{bad:.40}");
        }
    }
}
