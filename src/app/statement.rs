//! The monthly statement: what left this machine in a month, by purpose, and how much of it was what people said.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::egress::Class;
use crate::store::egress::{self, PurposeTotal, Rows};
use crate::store::{Store, StoreError, UnixMs, WorkspaceId, providers};

#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    #[error("{0:?} is no month; write it as in 2026-12")]
    Month(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A calendar month in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Such as `2026-12`.
    pub name: String,
    /// Its first moment, and the first of the next one.
    pub since: UnixMs,
    pub until: UnixMs,
}

impl Month {
    /// Reads `2026-12`; an empty text is the month of `now`.
    pub fn parse(text: &str, now: UnixMs) -> Result<Self, StatementError> {
        let wrong = || StatementError::Month(text.to_owned());
        let first = match text.trim() {
            "" => jiff::Timestamp::from_millisecond(now)
                .unwrap_or_default()
                .to_zoned(TimeZone::UTC)
                .date()
                .first_of_month(),
            text => {
                let (year, month) = text.split_once('-').ok_or_else(wrong)?;
                let (year, month) = (year.parse().ok(), month.parse().ok());
                let (Some(year), Some(month)) = (year, month) else {
                    return Err(wrong());
                };
                Date::new(year, month, 1).map_err(|_| wrong())?
            }
        };
        let start = |date: Date| {
            let zoned = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
            Ok::<_, StatementError>(zoned.timestamp().as_millisecond())
        };
        let next = first.last_of_month().tomorrow().map_err(|_| wrong())?;
        Ok(Self {
            name: format!("{:04}-{:02}", first.year(), first.month()),
            since: start(first)?,
            until: start(next)?,
        })
    }
}

/// What left this machine in a month.
#[derive(Debug, Clone)]
pub struct Statement {
    pub month: Month,
    /// Requests and streams that carried what people said, readable for whoever got it. Machines of the owner's own do
    /// not count.
    pub said: u64,
    /// The whole in a sentence.
    pub told: String,
    pub rows: Vec<PurposeTotal>,
}

/// The statement of a workspace and the installation, or of everything.
pub async fn make(
    store: &Store,
    workspace: Option<WorkspaceId>,
    month: Month,
) -> Result<Statement, StatementError> {
    let (since, until) = (month.since, month.until);
    let read = store.read(move |conn| {
        let which = workspace.map_or(Rows::All, Rows::OfAndInstallation);
        let rows = egress::by_purpose(conn, which, since, until)?;
        let own: Vec<String> = match workspace {
            Some(workspace) => {
                let all = providers::list(conn, workspace)?.into_iter();
                all.filter(|provider| provider.own)
                    .map(|provider| provider.name)
                    .collect()
            }
            None => Vec::new(),
        };
        Ok((rows, own))
    });
    let (rows, own) = read.await?;
    let carries = |row: &&PurposeTotal| {
        let is_own = row.provider.as_ref().is_some_and(|name| own.contains(name));
        let mut classes = row.data.split(", ");
        !is_own && classes.any(|class| class == Class::Customer.name())
    };
    let said: u64 = rows.iter().filter(carries).map(|row| row.requests).sum();
    let told = match said {
        0 => format!("0 conversations left this building in {}.", month.name),
        1 => format!("1 request of {} carried what people said.", month.name),
        many => format!(
            "{many} requests of {} carried what people said.",
            month.name
        ),
    };
    Ok(Statement {
        month,
        said,
        told,
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::egress::{NewRequest, Outcome, append, close};
    use crate::store::workspaces;

    #[test]
    fn months_are_read_and_nonsense_is_refused() {
        let month = Month::parse("2026-12", 0).unwrap();
        assert_eq!(
            (month.since, month.until),
            (1_796_083_200_000, 1_798_761_600_000)
        );
        assert_eq!(Month::parse("", month.since).unwrap(), month);
        assert_eq!(Month::parse(" ", month.until - 1).unwrap(), month);
        for bad in ["2026", "2026-13", "x-1", "2026-00", "-1-1"] {
            assert!(Month::parse(bad, 0).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn only_what_people_said_and_what_was_sent_counts() {
        let store = Store::open_in_memory().unwrap();
        let shop = store
            .write(|tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let line = |data, sent, at| {
                    let new = NewRequest {
                        workspace: Some(shop),
                        purpose: "language model",
                        data,
                        provider: Some("Cloud"),
                        method: "POST",
                        host: "a.example",
                        url: "https://a.example/",
                        bytes_sent: 0,
                    };
                    let id = append(tx, &new, at)?;
                    let outcome = Outcome {
                        bytes_sent: sent,
                        ..Outcome::default()
                    };
                    close(tx, id, &outcome)
                };
                line("metadata, business", 10, 1_796_083_200_000)?;
                line("metadata, customer", 0, 1_796_083_200_001)?;
                line("metadata, customer", 10, 1_796_083_199_999)?;
                Ok(shop)
            })
            .await
            .unwrap();
        let month = || Month::parse("2026-12", 0).unwrap();
        let statement = make(&store, Some(shop), month()).await.unwrap();
        assert_eq!(
            statement.told,
            "0 conversations left this building in 2026-12."
        );
        assert_eq!(statement.rows.len(), 1);
        let before = Month::parse("2026-11", 0).unwrap();
        let statement = make(&store, Some(shop), before).await.unwrap();
        assert_eq!(statement.said, 1);
    }
}
