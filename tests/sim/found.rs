//! What the simulator has found, each told in a few commands: given, when, then over records and views.

use skein::domain::command::{AgentCommand, Arrival, Command, Send, Verb};
use skein::domain::content::Content;
use skein::domain::event::{
    AddressKind, Assurance, EventKind, InboundEvent, Message, Receipt, ReceiptStatus, Scope, Sender,
};
use skein::domain::id::{AgentId, AssignmentId, MessageId, Name, OfferId};
use skein::domain::invariant::violations;
use skein::domain::record::{Change, Input, Presence, Purpose, Record};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkView;
use skein::domain::workspace::WorkspaceConfig;
use skein::domain::{State, decide, evolve};

use super::checks::ACME;
use super::setup;

struct Case {
    state: State,
    sequence: u64,
}

impl Case {
    fn new() -> Self {
        let mut case = Self { state: State::new(Name::new("s1")), sequence: 0 };
        case.apply(Command::OpenWorkspace { workspace: Name::new(ACME), hash_key: [7; 16] });
        case.configure(setup::config());
        case.apply(Command::BindStream { workspace: Name::new(ACME), stream: Name::new("IN"), created_ns: 1 });
        case
    }

    fn ask(&mut self, command: Command) -> Result<Option<Record>, Rejection> {
        let record = decide(&self.state, self.state.head().next(), command, Timestamp(1_767_225_600_000))?;
        record.iter().for_each(|record| evolve(&mut self.state, record));
        Ok(record)
    }

    fn apply(&mut self, command: Command) -> Record {
        self.ask(command).expect("it is accepted").expect("it has an effect")
    }

    fn configure(&mut self, config: WorkspaceConfig) {
        self.apply(Command::ApplyConfig { workspace: Name::new(ACME), config: Box::new(config) });
    }

    fn event(&mut self, endpoint: (&str, &str), event: InboundEvent) -> Result<Option<Record>, Rejection> {
        self.sequence += 1;
        let input = Input { sequence: self.sequence, of: 1, ..Input::default() };
        self.ask(Command::Input(Box::new(Arrival {
            body: None,
            older: None,
            workspace: Name::new(ACME),
            channel: Name::new(endpoint.0),
            endpoint: Name::new(endpoint.1),
            stream: Name::new("IN"),
            input,
            event,
        })))
    }

    fn says(&mut self, senders: &[(AddressKind, &str)]) -> Record {
        let content = Content::text(format!("words {}", self.sequence));
        let mut event = event(EventKind::Message(Message { content, ..Message::default() }));
        event.senders =
            senders.iter().map(|(kind, address)| Sender { kind: *kind, address: (*address).to_owned() }).collect();
        event.message_ref = Some(format!("ref-{}", self.sequence));
        self.event(("whatsapp", "wa1"), event).expect("it is accepted").expect("it has an effect")
    }

    fn receipt(&mut self, ours: Option<MessageId>, status: ReceiptStatus) -> Record {
        let receipt = Receipt { message_id: ours.map(|id| id.to_string()), status, ..Receipt::default() };
        let mut event = event(EventKind::Receipt(receipt));
        event.message_ref = Some("prov-1".to_owned());
        self.event(("whatsapp", "wa1"), event).expect("it is accepted").expect("it has an effect")
    }

    fn agent(&mut self, name: &str, verb: Verb) -> Record {
        self.apply(Command::Agent(Box::new(AgentCommand {
            workspace: Name::new(ACME),
            agent: Name::new(name),
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        })))
    }

    fn ready(&mut self, name: &str) -> Record {
        self.agent(name, Verb::OpenSession { resume: None, takeover: false });
        self.agent(name, Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() })
    }

    fn works(&self) -> Vec<WorkView> {
        self.state.workspace(ACME).map(|space| space.works(None, None)).unwrap_or_default()
    }
}

fn event(kind: EventKind) -> InboundEvent {
    InboundEvent {
        event_id: None,
        message_ref: None,
        occurred_at: None,
        odd_time: None,
        senders: Vec::new(),
        assurance: Assurance::Platform,
        scope: Scope::Direct,
        thread: None,
        our_address: None,
        kind,
        profile: None,
        backfill: false,
        redelivery: false,
        reply_token: None,
        read_token: None,
        reply_to_tokens: Vec::new(),
    }
}

fn place_of(record: &Record, wanted: impl Fn(&Change) -> bool) -> u16 {
    let place = record.changes.iter().position(wanted).expect("the change is there");
    u16::try_from(place).expect("few changes")
}

const PHONE: (AddressKind, &str) = (AddressKind::Phone, "+4915112345001");
const USER: (AddressKind, &str) = (AddressKind::Whatsapp, "user-1");

#[test]
fn a_message_that_merges_two_customers_joins_the_open_work_of_the_loser() {
    let mut case = Case::new();
    case.agent("anna", Verb::OpenSession { resume: None, takeover: false });
    let opted = event(EventKind::Opt { opted_in: true, purpose: String::new(), payload: None, title: None });
    let senders = vec![Sender { kind: PHONE.0, address: PHONE.1.to_owned() }];
    case.event(("whatsapp", "wa1"), InboundEvent { senders, ..opted }).expect("it is accepted");
    case.says(&[USER]);
    let record = case.says(&[PHONE, USER]);
    assert!(record.changes.iter().any(|change| matches!(change, Change::Merged { .. })));
    assert_eq!(case.works().len(), 1);
}

#[test]
fn a_brief_names_the_customer_that_a_new_address_was_linked_to() {
    let mut case = Case::new();
    case.ready("anna");
    case.says(&[PHONE]);
    let first = case.works()[0].conversation;
    let mut content = event(EventKind::Message(Message { content: Content::text("more"), ..Message::default() }));
    content.message_ref = Some("ref-sms".to_owned());
    content.senders = [USER, PHONE].map(|(kind, address)| Sender { kind, address: address.to_owned() }).to_vec();
    let record = case.event(("chat", "web1"), content).expect("it is accepted").expect("it has an effect");
    let briefed = record.changes.iter().find_map(|change| match change {
        Change::OfferMade(offer) => Some(offer.brief.conversation),
        _ => None,
    });
    assert_eq!(briefed, Some(first));
}

#[test]
fn of_receipts_before_their_message_the_highest_counts() {
    let mut case = Case::new();
    case.ready("anna");
    let offered = case.says(&[PHONE]);
    let offer = OfferId::new(offered.index, place_of(&offered, |change| matches!(change, Change::OfferMade(_))));
    let accepted = case.agent("anna", Verb::Accept { offer });
    let assignment =
        AssignmentId::new(accepted.index, place_of(&accepted, |change| matches!(change, Change::Assigned(_))));
    let sent = case.agent(
        "anna",
        Verb::Send(Box::new(Send {
            work: case.works()[0].work,
            assignment,
            seen_through: None,
            if_unchanged: None,
            to: None,
            content: Content::text("An answer."),
            purpose: Purpose::Service,
            not_after: None,
            note: false,
        })),
    );
    case.receipt(None, ReceiptStatus::Delivered);
    case.receipt(None, ReceiptStatus::Read);
    let bound = case.receipt(Some(MessageId::new(sent.index, 0)), ReceiptStatus::Sent);
    let statuses: Vec<_> = bound
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::ReceiptNoted(receipt) if receipt.applied => Some(receipt.status),
            _ => None,
        })
        .collect();
    assert_eq!(statuses, [ReceiptStatus::Sent, ReceiptStatus::Read]);
}

#[test]
fn an_agent_whose_matching_was_put_off_is_matched_whatever_comes_between() {
    let mut case = Case::new();
    let mut config = setup::config();
    config.agents[0].profile.queues = vec![Name::new("support")];
    case.configure(config);
    case.ready("anna");
    let mut mail = event(EventKind::Message(Message { content: Content::text("a mail"), ..Message::default() }));
    mail.senders = vec![Sender { kind: AddressKind::Email, address: "a@example.com".to_owned() }];
    case.event(("email", "mail1"), mail).expect("it is accepted");
    case.configure(setup::config());
    case.says(&[PHONE]);
    while let Some((workspace, timer)) = case.state.due(Timestamp(1_767_225_600_000)) {
        case.apply(Command::Timer { workspace, timer });
    }
    assert!(violations(&case.state).is_empty(), "{:?}", violations(&case.state));
    let owner = case.works().iter().find(|work| work.queue == "sales").and_then(|work| work.owner.clone());
    assert_eq!(owner.map(|(agent, _)| agent), Some(AgentId(0)));
}

#[test]
fn history_in_an_open_work_does_not_pass_the_turn_to_us() {
    let mut case = Case::new();
    case.ready("anna");
    let senders = vec![Sender { kind: AddressKind::Email, address: "a@example.com".to_owned() }];
    let mail = |text: &str, backfill| InboundEvent {
        senders: senders.clone(),
        backfill,
        ..event(EventKind::Message(Message { content: Content::text(text), ..Message::default() }))
    };
    case.event(("email", "mail1"), mail("a mail", false)).expect("it is accepted");
    let (work, assignment) = (case.works()[0].work, case.works()[0].assignment.expect("assigned at once"));
    let content = Content::text("An answer.");
    case.agent(
        "anna",
        Verb::Send(Box::new(Send {
            work,
            assignment,
            seen_through: None,
            if_unchanged: None,
            to: None,
            content,
            purpose: Purpose::Service,
            not_after: None,
            note: false,
        })),
    );
    case.event(("email", "mail1"), mail("an old mail", true)).expect("it is accepted");
    assert!(!case.works()[0].turn_ours);
}
