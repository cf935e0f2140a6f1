//! Tags, by which assistants choose their knowledge.

use std::collections::BTreeMap;

use super::{Knowledge, KnowledgeError};
use crate::access::{Member, Scope};
use crate::reason::Reason;
use crate::store::FaqId;
use crate::store::tags::{self, Labelled, Tagged};

const MAY: &[Scope] = &[Scope::Documents];
/// In characters.
const LONGEST: usize = 40;
/// Of one thing, or of an assistant's choice.
const MOST: usize = 20;

/// Tags in small letters, each once, in their order.
///
/// # Errors
/// A sentence for people, when there are too many or one is too long.
pub fn tidy_tags(entered: &[String]) -> Result<Vec<String>, Reason> {
    let mut tidy: Vec<String> = Vec::new();
    for tag in entered {
        let words: Vec<&str> = tag.split_whitespace().collect();
        let tag = words.join(" ").to_lowercase();
        if tag.is_empty() || tidy.contains(&tag) {
            continue;
        }
        if tag.chars().count() > LONGEST || tag.contains([',', ';', '\u{0}']) {
            let told =
                format!("a tag may have {LONGEST} characters and no commas, unlike \"{tag}\"");
            return Err(told.into());
        }
        tidy.push(tag);
    }
    match tidy.len() > MOST {
        true => Err(format!("there can be at most {MOST} tags").into()),
        false => Ok(tidy),
    }
}

impl Knowledge {
    /// What has tags, or could.
    pub async fn tagged(&self, by: &Member) -> Result<Vec<Labelled>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        Ok(self
            .inner
            .store
            .read(move |conn| tags::list(conn, workspace))
            .await?)
    }

    /// Every tag in use, with how many things have it.
    pub async fn count_tags(&self, by: &Member) -> Result<BTreeMap<String, usize>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        Ok(self
            .inner
            .store
            .read(move |conn| tags::count(conn, workspace))
            .await?)
    }

    /// Replaces the tags of one thing, from the next question on; returns them tidied.
    ///
    /// # Errors
    /// When one is too long, or the thing does not exist.
    pub async fn set_tags(
        &self,
        by: &Member,
        kind: Tagged,
        id: &str,
        entered: &[String],
    ) -> Result<Vec<String>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let tidy = tidy_tags(entered).map_err(KnowledgeError::Tags)?;
        let (of, kept) = (id.to_owned(), tidy.clone());
        let write = self
            .inner
            .store
            .write(move |tx| tags::set(tx, workspace, kind, &of, &kept));
        write.await?;
        if kind == Tagged::Faq
            && let Ok(id) = id.parse::<FaqId>()
        {
            self.faqs.read_again(workspace, id).await?;
        }
        Ok(tidy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_tidied_and_bad_ones_are_refused() {
        let tidy = |tags: &[&str]| {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            tidy_tags(&tags)
        };
        assert_eq!(
            tidy(&[" Sales ", "sales", "", "big  Bikes"]).unwrap(),
            ["sales", "big bikes"]
        );
        assert!(tidy(&[&"x".repeat(41)]).is_err());
        assert!(tidy(&["a,b"]).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(tidy_tags(&many).is_err());
    }
}
