//! Signatures as a platform makes them and as a consumer checks them, computed here from the
//! definition of HMAC (RFC 2104) and not with the code under test.

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

const BLOCK: usize = 64;

/// HMAC-SHA256.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; BLOCK];
    let hashed = Sha256::digest(key);
    let key = if key.len() > BLOCK { hashed.as_slice() } else { key };
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// The value of Meta's `X-Hub-Signature-256`.
pub(crate) fn meta(secret: &str, body: impl AsRef<[u8]>) -> String {
    format!("sha256={}", HEXLOWER.encode(&hmac(secret.as_bytes(), body.as_ref())))
}

/// The value of Turn.io's `X-Turn-Hook-Signature`.
pub(crate) fn turn(secret: &str, body: impl AsRef<[u8]>) -> String {
    BASE64.encode(&hmac(secret.as_bytes(), body.as_ref()))
}

/// The value of `webhook-signature` by Standard Webhooks.
pub(crate) fn standard(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1,{}", BASE64.encode(&hmac(key, &signed)))
}

/// RFC 4231, test case 2.
#[test]
fn the_published_vector() {
    let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(meta("Jefe", "what do ya want for nothing?"), expected);
}
