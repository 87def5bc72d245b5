//! The core's rules as given / when / then: a workspace and what happened in it, one command, and the changes, outputs or
//! rejection that follow. Nothing is mocked: the core is pure. After every step the named invariants are checked.

#[path = "domain/kit/mod.rs"]
mod kit;
#[path = "sim/rng.rs"]
mod rng;

#[path = "domain/absurd.rs"]
mod absurd;
#[path = "domain/affinity.rs"]
mod affinity;
#[path = "domain/afterwards.rs"]
mod afterwards;
#[path = "domain/answers.rs"]
mod answers;
#[path = "domain/archived.rs"]
mod archived;
#[path = "domain/asides.rs"]
mod asides;
#[path = "domain/bodies.rs"]
mod bodies;
#[path = "domain/bots.rs"]
mod bots;
#[path = "domain/browsers.rs"]
mod browsers;
#[path = "domain/claims.rs"]
mod claims;
#[path = "domain/commands.rs"]
mod commands;
#[path = "domain/contested.rs"]
mod contested;
#[path = "domain/customers.rs"]
mod customers;
#[path = "domain/duplicates.rs"]
mod duplicates;
#[path = "domain/effort.rs"]
mod effort;
#[path = "domain/enrich.rs"]
mod enrich;
#[path = "domain/erasures.rs"]
mod erasures;
#[path = "domain/explained.rs"]
mod explained;
#[path = "domain/facts.rs"]
mod facts;
#[path = "domain/golden.rs"]
mod golden;
#[path = "domain/hours.rs"]
mod hours;
#[path = "domain/idle.rs"]
mod idle;
#[path = "domain/joining.rs"]
mod joining;
#[path = "domain/lists.rs"]
mod lists;
#[path = "domain/loops.rs"]
mod loops;
#[path = "domain/mail_attacks.rs"]
mod mail_attacks;
#[path = "domain/mail_threads.rs"]
mod mail_threads;
#[path = "domain/mails.rs"]
mod mails;
#[path = "domain/matters.rs"]
mod matters;
#[path = "domain/merges.rs"]
mod merges;
#[path = "domain/noted.rs"]
mod noted;
#[path = "domain/notices.rs"]
mod notices;
#[path = "domain/numbers.rs"]
mod numbers;
#[path = "domain/offers.rs"]
mod offers;
#[path = "domain/one_matter.rs"]
mod one_matter;
#[path = "domain/opt_outs.rs"]
mod opt_outs;
#[path = "domain/options.rs"]
mod options;
#[path = "domain/order.rs"]
mod order;
#[path = "domain/overcommits.rs"]
mod overcommits;
#[path = "domain/overflows.rs"]
mod overflows;
#[path = "domain/overseen.rs"]
mod overseen;
#[path = "domain/owners.rs"]
mod owners;
#[path = "domain/parallel.rs"]
mod parallel;
#[path = "domain/parked.rs"]
mod parked;
#[path = "domain/parted.rs"]
mod parted;
#[path = "domain/parts.rs"]
mod parts;
#[path = "domain/passed.rs"]
mod passed;
#[path = "domain/peers.rs"]
mod peers;
#[path = "domain/plans.rs"]
mod plans;
#[path = "domain/receipts.rs"]
mod receipts;
#[path = "domain/reconfigured.rs"]
mod reconfigured;
#[path = "domain/rehearsed.rs"]
mod rehearsed;
#[path = "domain/rekeyed.rs"]
mod rekeyed;
#[path = "domain/reshaped.rs"]
mod reshaped;
#[path = "domain/reshaped_mails.rs"]
mod reshaped_mails;
#[path = "domain/rooms.rs"]
mod rooms;
#[path = "domain/rules.rs"]
mod rules;
#[path = "domain/sessions.rs"]
mod sessions;
#[path = "domain/set_aside.rs"]
mod set_aside;
#[path = "domain/skills.rs"]
mod skills;
#[path = "domain/starts.rs"]
mod starts;
#[path = "domain/strangers.rs"]
mod strangers;
#[path = "domain/streams.rs"]
mod streams;
#[path = "domain/tokens.rs"]
mod tokens;
#[path = "domain/transfers.rs"]
mod transfers;
#[path = "domain/upserts.rs"]
mod upserts;
#[path = "domain/verified.rs"]
mod verified;
#[path = "domain/watermarks.rs"]
mod watermarks;
#[path = "domain/who.rs"]
mod who;
#[path = "domain/windows.rs"]
mod windows;
