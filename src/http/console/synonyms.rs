//! Synonyms: one group per line, its words separated by commas.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section};
use super::{Failure, pages, sentence};
use crate::app::App;
use crate::knowledge::{KnowledgeError, Synonyms};

#[derive(Deserialize)]
pub(super) struct Groups {
    groups: String,
}

/// `GET /synonyms`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let own = app.knowledge.search().synonyms(person.member()).await?;
    Ok(render(&person, StatusCode::OK, lines(&own), None))
}

/// `POST /synonyms`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Groups>,
) -> Result<Response, Failure> {
    let set = app
        .knowledge
        .search()
        .set_synonyms(person.member(), parsed(&form.groups));
    match set.await {
        Ok(_) => Ok(Redirect::to("/synonyms").into_response()),
        Err(wrong @ KnowledgeError::Synonyms(_)) => {
            let (status, error) = (StatusCode::UNPROCESSABLE_ENTITY, wrong.to_string());
            Ok(render(&person, status, form.groups, Some(sentence(&error))))
        }
        Err(other) => Err(other.into()),
    }
}

fn render(person: &SignedIn, status: StatusCode, text: String, error: Option<String>) -> Response {
    let page = pages::SynonymsPage {
        shell: person.shell(Section::Documents, "Synonyms"),
        count: text.lines().filter(|l| !l.trim().is_empty()).count(),
        text,
        error,
    };
    view::page(status, &page)
}

fn lines(own: &Synonyms) -> String {
    let lines: Vec<String> = own.groups.iter().map(|group| group.join(", ")).collect();
    lines.join("\n")
}

fn parsed(text: &str) -> Synonyms {
    let words = |line: &str| line.split([',', ';', '=']).map(str::to_owned).collect();
    Synonyms {
        groups: text.lines().map(words).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_groups_are_the_same() {
        let own = parsed("braces, clear aligners\r\n\nalone\nteeth = tooth").tidied();
        assert_eq!(
            lines(&own.expect("is fine")),
            "braces, clear aligners\nteeth, tooth"
        );
    }
}
