//! One answer as a page: its text, its sources, and whether they still say the same.

use serde_json::Value;

use super::format::moment;
use super::quality_pages::{Again, Piece, Receipt, Stretch, rung};
use super::view::{Fact, Shell};
use super::{receipt_cited, sentence, word_diff};
use crate::agent::proof::Replay;
use crate::app::App;
use crate::app::receipts::OpenedReceipt;
use crate::http::problem::Problem;
use crate::store::golden;
use crate::store::receipts::{Integrity, Link};

/// The page of a receipt, with the question asked again if it was.
pub(super) async fn page(
    app: &App,
    shell: Shell,
    opened: OpenedReceipt,
    again: Option<Replay>,
) -> Result<Receipt, Problem> {
    let (workspace, id) = (opened.receipt.workspace(), opened.receipt.id);
    let cited = opened.proof.cited.clone();
    let read = app.store.read(move |conn| {
        let made = golden::find_by_receipt(conn, workspace, id)?;
        let parts = cited
            .into_iter()
            .map(|cited| receipt_cited::part(conn, workspace, cited))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((made.map(|golden| golden.id.to_string()), parts))
    });
    let (golden, cited) = read.await?;
    let facts = facts(&opened);
    let integrity = opened.proof.integrity;
    let receipt = opened.receipt.into_inner();
    Ok(Receipt {
        shell,
        may_all: true,
        conversation: receipt.conversation.map(|id| id.to_string()),
        id: receipt.id.to_string(),
        pieces: pieces(&receipt.answer),
        rung: rung(&receipt.rung),
        at: moment(receipt.created_at),
        rating: opened.rating.as_ref().map_or(0, |rating| rating.value),
        comment: opened.rating.map(|r| r.comment).unwrap_or_default(),
        evaluation: receipt.of_evaluation(),
        altered: integrity == Integrity::Altered,
        cited,
        found: opened
            .proof
            .found
            .iter()
            .map(receipt_cited::found)
            .collect(),
        stretches: stretches(&receipt.timings),
        facts,
        checks: checks(&receipt.checks),
        golden,
        again: again.map(|again| as_again(&receipt.answer, again)),
        question: receipt.question,
    })
}

/// Splits an answer at its citation numbers.
pub(super) fn pieces(answer: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = answer;
    while let Some(at) = rest.find('[') {
        let (before, mark) = rest.split_at(at);
        plain.push_str(before);
        let number = mark.get(1..).and_then(|inner| inner.split_once(']'));
        let number = number.and_then(|(digits, after)| Some((digits.parse::<u64>().ok()?, after)));
        match number {
            Some((number, after)) => {
                pieces.push(Piece {
                    text: std::mem::take(&mut plain),
                    cite: None,
                });
                pieces.push(Piece {
                    text: String::new(),
                    cite: Some(number),
                });
                rest = after;
            }
            None => {
                plain.push('[');
                rest = mark.get(1..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    pieces.push(Piece {
        text: plain,
        cite: None,
    });
    pieces.retain(|piece| piece.cite.is_some() || !piece.text.is_empty());
    pieces
}

/// `12 ms`, `2.4 s`.
pub(super) fn took(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", ms as f64 / 1000.0)
    }
}

fn stretches(timings: &Value) -> Vec<Stretch> {
    let at = |name: &str| timings.get(name).and_then(Value::as_u64).unwrap_or(0);
    let total = at("total");
    let found = at("retrieve").min(total);
    let first = at("first_token").clamp(found, total);
    let spans = [
        ("find", "Finding the passages", 0, found),
        ("think", "Until the first word", found, first),
        ("write", "Writing and checking", first, total),
    ];
    let scale = |ms: u64| ms.saturating_mul(1000) / total.max(1);
    spans
        .into_iter()
        .map(|(name, label, from, to)| Stretch {
            name,
            label,
            took: took(to - from),
            from: scale(from),
            width: scale(to) - scale(from),
        })
        .collect()
}

fn facts(opened: &OpenedReceipt) -> Vec<Fact> {
    let receipt = &opened.receipt;
    let text = |name: &str| receipt.checks.get(name).and_then(Value::as_str);
    let total = receipt.timings.get("total").and_then(Value::as_u64);
    let mut facts = vec![Fact::new("Asked", moment(receipt.created_at).shown)];
    facts.extend(total.map(|ms| Fact::new("Answered in", took(ms))));
    facts.extend(text("assistant").map(|name| Fact::new("Assistant", name)));
    facts.extend(text("now").map(|now| Fact::new("As if asked on", now)));
    if let Some(model) = &receipt.model {
        facts.push(Fact::new("Model", model));
    }
    for (name, hash) in [
        ("Model’s weights", &receipt.model_hash),
        ("Prompt", &receipt.prompt_hash),
    ] {
        facts.extend(hash.as_deref().map(|hash| Fact::new(name, short(hash))));
    }
    let tokens = |name: &str| receipt.tokens.get(name).and_then(Value::as_u64);
    if let (Some(read), Some(written)) = (tokens("prompt"), tokens("completion"))
        && read + written > 0
    {
        let shown = format!("{read} read, {written} written");
        facts.push(Fact::new("Tokens", shown));
    }
    let sealed = match opened.proof.integrity {
        Integrity::Intact => "Intact",
        Integrity::Altered => "Does not match",
        Integrity::Unsealed => "None: from an earlier release",
    };
    facts.push(Fact::new("Seal", sealed));
    if opened.proof.integrity != Integrity::Unsealed {
        let before = match opened.proof.link {
            Link::Follows => "Still there, and it matches",
            Link::First => "None: this is the first",
            Link::Gone => "Deleted since then",
            Link::Broken => "Missing, with no record of why",
        };
        facts.push(Fact::new("Previous receipt", before));
    }
    facts.extend(text("digest").map(|digest| Fact::new("Digest", short(digest))));
    facts
}

/// Enough of a hash to compare by eye; the export has the full one.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect::<String>() + "…"
}

/// Fields of the checks that the page shows elsewhere.
const SHOWN_ELSEWHERE: [&str; 6] = [
    "assistant",
    "now",
    "evaluation",
    "digest",
    "previous",
    "earlier_messages",
];

/// The checks as pairs of name and value.
fn checks(checks: &Value) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    let fields = checks.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| !SHOWN_ELSEWHERE.contains(&name.as_str())) {
        let name = sentence(&name.replace('_', " "));
        let name = name.trim_end_matches('.').to_owned();
        let words = match value {
            Value::Array(all) if name == "Considered" => considered(all),
            Value::Array(all) if name == "Parts" => parts(all),
            _ => in_words(value),
        };
        told.push((name, words));
    }
    told
}

/// How each part of the question was answered.
fn parts(all: &[Value]) -> String {
    let told = all.iter().map(|part| {
        let question = part["question"].as_str().unwrap_or_default();
        let rung = part["rung"].as_str().unwrap_or("no answer");
        let sure = part.pointer("/checks/considered").and_then(Value::as_array);
        match sure {
            Some(sure) => format!("“{question}”: {rung} ({})", considered(sure)),
            None => format!("“{question}”: {rung}"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// How sure each rung was; the evidence is in the export.
fn considered(all: &[Value]) -> String {
    let sure = all.iter().map(|one| {
        let rung = match one["rung"].as_str() {
            Some("read" | "extract") => "reader",
            Some("model") => "after the model's judgement",
            other => other.unwrap_or("a rung"),
        };
        let percent = one["score"].as_f64().unwrap_or(0.0) * 100.0;
        format!("{rung} {percent:.0} %")
    });
    sure.collect::<Vec<_>>().join(", ")
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(real) if number.is_f64() => format!("{real:.2}"),
            _ => number.to_string(),
        },
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_words).collect();
            items.join("; ")
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", name.replace('_', " "), in_words(value))
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
    }
}

fn as_again(given: &str, again: Replay) -> Again {
    let label = |what: &str| match what {
        "rung" => "How it was answered",
        "sources" => "What it cites",
        "model" => "Model",
        "model_hash" => "Model’s weights",
        "prompt_hash" => "Prompt",
        _ => "Answer",
    };
    let shown = |what: &str, value: String| match what {
        "rung" => rung(&value).label.to_owned(),
        "model_hash" | "prompt_hash" if value.len() > 16 => short(&value),
        _ => value,
    };
    let differences = again.differences.into_iter();
    let differences = differences.filter(|d| d.what != "answer").map(|d| {
        let (then, now) = (shown(d.what, d.then), shown(d.what, d.now));
        (label(d.what), then, now)
    });
    Again {
        same: again.again.answer == given,
        pieces: pieces(&again.again.answer),
        compared: word_diff::compare(given, &again.again.answer),
        rung: rung(&again.receipt.rung),
        receipt: again.receipt.id.to_string(),
        sources: again.again.citations.into_iter().map(|c| c.quote).collect(),
        differences: differences.collect(),
        history_lost: again.history_lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_cut_at_its_citations() {
        let shown = |answer: &str| -> String {
            let piece = |p: &Piece| match p.cite {
                Some(number) => format!("<{number}>"),
                None => p.text.clone(),
            };
            pieces(answer).iter().map(piece).collect()
        };
        for (answer, expected) in [
            (
                "Open. [1] Free [x] parking. [12]",
                "Open. <1> Free [x] parking. <12>",
            ),
            ("[2][3]", "<2><3>"),
            ("a [b", "a [b"),
            ("", ""),
        ] {
            assert_eq!(shown(answer), expected);
        }
    }

    #[test]
    fn the_stretches_fill_the_whole_time() {
        let strip = stretches(&json!({"retrieve": 20, "first_token": 120, "total": 400}));
        let widths: Vec<u64> = strip.iter().map(|s| s.width).collect();
        assert_eq!(widths, [50, 250, 700]);
        // A clock that stood still, and times that contradict each other.
        for odd in [
            json!({}),
            json!({"retrieve": 9, "first_token": 1, "total": 3}),
        ] {
            let strip = stretches(&odd);
            assert!(strip.iter().map(|s| s.width).sum::<u64>() <= 1000);
        }
        assert_eq!((took(999), took(2_449)), ("999 ms".into(), "2.4 s".into()));
    }

    #[test]
    fn checks_are_told_in_words() {
        let told = checks(
            &json!({"digest": "x", "cut_sentences": 2, "supported": true,
            "unsupported": [], "scores": {"first_one": 0.5},
            "considered": [{"rung": "read", "score": 0.164, "text": "long"}]}),
        );
        let told: Vec<String> = told.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        assert_eq!(
            told,
            [
                "Cut sentences = 2",
                "Supported = yes",
                "Unsupported = none",
                "Scores = first one: 0.50",
                "Considered = reader 16 %"
            ]
        );
    }
}
