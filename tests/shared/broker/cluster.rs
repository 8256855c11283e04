//! Three servers that keep the same.

use super::{Broker, LOOK, PATIENCE, Ports, STARTS, program};
use std::ops::Deref;
use std::path::Path;
use std::thread::sleep;
use std::time::Instant;

/// The cluster; each of its servers can be had with it to be killed, frozen and started again.
pub(crate) struct Cluster {
    nodes: Vec<Broker>,
}

impl Cluster {
    /// Starts three that know each other, and waits until they have a leader.
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let started = (0..STARTS).find_map(|_| Self::try_start(&program));
        Some(started.unwrap_or_else(|| panic!("no cluster in {STARTS} starts")))
    }

    fn try_start(program: &Path) -> Option<Self> {
        let ports: [Ports; 3] = std::array::from_fn(|_| Ports::free());
        let routes: Vec<String> = ports.iter().map(|ports| format!("nats://127.0.0.1:{}", ports.cluster)).collect();
        let start = |ports: Ports| {
            let more = format!(
                "cluster {{ name: three, listen: \"127.0.0.1:{}\", routes: [{}] }}",
                ports.cluster,
                routes.join(", ")
            );
            Broker::spawn(program, tempfile::tempdir().unwrap(), ports, &more)
        };
        let cluster = Self { nodes: ports.map(start).into() };
        let is_up = cluster.iter().all(Broker::comes_up);
        is_up.then(|| cluster.wait_until_led()).map(|()| cluster)
    }

    /// Waits until those that are up are healthy and agree that one of them leads.
    pub(crate) fn wait_until_led(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_led() {
            assert!(Instant::now() < deadline, "waited in vain for a leader: {}", self.nodes[0].log());
            sleep(LOOK * 5);
        }
    }

    fn is_led(&self) -> bool {
        let is_up = |node: &&Broker| node.process().try_wait().unwrap().is_none();
        let up: Vec<&Broker> = self.nodes.iter().filter(is_up).collect();
        // A leader that was killed is believed in for a while.
        let leads = |leader: &str| up.iter().any(|node| node.name() == leader);
        let leader = |node: &Broker| {
            let cluster = node.is_healthy().then(|| node.ask("/jsz"))?;
            let leader = cluster["meta_cluster"]["leader"].as_str().filter(|leader| leads(leader));
            leader.map(str::to_owned)
        };
        let leaders: Vec<Option<String>> = up.iter().map(|node| leader(node)).collect();
        leaders.iter().all(|leader| leader.is_some() && *leader == leaders[0])
    }

    /// Where they take clients, separated by commas.
    pub(crate) fn urls(&self) -> String {
        self.nodes.iter().map(Broker::url).collect::<Vec<_>>().join(",")
    }

    /// Kills one of them, without a word of warning.
    pub(crate) fn kill(&self, node: usize) {
        self.nodes[node].kill();
    }

    /// Asks one of them to end, and waits.
    pub(crate) fn stop(&self, node: usize) {
        self.nodes[node].stop();
    }

    /// Starts one of them again, and waits until it has caught up and all agree on who leads.
    pub(crate) fn again(&self, node: usize) {
        self.all_again([node]);
    }

    /// The same with several at once: none of them may be healthy without the others.
    pub(crate) fn all_again<const COUNT: usize>(&self, nodes: [usize; COUNT]) {
        nodes.into_iter().for_each(|node| self.nodes[node].relaunch());
        for node in nodes {
            assert!(self.nodes[node].comes_up(), "it did not come back: {}", self.nodes[node].log());
        }
        self.wait_until_led();
    }
}

impl Deref for Cluster {
    type Target = [Broker];

    fn deref(&self) -> &[Broker] {
        &self.nodes
    }
}
