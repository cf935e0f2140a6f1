//! The ledger of everything that left this machine: one row for every request and stream, including refused ones. A row
//! says where, why, how much and what kind of data, never the data itself.

use rusqlite::{Connection, Row, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::{StoreError, UnixMs, WorkspaceId};

/// A request or stream about to go out.
#[derive(Debug, Clone)]
pub struct NewRequest<'a> {
    /// `None` if it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    /// Such as "web page" or "robots.txt".
    pub purpose: &'a str,
    /// Kinds of data it carries, such as "metadata, encrypted".
    pub data: &'a str,
    /// Name of the provider that it goes to, if it goes to one.
    pub provider: Option<&'a str>,
    /// HTTP method, or the protocol of a stream.
    pub method: &'a str,
    pub host: &'a str,
    pub url: &'a str,
    /// Size of the request: request line, headers and body.
    pub bytes_sent: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The IP address that was connected to or refused.
    pub address: Option<String>,
    /// 0 when nothing was sent.
    pub bytes_sent: i64,
    /// Bytes of the response body as received; for a stream, all bytes received.
    pub bytes_received: i64,
    pub status: Option<u16>,
    /// Why it was refused or failed.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: i64,
    pub workspace: Option<WorkspaceId>,
    pub purpose: String,
    pub data: String,
    /// Name of the provider that it went to.
    pub provider: Option<String>,
    /// HTTP method, or the protocol of a stream.
    pub method: String,
    pub host: String,
    pub url: String,
    /// Empty while it runs.
    pub outcome: Outcome,
    pub at: UnixMs,
}

/// What went to one host for one purpose with the same kinds of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TotalView)]
pub struct Total {
    /// Host.
    pub host: String,
    /// What for.
    pub purpose: String,
    /// What kinds of data were sent, such as `metadata, encrypted`.
    pub data: String,
    /// Requests and streams.
    pub requests: u32,
    /// Of them, how many were refused or failed.
    pub errors: u32,
    /// Bytes sent.
    pub bytes_sent: i64,
    /// Bytes received.
    pub bytes_received: i64,
    /// When the last one went out, in Unix milliseconds.
    #[schema(value_type = i64)]
    pub last_at: UnixMs,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    All,
    /// Rows of one workspace.
    Of(WorkspaceId),
    /// Rows of one workspace and of the whole installation.
    OfAndInstallation(WorkspaceId),
}

impl Rows {
    /// The workspace, and whether rows of the installation count too.
    fn parameters(self) -> (Option<WorkspaceId>, bool) {
        match self {
            Self::All => (None, true),
            Self::Of(workspace) => (Some(workspace), false),
            Self::OfAndInstallation(workspace) => (Some(workspace), true),
        }
    }
}

impl From<Option<WorkspaceId>> for Rows {
    /// The rows that a caller bound to this workspace, or to none, may see.
    fn from(bound_to: Option<WorkspaceId>) -> Self {
        bound_to.map_or(Self::All, Self::Of)
    }
}

impl Entry {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            workspace: row.get("workspace")?,
            purpose: row.get("purpose")?,
            data: row.get("data")?,
            provider: row.get("provider")?,
            method: row.get("method")?,
            host: row.get("host")?,
            url: row.get("url")?,
            outcome: Outcome {
                address: row.get("address")?,
                bytes_sent: row.get("bytes_sent")?,
                bytes_received: row.get("bytes_received")?,
                status: row.get("status")?,
                error: row.get("error")?,
            },
            at: row.get("at")?,
        })
    }
}

/// Enters a request before it goes out; returns its number.
pub fn append(
    tx: &Transaction<'_>,
    request: &NewRequest<'_>,
    now: UnixMs,
) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached(
            "INSERT INTO egress (workspace, purpose, data, provider, method, host, url, bytes_sent, bytes_received, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
        )?
        .insert((
            request.workspace,
            request.purpose,
            request.data,
            request.provider,
            request.method,
            request.host,
            request.url,
            request.bytes_sent,
            now,
        ))?)
}

/// Enters how a request ended.
pub fn close(tx: &Transaction<'_>, id: i64, outcome: &Outcome) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE egress SET address = ?, bytes_sent = ?, bytes_received = ?, status = ?, error = ?
         WHERE id = ?",
    )?
    .execute((
        &outcome.address,
        outcome.bytes_sent,
        outcome.bytes_received,
        outcome.status,
        &outcome.error,
        id,
    ))?;
    Ok(())
}

/// The latest requests and streams, newest first.
pub fn list(
    conn: &Connection,
    which: impl Into<Rows>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT * FROM egress WHERE ?1 IS NULL OR workspace = ?1 OR (?2 AND workspace IS NULL)
         ORDER BY id DESC LIMIT ?3",
    )?;
    let (workspace, installation) = which.into().parameters();
    let rows = statement.query_map((workspace, installation, limit), Entry::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Totals since a moment by host, purpose and kinds of data, the most recent first.
pub fn totals(
    conn: &Connection,
    which: impl Into<Rows>,
    since: UnixMs,
) -> Result<Vec<Total>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT host, purpose, data, count(*) AS requests, count(error) AS errors,
                sum(bytes_sent) AS sent, sum(bytes_received) AS received, max(at) AS last
         FROM egress WHERE (?1 IS NULL OR workspace = ?1 OR (?2 AND workspace IS NULL)) AND at >= ?3
         GROUP BY host, purpose, data ORDER BY last DESC, host, purpose, data",
    )?;
    let (workspace, installation) = which.into().parameters();
    let rows = statement.query_map((workspace, installation, since), |row| {
        Ok(Total {
            host: row.get("host")?,
            purpose: row.get("purpose")?,
            data: row.get("data")?,
            requests: row.get("requests")?,
            errors: row.get("errors")?,
            bytes_sent: row.get("sent")?,
            bytes_received: row.get("received")?,
            last_at: row.get("last")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What went out for one purpose with the same kinds of data, within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeTotal {
    pub purpose: String,
    pub data: String,
    /// Name of the provider that it went to.
    pub provider: Option<String>,
    /// Requests and streams that sent anything.
    pub requests: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
}

/// Totals by purpose, kinds of data and provider from `since` until before `until`. Refused requests do not count.
pub fn by_purpose(
    conn: &Connection,
    which: impl Into<Rows>,
    since: UnixMs,
    until: UnixMs,
) -> Result<Vec<PurposeTotal>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT purpose, data, provider, count(*) AS requests, sum(bytes_sent) AS sent, sum(bytes_received) AS received
         FROM egress WHERE (?1 IS NULL OR workspace = ?1 OR (?2 AND workspace IS NULL))
             AND at >= ?3 AND at < ?4 AND bytes_sent > 0
         GROUP BY purpose, data, provider ORDER BY purpose, data, provider",
    )?;
    let (workspace, installation) = which.into().parameters();
    let rows = statement.query_map((workspace, installation, since, until), |row| {
        let number = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
        Ok(PurposeTotal {
            purpose: row.get("purpose")?,
            data: row.get("data")?,
            provider: row.get("provider")?,
            requests: number("requests")?,
            bytes_sent: number("sent")?,
            bytes_received: number("received")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Requests and streams from `since` until before `until` whose number is above `after`, oldest first.
pub fn between(
    conn: &Connection,
    which: impl Into<Rows>,
    (since, until): (UnixMs, UnixMs),
    after: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT * FROM egress WHERE (?1 IS NULL OR workspace = ?1 OR (?2 AND workspace IS NULL))
             AND at >= ?3 AND at < ?4 AND id > ?5 ORDER BY id LIMIT ?6",
    )?;
    let (workspace, installation) = which.into().parameters();
    let rows = statement.query_map(
        (workspace, installation, since, until, after, limit),
        Entry::from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes rows from at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM egress WHERE at <= ?", [before])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn totals_count_what_went_where() {
        let store = Store::open_in_memory().unwrap();
        let (mine, all, with_own, totals, purged) = store
            .write(|tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let bar = workspaces::get_or_create(tx, "bar", "Bar", 1)?.id;
                let new = |workspace, host| NewRequest {
                    workspace: Some(workspace),
                    purpose: "web page",
                    data: "metadata",
                    provider: None,
                    method: "GET",
                    host,
                    url: "https://x/",
                    bytes_sent: 100,
                };
                let outcome = |status: Option<u16>, error: Option<&str>| Outcome {
                    address: Some("1.1.1.1".into()),
                    bytes_sent: 100,
                    bytes_received: 5,
                    status,
                    error: error.map(str::to_owned),
                };
                let a = append(tx, &new(shop, "a.example"), 10)?;
                close(tx, a, &outcome(Some(200), None))?;
                let b = append(tx, &new(shop, "a.example"), 20)?;
                close(tx, b, &outcome(None, Some("refused")))?;
                let installation = NewRequest {
                    workspace: None,
                    ..new(shop, "s3.example")
                };
                append(tx, &installation, 25)?;
                append(tx, &new(bar, "b.example"), 30)?;
                Ok((
                    list(tx, Some(shop), 10)?,
                    list(tx, None, 2)?,
                    list(tx, Rows::OfAndInstallation(shop), 10)?,
                    totals(tx, Some(shop), 0)?,
                    purge(tx, 20)?,
                ))
            })
            .await
            .unwrap();
        assert_eq!(mine.len(), 2);
        assert_eq!(mine[0].outcome.error.as_deref(), Some("refused"));
        assert_eq!(mine[1].outcome.status, Some(200));
        assert_eq!(all[0].host, "b.example");
        assert_eq!(
            (with_own.len(), with_own[0].host.as_str()),
            (3, "s3.example")
        );
        assert_eq!(totals.len(), 1);
        let total = &totals[0];
        assert_eq!(total.data, "metadata");
        assert_eq!((total.requests, total.errors, total.last_at), (2, 1, 20));
        assert_eq!((total.bytes_sent, total.bytes_received), (200, 10));
        assert_eq!(purged, 2);
    }
}
