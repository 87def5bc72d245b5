//! What a frame says, in our own words. How it is written is `wire`'s.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};

/// One message between two nodes about one call, or about all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frame {
    /// Protocol of its sender; 0: not said.
    pub(super) version: u32,
    /// Number of `piece`; 0: there is none.
    pub(super) number: u64,
    /// Highest number that its sender has sent; at least `number`.
    pub(super) last: u64,
    /// All up to this number have come.
    pub(super) received: u64,
    /// All up to this number have been read.
    pub(super) taken: u64,
    /// Up to this number is asked for again; 0: nothing is.
    pub(super) again: u64,
    /// An answer is wanted.
    pub(super) probe: bool,
    pub(super) piece: Option<Piece>,
    pub(super) reset: Option<Reset>,
    pub(super) beat: Option<Beat>,
    /// The calls of a beat that are not known.
    pub(super) beat_answer: Option<Vec<u64>>,
}

/// A part of a request or response, in this order: its head, bytes of its body, its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub(super) head: Option<Box<Head>>,
    pub(super) data: Bytes,
    /// The trailers: nothing comes after them.
    pub(super) end: Option<HeaderMap>,
}

/// How a request or response begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) start: Start,
    pub(super) headers: HeaderMap,
}

/// The first line of a request or response.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    Request { method: Method, path: PathAndQuery },
    Response { status: StatusCode },
}

/// All calls of a node at an owner.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Beat {
    pub(super) calls: Vec<u64>,
    pub(super) newest: u64,
}

/// Why one side ends a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reset {
    Canceled,
    /// So many calls are served at most.
    Limit(u32),
    Stopping,
    Version,
    Failed,
    Unknown,
}

/// Why a frame is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadFrame {
    /// It cannot be read, or holds what no head or body may.
    Malformed,
    /// It acknowledges or asks for what was never sent.
    NeverSent,
    /// It goes beyond the window.
    BeyondWindow,
    /// It brings a head in the middle, or something after the end.
    OutOfPlace,
}

impl Piece {
    pub(super) fn data(data: Bytes) -> Self {
        Self { data, ..Self::default() }
    }

    pub(super) fn end(trailers: HeaderMap) -> Self {
        Self { end: Some(trailers), ..Self::default() }
    }

    pub(super) fn head(head: Head) -> Self {
        Self { head: Some(Box::new(head)), ..Self::default() }
    }

    /// Bytes of its content, as the window counts them.
    pub(super) fn bytes(&self) -> usize {
        let head = self.head.as_ref().map_or(0, |head| bytes_of(&head.headers));
        self.data.len() + head + self.end.as_ref().map_or(0, bytes_of)
    }

    /// Adds what comes next; gives it back if it has no place in the same frame.
    pub(super) fn join(&mut self, next: Self) -> Option<Self> {
        let fits = next.head.is_none() && self.end.is_none() && (self.data.is_empty() || next.data.is_empty());
        if !fits {
            return Some(next);
        }
        if self.data.is_empty() {
            self.data = next.data;
        }
        self.end = next.end;
        None
    }
}

/// Bytes of names and values.
pub(super) fn bytes_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
