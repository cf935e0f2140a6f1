//! Notes that staff write to each other beside a conversation, with the colleagues that they name.

use super::{LONGEST_NOTE, StaffError, change, check_text, me};
use crate::access::Member;
use crate::store::inbox::notes::{self, Note};
use crate::store::users::User;
use crate::store::{ConversationId, Store, UnixMs, UserId, members};

/// Writes a note. Whoever is named in it as `@name` is told.
pub async fn write(
    store: &Store,
    by: &Member,
    id: ConversationId,
    text: &str,
    now: UnixMs,
) -> Result<Note, StaffError> {
    let (text, author) = (check_text("text", text, LONGEST_NOTE)?, me(by));
    change(store, by, id, move |tx, of| {
        let mut named = find_mentions(&text, &members::staff(tx, of.workspace())?);
        named.retain(|user| Some(*user) != author);
        notes::add(tx, of, author, &text, &named, now)
    })
    .await
}

/// The people that a text names after an `@`: by their whole name, or by the first one if only one person has it.
fn find_mentions(text: &str, people: &[User]) -> Vec<UserId> {
    let active: Vec<(UserId, String)> = people
        .iter()
        .filter(|user| user.suspended_at.is_none())
        .map(|user| (user.id, fold(&user.name)))
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let text = fold(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        // Not the sign in an e-mail address.
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        found.extend(name_at(rest, &active));
    }
    let mut unique = Vec::new();
    for user in found {
        if !unique.contains(&user) {
            unique.push(user);
        }
    }
    unique
}

/// Whom the beginning of a text names.
fn name_at(text: &str, people: &[(UserId, String)]) -> Option<UserId> {
    let whole = people
        .iter()
        .filter(|(_, name)| begins_with(text, name))
        .max_by_key(|(_, name)| name.len());
    if let Some((user, _)) = whole {
        return Some(*user);
    }
    let first = |name: &str| -> Option<String> { name.split(' ').next().map(str::to_owned) };
    let mut fits = people
        .iter()
        .filter(|(_, name)| first(name).is_some_and(|first| begins_with(text, &first)));
    match (fits.next(), fits.next()) {
        (Some((user, _)), None) => Some(*user),
        _ => None,
    }
}

fn begins_with(text: &str, name: &str) -> bool {
    text.strip_prefix(name)
        .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Lower case with single spaces.
fn fold(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> User {
        User {
            id: UserId::new(),
            email: format!("{name}@example.com"),
            name: name.to_owned(),
            password_hash: None,
            owns: false,
            created_at: 1,
            suspended_at: None,
        }
    }

    #[test]
    fn colleagues_are_named_by_whole_or_first_name() {
        let people = ["Ann", "Ann Marie Lee", "Ben Ali", "Ben Cole", "Zoë Weiß"].map(person);
        let of = |text: &str| -> Vec<&str> {
            let found = find_mentions(text, &people);
            let name = |id: &UserId| {
                people
                    .iter()
                    .find(|user| user.id == *id)
                    .map(|user| user.name.as_str())
            };
            found.iter().filter_map(name).collect()
        };
        assert_eq!(of("@Ann look"), ["Ann"]);
        assert_eq!(
            of("@ann marie  lee, and @ZOË"),
            ["Ann Marie Lee", "Zoë Weiß"]
        );
        assert_eq!(of("@zoë: look. (@ben cole) @zoë"), ["Zoë Weiß", "Ben Cole"]);
        // Two are called Ben; Anna is not Ann; an address names nobody.
        for nobody in ["@ben", "@Anna", "mail ben@ann.example", "@", "@@", "ann"] {
            assert!(of(nobody).is_empty(), "{nobody}");
        }
    }
}
