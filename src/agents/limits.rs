//! Limits of the agents' edge, each with its reason. What an operator may change is in [`super::ServeOptions`].

use std::time::Duration;

/// One request or frame, decoded. Larger ones are refused; attachments go by their own way.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// One response or frame, encoded: a page of 200 large mails fits, a runaway answer does not leave.
pub const MAX_RESPONSE_BYTES: usize = 64 << 20;
/// Time for the first frame: a person's client sends it at once.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// Commands of one session being decided at once: more than a bot sends in one round trip.
pub const IN_FLIGHT: usize = 64;
/// Time for commands in flight once a session has ended.
pub const DRAIN: Duration = Duration::from_secs(5);
/// Frames that wait for the transport of one session: enough to keep it busy, small beside the backlog.
pub const FRAMES_AHEAD: usize = 4;
/// Events in one frame.
pub const FRAME_EVENTS: usize = 256;
/// Bytes of records in one frame, about.
pub const FRAME_BYTES: u64 = 64 << 10;
/// Agents with sessions on this node.
pub const MAX_SESSIONS: usize = 5_000;
/// Sessions of one agent: one, and those before it whose end is not noticed yet.
pub const MAX_SESSIONS_PER_AGENT: usize = 4;
/// Sessions of one agent that only look on, beside those: a second screen, a phone, and a colleague's eyes.
pub const MAX_READ_ONLY_SESSIONS: usize = 3;
/// Watchers of conversations on this node.
pub const MAX_WATCHERS: usize = 2_000;
/// Handshakes of TLS at once: all agents of a node that come back after a fault; more wait in the system's queue.
pub const MAX_TLS_HANDSHAKES: usize = 512;
/// Where there is no room for another handshake, one that has taken so long makes room: over any line it is done in less.
pub const HANDSHAKE_FAIR: Duration = Duration::from_secs(1);
/// Streams of one HTTP/2 connection: a gateway for many agents opens more connections.
pub const MAX_STREAMS_PER_CONNECTION: u32 = 256;
/// Ping to a silent connection after so long. Shorter intervals make idle clients look dead under load.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(45);
/// A ping without an answer for so long ends the connection.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes a client may send ahead on one stream.
pub const STREAM_WINDOW: u32 = 256 << 10;
/// Bytes a client may send ahead on one connection.
pub const CONNECTION_WINDOW: u32 = 1 << 20;
/// Header list of one request: names and trace ids, nothing more.
pub const MAX_HEADER_BYTES: u32 = 16 << 10;

/// Messages that one split names: as many as a Work keeps apart at most.
pub const MAX_SPLIT: usize = 128;
/// Bytes of the text of one message: what any channel takes, several times over.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
/// Parts of one message.
pub const MAX_PARTS: usize = 64;
/// Rows, buttons, addresses or the like in one part.
pub const MAX_ITEMS: usize = 256;
/// Bytes of one line: a name, title, address or id.
pub const MAX_LINE_BYTES: usize = 2_048;
/// Bytes of one message with all its parts: it has to fit a record.
pub const MAX_CONTENT_BYTES: usize = 256 << 10;
/// Bytes of a name that operators choose.
pub const MAX_NAME_BYTES: usize = 64;
/// Bytes of a request id: a UUID or the client's own numbering.
pub const MAX_REQUEST_ID_BYTES: usize = 64;
/// Queues named at once; who wants more names none, and gets all.
pub const MAX_QUEUES: usize = 200;
/// Channels in one change of presence.
pub const MAX_CHANNELS: usize = 32;

/// Messages of a page when the caller does not say.
pub const PAGE_DEFAULT: usize = 50;
/// Messages of a page at most.
pub const PAGE_MAX: usize = 200;
/// Works of a page at most.
pub const WORK_PAGE_MAX: usize = 500;
/// Rounds of parallel reads for one page; what is not reached by then comes with the next page.
pub const PAGE_ROUNDS: usize = 8;
/// Rounds of parallel reads for the history of one Work: thousands of records, and a customer who writes for years ends it.
pub const STORY_ROUNDS: usize = 256;
/// Things told of one Work: what a person reads through; the oldest of more are left out.
pub const STORY_HAPPENINGS: usize = 1_000;
/// Bytes of one piece of an attachment.
pub const ATTACHMENT_PIECE: usize = 64 << 10;
/// Bytes of one attachment of an agent's: what the channels take that people write to by hand.
pub const MAX_UPLOAD_BYTES: usize = 50 << 20;
/// Kibibytes of attachments that are being put at once, for they are held in memory until they are whole: three of the largest.
pub const UPLOADS_KIB: usize = 150 << 10;
/// Kibibytes of them that one agent has: one of the largest, or several smaller ones, so that nobody takes the room of all.
pub const AGENT_UPLOADS_KIB: usize = 50 << 10;
/// Bytes of a small attachment: pictures and letters, which are most.
pub const SMALL_UPLOAD_BYTES: usize = 4 << 20;
/// Kibibytes beside those that only small ones take, so that large ones never keep them out: eight of them.
pub const SMALL_UPLOADS_KIB: usize = 32 << 10;
/// Time for the next piece of an attachment: who sends nothing holds memory for nothing.
pub const UPLOAD_PIECE_WAIT: Duration = Duration::from_secs(30);
/// Bytes a second of the slowest line that an attachment comes by: half a megabit, with which nobody works on anything else. All of it has
/// to be there in what its bytes take so, and [`UPLOAD_WAIT`]: drop by drop it would hold memory for days.
pub const UPLOAD_SLOWEST: usize = 64 << 10;
/// Time for an attachment beside that of its bytes: a line that stalls for a moment.
pub const UPLOAD_WAIT: Duration = Duration::from_secs(30);

/// Messages told with an assignment: what nobody has answered is a few; a flood is read page by page.
pub const WORDS_MESSAGES: usize = 50;
/// Bytes of the messages told with an assignment: one large mail, and small beside a frame.
pub const WORDS_BYTES: usize = 256 << 10;
/// Assignments of one batch whose words are read at once: their reads take as long as one, and hold 2 MiB at most.
pub const WORDS_AHEAD: usize = 8;
/// Rounds of parallel reads for the words of one assignment: a Work that many declined has two records for each, of which a round
/// reads eight. [`WORDS_WAIT`] ends it earlier where the log is slow.
pub const WORDS_ROUNDS: usize = 256;
/// Time for the words of one batch of events: an assignment without its words is of more use than one that waits for the log.
pub const WORDS_WAIT: Duration = Duration::from_secs(2);
/// A frame with so many bytes of such words goes out as it is.
pub const FRAME_WORDS: usize = 1 << 20;

/// Sessions that read again at once what was told before: what they hold of the log is bounded by [`REREAD_AT_ONCE`] entries each.
pub const REREADS: usize = 8;
/// Records read at once for one of them.
pub const REREAD_AT_ONCE: usize = 32;
/// Pause before a log that does not answer is asked again: a new leader is there in less.
pub const REREAD_PAUSE: Duration = Duration::from_millis(50);
/// Time for one batch of them: a session that waits longer is better ended, and comes back.
pub const REREAD_WAIT: Duration = Duration::from_secs(10);
