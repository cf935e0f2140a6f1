//! Which pages a browser may call from (CORS).
//!
//! A request without an `Origin` comes from a program, from this server's own page, or from a page that cannot read the
//! answer. All need the visitor's token for anything that matters. No answer allows credentials.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Guest;
use super::settings::WidgetSettings;
use crate::app::App;
use crate::http::auth::origin::is_same_origin;
use crate::http::problem::Problem;
use crate::http::{Http, auth};
use crate::store::{StoreError, workspaces};

/// Seconds that a browser may cache a preflight.
const PREFLIGHT_KEPT: &str = "600";

/// The site that a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum Site {
    /// A page of this server, or no page at all.
    Here,
    /// A page of this other origin.
    Other(String),
}

impl Site {
    pub(in crate::http) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        match headers.get(header::ORIGIN) {
            None => Self::Here,
            Some(_) if is_same_origin(headers, uri) => Self::Here,
            Some(origin) => Self::Other(String::from_utf8_lossy(origin.as_bytes()).into_owned()),
        }
    }

    /// Whether the settings let visitors call from this site.
    pub(in crate::http) fn may(&self, settings: &WidgetSettings) -> bool {
        match self {
            Self::Here => true,
            Self::Other(origin) => settings.allows(origin),
        }
    }

    /// The other origin; `None` for [`Site::Here`].
    pub(in crate::http) fn page(&self) -> Option<&str> {
        match self {
            Self::Here => None,
            Self::Other(origin) => Some(origin),
        }
    }
}

/// For a page that may not show the widget.
pub(in crate::http) fn refusal(site: &Site) -> Problem {
    let detail = format!(
        "this front desk is not open to {}; its owner can add the website on the console's page \
         \"Widget\"",
        site.page().unwrap_or("this page")
    );
    Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail)
}

/// Whether any workspace may be visited from this site. The handler checks which one the request is for.
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

/// Serves only pages that may show a widget, and lets them read the answer.
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
            add_cors_headers(&site, response)
        }
        Ok(false) => refusal(&site).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Answers a browser that asks before it sends JSON or a token from another page.
pub(in crate::http) async fn preflight(http: &Http, headers: &HeaderMap, uri: &Uri) -> Response {
    let site = Site::of(headers, uri);
    match is_known(&http.app, &site).await {
        Ok(true) => {
            let may = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
                (
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    "authorization, content-type, last-event-id",
                ),
                (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_KEPT),
            ];
            add_cors_headers(&site, (StatusCode::NO_CONTENT, may).into_response())
        }
        Ok(false) => refusal(&site).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Lets the page read the answer. `Vary` keeps a shared cache from serving it to other origins.
fn add_cors_headers(site: &Site, mut response: Response) -> Response {
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
