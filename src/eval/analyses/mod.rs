//! How good analyses are: moods, summaries and scores beside what people said, each with a trivial baseline and its interval.
//!
//! Reading order: [`material`] (the data), `measure` below (analyses every conversation), [`grade`], [`statistics`], [`fit`],
//! `saved`.

pub mod fit;
pub mod grade;
pub mod material;
mod saved;
pub mod statistics;

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use self::material::{Ended, Felt, Material, Summed};
use self::saved::Saved;
use self::statistics::{Beside, Interval, beside, interval, macro_f1, majority, spearman, to_f64};
use crate::analysis::score::{self, Features, Weights};
use crate::analysis::work::digest;
use crate::analysis::{Conversation, Cost, Outcome, Settings, analyse};
use crate::eval::EvalError;
use crate::llm::{ChatModel, Priority};
use crate::reason::Reason;

/// Sentences of a conversation that stand for its summary, as the trivial way.
const LEAD: usize = 3;
/// Words that speak of money, for the trivial way to score.
const PRICE: &[&str] = &[
    "price",
    "prices",
    "cost",
    "costs",
    "pay",
    "paid",
    "payment",
    "money",
    "dollar",
    "dollars",
    "cent",
    "cents",
    "amount",
    "cheap",
    "expensive",
    "discount",
    "budget",
    "fee",
];

/// What to measure, and how much of it.
pub struct Order<'a> {
    /// `None` measures what works without one.
    pub model: Option<&'a dyn ChatModel>,
    /// Conversations of each kind that a model reads; moods are counted for all.
    pub limit: usize,
    /// Whether to fit the weights of the score too.
    pub fit: bool,
    /// Where the model's results are saved as they come. Those that are there are not made again.
    pub save: Option<&'a Path>,
}

/// The largest share of sentences that may tell something that nobody said.
pub const MOST_INVENTED: f64 = 0.05;

#[derive(Debug, Clone, Serialize)]
pub struct MoodFigures {
    /// `all`, or a set's name.
    pub set: String,
    pub conversations: usize,
    pub turns: usize,
    /// Macro-F1 over not satisfied, neutral and satisfied, beside the class that is most often true.
    pub macro_f1: Option<Beside>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SummaryFigures {
    pub conversations: usize,
    /// The share of the reference's facts in the long summary, beside the first three sentences of the conversation.
    pub recall: Option<Beside>,
    /// The same of the short and the medium one.
    pub recall_short: Option<Interval>,
    pub recall_medium: Option<Interval>,
    /// The share of sentences that tell something that nobody said.
    pub invented: Option<Interval>,
    /// The same of the first three sentences of the conversation, which invent nothing: what the measure itself gets wrong.
    pub invented_of_lead: Option<Interval>,
    /// Whether no more than [`MOST_INVENTED`] are, and whether the whole interval is below.
    pub invented_few: bool,
    pub invented_surely_few: bool,
    pub sentences: usize,
    /// Words of the long summary, and of the first three sentences.
    pub words: f64,
    pub words_of_lead: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct ScoreFigures {
    pub conversations: usize,
    /// Spearman's correlation of the score with the outcome, beside that of the number of messages. A trivial way counts in the
    /// direction that suits it better here.
    pub beside_messages: Option<Beside>,
    /// The same beside the number of price words.
    pub beside_price_words: Option<Beside>,
    /// The same of weights that were fitted to the other conversations: those in use may have been chosen with these in view.
    pub fitted: Option<Beside>,
    pub fitted_beside_price_words: Option<Beside>,
    /// The weights that fit best, as `weights.toml` has them.
    pub weights: Option<String>,
}

/// What analyses took, of those that a model took part in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CostFigures {
    pub analyses: usize,
    pub seconds: f64,
    /// Of each analysis, in the middle and at worst.
    pub median_s: f64,
    pub worst_s: f64,
    pub tokens_read: u64,
    pub tokens_written: u64,
    pub json_asked: u32,
    pub json_valid: u32,
    pub failed: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub model: Option<String>,
    pub moods: Vec<MoodFigures>,
    pub summaries: Option<SummaryFigures>,
    pub scores: Option<ScoreFigures>,
    pub cost: CostFigures,
    /// Results that were saved by an earlier run.
    pub taken: usize,
    pub took_s: f64,
}

struct Bench<'a> {
    order: &'a Order<'a>,
    took_ms: Vec<u64>,
    cost: CostFigures,
    saved: Saved,
    tell: &'a (dyn Fn(usize, usize) + Send + Sync),
    done: usize,
    all: usize,
}

/// Analyses the material and grades the results; `tell` learns how many conversations are done, of how many.
///
/// # Errors
/// If a conversation cannot be analysed at all, or the file of results cannot be used.
pub async fn measure(
    material: &Material,
    order: &Order<'_>,
    tell: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Figures, EvalError> {
    let since = Instant::now();
    let summed = first(&material.summed, order.limit);
    let ended = first(&material.ended, order.limit);
    let mut bench = Bench {
        order,
        took_ms: Vec::new(),
        cost: CostFigures::default(),
        saved: order.save.map(Saved::open).transpose()?.unwrap_or_default(),
        tell,
        done: 0,
        all: material.felt.len() + summed.len() + ended.len(),
    };
    let moods = bench.moods(&material.felt).await?;
    let summaries = bench.summaries(summed).await?;
    let scores = bench.scores(ended).await?;
    Ok(Figures {
        model: order.model.map(ChatModel::name),
        moods,
        summaries,
        scores,
        taken: bench.saved.taken,
        cost: bench.sum_up(),
        took_s: since.elapsed().as_secs_f64(),
    })
}

fn first<T>(all: &[T], limit: usize) -> &[T] {
    all.get(..limit.min(all.len())).unwrap_or(all)
}

impl Bench<'_> {
    async fn analyse(
        &mut self,
        model: Option<&dyn ChatModel>,
        conversation: &Conversation,
    ) -> Result<Option<Outcome>, EvalError> {
        let settings = Settings::default();
        let digest = model.map(|model| digest::of(conversation, &settings, model));
        if let Some(known) = digest.as_ref().and_then(|digest| self.saved.find(digest)) {
            self.count(&known);
            self.done += 1;
            (self.tell)(self.done, self.all);
            return Ok(Some(known));
        }
        let claim = Priority::Background.into();
        let made = analyse(model, conversation, &settings, claim).await;
        self.done += 1;
        (self.tell)(self.done, self.all);
        match made {
            Ok(outcome) => {
                if let Some(digest) = digest {
                    self.count(&outcome);
                    // What the model did not do, it may do at the next run.
                    if outcome.analysis.missing.is_empty() {
                        self.saved.keep(digest, &outcome)?;
                    }
                }
                Ok(Some(outcome))
            }
            // Some conversations of public sets have one side only.
            Err(
                crate::analysis::AnalysisError::NoCustomer | crate::analysis::AnalysisError::Empty,
            ) => Ok(None),
            Err(error) => Err(EvalError::Ask(Reason::of(error))),
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        let Cost {
            took_ms,
            tokens_read,
            tokens_written,
            json_asked,
            json_valid,
            ..
        } = outcome.cost;
        self.took_ms.push(took_ms);
        self.cost.tokens_read += tokens_read;
        self.cost.tokens_written += tokens_written;
        self.cost.json_asked += json_asked;
        self.cost.json_valid += json_valid;
        self.cost.failed += usize::from(!outcome.analysis.missing.is_empty());
    }

    fn sum_up(mut self) -> CostFigures {
        self.took_ms.sort_unstable();
        let seconds = |ms: u64| std::time::Duration::from_millis(ms).as_secs_f64();
        let at = |place: usize| self.took_ms.get(place).copied().map_or(0.0, seconds);
        CostFigures {
            analyses: self.took_ms.len(),
            seconds: seconds(self.took_ms.iter().sum()),
            median_s: at(self.took_ms.len() / 2),
            worst_s: at(self.took_ms.len().saturating_sub(1)),
            ..self.cost
        }
    }

    async fn moods(&mut self, felt: &[Felt]) -> Result<Vec<MoodFigures>, EvalError> {
        let mut graded: Vec<(String, Vec<(i8, i8)>)> = Vec::new();
        for one in felt {
            // Counted words alone: a model would need a day for all of these.
            let Some(outcome) = self.analyse(None, &one.conversation).await? else {
                continue;
            };
            let pairs = one.moods.iter().map(|(turn, truth)| {
                let found = outcome
                    .analysis
                    .sentiment
                    .iter()
                    .find(|mood| mood.turn == *turn);
                (*truth, found.map_or(0, |mood| mood.value.signum()))
            });
            graded.push((one.set.clone(), pairs.collect()));
        }
        let mut sets: Vec<&str> = graded.iter().map(|(set, _)| set.as_str()).collect();
        sets.dedup();
        let mut figures = Vec::new();
        if !graded.is_empty() {
            figures.push(mood_figures(
                "all",
                graded.iter().map(|(_, pairs)| pairs).collect(),
            ));
        }
        for set in sets {
            let own = graded.iter().filter(|(name, _)| name == set);
            figures.push(mood_figures(set, own.map(|(_, pairs)| pairs).collect()));
        }
        Ok(figures)
    }

    async fn summaries(&mut self, summed: &[Summed]) -> Result<Option<SummaryFigures>, EvalError> {
        let mut rows = Vec::new();
        for one in summed {
            let model = self.order.model;
            let Some(outcome) = self.analyse(model, &one.conversation).await? else {
                continue;
            };
            rows.push(SummaryRow::of(one, &outcome));
        }
        Ok((!rows.is_empty()).then(|| summary_figures(&rows)))
    }

    async fn scores(&mut self, ended: &[Ended]) -> Result<Option<ScoreFigures>, EvalError> {
        let mut rows = Vec::new();
        for one in ended {
            let model = self.order.model;
            let Some(outcome) = self.analyse(model, &one.conversation).await? else {
                continue;
            };
            let features = score::features(&one.conversation, outcome.judged);
            rows.push(ScoreRow {
                outcome: one.outcome,
                chance: Weights::own().chance(&features),
                features,
                messages: to_f64(one.conversation.turns.len()),
                price_words: to_f64(price_words(&one.conversation)),
            });
        }
        Ok((!rows.is_empty()).then(|| score_figures(&rows, self.order.fit)))
    }
}

fn mood_figures(set: &str, conversations: Vec<&Vec<(i8, i8)>>) -> MoodFigures {
    let usual = majority(
        conversations
            .iter()
            .flat_map(|pairs| pairs.iter().map(|pair| pair.0)),
    );
    let all = |places: &[usize], guess: &dyn Fn(i8) -> i8| {
        let chosen = places.iter().filter_map(|at| conversations.get(*at));
        let pairs = chosen.flat_map(|pairs| pairs.iter());
        let pairs: Vec<(i8, i8)> = pairs.map(|(truth, own)| (*truth, guess(*own))).collect();
        macro_f1(&pairs)
    };
    MoodFigures {
        set: set.to_owned(),
        conversations: conversations.len(),
        turns: conversations.iter().map(|pairs| pairs.len()).sum(),
        macro_f1: beside(
            conversations.len(),
            |places| all(places, &|own| own),
            |places| all(places, &|_| usual),
        ),
    }
}

struct SummaryRow {
    short: f64,
    medium: f64,
    long: f64,
    lead: f64,
    sentences: usize,
    invented: usize,
    lead_sentences: usize,
    lead_invented: usize,
    words: usize,
    words_of_lead: usize,
}

impl SummaryRow {
    fn of(one: &Summed, outcome: &Outcome) -> Self {
        let turns: Vec<String> = one
            .conversation
            .turns
            .iter()
            .map(|turn| turn.text.clone())
            .collect();
        let summary = &outcome.analysis.summary;
        let recall = |text: &str| grade::recall(&one.summary, text).unwrap_or_default();
        let lead = grade::lead(&turns, LEAD);
        let told = turns.join("\n");
        let (sentences, invented) = grade::invented(&summary.long, &told, &one.summary);
        let (lead_sentences, lead_invented) = grade::invented(&lead, &told, &one.summary);
        let words = |text: &str| text.split_whitespace().count();
        Self {
            short: recall(&summary.short),
            medium: recall(&summary.medium),
            long: recall(&summary.long),
            lead: recall(&lead),
            sentences,
            invented,
            lead_sentences,
            lead_invented,
            words: words(&summary.long),
            words_of_lead: words(&lead),
        }
    }
}

fn summary_figures(rows: &[SummaryRow]) -> SummaryFigures {
    let mean = |places: &[usize], of: &dyn Fn(&SummaryRow) -> f64| {
        let chosen = places.iter().filter_map(|at| rows.get(*at));
        let sum: f64 = chosen.map(of).sum();
        (!places.is_empty()).then(|| sum / to_f64(places.len()))
    };
    let whole: Vec<usize> = (0..rows.len()).collect();
    let count = |places: &[usize], of: &dyn Fn(&SummaryRow) -> usize| {
        let chosen = places.iter().filter_map(|at| rows.get(*at));
        to_f64(chosen.map(of).sum())
    };
    let share = |of: &dyn Fn(&SummaryRow) -> usize, among: &dyn Fn(&SummaryRow) -> usize| {
        interval(rows.len(), |places| {
            let all = count(places, among);
            (all > 0.0).then(|| count(places, of) / all)
        })
    };
    let invented = share(&|row| row.invented, &|row| row.sentences);
    SummaryFigures {
        conversations: rows.len(),
        recall: beside(
            rows.len(),
            |places| mean(places, &|row| row.long),
            |places| mean(places, &|row| row.lead),
        ),
        recall_short: interval(rows.len(), |places| mean(places, &|row| row.short)),
        recall_medium: interval(rows.len(), |places| mean(places, &|row| row.medium)),
        invented,
        invented_of_lead: share(&|row| row.lead_invented, &|row| row.lead_sentences),
        invented_few: invented.is_some_and(|share| share.value <= MOST_INVENTED),
        invented_surely_few: invented.is_some_and(|share| share.high <= MOST_INVENTED),
        sentences: rows.iter().map(|row| row.sentences).sum(),
        words: mean(&whole, &|row| to_f64(row.words)).unwrap_or_default(),
        words_of_lead: mean(&whole, &|row| to_f64(row.words_of_lead)).unwrap_or_default(),
    }
}

struct ScoreRow {
    outcome: f64,
    chance: f64,
    features: Features,
    messages: f64,
    price_words: f64,
}

fn price_words(conversation: &Conversation) -> usize {
    let texts = conversation.turns.iter().map(|turn| turn.text.as_str());
    texts
        .map(|text| {
            let words = crate::language::words::words(text);
            let named = words
                .filter(|word| PRICE.contains(&word.folded.as_str()))
                .count();
            named + text.matches(['$', '€', '£']).count()
        })
        .sum()
}

fn score_figures(rows: &[ScoreRow], fit: bool) -> ScoreFigures {
    let samples: Vec<(&Features, bool)> = rows
        .iter()
        .map(|row| (&row.features, row.outcome > 0.0))
        .collect();
    let chances = match fit {
        true => fit::cross_validate(&samples),
        false => Vec::new(),
    };
    let rank = |places: &[usize], of: &dyn Fn(usize, &ScoreRow) -> f64| {
        let chosen = places.iter().filter_map(|at| Some((*at, rows.get(*at)?)));
        let pairs: Vec<(f64, f64)> = chosen.map(|(at, row)| (of(at, row), row.outcome)).collect();
        spearman(&pairs)
    };
    let ours = |places: &[usize]| rank(places, &|_, row| row.chance);
    let whole: Vec<usize> = (0..rows.len()).collect();
    let direction = |of: &dyn Fn(usize, &ScoreRow) -> f64| {
        let all = rank(&whole, of).unwrap_or_default();
        if all < 0.0 { -1.0 } else { 1.0 }
    };
    let by_messages = direction(&|_, row| row.messages);
    let by_price = direction(&|_, row| row.price_words);
    let messages = |places: &[usize]| rank(places, &|_, row| by_messages * row.messages);
    let price = |places: &[usize]| rank(places, &|_, row| by_price * row.price_words);
    let crossed = |places: &[usize]| {
        rank(places, &|at, _| {
            chances.get(at).copied().unwrap_or_default()
        })
    };
    let judged = samples.first().is_some_and(|(features, _)| features.judged);
    let table = match judged {
        true => "with_model",
        false => "counted",
    };
    ScoreFigures {
        conversations: rows.len(),
        beside_messages: beside(rows.len(), ours, messages),
        beside_price_words: beside(rows.len(), ours, price),
        fitted: match fit {
            true => beside(rows.len(), crossed, messages),
            false => None,
        },
        fitted_beside_price_words: match fit {
            true => beside(rows.len(), crossed, price),
            false => None,
        },
        weights: fit.then(|| fit::fit(&samples).to_toml(table)),
    }
}

#[cfg(test)]
#[path = "analyses_tests.rs"]
mod tests;
