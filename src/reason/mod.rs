//! Why something failed: one sentence for people, with the error behind it as the source.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sentence that says why something failed, and the error behind it, if there is one. Clones share both.
///
/// Error types use it as their `#[source]` where several libraries can be the cause, or where many callers share one
/// error. People see only the sentence; the cause is for code and logs. Only the sentence goes through a worker's pipe.
#[derive(Clone)]
pub struct Reason {
    sentence: Arc<str>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Reason {
    /// Takes the error's own message as the sentence.
    pub fn of(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self {
            sentence: cause.to_string().into(),
            cause: Some(cause.into()),
        }
    }

    /// Replaces the error's message by another sentence.
    pub fn told(
        sentence: impl Into<Arc<str>>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            sentence: sentence.into(),
            cause: Some(cause.into().into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.sentence
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.cause.as_deref()?;
        Some(cause)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{:?} (of {cause:?})", self.sentence),
            None => write!(f, "{:?}", self.sentence),
        }
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.sentence
    }
}

impl From<String> for Reason {
    fn from(sentence: String) -> Self {
        Self {
            sentence: sentence.into(),
            cause: None,
        }
    }
}

impl From<&str> for Reason {
    fn from(sentence: &str) -> Self {
        Self {
            sentence: sentence.into(),
            cause: None,
        }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.sentence.as_ref().into()
    }
}

/// Compares the sentences only.
impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.sentence == other.sentence
    }
}

impl Eq for Reason {}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.sentence)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_keeps_its_cause_and_sends_its_sentence_only() {
        let cause = std::io::Error::other("the disk is gone");
        let reason = Reason::told(format!("nothing was read: {cause}"), cause);
        assert_eq!(reason.as_str(), "nothing was read: the disk is gone");
        let behind = reason.source().map(ToString::to_string);
        assert_eq!(behind.as_deref(), Some("the disk is gone"));

        let sent = serde_json::to_string(&reason).unwrap();
        assert_eq!(sent, r#""nothing was read: the disk is gone""#);
        let received: Reason = serde_json::from_str(&sent).unwrap();
        assert_eq!(received, reason);
        assert!(received.source().is_none());
    }

    #[test]
    fn an_error_in_its_own_words_is_its_own_cause() {
        let reason = Reason::of("x".parse::<u8>().unwrap_err());
        assert_eq!(reason.as_str(), "invalid digit found in string");
        assert!(
            reason
                .source()
                .is_some_and(|cause| cause.is::<std::num::ParseIntError>())
        );
    }
}
