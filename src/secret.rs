//! Values that must never be seen: not in a log, an error, an answer or a dump of the configuration.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use subtle::ConstantTimeEq;

/// A secret. It prints as `***` and is wiped from memory when it goes.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret over.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value.into())
    }

    /// Its bytes, for a MAC or a header.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Its text, for a header.
    #[must_use]
    pub fn expose_str(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `offered` is this secret, in time that depends on the length alone.
    #[must_use]
    pub fn matches(&self, offered: &[u8]) -> bool {
        self.expose().ct_eq(offered).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// A key that nobody knows; `None` where the system gives no random bytes.
#[must_use]
pub fn random_key() -> Option<[u8; 32]> {
    let mut key = [0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut key).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn compares_but_does_not_print() {
        let secret = Secret::new("s3cret".to_owned());
        assert!(secret.matches(b"s3cret"));
        assert!(!secret.matches(b"s3cres") && !secret.matches(b"s3cret ") && !secret.matches(b""));
        assert_eq!(format!("{secret:?}"), "***");
    }
}
