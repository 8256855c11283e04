//! From finished spans to the collector: a bounded queue, a thread of its own, and patience with an end.

use anyhow::Context;
use hyper::Uri;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// The longest that one export may take, its retries and the connection included.
const EXPORT_PATIENCE: Duration = Duration::from_secs(30);
/// How long the end waits for what is not exported yet.
const FINISH_PATIENCE: Duration = Duration::from_secs(3);

/// Where spans go.
#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    pub(super) tracer: SdkTracer,
    provider: SdkTracerProvider,
    over: Arc<AtomicBool>,
}

impl Pipeline {
    /// Samples, queues and names the service as the environment says, else as the SDK does by default.
    pub(super) fn start(endpoint: &Uri) -> anyhow::Result<Self> {
        let mut builder = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint.to_string());
        if endpoint.scheme_str() == Some("https") {
            builder = builder.with_tls_config(ClientTlsConfig::new().with_enabled_roots());
        }
        let next = Arc::new(builder.build().context("telemetry.otlp_endpoint")?);
        let over = Arc::new(AtomicBool::new(false));
        let collector =
            Collector { next, runtime: Handle::current(), lost: AtomicU64::new(0), over: Arc::clone(&over) };
        let provider = SdkTracerProvider::builder().with_batch_exporter(collector).with_resource(resource()).build();
        Ok(Self { tracer: provider.tracer(env!("CARGO_PKG_NAME")), provider, over })
    }

    pub(super) async fn finish(self) {
        let flushed = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(FINISH_PATIENCE));
        // What was not exported in time is lost; the SDK has said so in the log.
        flushed.await.ok();
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Who speaks.
fn resource() -> Resource {
    let resource = Resource::builder();
    let given = Resource::builder().build();
    let named = |key: &'static str| given.get(&Key::from_static_str(key)).map(|value| value.to_string());
    let own_name = named("service.name").is_none_or(|name| name.starts_with("unknown_service"));
    let own_version = named("service.version").is_none();
    let own = [
        own_name.then(|| KeyValue::new("service.name", env!("CARGO_PKG_NAME"))),
        own_version.then(|| KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))),
    ];
    resource.with_attributes(own.into_iter().flatten()).build()
}

/// The collector, as the SDK's thread sees it.
#[derive(Debug)]
struct Collector {
    next: Arc<opentelemetry_otlp::SpanExporter>,
    runtime: Handle,
    /// Spans it did not take, since it last took some.
    lost: AtomicU64,
    /// Nobody is to be told any more: the rest of the process has ended.
    over: Arc<AtomicBool>,
}

impl Collector {
    /// Says once that spans are lost, and once that no more are.
    fn tell(&self, spans: usize, failure: Option<String>) {
        if self.over.load(Ordering::Relaxed) {
            return;
        }
        let Some(failure) = failure else {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                tracing::info!(lost, "the collector takes traces again");
            }
            return;
        };
        if self.lost.fetch_add(spans as u64, Ordering::Relaxed) == 0 {
            tracing::warn!(failure, "the collector does not take traces: they are lost until it does");
        }
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let next = Arc::clone(&self.next);
        // In a task: the SDK's thread has no timer of its own, and a runtime that ends ends a task in order.
        let export = self.runtime.spawn(async move { tokio::time::timeout(EXPORT_PATIENCE, next.export(batch)).await });
        let failure = match export.await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(_)) => Some("it does not answer".to_owned()),
            Err(_) => Some("the end came first".to_owned()),
        };
        self.tell(spans, failure);
        // What failed has been told; the SDK would tell it of every batch.
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 && !self.over.load(Ordering::Relaxed) {
            tracing::warn!(lost, "the collector did not take the last traces");
        }
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Nobody else has it yet: the SDK says this before the first export.
        if let Some(next) = Arc::get_mut(&mut self.next) {
            next.set_resource(resource);
        }
    }
}
