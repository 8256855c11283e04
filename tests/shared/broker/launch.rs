//! The program, ports for it, and a process that does not outlive ours.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

/// Where the program is; `None`, said aloud, where it is not installed.
pub(super) fn program() -> Option<PathBuf> {
    let found = std::env::var_os("CUTOVER_NATS_SERVER").map(PathBuf::from).or_else(|| in_path("nats-server"));
    let required = std::env::var_os("CUTOVER_REQUIRE_NATS").is_some_and(|value| value == "1");
    assert!(found.is_some() || !required, "CUTOVER_REQUIRE_NATS=1, and nats-server is not installed");
    found.or_else(|| skipped("nats-server is not installed"))
}

/// One that is too old for us.
pub(super) fn old_program() -> Option<PathBuf> {
    let found = std::env::var_os("CUTOVER_NATS_OLD").map(PathBuf::from);
    found.or_else(|| skipped("CUTOVER_NATS_OLD names no old nats-server"))
}

/// The first file of this name in the folders of `PATH`.
fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|place| place.is_file())
}

/// Says past the capture of its output that a test is skipped.
fn skipped<T>(why: &str) -> Option<T> {
    let name = thread::current().name().unwrap_or_default().to_owned();
    std::io::stderr().write_all(format!("SKIPPED {name}: {why}\n").as_bytes()).unwrap();
    None
}

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) client: u16,
    pub(super) monitor: u16,
    pub(super) cluster: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        Self { client: free_port(), monitor: free_port(), cluster: free_port() }
    }

    /// A name for the server that listens there.
    pub(super) fn name(self) -> String {
        format!("nats-{}", self.client)
    }
}

/// Ports that the system gives to nobody by itself. One that it does would, while a server is down, go to
/// a client that calls for it: it would hear itself, and the server could not come back.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(fastrand::u16(..COUNT)));
    let mut ports = std::iter::repeat_with(|| FIRST + next.fetch_add(1, Ordering::Relaxed) % COUNT);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("some port is free")
}

/// A command of this program, which is killed when the thread that starts it ends, where the system has
/// a program for that.
pub(super) fn bound_to_us(program: &Path) -> Command {
    match in_path("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Starts it from a thread that lives as long as we do: a test's thread may end before.
pub(super) fn launched(command: Command) -> Child {
    type Order = (Command, mpsc::Sender<Child>);
    static LAUNCHER: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let launcher = LAUNCHER.get_or_init(|| {
        let (orders, taken) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in taken {
                let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
                answer.send(child).ok();
            }
        });
        Mutex::new(orders)
    });
    let (answer, child) = mpsc::channel();
    launcher.lock().unwrap_or_else(PoisonError::into_inner).send((command, answer)).expect("a launcher");
    child.recv().expect("it was started")
}

const PREFIX: &str = "broker-of-";

/// What the name of a folder of this process begins with.
pub(super) fn ours() -> String {
    format!("{PREFIX}{}-", std::process::id())
}

/// Takes away what processes have left there that are gone.
pub(super) fn sweep(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((pid, _)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            // Another process may be at it too.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}
