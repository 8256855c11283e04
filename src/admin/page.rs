//! The status page's files: a closed list, built in. They hold no data, so whoever reaches the
//! listener may have them; what they then ask for is guarded.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// Nothing but what this server sends is loaded, run or asked, and no other page may frame it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";
const JSON: &str = "application/json";

/// A file: where it is asked for, its media type, what is in it.
type File = (&'static str, &'static str, &'static str);

const FILES: &[File] = &[
    ("/", HTML, include_str!("page/index.html")),
    ("/api/openapi.json", JSON, include_str!("openapi.json")),
    ("/assets/api.js", SCRIPT, include_str!("page/api.js")),
    ("/assets/chart.js", SCRIPT, include_str!("page/chart.js")),
    ("/assets/consumers.js", SCRIPT, include_str!("page/consumers.js")),
    ("/assets/gate.js", SCRIPT, include_str!("page/gate.js")),
    ("/assets/icon.svg", IMAGE, include_str!("page/icon.svg")),
    ("/assets/json.js", SCRIPT, include_str!("page/json.js")),
    ("/assets/letters.js", SCRIPT, include_str!("page/letters.js")),
    ("/assets/losses.js", SCRIPT, include_str!("page/losses.js")),
    ("/assets/numbers.js", SCRIPT, include_str!("page/numbers.js")),
    ("/assets/page.js", SCRIPT, include_str!("page/page.js")),
    ("/assets/playground.js", SCRIPT, include_str!("page/playground.js")),
    ("/assets/stream.js", SCRIPT, include_str!("page/stream.js")),
    ("/assets/style.css", STYLE, include_str!("page/style.css")),
    ("/assets/table.js", SCRIPT, include_str!("page/table.js")),
    ("/assets/tabs.js", SCRIPT, include_str!("page/tabs.js")),
    ("/assets/time.js", SCRIPT, include_str!("page/time.js")),
    ("/assets/tree.js", SCRIPT, include_str!("page/tree.js")),
    ("/assets/verdict.js", SCRIPT, include_str!("page/verdict.js")),
    ("/assets/words.js", SCRIPT, include_str!("page/words.js")),
];

/// The routes of the page.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, (path, media_type, text)| {
        let digest = Sha256::digest(text);
        let tag = format!("\"{}\"", BASE64URL_NOPAD.encode(digest.as_slice()));
        router.route(path, get(move |headers: HeaderMap| async move { serve(&headers, &tag, media_type, text) }))
    })
}

fn serve(asked: &HeaderMap, tag: &str, media_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let known = asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, headers, [(ETAG, tag)]).into_response();
    }
    (headers, [(ETAG, tag), (CONTENT_TYPE, media_type)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use tower::ServiceExt;

    fn answer(path: &str, tag: &str) -> Response {
        let request = Request::get(path).header(IF_NONE_MATCH, tag).body(Body::empty()).expect("a request");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(router::<()>().oneshot(request)).expect("an answer")
    }

    #[test]
    fn every_file_of_the_folder_is_served_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/page");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let there: BTreeSet<String> =
            fs::read_dir(folder).expect("the folder").map(|entry| name(entry.expect("an entry"))).collect();
        let named = |(path, _, _): &File| match *path {
            "/" => Some("index.html".to_owned()),
            path => path.strip_prefix("/assets/").map(str::to_owned),
        };
        assert_eq!(FILES.iter().filter_map(named).collect::<BTreeSet<_>>(), there);
    }

    #[test]
    fn every_module_that_is_imported_is_served() {
        for (path, _, text) in FILES.iter().filter(|(_, media_type, _)| *media_type == SCRIPT) {
            for (_, rest) in text.match_indices(" from \"./").map(|(at, found)| text.split_at(at + found.len())) {
                let module = rest.split('"').next().unwrap_or_default();
                let served = format!("/assets/{module}");
                assert!(FILES.iter().any(|(path, _, _)| *path == served), "{path} imports {module}");
            }
        }
    }

    #[test]
    fn a_browser_that_has_it_already_is_not_sent_it_again() {
        let first = answer("/", "\"another\"");
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers().get(CONTENT_SECURITY_POLICY), Some(&POLICY));
        let tag = first.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).expect("a tag");
        assert_eq!(answer("/", &format!("\"x\", W/{tag}")).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("/assets/else.js", tag).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn nothing_is_written_inline_or_fetched_from_elsewhere() {
        for (path, media_type, text) in FILES.iter().filter(|(_, media_type, _)| *media_type != JSON) {
            for forbidden in ["innerHTML", "style=\"", "onclick=\"", "<style", "eval("] {
                assert!(!text.contains(forbidden), "{path} ({media_type}) has {forbidden}");
            }
            let outside = |text: &str| text.contains("src=\"http") || text.contains("href=\"http");
            assert!(!outside(text), "{path} fetches from elsewhere");
        }
    }
}
