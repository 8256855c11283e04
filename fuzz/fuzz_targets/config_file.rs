#![no_main]
//! A configuration file somebody wrote: it is taken or refused, and no refusal repeats a secret.

use cutover::config::Config;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// What must not come back.
const PLANTED: &str = "Pl4nted-s3cret-Xq";

#[derive(Debug, Arbitrary)]
enum File<'a> {
    /// Any text at all.
    Text(&'a str),
    /// Lines of a configuration; only keys that hold a secret hold the planted one.
    Lines(Vec<Line<'a>>),
}

#[derive(Debug, Arbitrary)]
enum Line<'a> {
    Section(Section),
    Secret { key: SecretKey, shape: SecretShape, slip: &'a str },
    Plain { key: &'a str, value: &'a str },
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Section {
    Listen,
    Cloud,
    OnPremises,
    Journal,
    Consumer,
    ConsumerHeaders,
    Number,
    Telemetry,
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum SecretKey {
    AdminToken,
    VerifyToken,
    AppSecrets,
    Authorization,
    TurnSecret,
    UrlSecret,
    SignWith,
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum SecretShape {
    Text,
    List,
    ListOfLists,
    Table,
    Unclosed,
    Unquoted,
}

fuzz_target!(|file: File<'_>| {
    let text = match &file {
        File::Text(text) => (*text).to_owned(),
        File::Lines(lines) => lines.iter().map(line).collect(),
    };
    let problems = match Config::parse(&text, std::iter::empty()) {
        Ok(config) => format!("{config:?}"),
        Err(problems) => format!("{problems}\n{problems:?}"),
    };
    let planted = matches!(file, File::Lines(_));
    assert!(!planted || !problems.contains(PLANTED), "a secret came back:\n{text}\n{problems}");
});

fn line(line: &Line<'_>) -> String {
    match line {
        Line::Section(section) => format!("{}\n", header(*section)),
        Line::Secret { key, shape, slip } => format!("{} = {} {}\n", name(*key), value(*shape), one_line(slip)),
        Line::Plain { key, value } => format!("{} = {}\n", one_line(key), one_line(value)),
    }
}

const fn header(section: Section) -> &'static str {
    match section {
        Section::Listen => "[listen]",
        Section::Cloud => "[cloud]",
        Section::OnPremises => "[onprem]",
        Section::Journal => "[journal]",
        Section::Consumer => "[[consumer]]",
        Section::ConsumerHeaders => "[consumer.headers]",
        Section::Number => "[[number]]",
        Section::Telemetry => "[telemetry]",
    }
}

const fn name(key: SecretKey) -> &'static str {
    match key {
        SecretKey::AdminToken => "admin_token",
        SecretKey::VerifyToken => "verify_token",
        SecretKey::AppSecrets => "app_secrets",
        SecretKey::Authorization => "authorization",
        SecretKey::TurnSecret => "turn_secret",
        SecretKey::UrlSecret => "url_secret",
        SecretKey::SignWith => "sign_with",
    }
}

fn value(shape: SecretShape) -> String {
    match shape {
        SecretShape::Text => format!("\"{PLANTED}\""),
        SecretShape::List => format!("[\"{PLANTED}\", \"{PLANTED}2\"]"),
        SecretShape::ListOfLists => format!("[[\"{PLANTED}\"]]"),
        SecretShape::Table => format!("{{ value = \"{PLANTED}\" }}"),
        SecretShape::Unclosed => format!("\"{PLANTED}"),
        SecretShape::Unquoted => PLANTED.to_owned(),
    }
}

/// Without what would make the lines after it part of a value that is no secret.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace("\"\"\"", "").replace("'''", "")
}
