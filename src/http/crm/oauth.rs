//! The end of a round trip: the browser comes back from Kommo, or Kommo calls by itself after an install.

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::crm::CrmError;
use crate::crm::kommo::{Callback, NewSecret};
use crate::http::Http;
use crate::http::body::read_bytes;
use crate::http::problem::Problem;

/// Longest body with the secret of an app, in bytes.
const SECRET_LIMIT: usize = 16 << 10;

/// `GET /crm/kommo/return`: people come to the page CRM, with what was done or what went wrong. Kommo itself, after an install,
/// ignores the answer.
pub(super) async fn finish(State(http): State<Http>, Query(callback): Query<Callback>) -> Response {
    match http.app.finish_kommo(&callback).await {
        Ok(connected) if connected.by_install => StatusCode::NO_CONTENT.into_response(),
        Ok(connected) => {
            let id = connected.account.id;
            Redirect::to(&format!("/crm/accounts/{id}?connected=1")).into_response()
        }
        Err(error) => {
            let problem = Problem::from(error);
            tracing::warn!(
                code = problem.code,
                "an account of Kommo could not be connected"
            );
            crate::http::console::error_page(&problem)
        }
    }
}

/// `POST /crm/kommo/secrets`: id and secret of an app that Kommo made. The answer has to be exactly 200.
pub(super) async fn secrets(
    State(http): State<Http>,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let body = read_bytes(request, SECRET_LIMIT).await?;
    let unread = || CrmError::Input("the body has no client_id, client_secret and state".into());
    let secret = match is_form {
        true => read_form(&body).ok_or_else(unread)?,
        false => serde_json::from_slice(&body).map_err(|_| unread())?,
    };
    http.app.kommo.take_secret(secret).await?;
    Ok(StatusCode::OK)
}

fn read_form(body: &[u8]) -> Option<NewSecret> {
    let mut secret = NewSecret {
        client_id: String::new(),
        client_secret: String::new(),
        state: String::new(),
    };
    for (name, value) in form_urlencoded::parse(body) {
        match &*name {
            "client_id" => secret.client_id = value.into_owned(),
            "client_secret" => secret.client_secret = value.into_owned(),
            "state" => secret.state = value.into_owned(),
            _ => {}
        }
    }
    let filled = ![&secret.client_id, &secret.client_secret, &secret.state]
        .iter()
        .any(|text| text.is_empty());
    filled.then_some(secret)
}
