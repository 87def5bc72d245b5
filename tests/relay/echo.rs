//! A gRPC service of a few lines that says what was said to it, at the pace that a test wants.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{FutureExt as _, Stream, StreamExt as _};
use tokio::sync::watch;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::metadata::MetadataValue;
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt as _};

pub(crate) type Words = Vec<u8>;
type Said = Pin<Box<dyn Stream<Item = Result<Words, Status>> + Send>>;

/// Says what it was told.
pub(crate) const SAY: &str = "/echo.Echo/Say";
/// Refuses with details.
pub(crate) const REFUSE: &str = "/echo.Echo/Refuse";
/// Answers only while the gate is open.
pub(crate) const WAIT: &str = "/echo.Echo/Wait";
/// Panics.
pub(crate) const PANIC: &str = "/echo.Echo/Panic";
/// A stream: each word back; after the requests have ended, `end`.
pub(crate) const TALK: &str = "/echo.Echo/Talk";
/// A stream: as many words of 16 KiB as the first word says, and the sum of all that was said once the gate is open.
pub(crate) const POUR: &str = "/echo.Echo/Pour";
/// Bytes of a word that is poured.
pub(crate) const POURED: usize = 16 << 10;

/// The service, and what tests see and move of it.
#[derive(Clone)]
pub(crate) struct Echo {
    pub(crate) gate: Arc<watch::Sender<bool>>,
    /// Calls that are being served: what they hold was not dropped.
    pub(crate) live: Arc<AtomicUsize>,
    /// Words poured so far.
    pub(crate) poured: Arc<AtomicUsize>,
}

impl Default for Echo {
    fn default() -> Self {
        Self { gate: Arc::new(watch::Sender::new(true)), live: Arc::default(), poured: Arc::default() }
    }
}

/// Counts as long as it is there.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Echo {
    fn alive(&self) -> Alive {
        self.live.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(&self.live))
    }

    async fn pass(&self) {
        let mut gate = self.gate.subscribe();
        let _ = gate.wait_for(|is_open| *is_open).await;
    }

    async fn one(self, path: String, request: Request<Words>) -> Result<Response<Words>, Status> {
        let _alive = self.alive();
        match path.as_str() {
            WAIT => self.pass().await,
            PANIC => panic!("as the test wants"),
            REFUSE => {
                let details = ErrorDetails::with_error_info("WHY", "echo", [("fact".to_owned(), "true".to_owned())]);
                return Err(Status::with_error_details(Code::FailedPrecondition, "not now: ä", details));
            }
            _ => {}
        }
        let mut response = Response::new(request.get_ref().clone());
        for (name, value) in [("text", "x-text"), ("again", "x-text")] {
            if let Some(came) = request.metadata().get(value) {
                response.metadata_mut().append(name, came.clone());
            }
        }
        for came in request.metadata().get_all_bin("x-bytes-bin") {
            response.metadata_mut().append_bin("bytes-bin", came.clone());
        }
        Ok(response)
    }

    async fn many(self, path: String, request: Request<Streaming<Words>>) -> Result<Response<Said>, Status> {
        let alive = self.alive();
        let words = request.into_inner();
        let said = if path == POUR { self.pour(words).await? } else { talk(words) };
        let said = said.map(move |word| {
            let _alive = &alive;
            word
        });
        let mut response: Response<Said> = Response::new(Box::pin(said));
        response.metadata_mut().insert("kind", MetadataValue::from_static("stream"));
        Ok(response)
    }

    async fn pour(self, mut words: Streaming<Words>) -> Result<Said, Status> {
        let first = words.message().await?.ok_or_else(|| Status::invalid_argument("how many?"))?;
        let count: usize = String::from_utf8(first).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        let poured = Arc::clone(&self.poured);
        let pouring = futures::stream::iter(0..count).map(move |number| {
            poured.fetch_add(1, Ordering::SeqCst);
            Ok(vec![u8::try_from(number % 251).expect("small"); POURED])
        });
        let sum = async move {
            self.pass().await;
            let mut sum = 0;
            while let Some(word) = words.message().await? {
                sum += word.len();
            }
            Ok(sum.to_string().into_bytes())
        };
        Ok(Box::pin(pouring.chain(sum.into_stream())))
    }
}

fn talk(words: Streaming<Words>) -> Said {
    Box::pin(words.chain(futures::stream::once(async { Ok(b"end".to_vec()) })))
}

struct Method(Echo, String);

impl UnaryService<Words> for Method {
    type Response = Words;
    type Future = BoxFuture<'static, Result<Response<Words>, Status>>;

    fn call(&mut self, request: Request<Words>) -> Self::Future {
        self.0.clone().one(self.1.clone(), request).boxed()
    }
}

impl StreamingService<Words> for Method {
    type Response = Words;
    type ResponseStream = Said;
    type Future = BoxFuture<'static, Result<Response<Said>, Status>>;

    fn call(&mut self, request: Request<Streaming<Words>>) -> Self::Future {
        self.0.clone().many(self.1.clone(), request).boxed()
    }
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let streams = [TALK, POUR].contains(&path.as_str());
        let method = Method(self.clone(), path);
        async move {
            let mut grpc = Grpc::new(ProstCodec::<Words, Words>::default());
            Ok(if streams { grpc.streaming(method, request).await } else { grpc.unary(method, request).await })
        }
        .boxed()
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "echo.Echo";
}
