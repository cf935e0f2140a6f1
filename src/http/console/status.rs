//! Status of the installation: engines, data protection, address, machine.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::format::{bytes, moment, plural, uptime};
use super::guard::SignedIn;
use super::pages::{self, Engine, Https, Protection};
use super::view::{self, Fact, Section};
use super::{Failure, sentence, session, usage};
use crate::app::{App, WorkerStatus, plans};
use crate::certificates::{Certificates, Mode};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::{documents, storage};

/// `GET /status`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let workspace = person.workspace.id;
    let (documents, kept) = app
        .store
        .read(move |conn| {
            let documents = documents::list(conn, workspace)?;
            Ok((documents, storage::bytes(conn, workspace)?))
        })
        .await?;
    let standing = plans::own(&app, person.member(), now_ms()).await?;
    let passages: i64 = documents.iter().map(|found| found.chunks).sum();
    let engines: Vec<Engine> = app
        .workers()
        .iter()
        .map(|worker| engine(&app, worker))
        .collect();
    let seconds = now_ms().saturating_sub(app.started_at_ms) / 1000;
    let whole = person.owns();
    let page = pages::Status {
        shell: person.shell(Section::Status, "Status"),
        whole,
        summary: summary(&engines),
        engines,
        protections: protections(&app),
        data: vec![
            Fact::new("Documents", documents.len().to_string()),
            Fact::new("Passages", passages.to_string()),
            Fact::new("Stored in total", bytes(kept.total())),
        ],
        bars: usage::bars(&standing),
        address: session::address(&app, &headers),
        https: app.certificates.as_ref().filter(|_| whole).map(https),
        machine: vec![
            Fact::new("Data folder", app.config.data_dir.display().to_string()),
            Fact::new(
                "Frontdesk",
                format!("version {}", env!("CARGO_PKG_VERSION")),
            ),
            Fact::new(
                "Running for",
                uptime(u64::try_from(seconds).unwrap_or_default()),
            ),
            Fact::new("Language model", app.chat.name()),
            Fact::new(
                "Room for a conversation",
                plural(app.chat.context_tokens().into(), "token", "tokens"),
            ),
            Fact::new("Search model", app.embedder.name()),
            Fact::new("Reader", reader(&app)),
            Fact::new("Speech models", list(&app.transcriber.models())),
        ],
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// A warning for a page that needs these engines, if one is not ready.
pub(super) fn warning(app: &App, needed: &[&str]) -> Option<String> {
    let workers = app.workers();
    let mut troubled = workers
        .iter()
        .filter(|w| needed.contains(&w.name.as_str()) && w.state != "ready");
    let worker = troubled.next()?;
    Some(match (&worker.detail, worker.state.as_str()) {
        (Some(detail), _) => sentence(detail),
        (None, "starting") => format!("{} is starting; this takes a moment.", label(&worker.name)),
        (None, _) => format!("{} is not working right now.", label(&worker.name)),
    })
}

/// Name of the model that marks the answer in a passage, or why there is none.
fn reader(app: &App) -> String {
    match app.reader.ready() {
        Ok(()) => app.reader.name(),
        Err(reason) => sentence(&reason.to_string()),
    }
}

fn engine(app: &App, worker: &WorkerStatus) -> Engine {
    let mut what = Vec::new();
    match worker.name.as_str() {
        "llm" => what.push(app.chat.name()),
        "embed" => what.push(app.embedder.name()),
        "speech" if !app.transcriber.models().is_empty() => {
            what.push(list(&app.transcriber.models()))
        }
        _ => {}
    }
    if worker.memory_bytes > 0 {
        what.push(format!("{} of memory", bytes(worker.memory_bytes)));
    }
    if worker.queue > 0 {
        what.push(format!("{} waiting", worker.queue));
    }
    if worker.restarts > 0 {
        what.push(format!(
            "restarted {}",
            plural(worker.restarts, "time", "times")
        ));
    }
    if what.is_empty() {
        what.push("idle".to_owned());
    }
    Engine {
        label: label(&worker.name),
        state: worker.state.clone(),
        what: what.join(" · "),
        detail: worker.detail.as_deref().map(sentence),
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "llm" => "Answers",
        "embed" => "Search by meaning",
        "speech" => "Speech to text",
        "voice" => "Voice calls",
        "extract" => "Document reading",
        _ => "Another engine",
    }
}

fn summary(engines: &[Engine]) -> String {
    let troubled: Vec<&Engine> = engines
        .iter()
        .filter(|engine| engine.state != "ready")
        .collect();
    match troubled.as_slice() {
        [] => "Everything works.".to_owned(),
        [one] if one.state == "starting" => {
            format!("{} is starting; everything else works.", one.label)
        }
        [one] => format!("{} needs your attention; everything else works.", one.label),
        many => format!("{} of {} engines are not ready.", many.len(), engines.len()),
    }
}

fn https(certificates: &Certificates) -> Https {
    let state = certificates.state();
    let (ok, told) = state.verdict(now_ms());
    let source = match state.mode {
        Mode::Files => "your own files",
        Mode::Acme => "an authority on the internet",
        Mode::Private => "this front desk's own authority",
    };
    let mut facts = vec![
        Fact::new("Names", state.names.join(", ")),
        Fact::new("Certificate from", source),
        Fact::new("Vouched for by", state.shown.issuer),
        Fact::new("Valid until", moment(state.shown.until).shown),
    ];
    if let Some(last) = &state.attempt {
        let outcome = match last.error {
            None => "succeeded",
            Some(_) => "failed",
        };
        facts.push(Fact::new(
            "Last attempt",
            format!("{}, {outcome}", moment(last.at).shown),
        ));
    }
    if let Some(next) = state.next_at {
        facts.push(Fact::new("Next attempt", moment(next).shown));
    }
    Https {
        weak: !ok,
        text: sentence(&told),
        facts,
        root: certificates.root().map(|root| root.fingerprint.clone()),
        terms: state.terms,
    }
}

/// Measured protections, the weak ones first.
fn protections(app: &App) -> Vec<Protection> {
    let measured = app.protections().into_iter();
    let mut shown: Vec<Protection> = measured
        .map(|found| Protection {
            weak: !found.ok,
            text: sentence(&found.detail),
        })
        .collect();
    shown.sort_by_key(|protection| !protection.weak);
    shown
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none installed".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(label: &'static str, state: &str) -> Engine {
        Engine {
            label,
            state: state.to_owned(),
            what: String::new(),
            detail: None,
        }
    }

    #[test]
    fn the_summary_names_what_is_wrong() {
        assert_eq!(summary(&[engine("Answers", "ready")]), "Everything works.");
        let starting = [
            engine("Answers", "starting"),
            engine("Speech to text", "ready"),
        ];
        assert!(summary(&starting).starts_with("Answers is starting"));
        let stopped = [
            engine("Answers", "stopped"),
            engine("Speech to text", "degraded"),
        ];
        assert_eq!(summary(&stopped), "2 of 2 engines are not ready.");
    }
}
