//! A card as the widget gets it. `assets/kommo/script.js` reads these names.

use serde::Serialize;

use crate::analysis::types::{Because, NextStep, Summary};
use crate::casework::{Card, CardAnalysis, CardJob, Left};
use crate::store::casework::CrmTranscript;

#[derive(Debug, Serialize)]
pub(super) struct CardView {
    lead: String,
    analysis: Option<AnalysisView>,
    new_messages: u32,
    job: Option<JobView>,
    task: TaskView,
    voices: Vec<VoiceView>,
    quota: Vec<LeftView>,
    /// Codes of what was left out.
    notices: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AnalysisView {
    /// Unix milliseconds.
    at: i64,
    score: u8,
    model_score: u8,
    rule_score: i16,
    band: String,
    reasons: Vec<ReasonView>,
    /// −2 to 2, one for each turn of the customer.
    moods: Vec<i8>,
    summary: SummaryView,
    next_step: Option<StepView>,
}

#[derive(Debug, Serialize)]
struct ReasonView {
    text: String,
    points: i16,
    quote: Option<String>,
}

#[derive(Debug, Serialize)]
struct SummaryView {
    short: String,
    medium: String,
    long: String,
}

#[derive(Debug, Serialize)]
struct StepView {
    what: String,
    draft: Option<String>,
}

#[derive(Debug, Serialize)]
struct JobView {
    state: &'static str,
    step: &'static str,
    done: u32,
    total: u32,
    code: Option<String>,
}

#[derive(Debug, Serialize)]
struct TaskView {
    made: bool,
}

#[derive(Debug, Serialize)]
struct VoiceView {
    message: String,
    at: i64,
    who: &'static str,
    state: &'static str,
    text: String,
    code: Option<String>,
}

#[derive(Debug, Serialize)]
struct LeftView {
    measure: &'static str,
    left: String,
    limit: String,
    used_up: bool,
    warned: bool,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        Self {
            lead: card.lead,
            analysis: card.analysis.map(AnalysisView::from),
            new_messages: card.new_messages,
            job: card.job.map(JobView::from),
            task: TaskView {
                made: card.task_made,
            },
            voices: card.voices.into_iter().map(VoiceView::from).collect(),
            quota: card.quota.into_iter().map(LeftView::from).collect(),
            notices: card.notices,
        }
    }
}

impl From<CardAnalysis> for AnalysisView {
    fn from(analysis: CardAnalysis) -> Self {
        let (at, found) = (analysis.at, analysis.found);
        let reasons = found.score.reasons.into_iter().chain(found.score.by_rules);
        Self {
            at,
            score: found.score.value,
            model_score: found.score.own,
            rule_score: found.score.rules,
            band: found.score.band,
            reasons: reasons.map(ReasonView::from).collect(),
            moods: found.sentiment.iter().map(|mood| mood.value).collect(),
            summary: found.summary.into(),
            next_step: found.next_step.map(StepView::from),
        }
    }
}

impl From<Because> for ReasonView {
    fn from(because: Because) -> Self {
        Self {
            text: because.text,
            points: because.points,
            quote: because.quote.map(|quote| quote.text),
        }
    }
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        Self {
            short: summary.short,
            medium: summary.medium,
            long: summary.long,
        }
    }
}

impl From<NextStep> for StepView {
    fn from(step: NextStep) -> Self {
        Self {
            what: step.what,
            draft: step.draft,
        }
    }
}

impl From<CardJob> for JobView {
    fn from(job: CardJob) -> Self {
        Self {
            state: job.state.as_str(),
            step: job.step.as_str(),
            done: job.done,
            total: job.total,
            code: job.code,
        }
    }
}

impl From<CrmTranscript> for VoiceView {
    fn from(voice: CrmTranscript) -> Self {
        Self {
            message: voice.message,
            at: voice.at,
            who: voice.who.as_str(),
            state: voice.state.as_str(),
            text: voice.text,
            code: voice.code,
        }
    }
}

impl From<Left> for LeftView {
    fn from(left: Left) -> Self {
        Self {
            measure: left.measure.as_str(),
            left: left.left,
            limit: left.limit,
            used_up: left.is_none,
            warned: left.warned,
        }
    }
}
