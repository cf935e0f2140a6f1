//! A description for each response that has none of its own.

use axum::http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::{OpenApi as Document, RefOr};

/// Says what a status means where the handler says no more: generators of clients refuse a response without a description,
/// which OpenAPI demanded before 3.2.
pub(super) struct Reasons;

impl Modify for Reasons {
    fn modify(&self, document: &mut Document) {
        for item in document.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response
                        && response.description.is_empty()
                    {
                        let status = status.parse::<StatusCode>().ok();
                        let reason = status.and_then(|status| status.canonical_reason());
                        reason
                            .unwrap_or("Answer")
                            .clone_into(&mut response.description);
                    }
                }
            }
        }
    }
}
