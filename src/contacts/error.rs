//! Why something about a contact was refused, in words for the person who entered it.

use crate::access::Denied;
use crate::store::StoreError;

/// Why a text is no way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    #[error("this is not an e-mail address; one looks like name@example.com")]
    Email,
    #[error("this is not a telephone number; one looks like +49 30 123456")]
    Phone,
    #[error("write the telephone number with its country code, such as +49 30 123456")]
    NoCountry,
    #[error(
        "there is no such telephone number here; check it, or write it with its country code, such as +49 30 123456"
    )]
    Unknown,
}

impl PointError {
    /// The field that it is about.
    pub fn field(self) -> &'static str {
        match self {
            Self::Email => "email",
            _ => "phone",
        }
    }
}

/// Why a contact or a task was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    #[error(transparent)]
    Point(#[from] PointError),
    #[error("{detail}")]
    Wrong {
        /// The field that it is about.
        field: &'static str,
        detail: String,
    },
    /// Somebody else has this address or number.
    #[error("another contact has {value} already; open that one, or merge the two")]
    Taken { value: String },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ContactError {
    pub(crate) fn wrong(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Wrong {
            field,
            detail: detail.into(),
        }
    }

    /// For the end of a transaction: a failure of the store undoes it. A refusal must come before anything is written.
    pub(crate) fn in_transaction<T>(
        outcome: Result<T, Self>,
    ) -> Result<Result<T, Self>, StoreError> {
        match outcome {
            Err(Self::Store(error)) => Err(error),
            other => Ok(other),
        }
    }
}
