//! Cited words on the page of a receipt: their context, and whether the document still says them.

use super::quality_pages::{CitedPart, FoundPart};
use super::reading::{self, Surroundings};
use crate::agent::proof::{Cited, Looked, Standing};
use crate::store::{Connection, StoreError, VersionId, WorkspaceId, versions};

/// Characters of context before and after cited words.
const CONTEXT: usize = 220;

/// Cited words with their context.
pub(super) fn part(
    conn: &Connection,
    workspace: WorkspaceId,
    cited: Cited,
) -> Result<CitedPart, StoreError> {
    let [from, to] = cited.span;
    // Take the context only from a text that still has the quoted words; otherwise show the copy in the receipt.
    let text = match cited.version.parse::<VersionId>() {
        Ok(version) if matches!(cited.standing, Standing::Unchanged | Standing::Newer) => {
            versions::find_text(conn, workspace, version)?.map(|text| text.text)
        }
        _ => None,
    };
    let around = text.and_then(|text| reading::surroundings(&text, from..to));
    let around = around.unwrap_or_else(|| Surroundings {
        before: String::new(),
        quote: cited.quote.clone(),
        after: String::new(),
    });
    let there = !matches!(
        cited.standing,
        Standing::ReadAgain | Standing::Purged | Standing::NoDocument
    );
    let page = format!("/documents/{}", cited.document);
    let place = [
        cited.section.clone(),
        cited.page.map(|page| format!("page {page}")),
        cited
            .version_number
            .map(|number| format!("version {number}")),
    ];
    let (state, standing) = describe_standing(&cited);
    let today = cited.today.as_ref().filter(|today| !today.same);
    let today = today.and_then(|today| {
        let ([from, to], quote) = (today.span?, today.quote.clone()?);
        let query = format!("version={}&span={from}-{to}#quote", today.version);
        Some((quote, format!("{page}?{query}")))
    });
    Ok(CitedPart {
        number: cited.number,
        title: cited.title,
        place: place.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        href: there.then(|| format!("{page}?version={}&span={from}-{to}#quote", cited.version)),
        before: shorter(&around.before, false),
        quote: around.quote,
        after: shorter(&around.after, true),
        state,
        standing,
        today,
        hash: cited.sha256,
    })
}

/// The text next to cited words, shortened at a word boundary.
fn shorter(text: &str, after: bool) -> String {
    if text.chars().count() <= CONTEXT {
        return text.to_owned();
    }
    let words = |text: &str| -> Option<String> {
        Some(if after {
            format!("{} …", text.rsplit_once(char::is_whitespace)?.0)
        } else {
            format!("… {}", text.split_once(char::is_whitespace)?.1)
        })
    };
    let cut: String = if after {
        text.chars().take(CONTEXT).collect()
    } else {
        let skip = text.chars().count() - CONTEXT;
        text.chars().skip(skip).collect()
    };
    words(&cut).unwrap_or(cut)
}

fn describe_standing(cited: &Cited) -> (&'static str, String) {
    let same = cited.today.as_ref().is_some_and(|today| today.same);
    let newer = cited.today.as_ref().map_or(0, |today| today.version_number);
    match cited.standing {
        Standing::Unchanged => (
            "ready",
            "Read again just now: the document says this, word for word.".to_owned(),
        ),
        Standing::Newer if same => (
            "ready",
            format!("The version that was quoted says this, and so does version {newer}, the current one."),
        ),
        Standing::Newer if cited.today.as_ref().is_some_and(|t| t.quote.is_some()) => (
            "degraded",
            format!("The version that was quoted says this. Version {newer}, the current one, says something else:"),
        ),
        Standing::Newer => (
            "degraded",
            format!("The version that was quoted says this. Version {newer}, the current one, no longer has anything like it."),
        ),
        Standing::ReadAgain => (
            "degraded",
            "The document was read again after this answer, or lines of it were corrected, and it no longer says this; these are the words that the receipt kept.".to_owned(),
        ),
        Standing::Altered => (
            "failed",
            "The stored document does not say this at that place: it was altered in the store.".to_owned(),
        ),
        Standing::Purged => (
            "degraded",
            "The document or this version of it has been deleted; these are the words that the receipt kept.".to_owned(),
        ),
        Standing::NoDocument => (
            "",
            "From what was entered in the console, not from a document.".to_owned(),
        ),
    }
}

/// A passage that was found, as a link.
pub(super) fn found(looked: &Looked) -> FoundPart {
    let [from, to] = looked.span;
    FoundPart {
        title: match looked.page {
            Some(page) => format!("{}, page {page}", looked.title),
            None => looked.title.clone(),
        },
        href: format!(
            "/documents/{}?version={}&span={from}-{to}#quote",
            looked.document, looked.version
        ),
        fit: (looked.score.clamp(0.0, 1.0) * 100.0).round() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_cut_at_words() {
        let long = "word ".repeat(200);
        assert!(shorter(&long, true).ends_with("word …"));
        assert!(shorter(&long, false).starts_with("… "));
        assert_eq!(shorter("short", true), "short");
    }
}
