//! What became of a workflow's runs, with the step that each stands at or was left at.

use std::collections::BTreeMap;

use super::workflows::{MAY, WorkflowError};
use crate::access::Member;
use crate::language::Language;
use crate::store::listing::Listing;
use crate::store::workflow_runs::{self as stored, ListedRun, RunFilter};
use crate::store::workflows::{self, RunState};
use crate::store::{Connection, Store, StoreError, UnixMs, WorkflowRunId, WorkspaceId};
use crate::workflows::{Definition, Step};

/// A step as people know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The slot that is asked for, or `confirmation`.
    pub name: String,
    pub title: String,
}

#[derive(Debug)]
pub struct Runs {
    /// Newest first; with the step, if it did not come to its end.
    pub runs: Vec<(ListedRun, Option<Place>)>,
    /// Where the next page goes on.
    pub next: Option<WorkflowRunId>,
    /// Where people left, the most frequent first.
    pub leaves: Vec<(Place, u32)>,
    /// How many there are in each state.
    pub states: Vec<(String, u32)>,
}

/// A page of the runs of a workflow.
pub async fn list(
    store: &Store,
    by: &Member,
    workflow: String,
    before: Option<WorkflowRunId>,
    limit: u32,
    now: UnixMs,
) -> Result<Runs, WorkflowError> {
    let workspace = by.need(MAY)?;
    let found = store.read(move |conn| {
        // A workflow that is not there has no page.
        workflows::get(conn, workspace, &workflow)?;
        let mut texts = Texts {
            conn,
            workspace,
            workflow: &workflow,
            known: BTreeMap::new(),
        };
        let listing = Listing {
            workspace,
            filter: RunFilter {
                workflow: workflow.clone(),
                before,
            },
            limit,
        };
        let page = listing.page(conn)?;
        let mut runs = Vec::new();
        for run in page.rows {
            let at = run.at.filter(|_| run.state != RunState::Done);
            let place = match at {
                Some(at) => Some(texts.place(run.version, at)?),
                None => None,
            };
            runs.push((run, place));
        }
        let mut leaves: BTreeMap<Place, u32> = BTreeMap::new();
        for (version, at, count) in stored::leaves(conn, workspace, &workflow, now)? {
            *leaves.entry(texts.place(version, at)?).or_default() += count;
        }
        let mut leaves: Vec<(Place, u32)> = leaves.into_iter().collect();
        leaves.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(Runs {
            runs,
            next: page.next.and_then(|next| next.before),
            leaves,
            states: stored::states(conn, workspace, &workflow, now)?,
        })
    });
    Ok(found.await?)
}

/// The versions of a workflow, each read once.
struct Texts<'a> {
    conn: &'a Connection,
    workspace: WorkspaceId,
    workflow: &'a str,
    known: BTreeMap<u32, Option<Definition>>,
}

impl Texts<'_> {
    fn place(&mut self, version: u32, at: u32) -> Result<Place, StoreError> {
        if !self.known.contains_key(&version) {
            let text = workflows::text_of(self.conn, self.workspace, self.workflow, version)?;
            let read = text.and_then(|text| Definition::parse(&text).ok());
            self.known.insert(version, read);
        }
        let definition = self.known.get(&version).and_then(Option::as_ref);
        Ok(name(definition, at))
    }
}

fn name(definition: Option<&Definition>, at: u32) -> Place {
    let step = usize::try_from(at).ok();
    let step = step.and_then(|at| definition?.steps.get(at));
    match step {
        Some(Step::Ask(slot)) => {
            let label = definition
                .and_then(|all| all.slot(slot))
                .map(|slot| &slot.label);
            let label = label.filter(|label| !label.is_empty());
            Place {
                name: slot.clone(),
                title: label
                    .map_or_else(|| slot.clone(), |label| label.of(Language::En).to_owned()),
            }
        }
        // An act that waits for a yes asks for it where it stands.
        Some(Step::Confirm(_) | Step::Act(_)) => Place {
            name: "confirmation".to_owned(),
            title: "Confirmation".to_owned(),
        },
        _ => Place {
            name: format!("step {}", at + 1),
            title: format!("Step {}", at + 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflows::templates;

    #[test]
    fn steps_are_named_by_what_they_ask_for() {
        let text = templates::find("callback").unwrap();
        let definition = Definition::parse(text).unwrap();
        let names: Vec<String> = (0..6).map(|at| name(Some(&definition), at).name).collect();
        let wanted = [
            "phone",
            "name",
            "topic",
            "confirmation",
            "confirmation",
            "step 6",
        ];
        assert_eq!(names, wanted);
        assert_eq!(name(Some(&definition), 0).title, "Telephone");
        assert_eq!(name(None, 0).title, "Step 1");
    }
}
