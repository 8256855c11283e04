//! A disk that is full: webhooks are taken all the same, and the operator is told.

use super::{capturing, lines, serve_by, stop};
use crate::support::bodies::flat_text;
use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::eventually;
use std::path::Path;
use std::process::Command;

const WARNING: &str = "webhooks were taken but not written down";

#[test]
fn accepts_do_not_notice_and_one_line_says_how_many() {
    let consumer = Consumer::start();
    let proxy = capturing(&consumer.section("crm", "onprem", ""), Path::new("/dev/full"), &[], &[]);
    for _ in 0..20 {
        assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    }
    eventually("the warning", || proxy.log().contains(WARNING).then_some(()));
    let log = stop(proxy);
    assert_eq!(consumer.requests().len(), 20);
    let said: Vec<serde_json::Value> =
        log.lines().filter(|line| line.contains(WARNING)).map(|line| serde_json::from_str(line).unwrap()).collect();
    let left_out: u64 = said.iter().filter_map(|line| line["lines"].as_u64()).sum();
    assert_eq!(left_out, 20, "{log}");
    assert!(said.len() <= 2 && said[0]["reason"].as_str().is_some_and(|reason| reason.contains("No space left")));
}

/// A pipe that nobody reads stands for a disk that hangs: the thread never comes back from its write.
#[test]
fn a_file_that_hangs_holds_neither_webhooks_nor_the_end() {
    let (consumer, folder) = (Consumer::start(), Folder::new());
    let pipe = folder.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("coreutils are there").success());
    let proxy = capturing(&consumer.section("crm", "onprem", ""), &pipe, &[], &[]);
    let large = flat_text().replace("\"hi\"", &format!("\"{}\"", "x".repeat(4_000_000)));
    // 64 MiB may wait.
    for _ in 0..19 {
        assert_eq!(proxy.post("/webhooks", &large).status, 200);
    }
    let log = stop(proxy);
    assert!(log.contains(WARNING) && log.contains("the file does not keep up"), "{log}");
    assert!(log.contains("what still waited was not written in time"), "{log}");
    assert_eq!(consumer.requests().len(), 19);
}

/// The limit cuts a line in its middle; the part is taken back, so that every line is whole.
#[test]
fn a_line_is_whole_or_absent() {
    let (consumer, folder) = (Consumer::start(), Folder::new());
    let file = folder.path("capture.ndjson");
    // A write beyond the limit is an error only where the signal is ignored.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_cutover")]);
    let arguments = ["--capture", file.to_str().expect("text")];
    let proxy = serve_by(command, &consumer.section("crm", "onprem", ""), &arguments, &[]).expect("served");
    let long = flat_text().replace("\"hi\"", &format!("\"{}\"", "x".repeat(5_000)));
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    eventually("a line", || folder.read("capture.ndjson").ends_with('\n').then_some(()));
    let pid = proxy.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, "--fsize=2000:unlimited"]).status();
    assert!(limited.expect("util-linux is there").success());
    assert_eq!(proxy.post("/webhooks", &long).status, 200);
    eventually("the warning", || proxy.log().contains(WARNING).then_some(()));
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    let log = stop(proxy);
    let lines = lines(&folder, "capture.ndjson");
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines.iter().all(|line| line["body"] == flat_text().as_str()));
    assert_eq!(consumer.requests().len(), 3);
}
