//! Signatures over what we send, for consumers that check who sent it.

use crate::format::Format;
use crate::headers::{META_SIGNATURE, TURN_SIGNATURE, put};
use crate::secret::Secret;
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use hyper::header::HeaderName;
use sha2::Sha256;

/// The prefix of a Standard Webhooks secret; what follows is base64.
const STANDARD_SECRET: &str = "whsec_";

/// Adds the signature that a consumer of this format checks: Meta's for Cloud bodies, Turn.io's for
/// flat ones, Standard Webhooks for normalized events. `now` is seconds since 1970, `id` the delivery.
pub fn sign(headers: &mut HeaderMap, secret: &Secret, format: Format, body: &[u8], id: &str, now: u64) {
    match format {
        Format::Cloud => {
            let mac = HEXLOWER.encode(&hmac(secret.expose(), &[body]));
            put(headers, META_SIGNATURE, &format!("sha256={mac}"));
        }
        Format::OnPremises => put(headers, TURN_SIGNATURE, &BASE64.encode(&hmac(secret.expose(), &[body]))),
        Format::Normalized => {
            let now = now.to_string();
            let encoded = secret.expose_str().strip_prefix(STANDARD_SECRET);
            let decoded = encoded.and_then(|text| BASE64.decode(text.as_bytes()).ok());
            let key = decoded.as_deref().unwrap_or(secret.expose());
            let mac = hmac(key, &[id.as_bytes(), b".", now.as_bytes(), b".", body]);
            put(headers, HeaderName::from_static("webhook-id"), id);
            put(headers, HeaderName::from_static("webhook-timestamp"), &now);
            put(headers, HeaderName::from_static("webhook-signature"), &format!("v1,{}", BASE64.encode(&mac)));
        }
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of every length, so there is always a MAC.
    let Ok(hmac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    parts.iter().fold(hmac, |hmac, part| hmac.chain_update(part)).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(secret: &str, format: Format, body: &[u8], id: &str, now: u64, name: &str) -> String {
        let mut headers = HeaderMap::new();
        sign(&mut headers, &Secret::new(secret.to_owned()), format, body, id, now);
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    #[test]
    fn published_vectors() {
        // RFC 4231, test case 2.
        assert_eq!(
            header("Jefe", Format::Cloud, b"what do ya want for nothing?", "", 0, "x-hub-signature-256"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        // The example of the Standard Webhooks specification.
        assert_eq!(
            header(
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                Format::Normalized,
                br#"{"test": 2432232314}"#,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                "webhook-signature"
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
