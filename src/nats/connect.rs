//! Connections: one set of options, one connection per purpose.
//!
//! Appends, reads and ingest each have their own connection, so that none waits behind the bytes of another. Everything that is
//! tuned because of a trap of the client library is tuned here.

use std::{path::PathBuf, time::Duration};

use async_nats::{Client, ConnectOptions, Event};
use tracing::{debug, info, warn};

use super::{account::account, errors::NatsError, login::with_login, version::check_server};

/// Commands that wait for the connection's own task. Far above what the pipeline and the readers have in flight together, because a
/// task that waits for room here while it holds an unpolled future that also sends never wakes up.
const CLIENT_CAPACITY: usize = 65_536;
/// Messages that wait for the task that reads a subscription; beyond it the client drops them, so bounded readers stay far below.
const SUBSCRIPTION_CAPACITY: usize = 65_536;
/// The same of the connection for what is live: whoever reads there only looks, and 64 of the largest that a server takes are 64 MiB.
pub const LIVE_CAPACITY: usize = 64;
/// One attempt to connect takes no longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A dead peer is noticed after about two of these.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// A request without an answer in this time has an unknown outcome.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait between two attempts to reconnect.
const RECONNECT_MAX: Duration = Duration::from_secs(1);

/// How to reach the servers.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Addresses (`nats://host:port`), any of which will do.
    pub servers: Vec<String>,
    /// Shown in the server's list of connections; the purpose is added.
    pub name: String,
    /// File with the user's JWT and key seed.
    pub credentials: Option<PathBuf>,
    /// Additional root certificates; their presence makes TLS mandatory.
    pub root_certificates: Option<PathBuf>,
    /// One attempt to connect takes no longer; then the next address is tried.
    pub connect_timeout: Duration,
    /// Silence after which the connection is probed.
    pub ping_interval: Duration,
    /// A request without an answer in this time has an unknown outcome.
    pub request_timeout: Duration,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            name: "skein".to_owned(),
            credentials: None,
            root_certificates: None,
            connect_timeout: CONNECT_TIMEOUT,
            ping_interval: PING_INTERVAL,
            request_timeout: REQUEST_TIMEOUT,
        }
    }
}

/// A checked way to the servers: hands out connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Nats {
    options: NatsOptions,
    control: Client,
}

impl Nats {
    /// Connects once for control requests and checks the server's version, and that there is JetStream: its own, or, in a cluster where
    /// not every server runs it, that of others.
    ///
    /// # Errors
    /// No connection, unusable options, a server that is refused ([`check_server`]), or [`NatsError::NoJetStream`].
    pub async fn connect(options: NatsOptions) -> Result<Self, NatsError> {
        let control = open(&options, "control", Buffers::roomy()).await?;
        let info = control.server_info();
        check_server(&info)?;
        if !info.jetstream {
            match account(&control).await {
                Err(NatsError::NoResponders { .. }) => return Err(NatsError::NoJetStream),
                other => other.map(drop)?,
            }
        }
        Ok(Self { options, control })
    }

    /// The connection for rare requests: streams, checkpoints, identities.
    #[must_use]
    pub fn control(&self) -> &Client {
        &self.control
    }

    /// Opens a connection of its own. `purpose` is a constant word, shown in the server's list.
    ///
    /// # Errors
    /// No connection or unusable options.
    pub async fn open(&self, purpose: &'static str) -> Result<Client, NatsError> {
        open(&self.options, purpose, Buffers::roomy()).await
    }

    /// Opens the connection for what is live. Its subscriptions hold few messages ([`LIVE_CAPACITY`]); `dropped` is called for those that
    /// they have no room for. When very many come at once, it is called for some of them only.
    ///
    /// # Errors
    /// No connection or unusable options.
    pub async fn open_live(&self, dropped: impl Fn() + Send + Sync + 'static) -> Result<Client, NatsError> {
        let buffers = Buffers { messages: LIVE_CAPACITY, dropped: Some(Box::new(dropped)) };
        open(&self.options, "live", buffers).await
    }
}

/// What the subscriptions of a connection hold.
struct Buffers {
    messages: usize,
    /// Told instead of a line in the log.
    dropped: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Buffers {
    fn roomy() -> Self {
        Self { messages: SUBSCRIPTION_CAPACITY, dropped: None }
    }
}

async fn open(options: &NatsOptions, purpose: &'static str, buffers: Buffers) -> Result<Client, NatsError> {
    let Buffers { messages, dropped } = buffers;
    let mut connect = ConnectOptions::new()
        .name(format!("{} {purpose}", options.name))
        .client_capacity(CLIENT_CAPACITY)
        .subscription_capacity(messages)
        // Ours are made of checked names; the server checks them again.
        .skip_subject_validation(true)
        .connection_timeout(options.connect_timeout)
        .ping_interval(options.ping_interval)
        .request_timeout(Some(options.request_timeout))
        .reconnect_delay_callback(|attempt| Duration::from_millis(20 << attempt.min(6)).min(RECONNECT_MAX))
        .event_callback(move |event| {
            match (&event, &dropped) {
                (Event::SlowConsumer(_), Some(dropped)) => dropped(),
                _ => report(purpose, &event),
            }
            std::future::ready(())
        });
    connect = with_login(connect, options.servers.iter().map(String::as_str));
    if let Some(path) = &options.root_certificates {
        connect = connect.add_root_certificates(path.clone()).require_tls(true);
    }
    if let Some(path) = &options.credentials {
        connect = connect
            .credentials_file(path)
            .await
            .map_err(|error| NatsError::Option { option: "credentials", reason: error.to_string() })?;
    }
    connect.connect(options.servers.as_slice()).await.map_err(|error| NatsError::Connect { reason: error.to_string() })
}

/// A full subscription and a refused permission show as events only, so none of them is swallowed.
fn report(purpose: &'static str, event: &Event) {
    match event {
        Event::Connected => info!(nats.purpose = purpose, "nats connected"),
        Event::Disconnected => warn!(nats.purpose = purpose, "nats disconnected"),
        Event::SlowConsumer(_) => warn!(nats.purpose = purpose, "nats subscription is full, messages dropped"),
        Event::ServerError(error) => {
            warn!(nats.purpose = purpose, error = %error, "nats server reports an error");
        }
        Event::ClientError(error) => {
            debug!(nats.purpose = purpose, error = %error, "nats client reports an error");
        }
        Event::LameDuckMode => info!(nats.purpose = purpose, "nats server is about to leave"),
        Event::Draining | Event::Closed => debug!(nats.purpose = purpose, "nats connection ends"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    const INFO: &str =
        r#"INFO {"server_id":"A","server_name":"a","version":"2.15.1","headers":true,"max_payload":1048576}"#;
    const NOBODY: &str = "HMSG TO SID 16 16\r\nNATS/1.0 503\r\n\r\n\r\n";
    const ANOTHER: &str = "MSG TO SID 13\r\n{\"limits\":{}}\r\n";

    /// A server without JetStream of its own. Answers every request so.
    async fn serve(listener: TcpListener, answer: &str) -> std::io::Result<()> {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        stream.write_all(format!("{INFO}\r\n").as_bytes()).await?;
        let (mut line, mut sid) = (String::new(), String::new());
        while stream.read_line(&mut line).await? > 0 {
            let words: Vec<&str> = line.split_whitespace().collect();
            let said = match words.as_slice() {
                ["PING"] => "PONG\r\n".to_owned(),
                ["SUB", _, id] => {
                    sid = (*id).to_owned();
                    String::new()
                }
                ["PUB" | "HPUB", "$JS.API.INFO", to, ..] => answer.replace("TO", to).replace("SID", &sid),
                _ => String::new(),
            };
            stream.write_all(said.as_bytes()).await?;
            line.clear();
        }
        Ok(())
    }

    #[rstest]
    #[case::another_of_its_cluster_has_jetstream(ANOTHER, None)]
    #[case::nobody_has(NOBODY, Some(NatsError::NoJetStream))]
    #[tokio::test]
    async fn a_server_without_jetstream_will_do_where_others_answer_for_it(
        #[case] answer: &'static str,
        #[case] refused: Option<NatsError>,
    ) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let servers = vec![format!("nats://{}", listener.local_addr().expect("an address"))];
        let server = tokio::spawn(serve(listener, answer));
        let connected = Nats::connect(NatsOptions { servers, ..NatsOptions::default() }).await;
        assert_eq!(connected.err(), refused);
        server.abort();
    }
}
