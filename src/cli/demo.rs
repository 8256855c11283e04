//! `cutover demo`: a tour without a network, an account or a file. A toy consumer written for the
//! On-Premises format, the proxy in front of it, and one voice note from each platform.

use super::{Exit, say};
use crate::app::App;
use crate::config::Config;
use crate::format::Format;
use crate::json;
use crate::translate::{Rules, translate};
use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const VOICE_ON_PREMISES: &str = r#"{"contacts":[{"profile":{"name":"Ada"},"wa_id":"15550100123"}],"messages":[{"from":"15550100123","id":"ABGGFVUBABI_AgpzuHaTTw5SGe4c","timestamp":"1760000000","type":"voice","voice":{"id":"b1c68f38-8734-4ad3-b4a1-ef0c10d683","mime_type":"audio/ogg; codecs=opus","sha256":"29ed500fa64eb55fc19dc4124acb300e5dcca0f822a301ae99944db10ae3ae5b"}}]}"#;
const VOICE_CLOUD: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102030405060708","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100999","phone_number_id":"112233445566778"},"contacts":[{"profile":{"name":"Ada"},"wa_id":"15550100123"}],"messages":[{"from":"15550100123","id":"wamid.HBgLMTU1NTAxMDAxMjMVAgASGBQ3M0I4NzY5MzRGMEU1MjE5RUUxQwA=","timestamp":"1760003600","type":"audio","audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"Ke1QD6ZOtV/BncQSSsswDl3MoPgiowGumZRNsQrjrls=","id":"1908647269898587","voice":true}}]},"field":"messages"}]}]}"#;

/// How long a step may take before the tour is called off.
const PATIENCE: Duration = Duration::from_secs(10);

/// Take a tour: the proxy, a toy consumer, a voice note from each platform
#[derive(Debug, Args)]
pub(super) struct Demo {}

impl Demo {
    /// Takes the tour on loopback ports that the system picks.
    ///
    /// # Errors
    /// When no port can be had, or a step does not end as it should.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let folder = std::env::temp_dir().join(format!("cutover-demo-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let toured = runtime.block_on(tour(&folder.join("cutover.db")));
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        toured?;
        Ok(Exit::Done)
    }
}

async fn tour(journal: &Path) -> anyhow::Result<()> {
    let (seen, mut inbox) = mpsc::channel(8);
    let consumer = consumer(seen).await?;
    let text = format!(
        "[listen]\nwebhooks = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [journal]\npath = {}\n\
         [[consumer]]\nname = \"toy\"\nurl = \"http://{consumer}/webhook\"\nformat = \"onprem\"\n",
        json::quote(&journal.display().to_string())
    );
    let config = Config::parse(&text, std::iter::empty())?;
    let reread = Box::new(move || Config::parse(&text, std::iter::empty()));
    let app = App::bind(config, reread, None).await?;
    let (webhooks, _) = app.addresses()?;
    // Dropping the sender ends it.
    let (orders, ordered) = mpsc::channel(1);
    let proxy = tokio::spawn(app.run(ordered));

    say("A consumer that knows only the On-Premises format listens, and cutover in front of it.\n");
    say("1. Before the cutover an On-Premises client sends a voice note:");
    step(&format!("http://{webhooks}/webhooks"), VOICE_ON_PREMISES, &mut inbox).await?;
    say("   Nothing had to change: the consumer has the platform's own bytes.\n");
    say("2. The number moves. Now the Cloud API sends a voice note:");
    step(&format!("http://{webhooks}/webhooks"), VOICE_CLOUD, &mut inbox).await?;
    say("   What the On-Premises format has no word for, and cutover translate --losses lists:");
    for loss in translate(VOICE_CLOUD.as_bytes(), None, Format::OnPremises, Rules::default())?.losses {
        let expected = if loss.code.is_expected() { " (comes with every body)" } else { "" };
        say(&format!("   - {} {}{expected}", loss.code.label(), loss.path));
    }
    say("\nThe consumer was not touched. Next: cutover serve --forward-to URL --format onprem");
    drop(orders);
    proxy.await.context("the proxy stopped")
}

async fn step(url: &str, body: &'static str, inbox: &mut mpsc::Receiver<String>) -> anyhow::Result<()> {
    say(&format!("   platform sends     {body}"));
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
    let answer = client.post(url).header("content-type", "application/json").body(body).send().await?;
    let seen = tokio::time::timeout(PATIENCE, inbox.recv()).await?.context("the consumer is gone")?;
    say(&format!("   consumer receives  {}", json::compact(&seen)));
    say(&format!("   platform is told   {}", answer.status()));
    Ok(())
}

async fn consumer(seen: mpsc::Sender<String>) -> anyhow::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/webhook", post(receive)).with_state(Arc::new(seen));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn receive(State(seen): State<Arc<mpsc::Sender<String>>>, body: String) {
    if seen.send(body).await.is_err() {
        tracing::debug!("the tour is over");
    }
}
