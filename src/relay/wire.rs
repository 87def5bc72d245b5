//! Frames as bytes (`skein.node.v1.RelayFrame`). Pieces of bodies are cut out of the message they came in, not copied.

use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use prost::Message as _;

use super::frame::{BadFrame, Beat, Frame, Head, Piece, Reset, Start, bytes_of};
use super::limits::HEAD_BYTES;
use crate::proto::node as p;

/// Bytes that are taken at once for frames to be written.
const ROOM: usize = 16 << 10;

/// Writes frames, many into one allocation.
#[derive(Debug, Default)]
pub(super) struct Encoder(BytesMut);

impl Encoder {
    /// The bytes of a frame.
    pub(super) fn encode(&mut self, frame: Frame) -> Bytes {
        let frame = to_proto(frame);
        let length = frame.encoded_len();
        if self.0.capacity() < length {
            self.0.reserve(length.max(ROOM));
        }
        // There is room: nothing else makes it fail.
        let written = frame.encode(&mut self.0);
        debug_assert!(written.is_ok(), "the buffer grows");
        self.0.split().freeze()
    }
}

/// Reads a frame.
///
/// # Errors
/// [`BadFrame::Malformed`].
pub(super) fn decode(bytes: Bytes) -> Result<Frame, BadFrame> {
    let frame = p::RelayFrame::decode(bytes).map_err(|_| BadFrame::Malformed)?;
    from_proto(frame).ok_or(BadFrame::Malformed)
}

fn to_proto(frame: Frame) -> p::RelayFrame {
    let Piece { head, data, end } = frame.piece.unwrap_or_default();
    p::RelayFrame {
        version: frame.version,
        number: frame.number,
        last: if frame.last > frame.number { frame.last } else { 0 },
        received: frame.received,
        taken: frame.taken,
        again: frame.again,
        probe: frame.probe,
        head: head.map(|head| head_to_proto(*head)),
        data,
        end: end.map(|trailers| p::RelayEnd { trailers: headers_to_proto(&trailers) }),
        reset: frame.reset.map(reset_to_proto),
        beat: frame.beat.map(|beat| p::RelayBeat { calls: beat.calls, newest: beat.newest }),
        beat_answer: frame.beat_answer.map(|unknown| p::RelayBeatAnswer { unknown }),
    }
}

fn from_proto(frame: p::RelayFrame) -> Option<Frame> {
    let piece = Piece {
        head: frame.head.map(head_from_proto).transpose().ok()?.map(Box::new),
        data: frame.data,
        end: frame.end.map(|end| headers_from_proto(end.trailers)).transpose().ok()?,
    };
    if frame.number == 0 && piece != Piece::default() {
        return None;
    }
    Some(Frame {
        version: frame.version,
        number: frame.number,
        last: frame.last.max(frame.number),
        received: frame.received,
        taken: frame.taken,
        again: frame.again,
        probe: frame.probe,
        piece: (frame.number > 0).then_some(piece),
        reset: frame.reset.map(reset_from_proto),
        beat: frame.beat.map(|beat| Beat { calls: beat.calls, newest: beat.newest }),
        beat_answer: frame.beat_answer.map(|answer| answer.unknown),
    })
}

fn head_to_proto(head: Head) -> p::RelayHead {
    let headers = headers_to_proto(&head.headers);
    match head.start {
        Start::Request { method, path } => {
            let (method, path) = (method.as_str().to_owned(), path.as_str().to_owned());
            p::RelayHead { method, path, headers, ..p::RelayHead::default() }
        }
        Start::Response { status } => {
            p::RelayHead { status: u32::from(status.as_u16()), headers, ..p::RelayHead::default() }
        }
    }
}

fn head_from_proto(head: p::RelayHead) -> Result<Head, BadFrame> {
    let start = if head.status == 0 {
        let method = Method::from_bytes(head.method.as_bytes()).map_err(|_| BadFrame::Malformed)?;
        let path = PathAndQuery::try_from(head.path).map_err(|_| BadFrame::Malformed)?;
        Start::Request { method, path }
    } else {
        let status = u16::try_from(head.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Start::Response { status: status.ok_or(BadFrame::Malformed)? }
    };
    Ok(Head { start, headers: headers_from_proto(head.headers)? })
}

fn headers_to_proto(headers: &HeaderMap) -> Vec<p::RelayHeader> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| p::RelayHeader {
        name: name.as_str().to_owned(),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    headers.iter().map(header).collect()
}

fn headers_from_proto(headers: Vec<p::RelayHeader>) -> Result<HeaderMap, BadFrame> {
    let mut read = HeaderMap::with_capacity(headers.len().min(64));
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| BadFrame::Malformed)?;
        let value = HeaderValue::from_maybe_shared(header.value).map_err(|_| BadFrame::Malformed)?;
        read.try_append(name, value).map_err(|_| BadFrame::Malformed)?;
    }
    if bytes_of(&read) > HEAD_BYTES { Err(BadFrame::Malformed) } else { Ok(read) }
}

fn reset_to_proto(reset: Reset) -> p::RelayReset {
    use p::RelayResetReason as R;
    let (reason, limit) = match reset {
        Reset::Canceled => (R::Canceled, 0),
        Reset::Limit(limit) => (R::Limit, limit),
        Reset::Stopping => (R::Stopping, 0),
        Reset::Version => (R::Version, 0),
        Reset::Failed => (R::Failed, 0),
        Reset::Unknown => (R::Unknown, 0),
    };
    p::RelayReset { reason: reason.into(), limit }
}

fn reset_from_proto(reset: p::RelayReset) -> Reset {
    use p::RelayResetReason as R;
    match reset.reason() {
        R::Canceled => Reset::Canceled,
        R::Limit => Reset::Limit(reset.limit),
        R::Stopping => Reset::Stopping,
        R::Version => Reset::Version,
        R::Unknown => Reset::Unknown,
        R::Unspecified | R::Failed => Reset::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append("skein-agent", HeaderValue::from_static("ana"));
        headers.append("skein-agent", HeaderValue::from_static("ben"));
        headers.append("trace-bin", HeaderValue::from_bytes(b"AP8\xff").unwrap());
        headers
    }

    fn all() -> Vec<Frame> {
        let request = Start::Request { method: Method::POST, path: PathAndQuery::from_static("/a.B/C?d") };
        let response = Start::Response { status: StatusCode::OK };
        let piece = |start| Piece {
            head: Some(Box::new(Head { start, headers: headers() })),
            data: Bytes::from_static(b"\0\x01"),
            end: Some(headers()),
        };
        let resets = [Reset::Canceled, Reset::Limit(7), Reset::Stopping, Reset::Version, Reset::Failed, Reset::Unknown];
        let mut all = vec![
            Frame { version: 1, number: 1, last: 3, piece: Some(piece(request)), ..Frame::default() },
            Frame { number: 1, last: 1, received: 5, taken: 4, piece: Some(piece(response)), ..Frame::default() },
            Frame { last: 9, again: 8, probe: true, ..Frame::default() },
            Frame { number: 4, last: 4, piece: Some(Piece::default()), ..Frame::default() },
            Frame { version: 1, beat: Some(Beat { calls: vec![1, 70_000], newest: 70_001 }), ..Frame::default() },
            Frame { beat_answer: Some(vec![3]), ..Frame::default() },
        ];
        all.extend(resets.map(|reset| Frame { reset: Some(reset), ..Frame::default() }));
        all
    }

    #[test]
    fn every_frame_comes_back_as_it_was() {
        let mut encoder = Encoder::default();
        let written: Vec<Bytes> = all().into_iter().map(|frame| encoder.encode(frame)).collect();
        let read: Vec<Frame> = written.into_iter().map(|bytes| decode(bytes).unwrap()).collect();
        assert_eq!(read, all());
    }

    #[test]
    fn a_frame_of_a_later_version_is_read_without_what_it_has_more() {
        let mut bytes = Encoder::default().encode(all().remove(2)).to_vec();
        // Field 100, a text of two bytes.
        bytes.extend_from_slice(&[0xa2, 0x06, 2, b'h', b'i']);
        assert_eq!(decode(Bytes::from(bytes)).unwrap(), all().remove(2));
        let reset = p::RelayReset { reason: 77, limit: 0 };
        let frame = p::RelayFrame { reset: Some(reset), ..p::RelayFrame::default() };
        assert_eq!(decode(Bytes::from(frame.encode_to_vec())).unwrap().reset, Some(Reset::Failed));
    }

    #[test]
    fn what_no_head_may_hold_is_refused() {
        let head = |head: p::RelayHead| p::RelayFrame { number: 1, head: Some(head), ..p::RelayFrame::default() };
        let header = |name: &str, value: &str| {
            let headers = vec![p::RelayHeader { name: name.to_owned(), value: Bytes::from(value.to_owned()) }];
            head(p::RelayHead { status: 200, headers, ..p::RelayHead::default() })
        };
        let request = |method: &str, path: &str| {
            head(p::RelayHead { method: method.to_owned(), path: path.to_owned(), ..p::RelayHead::default() })
        };
        let bad = [
            header("two words", "a"),
            header("a", "cr\r\nlf"),
            header("a", &"x".repeat(HEAD_BYTES)),
            request("", "/a"),
            request("POST", "a b"),
            head(p::RelayHead { status: 7, ..p::RelayHead::default() }),
            p::RelayFrame { data: Bytes::from_static(b"x"), ..p::RelayFrame::default() },
        ];
        for frame in bad {
            assert_eq!(decode(Bytes::from(frame.encode_to_vec())), Err(BadFrame::Malformed), "{frame:?}");
        }
        assert_eq!(decode(Bytes::from_static(b"\xff\xff\xff")), Err(BadFrame::Malformed));
    }
}
