//! Recordings of calls, in pieces, so that what is written stays readable if the server dies during the call.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::calls::Call;
use super::{CallId, Scoped, StoreError, UnixMs, WorkspaceId};

/// A recording: its pieces, joined in order, are one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub call: CallId,
    /// Media type of the joined file.
    pub format: String,
    /// In Hz.
    pub sample_rate: u32,
    pub duration_ms: i64,
    pub created_at: UnixMs,
    /// When to delete it.
    pub purge_at: UnixMs,
    /// Size of the joined file.
    pub bytes: u64,
}

impl Recording {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            call: row.get("call")?,
            format: row.get("format")?,
            sample_rate: row.get("sample_rate")?,
            duration_ms: row.get("duration_ms")?,
            created_at: row.get("created_at")?,
            purge_at: row.get("purge_at")?,
            bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub struct NewRecording<'a> {
    /// Media type of the joined file.
    pub format: &'a str,
    /// In Hz.
    pub sample_rate: u32,
    /// When to delete it.
    pub purge_at: UnixMs,
}

/// `Conflict` if the call already has a recording.
pub fn start(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    new: &NewRecording<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let made = tx
        .prepare_cached(
            "INSERT INTO recordings (call, format, sample_rate, created_at, purge_at)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT (call) DO NOTHING",
        )?
        .execute((call.id, new.format, new.sample_rate, now, new.purge_at))?;
    if made == 0 {
        return Err(StoreError::Conflict("this call is recorded already".into()));
    }
    Ok(())
}

/// Adds a piece, numbered from 0; `duration_ms` is the total length including it. `NotFound` if the recording was
/// deleted meanwhile.
pub fn append(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    number: u32,
    data: &[u8],
    duration_ms: i64,
) -> Result<(), StoreError> {
    let known = tx
        .prepare_cached("UPDATE recordings SET duration_ms = ? WHERE call = ?")?
        .execute((duration_ms, call.id))?;
    if known == 0 {
        return Err(StoreError::NotFound("the recording"));
    }
    tx.prepare_cached("INSERT INTO recording_parts (call, number, data) VALUES (?, ?, ?)")?
        .execute((call.id, number, data))?;
    Ok(())
}

/// The recording of a call of this workspace; one that waits for deletion, itself or with its call, counts as gone.
pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    call: CallId,
) -> Result<Option<Scoped<Recording>>, StoreError> {
    sought(
        conn,
        workspace,
        call,
        "AND r.due_at IS NULL AND c.due_at IS NULL",
    )
}

/// Like [`find`], but also finds one that waits for deletion: for copying a person's data.
pub fn find_even_due(
    conn: &Connection,
    workspace: WorkspaceId,
    call: CallId,
) -> Result<Option<Scoped<Recording>>, StoreError> {
    sought(conn, workspace, call, "")
}

fn sought(
    conn: &Connection,
    workspace: WorkspaceId,
    call: CallId,
    and: &str,
) -> Result<Option<Scoped<Recording>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT r.call, r.format, r.sample_rate, r.duration_ms, r.created_at, r.purge_at,
                    (SELECT coalesce(sum(length(p.data)), 0) FROM recording_parts p
                     WHERE p.call = r.call) AS bytes
             FROM recordings r JOIN calls c ON c.id = r.call
             WHERE c.workspace = ? AND r.call = ? {and}"
        ))?
        .query_row((workspace, call), Recording::from_row)
        .optional()?
        .map(|recording| Scoped::proven(workspace, recording)))
}

/// Bytes `from..to` of the joined file; fewer at the end.
pub fn read(
    conn: &Connection,
    recording: &Scoped<Recording>,
    from: u64,
    to: u64,
) -> Result<Vec<u8>, StoreError> {
    if from >= to {
        return Ok(Vec::new());
    }
    let wanted = to - from;
    let mut bytes = Vec::with_capacity(usize::try_from(wanted.min(1 << 20)).unwrap_or(0));
    let mut sizes = conn.prepare_cached(
        "SELECT number, length(data) FROM recording_parts WHERE call = ? ORDER BY number",
    )?;
    let sizes: Vec<(u32, i64)> = sizes
        .query_map([recording.call], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut part = conn.prepare_cached(
        "SELECT substr(data, ?, ?) FROM recording_parts WHERE call = ? AND number = ?",
    )?;
    let mut begin = 0_u64;
    for (number, size) in sizes {
        let end = begin + size.unsigned_abs();
        if end > from && begin < to {
            let first = from.saturating_sub(begin);
            let count = to.min(end) - begin - first;
            // SQLite counts bytes from 1.
            let (first, count) = (first as i64 + 1, count as i64);
            let piece: Vec<u8> =
                part.query_row((first, count, recording.call, number), |row| row.get(0))?;
            bytes.extend_from_slice(&piece);
        }
        begin = end;
    }
    Ok(bytes)
}

/// Deletes a recording, but not its call.
pub fn delete(tx: &Transaction<'_>, recording: &Scoped<Recording>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recordings WHERE call = ?", [recording.call])?;
    Ok(())
}
