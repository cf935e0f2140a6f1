//! Finding passages: by words ([`lexical`]), by meaning ([`vector`]), and both together ([`fuse`]).
//!
//! Everything is in memory and rebuilt from the store: the index is disposable, and no term of an
//! encrypted store is ever written to a disk.

pub mod fuse;
pub mod lexical;
mod scores;
pub mod vector;
pub mod vocabulary;

use thiserror::Error;

/// Why an index did not do what it was asked for.
#[derive(Debug, Error)]
pub enum IndexError {
    /// The word index failed.
    #[error(
        "the search index failed ({0}): restart Frontdesk, which rebuilds it from the stored documents"
    )]
    Words(#[from] tantivy::TantivyError),
    /// An embedding of another model.
    #[error(
        "an embedding has {got} numbers and the index holds {expected}: rebuild the embeddings with one model"
    )]
    Dimensions {
        /// What the index holds.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// An embedding with a number that is none, or of zeros only.
    #[error("an embedding holds no usable numbers: check the embedding model")]
    NotFinite,
}
