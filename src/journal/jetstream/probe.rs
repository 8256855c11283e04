//! What `check --probe` says of the broker: what is there, and what a 200 would be worth on it.

use super::names::Names;
use super::settings::Settings;
use super::{OpenError, connect, open, streams};
use async_nats::jetstream;
use serde_json::Value;
use std::time::Duration;

/// Looks at the broker and changes nothing; what an operator should know before the start.
///
/// # Errors
/// Why the journal could not be opened.
pub async fn probe(settings: &Settings) -> Result<Vec<String>, OpenError> {
    let (client, _) = connect::connect(settings).await?;
    let context = jetstream::new(client.clone());
    let names = Names::new(settings.stream.clone(), settings.partitions, [0; 32]);
    streams::check(&context, settings, &names).await?;
    let mut warnings = open::warnings(&client.server_info(), settings);
    if settings.monitors.is_empty() {
        warnings.push(
            "journal.jetstream.monitor is not said: whether the servers sync what they acknowledge is not known"
                .to_owned(),
        );
    }
    Ok(warnings)
}

/// What a server's own settings mean for a 200, from its `/varz`.
#[must_use]
pub fn of_server(varz: &Value) -> Vec<String> {
    let name = varz["server_name"].as_str().unwrap_or("a server");
    let config = &varz["jetstream"]["config"];
    if config.is_null() {
        return vec![format!("{name}: JetStream is not enabled on it")];
    }
    if config["sync_always"] == true {
        return Vec::new();
    }
    let interval = config["sync_interval"].as_u64().map_or(Duration::from_secs(120), Duration::from_nanos);
    vec![format!(
        "{name}: syncs its files every {}: what it acknowledged since the last time is lost with its power; keep \
         replicas where they do not lose it together, or set sync_interval: always",
        humantime::format_duration(interval)
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_server_that_always_syncs_is_beyond_doubt() {
        let server = |config: Value| json!({"server_name": "n1", "jetstream": {"config": config}});
        assert!(of_server(&server(json!({"sync_always": true, "sync_interval": 1}))).is_empty());
        let said = of_server(&server(json!({"sync_interval": 120_000_000_000_u64})));
        assert!(said[0].starts_with("n1: syncs its files every 2m"), "{said:?}");
        assert!(of_server(&json!({"server_name": "n1"}))[0].contains("not enabled"));
    }
}
