//! The proxy as a process of its own.

use super::eventually;
use super::http::{Answer, Request};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
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
    home: Option<Home>,
}

/// What a proxy leaves behind for the next: its configuration, environment and journal.
pub(crate) struct Home {
    folder: TempDir,
    environment: Mutex<Vec<(String, String)>>,
}

impl Home {
    pub(crate) fn new(config: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap(), environment: Mutex::default() };
        home.configure(config);
        home.set("CUTOVER_LISTEN__WEBHOOKS", "127.0.0.1:0");
        home.set("CUTOVER_LISTEN__ADMIN", "127.0.0.1:0");
        home.set("CUTOVER_JOURNAL__PATH", home.journal().to_str().expect("a path of ours is text"));
        home
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.environment.lock().unwrap().push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable out of the environment.
    pub(crate) fn unset(&self, name: &str) {
        self.environment.lock().unwrap().retain(|(known, _)| known != name);
    }

    /// Nothing is kept here.
    pub(crate) fn without_journal(&self) {
        self.unset("CUTOVER_JOURNAL__PATH");
        self.set("CUTOVER_JOURNAL__BACKEND", "none");
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("cutover.toml")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("cutover.db")
    }

    /// A command of the program that finds the configuration, run to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> super::command::Outcome {
        let environment = self.environment.lock().unwrap();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let config = self.config();
        let with_config = [arguments, &["--config", config.to_str().expect("a path of ours is text")]].concat();
        super::command::run_with(&with_config, &environment, "")
    }

    /// Serves from here.
    pub(crate) fn start(self) -> Proxy {
        self.try_start().unwrap_or_else(|ended| panic!("not served: {ended:?}"))
    }

    /// Serves from here, where it may refuse to.
    pub(crate) fn try_start(self) -> Result<Proxy, Ended> {
        self.serve_by(super::command::cutover(), &[])
    }

    /// Serves by a command to which the arguments are given, and these after them.
    pub(crate) fn serve_by(self, mut command: Command, more: &[&str]) -> Result<Proxy, Ended> {
        command.arg("serve").arg("--config").arg(self.config()).args(more);
        command.envs(self.environment.lock().unwrap().iter().cloned());
        Proxy::launch(command, self)
    }
}

/// A proxy that did not come up, or has come to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Standard output and standard error.
    pub(crate) log: String,
}

impl Proxy {
    /// Serves this configuration on ports that the system picks, with a journal of its own.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// Serves with further variables in its environment, which is otherwise empty.
    pub(crate) fn start_with(config: &str, environment: &[(&str, &str)]) -> Self {
        Self::try_start(config, environment).unwrap_or_else(|ended| panic!("not served: {ended:?}"))
    }

    /// Serves without a journal.
    pub(crate) fn pass_through(config: &str) -> Self {
        Self::pass_through_with(config, &[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn pass_through_with(config: &str, environment: &[(&str, &str)]) -> Self {
        let home = Home::new(config);
        home.without_journal();
        environment.iter().for_each(|(name, value)| home.set(name, value));
        home.start()
    }

    /// Serves where it may refuse to.
    pub(crate) fn try_start(config: &str, environment: &[(&str, &str)]) -> Result<Self, Ended> {
        let home = Home::new(config);
        environment.iter().for_each(|(name, value)| home.set(name, value));
        home.try_start()
    }

    /// Runs a command that serves.
    pub(crate) fn run(command: Command) -> Result<Self, Ended> {
        Self::launch(command, Home::new(""))
    }

    fn launch(mut command: Command, home: Home) -> Result<Self, Ended> {
        command.current_dir(home.folder.path());
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
            Some((webhooks, admin)) => Ok(Self { child, log, readers, webhooks, admin, home: Some(home) }),
            None => {
                readers.into_iter().for_each(|reader| reader.join().unwrap());
                let log = log.lock().unwrap().clone();
                Err(Ended { status: child.wait().unwrap(), log })
            }
        }
    }

    /// Kills it, without a word of warning; what it leaves behind.
    pub(crate) fn kill(mut self) -> Home {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.home.take().expect("there until it is taken")
    }

    /// Asks it to end, and waits; what it leaves behind.
    pub(crate) fn stop(mut self) -> Home {
        self.signal("TERM");
        let status = eventually("the end of the proxy", || self.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{}", self.log());
        self.home.take().expect("there until it is taken")
    }

    /// Gives it another configuration; the log up to the line that says what became of it.
    pub(crate) fn reload(&self, config: &str) -> String {
        let before = self.log().len();
        self.home().configure(config);
        self.signal("HUP");
        eventually("a word about the reload", || {
            let log = self.log().split_off(before);
            (log.contains("configuration reloaded") || log.contains("configuration not reloaded")).then_some(log)
        })
    }

    /// Where it lives.
    pub(crate) fn home(&self) -> &Home {
        self.home.as_ref().expect("there until it is taken")
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
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
        Request::get(target).by_address(self.admin).send(self.admin)
    }

    /// A sample of `/metrics`, by its name and labels as they are printed.
    pub(crate) fn metric(&self, sample: &str) -> Option<f64> {
        let text = self.ask("/metrics").text();
        text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
    }

    /// How many records a consumer is owed, wherever they wait.
    pub(crate) fn owed(&self, consumer: &str) -> u64 {
        let text = self.ask("/metrics").text();
        let states = ["ready", "in_flight", "parked"].into_iter();
        let depth = |state: &str| {
            let sample = format!("cutover_queue_depth{{consumer=\"{consumer}\",state=\"{state}\"}} ");
            let found = text.lines().find_map(|line| line.strip_prefix(&sample)?.parse::<f64>().ok());
            found.unwrap_or_else(|| panic!("no {sample} in {text}"))
        };
        states.map(depth).sum::<f64>() as u64
    }

    /// Waits until a consumer is owed nothing.
    pub(crate) fn wait_until_drained(&self, consumer: &str) {
        self.wait_until_drained_within(consumer, crate::support::PATIENCE * 3);
    }

    /// The same where that takes longer: a disk without room is drained in small steps, with pauses.
    pub(crate) fn wait_until_drained_within(&self, consumer: &str, patience: std::time::Duration) {
        crate::support::within(patience, "all is delivered", || (self.owed(consumer) == 0).then_some(()));
    }

    /// All dead letters, or all that waits.
    pub(crate) fn letters(&self, waiting: bool) -> Vec<serde_json::Value> {
        let mut letters = Vec::new();
        let mut after = String::new();
        loop {
            let answer = self.ask(&format!("/api/dead-letters?waiting={waiting}{after}"));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            letters.extend(page["letters"].as_array().expect("a list").iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return letters,
            }
        }
    }

    /// Sends a JSON body to the side that faces the operator.
    pub(crate) fn order(&self, target: &str, body: &serde_json::Value) -> Answer {
        Request::post(target, body.to_string()).by_address(self.admin).send(self.admin)
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
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
