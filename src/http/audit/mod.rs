//! Notes in the audit log who changed something, and who read what visitors said: on pages and over the API. Sign-ins are noted
//! where they happen.
//!
//! A route that is noted has words for people in `api_acts` or `page_acts`; `acts` finds them, and its test fails without. A read is
//! one row, however long the list. What pages and programs read again and again is noted once in ten minutes for the same caller,
//! workspace, thing and outcome (`lately`). Who goes away before the answer is noted too, as what they asked for may be done.

mod acts;
mod api_acts;
mod lately;
mod page_acts;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::address::address_of;
use super::auth::{self, DEFAULT_WORKSPACE};
use super::now_ms;
use crate::access::{Caller, Principal};
use crate::app::App;
use crate::app::members::audit::{self, Done};

pub(super) use acts::{find_by_words, in_words};
pub(super) use lately::Lately;

/// Reads that are noted: transcripts, recordings, persons, and files with many of them.
const READS: &[&str] = &[
    "/api/v1/conversations/{id}",
    "/api/v1/inbox/{id}",
    "/api/v1/attachments/{id}",
    "/api/v1/calls/{id}",
    "/api/v1/calls/{id}/export",
    "/api/v1/calls/{id}/recording",
    "/api/v1/calls/export",
    "/api/v1/receipts/{id}",
    "/api/v1/receipts/export",
    "/api/v1/analyses/{id}",
    "/api/v1/analyses/export",
    "/api/v1/contacts/{id}",
    "/api/v1/contacts/{id}/export",
    "/api/v1/contacts/{id}/timeline",
    "/api/v1/contacts/export",
    "/api/v1/people",
    "/api/v1/people/copy",
    "/api/v1/workspaces/{name}/export",
    "/api/v1/crm/accounts/{id}/copy",
    "/api/v1/audit/export",
    "/inbox/{id}",
    "/calls/{id}",
    "/receipts/{id}",
    "/scores/{id}",
    "/contacts/{id}",
    "/privacy/copy",
    "/workspaces/{name}/export",
    "/crm/accounts/{id}/copy",
    "/backups/{name}",
    "/audit/export",
    "/v1/chat/completions/{id}/messages",
    "/v1/conversations/{id}/items",
    "/v1/conversations/{id}/items/{item}",
    "/v1/responses/{id}/input_items",
];

/// Reads that are noted once in a while: lists of visitors and of what they said, which pages load again and again, and answers that
/// programs ask for until they are there.
const REPEATED: &[&str] = &[
    "/api/v1/contacts",
    "/api/v1/conversations",
    "/api/v1/gaps",
    "/api/v1/inbox",
    "/api/v1/inbox/events",
    "/api/v1/receipts",
    "/contacts",
    "/gaps",
    "/inbox",
    "/receipts",
    "/v1/chat/completions",
    "/v1/chat/completions/{id}",
    "/v1/responses/{id}",
];

/// Requests that change nothing that matters later: questions, what a page says by itself, and what is noted elsewhere.
const SILENT: &[&str] = &[
    "/api/v1/ask",
    "/api/v1/conversations",
    "/api/v1/conversations/{id}/messages",
    "/api/v1/conversations/{id}/voice-note",
    "/api/v1/evals/ask",
    "/api/v1/facts/preview",
    "/api/v1/search",
    "/api/v1/voice/preview",
    "/api/v1/inbox/here",
    "/api/v1/inbox/{id}/draft",
    "/api/v1/inbox/{id}/read",
    "/api/v1/inbox/{id}/seen",
    "/api/v1/inbox/{id}/summary",
    "/api/v1/inbox/{id}/translate",
    "/api/v1/inbox/{id}/typing",
    "/api/v1/inbox/{id}/unread",
    "/api/v1/tasks/{id}/shown",
    "/invitation",
    "/login",
    "/login/code",
    "/login/passkey",
    "/login/passkey/begin",
    "/mcp",
    "/v2/rerank",
];

/// In bytes.
const LONGEST_SUBJECT: usize = 200;

/// In place of a status, if nobody waited for the answer; as nginx calls it.
pub(super) const LEFT: u16 = 499;

/// What is to be noted of a request, once it is answered; `None` for most reads.
pub(super) fn begin(parts: &Parts) -> Option<Begun> {
    let matched = parts.extensions.get::<MatchedPath>()?.as_str();
    let pattern = of_today(matched);
    if !is_noted(&parts.method, &pattern) {
        return None;
    }
    let route = format!("{} {pattern}", parts.method);
    Some(Begun {
        what: acts::with_verb(route, parts.uri.path()),
        subject: subject(matched, parts.uri.path()),
        place: of_path(matched, parts.uri.path()).or_else(|| auth::named_workspace(parts)),
        reads: parts.method == Method::GET,
        repeats: REPEATED.contains(&pattern.as_str()),
        address: address_of(parts).to_string(),
    })
}

pub(super) struct Begun {
    what: String,
    subject: String,
    /// Short name of the workspace that it is about, if the request names one.
    place: Option<String>,
    reads: bool,
    /// Whether it is noted once in a while only.
    repeats: bool,
    address: String,
}

impl Begun {
    /// Of whom it is; hold it until the request is answered.
    pub(super) fn by(self, app: &Arc<App>, by: Principal) -> Noting {
        Noting {
            begun: Some(self),
            app: Arc::clone(app),
            by,
        }
    }

    fn done(self, by: &Principal, outcome: u16) -> Done {
        // What is read without naming a workspace is of the caller's own, or of the first.
        let first = || DEFAULT_WORKSPACE.to_owned();
        let unnamed = self.reads && by.at().is_none();
        Done {
            what: self.what,
            subject: self.subject,
            place: self.place.or_else(|| unnamed.then(first)),
            address: self.address,
            outcome,
        }
    }

    /// Who reads what, where, and whether they got it.
    fn as_read(&self, by: &Principal, outcome: StatusCode) -> String {
        let who = match by.caller() {
            Caller::User(user) => user.id.to_string(),
            Caller::Key(id) => id.to_string(),
            Caller::Secret => "secret".to_owned(),
            Caller::Installation => "installation".to_owned(),
        };
        let at = by.at().map(|id| id.to_string()).unwrap_or_default();
        let place = self.place.as_deref().unwrap_or_default();
        // Neither an id nor a pattern has such a line break, and a name that has one names no workspace.
        [
            who.as_str(),
            &at,
            place,
            &self.what,
            &self.subject,
            outcome.as_str(),
        ]
        .join("\n")
    }
}

/// A request under way, and whose it is. Dropped before its answer, because whoever asked went away, it notes what changes
/// something: a transaction that was begun runs to its end. Of a read nobody got anything then.
pub(super) struct Noting {
    begun: Option<Begun>,
    app: Arc<App>,
    by: Principal,
}

impl Noting {
    /// Notes it with what came of it.
    pub(super) async fn end(mut self, outcome: StatusCode, lately: &Lately) {
        let Some(begun) = self.begun.take() else {
            return;
        };
        // A form posts to some of the paths, and what is done is always noted.
        let once = begun.reads && begun.repeats;
        if once && !lately.is_due(begun.as_read(&self.by, outcome), now_ms()) {
            return;
        }
        let done = begun.done(&self.by, outcome.as_u16());
        let (app, by) = (Arc::clone(&self.app), self.by.clone());
        // A task of its own, as whoever asked may go away while the row waits for its turn.
        let noted = tokio::spawn(async move { audit::note(&app.store, &by, done).await });
        if let Err(error) = noted.await {
            tracing::error!(%error, "an act could not be noted in the audit log");
        }
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        let Some(begun) = self.begun.take().filter(|begun| !begun.reads) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let done = begun.done(&self.by, LEFT);
        let (app, by) = (Arc::clone(&self.app), self.by.clone());
        runtime.spawn(async move { audit::note(&app.store, &by, done).await });
    }
}

/// The pattern of a route, also for who calls it by the path that it had before `/api/v1`.
fn of_today(pattern: &str) -> String {
    match pattern.strip_prefix("/api/") {
        Some(rest) if !rest.starts_with("v1/") => format!("/api/v1/{rest}"),
        _ => pattern.to_owned(),
    }
}

fn is_noted(method: &Method, pattern: &str) -> bool {
    match *method {
        Method::GET => READS.contains(&pattern) || REPEATED.contains(&pattern),
        Method::HEAD | Method::OPTIONS => false,
        _ => !pattern.starts_with("/v1/") && !SILENT.contains(&pattern),
    }
}

/// The workspace that a path names.
fn of_path(pattern: &str, path: &str) -> Option<String> {
    let is_one = pattern.contains("/workspaces/{name}") || pattern.starts_with("/plans/of/");
    let mut parts = pattern.split('/').zip(path.split('/'));
    let (_, name) = parts.find(|(part, _)| is_one && *part == "{name}")?;
    Some(name.to_owned())
}

/// What stands in the path where the pattern has a name in braces.
fn subject(pattern: &str, path: &str) -> String {
    let parts = pattern.split('/').zip(path.split('/'));
    let named = parts.filter(|(name, _)| name.starts_with('{'));
    let values: Vec<&str> = named.map(|(_, value)| value).collect();
    let mut subject = values.join(" ");
    let mut end = subject.len().min(LONGEST_SUBJECT);
    while !subject.is_char_boundary(end) {
        end -= 1;
    }
    subject.truncate(end);
    subject
}

/// Notes what people do on pages.
pub(super) async fn note_pages(
    State((app, lately)): State<(Arc<App>, Lately)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(begun) = begin(&parts) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    // Before the page acts: afterwards the session may be over.
    let by = auth::identify(&app, &parts).await;
    let noting = by.ok().map(|by| begun.by(&app, by));
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(noting) = noting {
        noting.end(response.status(), &lately).await;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_noted_and_of_reads_those_of_what_visitors_said() {
        for (method, pattern, noted) in [
            (Method::POST, "/accounts/{id}/{verb}", true),
            (Method::DELETE, "/api/v1/documents/{id}", true),
            (Method::GET, "/api/v1/calls/{id}/recording", true),
            (Method::GET, "/inbox/{id}", true),
            (Method::GET, "/inbox", true),
            (Method::GET, "/v1/responses/{id}", true),
            (Method::GET, "/v1/models", false),
            (Method::GET, "/documents", false),
            (Method::HEAD, "/inbox/{id}", false),
            (Method::POST, "/api/v1/ask", false),
            (Method::POST, "/v1/chat/completions", false),
        ] {
            assert_eq!(is_noted(&method, pattern), noted, "{method} {pattern}");
        }
    }

    #[test]
    fn a_former_path_is_noted_like_the_one_of_today() {
        assert_eq!(of_today("/api/calls/{id}"), "/api/v1/calls/{id}");
        assert_eq!(of_today("/api/v1/calls/{id}"), "/api/v1/calls/{id}");
        assert_eq!(of_today("/calls/{id}"), "/calls/{id}");
    }

    #[test]
    fn a_path_names_the_workspace_that_it_is_about() {
        let export = "/api/v1/workspaces/{name}/export";
        let of = of_path(export, "/api/v1/workspaces/shop/export");
        assert_eq!(of.as_deref(), Some("shop"));
        let of = of_path("/plans/of/{name}", "/plans/of/shop");
        assert_eq!(of.as_deref(), Some("shop"));
        assert_eq!(of_path("/backups/{name}", "/backups/shop"), None);
    }

    #[test]
    fn the_ids_of_an_address_are_found_and_cut() {
        let of = |path: &str| subject("/accounts/{id}/{verb}", path);
        assert_eq!(of("/accounts/7/suspend"), "7 suspend");
        assert_eq!(of(&format!("/accounts/{}/x", "é".repeat(400))).len(), 200);
    }
}
