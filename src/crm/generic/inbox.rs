//! What another program sends: JSON with one event or a list of them.

use serde::Deserialize;

use super::csv::LeadRow;
use crate::crm::CrmError;
use crate::store::crm::accounts::Account;
use crate::store::crm::leads;
use crate::store::crm::messages::{self, CrmMessage, Writer};
use crate::store::{Scoped, StoreError, Transaction, UnixMs};

/// Events of one body.
const MOST: usize = 1_000;
/// Longest text of a message, in characters.
const LONGEST: usize = 20_000;

/// Something that another program tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    Lead(LeadRow),
    Message(CrmMessage),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Many(Vec<One>),
    One(One),
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum One {
    Lead { lead: LeadRow },
    Message { lead: String, message: Said },
}

#[derive(Deserialize)]
struct Said {
    id: String,
    /// In seconds since 1970.
    at: i64,
    who: Wrote,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    text: String,
    /// Where a recording lies.
    #[serde(default)]
    voice: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wrote {
    Customer,
    Staff,
    Bot,
}

/// What a body tells.
///
/// # Errors
/// `Input` for anything that is not as described.
pub fn read_hook(body: &[u8]) -> Result<Vec<Told>, CrmError> {
    let wrong = |told: &str| CrmError::Input(told.to_owned().into());
    let body: Body = serde_json::from_slice(body).map_err(|_| {
        wrong(
            "the body is no JSON of events; each has `event` (`lead` or `message`) and its fields",
        )
    })?;
    let all = match body {
        Body::Many(all) => all,
        Body::One(one) => vec![one],
    };
    if all.len() > MOST {
        return Err(wrong("the body has more than 1000 events; send several"));
    }
    let is_id = |id: &str| (1..=200).contains(&id.len());
    all.into_iter()
        .map(|one| match one {
            One::Lead { lead } if is_id(&lead.id) => Ok(Told::Lead(lead)),
            One::Message { lead, message }
                if is_id(&lead) && is_id(&message.id) && message.at > 0 =>
            {
                Ok(Told::Message(read_message(lead, message)))
            }
            _ => Err(wrong("an id is empty or too long, or a time is missing")),
        })
        .collect()
}

fn read_message(lead: String, said: Said) -> CrmMessage {
    CrmMessage {
        id: said.id,
        talk: None,
        lead: Some(lead),
        contact: None,
        who: match said.who {
            Wrote::Customer => Writer::Customer,
            Wrote::Staff => Writer::Staff,
            Wrote::Bot => Writer::Bot,
        },
        author: said.author.map(|name| name.chars().take(200).collect()),
        kind: match said.voice {
            Some(_) => "voice".into(),
            None => "text".into(),
        },
        text: said.text.chars().take(LONGEST).collect(),
        voice_link: said.voice,
        voice_name: None,
        at: said.at.saturating_mul(1000),
    }
}

/// Keeps what was told; returns how many messages are new.
pub fn keep(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    told: &[Told],
    now: UnixMs,
) -> Result<usize, StoreError> {
    let mut new = 0;
    for one in told {
        match one {
            Told::Lead(lead) => {
                let facts = serde_json::to_value(lead).unwrap_or_default();
                let name = (!lead.name.is_empty()).then_some(lead.name.as_str());
                leads::keep(
                    tx,
                    account,
                    &lead.id,
                    name,
                    lead.contact.as_deref(),
                    Some(&facts),
                    now,
                )?;
            }
            Told::Message(message) => {
                if messages::keep(tx, account, message, now)? {
                    new += 1;
                    if let Some(lead) = &message.lead {
                        leads::add_stale(tx, account, lead, 1, now)?;
                    }
                }
            }
        }
    }
    Ok(new)
}
