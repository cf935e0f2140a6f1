//! What a tool answered, in words. It is text of others: what gives orders is left out, and what the model makes of the rest is
//! checked against it as a sentence from documents is.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use serde_json::Value as Json;
use tokio::time::timeout;

use super::plan::{Plan, day_asked, time_asked};
use crate::agent::climb::Climb;
use crate::agent::phrases::phrases;
use crate::agent::prompt;
use crate::agent::rungs::{Draft, elapsed, model::Writing};
use crate::agent::settings::AnswerSettings;
use crate::agent::trace::Trace;
use crate::agent::types::{Citation, CitationKind, Rung, Tokens};
use crate::knowledge::orders;
use crate::language::Language;
use crate::language::data::fill;
use crate::llm::ChatRequest;
use crate::store::tools::ToolKind;
use crate::tools::Answer;
use crate::workflows::{Run, show_date, show_time};

/// Lines of an answer that are shown, and the longest of them in characters.
const MOST_LINES: usize = 12;
const LONGEST_LINE: usize = 240;
/// Shorter lines give no orders, in words.
const LEAST_WORDS: usize = 4;
/// Most tokens of a sentence or two.
const LONGEST: u32 = 120;
/// Days and times of a calendar that are shown.
const MOST_DAYS: usize = 3;
const MOST_TIMES: usize = 12;

/// What belongs to every answer about a tool.
pub(super) struct Telling<'a> {
    pub(super) climb: &'a Climb<'a>,
    pub(super) language: Language,
    pub(super) settings: &'a AnswerSettings,
    /// Whether visitors leave their details in the form alone.
    pub(super) in_form: bool,
}

impl Telling<'_> {
    pub(super) fn draft(&self, text: String) -> Draft {
        Draft {
            rung: Rung::Tool,
            text,
            citations: Vec::new(),
            handoff: false,
            tokens: Tokens::default(),
            first_token: elapsed(self.climb.since),
            prompt_hash: None,
            open: None,
            flow: None,
        }
    }

    /// A sentence that says why there is no answer, and the offer of a person.
    pub(super) fn without_answer(&self, why: &str) -> Draft {
        let offer = phrases(self.language).offers(self.in_form).offer;
        let mut draft = self.draft(format!("{why} {offer}"));
        draft.rung = Rung::Refusal;
        draft.handoff = true;
        draft
    }

    /// What a tool answered; `None` if nothing of it can be shown.
    pub(super) async fn answer(
        &self,
        plan: &Plan,
        run: &Run,
        answer: &Answer,
        trace: &mut Trace,
    ) -> Option<Draft> {
        let title = plan.tool.title.as_str();
        let lines = match plan.tool.kind {
            ToolKind::Http => self.without_orders(lines_of(answer), trace).await,
            ToolKind::Calendar => free_times(answer, run, self.language),
        };
        if lines.is_empty() {
            return None;
        }
        let quote = lines.join("\n");
        let mut draft = match plan.tool.kind {
            ToolKind::Http => {
                let about = |shown: String| match shown.is_empty() {
                    true => title.to_owned(),
                    false => format!("{title} ({shown})"),
                };
                let evidence = about(plan.shown_as_evidence(run));
                let excerpt = format!("{evidence}: {}", lines.join("; "));
                match self.write(excerpt, trace).await {
                    Some(written) => written,
                    None => self.draft(format!("{} [1]\n{quote}", about(plan.shown(run)))),
                }
            }
            // Days and times are computed, so nobody needs to write them.
            ToolKind::Calendar => self.draft(format!("{quote} [1]")),
        };
        draft.citations = vec![Citation {
            kind: CitationKind::Tool,
            number: 1,
            document: plan.tool.id.to_string(),
            version: String::new(),
            title: title.to_owned(),
            section: None,
            page: None,
            span: [0, quote.len()],
            quote,
            marked: None,
            score: 1.0,
        }];
        Some(draft)
    }

    /// The lines that give no orders to an assistant.
    async fn without_orders(&self, lines: Vec<String>, trace: &mut Trace) -> Vec<String> {
        let search = self.climb.knowledge.search();
        let mut kept = Vec::new();
        let mut orders = 0;
        for line in lines {
            let is_long = line.split_whitespace().count() >= LEAST_WORDS;
            let whole = 0..line.len();
            let is_order = !orders::by_phrase(&line).is_empty()
                || (is_long && search.gives_orders(&line, &whole, self.climb.claim).await);
            match is_order {
                true => orders += 1,
                false => kept.push(line),
            }
        }
        if orders > 0 {
            trace.orders_ignored = Some(orders);
        }
        kept
    }

    /// The model's sentence, if every word of it that matters stands in the answer; `None` where it may not or cannot write.
    async fn write(&self, excerpt: String, trace: &mut Trace) -> Option<Draft> {
        let climb = self.climb;
        let mut topics = self.settings.quote_only.iter();
        let is_quoted = topics.any(|topic| topic.is_of(climb.question));
        if is_quoted || !self.may_ask_model() {
            return None;
        }
        let quotes = [excerpt];
        let messages = prompt::messages(
            &climb.assistant.instructions,
            climb.own.tone,
            &[],
            &quotes,
            climb.question,
        );
        let hash = prompt::hash(&messages);
        let mut request = ChatRequest::new(messages, climb.claim);
        request.sampling.max_tokens = Some(LONGEST);
        let mut writing = Writing::new(&quotes);
        let left = climb.time_left(self.settings.deadline_seconds);
        match timeout(left, writing.collect(climb.model, request)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::info!(%error, "the answer of a tool is shown as it is");
                return None;
            }
            Err(_) => {
                trace.deadline_seconds = Some(self.settings.deadline_seconds);
                return None;
            }
        }
        writing.check();
        trace.served = writing.served.take();
        let text = writing.kept.join(" ");
        trace.sentences = Some(writing.verdicts);
        if writing.refused || text.is_empty() {
            return None;
        }
        let mut draft = self.draft(format!("{text} [1]"));
        draft.prompt_hash = Some(hash);
        draft.tokens = writing.tokens;
        Some(draft)
    }

    /// Whether the assistant's owner lets a model take part, and there is one.
    pub(super) fn may_ask_model(&self) -> bool {
        self.climb.own.ladder.model != Some(false) && self.climb.model.ready().is_ok()
    }
}

/// The lines of an answer, as far as they are shown.
fn lines_of(answer: &Answer) -> Vec<String> {
    let lines = answer.text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .take(MOST_LINES)
        .map(|line| match line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line.to_owned(),
        })
        .collect()
}

/// The free times of a calendar, a line for each day.
fn free_times(answer: &Answer, run: &Run, language: Language) -> Vec<String> {
    let ours = phrases(language);
    let slots = answer.json.as_ref().and_then(|json| json.get("slots"));
    let slots = slots.and_then(Json::as_array).into_iter().flatten();
    let mut days: BTreeMap<Date, Vec<Time>> = BTreeMap::new();
    for slot in slots {
        let start = slot.get("start").and_then(Json::as_str);
        // By the business's clock, without the offset behind it.
        let local = start.and_then(|start| start.get(..19));
        if let Some(at) = local.and_then(|text| text.parse::<DateTime>().ok()) {
            days.entry(at.date()).or_default().push(at.time());
        }
    }
    if let Some(day) = day_asked(run) {
        let Some(times) = days.get(&day) else {
            let day = show_date(day, language);
            return vec![fill(ours.tool_taken, &[("day", day.as_str())])];
        };
        let asked = time_asked(run).filter(|asked| times.contains(asked));
        let times = asked.map_or_else(|| times.clone(), |asked| vec![asked]);
        return vec![line_of(day, &times, language)];
    }
    let days = days.iter().take(MOST_DAYS);
    days.map(|(day, times)| line_of(*day, times, language))
        .collect()
}

fn line_of(day: Date, times: &[Time], language: Language) -> String {
    let shown = times
        .iter()
        .take(MOST_TIMES)
        .map(|time| show_time(*time, language));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let day = show_date(day, language);
    let values = [("day", day.as_str()), ("times", shown.as_str())];
    fill(phrases(language).tool_free, &values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflows::Value;

    fn free(day: Option<Date>, at: Option<Time>) -> Vec<String> {
        let mut run = Run::new("tool:visits", 1);
        run.filled
            .extend(day.map(|day| ("day".to_owned(), Value::Date(day))));
        run.filled
            .extend(at.map(|at| ("at".to_owned(), Value::Time(at))));
        let slot = |start: &str| json!({ "start": start, "end": "" });
        let answer = Answer {
            status: 200,
            json: Some(json!({ "slots": [
                slot("2026-12-04T14:00:00+01:00"), slot("2026-12-04T15:00:00+01:00"), slot("2026-12-07T09:00:00+01:00"),
            ] })),
            text: String::new(),
        };
        free_times(&answer, &run, Language::En)
    }

    #[test]
    fn free_times_are_told_by_their_day() {
        let friday = Date::constant(2026, 12, 4);
        let three = Time::constant(15, 0, 0, 0);
        let all = free(None, None);
        assert_eq!(all.len(), 2);
        assert!(all[0].contains("2:00 pm, 3:00 pm"), "{all:?}");
        let asked = free(Some(friday), Some(three));
        assert!(
            asked[0].contains("3:00 pm") && !asked[0].contains("2:00 pm"),
            "{asked:?}"
        );
        let other = free(Some(friday), Some(Time::constant(11, 0, 0, 0)));
        assert!(other[0].contains("2:00 pm, 3:00 pm"), "{other:?}");
        let none = free(Some(Date::constant(2026, 12, 5)), None);
        assert!(none[0].contains("5 December"), "{none:?}");
    }

    #[test]
    fn a_long_answer_is_cut() {
        let answer = Answer {
            text: format!("a: {}\n\n{}", "x".repeat(500), "b: 1\n".repeat(30)),
            ..Answer::default()
        };
        let lines = lines_of(&answer);
        assert_eq!(lines.len(), MOST_LINES);
        assert!(lines[0].chars().count() == LONGEST_LINE + 1 && lines[0].ends_with('…'));
    }
}
