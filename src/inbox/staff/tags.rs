//! Tags that staff put on conversations.

use super::{StaffError, change, me, place};
use crate::access::Member;
use crate::store::inbox::tags;
use crate::store::{ConversationId, Store, StoreError, UnixMs};

/// In characters.
pub const LONGEST: usize = 40;
/// Of one conversation.
pub const MOST: usize = 20;
/// Beside letters, digits and spaces.
const SIGNS: [char; 6] = ['-', '_', '.', '/', '&', '+'];

/// Makes tags alike that mean the same: lower case, single spaces, each once.
///
/// # Errors
/// `Wrong` for a tag that is empty, too long or has other characters, and for too many.
pub fn check(tags: &[String]) -> Result<Vec<String>, StaffError> {
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        let words: Vec<&str> = tag.split_whitespace().collect();
        let tag = words.join(" ").to_lowercase();
        let wrong = |detail: String| Err(StaffError::wrong("tags", detail));
        if tag.is_empty() {
            return wrong("a tag may not be empty".into());
        }
        if tag.chars().count() > LONGEST {
            return wrong(format!("a tag may have at most {LONGEST} characters"));
        }
        if let Some(sign) = tag.chars().find(|sign| !is_allowed(*sign)) {
            return wrong(format!(
                "a tag may have letters, digits, spaces and - _ . / & +, but not {}",
                sign.escape_debug()
            ));
        }
        if !checked.contains(&tag) {
            checked.push(tag);
        }
    }
    match checked.len() {
        0..=MOST => Ok(checked),
        _ => Err(StaffError::wrong(
            "tags",
            format!("a conversation may have at most {MOST} tags"),
        )),
    }
}

/// Letters of all scripts with their marks, which lie in no class of `char` but are neither controls nor punctuation.
fn is_allowed(sign: char) -> bool {
    sign.is_alphanumeric()
        || sign == ' '
        || SIGNS.contains(&sign)
        || matches!(sign, '\u{0300}'..='\u{036F}' | '\u{0900}'..='\u{0DFF}' | '\u{0E00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17D3}')
}

/// Replaces the tags of a conversation. Returns those that it had before.
pub async fn set(
    store: &Store,
    by: &Member,
    id: ConversationId,
    tags: &[String],
    now: UnixMs,
) -> Result<Vec<String>, StaffError> {
    let (tags, who) = (check(tags)?, me(by));
    change(store, by, id, move |tx, of| {
        tags::set(tx, of, &tags, who, now)
    })
    .await
}

/// Adds tags to a conversation, or takes them off. Returns those that it had before.
pub async fn adjust(
    store: &Store,
    by: &Member,
    id: ConversationId,
    tags: &[String],
    add: bool,
    now: UnixMs,
) -> Result<Vec<String>, StaffError> {
    let (tags, who) = (check(tags)?, me(by));
    change(store, by, id, move |tx, of| {
        let mut wanted = tags::of(tx, of.id)?;
        wanted.retain(|tag| !tags.contains(tag));
        if add {
            wanted.extend(tags);
        }
        if wanted.len() > MOST {
            let told = format!("a conversation may have at most {MOST} tags");
            return Err(StoreError::Conflict(told.into()));
        }
        tags::set(tx, of, &wanted, who, now)
    })
    .await
}

/// Every tag that is in use in the workspace.
pub async fn list(store: &Store, by: &Member) -> Result<Vec<String>, StaffError> {
    let workspace = place(by)?;
    Ok(store.read(move |conn| tags::list(conn, workspace)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_made_alike_or_refused() {
        let of =
            |tags: &[&str]| check(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            of(&[" VIP ", "vip", "Late  order"]).unwrap(),
            ["vip", "late order"]
        );
        assert_eq!(of(&["größe/xl", "配送", "ราคา", "हिन्दी"]).unwrap().len(), 4);
        for wrong in [
            "",
            "  ",
            "a,b",
            "<b>",
            "a\0b",
            "a\u{202e}b",
            "😀",
            "a\"b",
            "#1",
        ] {
            let refused = of(&[wrong]);
            assert!(
                matches!(refused, Err(StaffError::Wrong { field: "tags", .. })),
                "{wrong:?}"
            );
        }
        // A line break is a space.
        assert_eq!(of(&["a\nb"]).unwrap(), ["a b"]);
        assert!(of(&["x".repeat(41).as_str()]).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(check(&many).is_err());
    }
}
