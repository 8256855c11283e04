#![no_main]
//! Any bytes as a body of this platform.

mod decode;

use cutover::format::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| decode::decode(bytes, Format::Cloud));
