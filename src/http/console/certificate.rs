//! The root of the private authority, and how devices learn to trust it. Anybody may have it: it is public.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::view::{self, filters};
use crate::certificates::{Certificates, Root};

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage<'a> {
    root: &'a Root,
    /// Address by HTTPS; empty: the page's own.
    address: &'a str,
}

/// The page and its files; nothing without a private authority. `address` is where HTTPS is served; empty: here.
pub(in crate::http) fn router(certificates: &Certificates, address: &str) -> Router {
    let Some(root) = certificates.root() else {
        return Router::new();
    };
    Router::new()
        .route("/certificate", get(show))
        .route("/certificate/frontdesk.crt", get(der))
        .route("/certificate/frontdesk.pem", get(pem))
        .layer(Extension(Arc::<str>::from(address)))
        .with_state(Arc::new(root.clone()))
}

async fn show(State(root): State<Arc<Root>>, Extension(address): Extension<Arc<str>>) -> Response {
    let page = CertificatePage {
        root: &root,
        address: &address,
    };
    view::page(StatusCode::OK, &page)
}

/// As phones and Windows take it. The type makes them offer to install it.
async fn der(State(root): State<Arc<Root>>) -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "application/x-x509-ca-cert");
    ([kind], root.der.clone())
}

/// As Linux takes it.
async fn pem(State(root): State<Arc<Root>>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"frontdesk.pem\"",
        ),
    ];
    (headers, root.pem.clone())
}
