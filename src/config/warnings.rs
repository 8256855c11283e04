//! What an operator should know before the start.

use super::Config;
use crate::format::Format;
use crate::ingress::Access;

pub(super) fn of(config: &Config, idle: &[String]) -> Vec<String> {
    let Config { listen, doors, routes, consumers, .. } = config;
    let mut warnings = Vec::new();
    warnings.extend(idle.iter().map(|key| format!("{key} has no effect with this journal.backend")));
    if let (Some(remember), Some(age)) = (config.journal.remember(), config.max_event_age)
        && age > remember
    {
        warnings.push(
            "cloud.max_event_age is longer than journal.remember: a webhook that was recorded in between can be played \
             back as new"
                .to_owned(),
        );
    }
    let mut open = Vec::new();
    if doors.cloud.access() == Access::Open {
        open.push("Cloud bodies without a signature");
    }
    if doors.on_premises.access() == Access::Open {
        open.push("On-Premises bodies without a credential");
    }
    if !open.is_empty() {
        warnings.push(format!("open at {}: {}", listen.webhooks, open.join(", ")));
    }
    for (access, key) in [(doors.cloud.access(), "cloud"), (doors.on_premises.access(), "onprem")] {
        if access == Access::Closed {
            warnings.push(format!("closed: {key} has no credential, so its bodies are answered 401"));
        }
    }
    let cloud = consumers.iter().filter(|consumer| consumer.format == Format::Cloud);
    for consumer in cloud.filter(|_| routes.is_empty()) {
        warnings.push(format!(
            "no [[number]]: On-Premises bodies cannot be said to consumer {:?}, whose format names the number",
            consumer.name
        ));
    }
    warnings
}
