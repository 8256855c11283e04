//! What a translation costs beside an edit of a `serde_json::Value` that says the same, and beside
//! only checking the grammar.
#![expect(clippy::expect_used, reason = "a payload of ours that is wrong ends the benchmark")]

#[path = "../bench/payloads.rs"]
mod payloads;
#[path = "../bench/value_edit.rs"]
mod value_edit;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use cutover::event::Number;
use cutover::format::Format;
use cutover::translate::{Rules, translate};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

/// A direction: its name, the format it ends in, and the `Value` edit that does the same.
type Direction = (&'static str, Format, fn(&[u8]) -> Vec<String>);

const DIRECTIONS: [Direction; 3] = [
    ("cloud_to_onprem", Format::OnPremises, value_edit::cloud_to_onprem),
    ("onprem_to_cloud", Format::Cloud, value_edit::onprem_to_cloud),
    ("cloud_to_normalized", Format::Normalized, value_edit::cloud_to_normalized),
];

fn ours(body: &[u8], to: Format, number: &Number) -> Vec<String> {
    let rules = Rules { number: Some(number), ..Rules::default() };
    let translation = translate(body, None, to, rules).expect("the payload is readable");
    black_box(&translation.losses);
    translation.bodies
}

fn parsed(bodies: &[String]) -> Vec<Value> {
    bodies.iter().map(|body| serde_json::from_str(body).expect("JSON")).collect()
}

fn translations(criterion: &mut Criterion) {
    let number = value_edit::number();
    for (direction, to, edit) in DIRECTIONS {
        for name in payloads::NAMES {
            let mut body = payloads::cloud(name).expect("a payload of this name");
            if to == Format::Cloud {
                body = ours(body.as_bytes(), Format::OnPremises, &number).concat();
            }
            let bytes = body.as_bytes();
            assert_eq!(parsed(&ours(bytes, to, &number)), parsed(&edit(bytes)), "{direction} {name}");

            let mut group = criterion.benchmark_group(format!("{direction}/{name}"));
            group.throughput(Throughput::Bytes(bytes.len() as u64));
            group.bench_function("cutover", |bencher| bencher.iter(|| ours(black_box(bytes), to, &number)));
            group.bench_function("value", |bencher| bencher.iter(|| edit(black_box(bytes))));
            group.bench_function("validate", |bencher| {
                bencher.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(bytes)).is_ok());
            });
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30);
    targets = translations
}
criterion_main!(benches);
