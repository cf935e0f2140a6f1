//! The log of a conversation in words.

use std::collections::HashMap;

use serde_json::Value;

use crate::store::events::Event;
use crate::store::inbox::teams;
use crate::store::{Connection, StoreError, WorkspaceId, assistants, users};

/// Names of what events tell by id.
pub struct Names(HashMap<String, String>);

impl Names {
    pub fn load(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        let mut names = HashMap::new();
        for user in users::list(conn)? {
            names.insert(user.id.to_string(), user.name);
        }
        for team in teams::list(conn, workspace)? {
            names.insert(team.id.to_string(), team.name);
        }
        for (id, _, title) in assistants::names(conn, workspace)? {
            names.insert(id.to_string(), title);
        }
        Ok(Self(names))
    }

    pub(super) fn of(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

/// What happened, as a sentence without a full stop.
pub fn tell(event: &Event, names: &Names) -> String {
    let field = |name: &str| event.data.get(name).and_then(Value::as_str);
    let named = |name: &str| field(name).and_then(|id| names.of(id));
    let by = named("by").unwrap_or("Somebody");
    match event.kind.as_str() {
        "conversation_started" => {
            let channel = field("channel").map_or("", |channel| match channel {
                "chat" => " in the chat",
                "api" => " through the API",
                "cli" => " at the command line",
                "voice" => " by voice",
                _ => "",
            });
            let with = named("assistant").map_or(String::new(), |title| format!(" with {title}"));
            let page = field("page").map_or(String::new(), |page| format!(", on {page}"));
            format!("Began{channel}{with}{page}")
        }
        "conversation_waiting" => match field("reason").unwrap_or_default() {
            "visitor" | "button" => "The visitor asked for a person".into(),
            "risky" => "The assistant called a person: a risky topic".into(),
            "topic" => "The assistant called a person: its owner leaves this to people".into(),
            "refusals" => "The assistant called a person: it had no answer several times".into(),
            "rating" => "The assistant called a person: an answer was rated bad".into(),
            _ => "Waits for a person".into(),
        },
        "conversation_taken" => match named("from") {
            Some(from) => format!("{by} took it from {from}"),
            None => format!("{by} took it"),
        },
        "conversation_assigned" => match (named("to"), named("team")) {
            (Some(to), _) => format!("{by} assigned it to {to}"),
            (None, Some(team)) => format!("{by} assigned it to the team {team}"),
            // Of a team or a person that was deleted since, only the id is known.
            (None, None) => match (field("former_team"), field("to").or(field("team"))) {
                (Some(team), _) => format!("{by} deleted the team {team}, which it was given to"),
                (None, Some(_)) => format!("{by} assigned it to somebody who is no longer here"),
                (None, None) => format!("{by} assigned it to nobody"),
            },
        },
        "conversation_returned" => format!("{by} gave it back to the assistant"),
        "conversation_requeued" => {
            let who = named("by").unwrap_or("The person who had it");
            format!("{who} was away, so it waits again")
        }
        "conversation_expired" => match field("reason") {
            Some("closed") => "Nobody was at the desk".into(),
            _ => "Nobody came in time".into(),
        },
        "conversation_closed" => match named("by") {
            Some(by) => format!("{by} closed it"),
            None => "Closed".into(),
        },
        "conversation_reopened" => match named("by") {
            Some(by) => format!("{by} opened it again"),
            None => "The visitor wrote again".into(),
        },
        "conversation_merged" => format!("{by} merged it into another conversation"),
        "conversation_spam" => match event.data.get("value").and_then(Value::as_bool) {
            Some(false) => format!("{by} marked it as no spam"),
            _ => format!("{by} marked it as spam"),
        },
        "conversation_snoozed" => match event.data.get("until").and_then(Value::as_i64) {
            Some(until) => format!("{by} put it aside until {}", moment(until)),
            None if field("by").is_none() => "Came back".into(),
            None => format!("{by} took it back"),
        },
        "conversation_tagged" => {
            let tag = field("tag").unwrap_or_default();
            match event.data.get("added").and_then(Value::as_bool) {
                Some(false) => format!("{by} took the tag “{tag}” off"),
                _ => format!("{by} added the tag “{tag}”"),
            }
        }
        "conversation_rated" => match event.data.get("score").and_then(Value::as_i64) {
            Some(score) => format!("The visitor rated the conversation {score} of 5"),
            None => "The visitor rated the conversation".into(),
        },
        "answer_rated" => match field("value") {
            Some("down" | "bad") => "The visitor rated an answer bad".into(),
            _ => "The visitor rated an answer good".into(),
        },
        "message_received" => "The visitor wrote".into(),
        "message_sent" => format!("{by} wrote"),
        "note_written" => format!("{by} wrote a note"),
        "tool_waits" => {
            let tool = field("tool").unwrap_or_default();
            format!("The tool {tool} waits for somebody to allow it")
        }
        "tool_allowed" => format!(
            "{by} allowed the tool {}",
            field("tool").unwrap_or_default()
        ),
        "tool_declined" => format!(
            "{by} declined the tool {}",
            field("tool").unwrap_or_default()
        ),
        // A kind of a later version is at least named.
        other => other.replace('_', " "),
    }
}

/// Minutes of UTC; the page has the exact time in the reader's zone.
fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(
        |_| at.to_string(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::EventId;
    use crate::store::inbox::routing::KINDS;

    fn event(kind: &str, data: Value) -> Event {
        Event {
            id: EventId(1),
            workspace: WorkspaceId::new(),
            kind: kind.to_owned(),
            subject: "x".into(),
            data,
            at: 0,
        }
    }

    #[test]
    fn the_log_reads_like_sentences() {
        let names = Names(HashMap::from([
            ("1".to_owned(), "Ann".to_owned()),
            ("2".to_owned(), "Ben".to_owned()),
        ]));
        for (kind, data, expected) in [
            (
                "conversation_started",
                json!({"channel": "chat", "page": "example.com/a"}),
                "Began in the chat, on example.com/a",
            ),
            (
                "conversation_taken",
                json!({"by": "1", "from": "2"}),
                "Ann took it from Ben",
            ),
            (
                "conversation_taken",
                json!({"by": "gone"}),
                "Somebody took it",
            ),
            (
                "conversation_tagged",
                json!({"by": "2", "tag": "vip", "added": false}),
                "Ben took the tag “vip” off",
            ),
            (
                "conversation_snoozed",
                json!({"by": "1", "until": 0}),
                "Ann put it aside until 1970-01-01 00:00 UTC",
            ),
            (
                "conversation_assigned",
                json!({"by": "1", "team": null, "former_team": "Sales"}),
                "Ann deleted the team Sales, which it was given to",
            ),
            (
                "conversation_assigned",
                json!({"by": "1", "to": null, "team": "gone"}),
                "Ann assigned it to somebody who is no longer here",
            ),
            (
                "conversation_assigned",
                json!({"by": "1", "to": null, "team": null}),
                "Ann assigned it to nobody",
            ),
            ("something_new", json!({}), "something new"),
        ] {
            assert_eq!(tell(&event(kind, data), &names), expected);
        }
        for kind in KINDS {
            let text = tell(&event(kind, json!({})), &names);
            assert_ne!(text, kind.replace('_', " "), "{kind} has no words");
        }
    }
}
