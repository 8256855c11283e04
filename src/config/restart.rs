//! Which changes of a configuration take more than a reload.

use super::Config;

impl Config {
    /// The keys that are different in `new` and take effect only after a restart.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        let (old_listen, new_listen) = (&self.listen, &new.listen);
        let changed = [
            ("listen.webhooks", old_listen.webhooks != new_listen.webhooks),
            ("listen.admin", old_listen.admin != new_listen.admin),
            ("listen.max_body_bytes", old_listen.max_body_bytes != new_listen.max_body_bytes),
            ("listen.max_connections", old_listen.max_connections != new_listen.max_connections),
            ("listen.drain", old_listen.drain != new_listen.drain),
            ("journal", self.journal != new.journal),
            ("telemetry", self.telemetry != new.telemetry),
        ];
        changed.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
    }
}
