//! Contacts as the API shows them.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::contacts::acts::Whole;
use crate::store::contacts::{Consent, Listed, Moment, Point, PointKind};

/// A contact in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactRow {
    pub id: String,
    /// Empty if unknown.
    pub name: String,
    /// In the order in which they were added.
    pub emails: Vec<String>,
    /// In international form (E.164).
    pub phones: Vec<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Kept until somebody deletes it, whatever its age.
    pub pinned: bool,
    /// How many conversations there were.
    pub conversations: u32,
    /// What is still to be done.
    pub open_tasks: u32,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When something last happened with it, in Unix milliseconds.
    pub updated_at: i64,
}

impl From<Listed> for ContactRow {
    fn from(listed: Listed) -> Self {
        let contact = listed.contact;
        Self {
            id: contact.id.to_string(),
            name: contact.name,
            emails: listed.emails,
            phones: listed.phones,
            language: contact.language,
            pinned: contact.pinned,
            conversations: listed.conversations,
            open_tasks: listed.open_tasks,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        }
    }
}

/// An e-mail address, a telephone number or an id.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointView {
    pub value: String,
    /// Whether the person proved that it is theirs.
    pub verified: bool,
    /// Unix milliseconds.
    pub added_at: i64,
}

impl From<&Point> for PointView {
    fn from(point: &Point) -> Self {
        Self {
            value: point.value.clone(),
            verified: point.verified,
            added_at: point.created_at,
        }
    }
}

/// What somebody agreed to, or took back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    pub id: String,
    /// What for; `contact` for what a form for leads asks.
    pub purpose: String,
    /// False if they refused, or took it back.
    pub given: bool,
    /// The text that they saw.
    pub text: String,
    /// The page where they saw it.
    pub page: Option<String>,
    /// Unix milliseconds.
    pub at: i64,
}

impl From<Consent> for ConsentView {
    fn from(consent: Consent) -> Self {
        Self {
            id: consent.id.to_string(),
            purpose: consent.purpose,
            given: consent.given,
            text: consent.text,
            page: consent.page,
            at: consent.created_at,
        }
    }
}

/// A contact that may be the same person.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaybeView {
    pub id: String,
    pub name: String,
}

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    pub id: String,
    /// Empty if unknown.
    pub name: String,
    /// ISO 639-1.
    pub language: Option<String>,
    pub emails: Vec<PointView>,
    /// In international form (E.164).
    pub phones: Vec<PointView>,
    /// Ids that the business's own site gave them.
    pub external: Vec<PointView>,
    /// Values of the owner's own fields, by name.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// Kept until somebody deletes it, whatever its age.
    pub pinned: bool,
    /// Newest first.
    pub consents: Vec<ConsentView>,
    /// Others with an address or a number that this one also gave.
    pub maybe_same: Vec<MaybeView>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When something last happened with it, in Unix milliseconds.
    pub updated_at: i64,
}

impl From<Whole> for ContactView {
    fn from(whole: Whole) -> Self {
        let of = |kind: PointKind| {
            let points = whole.points.iter().filter(|point| point.kind == kind);
            points.map(PointView::from).collect()
        };
        let contact = &whole.contact;
        Self {
            id: contact.id.to_string(),
            name: contact.name.clone(),
            language: contact.language.clone(),
            emails: of(PointKind::Email),
            phones: of(PointKind::Phone),
            external: of(PointKind::External),
            fields: contact.fields.clone(),
            pinned: contact.pinned,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            consents: whole.consents.into_iter().map(ConsentView::from).collect(),
            maybe_same: whole
                .maybe
                .into_iter()
                .map(|(id, name)| MaybeView {
                    id: id.to_string(),
                    name,
                })
                .collect(),
        }
    }
}

/// Something that happened with a contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct MomentView {
    /// Unix milliseconds.
    pub at: i64,
    /// `conversation`, `call`, `task`, `consent` or `change`.
    pub kind: String,
    /// Id of the conversation, the call, the task, the consent, or the event.
    pub id: String,
    /// Of a conversation its channel, of a call its status, of a task its kind, of a consent its purpose, of a change the kind of
    /// event.
    pub what: String,
    /// Of a conversation its title, of a task the wish, of a consent the text that was shown; else empty.
    pub text: String,
    /// Of a task `state` and `due_at`, of a consent `given`, of a change ids and figures.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl From<Moment> for MomentView {
    fn from(moment: Moment) -> Self {
        Self {
            at: moment.at,
            id: match moment.kind.as_str() {
                "change" => moment.id.trim_start_matches('0').to_owned(),
                _ => moment.id,
            },
            kind: moment.kind,
            what: moment.what,
            text: moment.text,
            data: moment.data,
        }
    }
}

/// A part of what happened with a contact, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineView {
    pub entries: Vec<MomentView>,
    /// `before` of the next part; absent at the end.
    pub next: Option<String>,
}
