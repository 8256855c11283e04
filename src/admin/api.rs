//! `/api`: letters and redelivery, as JSON.

use super::Admin;
use crate::letters::{Desk, Redelivery, Refused};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

type Shared = State<Arc<Admin>>;

/// What is asked for of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    #[serde(default)]
    waiting: bool,
    after: Option<String>,
}

/// How a letter is to be shown.
#[derive(Debug, Deserialize)]
pub(super) struct Look {
    /// With pseudonyms for whatever is personal.
    #[serde(default)]
    masked: bool,
}

pub(super) async fn list(State(admin): Shared, Query(listed): Query<Listed>) -> Result<Response, Answer> {
    Ok(ok(&desk(&admin)?.list(listed.waiting, listed.after.as_deref()).await?))
}

pub(super) async fn show(
    State(admin): Shared,
    Path(id): Path<String>,
    Query(look): Query<Look>,
) -> Result<Response, Answer> {
    let shown = desk(&admin)?.show(&id).await?;
    Ok(ok(&if look.masked { shown.masked(&admin.redactor) } else { shown }))
}

pub(super) async fn drop_letter(State(admin): Shared, Path(id): Path<String>) -> Result<Response, Answer> {
    desk(&admin)?.drop_letter(&id).await?;
    Ok(ok(&json!({"dropped": id})))
}

pub(super) async fn bury(State(admin): Shared, Path(id): Path<String>) -> Result<Response, Answer> {
    desk(&admin)?.bury(&id).await?;
    Ok(ok(&json!({"buried": id})))
}

pub(super) async fn redeliver(State(admin): Shared, body: Bytes) -> Result<Response, Answer> {
    let what: Redelivery = serde_json::from_slice(&body).map_err(|_| {
        Answer::Refused(Refused::Wrong(
            "write {\"ids\": [...]}, {\"all\": true} or {\"consumer\": \"crm\", \"since\": \"2h\"}".to_owned(),
        ))
    })?;
    Ok(ok(&desk(&admin)?.redeliver(&what).await?))
}

fn desk(admin: &Admin) -> Result<Desk, Answer> {
    admin.desk().ok_or(Answer::NoJournal)
}

pub(super) fn ok(body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Why there is nothing to show.
pub(super) enum Answer {
    NoJournal,
    Refused(Refused),
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Answer::Refused(refused)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Answer::NoJournal => (StatusCode::NOT_FOUND, "nothing is kept with journal.backend = \"none\"".to_owned()),
            Answer::Refused(refused) => {
                let status = match refused {
                    Refused::Wrong(_) => StatusCode::BAD_REQUEST,
                    Refused::Missing(_) => StatusCode::NOT_FOUND,
                    Refused::Trouble(_) => StatusCode::SERVICE_UNAVAILABLE,
                };
                (status, refused.to_string())
            }
        };
        let mut response = (status, format!("{text}\n")).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, 5.into());
        }
        response
    }
}
