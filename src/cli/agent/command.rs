//! The command: one desk, over as many connections as it takes.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use tokio::time::{Instant, sleep, timeout};

use super::line::HELP;
use super::seat::{Next, Seat};
use crate::cli::client::{Desk, Frames, Target, open_session, resume_session};
use crate::proto::agent::conversation_service_client::ConversationServiceClient;
use crate::proto::agent::customer_service_client::CustomerServiceClient;
use crate::proto::agent::queue_service_client::QueueServiceClient;
use crate::proto::agent::work_service_client::WorkServiceClient;
use crate::proto::agent::{Presence, Welcome};

/// First and longest pause between two attempts to come back: a restart of the daemon takes a second or two.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Attempts end after this: what was told is kept for a resume that long.
const COME_BACK: Duration = Duration::from_secs(600);
/// How long a desk that is left waits for the end of its session: a daemon that takes longer for a record is in trouble.
const FAREWELL: Duration = Duration::from_secs(10);

/// Flags of `skein agent`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the agent. A session of that name that is open elsewhere is taken over.
    #[arg(long)]
    name: String,
    /// Accepts every offer and answers every message with its own words.
    #[arg(long)]
    auto: bool,
    #[command(flatten)]
    target: Target,
}

/// Ends when the person quits, input ends, or the session is over for good. Who quits, or whose input ends, is logged out once everything
/// typed before is decided; where the daemon does not say so the command fails.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let workspace = args.target.workspace()?;
    let channel = args.target.reach()?.connect().await?;
    let (commands, mut frames, welcome) = open_session(&channel, &workspace, &args.name).await?;
    let desk = Desk::restore(welcome.snapshot.unwrap_or_default());
    let mut seat = Seat::new(commands, desk, args.auto, channel);
    println!("{} is at work in {workspace}", args.name);
    if !args.auto {
        println!("{HELP}");
    }
    seat.commands.presence(Presence::Ready, "").await?;
    seat.show_desk();
    seat.take_up_desk().await?;

    let mut lines = Some(BufReader::new(tokio::io::stdin()).lines());
    loop {
        match sit(&mut seat, &mut frames, &mut lines).await {
            Ok(Next::Leave) => return Ok(ExitCode::SUCCESS),
            Ok(Next::LogOut) => {
                log_out(&mut seat, &mut frames).await.context("cannot tell what became of what was typed last")?;
                return Ok(ExitCode::SUCCESS);
            }
            Ok(Next::Stay) => {}
            Ok(Next::ComeBack(why)) => frames = come_back(&mut seat, &args.target, &why).await?,
            // Only what is sent on a stream that has ended fails here.
            Err(lost) => frames = come_back(&mut seat, &args.target, &format!("{lost:#}")).await?,
        }
    }
}

/// Takes the next line or frame.
async fn sit(
    seat: &mut Seat,
    frames: &mut Frames,
    lines: &mut Option<Lines<BufReader<Stdin>>>,
) -> anyhow::Result<Next> {
    let reading = lines.is_some();
    let next_line = async {
        match lines {
            Some(lines) => lines.next_line().await,
            None => Ok(None),
        }
    };
    // Both arms are cancel safe: a line and a frame stay where they are until they are taken.
    tokio::select! {
        line = next_line, if reading => match line.context("cannot read what is typed") {
            Ok(Some(line)) => seat.obey(&line).await,
            // A bot without input goes on; a script is done.
            Ok(None) if seat.auto => {
                *lines = None;
                Ok(Next::Stay)
            }
            Ok(None) | Err(_) => Ok(Next::LogOut),
        },
        frame = frames.message() => match frame {
            Err(status) => Ok(Next::ComeBack(status.message().to_owned())),
            Ok(None) => Ok(Next::ComeBack("the daemon has closed the session".to_owned())),
            Ok(Some(frame)) => seat.hear(frame).await,
        },
    }
}

/// Ends the session, and shows what comes until its stream is closed: records stand in the order of the commands, so with the end of the
/// session everything typed before is decided, and refusals come before the stream ends.
async fn log_out(seat: &mut Seat, frames: &mut Frames) -> anyhow::Result<()> {
    // Who leaves takes nothing up any more.
    seat.auto = false;
    seat.commands.end().await?;
    let farewell = async {
        let mut over = false;
        loop {
            match frames.message().await {
                Ok(Some(frame)) => over |= seat.hear(frame).await? == Next::Leave,
                Ok(None) | Err(_) if over => return Ok(()),
                Ok(None) => bail!("the daemon has closed the session"),
                Err(status) => bail!("{}", status.message()),
            }
        }
    };
    timeout(FAREWELL, farewell).await.unwrap_or_else(|_| bail!("no answer for {} s", FAREWELL.as_secs()))
}

/// Tries until there is a session again; the address is looked up anew each time.
async fn come_back(seat: &mut Seat, target: &Target, why: &str) -> anyhow::Result<Frames> {
    println!("the connection is lost ({why}), trying to come back");
    let gives_up = Instant::now() + COME_BACK;
    let mut pause = PAUSE.0;
    loop {
        match again(seat, target).await {
            Ok((frames, welcome)) => {
                println!("back again{}", if welcome.resumed { "" } else { "; what is shown now is all there is" });
                // A connection that breaks again at once is found by whoever reads it next.
                let _ = seat.sit_down(welcome).await;
                return Ok(frames);
            }
            Err(error) if Instant::now() + pause > gives_up || is_final(&error) => {
                return Err(error.context("cannot come back"));
            }
            Err(_) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}

async fn again(seat: &mut Seat, target: &Target) -> anyhow::Result<(Frames, Welcome)> {
    let channel = target.reach()?.connect().await?;
    let (commands, frames, welcome) = resume_session(&channel, &seat.commands, seat.after).await?;
    seat.commands = commands;
    seat.history = ConversationServiceClient::new(channel.clone());
    seat.customers = CustomerServiceClient::new(channel.clone());
    seat.works = WorkServiceClient::new(channel.clone());
    seat.rooms = QueueServiceClient::new(channel);
    Ok((frames, welcome))
}

/// Whether trying again is of no use: the daemon is there and does not want this session. A token that has expired is no end: its file
/// is read again, and may hold a new one.
fn is_final(error: &anyhow::Error) -> bool {
    use tonic::Code;
    let status = error.chain().find_map(|cause| cause.downcast_ref::<tonic::Status>());
    let code = status.map(tonic::Status::code);
    matches!(code, Some(Code::AlreadyExists | Code::PermissionDenied | Code::NotFound | Code::InvalidArgument))
}
