//! Finding conversations by words in their messages, the one with the latest such message first.

use std::collections::HashSet;

use rusqlite::{Connection, ToSql};

use super::list::{self, InboxRow, PREVIEW};
use super::view::{InboxFilter, View};
use super::words::Sought;
use crate::store::listing::Conditions;
use crate::store::messages::Speaker;
use crate::store::{ConversationId, StoreError, WorkspaceId};

/// How many found messages are looked at for one page, so that a frequent word with a filter that hardly anything passes
/// takes no longer than a page may; about 10 µs each.
const MOST_HITS: u32 = 5000;
/// If no more conversations than this pass the filter, they are looked up at once instead of one by one.
const FEW: u32 = 2000;
/// How many found messages before a page are looked at, so that no conversation is listed on two pages.
const MOST_BEFORE: u32 = 2000;

/// Walks from the newest message to the oldest. `CROSS JOIN` keeps SQLite from beginning with all messages.
pub(super) const NEWEST_FIRST: &str = "SELECT m.seq, m.conversation FROM messages_fts f CROSS JOIN messages m ON m.seq = f.rowid
     WHERE f.messages_fts MATCH ?1 AND f.rowid < ?2 AND m.workspace = ?3 ORDER BY f.rowid DESC LIMIT ?4";
const UP_TO_NEWER: &str = "SELECT m.conversation FROM messages_fts f CROSS JOIN messages m ON m.seq = f.rowid
     WHERE f.messages_fts MATCH ?1 AND f.rowid >= ?2 AND m.workspace = ?3 ORDER BY f.rowid LIMIT ?4";

/// At most `limit` conversations after the filter's place.
pub(super) fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &InboxFilter,
    sought: &Sought,
    limit: u32,
) -> Result<Vec<InboxRow>, StoreError> {
    let few = find_few(conn, workspace, filter)?;
    if few.as_ref().is_some_and(HashSet::is_empty) {
        return Ok(Vec::new());
    }
    let before = filter.before.map_or(i64::MAX, |cursor| cursor.at);
    let mut seen: HashSet<ConversationId> = HashSet::new();
    if filter.before.is_some() {
        let mut newer = conn.prepare_cached(UP_TO_NEWER)?;
        let listed = newer.query_map((&sought.query, before, workspace, MOST_BEFORE), |row| {
            row.get::<_, ConversationId>(0)
        })?;
        seen = listed.collect::<Result<_, _>>()?;
    }
    let mut rows = Vec::new();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut hits = conn.prepare_cached(NEWEST_FIRST)?;
    let mut hits = hits.query((&sought.query, before, workspace, MOST_HITS))?;
    while let Some(hit) = hits.next()? {
        let (seq, id): (i64, ConversationId) = (hit.get(0)?, hit.get(1)?);
        if !seen.insert(id) {
            continue;
        }
        let passes = match &few {
            Some(few) => few.contains(&id),
            None => passes(conn, workspace, filter, id)?,
        };
        if !passes {
            continue;
        }
        if let Some(mut row) = list::find(conn, workspace, id, filter.me)? {
            row.preview = Some(excerpt(conn, sought, seq)?);
            row.found = Some(seq);
            rows.push(row);
        }
        if rows.len() >= wanted {
            break;
        }
    }
    Ok(rows)
}

/// All conversations that pass the filter, if they are few; a search of everything is not asked.
fn find_few(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &InboxFilter,
) -> Result<Option<HashSet<ConversationId>>, StoreError> {
    let everything = InboxFilter {
        view: filter.view,
        me: filter.me,
        text: filter.text.clone(),
        before: filter.before,
        now: filter.now,
        ..InboxFilter::default()
    };
    if matches!(filter.view, View::All | View::Everything) && *filter == everything {
        return Ok(None);
    }
    let whole = InboxFilter {
        // With words it is the place of a message.
        before: None,
        ..filter.clone()
    };
    let found = whole.page(conn, workspace, FEW + 1)?;
    let few = u32::try_from(found.len()).is_ok_and(|found| found <= FEW);
    Ok(few.then(|| found.into_iter().map(|place| place.id).collect()))
}

fn passes(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &InboxFilter,
    id: ConversationId,
) -> Result<bool, StoreError> {
    let one = 1_u32;
    let mut wanted = Conditions::default();
    wanted.add("c.id = ?", &id);
    if !filter.add_to(&mut wanted, &workspace) {
        return Ok(false);
    }
    if let Some(tag) = &filter.tag {
        wanted.add(
            "EXISTS (SELECT 1 FROM conversation_tags g WHERE g.conversation = c.id AND g.tag = ?)",
            tag,
        );
    }
    if let (View::Mentions, Some(me)) = (filter.view, &filter.me) {
        wanted.add(
            "EXISTS (SELECT 1 FROM notes n JOIN mentions m ON m.note = n.id
             WHERE n.conversation = c.id AND m.user = ? AND m.seen_at IS NULL)",
            me,
        );
    }
    let (conditions, values) = wanted.limited(&one);
    let values: &[&dyn ToSql] = &values;
    let mut statement = conn.prepare_cached(&format!(
        "SELECT 1 FROM conversations c WHERE {conditions} LIMIT ?"
    ))?;
    Ok(statement.exists(values)?)
}

fn excerpt(conn: &Connection, sought: &Sought, seq: i64) -> Result<(Speaker, String), StoreError> {
    let (role, text): (Speaker, String) = conn
        .prepare_cached("SELECT role, text FROM messages WHERE seq = ?")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((role, sought.excerpt(&text, PREVIEW)))
}
