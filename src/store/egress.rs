//! The ledger of what left this machine: one row for every request and stream, the refused ones too. Rows tell
//! where, why, how much and of what kind, never what.

use rusqlite::{Connection, Row, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::{StoreError, UnixMs, WorkspaceId};

/// A request or stream that is about to go out.
#[derive(Debug, Clone)]
pub struct NewRequest<'a> {
    /// For whom, unless it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    /// What for ("web page", "robots.txt").
    pub purpose: &'a str,
    /// What kinds of data it carries ("metadata, encrypted").
    pub data: &'a str,
    /// HTTP method; the protocol of a stream.
    pub method: &'a str,
    /// Host that it goes to.
    pub host: &'a str,
    /// The address in full.
    pub url: &'a str,
    /// Size of the request in bytes: its line, headers and body.
    pub bytes_sent: i64,
}

/// How a request ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The IP address that was connected to, or refused.
    pub address: Option<String>,
    /// Bytes of the request; 0 when nothing was sent.
    pub bytes_sent: i64,
    /// Bytes of the body that came, as they came over the network; of a stream all that came.
    pub bytes_received: i64,
    /// HTTP status.
    pub status: Option<u16>,
    /// Why it was refused or failed.
    pub error: Option<String>,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// For whom.
    pub workspace: Option<WorkspaceId>,
    /// What for.
    pub purpose: String,
    /// What kinds of data it carried.
    pub data: String,
    /// HTTP method; the protocol of a stream.
    pub method: String,
    /// Host.
    pub host: String,
    /// The address in full.
    pub url: String,
    /// How it ended; empty while it runs.
    pub outcome: Outcome,
    /// When it went out.
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

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// All.
    All,
    /// What was done for a workspace.
    Of(WorkspaceId),
    /// That, and what concerns the whole installation.
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
    /// Those that a caller bound to this workspace, or to none, may see.
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

/// Writes a request down before it goes out; returns its number.
pub fn append(
    tx: &Transaction<'_>,
    request: &NewRequest<'_>,
    now: UnixMs,
) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached(
            "INSERT INTO egress (workspace, purpose, data, method, host, url, bytes_sent, bytes_received, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
        )?
        .insert((
            request.workspace,
            request.purpose,
            request.data,
            request.method,
            request.host,
            request.url,
            request.bytes_sent,
            now,
        ))?)
}

/// Writes down how a request ended.
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

/// The last requests and streams, newest first.
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

/// What went where since a moment, by host, purpose and kinds of data, the most recent first.
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
