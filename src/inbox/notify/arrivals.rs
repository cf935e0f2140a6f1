//! Which e-mails, webhooks and notices in browsers about something there were, and whether they arrived.

use serde_json::json;
use url::Url;

use super::about::{find_user, id_in};

use crate::mail;
use crate::store::mail::{LogFilter, MailState, list as list_mail};
use crate::store::webhooks::deliveries::{self, DeliveryState};
use crate::store::{
    Connection, StoreError, TaskId, Transaction, UnixMs, UserId, WorkspaceId, events, tasks,
};

/// Most e-mails that are looked at, and most events.
const MOST: u32 = 100;
/// A browser showed the notice of a lead.
const SHOWN: &str = "task_shown";

/// How something was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Email,
    Webhook,
    /// A notice in the browser of somebody who had the inbox open.
    Browser,
}

impl Way {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Browser => "browser",
        }
    }
}

/// Somebody who was or is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub way: Way,
    /// The address of an e-mail, the host of a webhook, or the name of a person.
    pub to: String,
    /// `None` while it is not known: it waits, or is tried again.
    pub arrived: Option<bool>,
    /// What came of the last attempt, as a sentence.
    pub detail: Option<String>,
    /// When it arrived or was given up, or else when it was queued.
    pub at: UnixMs,
}

/// Notes that the browser of a member of staff showed the notice of a lead, once for each person.
pub fn note_shown(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    task: TaskId,
    by: UserId,
    now: UnixMs,
) -> Result<(), StoreError> {
    // Only of a task that is there.
    let subject = tasks::get(tx, workspace, task)?.id.to_string();
    let known = events::of_subject(tx, workspace, &subject, MOST)?;
    let is_noted = |event: &events::Event| event.kind == SHOWN && id_in(event, "by") == Some(by);
    if known.iter().any(is_noted) {
        return Ok(());
    }
    let data = json!({ "by": by, "task": task });
    events::append(tx, workspace, SHOWN, &subject, &data, now).map(drop)
}

/// Who was told of something by e-mail, webhook and in the browser, such as of a lead by the id of its task; the first one
/// first. Without any, nobody was: no address, mail server or webhook is set up for it, and nobody had the inbox open.
pub fn arrivals(
    conn: &Connection,
    workspace: WorkspaceId,
    about: &str,
) -> Result<Vec<Arrival>, StoreError> {
    let filter = LogFilter {
        about: Some(about.to_owned()),
        ..LogFilter::default()
    };
    let mails = list_mail(conn, workspace, &filter, MOST)?;
    let notices = mails
        .into_iter()
        .filter(|mail| mail.kind == mail::MailKind::Notice);
    let mut all: Vec<Arrival> = notices
        .map(|mail| Arrival {
            way: Way::Email,
            to: mail.recipient,
            arrived: match mail.state {
                MailState::Queued => None,
                MailState::Sent => Some(true),
                MailState::Failed => Some(false),
            },
            detail: mail.answer,
            at: mail.ended_at.unwrap_or(mail.created_at),
        })
        .collect();
    let told = deliveries::list_about(conn, workspace, about)?;
    all.extend(told.into_iter().map(|(delivery, url)| {
        let host = Url::parse(&url).ok();
        Arrival {
            way: Way::Webhook,
            to: (host.as_ref().and_then(Url::host_str))
                .unwrap_or_default()
                .to_owned(),
            arrived: match delivery.state {
                DeliveryState::Queued => None,
                DeliveryState::Sent => Some(true),
                DeliveryState::Failed => Some(false),
            },
            detail: delivery.error,
            at: delivery.ended_at.unwrap_or(delivery.created_at),
        }
    }));
    for event in events::of_subject(conn, workspace, about, MOST)? {
        let by = id_in(&event, "by").filter(|_: &UserId| event.kind == SHOWN);
        let Some(by) = by else {
            continue;
        };
        let name = find_user(conn, by)?.map(|user| user.name);
        all.push(Arrival {
            way: Way::Browser,
            to: name.unwrap_or_else(|| "a former colleague".to_owned()),
            arrived: Some(true),
            detail: None,
            at: event.at,
        });
    }
    all.sort_by_key(|arrival| arrival.at);
    Ok(all)
}
