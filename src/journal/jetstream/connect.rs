//! The way to the broker: servers, credentials, TLS; and whether what is there is good enough.

use super::OpenError;
use super::settings::{Credentials, Settings};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, ServerInfo};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The oldest server that has what the journal stands on: reads of many messages in one request, by
/// subject, that count right what is left. 2.11 has them, and counts one too many.
pub const OLDEST_SERVER: (i64, i64) = (2, 12);

/// A server that does not answer is left for another after this.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Whether it still answers is asked so often; after two silences the connection is given up.
const PING_EVERY: Duration = Duration::from_secs(2);
/// So many commands wait for the connection; publishes beyond that wait themselves.
const COMMANDS: usize = 512;
/// Messages of a subscription that nobody has taken yet.
const WAITING: usize = 16_384;
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// Connects, and looks at what answers. Counts beside it how often the connection was lost.
///
/// # Errors
/// Nobody answers, they do not let us in, or the server is too old.
pub(super) async fn connect(settings: &Settings) -> Result<(Client, watch::Receiver<u64>), OpenError> {
    let (lost, losses) = watch::channel(0);
    let options = options(settings, lost).await?;
    let unreachable = |error: &dyn std::fmt::Display| OpenError::Unreachable {
        urls: settings.urls.join(", "),
        error: error.to_string(),
    };
    let client = tokio::time::timeout(CONNECT_WITHIN * 2, options.connect(&settings.urls)).await;
    let client = client.map_err(|_| unreachable(&"nobody answers"))?.map_err(|error| match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            OpenError::TurnedAway { urls: settings.urls.join(", ") }
        }
        _ => unreachable(&full(&error)),
    })?;
    look(&client.server_info())?;
    Ok((client, losses))
}

/// Whether this names a server.
#[must_use]
pub fn is_server(url: &str) -> bool {
    url.parse::<ServerAddr>().is_ok()
}

async fn options(settings: &Settings, lost: watch::Sender<u64>) -> Result<ConnectOptions, OpenError> {
    let lost = Arc::new(lost);
    let mut options = ConnectOptions::new()
        .name("cutover")
        .connection_timeout(CONNECT_WITHIN)
        .ping_interval(PING_EVERY)
        .client_capacity(COMMANDS)
        .subscription_capacity(WAITING)
        .reconnect_delay_callback(|_| RECONNECT_PAUSE)
        .event_callback(move |event| {
            let lost = Arc::clone(&lost);
            async move { tell(&event, &lost) }
        });
    options = match &settings.credentials {
        Credentials::None => options,
        Credentials::Password { user, password } => {
            options.user_and_password(user.clone(), password.expose_str().to_owned())
        }
        Credentials::Token(token) => options.token(token.expose_str().to_owned()),
        Credentials::Nkey(seed) => options.nkey(seed.expose_str().to_owned()),
        Credentials::File(path) => {
            let refused = |error: std::io::Error| OpenError::Credentials { path: path.clone(), error };
            options.credentials_file(path).await.map_err(refused)?
        }
    };
    if let Some(ca) = &settings.tls_ca {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    if let Some((cert, key)) = &settings.tls_identity {
        options = options.add_client_certificate(cert.clone(), key.clone()).require_tls(true);
    }
    Ok(options)
}

/// What becomes of the connection, for who reads the log at night.
fn tell(event: &Event, lost: &watch::Sender<u64>) {
    if matches!(event, Event::Disconnected) {
        lost.send_modify(|losses| *losses += 1);
    }
    match event {
        Event::Connected => tracing::info!("connected to the broker"),
        Event::Disconnected => tracing::warn!("the connection to the broker is gone; it is tried again"),
        Event::LameDuckMode => tracing::info!("the broker's server is about to stop; another is tried"),
        Event::SlowConsumer(_) => tracing::warn!("the broker sends faster than this process reads"),
        other => tracing::debug!(event = %other, "broker"),
    }
}

fn look(server: &ServerInfo) -> Result<(), OpenError> {
    let version = &server.version;
    if !is_at_least(version, OLDEST_SERVER) {
        return Err(OpenError::TooOld { version: version.clone(), needed: OLDEST_SERVER });
    }
    if !server.jetstream {
        return Err(OpenError::NoJetStream);
    }
    Ok(())
}

fn is_at_least(version: &str, least: (i64, i64)) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<i64>().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    major.zip(minor).is_some_and(|version| version >= least)
}

/// An error with what is behind it.
fn full(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in ["2.12.0", "2.15.1", "3.0.0", "2.12.0-RC.1"] {
            assert!(is_at_least(good, OLDEST_SERVER), "{good}");
        }
        for old in ["2.9.10", "2.11.11", "1.4.0", "", "two"] {
            assert!(!is_at_least(old, OLDEST_SERVER), "{old}");
        }
    }
}
