//! Who sent a body: checked over the raw bytes, before anything is parsed.
//!
//! A proof covers a format, not a request: a flat credential never carries a Cloud body in.

use super::Rejection;
use crate::format::{Document, Format, Unreadable};
use crate::headers::{META_SIGNATURE, TURN_SIGNATURE};
use crate::secret::Secret;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderName};
use sha2::Sha256;

/// What each platform proves itself with.
#[derive(Debug, Clone)]
pub struct Doors {
    /// The Cloud API.
    pub cloud: CloudDoor,
    /// On-Premises clients and providers that speak their format.
    pub on_premises: OnPremisesDoor,
}

/// `[cloud]`.
#[derive(Debug, Clone)]
pub struct CloudDoor {
    /// What the handshake must name.
    pub verify_token: Option<Secret>,
    /// App secrets; a signature by any of them will do.
    pub app_secrets: Vec<Secret>,
    /// The `Authorization` header of a provider that passes no signature on.
    pub authorization: Option<Secret>,
    /// Without any credential: whether bodies are taken all the same.
    pub open: bool,
}

/// `[onprem]`.
#[derive(Debug, Clone)]
pub struct OnPremisesDoor {
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
    /// The key of Turn.io's signature.
    pub turn_secret: Option<Secret>,
    /// `?secret=` of the URL.
    pub url_secret: Option<Secret>,
    /// Without any credential: whether bodies are taken all the same.
    pub open: bool,
}

/// Who can come in through a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Who proves himself.
    Guarded,
    /// Everybody.
    Open,
    /// Nobody.
    Closed,
}

impl Access {
    const fn of(has_credential: bool, open: bool) -> Self {
        match (has_credential, open) {
            (true, _) => Access::Guarded,
            (false, true) => Access::Open,
            (false, false) => Access::Closed,
        }
    }
}

impl CloudDoor {
    /// Who can come in.
    #[must_use]
    pub fn access(&self) -> Access {
        Access::of(!self.app_secrets.is_empty() || self.authorization.is_some(), self.open)
    }

    fn proven(&self, request: &Unverified<'_>) -> bool {
        let signature = || Some(request.header(META_SIGNATURE)?.strip_prefix("sha256=")?.as_bytes());
        let signed = |mac: Vec<u8>| self.app_secrets.iter().any(|secret| signs(secret, &request.body, &mac));
        self.access() == Access::Open
            || signature().and_then(|hex| HEXLOWER_PERMISSIVE.decode(hex).ok()).is_some_and(signed)
            || request.authorized(self.authorization.as_ref())
    }
}

impl OnPremisesDoor {
    /// Who can come in.
    #[must_use]
    pub fn access(&self) -> Access {
        let credentials = [&self.authorization, &self.turn_secret, &self.url_secret];
        Access::of(credentials.into_iter().any(Option::is_some), self.open)
    }

    fn proven(&self, request: &Unverified<'_>) -> bool {
        let turn = || BASE64.decode(request.header(TURN_SIGNATURE)?.as_bytes()).ok();
        self.access() == Access::Open
            || self
                .turn_secret
                .as_ref()
                .is_some_and(|secret| turn().is_some_and(|mac| signs(secret, &request.body, &mac)))
            || request.authorized(self.authorization.as_ref())
            || self
                .url_secret
                .as_ref()
                .is_some_and(|secret| request.url_secret().is_some_and(|own| secret.matches(own.as_bytes())))
    }
}

/// Whether `mac` is the HMAC-SHA256 of the body, compared in constant time.
fn signs(secret: &Secret, body: &[u8], mac: &[u8]) -> bool {
    // HMAC takes keys of every length.
    Hmac::<Sha256>::new_from_slice(secret.expose()).is_ok_and(|hmac| hmac.chain_update(body).verify_slice(mac).is_ok())
}

/// A request nobody has vouched for yet: its body can be proven, and nothing else.
pub(super) struct Unverified<'r> {
    headers: &'r HeaderMap,
    query: Option<&'r str>,
    body: Bytes,
}

/// A body whose sender proved to speak for at least one format.
#[derive(Debug)]
pub(super) struct Verified {
    body: Bytes,
    cloud: bool,
    on_premises: bool,
}

impl<'r> Unverified<'r> {
    pub(super) const fn new(headers: &'r HeaderMap, query: Option<&'r str>, body: Bytes) -> Self {
        Self { headers, query, body }
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn authorized(&self, expected: Option<&Secret>) -> bool {
        let offered = self.headers.get(AUTHORIZATION);
        expected.is_some_and(|secret| offered.is_some_and(|value| secret.matches(value.as_bytes())))
    }

    fn url_secret(&self) -> Option<String> {
        super::handshake::parameter(self.query?, "secret")
    }

    /// Checks every proof that is offered. `only` is the one format this door is for.
    pub(super) fn verify(self, doors: &Doors, only: Option<Format>) -> Result<Verified, Rejection> {
        let cloud = only != Some(Format::OnPremises) && doors.cloud.proven(&self);
        let on_premises = only != Some(Format::Cloud) && doors.on_premises.proven(&self);
        match cloud || on_premises {
            true => Ok(Verified { body: self.body, cloud, on_premises }),
            false => Err(Rejection::Unproven),
        }
    }
}

impl Verified {
    /// The body, read.
    pub(super) fn document(&self) -> Result<Document<'_>, Unreadable> {
        Document::read(&self.body, None)
    }

    /// The body as it came.
    pub(super) const fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Whether the proof covers a body of this format.
    pub(super) fn covers(&self, format: Format) -> bool {
        match format {
            Format::Cloud => self.cloud,
            Format::OnPremises => self.on_premises,
            Format::Normalized => false,
        }
    }
}
