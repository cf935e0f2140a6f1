//! The refusals that any caller may get, added to each operation.

use axum::http::Method;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};

use crate::http::route::{Policy, Route};

/// The media type of our problems (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Adds to each operation of our own API the refusals that any caller may get, as its route's policy has them, and says
/// that all of them are problems.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut Document) {
        for route in crate::http::routes() {
            let path = route.path().replace("{*", "{");
            let is_own = path.starts_with("/api/v1/");
            let item = document.paths.paths.get_mut(&path).filter(|_| is_own);
            if let Some(operation) = item.and_then(|item| find_operation(item, route.method())) {
                add_refusals(operation, &route);
            }
        }
    }
}

fn find_operation<'i>(item: &'i mut PathItem, method: &Method) -> Option<&'i mut Operation> {
    let found = match method.as_str() {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        "PATCH" => &mut item.patch,
        "DELETE" => &mut item.delete,
        _ => return None,
    };
    found.as_mut()
}

fn add_refusals(operation: &mut Operation, route: &Route) {
    let reads_body = operation.request_body.is_some();
    let takes_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    let is_guarded = !matches!(route.policy(), Policy::Public | Policy::Visitor);
    let refusals = [
        (
            "400",
            "The request makes no sense",
            reads_body || takes_parameters,
        ),
        ("401", "No credential that counts", is_guarded),
        ("403", "The credential is not for this", is_guarded),
        ("413", "The body is too large", reads_body),
        ("415", "The body is of another media type", reads_body),
    ];
    let responses = &mut operation.responses.responses;
    for (status, about, may) in refusals {
        if may && !responses.contains_key(status) {
            responses.insert(status.to_owned(), RefOr::T(describe_problem(about)));
        }
    }
    for (status, response) in responses {
        if status.starts_with(['4', '5'])
            && let RefOr::T(response) = response
            && let Some(content) = response.content.swap_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}

fn describe_problem(about: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(about);
    response.content(PROBLEM, content).build()
}
