#![no_main]
//! A line of a file that may be a capture: whatever stands there is answered, what is a line is one
//! again when it is printed, and what we print is read back.

use cutover::capture::Line;
use cutover::format::Format;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    /// Any bytes at all.
    Bytes(&'a [u8]),
    /// What might have arrived.
    Arrived { cloud: bool, at: &'a str, path: &'a str, headers: Vec<(&'a str, &'a str)>, body: &'a str },
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Bytes(bytes) => {
        if let Some(line) = Line::parse(bytes) {
            comes_back(&line);
        }
    }
    Input::Arrived { cloud, at, path, headers, body } => comes_back(&Line {
        at: at.to_owned(),
        source: if cloud { Format::Cloud } else { Format::OnPremises },
        path: path.to_owned(),
        // Names of headers are tokens: no quote or backslash can stand in them.
        headers: headers.into_iter().map(|(name, value)| (token(name), value.to_owned())).collect(),
        body: body.to_owned(),
    }),
});

fn comes_back(line: &Line) {
    let printed = line.print();
    assert!(!printed.contains('\n'), "one line: {printed}");
    assert_eq!(Line::parse(printed.as_bytes()).as_ref(), Some(line));
}

fn token(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}
