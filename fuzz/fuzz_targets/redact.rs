#![no_main]
//! Redacting anything: what is JSON stays JSON of the same format, and no phone number in it is there
//! afterwards.

use cutover::format::{Document, Format};
use cutover::json::{Shape, read};
use cutover::redact::Redactor;
use libfuzzer_sys::fuzz_target;

/// None that a time of ours could begin with.
const PHONES: [&str; 2] = ["4915550102001", "5511955501020"];

fuzz_target!(|text: &str| {
    let redactor = Redactor::new(b"a key of the fuzzer");
    let Ok(redacted) = redactor.body(text.as_bytes()) else { return };
    assert!(read(&redacted, &Shape::Leaf).is_ok(), "no JSON any more:\n{redacted}");
    let format = |text: &str| Document::read(text.as_bytes(), None).ok().map(|document| document.format());
    // An event of ours is told by words that are not kept.
    if let before @ Some(Format::Cloud | Format::OnPremises) = format(text) {
        assert_eq!(format(&redacted), before, "another format:\n{redacted}");
    }
    for phone in PHONES {
        assert!(!redacted.contains(phone), "{phone} in\n{redacted}");
    }
});
