//! What a bare publisher gets out of a JetStream server: `publish_limit URL REPLICAS WRITERS SECONDS BYTES`.
//!
//! As many messages of so many bytes as there are writers, each under an id of its own, on their way to a
//! stream of the same kind as the journal's. Prints one line of JSON.

use anyhow::{Context, Result};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use std::time::{Duration, Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut given = std::env::args().skip(1);
    let mut next = || given.next().context("publish_limit URL REPLICAS WRITERS SECONDS BYTES");
    let (url, replicas) = (next()?, next()?.parse()?);
    let (writers, seconds, bytes): (usize, u64, usize) = (next()?.parse()?, next()?.parse()?, next()?.parse()?);
    let context = jetstream::new(async_nats::connect(url).await?);
    // It may not be there.
    context.delete_stream("LIMIT").await.ok();
    let config = stream::Config {
        name: "LIMIT".to_owned(),
        subjects: vec!["LIMIT.>".to_owned()],
        num_replicas: replicas,
        discard: stream::DiscardPolicy::New,
        duplicate_window: Duration::from_secs(120),
        allow_direct: true,
        ..stream::Config::default()
    };
    context.create_stream(config).await?;
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let all = (0..writers).map(|writer| publish(context.clone(), writer, until, vec![b'x'; bytes]));
    let mut took: Vec<Duration> = futures_util::future::try_join_all(all).await?.into_iter().flatten().collect();
    let elapsed = begun.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).map_or(0, Duration::as_micros);
    let (requests, p50, p99) = (took.len(), at(50), at(99));
    context.delete_stream("LIMIT").await?;
    println_json(&serde_json::json!({"requests": requests, "seconds": elapsed, "p50_us": p50, "p99_us": p99}));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn println_json(value: &serde_json::Value) {
    println!("{value}");
}

/// One writer: the next message when the last one is acknowledged. How long each took.
async fn publish(context: jetstream::Context, writer: usize, until: Instant, body: Vec<u8>) -> Result<Vec<Duration>> {
    let body = hyper::body::Bytes::from(body);
    let mut took = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        let number = took.len();
        let message = PublishMessage::build().payload(body.clone()).message_id(format!("{writer}-{number}"));
        let subject = format!("LIMIT.{}.{}", writer % 64, number % 1_000);
        context.send_publish(subject, message).await?.await?;
        took.push(begun.elapsed());
    }
    Ok(took)
}
