//! Which pages a browser may call from, and what it is told about it.
//!
//! A request without an `Origin` comes from no page of another site that could read the answer, or from a
//! program; both need the visitor's token for all that matters. No answer allows credentials.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::auth::origin::is_same_origin;
use super::super::problem::Problem;
use super::super::{Http, auth};
use super::Guest;
use super::settings::WidgetSettings;
use crate::app::App;
use crate::store::{StoreError, workspaces};

/// Seconds that a browser may keep what a preflight said.
const PREFLIGHT_KEPT: &str = "600";

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum Site {
    /// A page of this server, or no page at all.
    Here,
    /// A page of this origin.
    Other(String),
}

impl Site {
    /// Reads it from the headers.
    pub(in crate::http) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        match headers.get(header::ORIGIN) {
            None => Self::Here,
            Some(_) if is_same_origin(headers, uri) => Self::Here,
            Some(origin) => Self::Other(String::from_utf8_lossy(origin.as_bytes()).into_owned()),
        }
    }

    /// Whether visitors of these settings may call from here.
    pub(in crate::http) fn may(&self, settings: &WidgetSettings) -> bool {
        match self {
            Self::Here => true,
            Self::Other(origin) => settings.allows(origin),
        }
    }

    /// The origin, if it is another one.
    pub(in crate::http) fn page(&self) -> Option<&str> {
        match self {
            Self::Here => None,
            Self::Other(origin) => Some(origin),
        }
    }
}

/// The answer to a page that the widget may not be on.
pub(in crate::http) fn refusal(site: &Site) -> Problem {
    let detail = format!(
        "this front desk is not open to {}; its owner can add the website on the console's page \
         \"Widget\"",
        site.page().unwrap_or("this page")
    );
    Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail)
}

/// Whether any workspace may be visited from there. Which one it is, the handler finds out.
async fn is_known(app: &App, site: &Site) -> Result<bool, StoreError> {
    if *site == Site::Here {
        return Ok(true);
    }
    let site = site.clone();
    app.store
        .read(move |conn| {
            for workspace in workspaces::list(conn)? {
                let settings: WidgetSettings =
                    workspaces::section(conn, workspace.id, WidgetSettings::SECTION)?;
                if site.may(&settings) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
}

/// Serves pages that a widget may be on, and lets them read the answer.
pub(in crate::http) async fn enforce(http: &Http, request: Request, next: Next) -> Response {
    let site = Site::of(request.headers(), request.uri());
    match is_known(&http.app, &site).await {
        Ok(true) => {
            let (parts, body) = request.into_parts();
            let end = Guest::end_of_visit(http, &parts);
            let response = next.run(Request::from_parts(parts, body)).await;
            let response = match end {
                Some(end) => auth::cut_at(response, end),
                None => response,
            };
            readable(&site, response)
        }
        Ok(false) => refusal(&site).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What a browser asks before it sends JSON or a token from another page.
pub(in crate::http) async fn preflight(http: &Http, headers: &HeaderMap, uri: &Uri) -> Response {
    let site = Site::of(headers, uri);
    match is_known(&http.app, &site).await {
        Ok(true) => {
            let may = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
                (
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    "authorization, content-type",
                ),
                (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_KEPT),
            ];
            readable(&site, (StatusCode::NO_CONTENT, may).into_response())
        }
        Ok(false) => refusal(&site).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Lets the page read the answer, and nobody else who shares a cache with it.
fn readable(site: &Site, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(Ok(origin)) = site.page().map(HeaderValue::from_str) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after"),
        );
    }
    response
}
