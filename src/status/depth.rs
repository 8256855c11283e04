//! What the journal says of each consumer, put beside what is seen of it.

use super::{Consumer, Status};
use crate::journal::Depth;
use std::time::Duration;

impl Status {
    /// With the depths of the journal. A consumer that only the journal knows has this `health`.
    #[must_use]
    pub fn with_depths(mut self, depths: &[Depth], health: &str) -> Self {
        self.dead_letters = depths.iter().map(|depth| depth.dead).sum();
        // Letters of nobody's numbers are no consumer's.
        for depth in depths.iter().filter(|depth| !depth.consumer.is_empty()) {
            let Some(known) = self.consumers.iter_mut().find(|consumer| consumer.name == depth.consumer) else {
                let stranger = Consumer {
                    name: depth.consumer.clone(),
                    health: health.to_owned(),
                    format: "-".to_owned(),
                    ..Consumer::default()
                };
                self.consumers.push(stranger.with_depth(depth));
                continue;
            };
            *known = std::mem::take(known).with_depth(depth);
        }
        self
    }
}

impl Consumer {
    /// Whether the journal has anything for it.
    #[must_use]
    pub const fn has_something(&self) -> bool {
        self.ready + self.in_flight + self.parked + self.dead > 0
    }

    fn with_depth(self, depth: &Depth) -> Self {
        let Depth { ready, in_flight, parked, dead, oldest_ms, .. } = *depth;
        let oldest_seconds = Duration::from_millis(oldest_ms).as_secs_f64();
        Self { ready, in_flight, parked, dead, oldest_seconds, ..self }
    }
}
