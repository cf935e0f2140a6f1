//! Whether the workflows and tools are there that an assistant chose by name.

use super::{AssistantError, MAY, wrong};
use crate::access::Member;
use crate::store::assistants::{AssistantSettings, Body};
use crate::store::{Connection, Store, StoreError, WorkspaceId, tools, workflows};

/// A name of a version that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unknown {
    /// The field of the version.
    field: &'static str,
    /// A sentence with the names that there are.
    told: String,
}

/// Refuses names that a version adds to the one before and that nothing has. Those of before may have been deleted since, and do
/// not keep anybody from changing something else.
///
/// # Errors
/// `Wrong` with the field and the names that there are.
pub(super) async fn refuse_unknown(
    store: &Store,
    workspace: WorkspaceId,
    before: Option<&Body>,
    body: &Body,
) -> Result<(), AssistantError> {
    let kept = before.map(|before| before.settings.clone());
    let (kept, new) = (kept.unwrap_or_default(), body.settings.clone());
    let read = store.read(move |conn| find_unknown(conn, workspace, &kept, &new));
    match read.await?.into_iter().next() {
        None => Ok(()),
        Some(unknown) => Err(wrong(unknown.field, unknown.told)),
    }
}

/// A sentence for each workflow and tool that a version names and that is not there: it may come later, as with a file from
/// elsewhere, or was deleted.
pub async fn warnings(
    store: &Store,
    by: &Member,
    body: &Body,
) -> Result<Vec<String>, AssistantError> {
    let (workspace, settings) = (by.need(MAY)?, body.settings.clone());
    let none = AssistantSettings::default();
    let read = store.read(move |conn| find_unknown(conn, workspace, &none, &settings));
    Ok(read.await?.into_iter().map(|one| one.told).collect())
}

fn find_unknown(
    conn: &Connection,
    workspace: WorkspaceId,
    kept: &AssistantSettings,
    new: &AssistantSettings,
) -> Result<Vec<Unknown>, StoreError> {
    let mut unknown = Vec::new();
    if !new.workflows.is_empty() {
        let known = workflows::list(conn, workspace)?.into_iter();
        let known: Vec<String> = known.map(|one| one.name).collect();
        unknown.extend(compare(
            "workflows",
            &kept.workflows,
            &new.workflows,
            &known,
        ));
    }
    if !new.tools.is_empty() {
        let known = tools::list(conn, workspace)?.into_iter();
        let known: Vec<String> = known.map(|one| one.name).collect();
        unknown.extend(compare("tools", &kept.tools, &new.tools, &known));
    }
    Ok(unknown)
}

fn compare(field: &'static str, kept: &[String], new: &[String], known: &[String]) -> Vec<Unknown> {
    let what = field.trim_end_matches('s');
    let there = match known.is_empty() {
        true => "there is none in this workspace yet".to_owned(),
        false => format!("there are: {}", known.join(", ")),
    };
    let missing = new
        .iter()
        .filter(|name| !kept.contains(name) && !known.contains(name));
    missing
        .map(|name| Unknown {
            field,
            told: format!("there is no {what} named \"{name}\"; {there}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_added_and_unknown_are_told_with_those_that_there_are() {
        let list = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let (kept, known) = (list(&["gone"]), list(&["callback", "order"]));
        let told = |new: &[&str]| compare("workflows", &kept, &list(new), &known);
        assert!(told(&["gone", "order"]).is_empty());
        let unknown = told(&["gone", "ordre"]);
        assert_eq!(
            unknown[0].told,
            "there is no workflow named \"ordre\"; there are: callback, order"
        );
        let none = compare("tools", &[], &list(&["x"]), &[]);
        assert_eq!(none[0].field, "tools");
        assert!(none[0].told.contains("no tool named \"x\"; there is none"));
    }
}
