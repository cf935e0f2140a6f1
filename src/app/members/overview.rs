//! An agency's overview: all workspaces that are open to somebody, with what happens in them.

use crate::app::App;
use crate::store::members::{self, Membership};
use crate::store::users::User;
use crate::store::{Connection, StoreError, UnixMs, closures, inbox};

/// What counts as lately, in ms: 30 days.
const LATELY_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A workspace at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    pub place: Membership,
    /// Conversations that began within 30 days.
    pub conversations: u64,
    /// Visitors who wait for a person now.
    pub waiting: u32,
    /// When somebody last said something.
    pub last_at: Option<UnixMs>,
    /// How much is used of what is limited, in percent: the most of all measures; `None` without a limit.
    pub used: Option<u64>,
    /// Whether it is closed and will be erased.
    pub closed: bool,
}

/// The workspaces that are open to somebody, by title.
pub async fn list(app: &App, user: &User, now: UnixMs) -> Result<Vec<Glance>, StoreError> {
    let user = user.clone();
    let read = app.store.read(move |conn| {
        let places = members::open_to(conn, &user)?.into_iter();
        places.map(|place| glance(conn, place, now)).collect()
    });
    let mut found: Vec<Glance> = read.await?;
    for glance in &mut found {
        let month = app.quotas.standing(glance.place.workspace, now).await?;
        let shares = month.standings.iter().filter_map(|one| one.share());
        glance.used = shares.max();
    }
    Ok(found)
}

fn glance(conn: &Connection, place: Membership, now: UnixMs) -> Result<Glance, StoreError> {
    let id = place.workspace;
    let (conversations, last_at) = members::activity(conn, id, now.saturating_sub(LATELY_MS))?;
    Ok(Glance {
        conversations,
        last_at,
        waiting: inbox::count(conn, id, None, now)?.waiting,
        used: None,
        closed: closures::is_closed(conn, id)?,
        place,
    })
}
