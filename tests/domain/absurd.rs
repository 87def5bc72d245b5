//! The core is total: absurd values are refused or borne, and never end it.

use skein::domain::command::{Command, Verb};
use skein::domain::content::{Attachment, Content, Part};
use skein::domain::event::{AddressKind, EventKind, Message, Scope};
use skein::domain::id::{AgentId, AssignmentId, Index, MessageId, Name, OfferId, WorkId};
use skein::domain::record::{Input, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::timer::Timer;

use crate::kit::{HOUR, MINUTE, SPACE, shop, whatsapp};

const ANNA: &str = "+4915112345678";

#[test]
fn capacities_and_costs_of_any_size() {
    for (capacity, cost) in [(0, 0), (0, 1), (1, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX, 0)] {
        let mut story = shop()
            .agent("ann", |ann| {
                ann.capacity = capacity;
                ann.costs = vec![(Name::new("whatsapp"), cost)];
            })
            .queue(|queue| {
                queue.wrapup_max_ms = u64::MAX;
                queue.wrapup_cost = u32::MAX;
            })
            .opens();
        story.ready("ann").expect("ready");
        for n in 0..5 {
            story.hears(whatsapp(&format!("+491510000{n:03}"), "hello")).expect("a message");
        }
        while let Some(offer) = story.offer("ann") {
            let assignment = story.accepts("ann", offer).answer().assignment.expect("an assignment");
            let work = story.agent("ann").works.last().expect("a work").work;
            story.closes("ann", (work, assignment)).expect("wrap-up");
        }
        story.hears(whatsapp("+491510000000", "again")).expect("a message");
    }
}

#[test]
fn durations_of_any_size() {
    for ms in [0, u64::MAX] {
        let mut story = shop()
            .but(|config| {
                config.continuation_window_ms = ms;
                config.decline_cooldown_ms = ms;
                config.decline_cooldown_min_ms = ms;
            })
            .queue(|queue| {
                queue.offer_timeout_ms = u64::MAX;
                queue.first_reply_target_ms = ms;
                queue.next_reply_target_ms = ms;
                queue.recall_after_ms = u64::MAX;
            })
            .opens();
        story.ready("ann").expect("ready");
        story.hears(whatsapp(ANNA, "hello")).expect("a message");
        let held = story.takes("ann");
        story.answers("ann", held, "good day").expect("an answer");
        story.when(Command::Resume { workspace: Name::new(SPACE), outage_ms: u64::MAX }).expect("resumed");
        story.closes("ann", held).expect("closed");
        story.hears(whatsapp(ANNA, "again")).expect("a message");
        story.after(HOUR);
    }
}

#[test]
fn an_offer_that_expires_at_once_does_not_come_back_for_ever() {
    let mut story = shop()
        .but(|config| {
            config.decline_cooldown_ms = 0;
            config.decline_cooldown_min_ms = 0;
        })
        .queue(|queue| queue.offer_timeout_ms = 0)
        .opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.after(MINUTE);
    assert_eq!(story.agent("ann").presence, Presence::Away);
}

#[test]
fn clocks_that_jump_back_do_not_move_time_back() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let before = story.state.time();
    story.passes(-10 * HOUR);
    let step = story.hears(whatsapp(ANNA, "hello again"));
    assert_eq!(step.record().time, before);
    story.passes(i64::MAX - story.now().0);
    story.hears(whatsapp(ANNA, "at the end of time")).expect("a message");
    assert_eq!(story.state.time(), Timestamp::MAX);
}

#[test]
fn a_million_parts_and_senders() {
    let mut story = shop().opens();
    let content =
        Content { text: "x".repeat(1 << 20), parts: vec![Part::Attachment(Attachment::default()); 1_000_000] };
    let message = Message { content, ..Message::default() };
    story.hears(whatsapp(ANNA, "").kind(EventKind::Message(message))).expect("a message");
    let many = vec![(AddressKind::Phone, ANNA); 100_000];
    story.hears(whatsapp("", "hello").from(&many)).expect("a message");
    assert_eq!(story.space().identities(), 1);
}

#[test]
fn texts_of_any_kind_in_every_field() {
    let mut story = shop().opens();
    for text in ["", "\u{0}", "\u{202e}abc", "a.b.*.>", "\r\nX: y", "\u{1f468}\u{200d}\u{1f469}", &"é".repeat(100_000)]
    {
        let named = whatsapp(ANNA, text).id(text).event_id(text).quoting(text).named(text);
        story.hears(named).expect("a message");
        drop(story.hears(whatsapp(text, "hello")));
        drop(story.hears(whatsapp(ANNA, text).at(text).naming(text)));
        drop(story.hears(whatsapp(ANNA, text).in_thread(Scope::Public, Some(text))));
        let subject = EventKind::Account { subject: text.to_owned(), detail: text.to_owned() };
        drop(story.hears(whatsapp(ANNA, "").kind(subject)));
        drop(story.logs_in(text));
    }
}

#[test]
fn ids_that_never_were() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    for bits in [0, 1, u64::MAX] {
        let (work, assignment) = (WorkId::from_bits(bits), AssignmentId::from_bits(bits));
        let verbs = [
            Verb::Accept { offer: OfferId::from_bits(bits) },
            Verb::Decline { offer: OfferId::from_bits(bits) },
            Verb::MarkRead { work, through: MessageId::from_bits(bits) },
            Verb::Close { work, assignment, disposition: Name::default() },
        ];
        for verb in verbs {
            story.does("ann", verb).refused();
        }
        assert_eq!(story.answers("ann", (work, assignment), "hello").refused(), Rejection::UnknownWork);
        let agent = AgentId(u32::MAX);
        let timers = [
            Timer::OfferExpiry(work),
            Timer::WrapUpEnd(work),
            Timer::CooldownEnd(work, agent),
            Timer::Recall(work),
            Timer::OffersGrace(agent),
            Timer::WorkGrace(work),
            Timer::SessionGrace(agent),
        ];
        for timer in timers {
            assert!(story.fire(timer).0.expect("never refused").is_none(), "{timer:?}");
        }
    }
}

#[test]
fn presence_beyond_its_limits_is_refused() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let mut set = |reason: &str, channels: usize| {
        story
            .does(
                "ann",
                Verb::SetPresence {
                    presence: Presence::Away,
                    reason: Name::new(reason),
                    channels: vec![Name::new("sms"); channels],
                },
            )
            .refused()
    };
    assert!(matches!(set(&"x".repeat(65), 0), Rejection::Invalid(_)));
    assert!(matches!(set("a\u{7}", 0), Rejection::Invalid(_)));
    assert!(matches!(set("lunch", 1_000_000), Rejection::Limit(_)));
}

#[test]
fn positions_of_any_size() {
    let mut story = shop().opens();
    let last = Input { sequence: u64::MAX, event: u16::MAX, of: u16::MAX, ..Input::default() };
    story.hears_at(last, whatsapp(ANNA, "hello")).expect("a message");
    let gap = Command::InputGap { workspace: Name::new(SPACE), stream: u16::MAX, from: 0, to: u64::MAX };
    drop(story.when(gap));
    assert_eq!(story.hears_at(last, whatsapp(ANNA, "hello")).refused(), Rejection::AlreadyApplied);
    assert!(story.state.head() > Index(0));
}

/// An agent of endless capacity may not hold so many open offers that taking them back does not fit one record.
#[test]
fn an_agent_of_endless_capacity_can_leave() {
    let mut story = shop().only_ann().agent("ann", |ann| ann.capacity = u32::MAX).opens();
    story.ready("ann").expect("ready");
    for n in 0..3_000 {
        story.hears(whatsapp(&format!("+4915100{n:05}"), "hello")).expect("a message");
    }
    let offers = story.agent("ann").offers.len();
    assert!(offers <= 1_000, "{offers} open offers of one agent");
    story.presence("ann", Presence::Away).expect("away");
    assert!(story.agent("ann").offers.is_empty());
    assert_eq!(story.space().queue_length("help"), 3_000);
}
