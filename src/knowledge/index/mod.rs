//! Finds passages: by words ([`lexical`]), by meaning ([`vector`]), and both together ([`fuse`]).
//!
//! Everything is in memory and rebuilt from the store. So the index is disposable, and no term of an
//! encrypted store is ever written to disk.

pub mod fuse;
pub mod lexical;
mod scores;
pub mod vector;
pub mod vocabulary;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum IndexError {
    #[error(
        "the search index failed ({0}): restart Frontdesk, which rebuilds it from the stored documents"
    )]
    Words(#[from] tantivy::TantivyError),
    /// The embedding comes from another model.
    #[error(
        "an embedding has {got} numbers and the index holds {expected}: rebuild the embeddings with one model"
    )]
    Dimensions { expected: usize, got: usize },
    /// The embedding contains NaN or infinity, or only zeros.
    #[error("an embedding holds no usable numbers: check the embedding model")]
    NotFinite,
}
