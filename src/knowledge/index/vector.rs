//! Finds passages by meaning: exact cosine similarity over embeddings of one byte per number.
//!
//! Each vector is scaled so that its largest number is 127 (symmetric quantisation with one scale
//! per vector). An approximate index is not needed at this size: 50,000 vectors of 384 numbers are
//! 19 MB, and one pass over them takes one or two milliseconds.

use std::collections::{HashMap, HashSet};

use super::IndexError;

/// Products are summed in groups of this size, a shape that the compiler vectorises.
const LANES: usize = 32;

pub struct VectorIndex {
    dimensions: usize,
    workspaces: HashMap<String, Shard>,
}

/// The embeddings of one workspace, back to back.
#[derive(Default)]
struct Shard {
    numbers: Vec<i8>,
    /// Factors that turn a dot product into a cosine, one per vector.
    scales: Vec<f32>,
    chunks: Vec<i64>,
    documents: Vec<u32>,
    names: HashMap<String, u32>,
    next_name: u32,
}

impl VectorIndex {
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            workspaces: HashMap::new(),
        }
    }

    /// Adds the embedding of a passage, of any length.
    ///
    /// # Errors
    /// If it has another number of dimensions, or unusable numbers.
    pub fn add(
        &mut self,
        workspace: &str,
        document: &str,
        chunk: i64,
        embedding: &[f32],
    ) -> Result<(), IndexError> {
        let (numbers, scale) = self.quantise(embedding)?;
        let shard = self.workspaces.entry(workspace.to_owned()).or_default();
        let document = shard.name(document);
        shard.numbers.extend(numbers);
        shard.scales.push(scale);
        shard.chunks.push(chunk);
        shard.documents.push(document);
        Ok(())
    }

    pub fn remove_document(&mut self, document: &str) {
        for shard in self.workspaces.values_mut() {
            shard.remove(document, self.dimensions);
        }
        self.workspaces.retain(|_, shard| !shard.chunks.is_empty());
    }

    /// Number of embeddings in all workspaces.
    pub fn len(&self) -> usize {
        self.workspaces.values().map(|s| s.chunks.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.workspaces.is_empty()
    }

    /// The passages closest to `embedding` with their cosines (-1 to 1), closest first. Those in `also`
    /// follow, however far they are.
    ///
    /// # Errors
    /// If the embedding has another number of dimensions, or unusable numbers.
    pub fn search(
        &self,
        workspace: &str,
        embedding: &[f32],
        limit: usize,
        also: &HashSet<i64>,
    ) -> Result<Vec<(i64, f32)>, IndexError> {
        let (question, scale) = self.quantise(embedding)?;
        let Some(shard) = self.workspaces.get(workspace) else {
            return Ok(Vec::new());
        };
        let mut scored: Vec<(i64, f32)> = shard
            .numbers
            .chunks_exact(self.dimensions)
            .zip(shard.scales.iter().zip(&shard.chunks))
            .map(|(numbers, (own, chunk))| (*chunk, dot(&question, numbers) as f32 * own * scale))
            .collect();
        let closer = |a: &(i64, f32), b: &(i64, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if scored.len() > limit {
            scored.select_nth_unstable_by(limit, closer);
            let far = scored.split_off(limit);
            // There are few of them, so a binary search beats hashing the id of every passage.
            let mut also: Vec<i64> = also.iter().copied().collect();
            also.sort_unstable();
            scored.extend((far.into_iter()).filter(|(chunk, _)| also.binary_search(chunk).is_ok()));
        }
        scored.sort_by(closer);
        Ok(scored)
    }

    /// A vector as bytes, and its factor that turns dot products of bytes into cosines.
    fn quantise(&self, embedding: &[f32]) -> Result<(Vec<i8>, f32), IndexError> {
        if embedding.len() != self.dimensions {
            return Err(IndexError::Dimensions {
                expected: self.dimensions,
                got: embedding.len(),
            });
        }
        let largest = embedding.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        if !embedding.iter().all(|x| x.is_finite()) || largest < f32::MIN_POSITIVE {
            return Err(IndexError::NotFinite);
        }
        let numbers: Vec<i8> = embedding
            .iter()
            .map(|x| (x / largest * 127.0).round() as i8)
            .collect();
        let length = numbers
            .iter()
            .map(|x| f32::from(*x).powi(2))
            .sum::<f32>()
            .sqrt();
        Ok((numbers, 1.0 / length))
    }
}

impl Shard {
    fn name(&mut self, document: &str) -> u32 {
        if let Some(name) = self.names.get(document) {
            return *name;
        }
        self.next_name += 1;
        self.names.insert(document.to_owned(), self.next_name);
        self.next_name
    }

    fn remove(&mut self, document: &str, dimensions: usize) {
        let Some(name) = self.names.remove(document) else {
            return;
        };
        let mut kept = 0;
        for i in 0..self.documents.len() {
            if self.documents.get(i) == Some(&name) {
                continue;
            }
            self.documents.swap(kept, i);
            self.scales.swap(kept, i);
            self.chunks.swap(kept, i);
            self.numbers
                .copy_within(i * dimensions..(i + 1) * dimensions, kept * dimensions);
            kept += 1;
        }
        self.documents.truncate(kept);
        self.scales.truncate(kept);
        self.chunks.truncate(kept);
        self.numbers.truncate(kept * dimensions);
    }
}

/// The dot product of two vectors of bytes.
///
/// No sum can overflow at the length of an embedding. The arithmetic wraps because overflow checks (in
/// every build but release) prevent vectorisation: with them, a search took six times as long.
fn dot(a: &[i8], b: &[i8]) -> i32 {
    let (a_groups, a_rest) = a.as_chunks::<LANES>();
    let (b_groups, b_rest) = b.as_chunks::<LANES>();
    let mut sum = 0i32;
    for (x, y) in a_groups.iter().zip(b_groups) {
        let mut group = 0i32;
        for i in 0..LANES {
            group = group.wrapping_add(i32::from(i16::from(x[i]).wrapping_mul(i16::from(y[i]))));
        }
        sum = sum.wrapping_add(group);
    }
    a_rest.iter().zip(b_rest).fold(sum, |sum, (x, y)| {
        sum.wrapping_add(i32::from(*x).wrapping_mul(i32::from(*y)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproducible numbers between -1 and 1 (a linear congruential generator).
    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        dot / (length(a) * length(b))
    }

    #[test]
    fn agrees_with_exact_arithmetic() {
        let mut index = VectorIndex::new(384);
        let question = numbers(7, 384);
        // Neighbours at many distances: the question mixed with noise.
        let vectors: Vec<Vec<f32>> = (0..500u64)
            .map(|i| {
                let part = i as f32 / 500.0;
                numbers(i + 100, 384)
                    .iter()
                    .zip(&question)
                    .map(|(n, q)| n * part + q * (1.0 - part))
                    .collect()
            })
            .collect();
        for (i, v) in vectors.iter().enumerate() {
            index.add("w", "d", i as i64, v).expect("added");
        }
        let mut exact: Vec<(i64, f32)> = vectors
            .iter()
            .enumerate()
            .map(|(i, v)| (i as i64, cosine(v, &question)))
            .collect();
        exact.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = index
            .search("w", &question, 20, &HashSet::new())
            .expect("searched");
        assert_eq!(found.len(), 20);
        for (id, score) in &found {
            let true_score = exact.iter().find(|(i, _)| i == id).expect("known").1;
            assert!((score - true_score).abs() < 0.01, "{score} {true_score}");
        }
        let best: std::collections::HashSet<i64> = exact.iter().take(20).map(|(i, _)| *i).collect();
        assert!(found.iter().filter(|(i, _)| best.contains(i)).count() >= 18);
    }

    #[test]
    fn workspaces_are_apart_and_documents_can_go() {
        let mut index = VectorIndex::new(3);
        index.add("a", "d1", 1, &[1.0, 0.0, 0.0]).expect("added");
        index.add("a", "d2", 2, &[0.9, 0.1, 0.0]).expect("added");
        index.add("a", "d1", 3, &[0.0, 1.0, 0.0]).expect("added");
        index.add("b", "d3", 4, &[1.0, 0.0, 0.0]).expect("added");
        let ids = |i: &VectorIndex| {
            i.search("a", &[1.0, 0.0, 0.0], 9, &HashSet::new())
                .expect("searched")
                .iter()
                .map(|r| r.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&index), [1, 2, 3]);
        index.remove_document("d1");
        assert_eq!(ids(&index), [2]);
        assert_eq!(index.len(), 2);
        let also = HashSet::from([2, 9]);
        let found = index.search("a", &[0.0, 1.0, 0.0], 0, &also);
        assert_eq!(found.map(|f| f.len()).unwrap_or_default(), 1);
        index.add("a", "d1", 5, &[1.0, 0.0, 0.0]).expect("added");
        assert_eq!(ids(&index), [5, 2]);
    }

    #[test]
    fn refuses_what_is_no_embedding() {
        let mut index = VectorIndex::new(2);
        assert!(matches!(
            index.add("a", "d", 1, &[1.0]),
            Err(IndexError::Dimensions {
                expected: 2,
                got: 1
            })
        ));
        assert!(matches!(
            index.add("a", "d", 1, &[f32::NAN, 1.0]),
            Err(IndexError::NotFinite)
        ));
        assert!(matches!(
            index.search("a", &[0.0, 0.0], 1, &HashSet::new()),
            Err(IndexError::NotFinite)
        ));
    }
}
