//! Who may ask for more than the probes. With a token, whoever shows it. Without one we are on
//! loopback, and then a page in somebody's browser must not be able to ask in his name: not by
//! another site's script, nor by a name that was made to point here.

use super::Admin;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Lets in who shows the token, where there is one.
pub(super) async fn token(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let offered = request.headers().get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    match admin.access().token {
        Some(token) if !offered.is_some_and(|offered| token.matches(offered)) => {
            (StatusCode::UNAUTHORIZED, "send Authorization: Bearer with listen.admin_token\n").into_response()
        }
        _ => next.run(request).await,
    }
}

/// Lets nobody in who comes by another site, where there is no token.
pub(super) async fn own_site(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    if admin.access().token.is_none() && is_of_another_site(request.headers(), request.method()) {
        let told = "not from another site: use a loopback address, or set listen.admin_token\n";
        return (StatusCode::FORBIDDEN, told).into_response();
    }
    next.run(request).await
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn is_of_another_site(headers: &HeaderMap, method: &Method) -> bool {
    let host = text(headers, HOST.as_str());
    let named = host.is_some_and(|host| !is_loopback(host));
    let foreign = match text(headers, ORIGIN.as_str()) {
        None => false,
        Some(origin) => origin.split_once("://").map(|(_, origin)| origin) != host,
    };
    let cross = text(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    named || foreign || (cross && !method.is_safe())
}

/// Whether a `Host` is this machine by its nature, not by somebody's name server.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn foreign(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_of_another_site(&headers, &Method::POST)
    }

    #[test]
    fn pages_of_other_sites_are_told_apart() {
        for own in [
            [("host", "127.0.0.1:9090")].as_slice(),
            &[("host", "localhost:9090"), ("origin", "http://localhost:9090"), ("sec-fetch-site", "same-origin")],
            &[("host", "[::1]:9090")],
            &[],
        ] {
            assert!(!foreign(own), "{own:?}");
        }
        for other in [
            [("host", "rebound.example:9090")].as_slice(),
            &[("host", "127.0.0.1:9090"), ("origin", "http://evil.example")],
            &[("host", "127.0.0.1:9090"), ("origin", "null")],
            &[("host", "127.0.0.1:9090"), ("origin", "http://127.0.0.1:8080")],
            &[("host", "127.0.0.1:9090"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(foreign(other), "{other:?}");
        }
    }
}
