//! Speed of a search over many passages, without the question's embedding: words, vectors, ranking,
//! reading from the store. Prints one line of JSON.
//!
//! `cargo bench --bench search -- [PASSAGES] [QUESTIONS]`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk::extract::Extracted;
use frontdesk::knowledge::{ExtractFailure, Extractor, Knowledge, RankBy, SearchOptions};
use frontdesk::llm::{Claim, EmbedAs, Embedder, Embeddings, LlmError};
use frontdesk::store::{self, MasterKey, Store, WorkspaceId};
use half::f16;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const DIMENSIONS: usize = 384;
const VOCABULARY: u64 = 30_000;
const WORDS: usize = 150;
const PER_DOCUMENT: usize = 50;
const EMBEDDER: &str = "random";

/// Reproducible numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A word by Zipf's law: the n-th is about n times rarer than the first.
    fn word(&mut self) -> String {
        let rank = (VOCABULARY as f64).powf(self.unit()) as u64;
        let mut word = String::new();
        let mut rest = rank.wrapping_mul(2_654_435_761) % 7_776_000 + 46_656;
        while rest > 0 {
            word.push_str(
                [
                    "ba", "co", "di", "fu", "le", "ma", "ni", "po", "ra", "se", "ti", "vo",
                ][(rest % 12) as usize],
            );
            rest /= 36;
        }
        word
    }

    fn text(&mut self, words: usize) -> String {
        (0..words)
            .map(|_| self.word())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn vector(&mut self) -> Vec<f32> {
        let v: Vec<f32> = (0..DIMENSIONS).map(|_| self.unit() as f32 - 0.5).collect();
        let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
        v.into_iter().map(|x| x / length).collect()
    }
}

/// Gives a random vector at once: the question's embedding is not measured here.
struct RandomVectors;

#[async_trait]
impl Embedder for RandomVectors {
    fn name(&self) -> String {
        EMBEDDER.into()
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        _: EmbedAs,
        _: Claim,
    ) -> Result<Embeddings, LlmError> {
        let seed = |t: &String| {
            t.bytes()
                .fold(7u64, |s, b| s.wrapping_mul(31) + u64::from(b))
        };
        Ok(Embeddings {
            vectors: texts.iter().map(|t| Dice(seed(t)).vector()).collect(),
            tokens: 0,
        })
    }
}

/// Nothing is read here.
struct NoDocuments;

#[async_trait]
impl Extractor for NoDocuments {
    async fn extract(&self, _: Bytes, _: String, _: bool) -> Result<Extracted, ExtractFailure> {
        Err(ExtractFailure::Document(
            "not part of this measurement".into(),
        ))
    }
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:"));
    line.and_then(|l| l.split_whitespace().nth(1))
        .and_then(|kb| kb.parse::<u64>().ok())
        .map_or(0, |kb| kb / 1024)
}

async fn fill(store: &Store, passages: usize) -> WorkspaceId {
    store
        .write(move |tx| {
            let workspace = store::workspaces::get_or_create(tx, "bench", "Bench", 0)?;
            let mut dice = Dice(1);
            for document in 0..passages.div_ceil(PER_DOCUMENT) {
                let original = document.to_string();
                let new = store::documents::NewDocument {
                    name: &format!("{document}.txt"),
                    title: &dice.text(3),
                    media_type: "text/plain",
                    original: original.as_bytes(),
                };
                let inserted = store::documents::insert(tx, workspace.id, &new, 0)?;
                let version = store::versions::get(tx, workspace.id, inserted.version())?;
                let mut whole = String::new();
                let mut chunks = Vec::new();
                for _ in 0..PER_DOCUMENT.min(passages - document * PER_DOCUMENT) {
                    let text = dice.text(WORDS);
                    let vector = dice.vector();
                    let bytes = vector.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes());
                    chunks.push(store::chunks::NewChunk {
                        heading_path: vec![dice.text(2)],
                        page: None,
                        start_byte: i64::try_from(whole.len()).unwrap(),
                        end_byte: i64::try_from(whole.len() + text.len()).unwrap(),
                        embedding: Some((bytes.collect(), EMBEDDER.into())),
                        language: None,
                        text: text.clone(),
                    });
                    whole.push_str(&text);
                    whole.push('\n');
                }
                let extracted = store::versions::Extracted {
                    text: &whole,
                    blocks: None,
                    pages: None,
                    notes: &[],
                    has_hidden: false,
                    extractor: 0,
                };
                store::versions::set_extracted(tx, &version, &extracted, 0)?;
                store::chunks::replace(tx, &version, &chunks, 0)?;
            }
            Ok(workspace.id)
        })
        .await
        .unwrap()
}

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse::<usize>().ok());
    let passages = numbers.next().unwrap_or(50_000);
    let questions = numbers.next().unwrap_or(300);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::generate().unwrap();
        let store = Store::open(&folder.path().join("bench.db"), &key).unwrap();
        let workspace = fill(&store, passages).await;
        let before = resident_mb();
        let since = Instant::now();
        let knowledge = Knowledge::start(
            store,
            Arc::new(RandomVectors),
            Arc::new(NoDocuments),
            &TaskTracker::new(),
            CancellationToken::new(),
        )
        .unwrap();
        while !knowledge.is_complete() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (built, grown) = (since.elapsed().as_secs_f64(), resident_mb() - before);
        let mut dice = Dice(99);
        for (name, rank_by) in [
            ("words", RankBy::Words),
            ("meaning", RankBy::Meaning),
            ("both", RankBy::Both),
            ("all", RankBy::All),
        ] {
            let mut times = Vec::new();
            for i in 0..questions {
                let question = format!("what is the {} please", dice.text(3 + i % 5));
                let options = SearchOptions {
                    limit: 8,
                    rank_by,
                    ..SearchOptions::default()
                };
                let since = Instant::now();
                let found = knowledge
                    .search()
                    .find_with(workspace, &question, &options)
                    .await
                    .unwrap();
                times.push(since.elapsed().as_secs_f64() * 1000.0);
                assert!(!found.passages.is_empty());
            }
            times.sort_by(f64::total_cmp);
            println!(
                "{}",
                serde_json::json!({"passages": passages, "by": name, "questions": questions,
                    "p50_ms": times[times.len() / 2], "p95_ms": times[times.len() * 95 / 100],
                    "index_seconds": built, "index_mb": grown})
            );
        }
    });
}
