//! A test chat. With scripts it is the page Chat; without, a form that shows one answer.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::head::Head;
use super::{Fields, Place, Step, mistake};
use crate::agent::{Answer, Citation, CitationKind};
use crate::http::api::ask;
use crate::http::console::view::{self, Shell, filters};
use crate::http::console::{Failure, chat, status};
use crate::http::voice::files;

#[derive(Template)]
#[template(path = "welcome_try.html")]
struct Trying {
    shell: Shell,
    head: Head,
    assistant: String,
    suggestions: Vec<String>,
    warning: Option<String>,
    widget: String,
    /// What was asked without scripts.
    question: String,
    answer: Option<String>,
    quotes: Vec<Quote>,
    error: Option<String>,
}

struct Quote {
    number: u32,
    title: String,
    words: String,
    /// Empty unless it is of a document.
    link: String,
}

pub(super) async fn show(
    place: &Place<'_>,
    answered: Option<(String, Answer)>,
    wrong: Option<(String, String)>,
) -> Result<Response, Failure> {
    let app = place.app;
    let (assistant, suggestions) = chat::introduce(app, place.person.workspace.id).await?;
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let (asked, answer) = answered.unzip();
    let (mistaken, error) = wrong.unzip();
    let page = Trying {
        shell: place.shell("Try it"),
        head: Head::of(&place.walk, Step::Try),
        assistant,
        suggestions,
        warning: status::warning(app, &["llm", "embed"]),
        widget: files::widget_path(),
        question: asked.or(mistaken).unwrap_or_default(),
        quotes: answer
            .iter()
            .flat_map(|answer| answer.citations.iter().map(quote))
            .collect(),
        answer: answer.map(|answer| answer.answer),
        error,
    };
    Ok(view::page(status, &page))
}

/// Answers a question from the form.
pub(super) async fn ask(place: &Place<'_>, fields: &Fields) -> Result<Response, Failure> {
    let (by, workspace) = (place.person.principal(), place.person.workspace.id);
    let question = fields.get("question").to_owned();
    match ask::answer(place.app, by, workspace, question.clone()).await {
        Ok(answer) => show(place, Some((question, answer)), None).await,
        Err(problem) => show(place, None, Some((question, mistake(problem)?))).await,
    }
}

fn quote(citation: &Citation) -> Quote {
    let [start, end] = citation.span;
    let link = match citation.kind {
        CitationKind::Document => format!(
            "/documents/{}?version={}&span={start}-{end}#quote",
            citation.document, citation.version
        ),
        _ => String::new(),
    };
    Quote {
        number: citation.number,
        title: citation.title.clone(),
        words: citation.quote.clone(),
        link,
    }
}
