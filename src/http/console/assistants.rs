//! One assistant in tabs, each a form that changes its draft; what goes live, versions, a try.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::assistant_form::{Field, Filler, Sent, Tab, TopicFields};
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, assistant_list, assistant_read, sentence, session};
use crate::app::App;
use crate::app::assistants::{self, AssistantError, FileKind, Overview};
use crate::http::api::assistants::send_file;
use crate::http::api::check_text;
use crate::http::auth::{OfCredential, Scope};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::http::voice::site_key;
use crate::llm::{ChatMessage, Claim, Priority, Role};
use crate::store::StoreError;
use crate::store::assistants::versions::{DRAFT, VersionState};

/// Earlier questions and answers of a try, at most.
const MOST_TRIED: usize = 10;

pub(super) struct Row {
    pub(super) name: String,
    pub(super) title: String,
    /// 0 while nothing was published.
    pub(super) version: u32,
    pub(super) usual: bool,
    pub(super) draft: bool,
    pub(super) waits: bool,
}

struct TabLink {
    name: &'static str,
    label: &'static str,
}

struct VersionRow {
    number: u32,
    /// Whether visitors get it.
    live: bool,
    note: String,
    author: String,
    at: Moment,
    conversations: u64,
    /// What it changed of the version before, in words.
    changes: Vec<String>,
}

/// A question that was tried, and the answer.
struct Tried {
    question: String,
    answer: String,
    rung: &'static str,
    sources: Vec<String>,
}

#[derive(Template)]
#[template(path = "assistant.html")]
struct OnePage {
    shell: Shell,
    row: Row,
    tab: &'static str,
    tabs: Vec<TabLink>,
    fields: Vec<Field>,
    topics: Vec<TopicFields>,
    /// How the draft differs from what is live, in words.
    differences: Vec<String>,
    versions: Vec<VersionRow>,
    /// The line for web pages, if it has a key of its own.
    line: Option<String>,
    tried: Vec<Tried>,
    /// The same for the next question, as JSON.
    history: String,
    note: String,
    /// What the draft, or what is live, names and is not there.
    warnings: Vec<String>,
    error: Option<String>,
    done: Option<&'static str>,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    pub(super) tab: String,
    #[serde(default)]
    pub(super) done: String,
}

pub(super) fn describe_done(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Saved in the draft. Visitors get it once you publish it.",
        "same" => "Nothing differs from what is live.",
        "live" => "Published: visitors get it from now on.",
        "waits" => {
            "The draft waits at the gate. Ask the golden questions on the page Quality, Tests and gate, and publish it there."
        }
        "discarded" => "The draft is gone.",
        "back" => "The earlier version is live again.",
        "made" => {
            "The assistant is made, as a draft. Try it, and publish it on the tab Versions; until then only staff reach it."
        }
        "file" => "The file was taken in.",
        "renamed" => "It has another short name now.",
        "key" => "Its pages need the line below.",
        "deleted" => "The assistant is deleted. For 30 days it can be brought back below.",
        "restored" => "The assistant is back.",
        _ => return None,
    })
}

pub(super) fn row(of: &Overview) -> Row {
    Row {
        name: of.assistant.name.clone(),
        title: of.assistant.title.clone(),
        version: of.assistant.version,
        usual: of.usual,
        draft: of.draft().is_some(),
        waits: of.waits,
    }
}

/// What the person can mend, as a sentence.
pub(super) fn mistake<T>(done: Result<T, AssistantError>) -> Result<Result<T, String>, Problem> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(
            error @ (AssistantError::Wrong { .. }
            | AssistantError::NoDraft
            | AssistantError::NoVersion(_)
            | AssistantError::Last
            | AssistantError::OnlyDraft
            | AssistantError::TooMany
            | AssistantError::Store(StoreError::Conflict(_))),
        ) => Ok(Err(sentence(&error.to_string()))),
        Err(other) => Err(other.into()),
    }
}

/// A short name is plain, so it needs no encoding; what else stands in an address is looked for and not found.
pub(super) fn to(name: &str, tab: &str, done: &str) -> Response {
    Redirect::to(&format!("/assistants/{name}?tab={tab}&done={done}")).into_response()
}

/// `GET /assistants/{name}?tab=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let tab = Tab::parse(&shown.tab).unwrap_or(Tab::About);
    let page = OnePage {
        done: describe_done(&shown.done),
        ..one_page(&app, &person, &headers, &name, tab).await?
    };
    Ok(view::page(StatusCode::OK, &page))
}

async fn one_page(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    name: &str,
    tab: Tab,
) -> Result<OnePage, Failure> {
    let (store, by) = (&app.store, person.member());
    let found = assistants::get(store, by, name).await?;
    let inherited = assistants::inherited(store, by).await?;
    let counts = assistants::count_conversations(store, by, name);
    let counts = counts.await?;
    let tags: Vec<String> = app.knowledge.count_tags(by).await?.into_keys().collect();
    let body = found.work()?;
    let warnings = assistants::warnings(app, by, &body).await?;
    let filler = Filler {
        body: &body,
        inherited: &inherited,
        voices: &app.synthesizer.voices(),
        tags: &tags,
    };
    let live = found.assistant.body()?;
    let differences = assistants::compare(&live, &body);
    let key = found.assistant.site_key.as_deref();
    Ok(OnePage {
        shell: person.shell(Section::Assistants, found.assistant.title.clone()),
        row: row(&found),
        tab: tab.name(),
        tabs: Tab::ALL
            .into_iter()
            .map(|tab| TabLink {
                name: tab.name(),
                label: tab.label(),
            })
            .collect(),
        fields: filler.fields(tab),
        topics: match tab {
            Tab::Topics => filler.topics(),
            _ => Vec::new(),
        },
        differences: differences
            .iter()
            .map(|one| sentence(&one.sentence()))
            .collect(),
        versions: version_rows(&found, &counts),
        line: key.map(|key| site_key::line(&session::address(app, headers), key)),
        tried: Vec::new(),
        history: "[]".to_owned(),
        note: found
            .draft()
            .map(|draft| draft.note.clone())
            .unwrap_or_default(),
        warnings: warnings.iter().map(|one| sentence(one)).collect(),
        error: None,
        done: None,
    })
}

fn version_rows(found: &Overview, counts: &[(u32, u64)]) -> Vec<VersionRow> {
    let live = found
        .versions
        .iter()
        .filter(|version| version.number != DRAFT);
    let rows = live.map(|version| {
        let before = found.version(version.number - 1);
        let before = before.filter(|before| before.number != DRAFT);
        let changes = before.map(|before| assistants::compare(&before.body, &version.body));
        let count = counts.iter().find(|(number, _)| *number == version.number);
        VersionRow {
            number: version.number,
            live: version.state == VersionState::Published,
            note: version.note.clone(),
            author: version.author.clone(),
            at: moment(version.created_at),
            conversations: count.map_or(0, |(_, count)| *count),
            changes: changes
                .into_iter()
                .flatten()
                .map(|one| sentence(&one.sentence()))
                .collect(),
        }
    });
    rows.collect()
}

/// `POST /assistants/{name}/{verb}`: saves a tab, or acts.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path((name, verb)): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (store, by) = (&app.store, person.member());
    let text = |field: &str| sent.get(field).map_or("", |text| text.trim());
    let outcome = match verb.as_str() {
        "publish" => {
            let note = Some(text("note")).filter(|note| !note.is_empty());
            mistake(assistants::publish(&app, by, &name, note).await)?.map(|(done, _)| {
                use crate::eval::gate::Proposed;
                let done = if done == Proposed::Waits {
                    "waits"
                } else {
                    "live"
                };
                to(&name, "versions", done)
            })
        }
        "discard" => mistake(assistants::discard(&app, by, &name).await)?
            .map(|_| to(&name, "versions", "discarded")),
        "rollback" => {
            let version = text("version").parse().unwrap_or(DRAFT);
            let back = assistants::roll_back(&app, by, &name, version, now_ms()).await;
            mistake(back)?.map(|_| to(&name, "versions", "back"))
        }
        "duplicate" => {
            let made = assistants::duplicate(&app, by, &name, text("name"), now_ms()).await;
            mistake(made)?.map(|made| to(&made.assistant.name, "about", "made"))
        }
        "rename" => {
            let renamed = assistants::rename(store, by, &name, text("name")).await;
            mistake(renamed)?.map(|renamed| to(&renamed.assistant.name, "versions", "renamed"))
        }
        "key" => {
            let made = assistants::renew_site_key(store, by, &name).await;
            mistake(made)?.map(|_| to(&name, "versions", "key"))
        }
        "delete" => mistake(assistants::delete(store, by, &name, now_ms()).await)?
            .map(|()| Redirect::to("/assistants?done=deleted").into_response()),
        "restore" => {
            let back = mistake(assistants::restore(store, by, &name).await)?;
            match back {
                Ok(_) => Ok(Redirect::to("/assistants?done=restored").into_response()),
                // The page of an assistant that is still deleted could not be shown.
                Err(error) => return assistant_list::refuse(&app, &person, error).await,
            }
        }
        tab => match Tab::parse(tab) {
            Some(tab) => return save(&app, &person, &headers, &name, tab, &sent).await,
            None => return Err(Problem::not_found("act").into()),
        },
    };
    match outcome {
        Ok(response) => Ok(response),
        Err(error) => {
            let page = OnePage {
                error: Some(error),
                ..one_page(&app, &person, &headers, &name, Tab::Versions).await?
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

async fn save(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    name: &str,
    tab: Tab,
    sent: &Sent,
) -> Result<Response, Failure> {
    let by = person.member();
    let found = assistants::get(&app.store, by, name).await?;
    let saved = match assistant_read::read(tab, sent, &found.work()?) {
        Ok(changes) => {
            let saved = assistants::save_draft(app, by, name, changes, None, now_ms()).await;
            mistake(saved)?
        }
        Err(told) => Err(told),
    };
    match saved {
        Ok(saved) => {
            let done = if saved.draft().is_some() {
                "saved"
            } else {
                "same"
            };
            Ok(to(name, tab.name(), done))
        }
        Err(error) => {
            let mut page = one_page(app, person, headers, name, tab).await?;
            // What was entered stays, to be mended.
            for field in &mut page.fields {
                if let Some(entered) = sent.get(&field.name) {
                    field.value.clone_from(entered);
                    for choice in &mut field.choices {
                        choice.chosen = choice.value == *entered;
                    }
                }
            }
            if tab == Tab::Topics {
                page.topics = assistant_read::entered_topics(sent);
            }
            page.error = Some(error);
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct FileQuery {
    version: Option<u32>,
    format: Option<String>,
}

/// `GET /assistants/{name}/file?version=&format=`
pub(super) async fn file(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let found = assistants::get(&app.store, person.member(), &name).await;
    let found = found?;
    let kind = match query.format.as_deref() {
        Some("json") => FileKind::Json,
        _ => FileKind::Toml,
    };
    let number = query.version.unwrap_or(found.assistant.version);
    let body = found.body_of(number)?;
    Ok(send_file(&name, &body, kind)?)
}

#[derive(Deserialize)]
pub(super) struct TryForm {
    #[serde(default)]
    question: String,
    /// Earlier questions and answers, as JSON.
    #[serde(default)]
    history: String,
}

/// `POST /assistants/{name}/try`: what the draft would answer.
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path(name): Path<String>,
    Form(form): Form<TryForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let mut page = one_page(&app, &person, &headers, &name, Tab::Try).await?;
    let mut earlier: Vec<[String; 2]> = serde_json::from_str(&form.history).unwrap_or_default();
    earlier.truncate(MOST_TRIED);
    let history = earlier.iter().flat_map(|[question, answer]| {
        [
            ChatMessage::new(Role::User, question.as_str()),
            ChatMessage::new(Role::Assistant, answer.as_str()),
        ]
    });
    let history: Vec<ChatMessage> = history.collect();
    page.tried = earlier
        .iter()
        .map(|[question, answer]| Tried {
            question: question.clone(),
            answer: answer.clone(),
            rung: "",
            sources: Vec::new(),
        })
        .collect();
    page.history = json!(earlier).to_string();
    let question = match check_text("question", form.question) {
        Ok(question) => question,
        Err(problem) => {
            page.error = Some(sentence(problem.detail()));
            return Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let flow = person.principal().credential().flow(person.workspace.id);
    let claim = Claim::new(Priority::Chat, flow);
    let by = person.member();
    let asked = assistants::try_out(&app, by, &name, question.clone(), history, claim).await;
    let answer = asked?;
    earlier.push([question.clone(), answer.answer.clone()]);
    if earlier.len() > MOST_TRIED {
        earlier.remove(0);
    }
    page.history = json!(earlier).to_string();
    page.tried.push(Tried {
        question,
        answer: answer.answer,
        rung: answer.rung.as_str(),
        sources: answer
            .citations
            .into_iter()
            .map(|cited| cited.title)
            .collect(),
    });
    Ok(view::page(StatusCode::OK, &page))
}
