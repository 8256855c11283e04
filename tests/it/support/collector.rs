//! A collector of traces: a real gRPC server that takes OTLP and keeps all of it.

use super::eventually;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use socket2::{Domain, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status};

/// Everything it was sent.
type Seen = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// The collector. Its threads end with the test's process.
pub(crate) struct Collector {
    address: SocketAddr,
    seen: Seen,
    /// Its port, while nobody listens there.
    absent: Mutex<Option<Socket>>,
}

impl Collector {
    /// A collector that takes what it is sent.
    pub(crate) fn start() -> Self {
        let collector = Self::absent();
        collector.arrive();
        collector
    }

    /// One that refuses connections until it arrives.
    pub(crate) fn absent() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Bound, so that nobody else gets the port, and not listening.
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        let address = socket.local_addr().unwrap().as_socket().expect("an IP address");
        Self { address, seen: Seen::default(), absent: Mutex::new(Some(socket)) }
    }

    /// One that accepts connections and never says a word.
    pub(crate) fn hanging() -> Self {
        let collector = Self::absent();
        let listener = collector.listen();
        thread::spawn(move || listener.incoming().collect::<Vec<_>>());
        collector
    }

    /// It takes what it is sent from now on.
    pub(crate) fn arrive(&self) {
        let (listener, service) = (self.listen(), Service(Arc::clone(&self.seen)));
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let server = Server::builder().add_service(TraceServiceServer::new(service));
                server.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
            });
        });
    }

    fn listen(&self) -> TcpListener {
        let socket = self.absent.lock().unwrap().take().expect("it was absent");
        socket.listen(128).unwrap();
        socket.into()
    }

    /// The `[telemetry]` that sends traces here.
    pub(crate) fn section(&self) -> String {
        format!("[telemetry]\notlp_endpoint = \"{}\"\n", self.url())
    }

    /// Where it takes spans.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let seen = self.seen.lock().unwrap();
        let scopes = seen.iter().flat_map(|request| &request.resource_spans).flat_map(|spans| &spans.scope_spans);
        scopes.flat_map(|scope| scope.spans.iter().cloned()).collect()
    }

    /// The spans, once there are so many; more are a mistake.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Span> {
        let spans = eventually("spans at the collector", || Some(self.spans()).filter(|all| all.len() >= count));
        assert_eq!(spans.len(), count, "{spans:?}");
        spans
    }

    /// What those who sent say of themselves.
    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap();
        let resource = seen.first()?.resource_spans.first()?.resource.as_ref()?;
        let found = resource.attributes.iter().find(|attribute| attribute.key == key)?;
        shown(found.value.as_ref()?.value.as_ref()?)
    }

    /// All bytes it was sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().iter().flat_map(Message::encode_to_vec).collect()
    }
}

/// An attribute of a span, as text.
pub(crate) fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    shown(found.value.as_ref()?.value.as_ref()?)
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("no attribute of ours is {other:?}"),
    }
}

struct Service(Seen);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
