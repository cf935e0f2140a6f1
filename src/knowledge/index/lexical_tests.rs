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
