//! Which front desk a page belongs to: pages name it by a site key.

use serde::Deserialize;

use super::settings::WidgetSettings;
use crate::app::App;
use crate::http::auth::DEFAULT_WORKSPACE;
use crate::http::problem::Problem;
use crate::store::workspaces::{self, Workspace};
use crate::store::{Connection, StoreError, UnixMs, WorkspaceId, site_keys};

/// Most days that the old key stays valid after a renewal.
const MOST_DAYS: u16 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How a page names its front desk.
#[derive(Debug, Default, Deserialize)]
pub(in crate::http) struct Which {
    #[serde(rename = "s")]
    pub(in crate::http) site: Option<String>,
    /// A workspace's short name, from pages that are older than site keys. To be removed with the next release.
    #[serde(rename = "w")]
    pub(in crate::http) workspace: Option<String>,
}

impl Which {
    pub(in crate::http) fn site(key: String) -> Self {
        Self {
            site: Some(key),
            workspace: None,
        }
    }

    /// Finds the front desk and its settings, whether it is open or not. Names work for every workspace on this machine
    /// itself; from elsewhere only for those whose old pages may still use one.
    pub(in crate::http) fn find(
        &self,
        conn: &Connection,
        now: UnixMs,
        at_machine: bool,
    ) -> Result<Option<(Workspace, WidgetSettings)>, StoreError> {
        let found = match (&self.site, &self.workspace) {
            (Some(key), _) => site_keys::find(conn, key, now)?,
            (None, name) => {
                let name = name.as_deref().unwrap_or(DEFAULT_WORKSPACE);
                match at_machine {
                    true => workspaces::find_by_name(conn, name)?,
                    false => site_keys::find_by_name(conn, name, now)?,
                }
            }
        };
        let with_settings = |workspace: Workspace| {
            let settings = WidgetSettings::in_force(conn, workspace.id, at_machine)?;
            Ok((workspace, settings))
        };
        found.map(with_settings).transpose()
    }
}

/// Gives a workspace a new key. The old one stays valid for `days`; with 0 it stops at once, and visits that are under
/// way end.
///
/// # Errors
/// 400 for more than 30 days.
pub(in crate::http) async fn renew(
    app: &App,
    workspace: WorkspaceId,
    days: u16,
    now: UnixMs,
) -> Result<(), Problem> {
    if days > MOST_DAYS {
        let wrong = format!("the old key can stay valid for at most {MOST_DAYS} days");
        return Err(Problem::invalid("old_days", wrong));
    }
    let until = now + i64::from(days) * DAY_MS;
    let renewed = app
        .store
        .write(move |tx| site_keys::renew(tx, workspace, until, now));
    renewed.await.map(drop).map_err(Problem::from)
}

/// The HTML that puts the widget on a page.
pub(in crate::http) fn line(address: &str, key: &str) -> String {
    format!("<script src=\"{address}/widget.js\" data-site=\"{key}\" async></script>")
}
