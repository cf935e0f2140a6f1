//! The tools: who has them, what they take, and what they call. Each does what a route of the API does.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool as Described, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::http::api::place::ApiPlace;
use crate::http::api::{ask, conversations, documents, search};
use crate::http::auth::{Principal, Scope};
use crate::http::body;
use crate::http::problem::Problem;

/// What an assistant elsewhere may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Search,
    Ask,
    ListConversations,
    ReadConversation,
    ListDocuments,
}

/// Which conversation is read.
#[derive(Deserialize)]
struct Wanted {
    id: String,
}

impl Tool {
    pub(super) const ALL: [Self; 5] = [
        Self::Search,
        Self::Ask,
        Self::ListConversations,
        Self::ReadConversation,
        Self::ListDocuments,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Ask => "ask",
            Self::ListConversations => "list_conversations",
            Self::ReadConversation => "read_conversation",
            Self::ListDocuments => "list_documents",
        }
    }

    /// Any of these lets a key have it.
    fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Search => search::SCOPES,
            Self::Ask => &[Scope::Chat],
            // A key without `conversations` sees those that it began.
            Self::ListConversations | Self::ReadConversation => {
                &[Scope::Chat, Scope::Conversations]
            }
            Self::ListDocuments => &[Scope::Documents],
        }
    }

    /// The conversation whose words a call reads, and the workspace that it names.
    pub(super) fn transcript(self, arguments: &JsonObject) -> Option<(String, Option<String>)> {
        let text = |name: &str| Some(arguments.get(name)?.as_str()?.to_owned());
        match self {
            Self::ReadConversation => Some((text("id")?, text("workspace"))),
            _ => None,
        }
    }

    pub(super) fn is_for(self, by: &Principal) -> bool {
        by.need(self.scopes()).is_ok()
    }

    /// The tool of this name, if the caller has it.
    pub(super) fn find(name: &str, by: &Principal) -> Option<Self> {
        let mut own = Self::ALL.into_iter().filter(|tool| tool.is_for(by));
        own.find(|tool| tool.name() == name)
    }

    pub(super) fn describe(self) -> Described {
        let (title, about) = self.about();
        // An answer leaves a receipt.
        let hints = ToolAnnotations::new()
            .read_only(self != Self::Ask)
            .destructive(false)
            .idempotent(self != Self::Ask)
            .open_world(false);
        Described::new(self.name(), about, self.arguments())
            .with_title(title)
            .with_annotations(hints)
    }

    fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Search => (
                "Search documents",
                "Finds passages of the business's documents that fit a question: text, document, byte span and a score \
                 from 0 to 1, best first.",
            ),
            Self::Ask => (
                "Ask the front desk",
                "Answers a question from the business's documents, approved answers and facts. The result has the answer, \
                 its citations, the rung (how it was found; `refusal`: the documents do not tell) and the id of its receipt.",
            ),
            Self::ListConversations => (
                "List conversations",
                "Lists conversations, that with the latest message first: all of the workspace with the scope \
                 `conversations`, else those that this key began.",
            ),
            Self::ReadConversation => (
                "Read a conversation",
                "Gives what was said in a conversation, oldest first.",
            ),
            Self::ListDocuments => (
                "List documents",
                "Lists the business's documents with title, state and number of passages.",
            ),
        }
    }

    /// A JSON Schema.
    fn arguments(self) -> JsonObject {
        let text = |about: &str| json!({"type": "string", "description": about});
        let count = |about: &str, least: u32, most: u32| {
            let mut count = json!({"type": "integer", "minimum": least, "maximum": most});
            insert(&mut count, "description", about.into());
            count
        };
        let (mut properties, required) = match self {
            Self::Search => {
                let mut view = text("`visitors` leaves out documents for staff only");
                insert(&mut view, "enum", json!(["visitors", "staff"]));
                let properties = json!({
                    "query": text("A question, or words"),
                    "limit": count("Most passages; 10 if absent", 1, 50),
                    "view": view,
                });
                (properties, vec!["query"])
            }
            Self::Ask => {
                let turn = json!({
                    "type": "object",
                    "properties": {
                        "role": {"type": "string", "enum": ["user", "assistant"]},
                        "content": {"type": "string"},
                    },
                    "required": ["role", "content"],
                });
                let history = json!({
                    "type": "array", "items": turn, "maxItems": 50,
                    "description": "Earlier turns, oldest first, for a question that follows another",
                });
                let properties = json!({
                    "question": text("The question, in any language"),
                    "history": history,
                    "assistant": text("Short name of the assistant; the workspace's first if absent"),
                });
                (properties, vec!["question"])
            }
            Self::ListConversations => {
                let properties = json!({
                    "limit": count("Most conversations; 50 if absent", 1, 200),
                    "offset": count("How many to skip", 0, u32::MAX),
                });
                (properties, vec![])
            }
            Self::ReadConversation => (json!({"id": text("Id of the conversation")}), vec!["id"]),
            Self::ListDocuments => (json!({}), vec![]),
        };
        let workspace = text("Short name of the workspace; the key's own if absent");
        insert(&mut properties, "workspace", workspace);
        let mut schema = JsonObject::new();
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), properties);
        schema.insert("required".into(), json!(required));
        schema
    }

    /// # Errors
    /// As the route that does the same.
    pub(super) async fn call(
        self,
        app: &Arc<App>,
        by: &Principal,
        arguments: JsonObject,
    ) -> Result<Value, Problem> {
        by.need(self.scopes())?;
        let place = enter(app, by, &arguments).await?;
        match self {
            Self::Search => {
                write(&search::find(&place.app, &place.member, read(arguments)?).await?)
            }
            Self::Ask => write(&ask::answer_in_full(app, by, read(arguments)?).await?),
            Self::ListConversations => {
                write(&conversations::read_list(&place, &read(arguments)?).await?)
            }
            Self::ReadConversation => {
                let wanted: Wanted = read(arguments)?;
                write(&conversations::read_one(&place, &wanted.id).await?)
            }
            Self::ListDocuments => write(&documents::read_list(&place).await?),
        }
    }
}

/// The workspace that the arguments name, or the caller's own.
async fn enter(
    app: &Arc<App>,
    by: &Principal,
    arguments: &JsonObject,
) -> Result<ApiPlace, Problem> {
    let name = match arguments.get("workspace") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.as_str()),
        Some(_) => return Err(Problem::invalid("workspace", "workspace must be text")),
    };
    ApiPlace::enter(Arc::clone(app), by, name).await
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// The arguments as what the route reads. An error names the argument.
fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Problem> {
    let bytes = serde_json::to_vec(&arguments).map_err(|error| Problem::internal(&error))?;
    Ok(body::parse(&bytes)?)
}

fn write<T: Serialize>(result: &T) -> Result<Value, Problem> {
    serde_json::to_value(result).map_err(|error| Problem::internal(&error))
}
