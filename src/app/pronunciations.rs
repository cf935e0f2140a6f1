//! Pronunciations of words in a workspace: set one by one or imported from CSV.

use crate::access::{Denied, Member, Scope};
use crate::speech::Pronunciation;
use crate::store::{Connection, Store, StoreError, UnixMs, WorkspaceId, pronunciations};

/// Most characters of a word, and of its pronunciation.
const LONGEST: usize = 120;
/// Most words per workspace.
const MOST: usize = 5_000;
/// Who may set pronunciations.
const MAY: &[Scope] = &[Scope::Admin];

#[derive(Debug, thiserror::Error)]
pub enum PronunciationError {
    /// The word is missing or too long.
    #[error(
        "write the word as it is spelled in texts, in at most {} characters",
        LONGEST
    )]
    Word,
    /// The pronunciation cannot be spoken.
    #[error("write how it is said: other words, or phonemes between two slashes")]
    Say,
    /// The CSV is empty.
    #[error("write a word, a comma, and how it is said")]
    Empty,
    /// A line of the CSV is wrong.
    #[error("line {line}: {source}")]
    Line {
        /// Counted from 1.
        line: u64,
        source: Box<PronunciationError>,
    },
    /// Not valid CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PronunciationError {
    /// The invalid field: `word`, `say` or `csv`.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Word => Some("word"),
            Self::Say => Some("say"),
            Self::Empty | Self::Line { .. } | Self::Csv(_) => Some("csv"),
            Self::Denied(_) | Self::Store(_) => None,
        }
    }
}

/// The pronunciations by word, in the form that the voice needs.
pub fn lexicon(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Pronunciation>, StoreError> {
    let found = pronunciations::list(conn, workspace)?;
    let pair = |one: pronunciations::Pronounced| Pronunciation {
        word: one.word,
        say: one.say,
    };
    Ok(found.into_iter().map(pair).collect())
}

pub async fn list(store: &Store, by: &Member) -> Result<Vec<Pronunciation>, PronunciationError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| lexicon(conn, workspace));
    Ok(read.await?)
}

/// Sets a word's pronunciation, from the next sentence on.
///
/// # Errors
/// When the pronunciation cannot be spoken.
pub async fn set(
    store: &Store,
    by: &Member,
    word: &str,
    say: &str,
    now: UnixMs,
) -> Result<(), PronunciationError> {
    let workspace = by.need(MAY)?;
    keep(store, workspace, vec![checked(word, say)?], now).await
}

/// Imports pronunciations from CSV and returns how many. A first line `word,say` is skipped as a heading.
///
/// # Errors
/// When a line is wrong; then nothing is imported.
pub async fn import(
    store: &Store,
    by: &Member,
    text: &str,
    now: UnixMs,
) -> Result<usize, PronunciationError> {
    let workspace = by.need(MAY)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let (word, say) = (record.get(0).unwrap_or(""), record.get(1).unwrap_or(""));
        let heading = word.eq_ignore_ascii_case("word") && say.eq_ignore_ascii_case("say");
        if heading || (word.is_empty() && say.is_empty()) {
            continue;
        }
        let pair = checked(word, say).map_err(|wrong| PronunciationError::Line {
            line,
            source: Box::new(wrong),
        });
        found.push(pair?);
    }
    if found.is_empty() {
        return Err(PronunciationError::Empty);
    }
    let count = found.len();
    keep(store, workspace, found, now).await?;
    Ok(count)
}

/// Removes a pronunciation. Returns whether there was one.
pub async fn remove(store: &Store, by: &Member, word: &str) -> Result<bool, PronunciationError> {
    let (workspace, word) = (by.need(MAY)?, word.trim().to_owned());
    let removed = store.write(move |tx| pronunciations::delete(tx, workspace, &word));
    Ok(removed.await?)
}

async fn keep(
    store: &Store,
    workspace: WorkspaceId,
    pairs: Vec<(String, String)>,
    now: UnixMs,
) -> Result<(), PronunciationError> {
    let kept = store.write(move |tx| {
        for (word, say) in &pairs {
            pronunciations::set(tx, workspace, word, say, now)?;
        }
        match pronunciations::list(tx, workspace)?.len() {
            0..=MOST => Ok(()),
            _ => {
                let full = format!("a workspace may have {MOST} pronunciations; delete some first");
                Err(StoreError::Conflict(full.into()))
            }
        }
    });
    Ok(kept.await?)
}

/// Checks a word and its pronunciation, and tidies their whitespace.
///
/// # Errors
/// When the word is missing or the pronunciation cannot be spoken.
pub fn checked(word: &str, say: &str) -> Result<(String, String), PronunciationError> {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (word, say) = (tidy(word), tidy(say));
    let long = |text: &str| text.chars().count() > LONGEST;
    if !word.contains(char::is_alphanumeric) || long(&word) {
        return Err(PronunciationError::Word);
    }
    let phonemes = say.strip_prefix('/').map(|rest| rest.strip_suffix('/'));
    let said = match phonemes {
        None => say.contains(char::is_alphanumeric),
        Some(inner) => inner.is_some_and(|inner| inner.contains(char::is_alphabetic)),
    };
    match !said || long(&say) {
        true => Err(PronunciationError::Say),
        false => Ok((word, say)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_needs_letters_and_phonemes_two_slashes() {
        for (word, say, wrong) in [
            ("Bluefin", "Boo-fin", None),
            (" Blue  fin ", "/bluːfɪn/", None),
            ("", "x", Some("word")),
            ("!!", "x", Some("word")),
            ("x", "", Some("say")),
            ("x", "/bluː", Some("say")),
            ("x", "//", Some("say")),
            ("x", "!", Some("say")),
        ] {
            let found = checked(word, say).err().and_then(|error| error.field());
            assert_eq!(found, wrong, "{word} {say}");
        }
        assert_eq!(checked(" Blue  fin ", "a").unwrap().0, "Blue fin");
    }
}
