//! The five gRPC services: each rpc names its caller, converts, asks the shard, and answers. Nothing is decided here.

mod agent;
mod attachment;
mod conversation;
mod customer;
mod queue;
mod shared;
mod upload;
mod watch;
mod work;

pub(super) use shared::Service;
