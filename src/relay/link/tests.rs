//! Links over a line that loses, doubles and reorders, by seed; and what each rule says alone.

use std::collections::VecDeque;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};

use super::super::frame::{BadFrame, Frame, Head, Piece, Reset, Start};
use super::super::limits::{GIVE_UP_TICKS, PROBE_TICKS, WINDOW_BYTES, WINDOW_FRAMES};
use super::{Ended, Link, Side};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

fn request_head() -> Piece {
    let start = Start::Request { method: Method::POST, path: PathAndQuery::from_static("/a/B") };
    Piece::head(Head { start, headers: HeaderMap::new() })
}

fn response_head() -> Piece {
    Piece::head(Head { start: Start::Response { status: StatusCode::OK }, headers: HeaderMap::new() })
}

/// Out of a hundred frames.
#[derive(Clone, Copy)]
struct Line {
    lost: u64,
    doubled: u64,
    late: u64,
}

/// One end, what it has still to say and what it has heard.
struct End {
    link: Link,
    /// On their way to the other side.
    out: VecDeque<Frame>,
    to_say: VecDeque<Piece>,
    heard: Vec<u8>,
    has_heard_end: bool,
}

impl End {
    fn new(side: Side, text: &[u8], dice: &mut Dice) -> Self {
        let head = if side == Side::Caller { request_head() } else { response_head() };
        let mut to_say = VecDeque::from([head]);
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(usize::try_from(1 + dice.roll(9)).unwrap().min(rest.len()));
            to_say.push_back(Piece::data(Bytes::copy_from_slice(piece)));
            rest = after;
        }
        to_say.push_back(Piece::end(HeaderMap::new()));
        Self { link: Link::new(side), out: VecDeque::new(), to_say, heard: Vec::new(), has_heard_end: false }
    }

    fn say(&mut self) {
        if self.link.has_room()
            && let Some(piece) = self.to_say.pop_front()
        {
            self.link.push(piece);
        }
    }

    fn transmit(&mut self, line: Line, dice: &mut Dice) {
        let Some((frame, _)) = self.link.transmit() else { return };
        let is = |share: u64, dice: &mut Dice| dice.roll(100) < share;
        if is(line.lost, dice) {
            return;
        }
        if is(line.doubled, dice) {
            self.out.push_back(frame.clone());
        }
        self.out.push_back(frame);
        if self.out.len() > 1 && is(line.late, dice) {
            let (a, b) = (self.out.len() - 1, usize::try_from(dice.roll(self.out.len() as u64)).unwrap());
            self.out.swap(a, b);
        }
    }

    fn hear(&mut self) {
        if let Some(piece) = self.link.take() {
            assert!(!self.has_heard_end, "something comes after the end");
            self.heard.extend_from_slice(&piece.data);
            self.has_heard_end |= piece.end.is_some();
        }
    }
}

/// What was asked and what was answered in a call.
type Texts = (Vec<u8>, Vec<u8>);

/// Both texts of a call over such a line, and as they were heard; and how often something bad came.
fn played(seed: u64, line: Line, blind: bool) -> (Texts, Texts, usize) {
    let mut dice = Dice(seed);
    let text = |dice: &mut Dice| (0..dice.roll(4_000)).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
    let (asked, said): (Vec<u8>, Vec<u8>) = (text(&mut dice), text(&mut dice));
    let mut ends = [End::new(Side::Caller, &asked, &mut dice), End::new(Side::Host, &said, &mut dice)];
    if blind {
        ends.iter_mut().for_each(|end| end.link.blind());
    }
    let mut bad = 0;
    // A call ends with its response, so that one waits until all of the request was heard.
    let hold_back = |ends: &[End; 2]| ends[1].to_say.len() == 1 && !ends[1].has_heard_end;
    for _ in 0..200_000 {
        let from = usize::try_from(dice.roll(2)).unwrap();
        match dice.roll(13) {
            0..3 if from == 1 && hold_back(&ends) => {}
            0..3 => ends[from].say(),
            3..7 => ends[from].transmit(line, &mut dice),
            7..10 => {
                if let Some(frame) = ends[from].out.pop_front() {
                    bad += usize::from(ends[1 - from].link.receive(frame).is_err());
                }
            }
            10..12 => ends[from].hear(),
            _ if dice.roll(60) == 0 => ends.iter_mut().for_each(|end| end.link.tick()),
            _ => {}
        }
        if ends[0].has_heard_end && (blind || ends[1].link.ended().is_some()) {
            break;
        }
    }
    let [caller, host] = ends;
    ((asked, said), (host.heard, caller.heard), bad)
}

const BAD_LINE: Line = Line { lost: 15, doubled: 15, late: 20 };

#[test]
fn whatever_the_line_does_everything_comes_once_and_in_order_both_ways() {
    for seed in 0..300 {
        let (wanted, heard, bad) = played(seed, BAD_LINE, false);
        assert!(wanted == heard, "seed {seed}: {} and {} bytes became others", wanted.0.len(), wanted.1.len());
        assert_eq!(bad, 0, "seed {seed}: a sound frame was refused");
    }
}

#[test]
fn who_does_not_look_for_holes_loses_something() {
    let differs = (0..20).filter(|seed| {
        let (wanted, heard, _) = played(*seed, BAD_LINE, true);
        wanted != heard
    });
    assert!(differs.count() > 15, "the check for holes makes no difference");
}

fn frames(link: &mut Link) -> Vec<Frame> {
    std::iter::from_fn(|| link.transmit().map(|(frame, _)| frame)).collect()
}

fn exchange(from: &mut Link, to: &mut Link) {
    for frame in frames(from) {
        to.receive(frame).unwrap();
    }
}

/// A call whose heads have been exchanged and acknowledged.
fn open() -> (Link, Link) {
    let (mut caller, mut host) = (Link::new(Side::Caller), Link::new(Side::Host));
    caller.push(request_head());
    exchange(&mut caller, &mut host);
    host.push(response_head());
    exchange(&mut host, &mut caller);
    assert!(host.take().is_some() && caller.take().is_some());
    caller.tick();
    host.tick();
    exchange(&mut caller, &mut host);
    exchange(&mut host, &mut caller);
    (caller, host)
}

fn word(letter: u8) -> Piece {
    Piece::data(Bytes::copy_from_slice(&[letter]))
}

#[test]
fn a_unary_call_is_one_frame_each_way_and_a_last_acknowledgement() {
    let (mut caller, mut host) = (Link::new(Side::Caller), Link::new(Side::Host));
    for piece in [request_head(), word(1), Piece::end(HeaderMap::new())] {
        caller.push(piece);
    }
    let request = frames(&mut caller);
    assert_eq!(request.len(), 1);
    host.receive(request[0].clone()).unwrap();
    for piece in [response_head(), word(2), Piece::end(HeaderMap::new())] {
        host.push(piece);
    }
    let response = frames(&mut host);
    assert_eq!(response.len(), 1);
    caller.receive(response[0].clone()).unwrap();
    assert_eq!((caller.ended(), host.ended()), (Some(Ended::Over), None));
    let last = frames(&mut caller);
    assert_eq!(last.len(), 1);
    host.receive(last[0].clone()).unwrap();
    assert_eq!(host.ended(), Some(Ended::Over));
    assert_eq!(frames(&mut host), []);
    assert_eq!(caller.take().map(|piece| piece.data), Some(Bytes::from_static(&[2])), "what came is still there");
}

#[test]
fn a_hole_is_asked_for_at_once_and_filled() {
    let (mut caller, mut host) = open();
    for letter in 1..=4 {
        caller.push(word(letter));
    }
    let mut sent = frames(&mut caller);
    sent.remove(1);
    for frame in sent {
        host.receive(frame).unwrap();
    }
    let asked = frames(&mut host);
    assert_eq!(
        asked.iter().map(|frame| frame.again).collect::<Vec<_>>(),
        [3],
        "once for the three that came behind it"
    );
    caller.receive(asked[0].clone()).unwrap();
    let again = frames(&mut caller);
    assert_eq!(again.iter().map(|frame| frame.number).collect::<Vec<_>>(), [3]);
    host.receive(again[0].clone()).unwrap();
    let heard: Vec<Bytes> = std::iter::from_fn(|| host.take()).map(|piece| piece.data).collect();
    assert_eq!(heard.concat(), [1, 2, 3, 4]);
}

#[test]
fn a_lost_tail_is_found_by_a_probe() {
    let (mut caller, mut host) = open();
    caller.push(word(1));
    assert_eq!(frames(&mut caller).len(), 1, "which is lost");
    for _ in 0..PROBE_TICKS {
        assert_eq!(frames(&mut caller), []);
        caller.tick();
    }
    exchange(&mut caller, &mut host);
    exchange(&mut host, &mut caller);
    exchange(&mut caller, &mut host);
    assert_eq!(host.take().map(|piece| piece.data), Some(Bytes::from_static(&[1])));
}

#[test]
fn silence_ends_a_call_only_while_something_is_to_be_acknowledged() {
    let (mut caller, _) = open();
    for _ in 0..10 * GIVE_UP_TICKS {
        caller.tick();
    }
    assert_eq!(caller.ended(), None);
    caller.push(word(1));
    frames(&mut caller);
    for tick in 1..=GIVE_UP_TICKS {
        assert_eq!(caller.ended(), None, "tick {tick}");
        caller.tick();
    }
    assert_eq!(caller.ended(), Some(Ended::Silent));
    let last = frames(&mut caller).pop().and_then(|frame| frame.reset);
    assert_eq!(last, Some(Reset::Canceled));
}

#[test]
fn who_reads_nothing_stops_the_sender_by_bytes_and_by_frames_and_is_asked_for_ever() {
    for size in [1, 8 << 10] {
        let (mut caller, mut host) = open();
        let mut sent = 0;
        for _ in 0..10 * GIVE_UP_TICKS {
            while caller.has_room() {
                caller.push(Piece::data(Bytes::from(vec![0; size])));
                sent += 1;
            }
            exchange(&mut caller, &mut host);
            exchange(&mut host, &mut caller);
            caller.tick();
            host.tick();
        }
        assert_eq!(sent, WINDOW_FRAMES.min(WINDOW_BYTES / size));
        assert_eq!((caller.ended(), host.ended()), (None, None));
        while host.take().is_some() {}
        // What is said about that is lost, and said again when it is asked for.
        frames(&mut host);
        for _ in 0..PROBE_TICKS {
            caller.tick();
        }
        exchange(&mut caller, &mut host);
        exchange(&mut host, &mut caller);
        assert!(caller.has_room());
    }
}

#[test]
fn what_nobody_reads_is_let_through_once_that_is_said() {
    let (mut caller, mut host) = open();
    host.discard();
    for _ in 0..10 * WINDOW_FRAMES {
        assert!(caller.has_room());
        caller.push(word(1));
        exchange(&mut caller, &mut host);
        exchange(&mut host, &mut caller);
    }
    assert_eq!(host.first(), None);
}

#[test]
fn a_response_is_read_after_the_request_has_ended() {
    let (mut caller, mut host) = open();
    caller.push(Piece::end(HeaderMap::new()));
    exchange(&mut caller, &mut host);
    assert!(host.take().is_some_and(|piece| piece.end.is_some()));
    assert_eq!((caller.ended(), host.ended()), (None, None));
    host.push(word(7));
    exchange(&mut host, &mut caller);
    assert_eq!(caller.take().map(|piece| piece.data), Some(Bytes::from_static(&[7])));
}

#[test]
fn an_owner_that_never_heard_of_a_call_is_told_all_and_one_that_forgot_it_ends_it() {
    let unknown = Frame { reset: Some(Reset::Unknown), ..Frame::default() };
    let mut caller = Link::new(Side::Caller);
    caller.push(request_head());
    caller.push(word(1));
    caller.push(word(2));
    assert_eq!(frames(&mut caller).len(), 2);
    caller.receive(unknown.clone()).unwrap();
    let again: Vec<u64> = frames(&mut caller).iter().map(|frame| frame.number).collect();
    assert_eq!(again, [1, 2]);
    let (mut caller, _) = open();
    caller.receive(unknown).unwrap();
    assert_eq!(caller.ended(), Some(Ended::Reset(Reset::Unknown)));
}

#[test]
fn bad_frames_are_refused_and_harm_nothing() {
    let (mut caller, mut host) = open();
    let bad = [
        (Frame { received: 99, ..Frame::default() }, BadFrame::NeverSent),
        (Frame { received: 1, taken: 2, ..Frame::default() }, BadFrame::NeverSent),
        (Frame { last: 5_000, ..Frame::default() }, BadFrame::BeyondWindow),
        (Frame { number: 5_000, piece: Some(word(1)), ..Frame::default() }, BadFrame::BeyondWindow),
        (Frame { number: 2, piece: Some(request_head()), ..Frame::default() }, BadFrame::OutOfPlace),
    ];
    for (frame, why) in bad {
        assert_eq!(host.receive(frame), Err(why));
    }
    let large = Piece::data(Bytes::from(vec![0; 1 << 20]));
    assert_eq!(host.receive(Frame { number: 2, piece: Some(large), ..Frame::default() }), Err(BadFrame::BeyondWindow));
    // Who says that he has sent more than he has is asked for it in vain, and goes on.
    assert_eq!(host.receive(Frame { last: 40, ..Frame::default() }), Ok(()));
    exchange(&mut host, &mut caller);
    let headless = Frame { number: 1, piece: Some(word(1)), ..Frame::default() };
    assert_eq!(Link::new(Side::Host).receive(headless), Err(BadFrame::OutOfPlace));
    caller.push(word(1));
    exchange(&mut caller, &mut host);
    assert_eq!(host.take().map(|piece| piece.data), Some(Bytes::from_static(&[1])));
    caller.push(Piece::end(HeaderMap::new()));
    exchange(&mut caller, &mut host);
    let behind = Frame { number: 4, piece: Some(word(1)), ..Frame::default() };
    assert_eq!(host.receive(behind), Err(BadFrame::OutOfPlace));
}
