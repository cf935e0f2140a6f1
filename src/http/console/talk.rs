//! `GET /talk`: the widget as a page of its own, for a business without a website.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::guard::Visitor;
use super::view;
use super::{Failure, pages, widget_pages};
use crate::app::App;
use crate::http::auth::origin::is_this_machine;
use crate::http::now_ms;
use crate::http::voice::{Which, files};

/// `GET /talk?s=KEY`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
    visitor: Visitor,
    parts: Parts,
) -> Result<Response, Failure> {
    respond(&app, which, visitor, &parts, false).await
}

/// `GET /talk/KEY`
pub(super) async fn show_for(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    visitor: Visitor,
    parts: Parts,
) -> Result<Response, Failure> {
    respond(&app, Which::site(key), visitor, &parts, false).await
}

/// `GET /talk/KEY/frame`: for a frame in a page of the websites that may show the widget.
pub(super) async fn show_framed(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    visitor: Visitor,
    parts: Parts,
) -> Result<Response, Failure> {
    respond(&app, Which::site(key), visitor, &parts, true).await
}

async fn respond(
    app: &App,
    which: Which,
    visitor: Visitor,
    parts: &Parts,
    framed: bool,
) -> Result<Response, Failure> {
    let at_machine = is_this_machine(parts);
    let keyless = which.site.is_none() && which.workspace.is_none();
    let own = match visitor {
        Visitor::SignedIn(person) => Some(person.workspace.site_key),
        Visitor::Unknown | Visitor::NotSetUp => None,
    };
    if let (true, Some(key)) = (keyless, &own) {
        return Ok(Redirect::to(&format!("/talk?s={key}")).into_response());
    }
    let found = app
        .store
        .read(move |conn| which.find(conn, now_ms(), at_machine));
    let Some((workspace, settings)) = found.await? else {
        return Ok(view::page(StatusCode::NOT_FOUND, &nobody()));
    };
    let ancestors = match framed {
        true => settings.framing(),
        false => "'none'".to_owned(),
    };
    let page = widget_pages::Talk {
        business: workspace.title,
        own: own.as_ref() == Some(&workspace.site_key),
        site: workspace.site_key,
        open: settings.enabled,
        widget: files::widget_path(),
    };
    let mut response = view::page(StatusCode::OK, &page);
    let out = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy(&parts.headers, &ancestors)) {
        out.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    out.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("microphone=(self), camera=(), geolocation=()"),
    );
    Ok(response)
}

fn nobody() -> pages::ErrorPage {
    pages::ErrorPage {
        status: StatusCode::NOT_FOUND.as_u16(),
        heading: "Which front desk?",
        detail:
            "This address does not lead to one, or no longer does. Please ask the business for its \
                 current address; its owner finds it in the console, on the page \"Widget\"."
                .into(),
    }
}

/// The console's policy plus sockets to this server, which some browsers do not count as `'self'`. Browsers heed
/// `frame-ancestors` and then no `X-Frame-Options`.
fn policy(headers: &HeaderMap, ancestors: &str) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            let plain = |c: char| c.is_ascii_alphanumeric() || ".:-[]".contains(c);
            !host.is_empty() && host.chars().all(plain)
        });
    let sockets = host.map_or(String::new(), |host| format!(" ws://{host} wss://{host}"));
    format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{sockets}; font-src 'self'; form-action 'self'; \
         frame-ancestors {ancestors}; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_host_enters_the_policy() {
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            policy(&headers, "'none'")
        };
        assert!(
            of("desk.example:8080")
                .contains("connect-src 'self' ws://desk.example:8080 wss://desk.example:8080;")
        );
        assert!(of("a; script-src *").contains("connect-src 'self';"));
    }
}
