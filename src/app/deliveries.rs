//! The consumers that are served: a task each, replaced one by one when the configuration changes.

use crate::delivery::{Dispatcher, Service};
use crate::journal::{ConsumerId, Journal};
use std::collections::HashMap;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The tasks of all consumers.
pub(super) struct Deliveries {
    journal: Journal,
    served: HashMap<ConsumerId, Served>,
    tasks: JoinSet<()>,
}

struct Served {
    service: watch::Sender<Service>,
    stop: watch::Sender<bool>,
}

impl Deliveries {
    pub(super) fn new(journal: Journal) -> Self {
        Self { journal, served: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Serves these consumers from now on. One that is gone gets what is on its way to it, and no
    /// more; what it is owed waits in the journal.
    pub(super) fn serve(&mut self, consumers: Vec<(ConsumerId, Service)>) {
        self.served.retain(|id, served| {
            let stays = consumers.iter().any(|(other, _)| other == id);
            if !stays {
                served.stop.send_replace(true);
            }
            stays
        });
        for (id, service) in consumers {
            match self.served.get(&id) {
                Some(served) => {
                    served.service.send_replace(service);
                }
                None => self.begin(id, service),
            }
        }
    }

    fn begin(&mut self, id: ConsumerId, service: Service) {
        let (service, under) = watch::channel(service);
        let (stop, stopped) = watch::channel(false);
        self.tasks.spawn(Dispatcher::new(id, self.journal.clone(), under).run(stopped));
        self.served.insert(id, Served { service, stop });
    }

    /// Begins nothing new; ready when everything that runs has ended.
    pub(super) async fn stop(&mut self) {
        for served in self.served.values() {
            served.stop.send_replace(true);
        }
        while self.tasks.join_next().await.is_some() {}
    }
}
