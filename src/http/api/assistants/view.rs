//! Assistants as the API shows them.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::assistants::{self, Difference, Inherited, Overview};
use crate::http::problem::Problem;
use crate::store::assistants::Assistant;
use crate::store::assistants::versions::{AssistantVersion, DRAFT};

/// The assistants of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantList {
    pub(super) assistants: Vec<AssistantSummary>,
    /// Those that can be brought back.
    pub(super) deleted: Vec<DeletedAssistant>,
}

/// An assistant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantSummary {
    id: String,
    /// Short name; API clients use it as the model `assistant:NAME`.
    name: String,
    /// What visitors see.
    title: String,
    /// Number of the version that is live; 0 while nothing was published, so that only staff reach it.
    version: u32,
    /// Whether it answers where no assistant is named.
    usual: bool,
    /// Whether there is a draft.
    draft: bool,
    /// Whether the draft waits at the gate.
    waits: bool,
    /// Key for web pages that name this assistant; absent until one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    site_key: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    updated_at: i64,
}

/// An assistant that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedAssistant {
    name: String,
    title: String,
    /// Unix milliseconds.
    deleted_at: i64,
}

/// One assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantDetail {
    #[serde(flatten)]
    summary: AssistantSummary,
    /// What is live; `null` while nothing was published.
    #[schema(value_type = Option<Object>)]
    live: Option<Map<String, Value>>,
    /// What the draft says, if there is one.
    #[schema(value_type = Object)]
    draft_says: Option<Map<String, Value>>,
    /// Every field of the draft, or of what is live, in words.
    fields: Vec<AssistantField>,
    versions: Vec<AssistantVersionView>,
    /// Sentences about workflows, tools, tags and voices that the draft, or what is live, names and that are not there.
    warnings: Vec<String>,
}

/// A field in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantField {
    /// Such as `ladder.model`.
    field: String,
    label: String,
    /// Its own value, or the workspace's.
    value: String,
    /// Whether it is the workspace's.
    inherited: bool,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantVersionView {
    /// From 1 in the order in which they went live; 0 is the draft.
    number: u32,
    /// `draft`, `published` or `former`.
    state: &'static str,
    /// What its author says about it.
    note: String,
    author: String,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    changed_at: i64,
}

/// What two versions say differently.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantDiff {
    /// 0 is the draft.
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) differences: Vec<AssistantDifference>,
}

/// A field that two versions say differently.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantDifference {
    field: String,
    label: String,
    /// Absent where it is inherited, or not there.
    before: Option<String>,
    after: Option<String>,
    /// The same as one sentence.
    sentence: String,
}

impl From<&Overview> for AssistantSummary {
    fn from(found: &Overview) -> Self {
        let assistant = &found.assistant;
        Self {
            id: assistant.id.to_string(),
            name: assistant.name.clone(),
            title: assistant.title.clone(),
            version: assistant.version,
            usual: found.usual,
            draft: found.draft().is_some(),
            waits: found.waits,
            site_key: assistant.site_key.clone(),
            created_at: assistant.created_at,
            updated_at: assistant.updated_at,
        }
    }
}

impl From<&Assistant> for DeletedAssistant {
    fn from(gone: &Assistant) -> Self {
        Self {
            name: gone.short_name().to_owned(),
            title: gone.title.clone(),
            deleted_at: gone.deleted_at.unwrap_or_default(),
        }
    }
}

impl AssistantDetail {
    pub(super) fn new(
        found: Overview,
        inherited: &Inherited,
        warnings: Vec<String>,
    ) -> Result<Self, Problem> {
        let fields = assistants::describe(&found.work()?).into_iter();
        let fields = fields.map(|line| AssistantField {
            inherited: line.value.is_none(),
            value: line
                .value
                .or_else(|| inherited.of(&line.field))
                .unwrap_or_default(),
            field: line.field,
            label: line.label,
        });
        Ok(Self {
            live: match found.assistant.is_published() {
                true => Some(assistants::flat(&found.assistant.body()?)),
                false => None,
            },
            draft_says: found.draft().map(|draft| assistants::flat(&draft.body)),
            fields: fields.collect(),
            versions: found
                .versions
                .iter()
                .map(AssistantVersionView::from)
                .collect(),
            summary: AssistantSummary::from(&found),
            warnings,
        })
    }
}

impl From<&AssistantVersion> for AssistantVersionView {
    fn from(version: &AssistantVersion) -> Self {
        Self {
            number: version.number,
            state: version.state.as_str(),
            note: version.note.clone(),
            author: version.author.clone(),
            created_at: version.created_at,
            changed_at: version.changed_at,
        }
    }
}

impl From<Difference> for AssistantDifference {
    fn from(one: Difference) -> Self {
        Self {
            sentence: one.sentence(),
            field: one.field,
            label: one.label,
            before: one.before,
            after: one.after,
        }
    }
}

/// The number of a version in a query: `draft` or a number.
pub(super) fn parse_number(text: &str) -> Result<u32, Problem> {
    match text {
        "draft" => Ok(DRAFT),
        number => number
            .parse()
            .map_err(|_| Problem::invalid("version", "a version is a number, or `draft`")),
    }
}
