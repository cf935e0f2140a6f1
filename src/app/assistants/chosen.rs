//! Whether what an assistant chose by name is there: workflows, tools, tags of its knowledge, its voice.

use super::{AssistantError, MAY, wrong};
use crate::access::Member;
use crate::app::App;
use crate::speech::Voice;
use crate::store::assistants::{AssistantSettings, Body};
use crate::store::{Connection, Store, StoreError, WorkspaceId, tags, tools, workflows};

const TAGS: &str = "knowledge.tags";

/// A name of a version that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The field of the version.
    field: &'static str,
    /// What it names, such as `workflow named "order"`.
    named: String,
    /// The names that there are.
    there: String,
}

impl Unknown {
    fn sentence(&self) -> String {
        format!("there is no {}; {}", self.named, self.there)
    }
}

/// Refuses workflows and tools that a version adds to the one before and that nothing has. Those of before may have been deleted
/// since, and do not keep anybody from changing something else. Tags may come later, and voices were checked already.
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
    let read = store.read(move |conn| find_unknown(conn, workspace, &kept, &new, &[]));
    let mut unknown = read.await?.into_iter();
    match unknown.find(|one| one.field != TAGS) {
        None => Ok(()),
        Some(unknown) => Err(wrong(unknown.field, unknown.sentence())),
    }
}

/// Refuses to make a version live that names what is not there, with all of it.
///
/// # Errors
/// `Wrong` with the first field.
pub(super) fn refuse_to_publish(unknown: &[Unknown]) -> Result<(), AssistantError> {
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let named: Vec<&str> = unknown.iter().map(|one| one.named.as_str()).collect();
    let told = format!(
        "the draft names what is not there: {}; make them, or take them out of the draft, and publish again",
        named.join(", ")
    );
    Err(wrong(first.field, told))
}

/// A sentence for each name of a version that nothing has: it may come later, as with a file from elsewhere, or was deleted.
pub async fn warnings(app: &App, by: &Member, body: &Body) -> Result<Vec<String>, AssistantError> {
    let (workspace, settings) = (by.need(MAY)?, body.settings.clone());
    let (none, voices) = (AssistantSettings::default(), app.synthesizer.voices());
    let read = move |conn: &Connection| find_unknown(conn, workspace, &none, &settings, &voices);
    let unknown = app.store.read(read).await?;
    Ok(unknown.iter().map(Unknown::sentence).collect())
}

/// What a version names that nothing has, without what was kept of another. Without voices, none is looked for.
pub(super) fn find_unknown(
    conn: &Connection,
    workspace: WorkspaceId,
    kept: &AssistantSettings,
    new: &AssistantSettings,
    voices: &[Voice],
) -> Result<Vec<Unknown>, StoreError> {
    let mut unknown = Vec::new();
    if !new.workflows.is_empty() {
        let known = workflows::list(conn, workspace)?.into_iter();
        let known: Vec<String> = known.map(|one| one.name).collect();
        let (kept, new) = (&kept.workflows, &new.workflows);
        unknown.extend(compare("workflows", "workflow", kept, new, &known));
    }
    if !new.tools.is_empty() {
        let known = tools::list(conn, workspace)?.into_iter();
        let known: Vec<String> = known.map(|one| one.name).collect();
        unknown.extend(compare("tools", "tool", &kept.tools, &new.tools, &known));
    }
    if !new.knowledge.tags.is_empty() {
        let known: Vec<String> = tags::count(conn, workspace)?.into_keys().collect();
        let (kept, new) = (&kept.knowledge.tags, &new.knowledge.tags);
        unknown.extend(compare(TAGS, "tag", kept, new, &known));
    }
    if !voices.is_empty() {
        let known: Vec<String> = voices.iter().map(|voice| voice.name.clone()).collect();
        let (kept, new) = (kept.voice.voice.as_slice(), new.voice.voice.as_slice());
        unknown.extend(compare("voice.voice", "voice", kept, new, &known));
    }
    Ok(unknown)
}

fn compare(
    field: &'static str,
    what: &str,
    kept: &[String],
    new: &[String],
    known: &[String],
) -> Vec<Unknown> {
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
            named: format!("{what} named \"{name}\""),
            there: there.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_names_that_are_added_and_unknown_are_told_with_those_that_there_are() {
        let (kept, known) = (list(&["gone"]), list(&["callback", "order"]));
        let told = |new: &[&str]| compare("workflows", "workflow", &kept, &list(new), &known);
        assert!(told(&["gone", "order"]).is_empty());
        assert_eq!(
            told(&["gone", "ordre"])[0].sentence(),
            "there is no workflow named \"ordre\"; there are: callback, order"
        );
        let none = compare("tools", "tool", &[], &list(&["x"]), &[]);
        assert_eq!(none[0].field, "tools");
        assert!(
            none[0]
                .sentence()
                .contains("no tool named \"x\"; there is none")
        );
    }

    #[test]
    fn whoever_publishes_is_told_of_all_that_is_missing() {
        assert!(refuse_to_publish(&[]).is_ok());
        let mut unknown = compare("tools", "tool", &[], &list(&["later"]), &[]);
        unknown.extend(compare(
            "voice.voice",
            "voice",
            &[],
            &list(&["jane"]),
            &list(&["joe"]),
        ));
        let refused = refuse_to_publish(&unknown);
        let told = refused.unwrap_err().to_string();
        assert!(
            told.contains("tool named \"later\", voice named \"jane\""),
            "{told}"
        );
    }
}
