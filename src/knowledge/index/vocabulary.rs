//! The words of each workspace and the number of passages that contain each. BM25 weighs words by it,
//! spelling correction compares with it, and it tells which words of a question are unknown.

use std::collections::HashMap;

use crate::language::Language;

#[derive(Default)]
pub struct Vocabulary {
    workspaces: HashMap<String, Terms>,
}

#[derive(Default)]
pub struct Terms {
    passages: u64,
    tokens: u64,
    stems: Table,
    words: Table,
    languages: HashMap<Language, u64>,
    documents: HashMap<String, Kept>,
}

/// What to subtract when a document is removed.
#[derive(Default)]
struct Kept {
    passages: u64,
    tokens: u64,
    languages: Vec<(Language, u64)>,
    stems: HashMap<u32, u32>,
    words: HashMap<u32, u32>,
}

/// Terms by number, with the count of passages that contain each.
#[derive(Default)]
struct Table {
    ids: HashMap<Box<str>, u32>,
    rows: Vec<(Box<str>, u32)>,
    free: Vec<u32>,
    /// Numbers by first character, to find the neighbours of a misspelt word.
    initials: HashMap<char, Vec<u32>>,
}

#[derive(Debug, Clone)]
pub struct PassageTerms<'a> {
    /// The language by which it was stemmed.
    pub language: Language,
    /// Number of words, with repetitions.
    pub tokens: u64,
    /// Each once.
    pub stems: Vec<&'a str>,
    /// As written (folded), each once.
    pub words: Vec<&'a str>,
}

impl Vocabulary {
    pub fn add(&mut self, workspace: &str, document: &str, passage: &PassageTerms<'_>) {
        let terms = self.workspaces.entry(workspace.to_owned()).or_default();
        let kept = terms.documents.entry(document.to_owned()).or_default();
        terms.passages += 1;
        terms.tokens += passage.tokens;
        *terms.languages.entry(passage.language).or_default() += 1;
        kept.passages += 1;
        kept.tokens += passage.tokens;
        match kept
            .languages
            .iter_mut()
            .find(|(l, _)| *l == passage.language)
        {
            Some((_, count)) => *count += 1,
            None => kept.languages.push((passage.language, 1)),
        }
        for stem in &passage.stems {
            *kept.stems.entry(terms.stems.count(stem)).or_default() += 1;
        }
        for word in &passage.words {
            *kept.words.entry(terms.words.count(word)).or_default() += 1;
        }
    }

    pub fn remove_document(&mut self, document: &str) {
        for terms in self.workspaces.values_mut() {
            let Some(kept) = terms.documents.remove(document) else {
                continue;
            };
            terms.passages = terms.passages.saturating_sub(kept.passages);
            terms.tokens = terms.tokens.saturating_sub(kept.tokens);
            for (language, count) in kept.languages {
                if let Some(all) = terms.languages.get_mut(&language) {
                    *all = all.saturating_sub(count);
                }
            }
            terms.languages.retain(|_, count| *count > 0);
            terms.stems.take_back(kept.stems);
            terms.words.take_back(kept.words);
        }
        self.workspaces.retain(|_, terms| terms.passages > 0);
    }

    /// `None` if the workspace has no passages.
    pub fn of(&self, workspace: &str) -> Option<&Terms> {
        self.workspaces.get(workspace)
    }
}

impl Terms {
    pub fn passages(&self) -> u64 {
        self.passages
    }

    /// Words of all passages together.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Number of passages that contain a stem.
    pub fn stem_passages(&self, stem: &str) -> u64 {
        self.stems.passages(stem)
    }

    /// Number of passages that contain a word as written (folded).
    pub fn word_passages(&self, word: &str) -> u64 {
        self.words.passages(word)
    }

    /// BM25's inverse document frequency of a stem, never negative.
    pub fn idf(&self, stem: &str) -> f32 {
        let (all, with) = (self.passages as f32, self.stem_passages(stem) as f32);
        (1.0 + (all - with + 0.5).max(0.0) / (with + 0.5)).ln()
    }

    /// The languages of the passages, the most frequent first.
    pub fn languages(&self) -> Vec<Language> {
        let mut all: Vec<(Language, u64)> = self.languages.iter().map(|(l, n)| (*l, *n)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.code().cmp(b.0.code())));
        all.into_iter().map(|(language, _)| language).collect()
    }

    /// Words as written (folded) with this first character, and the number of passages that contain each.
    pub fn words_from(&self, initial: char) -> impl Iterator<Item = (&str, u64)> {
        let ids = self.words.initials.get(&initial);
        ids.into_iter().flatten().filter_map(|id| {
            let (word, passages) = self.words.row(*id)?;
            Some((&**word, u64::from(*passages)))
        })
    }
}

impl Table {
    fn row(&self, id: u32) -> Option<&(Box<str>, u32)> {
        self.rows.get(usize::try_from(id).ok()?)
    }

    fn passages(&self, term: &str) -> u64 {
        let row = self.ids.get(term).and_then(|id| self.row(*id));
        row.map_or(0, |(_, passages)| u64::from(*passages))
    }

    /// Counts a passage that contains the term; returns the term's number.
    fn count(&mut self, term: &str) -> u32 {
        if let Some(id) = self.ids.get(term) {
            if let Some((_, passages)) =
                usize::try_from(*id).ok().and_then(|i| self.rows.get_mut(i))
            {
                *passages += 1;
            }
            return *id;
        }
        let row = (Box::from(term), 1);
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = usize::try_from(id).ok().and_then(|i| self.rows.get_mut(i)) {
                    *place = row;
                }
                id
            }
            None => {
                self.rows.push(row);
                u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.ids.insert(Box::from(term), id);
        if let Some(initial) = term.chars().next() {
            self.initials.entry(initial).or_default().push(id);
        }
        id
    }

    /// Subtracts counts; terms without passages are dropped.
    fn take_back(&mut self, counts: HashMap<u32, u32>) {
        for (id, count) in counts {
            let Some((term, passages)) =
                usize::try_from(id).ok().and_then(|i| self.rows.get_mut(i))
            else {
                continue;
            };
            *passages = passages.saturating_sub(count);
            if *passages > 0 {
                continue;
            }
            let term = std::mem::take(term);
            self.ids.remove(&term);
            if let Some(ids) = term.chars().next().and_then(|c| self.initials.get_mut(&c)) {
                ids.retain(|other| *other != id);
            }
            self.free.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage<'a>(stems: &[&'a str]) -> PassageTerms<'a> {
        PassageTerms {
            language: Language::En,
            tokens: stems.len() as u64,
            stems: stems.to_vec(),
            words: stems.to_vec(),
        }
    }

    #[test]
    fn counts_follow_what_comes_and_goes() {
        let mut all = Vocabulary::default();
        all.add("a", "d1", &passage(&["crown", "price"]));
        all.add("a", "d1", &passage(&["crown"]));
        all.add("a", "d2", &passage(&["price", "park"]));
        all.add("b", "d3", &passage(&["boat"]));
        let a = all.of("a").expect("has passages");
        assert_eq!((a.passages(), a.tokens()), (3, 5));
        assert_eq!((a.stem_passages("crown"), a.stem_passages("boat")), (2, 0));
        assert!(a.idf("park") > a.idf("crown"));
        all.remove_document("d1");
        let a = all.of("a").expect("has passages");
        assert_eq!((a.stem_passages("crown"), a.word_passages("price")), (0, 1));
        assert_eq!(a.words_from('c').count(), 0);
        all.add("a", "d4", &passage(&["cleaning"]));
        let a = all.of("a").expect("has passages");
        assert_eq!(a.words_from('c').collect::<Vec<_>>(), [("cleaning", 1)]);
        all.remove_document("d2");
        all.remove_document("d4");
        assert!(all.of("a").is_none());
        assert_eq!(all.of("b").map(Terms::passages), Some(1));
    }
}
