//! Tests and gate: runs of the golden questions, and changes waiting to go live.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::format::{moment, plural};
use super::guard::SignedIn;
use super::measure_pages::{self as pages, WaitingRow};
use super::measure_rows as rows;
use super::sureness;
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::agent::{AnswerSettings, Switch};
use crate::app::additions::{self, Additions};
use crate::app::{App, default_assistant};
use crate::eval;
use crate::eval::gate::{self, Verdict, Waiting};
use crate::eval::runner::GOLDEN;
use crate::eval::{EvalError, Graded};
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::Gate;
use crate::store::evals::{self, RunKind, RunState};
use crate::store::{EvalRunId, golden};

/// Runs listed.
const LISTED: u32 = 100;

/// `GET /quality`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    render(&app, &person, None).await
}

async fn render(app: &App, person: &SignedIn, error: Option<String>) -> Result<Response, Failure> {
    let workspace = person.workspace.id;
    let read = app.store.read(move |conn| {
        let settings = AnswerSettings::of(conn, workspace)?;
        let questions = golden::list(conn, workspace)?.len();
        let gate = Gate::of(conn, workspace)?;
        let runs = evals::list(conn, workspace, None, LISTED)?;
        Ok((settings, questions, gate, runs))
    });
    let (settings, questions, gate, runs) = read.await?;
    let waiting = Waiting::find(&app.store, workspace).await?;
    let verdict = Verdict::find(&app.store, workspace, &waiting).await?;
    let assistant = default_assistant(&app.store, workspace).await?;
    let own: Vec<_> = runs.iter().filter(|run| run.name == GOLDEN).collect();
    let status = match error {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let page = pages::Quality {
        shell: person.shell(Section::Quality, "Tests and gate"),
        tab: "tests",
        questions,
        gate_on: gate.on,
        may_decide: person.need(Scope::Admin).is_ok(),
        unread: waiting.unread().map(str::to_owned),
        verdict: verdict.filter(|_| !waiting.is_empty()).map(rows::verdict),
        running: runs.iter().find_map(rows::running),
        chart: rows::chart(&own),
        instructions: waiting.applied(&assistant).instructions,
        proposed: !waiting.proposals.is_empty(),
        additions: rows::additions(&settings),
        waiting: waiting_rows(&waiting),
        runs: runs.iter().map(rows::run_row).collect(),
        error,
    };
    Ok(view::page(status, &page))
}

fn waiting_rows(waiting: &Waiting) -> Vec<WaitingRow> {
    let versions = waiting.versions.iter().map(|held| WaitingRow {
        name: held.name.clone(),
        what: match (held.chunks, held.replaces) {
            (None, _) => match &held.error {
                Some(reason) => format!("could not be read: {reason}"),
                None => "is being read".to_owned(),
            },
            (Some(chunks), true) => format!(
                "version {}, {}; the previous version answers meanwhile",
                held.number,
                plural(chunks.into(), "passage", "passages")
            ),
            (Some(chunks), false) => {
                format!("new, {}", plural(chunks.into(), "passage", "passages"))
            }
        },
        since: moment(held.created_at),
    });
    let proposals = waiting.proposals.iter().map(|proposal| WaitingRow {
        name: "Instructions".to_owned(),
        what: "for the assistant".to_owned(),
        since: moment(proposal.created_at),
    });
    versions.chain(proposals).collect()
}

/// Redirects to the page, or shows it with the error.
async fn respond(
    app: &App,
    person: &SignedIn,
    outcome: Result<(), EvalError>,
) -> Result<Response, Failure> {
    match outcome {
        Ok(()) => Ok(Redirect::to("/quality").into_response()),
        Err(error @ (EvalError::Gate(_) | EvalError::NoGolden | EvalError::Instructions)) => {
            render(app, person, Some(sentence(&error.to_string()))).await
        }
        Err(other) => Err(Problem::from(other).into()),
    }
}

#[derive(Deserialize)]
pub(super) struct RunForm {
    gate: Option<String>,
}

/// `POST /quality/run`
pub(super) async fn start(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<RunForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let workspace = person.workspace.id;
    let assistant = default_assistant(&app.store, workspace).await?;
    let kind = match form.gate {
        Some(_) => RunKind::Gate,
        None => RunKind::Manual,
    };
    let started = app.evals.start(workspace, assistant, kind).await;
    respond(&app, &person, started.map(drop)).await
}

/// `POST /quality/gate`: on or off.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<SwitchForm>,
) -> Result<Response, Failure> {
    gate::switch(&app.store, person.member(), form.on == "yes").await?;
    Ok(Redirect::to("/quality").into_response())
}

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    on: String,
}

#[derive(Deserialize)]
pub(super) struct PublishForm {
    anyway: Option<String>,
}

/// `POST /quality/gate/publish`
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<PublishForm>,
) -> Result<Response, Failure> {
    let (by, anyway) = (person.member(), form.anyway.is_some());
    let outcome = gate::publish(&app.store, &app.knowledge, by, anyway).await;
    respond(&app, &person, outcome).await
}

/// `POST /quality/gate/discard`
pub(super) async fn discard(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let outcome = gate::discard(&app.store, &app.knowledge, person.member()).await;
    respond(&app, &person, outcome).await
}

#[derive(Deserialize)]
pub(super) struct InstructionsForm {
    instructions: String,
}

/// `POST /quality/instructions`
pub(super) async fn instructions(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<InstructionsForm>,
) -> Result<Response, Failure> {
    let assistant = default_assistant(&app.store, person.workspace.id).await?.id;
    let (store, by) = (&app.store, person.member());
    let outcome = gate::instruct(store, by, assistant, &form.instructions).await;
    respond(&app, &person, outcome.map(drop)).await
}

#[derive(Deserialize)]
pub(super) struct AdditionsForm {
    friendly: Switch,
    translate: Switch,
}

/// `POST /quality/additions`
pub(super) async fn set_additions(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<AdditionsForm>,
) -> Result<Response, Failure> {
    let new = Additions {
        friendly: form.friendly,
        translate: form.translate,
    };
    let set = additions::set(&app.store, person.member(), new).await;
    set.map_err(Problem::from)?;
    Ok(Redirect::to("/quality#additions-title").into_response())
}

/// `GET /quality/runs/{id}`
pub(super) async fn run(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let id: EvalRunId = parse_id(&id, "run")?;
    let workspace = person.workspace.id;
    let read = app.store.read(move |conn| {
        let run = evals::get(conn, workspace, id)?;
        let results = evals::results(conn, &run)?;
        let earlier = evals::list(conn, workspace, Some(&run.name), LISTED)?;
        let earlier = earlier
            .into_iter()
            .find(|e| e.state == RunState::Done && e.created_at < run.created_at);
        let before = match earlier {
            Some(earlier) if run.kind != RunKind::Gate => {
                let earlier = evals::get(conn, workspace, earlier.id)?;
                evals::results(conn, &earlier)?
            }
            _ => Value::Null,
        };
        let settings = AnswerSettings::of(conn, workspace)?;
        Ok((run.into_inner(), results, before, settings))
    });
    let (run, results, before, settings) = read.await?;
    // A gate run holds both sides; any other run is compared with the last finished one of its name.
    let (now, before, beside) = match (results.get("next"), results.get("live")) {
        (Some(next), Some(live)) => (graded(next), graded(live), "live"),
        _ => (graded(&results), graded_live(&before), "in the run before"),
    };
    let figures = rows::figures(&run).unwrap_or_default();
    let rungs = figures.rungs.iter().map(|(rung, of)| {
        [
            super::quality_pages::rung(rung).label.to_owned(),
            of.tally.questions.to_string(),
            of.tally.right.to_string(),
            of.tally.wrong.to_string(),
            rows::duration(of.ms.total_p50),
        ]
    });
    let causes = figures.causes.iter();
    let page = pages::Run {
        shell: person.shell(Section::Quality, "Run"),
        tab: "tests",
        running: rows::running(&run),
        run: rows::run_row(&run),
        sureness: sureness::view(
            &run.summary,
            settings.read_threshold.into(),
            person.need(Scope::Admin).is_ok(),
        ),
        facts: rows::facts(&figures),
        rungs: rungs.collect(),
        causes: causes
            .map(|(c, n)| (rows::cause_label(c).to_owned(), n.to_string()))
            .collect(),
        beside,
        answers: rows::answers(&now, &before),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// The chosen threshold.
#[derive(Deserialize)]
pub(super) struct SurenessForm {
    threshold: f64,
}

/// `POST /quality/runs/{id}/sureness`
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<SurenessForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id: EvalRunId = parse_id(&id, "run")?;
    let (workspace, reader) = (person.workspace.id, app.reader.weights_hash());
    let chosen = eval::sureness::choose(&app.store, workspace, form.threshold, reader).await;
    chosen.map_err(Problem::from)?;
    Ok(Redirect::to(&format!("/quality/runs/{id}#sureness")).into_response())
}

fn graded(results: &Value) -> Vec<Graded> {
    serde_json::from_value(results.clone()).unwrap_or_default()
}

/// The graded answers from the live documents; a gate run also has those with its changes.
fn graded_live(results: &Value) -> Vec<Graded> {
    graded(results.get("live").unwrap_or(results))
}
