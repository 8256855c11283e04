//! What `serve --capture` writes down, and what becomes of it: replayed, translated, redacted, and in
//! nobody's way when it cannot be written.

mod file;
mod full;
mod redacted;
mod replayed;

use crate::support::command::{Folder, cutover};
use crate::support::proxy::{Ended, Home, Proxy};
use std::path::Path;
use std::process::Command;

/// Serves a configuration with these further arguments, without a journal: its answers are verdicts.
fn serve(config: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Proxy, Ended> {
    serve_by(cutover(), config, arguments, environment)
}

/// The same by another command, to which the arguments are given.
fn serve_by(command: Command, config: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Proxy, Ended> {
    let home = Home::new(config);
    home.without_journal();
    environment.iter().for_each(|(name, value)| home.set(name, value));
    home.serve_by(command, arguments)
}

/// A proxy that captures into this file.
fn capturing(config: &str, file: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Proxy {
    let file = file.to_str().expect("a path of ours is text");
    let arguments = [&["--capture", file], arguments].concat();
    serve(config, &arguments, environment).unwrap_or_else(|ended| panic!("not served: {ended:?}"))
}

/// Stops a proxy in an orderly way; everything it captured is written then. Its log.
fn stop(proxy: Proxy) -> String {
    proxy.signal("TERM");
    let ended = proxy.end();
    assert!(ended.status.success(), "{}", ended.log);
    ended.log
}

/// The lines of a capture.
fn lines(folder: &Folder, name: &str) -> Vec<serde_json::Value> {
    folder.read(name).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}
