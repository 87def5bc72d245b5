//! Which role may call which rpc: one table, a row for each rpc that is served. What is not in it is refused to everybody.
//!
//! A row says who may call, not what they may see: of Works, conversations and customers an agent or bot sees what the visibility of
//! queues allows, supervisor and quality everything. A command inside a session has the rights of its unary rpc.

use super::role::{Role, Roles};

/// What an rpc asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Nothing: it tells what is public.
    Open,
    /// One of these roles.
    Roles(Roles),
}

const A: Role = Role::Agent;
const B: Role = Role::Bot;
const S: Role = Role::Supervisor;
const Q: Role = Role::Quality;
const O: Role = Role::Admin;

/// Whoever works with customers.
const WORKS: &[Role] = &[A, B, S];
/// People who work with customers.
const PEOPLE: &[Role] = &[A, S];
/// Whoever may look.
const LOOKS: &[Role] = &[A, B, S, Q];
/// People who may look.
const PEOPLE_LOOK: &[Role] = &[A, S, Q];
/// What concerns a customer for good, or all that is known; and what others have.
const HEADS: &[Role] = &[S];
/// Operators.
const ADMIN: &[Role] = &[O];

const AGENT: &str = "skein.agent.v1.AgentService";
const WORK: &str = "skein.agent.v1.WorkService";
const TALK: &str = "skein.agent.v1.ConversationService";
const WHO: &str = "skein.agent.v1.CustomerService";
const ROOMS: &str = "skein.agent.v1.QueueService";
const OPERATE: &str = "skein.admin.v1.AdminService";

/// Services that tell only what is public: whether the daemon serves, and what its contract is.
const OPEN: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// (service, rpc, who may call it)
#[rustfmt::skip]
const TABLE: &[(&str, &str, &[Role])] = &[
    (AGENT, "Session",           WORKS),
    (AGENT, "Watch",             WORKS),
    (AGENT, "Acknowledge",       WORKS),
    (AGENT, "SetPresence",       WORKS),
    (AGENT, "EndSession",        WORKS),
    (AGENT, "SetAgentPresence",  HEADS),
    (AGENT, "EndAgentSession",   HEADS),

    (WORK,  "GetWork",           LOOKS),
    (WORK,  "ListWork",          LOOKS),
    (WORK,  "ListMyWork",        WORKS),
    (WORK,  "AcceptOffer",       WORKS),
    (WORK,  "DeclineOffer",      WORKS),
    (WORK,  "StartWork",         WORKS),
    (WORK,  "CloseWork",         WORKS),
    (WORK,  "MergeWorks",        WORKS),
    (WORK,  "SplitWork",         WORKS),
    (WORK,  "RequeueWork",       WORKS),
    (WORK,  "MoveWork",          WORKS),
    (WORK,  "ParkWork",          WORKS),
    (WORK,  "UnparkWork",        WORKS),
    (WORK,  "TransferWork",      WORKS),
    (WORK,  "CancelTransfer",    WORKS),
    (WORK,  "ClaimWork",         WORKS),
    (WORK,  "ExtendWrapUp",      WORKS),
    (WORK,  "Promise",           WORKS),
    (WORK,  "SetPriority",       PEOPLE),
    (WORK,  "ExplainWork",       LOOKS),
    (WORK,  "HandOver",          WORKS),
    (WORK,  "HandBack",          PEOPLE),
    (WORK,  "Consult",           WORKS),
    (WORK,  "EndConsult",        WORKS),
    (WORK,  "LeaveWork",         WORKS),
    (WORK,  "BargeIn",           HEADS),
    (WORK,  "AssignWork",        HEADS),
    (WORK,  "TakeOverWork",      HEADS),
    (WORK,  "ForceRequeue",      HEADS),
    (WORK,  "ForceTransfer",     HEADS),

    (TALK,  "GetConversation",   LOOKS),
    (TALK,  "ListMessages",      LOOKS),
    (TALK,  "WatchConversation", LOOKS),
    (TALK,  "GetAttachment",     LOOKS),
    (TALK,  "PutAttachment",     WORKS),
    (TALK,  "SendMessage",       WORKS),
    (TALK,  "AddNote",           WORKS),
    (TALK,  "ReplyOptions",      WORKS),
    (TALK,  "ListTemplates",     LOOKS),
    (TALK,  "CancelMessage",     WORKS),
    (TALK,  "RetryMessage",      WORKS),
    (TALK,  "EditMessage",       WORKS),
    (TALK,  "RetractMessage",    WORKS),
    (TALK,  "MarkRead",          WORKS),
    (TALK,  "SendTyping",        WORKS),

    (WHO,   "GetCustomer",       LOOKS),
    (WHO,   "FindCustomer",      LOOKS),
    (WHO,   "Search",            PEOPLE_LOOK),
    (WHO,   "ListSuggestions",   PEOPLE_LOOK),
    (WHO,   "AcceptSuggestion",  PEOPLE),
    (WHO,   "RejectSuggestion",  PEOPLE),
    (WHO,   "LinkIdentity",      WORKS),
    (WHO,   "UnlinkIdentity",    PEOPLE),
    (WHO,   "MergeCustomers",    PEOPLE),
    (WHO,   "UnmergeCustomers",  PEOPLE),
    (WHO,   "SetSummary",        WORKS),
    (WHO,   "Tag",               WORKS),
    (WHO,   "SetFacts",          WORKS),
    (WHO,   "AskFact",           WORKS),
    (WHO,   "UpsertCustomer",    WORKS),
    (WHO,   "Block",             PEOPLE),
    (WHO,   "Unblock",           PEOPLE),
    (WHO,   "MarkSpam",          WORKS),
    (WHO,   "UnmarkSpam",        PEOPLE),
    (WHO,   "ListQuarantine",    PEOPLE_LOOK),
    (WHO,   "LiftQuarantine",    PEOPLE),
    (WHO,   "ExportCustomer",    HEADS),
    (WHO,   "EraseCustomer",     HEADS),

    (ROOMS, "ListQueues",        LOOKS),
    (ROOMS, "WatchQueues",       LOOKS),
    (ROOMS, "EstimateWait",      LOOKS),
    (ROOMS, "ListTargets",       WORKS),
    (ROOMS, "ListDispositions",  LOOKS),
    (ROOMS, "ListPresenceReasons", LOOKS),

    (OPERATE, "ReloadWorkspaces", ADMIN),
    (OPERATE, "GetConfig",        ADMIN),
    (OPERATE, "ListAgents",       ADMIN),
    (OPERATE, "EndSession",       ADMIN),
    (OPERATE, "Drain",            ADMIN),
    (OPERATE, "GetLogLevel",      ADMIN),
    (OPERATE, "SetLogLevel",      ADMIN),
    (OPERATE, "ListStreams",      ADMIN),
    (OPERATE, "ResumeStream",     ADMIN),
    (OPERATE, "ListDeadLetters",  ADMIN),
    (OPERATE, "GetDeadLetter",    ADMIN),
    (OPERATE, "ReplayDeadLetters", ADMIN),
    (OPERATE, "GetStateDigest",   ADMIN),
];

/// What an rpc asks, by its path `/SERVICE/RPC`; none: it is not in the table.
#[must_use]
pub fn door(path: &str) -> Option<Door> {
    let (service, rpc) = path.strip_prefix('/')?.split_once('/')?;
    if OPEN.contains(&service) {
        return Some(Door::Open);
    }
    let row = TABLE.iter().find(|(of, name, _)| *name == rpc && *of == service)?;
    Some(Door::Roles(Roles::of(row.2)))
}

/// Whether one with these roles may give a command by the stream of a session, named by its message: `SendMessageRequest`.
#[must_use]
pub fn may_command(roles: Roles, message: &str) -> bool {
    let Some(rpc) = message.strip_suffix("Request") else { return false };
    let row = TABLE.iter().find(|(of, name, _)| *name == rpc && *of != OPERATE);
    row.is_some_and(|(_, _, who)| roles.meets(Roles::of(who)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::proto::DESCRIPTOR_SET;

    fn served() -> BTreeSet<String> {
        let set = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap();
        let rpcs = |file: &prost_types::FileDescriptorProto| -> Vec<String> {
            let package = file.package().to_owned();
            let of = |service: &prost_types::ServiceDescriptorProto| -> Vec<String> {
                service.method.iter().map(|rpc| format!("/{package}.{}/{}", service.name(), rpc.name())).collect()
            };
            file.service.iter().flat_map(of).collect()
        };
        set.file.iter().flat_map(rpcs).collect()
    }

    #[test]
    fn every_rpc_that_is_served_has_one_row_and_no_row_is_of_another() {
        let rows: Vec<String> = TABLE.iter().map(|(service, rpc, _)| format!("/{service}/{rpc}")).collect();
        let listed: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(listed.len(), rows.len(), "a row stands twice");
        let served = served();
        let missing: Vec<_> = served.difference(&listed).collect();
        assert!(missing.is_empty(), "rpcs without a row: say who may call them: {missing:#?}");
        let stray: Vec<_> = listed.difference(&served).collect();
        assert!(stray.is_empty(), "rows of rpcs that are not served: {stray:#?}");
    }

    /// Commands are unary and over the session (domain rules, section 8): a command is what carries the sender's id of it.
    #[test]
    fn every_command_has_its_frame_in_a_session_and_every_result_its_place() {
        let set = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap();
        let agent = || set.file.iter().filter(|file| file.package() == "skein.agent.v1");
        let fields = |name: &str| -> BTreeSet<String> {
            let message = agent().flat_map(|file| &file.message_type).find(|message| message.name() == name).unwrap();
            message.field.iter().map(|field| field.type_name().to_owned()).collect()
        };
        let is_command = |name: &str| {
            let message = agent()
                .flat_map(|file| &file.message_type)
                .find(|message| name.strip_prefix("skein.agent.v1.").is_some_and(|own| own == message.name()));
            message.is_some_and(|message| message.field.iter().any(|field| field.name() == "request_id"))
        };
        let (frames, results) = (fields("SessionRequest"), fields("CommandResult"));
        let rpcs = agent().flat_map(|file| &file.service).flat_map(|service| &service.method);
        let commands: Vec<_> = rpcs.filter(|rpc| is_command(rpc.input_type().trim_start_matches('.'))).collect();
        assert!(commands.len() > 50, "{}", commands.len());
        for rpc in commands {
            assert!(frames.contains(rpc.input_type()), "{} is no frame of a session", rpc.name());
            assert!(results.contains(rpc.output_type()), "{} has no result in a session", rpc.name());
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_open_to_nobody() {
        for path in ["/skein.agent.v1.WorkService/Nothing", "/skein.agent.v1.Nobody/GetWork", "/GetWork", "", "//"] {
            assert_eq!(door(path), None, "{path}");
        }
        assert_eq!(door("/grpc.health.v1.Health/Check"), Some(Door::Open));
    }

    #[test]
    fn a_command_inside_a_session_has_the_rights_of_its_rpc() {
        let bot = Roles::of(&[Role::Bot]);
        assert!(may_command(bot, "SendMessageRequest") && !may_command(bot, "EraseCustomerRequest"));
        assert!(may_command(Roles::of(&[Role::Supervisor]), "EraseCustomerRequest"));
        assert!(!may_command(Roles::of(&[Role::Quality]), "SendMessageRequest"));
        assert!(!may_command(Roles::of(&[Role::Admin]), "DrainRequest"), "operators have no session");
    }
}
