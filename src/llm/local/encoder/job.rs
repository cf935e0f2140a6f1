//! Requests to the encoder, computed in steps, each spread over the threads.

use std::cmp::Reverse;
use std::time::Instant;

use rten::ThreadPool;

use super::base::Base;
use super::pair::{self, Pair};
use super::reader::Reader;
use crate::llm::local::protocol::Event;
use crate::llm::{Claim, EmbedAs, Embeddings, Priority, ReadPassage, Span};
use crate::reason::Reason;
use crate::usage::{Fair, Standing};
use frontdesk_encoder::network::Space;

/// Tokens per thread and step, after which the most due request is chosen again: about 80 ms on an older
/// processor.
const STEP: usize = 120;
/// Factor on the step while nobody else waits.
const ALONE: usize = 2;
/// Divides the tokens of live speech in the fair queue: a caller hears every pause.
const VOICE: f64 = 2.0;

pub(super) struct EncoderRequest {
    pub(super) id: u64,
    pub(super) work: Work,
    pub(super) claim: Claim,
}

pub(super) enum Work {
    Embed(Vec<String>, EmbedAs),
    Read(String, Vec<ReadPassage>),
}

/// A request in progress, a few texts at a time.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) claim: Claim,
    stage: Stage,
}

enum Stage {
    Embed {
        texts: Vec<Vec<u32>>,
        result: Embeddings,
    },
    Read {
        passages: Vec<ReadPassage>,
        /// Each with the index of its passage. The longest come first, so that those of a step have similar
        /// lengths and no thread waits for another.
        pairs: Vec<(usize, Pair)>,
        /// Spans of the pairs that are done, in the order of `pairs`.
        done: Vec<Vec<Span>>,
    },
}

/// The models, and the threads that compute them.
pub(super) struct EncoderModels {
    pub(super) base: Option<Base>,
    pub(super) reader: Result<Reader, Reason>,
    pub(super) pools: Vec<ThreadPool>,
}

impl EncoderModels {
    fn base(&self) -> Result<&Base, Reason> {
        self.base
            .as_ref()
            .ok_or_else(|| "there is no embedding model".into())
    }

    /// Tokenizes a request.
    pub(super) fn prepare(&self, asked: EncoderRequest) -> Result<Job, Reason> {
        let stage = match asked.work {
            Work::Embed(texts, meant) => {
                let base = self.base()?;
                let is_query = meant == EmbedAs::Query;
                Stage::Embed {
                    texts: texts
                        .iter()
                        .map(|text| base.tokens(text, is_query))
                        .collect::<Result<_, _>>()?,
                    result: Embeddings::default(),
                }
            }
            Work::Read(question, passages) => {
                let reader = self.reader.as_ref().map_err(Clone::clone)?;
                let question = reader.question(&question)?;
                let mut pairs = Vec::new();
                for (at, passage) in passages.iter().enumerate() {
                    let windows = reader.pairs(&question, &passage.heading, &passage.text)?;
                    pairs.extend(windows.into_iter().map(|pair| (at, pair)));
                }
                pairs.sort_by_key(|(_, pair)| Reverse(pair.tokens.len()));
                Stage::Read {
                    passages,
                    pairs,
                    done: Vec::new(),
                }
            }
        };
        Ok(Job {
            id: asked.id,
            claim: asked.claim,
            stage,
        })
    }

    /// Computes items in parallel; the results keep their order.
    fn spread<T: Sync, R: Send>(
        &self,
        items: &[T],
        size: impl Fn(&T) -> usize,
        work: impl Fn(&[&T], &mut Space) -> Result<Vec<R>, Reason> + Sync,
    ) -> Result<Vec<R>, Reason> {
        let shares = deal(items, self.pools.len(), size);
        let work = &work;
        let results: Vec<Share<R>> = std::thread::scope(|scope| {
            let running: Vec<_> = shares
                .into_iter()
                .zip(&self.pools)
                .map(|(share, pool)| {
                    let some: Vec<&T> = share.iter().filter_map(|&i| items.get(i)).collect();
                    // Each share runs on its own one-thread pool, so that rten does not split it further.
                    let run = move || pool.run(|| work(&some, &mut Space::default()));
                    (share, scope.spawn(run))
                })
                .collect();
            running
                .into_iter()
                .map(|(share, thread)| {
                    let ended = thread.join();
                    (
                        share,
                        ended.unwrap_or_else(|_| Err("a thread ended early".into())),
                    )
                })
                .collect()
        });
        let mut sorted: Vec<Option<R>> = items.iter().map(|_| None).collect();
        for (share, result) in results {
            for (at, value) in share.into_iter().zip(result?) {
                if let Some(place) = sorted.get_mut(at) {
                    *place = Some(value);
                }
            }
        }
        sorted
            .into_iter()
            .map(|r| r.ok_or_else(|| "a text was lost".into()))
            .collect()
    }
}

/// Indices of some items, and their results.
type Share<R> = (Vec<usize>, Result<Vec<R>, Reason>);

/// Deals items to `threads` so that each gets about the same work: the largest first, each to the thread
/// with the least so far.
fn deal<T>(items: &[T], threads: usize, size: impl Fn(&T) -> usize) -> Vec<Vec<usize>> {
    let mut order: Vec<(usize, usize)> = items.iter().map(size).zip(0..).collect();
    order.sort_by_key(|(size, at)| (std::cmp::Reverse(*size), *at));
    let mut shares = vec![(0usize, Vec::new()); threads.max(1)];
    for (size, at) in order {
        if let Some(least) = shares.iter_mut().min_by_key(|(sum, _)| *sum) {
            least.0 += size;
            least.1.push(at);
        }
    }
    shares
        .into_iter()
        .map(|(_, share)| share)
        .filter(|share| !share.is_empty())
        .collect()
}

/// Takes as many items as fit the budget, at least one.
fn take_within<T>(items: &[T], budget: usize, size: impl Fn(&T) -> usize) -> &[T] {
    let mut sum = 0;
    let count = items
        .iter()
        .take_while(|item| {
            sum += size(item);
            sum <= budget
        })
        .count();
    items.get(..count.max(1)).unwrap_or(items)
}

impl Job {
    /// Computes the next part; returns its tokens. Steps are small while others wait, so that a small
    /// request does not wait for all earlier ones; larger steps keep the threads busier.
    pub(super) fn step(&mut self, models: &EncoderModels, alone: bool) -> Result<usize, Reason> {
        // Background work always takes small steps: somebody may ask at any time.
        let waits = alone && self.claim.priority > Priority::Background;
        let budget = STEP * models.pools.len() * if waits { ALONE } else { 1 };
        match &mut self.stage {
            Stage::Embed { texts, result } => {
                let base = models.base()?;
                let left = texts.get(result.vectors.len()..).unwrap_or_default();
                if left.is_empty() {
                    return Ok(0);
                }
                let some = take_within(left, budget, Vec::len);
                let vectors = models.spread(some, Vec::len, |texts, space| {
                    let texts: Vec<&[u32]> = texts.iter().map(|t| t.as_slice()).collect();
                    base.embed(&texts, space)
                })?;
                let tokens: usize = some.iter().map(Vec::len).sum();
                result.tokens += u32::try_from(tokens).unwrap_or(u32::MAX);
                result.vectors.extend(vectors);
                Ok(tokens)
            }
            Stage::Read {
                passages,
                pairs,
                done,
            } => {
                let reader = models.reader.as_ref().map_err(Clone::clone)?;
                let left = pairs.get(done.len()..).unwrap_or_default();
                if left.is_empty() {
                    return Ok(0);
                }
                let size = |p: &(usize, Pair)| p.1.tokens.len();
                let some = take_within(left, budget, size);
                let tokens = some.iter().map(size).sum();
                let logits = models.spread(some, size, |pairs, space| {
                    let pairs: Vec<&Pair> = pairs.iter().map(|(_, pair)| pair).collect();
                    reader.read(&pairs, space)
                })?;
                for ((at, pair), (starts, ends)) in some.iter().zip(logits) {
                    let text = passages.get(*at).map_or("", |p| p.text.as_str());
                    done.push(pair.spans(&starts, &ends, text));
                }
                Ok(tokens)
            }
        }
    }

    /// How much tokens count in the fair queue.
    pub(super) fn weight(&self, tokens: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let tokens = tokens as f64;
        match self.claim.priority {
            Priority::Voice => tokens / VOICE,
            _ => tokens,
        }
    }

    /// Sorts by urgency: background work comes last; otherwise the flow that was served least lately goes
    /// first, and among equals the higher priority.
    fn urgency(&self, fair: &Fair, now: Instant) -> (bool, Reverse<Standing>, Priority) {
        let Claim { priority, flow } = self.claim;
        (
            priority > Priority::Background,
            Reverse(fair.standing(flow, now)),
            priority,
        )
    }

    /// Takes the answer once everything is computed.
    pub(super) fn take_answer(&mut self) -> Option<Event> {
        match &mut self.stage {
            Stage::Embed { texts, result } => (result.vectors.len() == texts.len())
                .then(|| Event::Embedded(std::mem::take(result))),
            Stage::Read {
                passages,
                pairs,
                done,
            } => (done.len() == pairs.len()).then(|| {
                let mut windows: Vec<Vec<Vec<Span>>> =
                    passages.iter().map(|_| Vec::new()).collect();
                for ((at, _), spans) in pairs.iter().zip(std::mem::take(done)) {
                    if let Some(of_passage) = windows.get_mut(*at) {
                        of_passage.push(spans);
                    }
                }
                let tokens: usize = pairs.iter().map(|(_, pair)| pair.tokens.len()).sum();
                Event::Read {
                    spans: windows.into_iter().map(pair::merge).collect(),
                    tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
                }
            }),
        }
    }
}

/// Chooses the most urgent job; among equals the oldest.
pub(super) fn choose(jobs: &[Job], fair: &Fair, now: Instant) -> Option<usize> {
    (0..jobs.len()).max_by_key(|&i| (jobs.get(i).map(|job| job.urgency(fair, now)), Reverse(i)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{VisitorId, WorkspaceId};
    use crate::usage::Flow;

    #[test]
    fn whoever_was_given_least_is_due_before_background_work_and_among_equals_the_first() {
        let shop = WorkspaceId::new();
        let at = |last| Flow::visitor(shop, [10, 0, 0, last].into(), VisitorId::new());
        let job = |id: u64, priority: Priority, flow| Job {
            id,
            claim: Claim::new(priority, flow),
            stage: Stage::Embed {
                texts: Vec::new(),
                result: Embeddings::default(),
            },
        };
        let jobs = [
            job(1, Priority::Background, Flow::HOUSE),
            job(2, Priority::Chat, at(1)),
            job(3, Priority::Chat, at(2)),
            job(4, Priority::Voice, at(3)),
        ];
        let (mut fair, now) = (Fair::default(), Instant::now());
        let due = |jobs: &[Job], fair: &Fair| {
            let at = choose(jobs, fair, now)?;
            jobs.get(at).map(|job| job.id)
        };
        assert_eq!(due(&jobs, &fair), Some(4), "the most urgent of equals");
        assert_eq!(
            due(jobs.get(..3).unwrap(), &fair),
            Some(2),
            "the first of equals"
        );
        for job in jobs.iter().filter(|job| job.id != 3) {
            fair.charge(job.claim.flow, 100.0, now);
        }
        assert_eq!(due(&jobs, &fair), Some(3), "its network was given nothing");
        assert_eq!(due(&[], &fair), None);
    }

    #[test]
    fn work_is_dealt_evenly() {
        let shares = deal(&[5, 1, 9, 4, 1], 2, |size| *size);
        assert_eq!(shares, [vec![2, 1], vec![0, 3, 4]]);
        assert_eq!(deal(&[3], 4, |size| *size), [vec![0]]);
    }

    #[test]
    fn a_step_takes_what_fits_and_never_nothing() {
        assert_eq!(take_within(&[5, 4, 3], 9, |n| *n), [5, 4]);
        assert_eq!(take_within(&[50, 4], 9, |n| *n), [50]);
    }
}
