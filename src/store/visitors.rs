//! Visitors of the public pages and of the widget. Only the hash of a visitor's token is stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::conversations::{self, Conversation};
use super::rows::columns;
use super::token::TokenHash;
use super::values::Json;
use super::{
    AssistantId, ContactId, ConversationId, Scoped, StoreError, UnixMs, VisitorId, WorkspaceId,
};

/// Conversations that were joined one into the other, at most.
const MOST_MERGES: usize = 8;
/// A conversation of somebody whom their website vouches for goes on in their next visit, also on another device, unless
/// nothing was said for this long.
const GOES_ON_MS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub id: VisitorId,
    pub workspace: WorkspaceId,
    /// Scheme and host of the page with the widget; `None` on this server's own pages.
    pub origin: Option<String>,
    pub created_at: UnixMs,
    /// Time of the last [`touch`].
    pub last_seen_at: UnixMs,
    pub expires_at: UnixMs,
    /// The id by which the business's website vouches for them.
    pub identity: Option<String>,
    /// Whose id that is.
    pub contact: Option<ContactId>,
    /// What the page says of them and nobody vouches for: `id`, `name`, `email`, `phone`.
    pub claimed: BTreeMap<String, String>,
    /// The assistant that the key on the page names.
    pub assistant: Option<AssistantId>,
}

columns! {
    COLUMNS of Visitor {
        id, workspace, origin, created_at, last_seen_at, expires_at, identity, contact, claimed: json,
        assistant
    }
}

pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    token: &TokenHash,
    origin: Option<&str>,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<VisitorId, StoreError> {
    let id = VisitorId::new();
    tx.prepare_cached(
        "INSERT INTO visitors (id, workspace, token_hash, origin, created_at, last_seen_at, \
         expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((id, workspace, token, origin, now, now, expires_at))?;
    Ok(id)
}

/// The visitor with this token, if it has not expired.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<Visitor>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM visitors
             WHERE token_hash = ?1 AND created_at <= ?2 AND expires_at > ?2"
        ))?
        .query_row((token, now), Visitor::from_row)
        .optional()?)
}

pub fn touch(tx: &Transaction<'_>, visitor: VisitorId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE visitors SET last_seen_at = ? WHERE id = ?")?
        .execute((now, visitor))?;
    Ok(())
}

/// The visitor's conversation; `None` before anything was said. Of somebody whom their website vouches for, the last one under
/// this id, from whatever device.
pub fn find_conversation(
    conn: &Connection,
    visitor: &Visitor,
) -> Result<Option<Scoped<Conversation>>, StoreError> {
    // No conversation is older than its visitor, so the index on time narrows the search.
    let (sql, since, whose) = match &visitor.identity {
        Some(identity) => (
            "SELECT id FROM conversations WHERE workspace = ? AND last_at >= ? AND identity = ?
             AND due_at IS NULL ORDER BY last_at DESC LIMIT 1",
            visitor.created_at - GOES_ON_MS,
            identity.clone(),
        ),
        None => (
            "SELECT id FROM conversations WHERE workspace = ? AND last_at >= ? AND visitor = ?
             AND due_at IS NULL ORDER BY last_at DESC LIMIT 1",
            visitor.created_at,
            visitor.id.to_string(),
        ),
    };
    let found: Option<ConversationId> = conn
        .prepare_cached(sql)?
        .query_row((visitor.workspace, since, whose), |row| row.get(0))
        .optional()?;
    let Some(id) = found else { return Ok(None) };
    let mut own = conversations::get(conn, visitor.workspace, id)?;
    // Staff may have joined it with another one of the same person.
    for _ in 0..MOST_MERGES {
        let Some(into) = own.merged_into else { break };
        let next = conversations::get(conn, visitor.workspace, into)?;
        // By mistake it may be that of somebody whom the website vouches for; nobody else reads that.
        if next.identity.is_some() && next.identity != visitor.identity {
            break;
        }
        own = next;
    }
    Ok(Some(own))
}

/// Every conversation of the visitor, also what waits for deletion and what staff joined with another one; and the one that
/// is shown to them.
pub fn all_conversations(
    conn: &Connection,
    visitor: &Visitor,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM conversations WHERE workspace = ? AND visitor = ? ORDER BY last_at DESC, id",
    )?;
    let rows = statement.query_map((visitor.workspace, visitor.id.to_string()), |row| {
        row.get(0)
    })?;
    let own: Vec<ConversationId> = rows.collect::<Result<_, _>>()?;
    let shown = find_conversation(conn, visitor)?.map(|shown| shown.id);
    // The one that is shown comes first.
    let rest = own.into_iter().filter(|id| Some(*id) != shown);
    Ok(shown.into_iter().chain(rest).collect())
}

/// A conversation that somebody whom their website vouches for had before the one that is shown to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub id: ConversationId,
    pub last_at: UnixMs,
    /// What they said first.
    pub first: String,
}

/// The latest first. Whoever nobody vouches for has none: a name and an address can be anybody's.
pub fn earlier_conversations(
    conn: &Connection,
    visitor: &Visitor,
    limit: u32,
) -> Result<Vec<Earlier>, StoreError> {
    let Some(identity) = &visitor.identity else {
        return Ok(Vec::new());
    };
    let shown = find_conversation(conn, visitor)?.map(|shown| shown.id);
    // One in which they said nothing is none for them.
    let mut statement = conn.prepare_cached(
        "SELECT id, last_at, first FROM (SELECT c.id, c.last_at,
             (SELECT m.text FROM messages m WHERE m.conversation = c.id AND m.role = 'user' ORDER BY m.seq LIMIT 1) AS first
         FROM conversations c WHERE c.workspace = ?1 AND c.identity = ?2 AND c.due_at IS NULL
           AND c.merged_into IS NULL AND c.id IS NOT ?3 ORDER BY c.last_at DESC)
         WHERE first IS NOT NULL LIMIT ?4",
    )?;
    let rows = statement.query_map((visitor.workspace, identity, shown, limit), |row| {
        Ok(Earlier {
            id: row.get(0)?,
            last_at: row.get(1)?,
            first: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One of them.
///
/// # Errors
/// `NotFound` for a conversation that is not theirs by their website's word.
pub fn earlier_conversation(
    conn: &Connection,
    visitor: &Visitor,
    id: ConversationId,
) -> Result<Scoped<Conversation>, StoreError> {
    let own = conversations::get(conn, visitor.workspace, id)?;
    match visitor.identity.is_some() && own.identity == visitor.identity {
        true => Ok(own),
        false => Err(StoreError::NotFound("the conversation")),
    }
}

/// Notes by whom the business's website says that the visitor is. What they said before in this visit is theirs.
pub fn recognise(
    tx: &Transaction<'_>,
    visitor: &Visitor,
    identity: &str,
    contact: ContactId,
) -> Result<(), StoreError> {
    if visitor.identity.is_none()
        && let Some(own) = find_conversation(tx, visitor)?
    {
        conversations::recognise(tx, &own, identity, Some(contact))?;
    }
    tx.prepare_cached("UPDATE visitors SET identity = ?, contact = ? WHERE id = ?")?
        .execute((identity, contact, visitor.id))?;
    Ok(())
}

/// Notes what the page says of the visitor.
pub fn set_claimed(
    tx: &Transaction<'_>,
    visitor: VisitorId,
    claimed: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE visitors SET claimed = ? WHERE id = ?")?
        .execute((Json(claimed), visitor))?;
    Ok(())
}

/// Notes the assistant that the key on the page names.
pub fn set_assistant(
    tx: &Transaction<'_>,
    visitor: VisitorId,
    assistant: Option<AssistantId>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE visitors SET assistant = ?1 WHERE id = ?2 AND assistant IS NOT ?1
           AND (?1 IS NULL OR EXISTS (SELECT 1 FROM assistants a
                                      WHERE a.id = ?1 AND a.workspace = visitors.workspace))",
    )?
    .execute((assistant, visitor))?;
    Ok(())
}

/// The visits of the same person that go on, on whatever device; also this one.
pub fn of_same_person(
    conn: &Connection,
    visitor: &Visitor,
    now: UnixMs,
) -> Result<Vec<VisitorId>, StoreError> {
    let Some(identity) = &visitor.identity else {
        return Ok(vec![visitor.id]);
    };
    super::erasure::ids(
        conn,
        "SELECT id FROM visitors WHERE workspace = ? AND identity = ? AND expires_at > ?",
        (visitor.workspace, identity, now),
    )
}

/// Ends all visits of a workspace; their conversations stay.
pub fn end_all(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE visitors SET expires_at = ?1 WHERE workspace = ?2 AND expires_at > ?1",
    )?
    .execute((now, workspace))?;
    Ok(())
}

/// Ends a visit; its conversation stays.
pub fn remove(tx: &Transaction<'_>, visitor: VisitorId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM visitors WHERE id = ?")?
        .execute([visitor])?;
    Ok(())
}

/// Removes visitors whose token has expired, but not their conversations; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM visitors WHERE expires_at <= ?", [now])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::{Channel, NewConversation};
    use crate::store::token::{Token, TokenKind};
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn a_visitor_finds_only_what_is_theirs_and_only_in_time() {
        let store = Store::open_in_memory().unwrap();
        store
            .write(|tx| {
                let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let tokens = [
                    Token::generate(TokenKind::Visitor)?,
                    Token::generate(TokenKind::Visitor)?,
                ];
                let hashes = tokens.each_ref().map(Token::hash);
                for hash in &hashes {
                    create(tx, workspace, hash, Some("https://shop.example"), 10, 100)?;
                }
                assert!(find_valid(tx, &hashes[0], 100)?.is_none());
                assert!(find_valid(tx, &hashes[0], 9)?.is_none());
                let [ann, ben] =
                    [&hashes[0], &hashes[1]].map(|hash| find_valid(tx, hash, 50).unwrap().unwrap());
                assert_eq!(ann.origin.as_deref(), Some("https://shop.example"));
                let name = ann.id.to_string();
                let new = NewConversation {
                    assistant: None,
                    channel: Channel::Chat,
                    visitor: Some(&name),
                    title: "",
                    begun_by: None,
                    page: None,
                };
                let hers = conversations::create(tx, workspace, &new, 60)?.id;
                assert_eq!(find_conversation(tx, &ann)?.map(|c| c.id), Some(hers));
                assert!(find_conversation(tx, &ben)?.is_none());
                touch(tx, ann.id, 70)?;
                assert_eq!(find_valid(tx, &hashes[0], 80)?.unwrap().last_seen_at, 70);
                assert_eq!(purge_expired(tx, 99)?, 0);
                assert_eq!(purge_expired(tx, 100)?, 2);
                Ok(())
            })
            .await
            .unwrap();
    }

    fn begin(tx: &Transaction<'_>, workspace: WorkspaceId) -> (TokenHash, Visitor) {
        let hash = Token::generate(TokenKind::Visitor).unwrap().hash();
        create(tx, workspace, &hash, None, 10, 1000).unwrap();
        (hash, find_valid(tx, &hash, 20).unwrap().unwrap())
    }

    fn talk(tx: &Transaction<'_>, visitor: &Visitor, now: UnixMs) -> Scoped<Conversation> {
        let name = visitor.id.to_string();
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: Some(&name),
            title: "",
            begun_by: None,
            page: None,
        };
        conversations::create(tx, visitor.workspace, &new, now).unwrap()
    }

    #[test]
    fn what_a_website_vouches_for_goes_along_to_another_device_and_to_nobody_else() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let card = super::super::contacts::Card::default();
            let ann = super::super::contacts::create(tx, shop, &card, 1)?.id;
            let found =
                |visitor: &Visitor| find_conversation(tx, visitor).unwrap().map(|own| own.id);

            // What was said before goes along.
            let (hash, visit) = begin(tx, shop);
            let said = talk(tx, &visit, 20).id;
            recognise(tx, &visit, "42", ann)?;
            let here = find_valid(tx, &hash, 20)?.unwrap();
            assert_eq!(
                (here.identity.as_deref(), here.contact),
                (Some("42"), Some(ann))
            );
            assert_eq!(found(&here), Some(said));
            let (_, visit) = begin(tx, shop);
            assert_eq!(found(&visit), None);
            let there = Visitor {
                identity: Some("42".into()),
                ..visit.clone()
            };
            assert_eq!(found(&there), Some(said));
            for (identity, workspace) in [("43", shop), ("42", other)] {
                let wrong = Visitor {
                    identity: Some(identity.into()),
                    workspace,
                    ..visit.clone()
                };
                assert_eq!(found(&wrong), None, "{identity}");
            }
            // Much later a new one begins.
            let late = Visitor {
                created_at: 21 + GOES_ON_MS,
                ..there
            };
            assert_eq!(found(&late), None);

            // A conversation that staff joined with it by mistake shows nothing of it.
            let (_, anybody) = begin(tx, shop);
            let theirs = talk(tx, &anybody, 30).id;
            tx.execute(
                "UPDATE conversations SET merged_into = ? WHERE id = ?",
                (said, theirs),
            )?;
            assert_eq!(found(&anybody), Some(theirs));

            super::super::identities::renew(tx, shop, "key", 50)?;
            assert!(find_valid(tx, &hash, 50)?.is_none());
            Ok(())
        });
        done.unwrap();
    }
}
