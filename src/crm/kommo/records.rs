//! What stands beside a lead: notes, the number of a field, tags, tasks.

use serde_json::{Value, json};

use super::account::{KommoAccount, number};
use super::bulk::LeadPatch;
use super::client::Call;
use super::wire;
use crate::crm::{CrmError, NewNote, NewTask, NoteKind, RemoteNote, TagChange, now};
use crate::egress::{Class, Method};
use crate::store::crm::{accounts, notes};

/// Who writes our notes, as people see it; our own are known again by it too.
pub(super) const SERVICE: &str = "Frontdesk";
/// Longest text of a note that is sent, in characters; Kommo does not say how much it takes.
const LONGEST_NOTE: usize = 20_000;
/// Kommo's type of task "follow-up", there in every account.
const TASK_TYPE: u64 = 1;

impl KommoAccount {
    pub(super) async fn add_note(&self, lead: &str, note: &NewNote) -> Result<String, CrmError> {
        let id = number(lead, "a lead")?;
        let text = shorten(&note.text, LONGEST_NOTE);
        let body = json!([{
            "entity_id": id,
            "note_type": "extended_service_message",
            "params": { "service": SERVICE, "text": text },
            "request_id": "0",
            // Else a note of ours could start the owner's automations.
            "is_need_to_trigger_digital_pipeline": false,
        }]);
        let call = Call::send(
            Method::Post,
            "/api/v4/leads/notes",
            Class::Customer,
            body,
            "the note",
        );
        let answer = self.call_for(call).await?;
        let made = wire::rows(&answer, "notes").first();
        let made = made.and_then(|row| wire::id_in(row, "id"));
        let made = made.ok_or_else(|| self.misread("the note", "it has no id"))?;
        let (account, id, lead) = (self.account.clone(), made.clone(), lead.to_owned());
        let message = note.message.clone();
        let write = self
            .kommo
            .inner
            .store
            .write(move |tx| notes::keep(tx, &account, &id, &lead, message.as_deref(), now()));
        write.await?;
        Ok(made)
    }

    pub(super) async fn read_notes(&self, lead: &str) -> Result<Vec<RemoteNote>, CrmError> {
        let path = format!("/api/v4/leads/{}/notes", number(lead, "a lead")?);
        let list = self
            .kommo
            .list(&self.account, &path, "notes", "id", "the notes")
            .await?;
        let found: Vec<RemoteNote> = list.rows.iter().filter_map(read_note).collect();
        let account = self.account.clone();
        let read = self.kommo.inner.store.read(move |conn| {
            let mut others = Vec::with_capacity(found.len());
            for note in found {
                if !notes::is_own(conn, &account, &note.id)? {
                    others.push(note);
                }
            }
            Ok(others)
        });
        let mut others = read.await?;
        others.sort_by_key(|note| note.at);
        Ok(others)
    }

    /// Whoever wrote it.
    pub(super) async fn look_for_note(
        &self,
        lead: &str,
        text: &str,
    ) -> Result<Option<String>, CrmError> {
        let path = format!("/api/v4/leads/{}/notes", number(lead, "a lead")?);
        let list = self
            .kommo
            .list(&self.account, &path, "notes", "id", "the notes")
            .await?;
        let found = list.rows.iter().find(|row| {
            let params = row.get("params").unwrap_or(&Value::Null);
            wire::text_in(params, "text").is_some_and(|known| known.contains(text))
        });
        Ok(found.and_then(|row| wire::id_in(row, "id")))
    }

    pub(super) async fn set_number(
        &self,
        lead: &str,
        field: &str,
        value: Option<f64>,
    ) -> Result<(), CrmError> {
        let id = number(lead, "a lead")?;
        let known = self.known_field(field).await?;
        let (of, is_known) = match known {
            Some(of) => (of, true),
            None => (self.find_or_make_field(field).await?, false),
        };
        let patch = |of| LeadPatch {
            lead: id,
            changes: number_change(of, value),
        };
        match self.patch(patch(of)).await {
            // Somebody deleted the field over there.
            Err(CrmError::Refused { .. }) if is_known => {
                let of = self.find_or_make_field(field).await?;
                self.patch(patch(of)).await
            }
            done => done,
        }
    }

    pub(super) async fn merge_tags(&self, lead: &str, change: &TagChange) -> Result<(), CrmError> {
        if change.add.is_empty() && change.remove.is_empty() {
            return Ok(());
        }
        let named = |tags: &[String]| -> Value {
            tags.iter().map(|name| json!({ "name": name })).collect()
        };
        // `_embedded.tags` would replace the set, with what people put there.
        let mut changes = json!({});
        if !change.add.is_empty() {
            changes["tags_to_add"] = named(&change.add);
        }
        let remove: Vec<String> = change
            .remove
            .iter()
            .filter(|tag| !change.add.contains(tag))
            .cloned()
            .collect();
        if !remove.is_empty() {
            changes["tags_to_delete"] = named(&remove);
        }
        let lead = number(lead, "a lead")?;
        self.patch(LeadPatch { lead, changes }).await
    }

    pub(super) async fn add_task(&self, lead: &str, task: &NewTask) -> Result<String, CrmError> {
        let mut one = json!({
            "text": shorten(&task.text, LONGEST_NOTE),
            "complete_till": task.due_at.div_euclid(1000),
            "entity_id": number(lead, "a lead")?,
            "entity_type": "leads",
            "task_type_id": TASK_TYPE,
            "request_id": "0",
        });
        if let Some(person) = &task.responsible {
            one["responsible_user_id"] = number(person, "a person")?.into();
        }
        let call = Call::send(
            Method::Post,
            "/api/v4/tasks",
            Class::Customer,
            json!([one]),
            "the task",
        );
        let answer = self.call_for(call).await?;
        let made = wire::rows(&answer, "tasks").first();
        made.and_then(|row| wire::id_in(row, "id"))
            .ok_or_else(|| self.misread("the task", "it has no id"))
    }

    /// The field's id that was used last.
    async fn known_field(&self, field: &str) -> Result<Option<u64>, CrmError> {
        let (workspace, id, field) = (self.account.workspace(), self.account.id, field.to_owned());
        let read = self.kommo.inner.store.read(move |conn| {
            let account = accounts::get(conn, workspace, id)?;
            Ok(account
                .settings
                .pointer("/fields")
                .and_then(|all| all.get(&field)?.as_u64()))
        });
        Ok(read.await?)
    }

    async fn find_or_make_field(&self, field: &str) -> Result<u64, CrmError> {
        let path = "/api/v4/leads/custom_fields";
        let what = "the fields of leads";
        let list = self
            .kommo
            .list(&self.account, path, "custom_fields", "id", what)
            .await?;
        let is_it = |row: &&Value| {
            wire::text_in(row, "type").is_some_and(|kind| kind == "numeric")
                && wire::text_in(row, "name").is_some_and(|name| name == field)
        };
        let found = list
            .rows
            .iter()
            .find(is_it)
            .and_then(|row| row.get("id")?.as_u64());
        let id = match found {
            Some(id) => id,
            None => self.make_field(field).await?,
        };
        let (workspace, account, field) =
            (self.account.workspace(), self.account.id, field.to_owned());
        let write = self.kommo.inner.store.write(move |tx| {
            let account = accounts::get(tx, workspace, account)?;
            let mut settings = account.settings.clone();
            if !settings.is_object() {
                settings = json!({});
            }
            if !settings["fields"].is_object() {
                settings["fields"] = json!({});
            }
            settings["fields"][&field] = id.into();
            accounts::set_settings(tx, &account, &settings, now())
        });
        write.await?;
        Ok(id)
    }

    async fn make_field(&self, field: &str) -> Result<u64, CrmError> {
        let what = "a field of leads (only an administrator may add one)";
        // People see it and cannot change it.
        let body =
            json!([{ "name": field, "type": "numeric", "is_api_only": true, "request_id": "0" }]);
        let path = "/api/v4/leads/custom_fields";
        let call = Call::send(Method::Post, path, Class::Business, body, what);
        let answer = self.call_for(call).await?;
        // The documentation shows the field itself, other clients read a list.
        let made = wire::rows(&answer, "custom_fields")
            .first()
            .unwrap_or(&answer);
        let id = made.get("id").and_then(Value::as_u64);
        id.ok_or_else(|| self.misread(what, "it has no id"))
    }
}

/// The change that writes a number, or empties the field.
pub(super) fn number_change(field: u64, value: Option<f64>) -> Value {
    let values = match value {
        // Whole numbers are written as such.
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
            json!([{ "value": value as i64 }])
        }
        Some(value) => json!([{ "value": value }]),
        None => Value::Null,
    };
    json!({ "custom_fields_values": [{ "field_id": field, "values": values }] })
}

/// A note of somebody else; `None` for one that we wrote or that has no words.
fn read_note(row: &Value) -> Option<RemoteNote> {
    let params = row.get("params").unwrap_or(&Value::Null);
    if wire::text_in(params, "service").is_some_and(|service| service == SERVICE) {
        return None;
    }
    let kind = match wire::text_in(row, "note_type")?.as_str() {
        "common" => NoteKind::Text,
        "call_in" | "call_out" => NoteKind::Call,
        "sms_in" | "sms_out" => NoteKind::Sms,
        _ => NoteKind::Other,
    };
    let text = wire::text_in(params, "text").or_else(|| wire::text_in(params, "call_result"));
    let link = wire::text_in(params, "link");
    (text.is_some() || link.is_some()).then_some(RemoteNote {
        id: wire::id_in(row, "id")?,
        at: wire::time_in(row, "created_at")?,
        kind,
        text: text.unwrap_or_default(),
        link,
    })
}

/// Cuts between characters, and says so.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_notes_and_those_without_words_are_left_out() {
        let row = |kind: &str, params: Value| json!({ "id": 5, "created_at": 1_700_000_000, "note_type": kind, "params": params });
        let own = row(
            "extended_service_message",
            json!({ "service": SERVICE, "text": "x" }),
        );
        assert_eq!(read_note(&own), None);
        assert_eq!(read_note(&row("chat", Value::Null)), None);
        let said = read_note(&row("common", json!({ "text": "called back" }))).unwrap();
        assert_eq!(
            (said.kind, said.text.as_str()),
            (NoteKind::Text, "called back")
        );
        let call = read_note(&row(
            "call_in",
            json!({ "link": "https://x.example/a.mp3" }),
        ))
        .unwrap();
        assert_eq!(call.link.as_deref(), Some("https://x.example/a.mp3"));
    }

    #[test]
    fn numbers_are_written_whole_and_nothing_empties_the_field() {
        let values = |value| number_change(7, value)["custom_fields_values"][0]["values"].clone();
        assert_eq!(values(Some(82.0)).to_string(), r#"[{"value":82}]"#);
        assert_eq!(values(Some(0.5)).to_string(), r#"[{"value":0.5}]"#);
        assert_eq!(values(None), Value::Null);
    }

    #[test]
    fn long_notes_are_cut_between_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
