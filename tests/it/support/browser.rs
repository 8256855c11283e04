//! A real browser: Chromium without a window, driven by chromedriver over WebDriver. One at a time, since
//! each takes as much as all other tests together.

use super::PATIENCE;
use super::http::Request;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How often a page is asked whether it has come to what is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// A browser with one page open. It ends with the test.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Driver,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// Opens a page in a window for a desk; `None`, said aloud, where there is no browser.
    pub(crate) fn open(url: &str) -> Option<Self> {
        Self::start(url, &json!({}))
    }

    /// Opens a page on a telephone that is so many pixels wide.
    pub(crate) fn open_narrow(url: &str, width: u32) -> Option<Self> {
        let screen = json!({"width": width, "height": 800, "pixelRatio": 1, "touch": true});
        Self::start(url, &json!({"mobileEmulation": {"deviceMetrics": screen}}))
    }

    fn start(url: &str, more: &Value) -> Option<Self> {
        let Some(chromedriver) = found(&["chromedriver"]) else { return skipped("chromedriver") };
        let Some(chromium) = found(&["chromium", "chromium-browser", "google-chrome"]) else {
            return skipped("chromium");
        };
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,1000",
            &profile_flag,
        ];
        let mut options = json!({"binary": chromium, "args": flags});
        options.as_object_mut().expect("an object").extend(more.as_object().expect("members").clone());
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let driver = Driver::start(&chromedriver);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.as_object().expect("an object").clone());
            builder.connect(&format!("http://{}", driver.address)).await.expect("a session")
        });
        let browser = Self { runtime, client, driver, _profile: profile, _turn: turn };
        browser.go(url);
        Some(browser)
    }

    /// Opens another page, or the same anew.
    pub(crate) fn go(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).expect("a page");
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, Vec::new())).expect("a script that runs")
    }

    /// The text that stands at the first place of this selector, or nothing.
    pub(crate) fn text(&self, selector: &str) -> String {
        let found = self.run(&format!("return document.querySelector({})?.textContent ?? ''", json!(selector)));
        found.as_str().expect("text").to_owned()
    }

    /// Waits until there is this text at that place.
    pub(crate) fn wait_for(&self, selector: &str, text: &str) {
        self.wait_until(&format!("{text:?} at {selector}"), || self.text(selector).contains(text));
    }

    /// Waits until something is so; says what the page shows when it does not come.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "waited in vain for {what}; the page says: {}", self.text("body"));
            std::thread::sleep(LOOK);
        }
    }

    /// Presses what this selector finds, once it is there.
    pub(crate) fn click(&self, selector: &str) {
        self.runtime.block_on(async {
            let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
            found.unwrap_or_else(|_| panic!("nothing is called {selector}")).click().await.expect("it can be pressed");
        });
    }

    /// Presses the button that says this.
    pub(crate) fn press(&self, label: &str) {
        let path = format!("//button[normalize-space()=\"{label}\"]");
        self.runtime.block_on(async {
            let found = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await;
            found.unwrap_or_else(|_| panic!("no button says {label}")).click().await.expect("it can be pressed");
        });
    }

    /// Types into what has the focus.
    pub(crate) fn keys(&self, keys: &str) {
        self.runtime.block_on(async {
            let active = self.client.active_element().await.expect("something has the focus");
            active.send_keys(keys).await.expect("it takes keys");
        });
    }

    /// The id of what has the focus.
    pub(crate) fn focus(&self) -> String {
        self.run("return document.activeElement.id").as_str().expect("text").to_owned()
    }

    /// The whole document as it is now.
    pub(crate) fn source(&self) -> String {
        self.runtime.block_on(self.client.source()).expect("a document")
    }

    /// What stands in its console that should not, since it was asked last: errors, and what its policy
    /// did not allow.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let session = self.runtime.block_on(self.client.session_id()).expect("a session").expect("an id");
        let asked = Request::post(&format!("/session/{session}/se/log"), json!({"type": "browser"}).to_string());
        let answer = asked.by_address(self.driver.address).send(self.driver.address);
        let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let lines = answer["value"].as_array().unwrap_or_else(|| panic!("no log: {answer}"));
        let bad = lines.iter().filter(|line| matches!(line["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser's process ends with its session; the driver alone would leave it behind.
        self.runtime.block_on(self.client.clone().close()).ok();
    }
}

/// The program between us and the browser.
struct Driver {
    process: Child,
    address: SocketAddr,
}

/// So often it is started: the port that it finds free may be taken before it listens there.
const STARTS: usize = 5;

impl Driver {
    fn start(program: &Path) -> Self {
        let started = (0..STARTS).find_map(|_| Self::try_start(program));
        started.unwrap_or_else(|| panic!("chromedriver did not say its port in {STARTS} starts"))
    }

    fn try_start(program: &Path) -> Option<Self> {
        let mut command = Command::new(program);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("chromedriver starts");
        let mut said = BufReader::new(process.stdout.take().expect("piped"));
        let (mut driver, mut line) = (Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)) }, String::new());
        while said.read_line(&mut line).expect("text") > 0 {
            let port = line.split_once("successfully on port ").map(|(_, rest)| rest.trim().trim_end_matches('.'));
            if let Some(port) = port.and_then(|port| port.parse().ok()) {
                driver.address.set_port(port);
                return Some(driver);
            }
            line.clear();
        }
        None
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The first of these programs that is installed.
fn found(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let places = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

/// Says past the capture of its output that a test is skipped; with `CUTOVER_REQUIRE_BROWSER=1` it fails
/// instead.
fn skipped<T>(what: &str) -> Option<T> {
    let required = std::env::var_os("CUTOVER_REQUIRE_BROWSER").is_some_and(|value| value == "1");
    assert!(!required, "CUTOVER_REQUIRE_BROWSER=1, and {what} is not installed");
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    std::io::stderr().write_all(format!("SKIPPED {name}: {what} is not installed\n").as_bytes()).unwrap();
    None
}
