//! `listen.tls`: https in front, and which clients may come in.

use super::certificates::{Authority, Identity, send};
use crate::support::bodies::flat_text;
use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::http::{self, Request};
use crate::support::proxy::Proxy;
use std::io::Write;

const META: &str = "client.webhooks.fbclientcerts.com";

struct Guarded {
    authority: Authority,
    clients: Authority,
    consumer: Consumer,
    proxy: Proxy,
}

impl Guarded {
    /// A proxy with a certificate for localhost; `client` are the lines of `listen.tls` about clients,
    /// where `CLIENT_CA` stands for the file of the clients' authority.
    fn open(client: &str) -> Self {
        let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
        let folder = Folder::new();
        let own = authority.issue("proxy", &["localhost"]).files(&folder, "own");
        let client = client.replace("CLIENT_CA", &folder.write("clients.pem", clients.pem()));
        let consumer = Consumer::start();
        let proxy =
            Proxy::pass_through(&format!("{}[listen.tls]\n{own}{client}", consumer.section("crm", "onprem", "")));
        Self { authority, clients, consumer, proxy }
    }

    /// The status a webhook is answered with, if it is answered.
    fn post(&self, client: Option<&Identity>) -> Option<u16> {
        let request = Request::post("/webhooks", flat_text());
        send(self.proxy.webhooks, &self.authority, client, &request).ok().map(|answer| answer.status)
    }

    #[track_caller]
    fn refuses(&self, client: Option<&Identity>) {
        let before = self.consumer.requests().len();
        assert_eq!(self.post(client), None);
        assert_eq!(self.consumer.requests().len(), before);
    }
}

#[test]
fn webhooks_come_by_https() {
    let guarded = Guarded::open("");
    assert_eq!(guarded.post(None), Some(200));
    assert_eq!(guarded.consumer.only().body, flat_text().as_bytes());
}

#[test]
fn and_no_longer_without() {
    let guarded = Guarded::open("");
    let mut stream = http::connect(guarded.proxy.webhooks);
    stream.write_all(&Request::post("/webhooks", flat_text()).bytes()).unwrap();
    assert!(http::read_answer(&mut stream).is_err());
    assert_eq!(guarded.post(None), Some(200), "and nobody else is harmed");
    assert_eq!(guarded.consumer.requests().len(), 1);
}

/// The operator's side stays plain: it is on loopback.
#[test]
fn the_admin_listener_has_no_tls() {
    let guarded = Guarded::open("");
    assert_eq!(guarded.proxy.ask("/livez").status, 200);
}

#[test]
fn with_an_authority_for_clients_each_must_show_its_certificate() {
    let guarded = Guarded::open("client_ca = \"CLIENT_CA\"\n");
    assert_eq!(guarded.post(Some(&guarded.clients.issue("anyone", &[]))), Some(200));
    guarded.refuses(None);
    guarded.refuses(Some(&Authority::new("clients").issue(META, &[META])));
    guarded.refuses(Some(&guarded.authority.issue(META, &[META])));
    assert_eq!(guarded.post(Some(&guarded.clients.issue("anyone", &[]))), Some(200));
}

#[test]
fn with_a_name_for_clients_their_certificate_must_have_it() {
    let guarded = Guarded::open(&format!("client_ca = \"CLIENT_CA\"\nclient_name = \"{META}\"\n"));
    let issue = |common_name: &str, alternative: &[&str]| guarded.clients.issue(common_name, alternative);
    for right in [issue(META, &[]), issue("other", &["other.example", META]), issue(&META.to_uppercase(), &[])] {
        assert_eq!(guarded.post(Some(&right)), Some(200));
    }
    for wrong in [
        issue("client.example", &["client.example"]),
        issue("other", &[]),
        issue("webhooks.fbclientcerts.com", &["*.webhooks.fbclientcerts.com"]),
        issue("x.client.webhooks.fbclientcerts.com", &[]),
    ] {
        guarded.refuses(Some(&wrong));
    }
    guarded.refuses(None);
    guarded.refuses(Some(&Authority::new("forged").issue(META, &[META])));
}
