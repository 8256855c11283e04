//! A real NATS server with JetStream, as a process of its own: killed, stopped, frozen and started again
//! on the same ports and files. For every test binary that needs one, so it knows none of their parts.
//!
//! `CUTOVER_NATS_SERVER` names the program, else `nats-server` is looked for in `PATH`. Where there is
//! none the tests are skipped, and say so; with `CUTOVER_REQUIRE_NATS=1` they fail.

#![allow(dead_code, unused_imports, reason = "no test binary needs all of it")]

#[path = "broker/cluster.rs"]
mod cluster;
#[path = "broker/launch.rs"]
mod launch;
#[path = "broker/wire.rs"]
mod wire;

pub(crate) use cluster::Cluster;

use launch::{Ports, launched, old_program, program, sweep};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to come up or to end.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);
/// So often one is started: a port that was free may be taken before it listens there.
const STARTS: usize = 5;

/// A server. It is killed when the test is over.
pub(crate) struct Broker {
    program: PathBuf,
    folder: TempDir,
    ports: Ports,
    process: Mutex<Child>,
}

impl Broker {
    /// Starts one with JetStream; `None`, said aloud, where the program is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with further lines in its configuration, which win over what stands there without them:
    /// `jetstream: disabled`, `jetstream { sync_interval: always }`, `authorization { … }`, `tls { … }`.
    pub(crate) fn start_with(more: &str) -> Option<Self> {
        Some(Self::run(&program()?, more))
    }

    /// One of a version that is too old, where `CUTOVER_NATS_OLD` names the program.
    pub(crate) fn start_old() -> Option<Self> {
        Some(Self::run(&old_program()?, ""))
    }

    /// One for all tests of this process that need nothing of it but a stream with a name of their own.
    /// It ends with the process.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        let program = program()?;
        Some(SHARED.get_or_init(|| {
            let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
            // Nobody drops a static: its files stay, and the next process takes them away.
            sweep(place);
            let folder = || tempfile::Builder::new().prefix(&launch::ours()).tempdir_in(place).unwrap();
            Self::run_in(&program, folder, "")
        }))
    }

    fn run(program: &Path, more: &str) -> Self {
        Self::run_in(program, || tempfile::tempdir().unwrap(), more)
    }

    fn run_in(program: &Path, folder: impl Fn() -> TempDir, more: &str) -> Self {
        let mut said = String::new();
        for _ in 0..STARTS {
            let broker = Self::spawn(program, folder(), Ports::free(), more);
            if broker.comes_up() {
                return broker;
            }
            said = broker.log();
        }
        panic!("no nats-server in {STARTS} starts: {said}")
    }

    /// Starts the process and does not wait for it.
    fn spawn(program: &Path, folder: TempDir, ports: Ports, more: &str) -> Self {
        let Ports { client, monitor, .. } = ports;
        let config = format!(
            "server_name: \"{}\"\nlisten: \"127.0.0.1:{client}\"\nhttp: \"127.0.0.1:{monitor}\"\n\
             max_payload: 16MB\njetstream: enabled\n{more}\n",
            ports.name()
        );
        fs::write(folder.path().join("nats.conf"), config).unwrap();
        let process = Mutex::new(launch(program, folder.path()));
        Self { program: program.to_owned(), folder, ports, process }
    }

    /// Waits until it answers that it is healthy. `false`: it has ended.
    fn comes_up(&self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_healthy() {
            if self.process().try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "waited in vain for nats-server: {}", self.log());
            sleep(LOOK);
        }
        true
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `/healthz` says so; a server of a cluster does once it has caught up.
    pub(crate) fn is_healthy(&self) -> bool {
        wire::get(self.ports.monitor, "/healthz").is_ok_and(|(status, _)| status == 200)
    }

    /// What it calls itself.
    pub(crate) fn name(&self) -> String {
        self.ports.name()
    }

    /// Where it takes clients, such as `nats://127.0.0.1:4222`.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.client))
    }

    /// Where it is watched, such as `http://127.0.0.1:8222`.
    pub(crate) fn monitor(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.monitor)
    }

    /// A page of its monitoring, such as `/jsz`.
    pub(crate) fn ask(&self, target: &str) -> Value {
        let (_, body) = wire::get(self.ports.monitor, target).expect("it is watched");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Sends a request as a client without credentials, and what comes back: `$JS.API.STREAM.INFO.NAME`.
    pub(crate) fn request(&self, subject: &str, body: &Value) -> Value {
        wire::request(self.address(), subject, &body.to_string()).expect("an answer")
    }

    /// Kills it, without a word of warning.
    pub(crate) fn kill(&self) {
        let mut process = self.process();
        // It may have ended by itself.
        process.kill().ok();
        process.wait().unwrap();
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(&self) {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        while self.process().try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "nats-server does not end: {}", self.log());
            sleep(LOOK);
        }
    }

    /// Starts it again, on the same ports and files, and waits until it is healthy.
    pub(crate) fn again(&self) {
        for _ in 0..STARTS {
            self.relaunch();
            if self.comes_up() {
                return;
            }
        }
        panic!("nats-server did not come back: {}", self.log())
    }

    fn relaunch(&self) {
        self.kill();
        *self.process() = launch(&self.program, self.folder.path());
    }

    /// Copies what it keeps. It has to be down.
    pub(crate) fn copy_store(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_into(&self.folder.path().join("store"), copy.path());
        copy
    }

    /// Loses what came since the copy, as a power cut does. It has to be down.
    pub(crate) fn lose_all_since(&self, copy: &TempDir) {
        let store = self.folder.path().join("store");
        fs::remove_dir_all(&store).unwrap();
        copy_into(copy.path(), &store);
    }

    /// Stops its clock: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.process().id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn copy_into(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success());
}

/// The process that serves from a folder.
fn launch(program: &Path, folder: &Path) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = launch::bound_to_us(program);
    command.arg("--config").arg(folder.join("nats.conf")).arg("--store_dir").arg(folder.join("store"));
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    launched(command)
}
