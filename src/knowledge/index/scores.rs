//! BM25 scores of all passages of a segment, summed word by word.
//!
//! Tantivy would go through its queries passage by passage. With a filter it cannot skip passages that
//! cannot win, and an array of sums for a segment in memory is faster than a heap of scorers.

use tantivy::{
    DocId, DocSet, SegmentReader, Term,
    postings::{BlockSegmentPostings, Postings},
    query::Bm25Weight,
    schema::IndexRecordOption,
};

/// When this many times more passages contain a word than may be found, look those up one by one instead of
/// reading all.
const SPARSE: usize = 16;

/// A term and its weight.
pub(super) type Weighed = (Term, Bm25Weight);

/// The scores of one segment's passages.
pub(super) struct Scores<'s> {
    segment: &'s SegmentReader,
    /// Passages that may be found, in order.
    own: Vec<DocId>,
    /// Indexed by passage. Passages that must not be found start at minus infinity, and no score lifts them
    /// from there.
    sums: Vec<f32>,
    /// The best form of the word being looked up; zeros in between.
    best: Vec<f32>,
    /// Indexes at which `best` is not zero.
    touched: Vec<DocId>,
}

impl<'s> Scores<'s> {
    /// Starts live passages that have the term `own` at zero; `None` if the segment has none.
    pub(super) fn of(segment: &'s SegmentReader, own: &Term) -> tantivy::Result<Option<Self>> {
        let index = segment.inverted_index(own.field())?;
        let Some(mut postings) = index.read_block_postings(own, IndexRecordOption::Basic)? else {
            return Ok(None);
        };
        let mut own = Vec::new();
        each_block(&mut postings, |block| {
            let live = block.docs().iter().filter(|doc| !segment.is_deleted(**doc));
            own.extend(live);
        });
        let mut sums = vec![f32::NEG_INFINITY; segment.max_doc() as usize];
        for doc in &own {
            if let Some(sum) = sums.get_mut(*doc as usize) {
                *sum = 0.0;
            }
        }
        Ok((!own.is_empty()).then_some(Self {
            segment,
            own,
            sums,
            best: Vec::new(),
            touched: Vec::new(),
        }))
    }

    /// Adds the score of a word. `forms` are its forms, all in one field; of several in one passage, the
    /// best counts.
    pub(super) fn add(&mut self, forms: &[Weighed]) -> tantivy::Result<()> {
        let Self {
            segment,
            own,
            sums,
            best,
            touched,
        } = self;
        if let [one] = forms {
            return each(segment, own, one, |doc, score| {
                if let Some(sum) = sums.get_mut(doc as usize) {
                    *sum += score;
                }
            });
        }
        best.resize(sums.len(), 0.0);
        for form in forms {
            each(segment, own, form, |doc, score| {
                if let Some(best) = best.get_mut(doc as usize) {
                    if *best == 0.0 {
                        touched.push(doc);
                    }
                    *best = best.max(score);
                }
            })?;
        }
        for doc in touched.drain(..) {
            let at = doc as usize;
            if let (Some(sum), Some(best)) = (sums.get_mut(at), best.get_mut(at)) {
                *sum += std::mem::take(best);
            }
        }
        Ok(())
    }

    /// The passages with the highest scores, best first; equal ones in segment order.
    pub(super) fn best(self, limit: usize) -> Vec<(DocId, f32)> {
        let better = |a: &(DocId, f32), b: &(DocId, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        let mut found: Vec<(DocId, f32)> = (0..).zip(self.sums).filter(|(_, s)| *s > 0.0).collect();
        if found.len() > limit {
            found.select_nth_unstable_by(limit, better);
            found.truncate(limit);
        }
        found.sort_unstable_by(better);
        found
    }
}

/// Calls `take` with the passages that contain a term and their scores: at least those in `own`.
fn each(
    segment: &SegmentReader,
    own: &[DocId],
    (term, weight): &Weighed,
    mut take: impl FnMut(DocId, f32),
) -> tantivy::Result<()> {
    let index = segment.inverted_index(term.field())?;
    let Some(held) = index.get_term_info(term)? else {
        return Ok(());
    };
    let lengths = segment.get_fieldnorms_reader(term.field())?;
    let mut give = |doc, times| take(doc, weight.score(lengths.fieldnorm_id(doc), times));
    let with_times = IndexRecordOption::WithFreqs;
    if own.len() * SPARSE < held.doc_freq as usize {
        let mut postings = index.read_postings_from_terminfo(&held, with_times)?;
        for doc in own {
            if postings.doc() <= *doc && postings.seek(*doc) == *doc {
                give(*doc, postings.term_freq());
            }
        }
        return Ok(());
    }
    let mut postings = index.read_block_postings_from_terminfo(&held, with_times)?;
    each_block(&mut postings, |block| {
        for (doc, times) in block.docs().iter().zip(block.freqs()) {
            give(*doc, *times);
        }
    });
    Ok(())
}

fn each_block(postings: &mut BlockSegmentPostings, mut read: impl FnMut(&BlockSegmentPostings)) {
    while postings.block_len() > 0 {
        read(postings);
        postings.advance();
    }
}
