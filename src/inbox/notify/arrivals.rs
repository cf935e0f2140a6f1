//! Which e-mails and webhooks about something went out, and whether they arrived.

use url::Url;

use crate::mail;
use crate::store::mail::{LogFilter, MailState, list as list_mail};
use crate::store::webhooks::deliveries::{self, DeliveryState};
use crate::store::{Connection, StoreError, UnixMs, WorkspaceId};

/// Most e-mails that are looked at.
const MOST: u32 = 100;

/// How something was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Email,
    Webhook,
}

/// Somebody who was or is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub way: Way,
    /// The address of an e-mail, or the host of a webhook.
    pub to: String,
    /// `None` while it is not known: it waits, or is tried again.
    pub arrived: Option<bool>,
    /// What came of the last attempt, as a sentence.
    pub detail: Option<String>,
    /// When it arrived or was given up, or else when it was queued.
    pub at: UnixMs,
}

/// Who was told of something by e-mail and webhook, such as of a lead by the id of its task; the first one first. Without
/// any, nobody was: no address, mail server or webhook is set up for it.
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
    all.sort_by_key(|arrival| arrival.at);
    Ok(all)
}
