//! Checks an answer's receipt against the documents.
//!
//! An answer is only as good as the words it cites. So we read each cited span again, from the version
//! of the document that was quoted, and compare it with the words and the hash in the receipt.

mod golden;
mod replay;

pub use golden::expectation;
pub use replay::{Difference, Replay};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::knowledge::{content_words, layout};
use crate::language::sentences;
use crate::store::receipts::{self, Integrity, Link, Receipt};
use crate::store::{Connection, DocumentId, StoreError, VersionId};
use crate::store::{documents, versions};

/// Smallest share of common words for a sentence of a newer version to replace the quoted words.
const LIKE: f32 = 0.4;
/// A version may be read again while an answer from it is being made; no answer takes longer than this, in ms.
const ANSWERING_MS: i64 = 60_000;

/// A receipt, checked against the documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Whether the receipt is unaltered.
    pub integrity: Integrity,
    /// Its link to the receipt before it in the chain.
    pub link: Link,
    /// The words that the answer cites.
    pub cited: Vec<Cited>,
    /// The search results for the question, best first, cited or not.
    pub found: Vec<Looked>,
}

/// The state of cited words today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The quoted version has them at this place and is the current one.
    Unchanged,
    /// The quoted version has them at this place, but the document has a newer version.
    Newer,
    /// The version was read again after the answer, or lines of it were decided on, and it no longer has them.
    ReadAgain,
    /// The stored version does not have them at this place: something was altered.
    Altered,
    /// The version or its document was deleted.
    Purged,
    /// They come from an approved answer or a fact, not from a document.
    NoDocument,
}

/// Words that an answer cites.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cited {
    /// Number of the citation mark in the answer.
    pub number: u64,
    pub document: String,
    pub version: String,
    /// `None` if the receipt does not say and the version was deleted.
    pub version_number: Option<u64>,
    /// Title of the document at the time.
    pub title: String,
    /// Headings above the words.
    pub section: Option<String>,
    /// From 1.
    pub page: Option<u64>,
    /// Byte range in the version's text.
    pub span: [usize; 2],
    pub quote: String,
    /// Of the words, in hex.
    pub sha256: String,
    /// Of the file, in hex; older receipts lack it.
    pub file_sha256: Option<String>,
    pub standing: Standing,
    /// What the current version says instead, if it is a newer one.
    pub today: Option<Today>,
}

/// What a newer version of a document says instead of quoted words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Today {
    pub version: String,
    pub version_number: u32,
    /// Whether it still contains the same words.
    pub same: bool,
    /// The most similar words; `None` if nothing is similar enough.
    pub quote: Option<String>,
    /// Byte range of `quote` in the version's text.
    pub span: Option<[usize; 2]>,
}

/// A passage that the search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Looked {
    pub document: String,
    pub version: String,
    /// Title of the document at the time.
    pub title: String,
    /// From 1.
    pub page: Option<u64>,
    /// Byte range in the version's text.
    pub span: [usize; 2],
    /// Relevance to the question, 0 to 1.
    pub score: f64,
    /// Of its text, in hex.
    pub sha256: String,
}

/// Checks a receipt against the documents as they are stored now.
pub fn examine(conn: &Connection, receipt: &Receipt) -> Result<Proof, StoreError> {
    let list = |name: &str| -> Vec<Value> {
        let list = receipt.passages.get(name).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let cited = list("cited")
        .iter()
        .map(|raw| check_citation(conn, receipt, raw))
        .collect::<Result<_, _>>()?;
    Ok(Proof {
        integrity: receipts::integrity(receipt),
        link: receipts::link(conn, receipt)?,
        cited,
        found: list("found").iter().map(read_passage).collect(),
    })
}

fn read_passage(raw: &Value) -> Looked {
    Looked {
        document: text(raw, "document"),
        version: text(raw, "version"),
        title: text(raw, "title"),
        page: raw.get("page").and_then(Value::as_u64),
        span: span(raw),
        score: raw.get("score").and_then(Value::as_f64).unwrap_or(0.0),
        sha256: text(raw, "sha256"),
    }
}

fn text(raw: &Value, field: &str) -> String {
    let found = raw.get(field).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn span(raw: &Value) -> [usize; 2] {
    let at = |n: usize| {
        let number = raw.get("span").and_then(|span| span.get(n)?.as_u64());
        number.and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    };
    [at(0), at(1)]
}

fn hash(words: &str) -> String {
    hex::encode(Sha256::digest(words))
}

/// Reads the words of one citation again.
fn check_citation(conn: &Connection, receipt: &Receipt, raw: &Value) -> Result<Cited, StoreError> {
    let workspace = receipt.workspace;
    let kept_hash = raw.get("sha256").and_then(Value::as_str);
    let quote = text(raw, "quote");
    let mut cited = Cited {
        number: raw.get("number").and_then(Value::as_u64).unwrap_or(0),
        document: text(raw, "document"),
        version: text(raw, "version"),
        version_number: raw.get("version_number").and_then(Value::as_u64),
        title: text(raw, "title"),
        section: raw
            .get("section")
            .and_then(Value::as_str)
            .map(str::to_owned),
        page: raw.get("page").and_then(Value::as_u64),
        span: span(raw),
        // Receipts of earlier releases have no hash of the words.
        sha256: kept_hash.map_or_else(|| hash(&quote), str::to_owned),
        quote,
        file_sha256: raw
            .get("file_sha256")
            .and_then(Value::as_str)
            .map(str::to_owned),
        standing: Standing::NoDocument,
        today: None,
    };
    let ids = (
        cited.document.parse::<DocumentId>(),
        cited.version.parse::<VersionId>(),
    );
    let (Ok(document), Ok(version)) = ids else {
        return Ok(cited);
    };
    // From here on a missing row means that somebody deleted it.
    cited.standing = Standing::Purged;
    let Some(version) = allow_missing(versions::get(conn, workspace, version))? else {
        return Ok(cited);
    };
    let Some(document) = allow_missing(documents::get(conn, workspace, document))? else {
        return Ok(cited);
    };
    cited.version_number = Some(version.number.into());
    let kept = versions::find_text(conn, workspace, version.id)?.unwrap_or(versions::VersionText {
        text: String::new(),
        blocks: None,
    });
    let read_after = |at: i64| version.extracted_at.is_some_and(|read| read > at);
    let may_move = read_after(receipt.created_at - ANSWERING_MS);
    let is_there =
        matches_text(&mut cited, &kept.text) || (may_move && has_moved(&mut cited, &kept.text));
    cited.standing = if !is_there {
        match read_after(receipt.created_at) && hash(&cited.quote) == cited.sha256 {
            true => Standing::ReadAgain,
            false => Standing::Altered,
        }
    } else if document.current_version.is_none_or(|v| v == version.id) {
        Standing::Unchanged
    } else {
        Standing::Newer
    };
    if let Some(current) = document.current_version.filter(|v| *v != version.id) {
        let number = versions::get(conn, workspace, current)?.number;
        let now = versions::find_text(conn, workspace, current)?;
        let now = now.map(|now| now.text).unwrap_or_default();
        cited.today = Some(find_today(current, number, &now, &cited.quote));
    }
    Ok(cited)
}

/// Whether the text has the quoted words where the receipt says, and they match their hash. Narrows a
/// span wider than the words.
fn matches_text(cited: &mut Cited, text: &str) -> bool {
    let [start, end] = cited.span;
    let place = layout::locate(text, start..end, &cited.quote);
    if text.get(place.clone()) != Some(cited.quote.as_str()) {
        return false;
    }
    cited.span = [place.start, place.end];
    hash(&cited.quote) == cited.sha256
}

/// Whether the text has the quoted words at another place than the receipt says; the span follows them.
fn has_moved(cited: &mut Cited, text: &str) -> bool {
    if cited.quote.is_empty() || hash(&cited.quote) != cited.sha256 {
        return false;
    }
    let [start, _] = cited.span;
    let places = text.match_indices(&cited.quote).map(|(at, _)| at);
    let Some(nearest) = places.min_by_key(|at| at.abs_diff(start)) else {
        return false;
    };
    cited.span = [nearest, nearest + cited.quote.len()];
    true
}

/// Finds what another version of a document says instead of `quote`.
fn find_today(version: VersionId, number: u32, text: &str, quote: &str) -> Today {
    let mut today = Today {
        version: version.to_string(),
        version_number: number,
        same: false,
        quote: None,
        span: None,
    };
    if let Some(at) = text.find(quote).filter(|_| !quote.is_empty()) {
        today.same = true;
        today.quote = Some(quote.to_owned());
        today.span = Some([at, at + quote.len()]);
        return today;
    }
    let wanted = content_words(quote);
    let likest = sentences::sentences(text)
        .into_iter()
        .filter_map(|range| {
            let words = content_words(text.get(range.clone())?);
            let common = wanted.intersection(&words).count();
            let share = common as f32 / wanted.len().max(words.len()).max(1) as f32;
            (share >= LIKE).then_some((share, range))
        })
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    if let Some((_, range)) = likest {
        today.span = Some([range.start, range.end]);
        today.quote = text.get(range).map(str::to_owned);
    }
    today
}

fn allow_missing<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_searched_for_the_same_words_or_their_likes() {
        let id = VersionId::new();
        let text = "Prices.\nA full service costs $95 since May. Parking is free.";
        let table = [
            ("Parking is free.", true, Some("Parking is free.")),
            (
                "A full service costs $89.",
                false,
                Some("A full service costs $95 since May."),
            ),
            ("We close at noon on Saturdays.", false, None),
        ];
        for (quote, same, expected) in table {
            let found = find_today(id, 2, text, quote);
            assert_eq!((found.same, found.quote.as_deref()), (same, expected));
            let at = found.span.map(|[start, end]| &text[start..end]);
            assert_eq!(at, expected);
        }
    }

    #[test]
    fn words_that_are_not_where_the_receipt_says_are_altered() {
        let text = "Open from nine. Closed on Sundays.";
        let cited = |span, quote: &str, sha256: String| Cited {
            number: 1,
            document: String::new(),
            version: String::new(),
            version_number: None,
            title: String::new(),
            section: None,
            page: None,
            span,
            quote: quote.to_owned(),
            sha256,
            file_sha256: None,
            standing: Standing::Purged,
            today: None,
        };
        let quote = "Closed on Sundays.";
        for (span, hashed, expected) in [
            ([16, 34], quote, true),
            ([0, 34], quote, true),
            ([0, 15], quote, false),
            ([16, 99], quote, false),
            ([16, 34], "Open on Sundays.", false),
        ] {
            let mut cited = cited(span, quote, hash(hashed));
            assert_eq!(
                matches_text(&mut cited, text),
                expected,
                "{span:?} {hashed}"
            );
            if expected {
                assert_eq!(cited.span, [16, 34]);
            }
        }
        let mut moved = cited([0, 18], quote, hash(quote));
        assert!(has_moved(&mut moved, text));
        assert_eq!(moved.span, [16, 34]);
        assert!(has_moved(
            &mut moved,
            "Closed on Sundays. Closed on Sundays."
        ));
        assert_eq!(moved.span, [19, 37]);
        assert!(!has_moved(&mut moved, "Open on Sundays."));
        let mut forged = cited([0, 18], quote, hash("Open on Sundays."));
        assert!(!has_moved(&mut forged, text));
    }
}
