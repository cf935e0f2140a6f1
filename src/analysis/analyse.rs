//! A conversation to its analysis: first everything that needs no model, then what a model adds and what of that stands in the
//! conversation.

use std::time::Instant;

use serde_json::Value;

use crate::analysis::ask::Asker;
use crate::analysis::compress::{self, WINDOW_TOKENS, Window};
use crate::analysis::conversation::{Conversation, Who};
use crate::analysis::count::{self, Counted};
use crate::analysis::score::{self, Judged, Weights};
use crate::analysis::settings::Settings;
use crate::analysis::types::{
    Analysis, AnalysisError, Cost, Mood, NextStep, Objection, Outcome, Quote, Score, Summary,
    Written,
};
use crate::analysis::verify::{self, Spoken};
use crate::analysis::{extract, fields, mood, promises, prompts, rules};
use crate::language::Language;
use crate::llm::{ChatModel, Claim, LlmError};

/// Tokens of an answer; the schema allows fewer in English, and other alphabets need more for the same text.
const MOST_WRITTEN: u32 = 700;
/// Tokens of prompts, of an answer and of the template around them, that have to fit beside a window.
const AROUND: usize = 1100;
/// A smaller window is not worth asking about.
const LEAST_WINDOW: usize = 120;
/// Objections that are told.
const MOST_OBJECTIONS: usize = 6;
/// How sure the model must be of the mood at the end to move it.
const SURE: f64 = 0.7;

/// How far an analysis has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Questions that were answered, and all.
    pub done: u32,
    pub all: u32,
}

/// What a model added.
#[derive(Default)]
struct Found {
    sentences: Vec<String>,
    intent: Option<String>,
    objections: Vec<Quote>,
    promises: Vec<Quote>,
    next: Option<String>,
    reply: Option<String>,
    fields: Value,
    judged: Option<Judged>,
    /// Shares of the words of the prompt's feeling.
    feeling: Vec<f64>,
}

/// Analyses a conversation. Without a model, or if it fails, everything is there that needs none, and `missing` says why the rest
/// is not.
///
/// # Errors
/// If nobody, or no customer, says anything.
pub async fn analyse(
    model: Option<&dyn ChatModel>,
    conversation: &Conversation,
    settings: &Settings,
    claim: Claim,
) -> Result<Outcome, AnalysisError> {
    analyse_telling(model, conversation, settings, claim, &|_| {}).await
}

/// The same, and tells how far it has come.
///
/// # Errors
/// If nobody, or no customer, says anything.
pub async fn analyse_telling(
    model: Option<&dyn ChatModel>,
    conversation: &Conversation,
    settings: &Settings,
    claim: Claim,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Outcome, AnalysisError> {
    let since = Instant::now();
    let says = |turn: &crate::analysis::Turn| !turn.text.trim().is_empty();
    if !conversation.turns.iter().any(says) {
        return Err(AnalysisError::Empty);
    }
    let mut customer = conversation
        .turns
        .iter()
        .filter(|turn| turn.who == Who::Customer);
    if !customer.any(says) {
        return Err(AnalysisError::NoCustomer);
    }
    let counted = count::count(conversation);
    let language = language_of(conversation);
    let spoken = Spoken::new(conversation, language);
    let mut missing = Vec::new();
    let (found, mut cost) = match ready(model, &mut missing) {
        None => (Found::default(), without_model()),
        Some(model) => {
            let mut asker = Asker::new(model, prompts::current(), claim);
            let tokens = window_tokens(model);
            let windows = compress::windows(conversation, &counted, tokens);
            let mut found = Found::default();
            let asked = ask(&mut asker, &windows, settings, language, &mut found, tell).await;
            if let Err(error) = asked {
                tracing::info!(%error, "a model did not finish an analysis");
                missing.push(format!("The language model did not finish: {error}."));
            }
            (found, asker.cost)
        }
    };
    let judged = found.judged;
    let mut analysis = put_together(conversation, &counted, settings, language, &spoken, found);
    analysis.missing = missing;
    cost.took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Outcome {
        analysis,
        cost,
        judged,
    })
}

/// The language that most is said in.
fn language_of(conversation: &Conversation) -> Language {
    let mut text = String::new();
    for turn in &conversation.turns {
        if text.len() > 8000 {
            break;
        }
        text.push_str(&turn.text);
        text.push('\n');
    }
    let code = crate::language::of_document(&text);
    code.unwrap_or_else(|| crate::language::of_question(&text))
}

fn without_model() -> Cost {
    Cost {
        prompt_version: prompts::current().version.clone(),
        ..Cost::default()
    }
}

/// The model, if it can be asked; else why not.
fn ready<'a>(
    model: Option<&'a dyn ChatModel>,
    missing: &mut Vec<String>,
) -> Option<&'a dyn ChatModel> {
    let reason = match model {
        None => "there is no language model here".to_owned(),
        Some(model) => match model.ready() {
            Ok(()) if window_tokens(model) >= LEAST_WINDOW => return Some(model),
            Ok(()) => "the window of the language model is too small".to_owned(),
            Err(error) => error.to_string(),
        },
    };
    missing.push(format!(
        "The summary is made of sentences of the conversation, and intent, next step, draft and own fields are missing: {reason}."
    ));
    None
}

/// Tokens of conversation that the model is given at once.
fn window_tokens(model: &dyn ChatModel) -> usize {
    let holds = usize::try_from(model.context_tokens()).unwrap_or(usize::MAX);
    holds.saturating_sub(AROUND).min(WINDOW_TOKENS)
}

async fn ask(
    asker: &mut Asker<'_>,
    windows: &[Window],
    settings: &Settings,
    language: Language,
    found: &mut Found,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(), LlmError> {
    let prompts = prompts::current();
    let Some((last, before)) = windows.split_last() else {
        return Ok(());
    };
    let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
    asker.cost.windows = count(windows.len());
    let all = count(windows.len()) + 4 + u32::from(!settings.fields.is_empty());
    let mut done = 0;
    let mut step = || {
        done += 1;
        tell(Progress { done, all });
    };
    let (question, schema) = (prompts.more(language), prompts::findings_schema(false));
    for window in before {
        let value = asker
            .json(&window.text, &question, &schema, MOST_WRITTEN)
            .await?;
        take(&value, found);
        step();
    }
    // The short questions first: they are what the score needs, if the time is short.
    let mut yes = Vec::new();
    let questions = &prompts.yes_no;
    for question in [&questions.agrees, &questions.interested, &questions.refuses] {
        let shares = asker.choose(&last.text, question, &["yes", "no"]).await?;
        yes.push(shares.first().copied().unwrap_or(0.5));
        step();
    }
    if let [agrees, interested, refuses] = yes.as_slice() {
        found.judged = Some(Judged {
            agrees: *agrees,
            interested: *interested,
            refuses: *refuses,
        });
    }
    let feeling = &prompts.feeling;
    let words: Vec<&str> = feeling.words.iter().map(String::as_str).collect();
    found.feeling = asker.choose(&last.text, &feeling.question, &words).await?;
    step();
    let (question, schema) = (prompts.findings(language), prompts::findings_schema(true));
    let value = asker
        .json(&last.text, &question, &schema, MOST_WRITTEN)
        .await?;
    take(&value, found);
    step();
    if !settings.fields.is_empty() {
        let question = prompts.fields(&settings.fields);
        let schema = prompts::fields_schema(&settings.fields);
        let most = count(settings.fields.len()).saturating_mul(fields::TOKENS_EACH) + 20;
        found.fields = asker.json(&last.text, &question, &schema, most).await?;
        step();
    }
    Ok(())
}

/// Takes over what a model wrote, unchecked.
fn take(value: &Value, found: &mut Found) {
    let text = |name: &str| {
        let text = value.get(name).and_then(Value::as_str).map(verify::tidy);
        text.filter(|text| !text.is_empty())
    };
    let quotes = |name: &str| -> Vec<Quote> {
        let all = value
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        all.filter_map(|one| {
            Some(Quote {
                turn: usize::try_from(one.get("line")?.as_u64()?).ok()?,
                text: one.get("words")?.as_str()?.to_owned(),
            })
        })
        .collect()
    };
    let sentences = value
        .get("summary")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    found
        .sentences
        .extend(sentences.filter_map(Value::as_str).map(verify::tidy));
    found.objections.extend(quotes("objections"));
    found.promises.extend(quotes("promises"));
    found.intent = text("intent").or_else(|| found.intent.take());
    found.next = text("next").or_else(|| found.next.take());
    found.reply = text("reply").or_else(|| found.reply.take());
}

fn put_together(
    conversation: &Conversation,
    counted: &[Counted],
    settings: &Settings,
    language: Language,
    spoken: &Spoken,
    found: Found,
) -> Analysis {
    let mut moods = mood::moods_of(conversation, counted);
    move_last(&mut moods, &found.feeling);
    let features = score::features_of(counted, &moods, found.judged);
    let weights = Weights::own();
    let own = score::to_score(weights.chance(&features));
    let by_rules = rules::hold(conversation, settings);
    let points = rules::points(&by_rules);
    let value = u8::try_from((i16::from(own) + points).clamp(0, 100)).unwrap_or_default();
    let verified = |quotes: Vec<Quote>| {
        let quotes = quotes.into_iter();
        quotes.filter_map(move |one| verify::find_quote(conversation, one.turn, &one.text))
    };
    let objections = add_objections(
        conversation,
        count::objections(conversation, counted),
        verified(found.objections).collect(),
    );
    let promises = promises::add(
        conversation,
        promises::promises(conversation, counted),
        verified(found.promises).collect(),
    );
    let bears = |text: &String| spoken.bears(text);
    Analysis {
        summary: summary(conversation, counted, language, spoken, found.sentences),
        score: Score {
            value,
            own,
            rules: points,
            band: settings.band(value).to_owned(),
            reasons: score::reasons(conversation, counted, &features, weights),
            by_rules,
        },
        sentiment: moods,
        intent: found.intent.filter(bears),
        objections,
        promises,
        next_step: found.next.map(|what| NextStep {
            what,
            // A reply may ask and offer, but not state a number, a name or a day that nobody said.
            draft: found
                .reply
                .filter(bears)
                .filter(|text| !verify::is_of_customer(conversation, text)),
        }),
        language: match language {
            Language::Other => None,
            known => Some(known.code().to_owned()),
        },
        fields: match found.fields.is_object() {
            true => fields::checked(&settings.fields, &found.fields, spoken),
            false => fields::unknown(&settings.fields),
        },
        missing: Vec::new(),
    }
}

/// Moves the customer's last mood one step towards what the model is sure of.
fn move_last(moods: &mut [Mood], feeling: &[f64]) {
    let Some(last) = moods.last_mut() else {
        return;
    };
    let step = match feeling {
        [happy, _, _] if *happy >= SURE => 1,
        [_, _, unhappy] if *unhappy >= SURE => -1,
        _ => return,
    };
    // Counted words that say the opposite clearly are not overruled.
    if last.value * step > -2 {
        last.value = (last.value + step).clamp(-2, 2);
    }
}

/// The model's sentences that hold, with sentences of the conversation where they are too few.
fn summary(
    conversation: &Conversation,
    counted: &[Counted],
    language: Language,
    spoken: &Spoken,
    written: Vec<String>,
) -> Summary {
    let floor = extract::summarise(conversation, counted, language);
    let mut kept: Vec<String> = Vec::new();
    for sentence in written {
        let repeats = kept.iter().any(|known| verify::is_same(known, &sentence));
        if !sentence.is_empty() && !repeats && spoken.bears(&sentence) {
            kept.push(sentence);
        }
    }
    let Some(first) = kept.first().cloned() else {
        return floor;
    };
    let medium = kept.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
    let all = kept.join(" ");
    let long = match floor.medium.is_empty() {
        true => all,
        false => format!("{all}\n{}", floor.medium),
    };
    Summary {
        short: first,
        medium,
        long,
        written: Written::Model,
    }
}

/// Adds what the model found to what was counted, if it is the customer's and not known.
fn add_objections(
    conversation: &Conversation,
    known: Vec<Objection>,
    quotes: Vec<Quote>,
) -> Vec<Objection> {
    let mut all = known;
    for quote in quotes {
        let by_customer = conversation
            .turns
            .get(quote.turn)
            .is_some_and(|turn| turn.who == Who::Customer);
        let is_known = all.iter().any(|one| one.quote.turn == quote.turn);
        if by_customer && !is_known {
            all.push(Objection {
                text: quote.text.clone(),
                quote,
            });
        }
    }
    all.sort_by_key(|one| one.quote.turn);
    all.truncate(MOST_OBJECTIONS);
    all
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
