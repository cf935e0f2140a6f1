//! What is written into the CRM: notes, the score, the band's tag, a task. Each is done at most once for an analysis.

use super::lead::Work;
use super::{CaseError, Casework, now, words};
use crate::analysis::settings::Settings;
use crate::analysis::types::Analysis;
use crate::crm::{CrmError, NewNote, NewTask, TagChange};
use crate::store::casework;
use crate::store::crm::notes;
use crate::store::{AnalysisId, StoreError, analyses, workspaces};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Longest text of a task, in characters.
const LONGEST_TASK: usize = 500;

impl Casework {
    /// Writes what the stored analysis found, as far as it is not written yet.
    pub(super) async fn write(&self, work: &mut Work) -> Result<(), CaseError> {
        let (analysis, bands) = self.stored(work).await?;
        if work.settings.note && !work.progress.same && work.progress.note.is_none() {
            let id = work.progress.analysis.clone().unwrap_or_default();
            let mark = words::mark("analysis", &id);
            let text = words::analysis_note(&analysis, work.settings.language, &mark);
            let note = self.note(work, text, &mark, &mark).await?;
            self.remember_note(work, &note).await?;
            work.progress.note = Some(note);
            self.save(work).await?;
        }
        if let Some(field) = work.settings.field.clone()
            && !work.progress.numbered
        {
            let value = Some(f64::from(analysis.score.value));
            let written = work.crm.write_number(&work.lead, &field, value).await;
            left_out(work, written)?;
            work.progress.numbered = true;
            self.save(work).await?;
        }
        if work.settings.tag && !work.progress.tagged {
            let change = tags(&analysis.score.band, &bands);
            if change != TagChange::default() {
                let written = work.crm.write_tags(&work.lead, &change).await;
                left_out(work, written)?;
            }
            work.progress.tagged = true;
            self.save(work).await?;
        }
        if work.settings.task && analysis.next_step.is_some() {
            let id = work.progress.analysis.clone().unwrap_or_default();
            self.make_task(work, &id, &analysis).await?;
        }
        Ok(())
    }

    /// Writes a note once. `about` is how we know it again: the message that it transcribes, or its mark.
    pub(super) async fn note(
        &self,
        work: &mut Work,
        text: String,
        mark: &str,
        about: &str,
    ) -> Result<String, CaseError> {
        let (account, of) = (work.account.clone(), about.to_owned());
        let known = self
            .store()
            .read(move |conn| notes::find_of_message(conn, &account, &of));
        if let Some(known) = known.await? {
            work.progress.noting = None;
            return Ok(known);
        }
        if work.progress.noting.as_deref() == Some(mark)
            && let Some(found) = self.find_note(work, mark, about).await?
        {
            return Ok(found);
        }
        work.progress.noting = Some(mark.to_owned());
        self.save(work).await?;
        let new = NewNote {
            text,
            message: Some(about.to_owned()),
        };
        let id = work.crm.write_note(&work.lead, &new).await?;
        work.progress.noting = None;
        self.save(work).await?;
        Ok(id)
    }

    /// Looks in the CRM for a note whose answer never came.
    async fn find_note(
        &self,
        work: &Work,
        mark: &str,
        about: &str,
    ) -> Result<Option<String>, CaseError> {
        let Some(found) = work.crm.find_note(&work.lead, mark).await? else {
            return Ok(None);
        };
        let (account, lead, id) = (work.account.clone(), work.lead.clone(), found.clone());
        let about = about.to_owned();
        let kept = self
            .store()
            .write(move |tx| notes::keep(tx, &account, &id, &lead, Some(&about), now()));
        kept.await?;
        Ok(Some(found))
    }

    async fn remember_note(&self, work: &Work, note: &str) -> Result<(), CaseError> {
        let (account, lead, note) = (work.account.clone(), work.lead.clone(), note.to_owned());
        let written = self
            .store()
            .write(move |tx| casework::set_note(tx, &account, &lead, &note));
        Ok(written.await?)
    }

    /// Makes the next step of an analysis a task, unless it is one or may be: then the answer of the CRM was lost on the way, and
    /// asking again could make a second one.
    pub(super) async fn make_task(
        &self,
        work: &Work,
        id: &str,
        analysis: &Analysis,
    ) -> Result<(), CaseError> {
        let step = analysis.next_step.as_ref().map(|step| step.what.trim());
        let step = step
            .filter(|what| !what.is_empty())
            .ok_or(CaseError::NoStep)?;
        let task = NewTask {
            text: step.chars().take(LONGEST_TASK).collect(),
            due_at: now().saturating_add(i64::from(work.settings.task_hours) * HOUR_MS),
            responsible: None,
        };
        let (account, lead, of) = (work.account.clone(), work.lead.clone(), id.to_owned());
        let begun = self
            .store()
            .write(move |tx| casework::begin_task(tx, &account, &lead, &of, now()));
        if !begun.await? {
            return Ok(());
        }
        let made = work.crm.create_task(&work.lead, &task).await;
        let ended = match &made {
            Ok(id) => Some(id.clone()),
            Err(CrmError::Egress(_) | CrmError::Failing { .. } | CrmError::Answer { .. }) => {
                return made.map(drop).map_err(CaseError::from);
            }
            Err(_) => None,
        };
        let (account, lead, of) = (work.account.clone(), work.lead.clone(), id.to_owned());
        let noted = self
            .store()
            .write(move |tx| casework::end_task(tx, &account, &lead, &of, ended.as_deref()));
        noted.await?;
        Ok(made.map(drop)?)
    }

    /// The analysis that is to be written, and the names of all bands.
    async fn stored(&self, work: &Work) -> Result<(Analysis, Vec<String>), CaseError> {
        let id = work.progress.analysis.as_deref();
        let id: Option<AnalysisId> = id.and_then(|id| id.parse().ok());
        let id = id.ok_or(StoreError::NotFound("the analysis"))?;
        let workspace = work.account.workspace();
        let read = self.store().read(move |conn| {
            let stored = analyses::get(conn, workspace, id)?;
            let settings: Settings = workspaces::section(conn, workspace, Settings::SECTION)?;
            Ok((stored.body.clone(), settings))
        });
        let (body, settings) = match read.await {
            // Erased while it was worked on.
            Err(StoreError::NotFound(_)) => return Err(CaseError::Gone),
            read => read?,
        };
        let analysis = serde_json::from_value(body).unwrap_or_default();
        let bands = settings.bands.into_iter().map(|band| band.name);
        Ok((analysis, bands.collect()))
    }
}

/// The tag of the score's band in, those of the other bands out; all other tags stay.
fn tags(band: &str, bands: &[String]) -> TagChange {
    let others = bands.iter().filter(|other| other.as_str() != band);
    match band.is_empty() {
        true => TagChange::default(),
        false => TagChange {
            add: vec![band.to_owned()],
            remove: others.cloned().collect(),
        },
    }
}

/// What cannot be written, for want of a right, is left out with a notice; the rest is written all the same.
fn left_out(work: &mut Work, written: Result<(), CrmError>) -> Result<(), CaseError> {
    match written {
        Err(
            error @ (CrmError::Scope { .. } | CrmError::Tariff { .. } | CrmError::Refused { .. }),
        ) => {
            tracing::warn!(%error, "part of an analysis could not be written into the CRM");
            let error = CaseError::from(error);
            work.progress.notice(error.code());
            Ok(())
        }
        written => Ok(written?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_band_is_added_and_the_others_go() {
        let bands = ["hot".to_owned(), "warm".to_owned(), "cold".to_owned()];
        let change = tags("warm", &bands);
        assert_eq!(change.add, ["warm"]);
        assert_eq!(change.remove, ["hot", "cold"]);
        assert_eq!(tags("", &bands), TagChange::default());
    }
}
