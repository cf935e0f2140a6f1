//! Reading and taking in questions with answers.

use super::*;
use crate::store::faqs::FaqState;
use crate::store::{Store, workspaces};

#[test]
fn the_words_are_complete() {
    let lists: Lists = data::check(WORDS);
    assert!(lists.questions.contains("frage") && lists.answer_marks.contains("a"));
}

fn read(text: &str, name: &str) -> Vec<(usize, Vec<String>, String)> {
    let file = read_pairs(text.as_bytes(), name).expect("it is read");
    assert_eq!(file.skipped, [], "{text}");
    let pair = |p: FaqPair| (p.line, p.questions, p.answer);
    file.pairs.into_iter().map(pair).collect()
}

fn pair(line: usize, questions: &[&str], answer: &str) -> (usize, Vec<String>, String) {
    let questions = questions.iter().map(|q| (*q).to_owned()).collect();
    (line, questions, answer.to_owned())
}

#[test]
fn tables_of_every_make() {
    for (text, name) in [
        ("question,answer\nOpen?,\"Yes, daily\"\n", "a.csv"),
        ("answer;note;question\nYes, daily;x;Open?\n", "a.csv"),
        ("sep=;\nAntwort;Frage\nYes, daily;Open?\n", "a.csv"),
        ("Question\tAnswer\nOpen?\tYes, daily\n", "a.tsv"),
        ("\u{feff}Question,Answer\nOpen?,\"Yes, daily\"\n", "a.txt"),
    ] {
        assert_eq!(
            read(text, name),
            [pair(2, &["Open?"], "Yes, daily")],
            "{text}"
        );
    }
    assert_eq!(
        read("question,answer\nOpen?| Are you  open?,Yes\n", "a.csv"),
        [pair(2, &["Open?", "Are you open?"], "Yes")]
    );
    assert!(read_pairs(b"name,age\nAnna,4\n", "a.csv").is_err());
}

#[test]
fn what_is_missing_is_named_with_its_line() {
    let file = read_pairs(b"question,answer\nOpen?,\n,Yes\nPark?,Free\n", "a.csv").unwrap();
    let skipped: Vec<(usize, &str)> = file.skipped.iter().map(|s| (s.line, &*s.reason)).collect();
    assert_eq!(
        skipped,
        [(2, "there is no answer"), (3, "there is no question")]
    );
    assert_eq!(file.pairs.len(), 1);
}

#[test]
fn json_of_several_shapes() {
    let asked = [pair(1, &["Open?"], "Yes")];
    assert_eq!(
        read(r#"[{"question":"Open?","answer":"Yes"}]"#, "a.json"),
        asked
    );
    assert_eq!(read(r#"{"faqs":[{"q":"Open?","a":"Yes"}]}"#, ""), asked);
    assert_eq!(
        read(
            r#"[{"questions":["Open?","Closed?"],"answer":"Yes"}]"#,
            "a.json"
        ),
        [pair(1, &["Open?", "Closed?"], "Yes")]
    );
    assert!(
        read_pairs(br#"[{"question":"#, "a.json")
            .unwrap_err()
            .to_string()
            .contains("line 1")
    );
    assert!(read_pairs(br#"{"name":"x"}"#, "a.json").is_err());
    let file = read_pairs(br#"[{"question":1,"answer":"x"}]"#, "a.json").unwrap();
    assert_eq!((file.pairs.len(), file.skipped.len()), (0, 1));
}

#[test]
fn pasted_text() {
    for text in [
        "Q: Open?\nA: Yes\n\nQ: Park?\nA: Free,\nbehind.\n",
        "Our questions\n\n**Q1:** Open?\n**A1:** Yes\n**Q2:** Park?\n**A2:** Free,\nbehind.\n",
        "## Open?\nYes\n\n## Park?\n\nFree,\nbehind.",
        "1. Open?\nYes\n2. Park?\nFree,\nbehind.",
    ] {
        let file = read_pairs(text.as_bytes(), "").unwrap();
        let pairs: Vec<_> = file
            .pairs
            .iter()
            .map(|p| (&*p.questions[0], &*p.answer))
            .collect();
        assert_eq!(
            pairs,
            [("Open?", "Yes"), ("Park?", "Free,\nbehind.")],
            "{text}"
        );
    }
    assert_eq!(
        read("Open?\nAre you open?\nYes.", ""),
        [pair(1, &["Open?", "Are you open?"], "Yes.")]
    );
    assert!(read_pairs(b"", "").is_err());
    assert!(
        read_pairs(
            &[0, 159, 146, 150, 1, 2, 3, 0, 1, 2, 4, 5, 6, 7].repeat(30),
            ""
        )
        .is_err()
    );
}

#[test]
fn web_pages_with_markup() {
    let linked = r#"<html><script type="application/ld+json">{"@context":"https://schema.org",
        "@graph":[{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Open?",
        "acceptedAnswer":{"@type":"Answer","text":"<p>Yes &amp; no.</p><p>Ask.</p>"}}]}]}</script></html>"#;
    assert_eq!(
        read(linked, "faq.html"),
        [pair(1, &["Open?"], "Yes & no.\nAsk.")]
    );
    let marked = r#"<div itemscope itemtype="https://schema.org/FAQPage">
        <div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question">
        <h3 itemprop="name">Open?</h3><div itemprop="acceptedAnswer" itemscope
        itemtype="https://schema.org/Answer"><div itemprop="text">Yes.</div></div></div></div>"#;
    assert_eq!(read(marked, "faq.html"), [pair(1, &["Open?"], "Yes.")]);
    assert!(
        read_pairs(b"<p>Open? Yes.</p>", "a.html")
            .unwrap_err()
            .to_string()
            .contains("paste")
    );
    let deep = "<div>".repeat(100_000);
    assert!(read_pairs(deep.as_bytes(), "a.html").is_err());
}

#[test]
fn the_same_answer_collects_its_phrasings() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            let how = ImportFaqs {
                state: FaqState::Approved,
                owner: String::new(),
                source: "a.csv".into(),
            };
            let table = "question,answer\nOpen?,Yes\nAre you open?,yes\nopen,No\nPark?,Free\n";
            let file = read_pairs(table.as_bytes(), "a.csv").unwrap();
            let (report, changed) = take_in(tx, workspace, file.clone(), &how, 1)?;
            assert_eq!((report.added, report.merged), (2, 1));
            assert_eq!(report.skipped.len(), 1);
            assert_eq!(report.skipped[0].line, 4);
            assert!(report.skipped[0].reason.contains("another answer"));
            assert_eq!(changed.len(), 2);
            let (again, changed) = take_in(tx, workspace, file, &how, 2)?;
            assert_eq!((again.added, again.merged, again.skipped.len()), (0, 0, 4));
            assert!(changed.is_empty());
            let asked = faqs::list(tx, workspace)?;
            assert!(
                asked
                    .iter()
                    .any(|f| f.phrasings.len() == 2 && f.source == "a.csv")
            );
            Ok(())
        })
        .unwrap();
}
