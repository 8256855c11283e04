//! Pipes: memory that follows the largest document, a reader that leaves, no bar where nobody looks.

use crate::support::bodies::{SUPPORT, cloud_text};
use crate::support::command::{cutover, run_on};
use crate::support::{PATIENCE, eventually, within};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;

const MEGABYTE: u64 = 1 << 20;

fn translating() -> Child {
    let mut command = cutover();
    command.args(["translate", "--to", "onprem"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Writes lines until so many bytes are written, or nobody reads them any more.
fn feed(mut stdin: ChildStdin, line: &str, bytes: u64) -> u64 {
    let mut written = 0;
    while written < bytes && stdin.write_all(line.as_bytes()).is_ok() {
        written += line.len() as u64;
    }
    written
}

/// The most memory a process ever held, in bytes, while it runs.
fn peak_memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[test]
fn memory_does_not_grow_with_the_input() {
    const INPUT: u64 = 200 * MEGABYTE;
    let line = format!("{}\n", cloud_text(SUPPORT).replace("hi", &"x".repeat(4000)));
    let mut child = translating();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let fed = thread::spawn(move || feed(stdin, &line, INPUT));
    let drained = thread::spawn(move || std::io::copy(&mut BufReader::new(stdout), &mut std::io::sink()).unwrap());
    let mut peak = 0;
    let status = within(5 * PATIENCE, "the end of 200 MB", || {
        peak = peak.max(peak_memory(&child).unwrap_or(0));
        child.try_wait().unwrap()
    });
    assert!(status.success());
    assert!(fed.join().unwrap() >= INPUT);
    assert!(drained.join().unwrap() > INPUT / 2);
    assert!(peak > 0 && peak < 100 * MEGABYTE, "{} MB", peak / MEGABYTE);
}

/// As with `| head -1`.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let line = format!("{}\n", cloud_text(SUPPORT));
    let mut child = translating();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let fed = thread::spawn(move || feed(stdin, &line, 50 * MEGABYTE));
    let mut first = String::new();
    let mut reader = BufReader::new(stdout);
    reader.read_line(&mut first).unwrap();
    drop(reader);
    assert!(first.contains("wamid.a"));
    let status = eventually("the end", || child.try_wait().unwrap());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
    fed.join().unwrap();
}

/// Output comes while input goes in: a stream that never ends is of use.
#[test]
fn output_does_not_wait_for_the_end_of_the_input() {
    let line = format!("{}\n", cloud_text(SUPPORT));
    let mut child = translating();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    // Enough for several blocks.
    let sent = line.repeat(20_000);
    let fed = thread::spawn(move || stdin.write_all(sent.as_bytes()).map(|()| stdin));
    let mut first = String::new();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    assert!(first.contains("wamid.a"));
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(fed.join().unwrap());
}

#[test]
fn no_progress_goes_into_a_pipe() {
    let lines = format!("{}\n", cloud_text(SUPPORT)).repeat(5000);
    assert_eq!(run_on(&["translate", "--to", "cloud"], &lines).stderr, "");
}
