//! What `serve --capture` writes down, and what becomes of it: replayed, translated, redacted, and in
//! nobody's way when it cannot be written.

mod file;
mod full;
mod redacted;
mod replayed;

use crate::support::command::{Folder, cutover};
use crate::support::proxy::{Ended, Proxy};
use std::path::Path;
use std::process::Command;

/// Serves a configuration with these further arguments.
fn serve(config: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Proxy, Ended> {
    serve_by(cutover(), config, arguments, environment)
}

/// The same by another command, to which the arguments are given.
fn serve_by(
    mut command: Command,
    config: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<Proxy, Ended> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cutover.toml");
    std::fs::write(&file, config).unwrap();
    command.arg("serve").arg("--config").arg(&file).args(arguments);
    command.env("CUTOVER_LISTEN__WEBHOOKS", "127.0.0.1:0").env("CUTOVER_LISTEN__ADMIN", "127.0.0.1:0");
    command.envs(environment.iter().copied());
    Proxy::run(command, folder)
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
