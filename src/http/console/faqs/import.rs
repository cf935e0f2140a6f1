//! Imports questions and answers from a file or pasted text.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Show, render};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::console::format::plural;
use crate::http::console::guard::SignedIn;
use crate::http::console::{Failure, sentence};
use crate::http::multipart;
use crate::knowledge::{FaqImport, KnowledgeError};
use crate::store::faqs::FaqState;

/// Largest file of an import, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// `POST /faq/import`: responds with the list and a summary of the import.
pub(in crate::http::console) async fn import(
    State(app): State<Arc<App>>,
    person: SignedIn,
    request: Request,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let mut form = multipart::open(request, MOST_BYTES).await?;
    let (mut given, mut approved) = (None, false);
    while let Some(mut field) = multipart::next(&mut form).await? {
        let name = field.file_name().unwrap_or_default().to_owned();
        let kind = field.name().unwrap_or_default().to_owned();
        let bytes = multipart::collect(&mut field, MOST_BYTES).await??;
        match kind.as_str() {
            "file" | "text" if !bytes.trim_ascii().is_empty() => given = Some((name, bytes)),
            "approved" => approved = true,
            _ => {}
        }
    }
    let state = match approved {
        true => FaqState::Approved,
        false => FaqState::Draft,
    };
    let taken = match given {
        Some((name, bytes)) => {
            let by = person.member();
            // Mistakes in the input are shown beside the form; other errors get a page of their own.
            match app.knowledge.faqs().take(by, bytes, name, state).await {
                Err(wrong @ KnowledgeError::Faq(_)) => Err(wrong.to_string()),
                other => Ok(other?),
            }
        }
        None => Err("choose a file or paste questions with their answers".into()),
    };
    let (status, show) = match taken {
        Ok(report) => {
            let (done, left_out) = summarise(&report);
            let show = Show {
                done: Some(done),
                left_out,
                ..Show::default()
            };
            (StatusCode::OK, show)
        }
        Err(wrong) => {
            let show = Show {
                import_error: Some(sentence(&wrong)),
                ..Show::default()
            };
            (StatusCode::UNPROCESSABLE_ENTITY, show)
        }
    };
    render(&app, &person, status, "", show).await
}

fn summarise(report: &FaqImport) -> (String, Vec<String>) {
    let count = |count: usize, one: &str| {
        plural(u64::try_from(count).unwrap_or(0), one, &format!("{one}s"))
    };
    let done = format!(
        "{} added, {} merged into answers that were there, {} left out.",
        count(report.added, "answer"),
        count(report.merged, "phrasing"),
        report.skipped.len()
    );
    let lines = report.skipped.iter().take(20);
    let mut left_out: Vec<String> = lines
        .map(|s| format!("Line {}: {}", s.line, s.reason))
        .collect();
    if report.skipped.len() > left_out.len() {
        left_out.push(format!(
            "and {} more",
            report.skipped.len() - left_out.len()
        ));
    }
    (done, left_out)
}
