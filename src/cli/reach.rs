//! Where an operator's command is carried out: by the server that runs, else at the journal itself.

use crate::clock;
use crate::config::{self, Config};
use crate::journal::jetstream::Role;
use crate::journal::{Embedded, JetStream, Journal, Trouble};
use crate::letters::{Desk, Page, Receipt, Redelivery, Refused, Shown};
use crate::routing::Routes;
use crate::secret::Secret;
use crate::status::{Readiness, Status};
use crate::tls;
use crate::watch::kept_status;
use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where a server is looked for without a configuration.
const DEFAULT_ADMIN: &str = "http://127.0.0.1:9090/";
const DEFAULT_JOURNAL: &str = "cutover.db";
/// Whether a server is there is known within this.
const PROBE: Duration = Duration::from_secs(2);
/// A long list may be put back in one request.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How a server or its journal is found
#[derive(Debug, Args)]
pub(super) struct Found {
    /// The configuration: where the server listens, and where its journal is
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin listener of the server [default: that of the configuration]
    #[arg(long, global = true, value_name = "URL")]
    admin: Option<Url>,
    /// What the admin listener asks for [default: listen.admin_token of the configuration]
    #[arg(long, global = true, value_name = "TOKEN", env = "CUTOVER_LISTEN__ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
}

/// Who carries a command out.
pub(super) enum Reach {
    /// A server that runs.
    Server(Server),
    /// We ourselves, at the journal.
    Journal(Desk),
}

/// A running server.
pub(super) struct Server {
    client: reqwest::Client,
    admin: Url,
    token: Option<Secret>,
}

/// Why a command was not carried out: `Ok` around it would mean that it was.
pub(super) type Done<T> = anyhow::Result<Result<T, String>>;

impl Found {
    /// Finds a server, else opens the journal.
    pub(super) async fn reach(&self) -> anyhow::Result<Reach> {
        tls::install_provider();
        let config = match &self.config {
            Some(path) => Some(Config::load(Some(path)).map_err(|problems| super::refused(&problems))?),
            None => None,
        };
        let server = self.server(config.as_ref())?;
        if self.admin.is_some() || server.is_there().await {
            return Ok(Reach::Server(server));
        }
        let nobody = format!("no server answers at {}", server.admin);
        local(config).await.with_context(|| format!("{nobody}, and its journal cannot be opened instead"))
    }

    fn server(&self, config: Option<&Config>) -> anyhow::Result<Server> {
        let admin = match (&self.admin, config) {
            (Some(url), _) => url.clone(),
            (None, Some(config)) => {
                let mut address = config.listen.admin;
                if address.ip().is_unspecified() {
                    address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
                }
                Url::parse(&format!("http://{address}/"))?
            }
            (None, None) => Url::parse(DEFAULT_ADMIN)?,
        };
        let own = self.admin_token.clone().map(Secret::new);
        let token = own.or_else(|| config.and_then(|config| config.listen.admin_token.clone()));
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Server { client, admin, token })
    }
}

async fn local(config: Option<Config>) -> anyhow::Result<Reach> {
    let Some(config) = config else {
        let settings = config::Journal::embedded_at(DEFAULT_JOURNAL.into());
        return Ok(Reach::Journal(open(settings, Arc::new(Routes::new(Vec::new(), 0)))?));
    };
    let routes = Arc::new(config.routes);
    let mut desk = match config.journal {
        config::Journal::Embedded(settings) => open(settings, routes)?,
        config::Journal::JetStream(settings) => {
            let journal = Journal::JetStream(JetStream::open(*settings, Role::Onlooker).await?);
            Desk { journal, routes, consumers: Vec::new() }
        }
        config::Journal::None => bail!("nothing is kept with journal.backend = \"none\""),
    };
    let named =
        config.consumers.iter().map(|consumer| (consumer.name.clone(), clock::millis(consumer.retry.give_up_after)));
    let ids = desk.journal.register(named.collect()).await?;
    desk.consumers = config.consumers.into_iter().map(|consumer| consumer.name).zip(ids).collect();
    Ok(Reach::Journal(desk))
}

fn open(settings: crate::journal::Settings, routes: Arc<Routes>) -> anyhow::Result<Desk> {
    if !settings.path.exists() {
        bail!("there is no journal at {}: say --config", settings.path.display());
    }
    let journal = Journal::Embedded(Embedded::open(settings)?);
    Ok(Desk { journal, routes, consumers: Vec::new() })
}

impl Server {
    async fn is_there(&self) -> bool {
        let Ok(url) = self.admin.join("livez") else { return false };
        let answer = self.client.get(url).timeout(PROBE).send().await;
        let Ok(answer) = answer else { return false };
        answer.text().await.is_ok_and(|text| text.contains("alive"))
    }

    /// Asks; a refusal is the server's own sentence.
    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<String>) -> Done<T> {
        let url = self.admin.join(path)?;
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_str());
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.with_context(|| format!("no server answers at {}", self.admin))?;
        let status = answer.status();
        let text = answer.text().await.context("the answer of the server broke off")?;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => bail!("{}: {}", self.admin, text.trim()),
            _ if status.is_success() => {
                Ok(Ok(serde_json::from_str(&text).context("the server is of another version")?))
            }
            _ => Ok(Err(text.trim().to_owned())),
        }
    }
}

/// A refusal that is the journal's trouble ends the command; another is said and counted.
fn told<T>(answer: Result<T, Refused>) -> Done<T> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(Refused::Trouble(trouble)) => Err(trouble.into()),
        Err(refused) => Ok(Err(refused.to_string())),
    }
}

impl Reach {
    /// A page of letters.
    pub(super) async fn list(&self, waiting: bool, after: Option<&str>) -> Done<Page> {
        match self {
            Reach::Journal(desk) => told(desk.list(waiting, after).await),
            Reach::Server(server) => {
                let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
                server.ask(Method::GET, &format!("api/dead-letters?waiting={waiting}{after}"), None).await
            }
        }
    }

    /// One letter.
    pub(super) async fn show(&self, id: &str) -> Done<Shown> {
        match self {
            Reach::Journal(desk) => told(desk.show(id).await),
            Reach::Server(server) => server.ask(Method::GET, &letter(id), None).await,
        }
    }

    /// Forgets a letter.
    pub(super) async fn drop_letter(&self, id: &str) -> Done<()> {
        match self {
            Reach::Journal(desk) => told(desk.drop_letter(id).await),
            Reach::Server(server) => ignore(server.ask(Method::DELETE, &letter(id), None).await),
        }
    }

    /// Makes a waiting record a letter.
    pub(super) async fn bury(&self, id: &str) -> Done<()> {
        match self {
            Reach::Journal(desk) => told(desk.bury(id).await),
            Reach::Server(server) => ignore(server.ask(Method::POST, &format!("{}/bury", letter(id)), None).await),
        }
    }

    /// Delivers once more.
    pub(super) async fn redeliver(&self, what: &Redelivery) -> Done<Receipt> {
        match self {
            Reach::Journal(desk) => told(desk.redeliver(what).await),
            Reach::Server(server) => {
                server.ask(Method::POST, "api/redeliver", Some(serde_json::to_string(what)?)).await
            }
        }
    }

    /// What the operator watches.
    pub(super) async fn status(&self) -> Done<Status> {
        match self {
            Reach::Journal(desk) => told(of_journal(desk).await.map_err(Refused::Trouble)),
            Reach::Server(server) => server.ask(Method::GET, "api/status", None).await,
        }
    }

    /// Lets go of the journal, if we had it.
    pub(super) async fn close(self) {
        if let Reach::Journal(desk) = self {
            desk.journal.close().await;
        }
    }
}

/// What the journal knows while no server runs.
async fn of_journal(desk: &Desk) -> Result<Status, Trouble> {
    let now_ms = clock::steady_ms();
    let status = kept_status(&desk.journal.kept().await?, now_ms);
    let mut depths = desk.journal.depths(now_ms).await?;
    // In the order of the configuration, as the server says them; those that are not in it last.
    let place = |name: &str| desk.consumers.iter().position(|(known, _)| known == name).unwrap_or(usize::MAX);
    depths.sort_by(|a, b| (place(&a.consumer), &a.consumer).cmp(&(place(&b.consumer), &b.consumer)));
    let others = desk.journal.others();
    let (word, reason) = match others {
        0 => ("stopped", None),
        _ => ("elsewhere", Some(format!("{others} that share the journal deliver; ask them with --admin"))),
    };
    let readiness = Readiness { status: word.to_owned(), journal: desk.journal.backend().to_owned(), reason };
    Ok(Status { readiness, ..status }.with_depths(&depths, word))
}

fn letter(id: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("api/dead-letters/{id}")
}

fn ignore(done: Done<serde_json::Value>) -> Done<()> {
    done.map(|answer| answer.map(drop))
}
