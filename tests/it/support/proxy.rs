//! The proxy as a process of its own.

use super::eventually;
use super::http::{Answer, Request};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A proxy that serves. It is killed when the test is over.
pub(crate) struct Proxy {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    pub(crate) webhooks: SocketAddr,
    pub(crate) admin: SocketAddr,
    _folder: TempDir,
}

/// A proxy that did not come up, or has come to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Standard output and standard error.
    pub(crate) log: String,
}

impl Proxy {
    /// Serves this configuration on ports that the system picks.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// Serves with further variables in its environment, which is otherwise empty.
    pub(crate) fn start_with(config: &str, environment: &[(&str, &str)]) -> Self {
        Self::try_start(config, environment).unwrap_or_else(|ended| panic!("not served: {ended:?}"))
    }

    /// The same, where it may refuse to.
    pub(crate) fn try_start(config: &str, environment: &[(&str, &str)]) -> Result<Self, Ended> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cutover.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = super::command::cutover();
        command.arg("serve").arg("--config").arg(&file);
        command.env("CUTOVER_LISTEN__WEBHOOKS", "127.0.0.1:0").env("CUTOVER_LISTEN__ADMIN", "127.0.0.1:0");
        command.envs(environment.iter().copied());
        Self::run(command, folder)
    }

    /// Runs a command that serves.
    pub(crate) fn run(mut command: Command, folder: TempDir) -> Result<Self, Ended> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            gather(child.stdout.take().expect("piped"), Arc::clone(&log)),
            gather(child.stderr.take().expect("piped"), Arc::clone(&log)),
        ];
        let serving = eventually("the line that says serving", || {
            let found = serving(&log.lock().unwrap());
            found.map(Some).or_else(|| child.try_wait().unwrap().is_some().then_some(None))
        });
        match serving {
            Some((webhooks, admin)) => Ok(Self { child, log, readers, webhooks, admin, _folder: folder }),
            None => {
                readers.into_iter().for_each(|reader| reader.join().unwrap());
                let log = log.lock().unwrap().clone();
                Err(Ended { status: child.wait().unwrap(), log })
            }
        }
    }

    /// Posts a webhook.
    pub(crate) fn post(&self, target: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(&Request::post(target, body))
    }

    /// Sends a request to the side that faces the platforms.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        request.send(self.webhooks)
    }

    /// Asks the side that faces the operator.
    pub(crate) fn ask(&self, target: &str) -> Answer {
        Request::get(target).send(self.admin)
    }

    /// A sample of `/metrics`, by its name and labels as they are printed.
    pub(crate) fn metric(&self, sample: &str) -> Option<f64> {
        let text = self.ask("/metrics").text();
        text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(killed.success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let status = eventually("the end of the proxy", || self.child.try_wait().unwrap());
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        Ended { status, log: self.log() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn gather(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            log.lock().unwrap().push_str(&line);
            line.clear();
        }
    })
}

/// The two addresses of the line that says serving.
fn serving(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    log.lines().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let address = |key: &str| line.get(key)?.as_str()?.parse().ok();
        (line.get("message")? == "serving").then(|| Some((address("webhooks")?, address("admin")?)))?
    })
}
