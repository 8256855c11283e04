//! Traces: a span for each webhook and for each attempt at a consumer, exported by OTLP. The only place
//! that knows OpenTelemetry.
//!
//! Spans hold closed words, numbers of attempts and statuses, and the names that the configuration
//! gives to consumers; nothing of a request but its trace context.

mod context;
mod export;

use super::{Outcome, source_label};
use crate::event::Kind;
use crate::format::Format;
use hyper::{HeaderMap, StatusCode, Uri};
use opentelemetry::trace::{Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer as _};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;

/// Begins spans; cheap to clone. Turned off it costs a branch.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<export::Pipeline>);

/// A span that is recorded, or nothing. It ends when it is dropped.
#[derive(Debug)]
pub struct Span(Option<Box<opentelemetry_sdk::trace::Span>>);

/// An attempt that begins.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The name of the consumer in the configuration.
    pub consumer: &'a str,
    /// The format the platform sent.
    pub source: Format,
    /// What the record is about.
    pub kind: Kind,
    /// 1, 2, ...
    pub attempt: u32,
    /// The headers of the webhook, as they were handed on.
    pub platform: &'a HeaderMap,
}

impl Tracer {
    /// Exports to this collector, or does nothing where there is none. Needs a tokio runtime; no
    /// connection is opened yet.
    ///
    /// # Errors
    /// When the environment has settings of OpenTelemetry that cannot be followed.
    pub fn start(endpoint: Option<&Uri>) -> anyhow::Result<Self> {
        Ok(Self(endpoint.map(export::Pipeline::start).transpose()?))
    }

    /// Begins the span of a webhook. What its headers say of a trace is from now on this span, so that
    /// whatever becomes of the webhook belongs to it.
    pub fn webhook(&self, headers: &mut HeaderMap) -> Span {
        let Some(pipeline) = &self.0 else { return Span(None) };
        let parent = context::read(headers);
        let builder = pipeline.tracer.span_builder("webhook").with_kind(SpanKind::Server);
        let mut span = begin(&pipeline.tracer, builder, parent.as_ref());
        // One that is not recorded leaves its parent in charge; without a parent it says that all of
        // the trace is not.
        if span.is_recording() || parent.is_none() {
            context::write(span.span_context(), headers);
        }
        span.set_attribute(KeyValue::new("http.request.method", "POST"));
        Span::recorded(span)
    }

    /// Begins the span of an attempt: of the trace of its webhook, and linked to it.
    #[must_use]
    pub fn delivery(&self, attempt: &Attempt<'_>) -> Span {
        let Some(pipeline) = &self.0 else { return Span(None) };
        let parent = context::read(attempt.platform);
        let links = parent.iter().cloned().map(Link::with_context).collect();
        let builder = pipeline.tracer.span_builder("delivery").with_kind(SpanKind::Client).with_links(links);
        let mut span = begin(&pipeline.tracer, builder, parent.as_ref());
        if span.is_recording() {
            span.set_attributes([
                KeyValue::new("http.request.method", "POST"),
                KeyValue::new("cutover.consumer", attempt.consumer.to_owned()),
                KeyValue::new("cutover.source", attempt.source.label()),
                KeyValue::new("cutover.kind", attempt.kind.label()),
                KeyValue::new("cutover.attempt", Value::I64(attempt.attempt.into())),
            ]);
        }
        Span::recorded(span)
    }

    /// Exports what waits, for a few seconds at most; nothing is recorded after that.
    pub async fn finish(self) {
        if let Some(pipeline) = self.0 {
            pipeline.finish().await;
        }
    }
}

fn begin(tracer: &SdkTracer, builder: SpanBuilder, parent: Option<&SpanContext>) -> opentelemetry_sdk::trace::Span {
    // Never the current context: what a span belongs to is said by headers alone.
    let context = match parent {
        Some(parent) => Context::new().with_remote_span_context(parent.clone()),
        None => Context::new(),
    };
    tracer.build_with_context(builder, &context)
}

impl Span {
    fn recorded(span: opentelemetry_sdk::trace::Span) -> Self {
        Self(span.is_recording().then(|| Box::new(span)))
    }

    /// Says in a request's headers that it belongs to this span; `false` if nothing is recorded.
    pub fn pass_on(&self, headers: &mut HeaderMap) -> bool {
        let Some(span) = &self.0 else { return false };
        context::write(span.span_context(), headers);
        true
    }

    /// The status of the answer.
    pub fn answered(&mut self, status: StatusCode) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        }
    }

    /// What became of a webhook.
    pub fn webhook_ended(&mut self, source: Option<Format>, outcome: Outcome) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new("cutover.source", source_label(source)));
            span.set_attribute(KeyValue::new("cutover.outcome", outcome.label()));
            if outcome == Outcome::Unavailable {
                span.set_status(Status::error(outcome.label()));
            }
        }
    }

    /// What became of an attempt.
    pub fn attempt_ended(&mut self, verdict: &'static str, delivered: bool) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new("cutover.verdict", verdict));
            if !delivered {
                span.set_status(Status::error(verdict));
            }
        }
    }
}
