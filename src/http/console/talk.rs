//! `GET /talk`: the widget as a page of its own, for visitors without a website around it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::super::auth::DEFAULT_WORKSPACE;
use super::super::problem::Problem;
use super::super::voice::files;
use super::super::voice::settings::WidgetSettings;
use super::view;
use super::{Failure, pages};
use crate::app::App;
use crate::store::workspaces;

/// Which front desk.
#[derive(Deserialize)]
pub(super) struct Which {
    /// Short name of the workspace.
    w: Option<String>,
}

/// `GET /talk`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let name = which.w.unwrap_or_else(|| DEFAULT_WORKSPACE.to_owned());
    let found = app.store.read(move |conn| {
        let Some(workspace) = workspaces::find_by_name(conn, &name)? else {
            return Ok(None);
        };
        let settings = WidgetSettings::in_force(conn, workspace.id)?;
        Ok(Some((workspace, settings)))
    });
    let (workspace, settings) = found
        .await?
        .ok_or_else(|| Problem::not_found("front desk"))?;
    let page = pages::Talk {
        business: workspace.title,
        workspace: workspace.name,
        open: settings.enabled,
        widget: files::widget_path(),
    };
    let mut response = view::page(StatusCode::OK, &page);
    let out = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy(&headers)) {
        out.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    out.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("microphone=(self), camera=(), geolocation=()"),
    );
    Ok(response)
}

/// The policy of the console's pages, and sockets to this server: not every browser counts those as `'self'`.
fn policy(headers: &HeaderMap) -> String {
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
         frame-ancestors 'none'; base-uri 'none'"
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
            policy(&headers)
        };
        assert!(
            of("desk.example:8080")
                .contains("connect-src 'self' ws://desk.example:8080 wss://desk.example:8080;")
        );
        assert!(of("a; script-src *").contains("connect-src 'self';"));
    }
}
