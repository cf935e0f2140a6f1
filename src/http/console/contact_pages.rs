//! The pages about contacts, as data, and the words for what the store names.

use askama::Template;

use super::call_pages::Named;
use super::format::{Moment, moment, plural};
use super::task_pages::TaskRow;
use super::view::{Shell, filters};
use crate::contacts::fields::{Field, FieldKind, Fields};
use crate::contacts::show_phone;
use crate::http::api::contacts::{ContactQuery, ContactRow};
use crate::store::contacts as kept;

/// A contact in a list, in words.
pub struct Row {
    pub id: String,
    /// The name, or else how it is reached.
    pub title: String,
    /// How it is reached.
    pub ways: Vec<String>,
    pub conversations: String,
    pub open_tasks: u32,
    pub tasks: String,
    pub at: Moment,
    pub pinned: bool,
}

/// In place of a name that nobody told.
pub const NAMELESS: &str = "Somebody without a name";

impl From<ContactRow> for Row {
    fn from(row: ContactRow) -> Self {
        let phones = row.phones.iter().map(|phone| show_phone(phone));
        let mut ways: Vec<String> = row.emails.iter().cloned().chain(phones).collect();
        let title = match row.name.is_empty() {
            false => row.name,
            true if ways.is_empty() => NAMELESS.to_owned(),
            true => ways.remove(0),
        };
        Self {
            id: row.id,
            title,
            ways,
            conversations: match row.conversations {
                0 => "no conversation yet".to_owned(),
                count => plural(count.into(), "conversation", "conversations"),
            },
            open_tasks: row.open_tasks,
            tasks: format!("{} open", plural(row.open_tasks.into(), "task", "tasks")),
            at: moment(row.updated_at),
            pinned: row.pinned,
        }
    }
}

/// What somebody typed into the form for a new contact, and was refused.
pub struct Typed {
    pub name: String,
    pub email: String,
    pub phone: String,
}

/// A field of the owner's, in words.
pub struct FieldRow {
    pub name: String,
    pub what: String,
}

impl From<Field> for FieldRow {
    fn from(field: Field) -> Self {
        let what = match field.kind {
            FieldKind::Text => "Text".to_owned(),
            FieldKind::Number => "Number".to_owned(),
            FieldKind::Date => "Day".to_owned(),
            FieldKind::Choice => field.choices.join(", "),
        };
        Self {
            name: field.name,
            what,
        }
    }
}

#[derive(Template)]
#[template(path = "contacts.html")]
pub struct Contacts {
    pub shell: Shell,
    pub wanted: ContactQuery,
    pub rows: Vec<Row>,
    pub filtered: bool,
    /// Query string of this page, for the export.
    pub query: String,
    /// Query string of the next page.
    pub next: Option<String>,
    /// Whether they may export, and define fields.
    pub manages: bool,
    pub fields: Vec<FieldRow>,
    /// ISO 3166 code of the country in which numbers without country code are meant.
    pub country: Option<String>,
    pub typed: Option<Typed>,
    pub done: Option<&'static str>,
    pub error: Option<String>,
}

/// An address, a number or an id of a contact.
pub struct Point {
    pub value: String,
    pub shown: String,
    pub verified: bool,
}

impl From<&kept::Point> for Point {
    fn from(point: &kept::Point) -> Self {
        let value = point.value.clone();
        let shown = match point.kind {
            kept::PointKind::Phone => show_phone(&value),
            _ => value.clone(),
        };
        Self {
            value,
            shown,
            verified: point.verified,
        }
    }
}

/// A field with its value.
pub struct Filled {
    pub name: String,
    pub value: String,
    /// The type of its input.
    pub input: &'static str,
    /// Empty unless one of them is to be chosen.
    pub choices: Vec<String>,
}

/// The fields of a workspace with the values of a contact.
pub fn filled(fields: &Fields, contact: &kept::Contact) -> Vec<Filled> {
    let fill = |field: &Field| Filled {
        name: field.name.clone(),
        value: match contact.fields.get(&field.name) {
            None => String::new(),
            Some(value) => value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        },
        input: match field.kind {
            FieldKind::Number => "number",
            FieldKind::Date => "date",
            FieldKind::Text | FieldKind::Choice => "text",
        },
        choices: field.choices.clone(),
    };
    fields.fields.iter().map(fill).collect()
}

pub struct Consented {
    pub purpose: String,
    pub given: bool,
    pub text: String,
    pub page: String,
    pub at: Moment,
}

impl From<kept::Consent> for Consented {
    fn from(consent: kept::Consent) -> Self {
        Self {
            purpose: consent.purpose,
            given: consent.given,
            text: consent.text,
            page: consent.page.unwrap_or_default(),
            at: moment(consent.created_at),
        }
    }
}

/// Something that happened, in words.
pub struct Happened {
    pub what: String,
    pub text: String,
    pub at: Moment,
    /// Where it leads; empty for nowhere.
    pub href: String,
}

impl From<kept::Moment> for Happened {
    fn from(one: kept::Moment) -> Self {
        let (what, href) = match one.kind.as_str() {
            "conversation" => (channel(&one.what), format!("/inbox/{}", one.id)),
            "call" => ("Call".to_owned(), format!("/calls/{}", one.id)),
            "task" => (
                super::task_pages::kind(&one.what).label.to_owned(),
                format!("/tasks?state=#task-{}", one.id),
            ),
            "consent" => {
                let given = one.data.get("given") == Some(&serde_json::Value::Bool(true));
                let word = if given { "Agreed" } else { "Did not agree" };
                (format!("{word}: {}", one.what), String::new())
            }
            _ => (change(&one), String::new()),
        };
        Self {
            what,
            text: one.text,
            at: moment(one.at),
            href,
        }
    }
}

fn channel(name: &str) -> String {
    match name {
        "voice" => "Talked with the front desk",
        "api" => "Conversation with a program",
        "cli" => "Conversation on the command line",
        _ => "Chat",
    }
    .to_owned()
}

fn change(one: &kept::Moment) -> String {
    let has = |field: &str| one.data.get(field).is_some();
    match one.what.as_str() {
        "contact_created" => "Became a contact".to_owned(),
        "contact_changed" if has("merged") => "Merged with another contact".to_owned(),
        "contact_changed" if has("maybe") => {
            "Gave an address or a number of another contact".to_owned()
        }
        "contact_changed" if has("added") => {
            let added = one.data.get("added").and_then(|added| added.as_array());
            let words = added.into_iter().flatten().filter_map(|kind| {
                Some(match kind.as_str()? {
                    "email" => "e-mail address",
                    "phone" => "telephone number",
                    "name" => "name",
                    _ => "id",
                })
            });
            format!("Told a new {}", words.collect::<Vec<_>>().join(" and "))
        }
        "contact_changed" => "Corrected by staff".to_owned(),
        other => {
            let mut words = other.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

/// Another contact, by name.
pub struct Other {
    pub id: String,
    pub name: String,
}

#[derive(Template)]
#[template(path = "contact.html")]
pub struct ContactPage {
    pub shell: Shell,
    pub id: String,
    /// The name, or else how it is reached.
    pub title: String,
    pub name: String,
    pub language: String,
    pub pinned: bool,
    pub since: Moment,
    pub emails: Vec<Point>,
    pub phones: Vec<Point>,
    pub external: Vec<Point>,
    /// Whether a signed identity says that one of these is theirs.
    pub proved: bool,
    pub fields: Vec<Filled>,
    pub consents: Vec<Consented>,
    pub maybe: Vec<Other>,
    pub moments: Vec<Happened>,
    /// `before` of the older part.
    pub next: Option<String>,
    /// Open ones.
    pub tasks: Vec<TaskRow>,
    /// What was searched to merge, and what was found.
    pub find: String,
    pub candidates: Vec<Row>,
    /// Whether they may export and erase.
    pub manages: bool,
    pub done: Option<&'static str>,
    pub error: Option<String>,
}

/// For the word of a state that no table knows.
pub const UNKNOWN: Named = Named {
    name: "",
    label: "",
    state: "",
};
