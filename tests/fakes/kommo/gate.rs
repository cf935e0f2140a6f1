//! Who is let in, how often, and how answers look.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Asked, World};

/// Requests of a second, for one address.
const PER_SECOND: usize = 7;
const RETRY_AFTER: u64 = 300;
/// Rows of a page that are the most.
const MOST: usize = 250;

pub(super) fn reply(status: u16, media_type: &str, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", media_type)
        .header("x-request-id", "r-1")
        .body(body.into())
        .unwrap()
}

pub(super) fn good(body: &Value) -> Response {
    reply(200, "application/hal+json", body.to_string())
}

pub(super) fn nothing() -> Response {
    Response::builder().status(204).body(Body::empty()).unwrap()
}

pub(super) fn problem(status: u16, title: &str, detail: &str) -> Response {
    let body = json!({
        "title": title, "type": format!("https://httpstatus.es/{status}"), "status": status, "detail": detail,
    });
    reply(status, "application/problem+json", body.to_string())
}

/// A row of a body that was wrong.
pub(super) fn invalid(code: &str, path: &str) -> Response {
    let body = json!({
        "title": "Bad Request", "type": "https://httpstatus.es/400", "status": 400,
        "detail": "Request validation failed",
        "validation-errors": [{
            "request_id": "0", "errors": [{ "code": code, "path": path, "detail": "The value is wrong." }],
        }],
    });
    reply(400, "application/problem+json", body.to_string())
}

impl World {
    /// 429 for too many requests, then 403 in plain text.
    pub(super) fn limit(&mut self) -> Option<Response> {
        let shut_out = self.switches.shut_out_after;
        if shut_out.is_some_and(|after| self.limited >= after) {
            return Some(reply(403, "text/plain", "403 Forbidden"));
        }
        let now = Instant::now();
        while self
            .window
            .front()
            .is_some_and(|at| now - *at >= Duration::from_secs(1))
        {
            self.window.pop_front();
        }
        self.window.push_back(now);
        if self.window.len() <= self.switches.per_second.unwrap_or(PER_SECOND) {
            return None;
        }
        self.limited += 1;
        let body = json!({
            "title": "Too Many Requests", "type": "https://httpstatus.es/429", "status": 429,
            "detail": "Request rate limit exceeded", "retry_after": RETRY_AFTER,
        });
        Some(reply(429, "application/problem+json", body.to_string()))
    }

    /// What is told where the account is no longer.
    pub(super) fn old_address(&self, asked: &Asked) -> Response {
        if let Some(host) = &self.switches.leads_on_to {
            return Response::builder()
                .status(301)
                .header("location", format!("https://{host}{}", asked.path))
                .body(Body::empty())
                .unwrap();
        }
        match self.switches.old_takes_none {
            true => problem(401, "Unauthorized", "Invalid user name or password"),
            false => problem(404, "Not Found", "Account not found"),
        }
    }

    /// Refuses whoever has no token, and accounts that are not paid for.
    pub(super) fn refuse(&mut self, asked: &Asked) -> Option<Response> {
        let unauthorised = || problem(401, "Unauthorized", "Invalid user name or password");
        if asked.host != self.host() && asked.host != super::API {
            return Some(self.old_address(asked));
        }
        let Some(bearer) = asked.bearer.as_deref() else {
            return Some(unauthorised());
        };
        if self.switches.revoked || !self.is_known(bearer) {
            return Some(unauthorised());
        }
        self.note_used(bearer);
        if self.switches.unpaid {
            return Some(problem(402, "Payment required", "Payment required"));
        }
        None
    }

    /// A page of a list, as links and rows.
    pub(super) fn page(&self, asked: &Asked, entity: &str, rows: &[Value]) -> Response {
        let number = |name: &str, usual: usize| match asked.param(name) {
            Some(text) => text.parse().unwrap_or(usual),
            None => usual,
        };
        let (page, limit) = (number("page", 1).max(1), number("limit", 50));
        if limit > MOST {
            return problem(422, "Unprocessable Entity", "Limit 250 per page");
        }
        let from = (page - 1).saturating_mul(limit).min(rows.len());
        let to = (from + limit).min(rows.len());
        if from == to {
            return nothing();
        }
        let link = |page: usize| json!({ "href": format!("https://{}{}?page={page}", self.host(), asked.path) });
        let mut links = json!({ "self": link(page) });
        if to < rows.len() && !self.switches.omit_next {
            links["next"] = link(page + 1);
        }
        good(&json!({ "_page": page, "_links": links, "_embedded": { entity: rows[from..to] } }))
    }
}
