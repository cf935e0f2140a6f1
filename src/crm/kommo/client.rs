//! One request to Kommo: its turn, its token, and what the status means.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use serde_json::Value;
use url::Url;

use super::{Kommo, wire};
use crate::crm::governor::Resting;
use crate::crm::{CrmError, now};
use crate::egress::{Carrier, Class, Limits, Method, Part, Purpose, Request, Sealed, Secret};
use crate::reason::Reason;
use crate::store::crm::accounts::{self, Account, AccountState};
use crate::store::{Scoped, WorkspaceId};

/// Longest answer that is read, in bytes: a page of 250 rows has a few hundred kilobytes.
const LONGEST: u64 = 8 << 20;
const PATIENCE: Duration = Duration::from_secs(30);
/// Rows of a page, the most that Kommo gives.
pub(super) const PAGE: usize = 250;
/// Pages that are read of one list.
const MOST_PAGES: usize = 40;

/// A request of the API.
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    pub(super) body: Option<(Class, Value)>,
    /// For messages: "notes", "the lead".
    pub(super) what: &'static str,
}

impl Call {
    pub(super) fn get(path: impl Into<String>, what: &'static str) -> Self {
        Self {
            method: Method::Get,
            path: path.into(),
            body: None,
            what,
        }
    }

    pub(super) fn send(
        method: Method,
        path: impl Into<String>,
        class: Class,
        body: Value,
        what: &'static str,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            body: Some((class, body)),
            what,
        }
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    /// Seconds of the header `Retry-After`.
    retry_after: Option<u64>,
    /// Where it leads to; nothing goes there by itself.
    location: Option<String>,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Rows of a list, from all its pages.
pub(super) struct Rows {
    pub(super) rows: Vec<Value>,
    /// There are more than are read.
    pub(super) cut: bool,
}

impl Kommo {
    /// Sends a request of the API; `None` for an answer without a body, as for a list without rows.
    pub(super) async fn call(
        &self,
        account: &Scoped<Account>,
        call: &Call,
    ) -> Result<Option<Value>, CrmError> {
        let mut opened = self.open(account).await?;
        let mut answer = self
            .ask(account, &opened.host, &opened.access, call)
            .await?;
        if self.may_have_moved(account, call, &opened, &answer)
            && let Some(moved) = self
                .look_where(account, &opened.host, answer.location.as_deref())
                .await
        {
            opened.host = moved;
            answer = self
                .ask(account, &opened.host, &opened.access, call)
                .await?;
        }
        if answer.status == 401 && opened.can_renew {
            opened = self.renew(account, &opened.access).await?;
            answer = self
                .ask(account, &opened.host, &opened.access, call)
                .await?;
        }
        if answer.status == 401 {
            self.note_revoked(account).await?;
        }
        self.judge(&opened.host, call.what, &answer)
    }

    /// Reads a list page by page. It ends with a page that has no rows, or that is short and names no next one: some lists
    /// leave out the link although there is more.
    pub(super) async fn list(
        &self,
        account: &Scoped<Account>,
        path: &str,
        entity: &str,
        id_field: &str,
        what: &'static str,
    ) -> Result<Rows, CrmError> {
        let (mut rows, mut known) = (Vec::new(), HashSet::new());
        let joint = if path.contains('?') { '&' } else { '?' };
        for page in 1..=MOST_PAGES {
            let path = format!("{path}{joint}page={page}&limit={PAGE}");
            let Some(body) = self.call(account, &Call::get(path, what)).await? else {
                return Ok(Rows { rows, cut: false });
            };
            let got = wire::rows(&body, entity);
            let before = rows.len();
            for row in got {
                // A page that was read while something was added repeats rows.
                let is_new = match wire::id_in(row, id_field) {
                    Some(id) => known.insert(id),
                    None => true,
                };
                if is_new {
                    rows.push(row.clone());
                }
            }
            let names_next = body
                .pointer("/_links/next/href")
                .is_some_and(Value::is_string);
            if rows.len() == before || (got.len() < PAGE && !names_next) {
                return Ok(Rows { rows, cut: false });
            }
        }
        Ok(Rows { rows, cut: true })
    }

    async fn ask(
        &self,
        account: &Scoped<Account>,
        host: &str,
        token: &str,
        call: &Call,
    ) -> Result<Answer, CrmError> {
        let url = self.inner.hosts.api(host, &call.path)?;
        let bearer = Sealed::to(&url, Secret::new(format!("Bearer {token}")));
        let body = match &call.body {
            Some((class, body)) => vec![Part::new(*class, body.to_string())],
            None => Vec::new(),
        };
        let secrets = vec![(Carrier::Header(AUTHORIZATION), bearer)];
        self.exchange(account.workspace(), host, call.method, url, body, secrets)
            .await
    }

    /// Sends anything to a host that was checked, when it is its turn.
    pub(super) async fn exchange(
        &self,
        workspace: WorkspaceId,
        host: &str,
        method: Method,
        url: Url,
        body: Vec<Part>,
        secrets: Vec<(Carrier, Sealed)>,
    ) -> Result<Answer, CrmError> {
        self.take_turn(host).await?;
        let request = Request {
            workspace: Some(workspace),
            accept: "application/hal+json, application/problem+json, application/json",
            content_type: "application/json",
            headers: self.inner.hosts.told(host),
            body,
            secrets,
            limits: Limits {
                bytes: LONGEST,
                time: PATIENCE,
                redirects: 0,
                ..Limits::default()
            },
            ..Request::new(Purpose::Crm, method, url)
        };
        let response = self.inner.gateway.send(request).await?;
        let status = response.status;
        let retry_after = response
            .header("retry-after")
            .and_then(|seconds| seconds.trim().parse().ok());
        let location = response.header("location").map(str::to_owned);
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            retry_after,
            location,
            body,
        })
    }

    /// Waits until a request may go.
    pub(super) async fn take_turn(&self, host: &str) -> Result<(), CrmError> {
        let waited = self.inner.governor.wait().await;
        waited.map_err(|Resting(rest)| limited(host, rest))
    }

    /// What an answer means. Every status but success is an error, so that nothing is read as empty that is not.
    pub(super) fn judge(
        &self,
        host: &str,
        what: &'static str,
        answer: &Answer,
    ) -> Result<Option<Value>, CrmError> {
        let account = || host.to_owned();
        let problem = answer.json().filter(Value::is_object);
        match answer.status {
            204 => Ok(None),
            200..=299 if answer.body.is_empty() => Ok(None),
            200..=299 => match answer.json() {
                Some(body) => Ok(Some(body)),
                None => Err(CrmError::Answer {
                    account: account(),
                    what,
                    reason: "it is no JSON".into(),
                }),
            },
            401 => Err(CrmError::Revoked { account: account() }),
            402 => Err(CrmError::Tariff {
                account: account(),
                what,
            }),
            // An address that is shut out gets plain text; a missing scope is told as a problem.
            403 if problem.is_none() => {
                let rest = self.inner.governor.rest_shut_out();
                Err(limited(host, rest))
            }
            403 => Err(CrmError::Scope {
                account: account(),
                what,
            }),
            404 => Err(CrmError::Missing {
                account: account(),
                what,
            }),
            429 => {
                let asked = problem
                    .as_ref()
                    .and_then(|problem| wire::number_in(problem, "retry_after"))
                    .filter(|seconds| (0.0..=86_400.0).contains(seconds))
                    .map(|seconds| seconds.ceil() as u64);
                let rest = self.inner.governor.rest(asked.or(answer.retry_after));
                Err(limited(host, rest))
            }
            400..=499 => Err(CrmError::Refused {
                account: account(),
                what,
                reason: explain(problem.as_ref(), answer.status),
            }),
            500..=599 => Err(CrmError::Failing {
                account: account(),
                status: answer.status,
            }),
            status => Err(CrmError::Answer {
                account: account(),
                what,
                reason: format!("its status is {status}").into(),
            }),
        }
    }

    async fn note_revoked(&self, account: &Scoped<Account>) -> Result<(), CrmError> {
        let id = account.id;
        let reason = "Kommo no longer takes the token";
        let write = self.inner.store.write(move |tx| {
            accounts::set_state(tx, id, AccountState::Revoked, Some(reason), now())
        });
        Ok(write.await?)
    }
}

fn limited(host: &str, rest: Duration) -> CrmError {
    CrmError::Limited {
        host: host.to_owned(),
        wait_s: rest.as_secs().max(1),
    }
}

/// What a problem says of what was wrong, for people: the fields, or else the title.
fn explain(problem: Option<&Value>, status: u16) -> Reason {
    let fields: Vec<String> = problem
        .and_then(|problem| problem.get("validation-errors")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("errors")?.as_array())
        .flatten()
        .take(3)
        .filter_map(|error| {
            let path = error.get("path").and_then(Value::as_str)?;
            let code = error.get("code").and_then(Value::as_str).unwrap_or("wrong");
            Some(format!("{} ({})", shorten(path), shorten(code)))
        })
        .collect();
    if !fields.is_empty() {
        return format!("it names {}", fields.join(", ")).into();
    }
    let told = problem.and_then(|problem| {
        let detail = wire::text_in(problem, "detail");
        detail.or_else(|| wire::text_in(problem, "title"))
    });
    match told {
        Some(told) => format!("“{}” (status {status})", shorten(&told)).into(),
        None => format!("its status is {status}").into(),
    }
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
