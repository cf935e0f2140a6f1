//! Analyses as programs see them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::query::AnalysisQuery;
use crate::http::listing::ListQuery;
use crate::http::listing::file::FileList;
use crate::store::analyses::{Analysis, AnalysisFilter};
use crate::store::listing::Page;
use crate::store::{Connection, StoreError, WorkspaceId};

/// Reasons of a row.
const MOST_REASONS: usize = 3;

/// An analysis in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalysisRow {
    pub id: String,
    /// Id of the conversation in the inbox; absent for one from elsewhere.
    pub conversation: Option<String>,
    /// `conversation`, `turns`, `file` or `crm`.
    pub source: &'static str,
    /// What it is called elsewhere: a file, the id of a lead.
    pub about: String,
    pub title: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// 0 to 100.
    pub score: u8,
    /// The score without the owner's rules.
    pub own_score: u8,
    /// What the owner's rules add.
    pub rule_points: i16,
    pub band: String,
    /// ISO 639-1.
    pub language: Option<String>,
    pub turns: u32,
    /// One sentence.
    pub summary: String,
    /// The heaviest reasons for the score.
    pub reasons: Vec<String>,
}

/// Texts of the body, by the keys of lists in it.
fn texts(body: &Value, path: &str) -> Vec<String> {
    let all = body.pointer(path).and_then(Value::as_array);
    let texts = all.into_iter().flatten();
    texts
        .filter_map(|one| one.get("text")?.as_str())
        .map(str::to_owned)
        .collect()
}

impl From<Analysis> for AnalysisRow {
    fn from(analysis: Analysis) -> Self {
        let summary = analysis.body.pointer("/summary/short");
        let mut reasons = texts(&analysis.body, "/score/by_rules");
        reasons.extend(texts(&analysis.body, "/score/reasons"));
        reasons.truncate(MOST_REASONS);
        Self {
            id: analysis.id.to_string(),
            conversation: analysis.conversation.map(|id| id.to_string()),
            source: analysis.source.as_str(),
            summary: summary
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            about: analysis.about,
            title: analysis.title,
            created_at: analysis.created_at,
            score: analysis.score,
            own_score: analysis.own_score,
            rule_points: analysis.rule_points,
            band: analysis.band,
            language: analysis.language,
            turns: analysis.turns,
            reasons,
        }
    }
}

/// An analysis.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalysisView {
    #[serde(flatten)]
    pub row: AnalysisRow,
    /// Version of the prompts.
    pub prompt_version: String,
    /// The language model; absent if none took part.
    pub model: Option<String>,
    /// SHA-256 of its weights.
    pub weights_hash: Option<String>,
    /// Milliseconds.
    pub took_ms: i64,
    pub tokens_read: i64,
    pub tokens_written: i64,
    /// True if nothing has changed since an earlier analysis, which this is.
    pub known: bool,
    /// `summary` (`short`, `medium`, `long`), `score` with `reasons` and `by_rules`, `sentiment` from -2 to 2 for each turn of the
    /// customer, `intent`, `objections`, `promises`, `next_step`, `fields`, and what is `missing` and why. A quote names its turn,
    /// from 0.
    #[schema(value_type = Object)]
    pub found: Value,
}

impl From<Analysis> for AnalysisView {
    fn from(mut analysis: Analysis) -> Self {
        let found = analysis.body.clone();
        Self {
            prompt_version: std::mem::take(&mut analysis.prompt_version),
            model: analysis.model.take(),
            weights_hash: analysis.weights_hash.take(),
            took_ms: analysis.took_ms,
            tokens_read: analysis.tokens_read,
            tokens_written: analysis.tokens_written,
            known: false,
            found,
            row: analysis.into(),
        }
    }
}

/// A page of analyses.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalysesView {
    analyses: Vec<AnalysisRow>,
    /// `before` of the next page; absent at the end.
    next: Option<String>,
}

impl From<Page<AnalysisFilter>> for AnalysesView {
    fn from(page: Page<AnalysisFilter>) -> Self {
        Self {
            next: page.next.as_ref().and_then(AnalysisQuery::cursor_of),
            analyses: page.rows.into_iter().map(AnalysisRow::from).collect(),
        }
    }
}

impl FileList for AnalysisFilter {
    const NAME: &'static str = "analyses";
    const AT_ONCE: u32 = 200;
    const HEADS: &'static [&'static str] = &[
        "score",
        "band",
        "own score",
        "rules",
        "title",
        "summary",
        "reasons",
        "language",
        "messages",
        "source",
        "about",
        "conversation",
        "time",
        "id",
    ];

    type Line = AnalysisView;

    fn cells(analysis: Analysis) -> Vec<String> {
        let row = AnalysisRow::from(analysis);
        let time = jiff::Timestamp::from_millisecond(row.created_at).unwrap_or_default();
        vec![
            row.score.to_string(),
            row.band,
            row.own_score.to_string(),
            row.rule_points.to_string(),
            row.title,
            row.summary,
            row.reasons.join("; "),
            row.language.unwrap_or_default(),
            row.turns.to_string(),
            row.source.to_owned(),
            row.about,
            row.conversation.unwrap_or_default(),
            time.to_string(),
            row.id,
        ]
    }

    fn line(
        _: &Connection,
        _: WorkspaceId,
        analysis: Analysis,
    ) -> Result<AnalysisView, StoreError> {
        Ok(analysis.into())
    }
}
