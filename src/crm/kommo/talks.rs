//! Conversations: the talks of a lead, their messages, and what is done where Kommo does not give them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::account::{KommoAccount, number};
use super::client::Call;
use super::wire;
use crate::crm::message::make_message;
use crate::crm::{Crm as _, CrmError, Gathered, RemoteMessage, Source, VoiceLink, Who};
use crate::store::UnixMs;
use crate::store::crm::messages;

/// Talks of one lead that are read, the latest.
const MOST_TALKS: usize = 20;
/// Messages of one lead that are given, the latest.
const MOST_MESSAGES: usize = 2_000;
/// Contacts of one lead that are asked for their talks.
const MOST_CONTACTS: usize = 5;

impl KommoAccount {
    /// What was said with a lead: asked, or else what hooks brought. An error is told only if there is neither.
    pub(super) async fn gather(
        &self,
        lead: &str,
        since: Option<UnixMs>,
    ) -> Result<Gathered, CrmError> {
        number(lead, "a lead")?;
        let asked = self.ask_for_messages(lead, since).await;
        let refused = match asked {
            Ok(gathered) => return Ok(gathered),
            Err(
                error @ (CrmError::Tariff { .. }
                | CrmError::Scope { .. }
                | CrmError::Missing { .. }),
            ) => error,
            Err(error) => return Err(error),
        };
        let (account, of) = (self.account.clone(), lead.to_owned());
        let (from, most) = (since.unwrap_or(0), MOST_MESSAGES as u32);
        let read = self.kommo.inner.store.read(move |conn| {
            let kept = messages::list_of_lead(conn, &account, &of, from, most)?;
            let any = messages::list_of_lead(conn, &account, &of, 0, 1)?;
            Ok((kept, !any.is_empty()))
        });
        let (kept, is_known) = read.await?;
        // That nothing came lately is told only of a lead that is known by its hooks.
        if !is_known {
            return Err(refused);
        }
        Ok(Gathered {
            messages: kept.into_iter().map(RemoteMessage::from).collect(),
            source: Source::Kept,
            remarks: vec![format!(
                "Only messages since the account was connected were read: {refused}."
            )],
        })
    }

    async fn ask_for_messages(
        &self,
        lead: &str,
        since: Option<UnixMs>,
    ) -> Result<Gathered, CrmError> {
        let mut remarks = Vec::new();
        let mut talks = self.find_talks(lead).await?;
        if talks.len() > MOST_TALKS {
            remarks.push(format!(
                "Only the latest {MOST_TALKS} of {} talks were read.",
                talks.len()
            ));
            talks.truncate(MOST_TALKS);
        }
        let mut found: BTreeMap<(UnixMs, String), RemoteMessage> = BTreeMap::new();
        let (mut read, mut missing) = (0, None);
        for talk in talks {
            let rows = match self.talk_messages(&talk, since).await {
                // A talk may be deleted; that all are missing means that the address is.
                Err(error @ CrmError::Missing { .. }) => {
                    missing = Some(error);
                    continue;
                }
                rows => rows?,
            };
            read += 1;
            if rows.cut {
                remarks.push("A talk has more messages than are read.".into());
            }
            let messages = rows.rows.iter().filter_map(read_message);
            let fresh = messages.filter(|message| since.is_none_or(|since| message.at > since));
            found.extend(fresh.map(|message| ((message.at, message.id.clone()), message)));
        }
        if let Some(missing) = missing.filter(|_| read == 0) {
            return Err(missing);
        }
        // Kommo promises no order, so the map made one.
        let mut messages: Vec<RemoteMessage> = found.into_values().collect();
        if messages.len() > MOST_MESSAGES {
            remarks.push(format!(
                "Only the latest {MOST_MESSAGES} messages were read."
            ));
            messages.drain(..messages.len() - MOST_MESSAGES);
        }
        Ok(Gathered {
            messages,
            source: Source::Asked,
            remarks,
        })
    }

    async fn talk_messages(
        &self,
        talk: &str,
        since: Option<UnixMs>,
    ) -> Result<super::client::Rows, CrmError> {
        let id = number(talk, "a talk")?;
        let mut path = format!("/api/v4/talks/{id}/messages");
        if let Some(since) = since {
            path.push_str(&format!(
                "?filter[created_at][from]={}",
                since.div_euclid(1000)
            ));
        }
        let what = "reading chat messages (scope External chat history)";
        self.kommo
            .list(&self.account, &path, "messages", "id", what)
            .await
    }

    /// The talks of a lead, the latest first: by the lead, by its contacts, by events, and those that hooks named.
    async fn find_talks(&self, lead: &str) -> Result<Vec<String>, CrmError> {
        let mut found: BTreeMap<String, UnixMs> = BTreeMap::new();
        let path = format!("/api/v4/talks?filter[entity_id]={lead}&filter[entity_type]=lead");
        let rows = self
            .kommo
            .list(&self.account, &path, "talks", "talk_id", "the talks")
            .await?;
        note_talks(&mut found, &rows.rows, lead);
        if found.is_empty() {
            // A talk may name no lead, but its contact.
            let contacts = self.lead(lead).await?.contacts;
            for contact in contacts.iter().take(MOST_CONTACTS) {
                let path = format!(
                    "/api/v4/talks?filter[contact_id][]={}",
                    number(contact, "a contact")?
                );
                let rows = self
                    .kommo
                    .list(&self.account, &path, "talks", "talk_id", "the talks")
                    .await?;
                note_talks(&mut found, &rows.rows, lead);
            }
        }
        // The list may hold recent ones only; those that are known stay readable.
        for talk in self.talks_of_events(lead).await? {
            found.entry(talk).or_insert(0);
        }
        let (account, of) = (self.account.clone(), lead.to_owned());
        let read = self
            .kommo
            .inner
            .store
            .read(move |conn| messages::talks_of_lead(conn, &account, &of));
        for talk in read.await? {
            found.entry(talk).or_insert(0);
        }
        let mut talks: Vec<(UnixMs, String)> = found.into_iter().map(|(id, at)| (at, id)).collect();
        talks.sort_by(|a, b| b.cmp(a));
        Ok(talks.into_iter().map(|(_, id)| id).collect())
    }

    /// Events have no text, but name talks. Who may not read them just finds fewer.
    async fn talks_of_events(&self, lead: &str) -> Result<BTreeSet<String>, CrmError> {
        let path = format!(
            "/api/v4/events?filter[entity]=lead&filter[entity_id][]={lead}\
             &filter[type]=incoming_chat_message,outgoing_chat_message&page=1&limit=100"
        );
        let body = match self.call(Call::get(path, "the events")).await {
            Ok(body) => body.unwrap_or(Value::Null),
            Err(
                CrmError::Tariff { .. }
                | CrmError::Scope { .. }
                | CrmError::Missing { .. }
                | CrmError::Refused { .. },
            ) => Value::Null,
            Err(error) => return Err(error),
        };
        let after = wire::rows(&body, "events").iter().filter_map(|event| {
            let values = event.get("value_after")?.as_array()?;
            values
                .iter()
                .find_map(|value| wire::id_in(value.get("message")?, "talk_id"))
        });
        Ok(after.collect())
    }

    /// A message again, whose hook named no link to its recording.
    pub async fn find_voice(
        &self,
        talk: &str,
        message: &str,
    ) -> Result<Option<VoiceLink>, CrmError> {
        let rows = self.talk_messages(talk, None).await?;
        let of = |row: &&Value| wire::id_in(row, "id").as_deref() == Some(message);
        let found = rows.rows.iter().find(of).and_then(read_message);
        Ok(found.and_then(|message| message.voice))
    }
}

/// Adds the talks that are this lead's, or no lead's.
fn note_talks(found: &mut BTreeMap<String, UnixMs>, rows: &[Value], lead: &str) {
    for row in rows {
        let Some(id) = wire::id_in(row, "talk_id").or_else(|| wire::id_in(row, "id")) else {
            continue;
        };
        let is_lead = wire::text_in(row, "entity_type").is_none_or(|kind| kind.starts_with("lead"));
        let other = wire::id_in(row, "entity_id").is_some_and(|of| of != lead);
        if is_lead && other {
            continue;
        }
        let at = wire::time_in(row, "updated_at").or_else(|| wire::time_in(row, "created_at"));
        found.insert(id, at.unwrap_or(0));
    }
}

/// A message of a talk; `None` for one without an id or a time.
fn read_message(row: &Value) -> Option<RemoteMessage> {
    let id = wire::id_in(row, "id")?;
    let author = row.get("author");
    let author_type = author.and_then(|author| wire::text_in(author, "type"));
    let incoming = wire::text_in(row, "type").is_some_and(|way| way == "incoming");
    let kind = wire::text_in(row, "message_type").unwrap_or_else(|| "text".into());
    let attachment = row.get("attachment");
    let link = attachment.and_then(|attachment| wire::text_in(attachment, "link"));
    let name = attachment.and_then(|attachment| wire::text_in(attachment, "file_name"));
    Some(make_message(
        id,
        wire::time_in(row, "created_at")?,
        who(incoming, author_type.as_deref()),
        author.and_then(|author| wire::text_in(author, "name")),
        wire::text_in(row, "text").unwrap_or_default(),
        &kind,
        link,
        name,
    ))
}

/// Whoever wrote it: the direction decides, as types of authors are not all known.
pub(super) fn who(incoming: bool, author_type: Option<&str>) -> Who {
    match (incoming, author_type) {
        (_, Some("bot")) => Who::Bot,
        (true, _) => Who::Customer,
        (false, _) => Who::Staff,
    }
}
