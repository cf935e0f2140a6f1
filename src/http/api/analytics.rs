//! What happened in a span of days: figures, tables as files, the weekly digest.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::ApiPlace;
use crate::analytics::digest::Standing;
use crate::analytics::{self, AnalyticsError, Asked, Days, Report, Totals};
use crate::app::App;
use crate::http::body::Json;
use crate::http::listing::{file, parse_name};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::conversations::Channel;
use crate::store::{WorkspaceId, assistants};

pub(in crate::http) fn routes() -> Vec<Route> {
    const MAY: Policy = Policy::AnyOf(analytics::MAY);
    routes![
        (GET, "/api/v1/analytics", MAY, get),
        (GET, "/api/v1/analytics/tables/{table}", MAY, table),
        (GET, "/api/v1/analytics/digest", MAY, digest),
        (PUT, "/api/v1/analytics/digest", MAY, set_digest),
    ]
}

/// Which days, and which conversations.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct AnalyticsQuery {
    /// First day, such as `2026-12-01`, where the business is; four weeks up to `until` if absent.
    #[serde(default)]
    pub(in crate::http) from: String,
    /// Last day; today if absent.
    #[serde(default)]
    pub(in crate::http) until: String,
    /// `chat`, `voice`, `api` or `cli`; all of them if absent.
    #[serde(default)]
    pub(in crate::http) channel: String,
    /// Id or short name of an assistant; all of them if absent.
    #[serde(default)]
    pub(in crate::http) assistant: String,
}

/// The figures of a span of days, beside as many days before.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalyticsView {
    days: DaysView,
    before: DaysView,
    /// The time zone in which days begin.
    time_zone: String,
    figures: FiguresView,
    figures_before: FiguresView,
    channels: Vec<ChannelFigures>,
    assistants: Vec<AssistantFigures>,
    /// The course of the days: each day, week or month.
    course: Vec<CourseFigures>,
    /// Conversations by day of the week, from Monday, and hour in which they began.
    hours: Vec<Vec<u64>>,
    calls: Vec<CallFigures>,
    calls_before: Vec<CallFigures>,
    /// Answers outside of conversations, by what answered; of programs, commands and staff.
    #[schema(value_type = Object)]
    answers_alone: BTreeMap<&'static str, u64>,
    /// Conversations that staff tried; they are in no other figure.
    tests: u64,
    topics: Vec<TopicView>,
    /// Questions that are in none of these topics.
    other_questions: u64,
    /// The first day from which questions were sorted into topics; `null` before any were.
    topics_since: Option<String>,
    /// The day of the oldest conversation that is kept; `null` without any.
    oldest: Option<String>,
    /// Conversations that are not counted yet; ask again in a moment.
    pending: u64,
}

/// Whole days, both ends included.
#[derive(Debug, Serialize, ToSchema)]
pub struct DaysView {
    from: String,
    until: String,
}

/// Figures of some conversations; each counts on the day on which it began.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresView {
    conversations: u64,
    /// Settled without a person: answered, and the visitor said so.
    resolved: u64,
    /// Answered, and the visitor left without a word.
    left: u64,
    /// Not answered, or rated as bad.
    unanswered: u64,
    /// A person was asked for or answered, or the visitor left how to reach them.
    person: u64,
    /// Nothing was asked.
    empty: u64,
    /// Without an end yet.
    going: u64,
    /// `resolved` as a share of those that ended and asked something, 0 to 1.
    resolution: Option<f64>,
    /// The share of those without a person, settled or not.
    containment: Option<f64>,
    /// The share of questions that got an answer, small talk left out.
    answering: Option<f64>,
    /// Messages of visitors.
    questions: u64,
    /// Answers by what answered.
    #[schema(value_type = Object)]
    answers: BTreeMap<&'static str, u64>,
    thumbs_up: u64,
    thumbs_down: u64,
    /// Bad ratings of answers that claimed to be one.
    reported_false: u64,
    /// The mean of 1 to 5.
    satisfaction: Option<f64>,
    /// How many gave 1, 2, 3, 4, 5.
    satisfaction_scores: Vec<u64>,
    gaps: u64,
    /// Leads, and calls that visitors asked for.
    leads: u64,
    /// Calls for a person.
    asked: u64,
    taken: u64,
    missed: u64,
    waiting: u64,
    /// How often staff came uncalled.
    stepped_in: u64,
    /// From the first call of a conversation to the person, in ms: median and 95 %.
    take_ms_p50: Option<u64>,
    take_ms_p95: Option<u64>,
    /// How long answers took, in ms: median and 95 %.
    answer_ms_p50: Option<u64>,
    answer_ms_p95: Option<u64>,
}

/// The figures of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelFigures {
    channel: &'static str,
    figures: FiguresView,
    figures_before: FiguresView,
}

/// The figures of one version of an assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantFigures {
    /// `null` once it was removed.
    assistant: Option<String>,
    title: String,
    version: Option<u32>,
    figures: FiguresView,
}

/// The figures of a part of the days.
#[derive(Debug, Serialize, ToSchema)]
pub struct CourseFigures {
    days: DaysView,
    figures: FiguresView,
}

/// Calls of one channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallFigures {
    channel: String,
    calls: u64,
    answered: u64,
    /// From the answer to the end, in ms, of all of them.
    ms: u64,
}

/// What visitors asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicView {
    /// The question closest to the middle of the topic, in its visitor's words.
    name: String,
    /// Id of its receipt.
    receipt: String,
    questions: u64,
    /// Of these, how many got an answer.
    answered: u64,
    /// In the days before.
    questions_before: u64,
}

/// Somebody's weekly digest.
#[derive(Debug, Serialize, ToSchema)]
pub struct DigestView {
    on: bool,
    /// Whether the workspace can send e-mail.
    can_send: bool,
    /// The Monday on which the last one was due; `null` before any was.
    last: Option<String>,
    /// To how many people it went.
    sent: usize,
    /// Why it went to nobody.
    skipped: Option<String>,
}

/// Whether to get the weekly digest.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DigestRequest {
    on: bool,
}

impl From<&Days> for DaysView {
    fn from(of: &Days) -> Self {
        Self {
            from: of.from.to_string(),
            until: of.until.to_string(),
        }
    }
}

impl From<&Totals> for FiguresView {
    fn from(of: &Totals) -> Self {
        Self {
            conversations: of.conversations,
            resolved: of.resolved,
            left: of.left,
            unanswered: of.unanswered,
            person: of.person,
            empty: of.empty,
            going: of.going,
            resolution: of.resolution(),
            containment: of.containment(),
            answering: of.answering(),
            questions: of.questions,
            answers: of.rungs.all().into_iter().collect(),
            thumbs_up: of.up,
            thumbs_down: of.down,
            reported_false: of.reported,
            satisfaction: of.satisfaction(),
            satisfaction_scores: of.csat.to_vec(),
            gaps: of.gaps,
            leads: of.leads,
            asked: of.asked,
            taken: of.taken,
            missed: of.missed,
            waiting: of.waiting,
            stepped_in: of.stepped_in,
            take_ms_p50: of.take_ms(50),
            take_ms_p95: of.take_ms(95),
            answer_ms_p50: of.answer_ms(50),
            answer_ms_p95: of.answer_ms(95),
        }
    }
}

impl From<&crate::store::analytics::Calls> for CallFigures {
    fn from(of: &crate::store::analytics::Calls) -> Self {
        Self {
            channel: of.channel.clone(),
            calls: of.calls,
            answered: of.answered,
            ms: of.ms,
        }
    }
}

impl From<&Report> for AnalyticsView {
    fn from(of: &Report) -> Self {
        let days = of.wanted.days;
        let channels = of
            .channels
            .iter()
            .map(|(channel, now, before)| ChannelFigures {
                channel: channel.as_str(),
                figures: now.into(),
                figures_before: before.into(),
            });
        let assistants = of.assistants.iter().map(|one| AssistantFigures {
            assistant: one.id.map(|id| id.to_string()),
            title: one.title.clone(),
            version: one.version,
            figures: (&one.totals).into(),
        });
        let course = of.course.iter().map(|(days, totals)| CourseFigures {
            days: days.into(),
            figures: totals.into(),
        });
        let topics = of.topics.iter().map(|topic| TopicView {
            name: topic.name.clone(),
            receipt: topic.receipt.to_string(),
            questions: topic.questions,
            answered: topic.answered,
            questions_before: topic.earlier,
        });
        Self {
            days: (&days).into(),
            before: (&days.before()).into(),
            time_zone: of.zone.clone(),
            figures: (&of.now).into(),
            figures_before: (&of.earlier).into(),
            channels: channels.collect(),
            assistants: assistants.collect(),
            course: course.collect(),
            hours: of.hours.iter().map(|hours| hours.to_vec()).collect(),
            calls: of.calls.iter().map(CallFigures::from).collect(),
            calls_before: of.calls_earlier.iter().map(CallFigures::from).collect(),
            answers_alone: of.alone.all().into_iter().collect(),
            tests: of.tests,
            topics: topics.collect(),
            other_questions: of.topicless,
            topics_since: of.topics_since.map(|day| day.to_string()),
            oldest: of.oldest.map(|day| day.to_string()),
            pending: of.pending,
        }
    }
}

impl From<Standing> for DigestView {
    fn from(of: Standing) -> Self {
        Self {
            on: of.wanted,
            can_send: of.can_send,
            last: of.last.map(|day| day.to_string()),
            sent: of.sent,
            skipped: of.skipped,
        }
    }
}

/// What a query asks for.
///
/// # Errors
/// 400 for a channel that there is not, 404 for an assistant of another workspace or none.
pub(in crate::http) async fn read_query(
    app: &App,
    workspace: WorkspaceId,
    query: &AnalyticsQuery,
) -> Result<Asked, Problem> {
    let channels = || Channel::ALL.iter().map(|one| one.as_str()).collect();
    let channel = parse_name("channel", query.channel.trim(), Channel::parse, channels)?;
    let named = query.assistant.trim().to_owned();
    let assistant = match named.is_empty() {
        true => None,
        false => {
            let read = app.store.read(move |conn| match named.parse() {
                Ok(id) => assistants::get(conn, workspace, id).map(|found| Some(found.id)),
                Err(_) => Ok(assistants::find_by_name(conn, workspace, &named)?.map(|one| one.id)),
            });
            let found = read.await?;
            Some(found.ok_or_else(|| Problem::not_found("the assistant"))?)
        }
    };
    Ok(Asked {
        from: query.from.clone(),
        until: query.until.clone(),
        channel,
        assistant,
    })
}

/// The figures of a span of days, beside as many days before.
#[utoipa::path(get, path = "/api/v1/analytics", tag = "analytics", operation_id = "getAnalytics",
    params(AnalyticsQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AnalyticsView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Query(query): Query<AnalyticsQuery>,
) -> Result<axum::Json<AnalyticsView>, Problem> {
    let asked = read_query(&place.app, place.id(), &query).await?;
    let report = place.app.analytics.report(&place.member, &asked, now_ms());
    Ok(axum::Json(AnalyticsView::from(&report.await?)))
}

/// One table of the figures as CSV: `figures`, `outcomes`, `days`, `channels`, `assistants`, `rungs`, `satisfaction`, `hours`,
/// `topics` or `calls`.
#[utoipa::path(get, path = "/api/v1/analytics/tables/{table}", tag = "analytics", operation_id = "exportAnalytics",
    params(("table" = String, Path, description = "Name of the table"), AnalyticsQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "CSV with a line of heads", content_type = "text/csv"),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn table(
    place: ApiPlace,
    Path(name): Path<String>,
    Query(query): Query<AnalyticsQuery>,
) -> Result<Response, Problem> {
    let asked = read_query(&place.app, place.id(), &query).await?;
    let report = place.app.analytics.report(&place.member, &asked, now_ms());
    write_file(&report.await?, name)
}

/// A table of a report as a file.
///
/// # Errors
/// 404 for a table that there is not.
pub(in crate::http) fn write_file(report: &Report, name: String) -> Result<Response, Problem> {
    let Some(table) = analytics::table(report, &name) else {
        return Err(AnalyticsError::Table(name).into());
    };
    let days = report.wanted.days;
    let saved = format!("{}-{}-{}.csv", table.name, days.from, days.until);
    let headers = file::download_headers("text/csv; charset=utf-8", &saved);
    let heads: Vec<&str> = table.heads.iter().map(String::as_str).collect();
    Ok((headers, file::headed_table(&heads, table.rows)).into_response())
}

/// Whether the caller gets the weekly digest by e-mail, and what became of the last one.
#[utoipa::path(get, path = "/api/v1/analytics/digest", tag = "analytics", operation_id = "getDigest",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DigestView), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn digest(place: ApiPlace) -> Result<axum::Json<DigestView>, Problem> {
    let standing = place.app.analytics.digest(&place.member).await?;
    Ok(axum::Json(standing.into()))
}

/// Begins or ends the caller's weekly digest.
#[utoipa::path(put, path = "/api/v1/analytics/digest", tag = "analytics", operation_id = "setDigest",
    request_body = DigestRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DigestView), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn set_digest(
    place: ApiPlace,
    Json(request): Json<DigestRequest>,
) -> Result<axum::Json<DigestView>, Problem> {
    let set = place.app.analytics.set_digest(&place.member, request.on);
    Ok(axum::Json(set.await?.into()))
}
