//! Plans, who has which, and what each workspace used: what the owner of the machine offers to those whose front desks it
//! runs.

use std::collections::BTreeMap;

use super::workspaces::{WorkspaceError, need_unbound};
use super::{App, closing};
use crate::access::{Denied, Member, Principal, Scope};
use crate::store::quota::{self, Elsewhere, Limits, Measure, Plan};
use crate::store::storage::{self, StorageSettings};
use crate::store::workspaces::{self, Workspace};
use crate::store::{PlanId, Store, StoreError, UnixMs, WorkspaceId};
use crate::usage::quota::{Month, month, name, told};

/// Longest name of a plan, in characters.
const LONGEST_NAME: usize = 60;
/// The largest limit: more is no limit, and sums stay exact in the JSON of browsers (2^53 − 1).
const MOST: u64 = 9_007_199_254_740_991;
/// How far back the use of a workspace is shown.
const MONTHS: u32 = 24;
/// Who may see what their workspace used.
const MAY_SEE: &[Scope] = &[Scope::Admin];

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("give the plan a name of at most {LONGEST_NAME} characters")]
    Name,
    #[error("nothing is counted under the name {0:?}; there are: {names}", names = names())]
    Measure(String),
    #[error("the limit on {0} is too large; leave it out for no limit")]
    TooMuch(String),
    #[error("write the month like 2026-12")]
    Month,
    #[error(transparent)]
    May(#[from] WorkspaceError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn names() -> String {
    let names: Vec<&str> = Measure::ALL
        .iter()
        .map(|measure| measure.as_str())
        .collect();
    names.join(", ")
}

/// A plan as its owner words it: the most of each measure in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    pub name: String,
    /// By the name of the measure; one that is missing or `None` has no limit.
    pub limits: BTreeMap<String, Option<u64>>,
}

impl NewPlan {
    fn check(self) -> Result<(String, Limits), PlanError> {
        let name = self.name.trim().to_owned();
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
            return Err(PlanError::Name);
        }
        let mut limits = Limits::new();
        for (name, limit) in self.limits {
            let Some(measure) = Measure::parse(&name) else {
                return Err(PlanError::Measure(name));
            };
            match limit {
                Some(limit) if limit > MOST => return Err(PlanError::TooMuch(name)),
                Some(limit) => drop(limits.insert(measure, limit)),
                None => {}
            }
        }
        Ok((name, limits))
    }
}

/// All plans, by name.
pub async fn list(store: &Store, by: &Principal) -> Result<Vec<Plan>, PlanError> {
    need_unbound(by)?;
    Ok(store.read(quota::list_plans).await?)
}

/// # Errors
/// When the name is taken, or a limit makes no sense.
pub async fn create(
    store: &Store,
    by: &Principal,
    new: NewPlan,
    now: UnixMs,
) -> Result<Plan, PlanError> {
    need_unbound(by)?;
    let (name, limits) = new.check()?;
    let made = store.write(move |tx| quota::create_plan(tx, &name, &limits, now));
    Ok(made.await?)
}

/// What it says holds at once for each workspace that has it.
pub async fn change(
    store: &Store,
    by: &Principal,
    id: PlanId,
    new: NewPlan,
    now: UnixMs,
) -> Result<Plan, PlanError> {
    need_unbound(by)?;
    let (name, limits) = new.check()?;
    let changed = store.write(move |tx| {
        let plan = quota::get_plan(tx, id)?;
        quota::change_plan(tx, &plan, &name, &limits, now)?;
        quota::get_plan(tx, id)
    });
    Ok(changed.await?)
}

/// # Errors
/// `Conflict` while a workspace has it.
pub async fn delete(store: &Store, by: &Principal, id: PlanId) -> Result<(), PlanError> {
    need_unbound(by)?;
    let deleted = store.write(move |tx| {
        let plan = quota::get_plan(tx, id)?;
        quota::delete_plan(tx, &plan)
    });
    Ok(deleted.await?)
}

/// Gives a workspace a plan, or takes it away.
pub async fn assign(
    store: &Store,
    by: &Principal,
    workspace: &str,
    plan: Option<PlanId>,
    now: UnixMs,
) -> Result<(), PlanError> {
    need_unbound(by)?;
    let workspace = closing::named(store, workspace).await?.id;
    let set = store.write(move |tx| {
        let plan = plan.map(|id| quota::get_plan(tx, id)).transpose()?;
        quota::set_plan(tx, workspace, plan.as_ref(), now)
    });
    Ok(set.await?)
}

/// What a workspace has in this month.
#[derive(Debug, Clone)]
pub struct Standing {
    pub workspace: Workspace,
    pub plan: Option<PlanId>,
    pub month: Month,
    /// Bytes stored now.
    pub stored: u64,
    /// Bytes that it may store.
    pub storage_limit: Option<u64>,
}

/// The workspace's own standing.
pub async fn own(app: &App, by: &Member, now: UnixMs) -> Result<Standing, PlanError> {
    let id = by.need(MAY_SEE)?;
    let workspace = app
        .store
        .read(move |conn| workspaces::get(conn, id))
        .await?;
    standing(app, workspace, now).await
}

/// The standing of every workspace, by short name.
pub async fn all(app: &App, by: &Principal, now: UnixMs) -> Result<Vec<Standing>, PlanError> {
    need_unbound(by)?;
    let mut found = Vec::new();
    for workspace in app.store.read(workspaces::list).await? {
        found.push(standing(app, workspace, now).await?);
    }
    Ok(found)
}

async fn standing(app: &App, workspace: Workspace, now: UnixMs) -> Result<Standing, PlanError> {
    let id = workspace.id;
    let month = app.quotas.standing(id, now).await?;
    let read = app.store.read(move |conn| {
        let plan = quota::plan_of(conn, id)?.map(|plan| plan.id);
        let kept: StorageSettings = workspaces::section(conn, id, StorageSettings::SECTION)?;
        Ok((plan, storage::bytes(conn, id)?.total(), kept.limit_bytes))
    });
    let (plan, stored, storage_limit) = read.await?;
    Ok(Standing {
        workspace,
        plan,
        month,
        stored,
        storage_limit,
    })
}

/// What was used in a month, by measure.
pub type Used = BTreeMap<Measure, u64>;

/// What a workspace used in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastMonth {
    pub month: String,
    pub used: Used,
    /// Of the tokens: those of providers.
    pub elsewhere: Elsewhere,
}

/// What a workspace used in each month, the latest first.
pub async fn history(store: &Store, by: &Member) -> Result<Vec<PastMonth>, PlanError> {
    let workspace = by.need(MAY_SEE)?;
    let read = store.read(move |conn| quota::history(conn, workspace, MONTHS));
    let mut months: Vec<PastMonth> = Vec::new();
    for past in read.await? {
        if months.last().is_none_or(|last| last.month != past.month) {
            months.push(PastMonth {
                month: past.month,
                used: Used::new(),
                elsewhere: Elsewhere::default(),
            });
        }
        let Some(last) = months.last_mut() else {
            continue;
        };
        last.used.insert(past.measure, past.used);
        if past.measure == Measure::ModelTokens {
            last.elsewhere = past.elsewhere;
        }
    }
    Ok(months)
}

/// What a workspace used in a month, for an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoiced {
    pub name: String,
    pub title: String,
    /// Name of the plan that it has now.
    pub plan: Option<String>,
    pub used: Used,
    /// Of the tokens: those of providers.
    pub elsewhere: Elsewhere,
}

impl Invoiced {
    /// The heads of the columns.
    pub fn heads() -> Vec<&'static str> {
        let mut heads = vec!["workspace", "title", "month", "plan"];
        heads.extend(Measure::ALL.iter().map(|measure| name(*measure)));
        heads.extend(["of the tokens: by providers", "of these: estimated"]);
        heads
    }

    /// The cells of a line; times in minutes.
    pub fn cells(&self, month: &str) -> Vec<String> {
        let mut cells = vec![
            self.name.clone(),
            self.title.clone(),
            month.to_owned(),
            self.plan.clone().unwrap_or_default(),
        ];
        let used = |measure: &Measure| self.used.get(measure).copied().unwrap_or(0);
        cells.extend(
            Measure::ALL
                .iter()
                .map(|measure| told(*measure, used(measure))),
        );
        let Elsewhere { used, estimated } = self.elsewhere;
        cells.extend([used.to_string(), estimated.to_string()]);
        cells
    }
}

/// What all workspaces used in a month, by short name; without one, in this month. Returns the month too.
///
/// # Errors
/// [`PlanError::Month`] for what is no month.
pub async fn invoice(
    store: &Store,
    by: &Principal,
    of: Option<&str>,
    now: UnixMs,
) -> Result<(String, Vec<Invoiced>), PlanError> {
    need_unbound(by)?;
    let month = match of {
        None => month(now).0,
        Some(of) if is_month(of) => of.to_owned(),
        Some(_) => return Err(PlanError::Month),
    };
    let of = month.clone();
    let read = store.read(move |conn| {
        let mut lines = Vec::new();
        for workspace in workspaces::list(conn)? {
            let id: WorkspaceId = workspace.id;
            let mut used = Used::new();
            for measure in Measure::ALL {
                used.insert(*measure, quota::used(conn, id, &of, *measure)?);
            }
            lines.push(Invoiced {
                name: workspace.name,
                title: workspace.title,
                plan: quota::plan_of(conn, id)?.map(|plan| plan.name),
                used,
                elsewhere: quota::elsewhere(conn, id, &of, Measure::ModelTokens)?,
            });
        }
        Ok(lines)
    });
    Ok((month, read.await?))
}

/// Whether a text is a month such as `2026-12`.
fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else {
        return false;
    };
    let is_number = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())
    };
    is_number(year, 4) && is_number(month, 2) && ("01"..="12").contains(&month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_what_is_counted() {
        let plan = |name: &str, limits: &[(&str, Option<u64>)]| {
            let limits = limits
                .iter()
                .map(|(name, limit)| ((*name).to_owned(), *limit));
            NewPlan {
                name: name.to_owned(),
                limits: limits.collect(),
            }
            .check()
        };
        let (name, limits) = plan(" Small ", &[("analyses", Some(5)), ("voice_ms", None)]).unwrap();
        assert_eq!(name, "Small");
        assert_eq!(limits, Limits::from([(Measure::Analyses, 5)]));
        assert!(matches!(plan(" ", &[]), Err(PlanError::Name)));
        let odd = plan("A", &[("coffee", Some(1))]).unwrap_err();
        assert!(odd.to_string().contains("transcription_ms"), "{odd}");
        let large = plan("A", &[("analyses", Some(u64::MAX))]);
        assert!(matches!(large, Err(PlanError::TooMuch(_))));
    }

    #[test]
    fn a_month_is_a_month() {
        for (text, expected) in [
            ("2026-12", true),
            ("2026-00", false),
            ("2026-13", false),
            ("26-12", false),
            ("2026-1", false),
            ("2026-12-01", false),
            ("', 1", false),
        ] {
            assert_eq!(is_month(text), expected, "{text}");
        }
    }
}
