//! `[listen]`: where we can be reached, and by whom.

use super::section::Section;
use crate::secret::Secret;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Addresses and limits.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Facing the platforms.
    pub webhooks: SocketAddr,
    /// Facing the operator.
    pub admin: SocketAddr,
    /// What an admin listener off loopback asks for.
    pub admin_token: Option<Secret>,
    /// TLS in front.
    pub tls: Option<Tls>,
    /// The largest body that is taken.
    pub max_body_bytes: usize,
    /// How many connections are served at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long running attempts may take after SIGTERM.
    pub drain: Duration,
}

/// TLS in front of the webhooks.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Our certificate chain, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Clients must show a certificate of one of these authorities, PEM.
    pub client_ca: Option<PathBuf>,
    /// And it must name this host; for Meta `client.webhooks.fbclientcerts.com`.
    pub client_name: Option<String>,
}

pub(super) fn read(mut section: Section<'_>) -> Listen {
    let address = "an address with its port, such as \"127.0.0.1:8080\"";
    let size = |number: Option<u64>, default| number.and_then(|number| usize::try_from(number).ok()).unwrap_or(default);
    let listen = Listen {
        webhooks: section.parsed("webhooks", address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
        admin: section.parsed("admin", address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9090))),
        admin_token: section.secret("admin_token"),
        tls: section.has("tls").then(|| tls(section.section("tls"))),
        max_body_bytes: size(section.integer("max_body_bytes"), 4 << 20),
        max_connections: size(section.integer("max_connections"), 4096).max(1),
        drain: section.duration("drain").unwrap_or(Duration::from_secs(25)),
    };
    if !listen.admin.ip().is_loopback() && listen.admin_token.is_none() {
        section.problem("admin_token", "is missing: an admin listener that others can reach needs one");
    }
    section.finish();
    listen
}

fn tls(mut section: Section<'_>) -> Tls {
    let tls = Tls {
        cert: section.required("cert", "\"/etc/cutover/cert.pem\"").into(),
        key: section.required("key", "\"/etc/cutover/key.pem\"").into(),
        client_ca: section.text("client_ca").map(PathBuf::from),
        client_name: section.text("client_name"),
    };
    if tls.client_name.is_some() && tls.client_ca.is_none() {
        section.problem(
            "client_ca",
            "is missing: a client's name means nothing without the authority that vouches for it",
        );
    }
    section.finish();
    tls
}
