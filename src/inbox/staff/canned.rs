//! Canned replies of a workspace: texts with places that are filled when somebody uses them.

use super::{LOOK, SETTINGS, StaffError, check_text};
use crate::access::Member;
use crate::store::inbox::canned::{self, CannedReply};
use crate::store::{CannedReplyId, Store, StoreError, UnixMs};

/// In characters.
pub const LONGEST: usize = 4000;
pub const LONGEST_SHORTCUT: usize = 40;
const MOST: usize = 500;
/// What can be filled in: the visitor's first name, the writer's first name, the business.
pub const PLACES: [&str; 3] = ["name", "agent", "business"];

pub async fn list(store: &Store, by: &Member) -> Result<Vec<CannedReply>, StaffError> {
    let workspace = by.need(LOOK)?;
    Ok(store
        .read(move |conn| canned::list(conn, workspace))
        .await?)
}

/// Makes a canned reply, or replaces one.
pub async fn save(
    store: &Store,
    by: &Member,
    replaces: Option<CannedReplyId>,
    shortcut: &str,
    text: &str,
    now: UnixMs,
) -> Result<CannedReply, StaffError> {
    let workspace = by.need(SETTINGS)?;
    let shortcut = check_shortcut(shortcut)?;
    let text = check_text("text", text, LONGEST)?;
    check_places(&text)?;
    let saved = store.write(move |tx| match replaces {
        Some(id) => {
            let before = canned::get(tx, workspace, id)?;
            canned::update(tx, &before, &shortcut, &text, now)
        }
        None if canned::list(tx, workspace)?.len() >= MOST => {
            let told = format!("a workspace may have at most {MOST} canned replies");
            Err(StoreError::Conflict(told.into()))
        }
        None => canned::create(tx, workspace, &shortcut, &text, now),
    });
    Ok(saved.await?.into_inner())
}

pub async fn remove(store: &Store, by: &Member, id: CannedReplyId) -> Result<(), StaffError> {
    let workspace = by.need(SETTINGS)?;
    let removed = store.write(move |tx| canned::delete(tx, &canned::get(tx, workspace, id)?));
    Ok(removed.await?)
}

fn check_shortcut(shortcut: &str) -> Result<String, StaffError> {
    let shortcut = shortcut.trim().trim_start_matches('/').to_lowercase();
    let fits = |sign: char| sign.is_alphanumeric() || sign == '-' || sign == '_';
    let length = shortcut.chars().count();
    if !(1..=LONGEST_SHORTCUT).contains(&length) || !shortcut.chars().all(fits) {
        let detail = format!(
            "a shortcut has 1 to {LONGEST_SHORTCUT} letters, digits, - or _, without spaces"
        );
        return Err(StaffError::wrong("shortcut", detail));
    }
    Ok(shortcut)
}

/// Refuses places in braces that nothing fills.
fn check_places(text: &str) -> Result<(), StaffError> {
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        let is_place = !name.is_empty()
            && name
                .chars()
                .all(|sign| sign.is_alphanumeric() || sign == '_');
        if is_place && !PLACES.contains(&name) {
            let known: Vec<String> = PLACES.iter().map(|place| format!("{{{place}}}")).collect();
            let detail = format!("nothing fills {{{name}}}; there are {}", known.join(", "));
            return Err(StaffError::wrong("text", detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_that_something_fills_are_taken() {
        for fine in [
            "Hello {name}, {agent} of {business} here.",
            "{ a }",
            "f() {}",
            "{",
            "a } b {",
        ] {
            assert!(check_places(fine).is_ok(), "{fine}");
        }
        for wrong in ["Hello {nmae}", "{name} {}{order}", "{NAME}"] {
            let refused = check_places(wrong).unwrap_err();
            assert!(
                refused.to_string().contains("{name}, {agent}, {business}"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_shortcut_is_one_word() {
        assert_eq!(check_shortcut(" /Hello ").unwrap(), "hello");
        assert_eq!(check_shortcut("öffnung-1").unwrap(), "öffnung-1");
        for wrong in ["", "/", "two words", "a/b", "<b>", &"x".repeat(41)] {
            assert!(check_shortcut(wrong).is_err(), "{wrong}");
        }
    }
}
