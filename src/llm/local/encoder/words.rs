//! Turns text into tokens of a vocabulary, each with its place in the text.

use std::ops::Range;

use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{NFKC, Replace, Sequence};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::{NormalizerWrapper, Tokenizer};

use crate::reason::Reason;

/// Marks of this model family: before a text, and after each part of it.
pub(super) const START: u32 = 0;
pub(super) const END: u32 = 2;
/// Tokens average fewer bytes than this in any language.
const MOST_BYTES_PER_TOKEN: usize = 24;

pub(super) struct Words(Tokenizer);

/// One token and the bytes of the text that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) id: u32,
    pub(super) bytes: Range<usize>,
}

impl Words {
    pub(super) fn new(pieces: Vec<(String, f64)>, unknown: usize) -> Result<Self, Reason> {
        let model = Unigram::from(pieces, Some(unknown), false).map_err(Reason::of)?;
        let mut tokenizer = Tokenizer::new(model);
        let spaces = Replace::new(
            tokenizers::normalizers::replace::ReplacePattern::Regex(r"\s+".into()),
            " ",
        )
        .map_err(Reason::of)?;
        tokenizer
            .with_normalizer(Some(Sequence::new(vec![
                NormalizerWrapper::NFKC(NFKC),
                NormalizerWrapper::Replace(spaces),
            ])))
            .map_err(Reason::of)?
            .with_pre_tokenizer(Some(Metaspace::new(
                '\u{2581}',
                PrependScheme::Always,
                true,
            )));
        Ok(Self(tokenizer))
    }

    /// Reads a hub's `tokenizer.json`, for readers of other families.
    pub(super) fn from_file(path: &std::path::Path) -> Result<Self, Reason> {
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
            let told = format!("its vocabulary {} cannot be read: {e}", path.display());
            Reason::told(told, Reason::of(e))
        };
        let mut tokenizer = Tokenizer::from_file(path).map_err(failed)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(Reason::of)?;
        // A document may contain "[SEP]"; that is text, not a mark.
        tokenizer.set_encode_special_tokens(true);
        Ok(Self(tokenizer))
    }

    pub(super) fn id(&self, mark: &str) -> Option<u32> {
        self.0.token_to_id(mark)
    }

    /// The highest id that a text may become.
    pub(super) fn highest_id(&self) -> u32 {
        let vocabulary = self.0.get_vocab(false);
        vocabulary.into_values().max().unwrap_or(0)
    }

    /// Tokenizes a text; returns at most `most` tokens.
    pub(super) fn tokens(&self, text: &str, most: usize) -> Result<Vec<Token>, Reason> {
        // Tokenizing more bytes than this would be wasted: `most` tokens come first.
        let end = text.floor_char_boundary(most.saturating_mul(MOST_BYTES_PER_TOKEN));
        let text = text.get(..end).unwrap_or_default();
        let encoded = self.0.encode(text, false).map_err(Reason::of)?;
        let ids = encoded.get_ids().iter();
        let places = encoded.get_offsets().iter();
        Ok(ids
            .zip(places)
            .take(most)
            .map(|(id, (from, to))| Token {
                id: *id,
                bytes: *from..*to,
            })
            .collect())
    }
}
