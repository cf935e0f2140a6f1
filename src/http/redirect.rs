//! What visitors who come without HTTPS get: they are sent on. An authority that checks a name gets its answer, and
//! devices the root of a private authority.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::address::host_name;
use super::console::{self, certificate};
use super::layers;
use crate::certificates::{Certificates, Name};

#[derive(Clone)]
struct Door {
    certificates: Certificates,
    /// Where HTTPS is served.
    port: u16,
}

/// Routes for the port without TLS, beside HTTPS on `port`.
pub fn redirects(certificates: Certificates, port: u16) -> Router {
    let door = Door {
        certificates: certificates.clone(),
        port,
    };
    let mut router = Router::new().route("/.well-known/acme-challenge/{token}", get(answer));
    if certificates.root().is_some() {
        // A browser that does not trust the root yet would only meet a warning there.
        router = router.route("/", get(introduce));
    }
    let mut router = router.fallback(send_on).with_state(door);
    if let (Some(name), Some(_)) = (certificates.names().first(), certificates.root()) {
        let page = certificate::router(&certificates, &origin(name, port));
        router = router.merge(page).merge(console::assets());
    }
    layers::wrap_plain(router)
}

/// RFC 8555, section 8.3.
async fn answer(State(door): State<Door>, Path(token): Path<String>) -> Response {
    match door.certificates.answer(&token) {
        Some(answer) => {
            let kind = (header::CONTENT_TYPE, "application/octet-stream");
            ([kind], answer).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// To the page that tells how a device trusts the root.
async fn introduce(State(door): State<Door>, request: Request) -> Response {
    match own_name(&door, &request) {
        Some(_) => axum::response::Redirect::temporary("/certificate").into_response(),
        None => not_ours(&door),
    }
}

/// The same place by HTTPS, if the visitor used one of our names: no other name is ever written into an answer.
async fn send_on(State(door): State<Door>, request: Request) -> Response {
    let Some(name) = own_name(&door, &request) else {
        return not_ours(&door);
    };
    let place = request.uri().path_and_query();
    let place = place.map_or("/", |place| place.as_str());
    let target = format!("{}{place}", origin(&name, door.port));
    match HeaderValue::from_str(&target) {
        Ok(target) => {
            let status = StatusCode::PERMANENT_REDIRECT;
            (status, [(header::LOCATION, target)]).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn own_name(door: &Door, request: &Request) -> Option<Name> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let name = Name::parse(host_name(host)).ok()?;
    door.certificates.names().contains(&name).then_some(name)
}

fn not_ours(door: &Door) -> Response {
    let names = door.certificates.names().iter();
    let names: Vec<String> = names.map(|name| origin(name, door.port)).collect();
    let told = format!("This front desk is at {}\n", names.join(" and "));
    (StatusCode::MISDIRECTED_REQUEST, told).into_response()
}

/// Such as `https://desk.example.com`; the port only if it is not the usual one.
pub fn origin(name: &Name, port: u16) -> String {
    match port {
        443 => format!("https://{}", name.in_url()),
        _ => format!("https://{}:{port}", name.in_url()),
    }
}
