//! The route table. A route is registered with its policy or not at all: [`Route`] has no other
//! constructor, and `mount` puts the policy's check in front of every handler.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::Http;
use super::anthropic;
use super::audit;
use super::auth::{self, Scope};
use super::crm;
use super::former;
use super::openai::{ApiError, absent, cors};
use super::problem::Problem;
use super::rerank;
use super::voice;

/// Longest bare refusal, in bytes.
const BARE_LIMIT: usize = 16 << 10;

/// Who may call a route. A command of this installation has every scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Everybody.
    Public,
    /// Everybody, but a browser only from pages that may show the widget. A handler that needs to know the
    /// visitor extracts a `Guest`.
    Visitor,
    /// A key with this scope, or a signed-in user.
    Scope(Scope),
    /// A key with any of these scopes, or a signed-in user.
    AnyOf(&'static [Scope]),
    /// A key with any of these scopes, or a command; never a browser with its cookie.
    Program(&'static [Scope]),
    /// Somebody who is signed in, whatever their role; never a key.
    Person,
    /// A process on the same machine, or else a key with this scope.
    LoopbackOr(Scope),
    /// A key with the scope `audio` or `chat`, or a client secret; both also as a WebSocket's subprotocol.
    Realtime,
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// One method of one path, with the policy that guards it.
pub struct Route {
    method: Method,
    path: &'static str,
    policy: Policy,
    handler: MethodRouter<Http>,
}

impl Route {
    pub fn new<H, T>(method: Method, path: &'static str, policy: Policy, handler: H) -> Self
    where
        H: Handler<T, Http>,
        T: 'static,
    {
        // From here on all handlers have one type: axum's code around them is compiled once, not once for each.
        let handler: Arc<dyn Fn(Request, Http) -> Answer + Send + Sync> =
            Arc::new(move |request, http| Box::pin(handler.clone().call(request, http)));
        let handler = move |State(http): State<Http>, request: Request| handler(request, http);
        // Only HEAD, which `GET` brings along, and methods outside the standard have no filter.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self {
            method,
            path,
            policy,
            handler: on(filter, handler),
        }
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// A pattern such as `/api/v1/documents/{id}`.
    pub fn path(&self) -> &'static str {
        self.path
    }

    pub fn policy(&self) -> Policy {
        self.policy
    }
}

/// Writes a route table: `routes![(GET, "/healthz", Policy::Public, healthz), …]`.
macro_rules! routes {
    ($(($method:ident, $path:literal, $policy:expr, $handler:expr)),+ $(,)?) => {
        vec![$($crate::http::route::Route::new(
            axum::http::Method::$method, $path, $policy, $handler
        )),+]
    };
}
pub(super) use routes;

/// Builds the router of a table, with each handler behind its policy. Unknown methods are refused in the
/// right envelope.
pub(super) fn mount(http: &Http, routes: Vec<Route>) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<Http>> = BTreeMap::new();
    for route in routes {
        let guard = middleware::from_fn_with_state((http.clone(), route.policy), enforce);
        let handler = route.handler.layer(guard);
        let merged = paths.remove(route.path).unwrap_or_default().merge(handler);
        paths.insert(route.path, merged);
    }
    paths
        .into_iter()
        .fold(Router::new(), |router, (path, handlers)| {
            let router = match former::of(path) {
                Some(former) => {
                    let handlers = handlers.clone().layer(middleware::from_fn(former::answer));
                    router.route(&former, handlers)
                }
                None => router,
            };
            router.route(path, handlers)
        })
        .method_not_allowed_fallback(method_not_allowed)
        // Handlers limit the body where they read it, because JSON, a file and a recording differ in size.
        .layer(DefaultBodyLimit::disable())
        .with_state(http.clone())
}

/// Runs the handler if the policy allows it, with the [`auth::Principal`] as an extension of the request.
async fn enforce(
    State((http, policy)): State<(Http, Policy)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let response = match policy {
        Policy::Visitor => voice::origin::enforce(&http, request, next).await,
        _ => serve_authorized(&http, policy, request, next).await,
    };
    explain(&path, response).await
}

async fn serve_authorized(http: &Http, policy: Policy, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let (mut parts, body) = request.into_parts();
    let origins = &http.app.config.http_origins;
    // Prepared before the handler takes `parts`; refusals need the CORS headers too.
    let add_cors = is_v1(&path).then(|| cors::prepare_headers(&parts.headers, &parts.uri, origins));
    let response = match auth::authorize(&http.app, policy, &mut parts).await {
        Ok(()) => {
            let principal = parts.extensions.get::<auth::Principal>().cloned();
            let noting = audit::begin(&parts)
                .zip(principal.clone())
                .map(|(begun, by)| begun.by(&http.app, by));
            let response = next.run(Request::from_parts(parts, body)).await;
            if let Some(noting) = noting {
                noting.end(response.status(), &http.noted).await;
            }
            match principal {
                Some(by) => auth::cut_at(response, auth::outlived(by, Arc::clone(&http.app))),
                None => response,
            }
        }
        Err(problem) => in_envelope_of(&path, problem),
    };
    match add_cors {
        Some(add_cors) => add_cors(response),
        None => response,
    }
}

/// Gives a bare refusal, as the extractors of queries, paths and forms make it, the envelope of the API that `path` belongs
/// to. Its headers stay.
async fn explain(path: &str, response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_bare = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_api = path.starts_with("/api/") || path == "/mcp" || is_v1(path);
    if !status.is_client_error() || !is_bare || !is_api {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::NOT_ACCEPTABLE => "not_acceptable",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        _ => "invalid_request",
    };
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, BARE_LIMIT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let text = match text.trim() {
        "" => status
            .canonical_reason()
            .unwrap_or("the request was refused"),
        text => text,
    };
    let (told, body) = in_envelope_of(path, Problem::new(status, code, text)).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    for (name, value) in &told.headers {
        parts.headers.insert(name.clone(), value.clone());
    }
    Response::from_parts(parts, body)
}

fn is_v1(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/") || path == rerank::PATH_V2
}

/// The problem in the envelope of the API that `path` belongs to.
pub(super) fn in_envelope_of(path: &str, problem: Problem) -> Response {
    if anthropic::is_path(path) {
        anthropic::error(&problem)
    } else if is_v1(path) {
        ApiError::from(problem).into_response()
    } else {
        problem.into_response()
    }
}

/// A page for browsers, JSON for programs.
pub(super) fn not_found(origins: &str, uri: &Uri, headers: &HeaderMap) -> Response {
    let api = ["/api/", "/v1/"]
        .iter()
        .any(|start| uri.path().starts_with(start));
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|a| a.to_str().ok())
        .unwrap_or("");
    if !api && accept.contains("text/html") {
        let detail = "there is no such page; the address may be mistyped or the page was moved";
        let problem = Problem::new(StatusCode::NOT_FOUND, "not_found", detail);
        return super::console::error_page(&problem);
    }
    let problem = match absent::find(uri.path()) {
        Some(why) => Problem::new(StatusCode::NOT_FOUND, "not_supported", why),
        None => Problem::nothing(format!(
            "there is nothing at {}; /openapi.json lists what there is",
            uri.path()
        )),
    };
    let response = in_envelope_of(uri.path(), problem);
    match is_v1(uri.path()) {
        // Pages of other origins may read why.
        true => cors::prepare_headers(headers, uri, origins)(response),
        false => response,
    }
}

/// For a known path with another method; the router adds the `Allow` header.
async fn method_not_allowed(
    State(http): State<Http>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method == Method::OPTIONS && voice::is_public(uri.path()) {
        return voice::origin::preflight(&http, &headers, &uri).await;
    }
    if method == Method::OPTIONS && crm::widget::is_widget(uri.path()) {
        return crm::widget::preflight(&http, &headers).await;
    }
    if method == Method::OPTIONS && is_v1(uri.path()) {
        return cors::preflight(&headers, &uri, &http.app.config.http_origins);
    }
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!(
        "{method} is not a method of {}; see the Allow header",
        uri.path()
    );
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    in_envelope_of(uri.path(), problem)
}
