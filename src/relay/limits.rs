//! Limits of calls between nodes, each with its reason. Those of the window are part of the protocol: both ends count by them.

use std::time::Duration;

/// Version of the protocol that this build speaks.
pub const VERSION: u32 = 1;
/// The oldest version that it takes: nodes of neighbouring versions talk to each other while one after the other is restarted.
pub const OLDEST_VERSION: u32 = 1;

/// Bytes of a body in one frame: a call that carries much holds up the others of its node for as long as so many take, and far below what a
/// server takes as one message (1 MiB).
pub const PIECE_BYTES: usize = 32 << 10;
/// Bytes of names and values in one head or end: the agents' port takes 16 KiB, and a status with its details is smaller.
pub const HEAD_BYTES: usize = 64 << 10;
/// Bytes of a call that are sent one way and not read: 128 MB/s over a line with 2 ms there and back.
pub const WINDOW_BYTES: usize = 256 << 10;
/// Frames of a call that are sent one way and not read: events of a session are small, and thousands of them are not worth their heads.
pub const WINDOW_FRAMES: usize = 256;
/// What the last frame adds to a window that was not full yet.
pub const FRAME_BYTES: usize = PIECE_BYTES + 2 * HEAD_BYTES;

/// How often what waits for something is looked at.
pub const TICK: Duration = Duration::from_millis(250);
/// Ticks without progress after which the other side is asked whether it is there: about 1 s.
pub const PROBE_TICKS: u32 = 4;
/// Ticks without progress after which the other side is given up: about 3 s. They are counted, not measured, so that a process that stood
/// still does not take others for dead before it has read what they said meanwhile.
pub const GIVE_UP_TICKS: u32 = 12;
/// Ticks between two beats: about 1 s, so that three are missed before a node is given up.
pub const BEAT_TICKS: u32 = 4;

/// Calls that a node has open at others, and that it serves for them: all its sessions and watchers (7,000) with room for short ones.
pub const MAX_CALLS: usize = 8_192;
/// Frames of one call that go out before the next call's: a large body does not hold up events.
pub const TURN_FRAMES: usize = 4;
/// Messages about calls that are not there, and beats, that wait for the connection; more are left out, for each is said again.
pub const MAX_NOTES: usize = 1_024;
/// How often a connection that is away is looked at; shorter than most elections, longer than a busy loop.
pub const RECONNECT_LOOK: Duration = Duration::from_millis(20);
/// Time for calls in flight once a host is to stop: as the agents' port gives its sessions (5 s), and a second for their last words.
pub const DRAIN: Duration = Duration::from_secs(6);
/// Time for the last words of a host that stops.
pub const LAST_WORDS: Duration = Duration::from_secs(1);
/// One log line per cause in this time.
pub const LINE_EVERY: Duration = Duration::from_secs(10);
