#![no_main]
//! The proofs a request brings, through the router that faces the platforms: nothing that was not
//! signed comes in, and what was signed is never turned away for its proof.

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use cutover::format::{Document, Format};
use cutover::ingress::{CloudDoor, Doors, Ingress, Next, OnPremisesDoor, Policy, router};
use cutover::pass_through::PassThrough;
use cutover::routing::Routes;
use cutover::secret::Secret;
use cutover::watch::{Watch, Witness};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use std::sync::Arc;
use tower::ServiceExt;

const OLD: &str = "old-app-secret";
const NEW: &str = "new-app-secret";
const TURN: &str = "turn-secret";

#[derive(Debug, Arbitrary)]
struct Webhook<'a> {
    address: Address,
    proof: Proof<'a>,
    body: &'a [u8],
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Address {
    Either,
    Cloud,
    OnPremises,
}

#[derive(Debug, Arbitrary)]
enum Proof<'a> {
    /// Headers as they come.
    Offered(Vec<(Header, &'a [u8])>, &'a str),
    /// Meta's signature by one of the two secrets.
    Meta { old: bool, upper: bool },
    /// The same with one bit turned.
    Bent { bit: u8 },
    /// Turn.io's signature.
    Turn,
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Header {
    Meta,
    Turn,
    Authorization,
}

impl Header {
    fn name(self) -> &'static str {
        match self {
            Header::Meta => "x-hub-signature-256",
            Header::Turn => "x-turn-hook-signature",
            Header::Authorization => "authorization",
        }
    }
}

fuzz_target!(|webhook: Webhook<'_>| {
    let status = answer(&webhook);
    let format = Document::read(webhook.body, None).ok().map(|document| document.format());
    match (&webhook.proof, webhook.address) {
        (Proof::Offered(..) | Proof::Bent { .. }, _) => assert_eq!(status, StatusCode::UNAUTHORIZED),
        (Proof::Meta { .. }, Address::OnPremises) | (Proof::Turn, Address::Cloud) => {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "a proof of the other platform");
        }
        (Proof::Meta { .. }, _) => assert_eq!(status, expected(format, Format::Cloud)),
        (Proof::Turn, _) => assert_eq!(status, expected(format, Format::OnPremises)),
    }
});

/// A proof for `proven` carries no body of another format in.
fn expected(found: Option<Format>, proven: Format) -> StatusCode {
    match found {
        Some(format) if format == proven => StatusCode::OK,
        Some(Format::Cloud | Format::OnPremises) => StatusCode::UNAUTHORIZED,
        Some(Format::Normalized) | None => StatusCode::BAD_REQUEST,
    }
}

fn answer(webhook: &Webhook<'_>) -> StatusCode {
    let path = match webhook.address {
        Address::Either => "/webhooks",
        Address::Cloud => "/webhooks/cloud",
        Address::OnPremises => "/webhooks/onprem",
    };
    let mut request = Request::post(path).body(Body::from(webhook.body.to_vec())).expect("a request");
    for (name, value) in headers(&webhook.proof, webhook.body) {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            request.headers_mut().append(name, value);
        }
    }
    if let Proof::Offered(_, query) = &webhook.proof
        && let Ok(uri) = format!("{path}?{query}").parse()
    {
        *request.uri_mut() = uri;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(router(ingress()).oneshot(request)).expect("an answer").status()
}

fn headers(proof: &Proof<'_>, body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let meta = |mac: &[u8]| vec![(Header::Meta.name(), format!("sha256={}", HEXLOWER.encode(mac)).into_bytes())];
    match proof {
        Proof::Offered(headers, _) => headers.iter().map(|(header, value)| (header.name(), value.to_vec())).collect(),
        Proof::Meta { old, upper } => {
            let mut headers = meta(&mac(if *old { OLD } else { NEW }, body));
            if *upper {
                headers[0].1["sha256=".len()..].make_ascii_uppercase();
            }
            headers
        }
        Proof::Bent { bit } => {
            let mut mac = mac(NEW, body);
            mac[usize::from(bit / 8) % 32] ^= 1 << (bit % 8);
            meta(&mac)
        }
        Proof::Turn => vec![(Header::Turn.name(), BASE64.encode(&mac(TURN, body)).into_bytes())],
    }
}

fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.chain_update(body).finalize().into_bytes().to_vec()
}

/// Nobody receives: what comes in is answered 200.
fn ingress() -> Arc<Ingress> {
    let secret = |text: &str| Some(Secret::new(text.to_owned()));
    let cloud = CloudDoor {
        verify_token: None,
        app_secrets: [secret(OLD), secret(NEW)].into_iter().flatten().collect(),
        authorization: secret("Bearer of-the-cloud-provider"),
        open: false,
    };
    let on_premises = OnPremisesDoor {
        authorization: secret("Bearer of-the-client"),
        turn_secret: secret(TURN),
        url_secret: secret("of-the-url"),
        open: false,
    };
    let routes = Arc::new(Routes::new(Vec::new(), 0));
    let next = Next::PassThrough(PassThrough::new(Vec::new()));
    let witness = Witness::new(Arc::new(Watch::new(0, &[])));
    Arc::new(Ingress::new(Policy { doors: Doors { cloud, on_premises }, routes, next }, 1 << 20, witness))
}
