//! The subscription handshake: Meta asks with a GET whether this URL is ours.

use super::Rejection;
use crate::secret::Secret;

/// The challenge to answer with, if the question is right.
pub(super) fn answer(query: Option<&str>, verify_token: Option<&Secret>) -> Result<String, Rejection> {
    let query = query.unwrap_or_default();
    let token = parameter(query, "hub.verify_token").unwrap_or_default();
    let right = parameter(query, "hub.mode").is_some_and(|mode| mode == "subscribe")
        && verify_token.is_some_and(|secret| secret.matches(token.as_bytes()));
    parameter(query, "hub.challenge").filter(|_| right).ok_or(Rejection::Handshake)
}

/// A parameter of a query string, decoded.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_question_is_answered_with_its_challenge() {
        let secret = Secret::new("tok en+ö".to_owned());
        let ask = |query: &str| answer(Some(query), Some(&secret));
        let right = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=tok%20en%2B%C3%B6";
        assert_eq!(ask(right).as_deref(), Ok("1158201444"));
        assert_eq!(ask(&right.replace("subscribe", "unsubscribe")), Err(Rejection::Handshake));
        assert_eq!(ask(&right.replace("tok", "tik")), Err(Rejection::Handshake));
        assert_eq!(ask("hub.mode=subscribe&hub.verify_token=tok+en%2B%C3%B6"), Err(Rejection::Handshake));
        assert_eq!(answer(Some(right), None), Err(Rejection::Handshake));
        assert_eq!(answer(None, Some(&secret)), Err(Rejection::Handshake));
    }
}
