//! Reading with tiny graphs that the tests write themselves.

use frontdesk_encoder::network::Space;

use super::*;
use crate::llm::Span;
use crate::llm::local::encoder::pair;
use crate::llm::local::encoder::reader::Reader;
use crate::llm::local::encoder::tiny_onnx::{TINY, Tiny, VOCABULARY, graph};

/// The marks of RoBERTa's family.
fn doubled() -> String {
    VOCABULARY.replace("[CLS]", "<s>").replace("[SEP]", "</s>")
}

fn load(graph: &[u8], vocabulary: &str) -> Result<Onnx, Reason> {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, words) = (folder.path().join("m.onnx"), folder.path().join("t.json"));
    std::fs::write(&model, graph).expect("written");
    std::fs::write(&words, vocabulary).expect("written");
    Onnx::load(&model, &words, 384)
}

/// Tokens of each window, and the spans of the passage.
fn read(onnx: Onnx, passage: &str) -> (Vec<usize>, Vec<Span>) {
    let reader = Reader::Onnx(Box::new(onnx));
    let question = reader.question("When open").expect("tokens");
    assert_eq!(question, [7, 3]);
    let pairs = reader.pairs(&question, "Hours", passage).expect("pairs");
    let all: Vec<&Pair> = pairs.iter().collect();
    let together = reader.read(&all, &mut Space::default()).expect("logits");
    for (pair, logits) in pairs.iter().zip(&together) {
        let alone = reader.read(&[pair], &mut Space::default());
        assert_eq!(
            alone.expect("logits").first(),
            Some(logits),
            "alone and beside others"
        );
    }
    let spans = pairs.iter().zip(&together);
    let spans = spans.map(|(pair, (starts, ends))| pair.spans(starts, ends, passage));
    let windows = pairs.iter().map(|pair| pair.tokens.len()).collect();
    (windows, pair::merge(spans.collect()))
}

#[test]
fn a_model_of_the_usual_form_marks_the_words_that_answer() {
    let text = "We open from nine to five [SEP] daily.";
    let kinds = Tiny {
        kinds: true,
        ..TINY
    };
    let by_order = Tiny {
        outputs: ["first", "second"],
        ..TINY
    };
    // Start 5 and end 5, above 1 and 1 at the first token; 1 more for each where the passage is of the second kind.
    for (tiny, vocabulary, margin) in [
        (TINY, VOCABULARY.to_owned(), 8.0),
        (by_order, VOCABULARY.to_owned(), 8.0),
        (kinds, VOCABULARY.to_owned(), 10.0),
        (TINY, doubled(), 8.0),
        (kinds, doubled(), 8.0),
    ] {
        let onnx = load(&graph(tiny), &vocabulary).expect("it loads");
        let (windows, spans) = read(onnx, text);
        assert_eq!(windows.len(), 1);
        let best = &spans[0];
        assert_eq!(text.get(best.bytes.clone()), Some("nine to five"));
        assert!((best.margin - margin).abs() < 1e-6, "{}", best.margin);
    }
}

#[test]
fn a_passage_without_an_answer_has_a_negative_margin() {
    let onnx = load(&graph(TINY), VOCABULARY).expect("it loads");
    let (_, spans) = read(onnx, "Dogs wait outside.");
    assert!(spans.iter().all(|span| span.margin <= -2.0), "{spans:?}");
}

#[test]
fn a_long_passage_is_read_in_windows_of_the_models_length() {
    let text = format!(
        "{}open nine to five {}",
        "dog ".repeat(700),
        "dog ".repeat(150)
    );
    for (positions, window) in [
        (None, 384),
        (Some(384), 384),
        (Some(300), 256),
        (Some(200), 192),
    ] {
        let tiny = Tiny { positions, ..TINY };
        let onnx = load(&graph(tiny), VOCABULARY).expect("it loads");
        assert_eq!(onnx.form.window, window, "{positions:?}");
        let (windows, spans) = read(onnx, &text);
        let most = windows.iter().max().copied();
        assert_eq!(most, Some(window), "{windows:?}");
        assert!(windows.len() > 2);
        let best = &spans[0];
        assert_eq!(text.get(best.bytes.clone()), Some("nine to five"));
        assert!((best.margin - 8.0).abs() < 1e-6, "{}", best.margin);
        assert!(
            spans[1].margin < 0.0,
            "the same words in two windows count once"
        );
    }
}

#[test]
fn what_is_no_reader_is_refused_with_its_reason() {
    let whole = graph(TINY);
    let part = |end: usize| whole[..end].to_vec();
    let tiny = |change: fn(&mut Tiny)| {
        let mut tiny = TINY;
        change(&mut tiny);
        graph(tiny)
    };
    let no_start = VOCABULARY.replace("[CLS]", "[BEGIN]");
    let cut_words = VOCABULARY[..VOCABULARY.len() / 2].to_owned();
    let words = VOCABULARY.to_owned();
    for (graph, vocabulary, told) in [
        (Vec::new(), &words, NO_GRAPH),
        (part(1), &words, NO_GRAPH),
        (part(whole.len() / 3), &words, NO_GRAPH),
        (part(whole.len() / 2), &words, NO_GRAPH),
        (part(whole.len() - 3), &words, NO_GRAPH),
        (b"no model at all".to_vec(), &words, NO_GRAPH),
        (
            b"version https://git-lfs.github.com/spec/v1".to_vec(),
            &words,
            NO_GRAPH,
        ),
        (whole.clone(), &no_start, "its vocabulary has no start mark"),
        (whole.clone(), &cut_words, "its vocabulary"),
        (whole.clone(), &String::new(), "its vocabulary"),
        (
            tiny(|t| t.outputs = ["start_logits", "logits"]),
            &words,
            "it returns start_logits, logits",
        ),
        (
            tiny(|t| t.together = true),
            &words,
            "numbers for 141 tokens: it is no reader",
        ),
        (
            tiny(|t| t.rows = 7),
            &words,
            "do model and tokenizer belong together?",
        ),
        (
            tiny(|t| t.positions = Some(100)),
            &words,
            "it does not compute 141 tokens",
        ),
        (tiny(|t| t.fixed = Some(128)), &words, "exactly 128 tokens"),
        (
            tiny(|t| t.further = Some("pixels")),
            &words,
            "it needs the input pixels",
        ),
    ] {
        let reason = load(&graph, vocabulary).err().map(String::from);
        let reason = reason.unwrap_or_default();
        assert!(reason.contains(told), "“{reason}” instead of “{told}”");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = folder.path().join("nothing.json");
    let reason = Onnx::load(&nothing, &nothing, 384).err().map(String::from);
    assert!(reason.is_some_and(|told| told.contains("nothing.json cannot be read")));
}
