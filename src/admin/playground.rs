//! `/api/translate`: a payload in the other formats, with every loss. Nothing of it is stored, logged or
//! counted.

use super::Admin;
use super::api::ok;
use crate::format::{Document, Format, Unreadable};
use crate::json;
use crate::translate::{Loss, Rules, translate_document};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// The largest payload; the page says it as well.
pub(super) const LARGEST: usize = 4 << 20;

/// A payload and what becomes of it. JSON stands in it as text, so that numbers stay as they were written.
#[derive(Debug, Serialize)]
struct Translated {
    source: &'static str,
    targets: Vec<Target>,
}

#[derive(Debug, Serialize)]
struct Target {
    to: &'static str,
    bodies: Vec<String>,
    losses: Vec<Lost>,
}

#[derive(Debug, Serialize)]
struct Lost {
    path: String,
    code: &'static str,
    expected: bool,
    value: String,
}

pub(super) async fn translate(State(admin): State<Arc<Admin>>, body: Bytes) -> Response {
    let routes = admin.access().routes;
    match translated(&body, Rules { number: routes.only_number(), ..Rules::default() }) {
        Ok(translated) => ok(&translated),
        Err(reason) => (StatusCode::BAD_REQUEST, format!("this cannot be translated: {reason}\n")).into_response(),
    }
}

fn translated(body: &[u8], rules: Rules<'_>) -> Result<Translated, Unreadable> {
    let document = Document::read(body, None)?;
    let source = document.format();
    let others = [Format::OnPremises, Format::Cloud, Format::Normalized].into_iter().filter(|to| *to != source);
    let target = |to: Format| {
        let translation = translate_document(document.clone(), to, rules);
        Target {
            to: to.label(),
            bodies: translation.bodies.iter().map(|body| json::compact(body)).collect(),
            losses: translation.losses.iter().map(lost).collect(),
        }
    };
    Ok(Translated { source: source.label(), targets: others.map(target).collect() })
}

fn lost(loss: &Loss<'_>) -> Lost {
    // A path is written as it stands inside a JSON string.
    let path = serde_json::from_str(&format!("\"{}\"", loss.path)).unwrap_or_else(|_| loss.path.clone());
    Lost {
        path,
        code: loss.code.label(),
        expected: loss.code.is_expected(),
        value: json::compact(&loss.value.to_json()),
    }
}
