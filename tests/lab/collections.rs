//! Collections with known answers.

use crate::collection::{Collection, CollectionError, Wanted};

#[test]
fn a_beir_folder_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    std::fs::create_dir(folder.path().join("qrels")).expect("made");
    write(
        "corpus.jsonl",
        "{\"_id\":\"1\",\"title\":\"A\",\"text\":\"b\"}\n{\"_id\":\"2\",\"text\":\"c\"}\n",
    );
    write(
        "queries.jsonl",
        "{\"_id\":\"7\",\"text\":\"q\"}\n{\"_id\":\"8\",\"text\":\"no answer\"}\n",
    );
    write(
        "qrels/test.tsv",
        "query-id\tcorpus-id\tscore\n7\t2\t1\n7\t1\t0\n",
    );
    let read = Collection::read(folder.path()).expect("read");
    assert_eq!((read.documents.len(), read.questions.len()), (2, 1));
    let wanted = &read.questions.first().expect("one").wanted;
    assert!(wanted.is("2.md", "") && !wanted.is("1.md", ""));
    write("queries.jsonl", "nonsense\n");
    assert!(matches!(
        Collection::read(folder.path()),
        Err(CollectionError::Line { line: 1, .. })
    ));
    std::fs::remove_file(folder.path().join("corpus.jsonl")).expect("removed");
    assert!(matches!(
        Collection::read(folder.path()),
        Err(CollectionError::Empty(_))
    ));
}

#[test]
fn a_quote_is_found_in_a_passage_that_holds_it() {
    let wanted = Wanted::text("An adult cleaning costs $128.", &["128".into()]);
    assert!(wanted.is(
        "x",
        "Fees. An adult cleaning costs $128. A crown costs $900."
    ));
    assert!(wanted.is("x", "An: adult | service: cleaning | costs: 128"));
    assert!(!wanted.is("x", "An adult cleaning costs a lot."));
    assert!(!wanted.is("x", "Something of quite another kind for 128 people."));
}
