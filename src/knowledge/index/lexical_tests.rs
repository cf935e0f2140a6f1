use tantivy::DocAddress;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};

use super::*;
use crate::knowledge::query;

fn passage(workspace: &'static str, document: &'static str, chunk: i64) -> ChunkRef<'static> {
    ChunkRef {
        workspace,
        document,
        chunk,
    }
}

fn index() -> LexicalIndex {
    let index = LexicalIndex::new().expect("an index in memory");
    let add = |p, title, heading, text| {
        let text = Text {
            language: Language::En,
            title,
            heading,
            text,
        };
        index.add(p, text).expect("added");
    };
    add(
        passage("a", "d1", 1),
        "Fees",
        "Cleaning",
        "An adult cleaning costs $128.",
    );
    add(
        passage("a", "d1", 2),
        "Fees",
        "Crowns",
        "A ceramic crown costs 1450 dollars.",
    );
    add(
        passage("a", "d2", 3),
        "Hours",
        "",
        "We are open Monday to Friday. Crème brûlée on Sunday.",
    );
    add(
        passage("b", "d3", 4),
        "Fees",
        "Cleaning",
        "Window cleaning costs $40.",
    );
    add(
        passage("a", "d4", 5),
        "营业时间",
        "",
        "我们周日不营业，周一九点开门",
    );
    index.commit().expect("committed");
    index
}

fn ids(index: &LexicalIndex, workspace: &str, question: &str) -> Vec<i64> {
    let sought = index.with_terms(workspace, |terms| {
        query::analyse(question, &[], terms, &query::Synonyms::default()).sought
    });
    index
        .search(workspace, &sought, 10)
        .expect("searched")
        .into_iter()
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn finds_stems_accents_and_chinese_within_one_workspace() {
    let index = index();
    assert_eq!(
        ids(&index, "a", "How much do cleanings cost?").first(),
        Some(&1)
    );
    assert_eq!(ids(&index, "a", "creme brulee"), [3]);
    assert_eq!(ids(&index, "a", "周日营业吗"), [5]);
    assert_eq!(ids(&index, "b", "cleaning"), [4]);
    assert!(ids(&index, "c", "cleaning").is_empty());
}

#[test]
fn a_question_is_data() {
    let index = index();
    for odd in [
        "\"crown",
        "crown) OR (",
        "text:crown AND -x",
        "crown^9~2",
        "+crown [a TO b]",
        "crown\0\u{202E}",
    ] {
        assert_eq!(ids(&index, "a", odd).first(), Some(&2), "{odd}");
    }
    assert!(ids(&index, "a", "!?*").is_empty());
    assert_eq!(ids(&index, "a", "we are").first(), Some(&3));
    assert_eq!(
        ids(&index, "a", &"crown ".repeat(100_000)).first(),
        Some(&2)
    );
}

#[test]
fn a_removed_document_is_gone_after_the_commit() {
    let index = index();
    index.remove_document("d1");
    index.commit().expect("committed");
    assert!(ids(&index, "a", "crown cleaning").is_empty());
    assert_eq!(index.len(), 3);
}

/// Reproducible numbers below a bound (a linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Few words often, many seldom.
    fn word(&mut self) -> String {
        let bound = 1 + self.below(80);
        format!("w{}", self.below(bound))
    }

    fn words(&mut self, most: u64) -> String {
        let count = 1 + self.below(most);
        (0..count)
            .map(|_| self.word())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

const WORKSPACES: [&str; 4] = ["a", "staged a", "b", "small"];
const PASSAGES: i64 = 900;

/// Whose a passage is: the last workspace has few.
fn workspace_of(n: i64) -> &'static str {
    WORKSPACES[if n % 40 == 0 { 3 } else { (n % 3) as usize }]
}

/// Many passages, of which each workspace has some; one document of each is removed.
fn crowded(dice: &mut Dice) -> LexicalIndex {
    let index = LexicalIndex::new().expect("an index in memory");
    for n in 0..PASSAGES {
        let workspace = workspace_of(n);
        let document = document_of(n);
        let passage = ChunkRef {
            workspace,
            document: &document,
            chunk: n,
        };
        let (title, heading, text) = (dice.words(3), dice.words(2), dice.words(60));
        let text = Text {
            language: Language::Other,
            title: &title,
            heading: &heading,
            text: &text,
        };
        index.add(passage, text).expect("added");
        if n % 250 == 249 {
            index.commit().expect("committed");
        }
    }
    for workspace in WORKSPACES {
        index.remove_document(&format!("{workspace} 3"));
    }
    index.commit().expect("committed");
    index
}

fn document_of(n: i64) -> String {
    format!("{} {}", workspace_of(n), n / 3 % 10)
}

/// The same search by the library's own queries, within the workspace.
fn by_the_library(
    index: &LexicalIndex,
    workspace: &str,
    sought: &[Sought],
    limit: usize,
) -> Vec<(i64, f32)> {
    let f = &index.fields;
    let word = |field, term: &str, weight| -> Box<dyn Query> {
        let term = Term::from_field_text(field, term);
        let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(query), weight))
    };
    let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for (field, weight) in [
        (f.text, 1.0),
        (f.title, TITLE_WEIGHT),
        (f.heading, HEADING_WEIGHT),
    ] {
        for one in sought {
            let forms = one.stems.iter();
            let forms = forms.map(|(stem, share)| word(field, stem, weight * share));
            let best = DisjunctionMaxQuery::new(forms.collect());
            any.push((Occur::Should, Box::new(best)));
        }
    }
    for written in sought.iter().filter_map(|s| s.written.as_deref()) {
        any.push((Occur::Should, word(f.written, written, WRITTEN_WEIGHT)));
    }
    let own = word(f.workspace, workspace, 0.0);
    let any: Box<dyn Query> = Box::new(BooleanQuery::new(any));
    let query = BooleanQuery::new(vec![(Occur::Must, own), (Occur::Must, any)]);
    let searcher = index.reader.searcher();
    index.with_terms(workspace, |terms| {
        let statistics = Statistics {
            fields: *f,
            searcher: &searcher,
            terms: terms.expect("has passages"),
        };
        let top = TopDocs::with_limit(limit).order_by_score();
        let top = searcher.search_with_statistics_provider(&query, &top, &statistics);
        let id = |at: DocAddress| {
            let segment = searcher.segment_reader(at.segment_ord);
            let ids = segment.fast_fields().i64("chunk").expect("ids");
            ids.first(at.doc_id).expect("an id")
        };
        let top = top.expect("searched").into_iter();
        top.map(|(score, at)| (id(at), score)).collect()
    })
}

/// Frequencies within one workspace, for the library.
struct Statistics<'a> {
    fields: Fields,
    searcher: &'a Searcher,
    terms: &'a Terms,
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        if field == self.fields.text || field == self.fields.written {
            return Ok(self.terms.tokens());
        }
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.terms.passages())
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let value = term.value();
        let text = value.as_str().unwrap_or_default();
        Ok(match term.field() {
            field if field == self.fields.written => self.terms.word_passages(text),
            field if field == self.fields.workspace => self.terms.passages(),
            _ => self.terms.stem_passages(text),
        })
    }
}

fn questions(dice: &mut Dice) -> Vec<Vec<Sought>> {
    let one = |dice: &mut Dice| {
        let forms = 1 + dice.below(3);
        Sought {
            stems: (0..forms)
                .map(|n| (dice.word(), 1.0 - 0.2 * n as f32))
                .collect(),
            written: (dice.below(4) > 0).then(|| dice.word()),
            idf: 1.0,
        }
    };
    let mut question = || {
        let words = 1 + dice.below(6);
        (0..words).map(|_| one(dice)).collect()
    };
    (0..60).map(|_| question()).collect()
}

#[test]
fn the_best_are_those_of_the_library_and_all_of_ones_own_live_documents() {
    let mut dice = Dice(7);
    let index = crowded(&mut dice);
    let live = |workspace: &str, n: i64| {
        workspace_of(n) == workspace && document_of(n) != format!("{workspace} 3")
    };
    let mut found_some = 0;
    for (n, sought) in questions(&mut dice).iter().enumerate() {
        let workspace = WORKSPACES[n % WORKSPACES.len()];
        let every = by_the_library(&index, workspace, sought, PASSAGES as usize);
        found_some += usize::from(!every.is_empty());
        for limit in [1, 20, PASSAGES as usize] {
            let found = index.search(workspace, sought, limit).expect("searched");
            assert_eq!(found.len(), limit.min(every.len()));
            for (at, (id, score)) in found.iter().enumerate() {
                assert!(live(workspace, *id), "{id} in {workspace}");
                let same = |other: &f32| (score - other).abs() < 1e-4;
                assert!(same(&every[at].1), "{score} {:?}", every[at]);
                let own = every.iter().find(|(other, _)| other == id);
                assert!(own.is_some_and(|(_, s)| same(s)), "{id} {score} {own:?}");
            }
        }
    }
    assert!(found_some > 50, "{found_some}");
}
