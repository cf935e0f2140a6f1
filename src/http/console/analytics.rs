//! Figures of a span of days: tiles, charts, tables, and the weekly digest.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::analytics_charts::{self as charts, Course, Line, Week};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::analytics::digest::Standing;
use crate::analytics::{
    Asked, OfTopic, Report, Table, Totals, channel, percent, rung, score, seconds, table,
};
use crate::app::App;
use crate::http::api::analytics::{AnalyticsQuery, read_query, write_file};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::conversations::Channel;

#[derive(Template)]
#[template(path = "analytics.html")]
struct AnalyticsPage {
    shell: Shell,
    error: Option<String>,
    form: FilterForm,
    /// The query string of what is shown, without the name of a table.
    query: String,
    zone: String,
    /// The days before, for people.
    before: String,
    oldest: Option<String>,
    pending: u64,
    tests: u64,
    is_empty: bool,
    tiles: Vec<Tile>,
    course: Course,
    week: Week,
    rungs: Vec<Line>,
    scores: Vec<Line>,
    topics: Vec<TopicRow>,
    topics_since: Option<String>,
    outcomes: TableView,
    days: TableView,
    channels: TableView,
    assistants: TableView,
    rung_table: TableView,
    satisfaction: TableView,
    hours: TableView,
    calls: TableView,
    figures: TableView,
    digest: Standing,
}

/// What stands in the filter.
struct FilterForm {
    from: String,
    until: String,
    channel: String,
    assistant: String,
    channels: Vec<(&'static str, &'static str)>,
    /// Id and title.
    assistants: Vec<(String, String)>,
}

/// A figure beside that of the days before.
struct Tile {
    name: &'static str,
    value: String,
    before: String,
    /// What it means.
    told: &'static str,
}

struct TopicRow {
    name: String,
    receipt: String,
    questions: u64,
    answered: u64,
    earlier: u64,
    percent: String,
}

/// A table with the address of its file.
struct TableView {
    table: Table,
    file: String,
}

/// `GET /analytics?from=&until=&channel=&assistant=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<AnalyticsQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let mut wrong = None;
    let report = match read(&app, &person, &query).await {
        Ok(report) => report,
        // The form again as it was typed, over the usual days.
        Err(problem) if problem.status.is_client_error() => {
            wrong = Some(problem);
            let usual = Asked::default();
            let report = app.analytics.report(person.member(), &usual, now_ms());
            report.await?
        }
        Err(problem) => return Err(problem.into()),
    };
    let digest = app.analytics.digest(person.member()).await?;
    let status = wrong.as_ref().map_or(StatusCode::OK, |wrong| wrong.status);
    let page = page(&person, &query, &report, digest, wrong);
    Ok(view::page(status, &page))
}

#[derive(Deserialize)]
pub(super) struct FileQuery {
    #[serde(default)]
    table: String,
    #[serde(flatten)]
    query: AnalyticsQuery,
}

/// `GET /analytics/file?table=…`
pub(super) async fn download(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(file): Query<FileQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let report = read(&app, &person, &file.query).await?;
    Ok(write_file(&report, file.table)?)
}

#[derive(Deserialize)]
pub(super) struct DigestForm {
    #[serde(default)]
    on: String,
}

/// `POST /analytics/digest`
pub(super) async fn set_digest(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<DigestForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let wanted = form.on == "yes";
    app.analytics.set_digest(person.member(), wanted).await?;
    Ok(Redirect::to("/analytics#digest").into_response())
}

async fn read(app: &App, person: &SignedIn, query: &AnalyticsQuery) -> Result<Report, Problem> {
    let asked = read_query(app, person.workspace.id, query).await?;
    let report = app.analytics.report(person.member(), &asked, now_ms());
    Ok(report.await?)
}

fn page(
    person: &SignedIn,
    typed: &AnalyticsQuery,
    of: &Report,
    digest: Standing,
    wrong: Option<Problem>,
) -> AnalyticsPage {
    let days = of.wanted.days;
    let query = link(of);
    let view = |name: &'static str| TableView {
        table: table(of, name).unwrap_or(Table {
            name,
            title: "",
            heads: Vec::new(),
            rows: Vec::new(),
        }),
        file: format!("/analytics/file?table={name}&{query}"),
    };
    let (from, until) = match &wrong {
        Some(_) => (typed.from.clone(), typed.until.clone()),
        None => (days.from.to_string(), days.until.to_string()),
    };
    let before = days.before();
    AnalyticsPage {
        shell: person.shell(Section::Analytics, "Analytics"),
        error: wrong.map(|wrong| sentence(&wrong.detail)),
        form: FilterForm {
            from,
            until,
            channel: of.wanted.channel.map_or("", Channel::as_str).to_owned(),
            assistant: of
                .wanted
                .assistant
                .map_or_else(String::new, |id| id.to_string()),
            channels: (Channel::ALL.iter())
                .map(|one| (one.as_str(), channel(*one)))
                .collect(),
            assistants: (of.known.iter())
                .map(|(id, _, title)| (id.to_string(), title.clone()))
                .collect(),
        },
        zone: of.zone.clone(),
        before: format!(
            "{} to {}",
            before.from.strftime("%-d %b %Y"),
            before.until.strftime("%-d %b %Y")
        ),
        oldest: of.oldest.map(|day| day.strftime("%-d %b %Y").to_string()),
        pending: of.pending,
        tests: of.tests,
        is_empty: of.now.conversations == 0 && of.earlier.conversations == 0,
        tiles: tiles(of),
        course: charts::course(of),
        week: charts::week(of),
        rungs: charts::lines(
            (of.now.rungs.all().into_iter()).map(|(name, number)| (rung(name).to_owned(), number)),
        ),
        scores: charts::lines(
            (1_u8..)
                .zip(of.now.csat)
                .map(|(score, number)| (score.to_string(), number)),
        ),
        topics: topics(&of.topics),
        topics_since: of.topics_since.map(|day| day.to_string()),
        outcomes: view("outcomes"),
        days: view("days"),
        channels: view("channels"),
        assistants: view("assistants"),
        rung_table: view("rungs"),
        satisfaction: view("satisfaction"),
        hours: view("hours"),
        calls: view("calls"),
        figures: view("figures"),
        digest,
        query,
    }
}

/// The query string of what a report shows.
fn link(of: &Report) -> String {
    let days = of.wanted.days;
    let mut query = format!("from={}&until={}", days.from, days.until);
    if let Some(channel) = of.wanted.channel {
        query.push_str(&format!("&channel={channel}"));
    }
    if let Some(assistant) = of.wanted.assistant {
        query.push_str(&format!("&assistant={assistant}"));
    }
    query
}

fn tiles(of: &Report) -> Vec<Tile> {
    let tile = |name, told, figure: &dyn Fn(&Totals) -> String| Tile {
        name,
        told,
        value: figure(&of.now),
        before: figure(&of.earlier),
    };
    let minutes = |calls: &[crate::store::analytics::Calls]| {
        let ms: u64 = calls.iter().map(|one| one.ms).sum();
        format!("{:.1} min", ms as f64 / 60_000.0)
    };
    vec![
        tile("Conversations", "Begun in these days.", &|of| {
            of.conversations.to_string()
        }),
        tile(
            "Settled without a person",
            "Answered, and the visitor said so. Whoever just leaves does not count.",
            &|of| percent(of.resolution()),
        ),
        tile(
            "Without a person",
            "Ended without a person, settled or not.",
            &|of| percent(of.containment()),
        ),
        tile("Questions answered", "Small talk left out.", &|of| {
            percent(of.answering())
        }),
        tile(
            "Calls for a person",
            "And how many of them nobody took.",
            &|of| format!("{} ({} missed)", of.asked, of.missed),
        ),
        tile("Until a person came", "Half of them came sooner.", &|of| {
            seconds(of.take_ms(50))
        }),
        tile("Satisfaction", "Of 5, and how many said so.", &|of| {
            format!("{} ({})", score(of.satisfaction()), of.rated())
        }),
        tile(
            "Reported as false",
            "Answers that were rated as bad. Refusals do not count.",
            &|of| of.reported.to_string(),
        ),
        tile("Answer time", "Half were quicker; 95 % within.", &|of| {
            format!(
                "{} / {}",
                seconds(of.answer_ms(50)),
                seconds(of.answer_ms(95))
            )
        }),
        tile("Gaps", "Questions without a good answer.", &|of| {
            of.gaps.to_string()
        }),
        tile("Leads", "And calls to make.", &|of| of.leads.to_string()),
        Tile {
            name: "Calls",
            told: "Time on the line.",
            value: minutes(&of.calls),
            before: minutes(&of.calls_earlier),
        },
    ]
}

fn topics(of: &[OfTopic]) -> Vec<TopicRow> {
    let most = of.iter().map(|topic| topic.questions).max();
    let most = most.unwrap_or(0).max(1);
    let row = |topic: &OfTopic| TopicRow {
        name: topic.name.clone(),
        receipt: topic.receipt.to_string(),
        questions: topic.questions,
        answered: topic.answered,
        earlier: topic.earlier,
        percent: format!("{:.1}", topic.questions as f64 / most as f64 * 100.0),
    };
    of.iter().map(row).collect()
}
