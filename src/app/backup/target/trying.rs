//! "Try it now": writes a small file to a target, finds it in the list, reads it back and removes it.

use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Target, Upload};
use crate::app::backup::BackupError;
use crate::egress::Class;

/// What was done, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TargetStepView)]
pub struct Step {
    /// `write`, `list`, `read` or `delete`.
    pub what: &'static str,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// Runs the steps until one fails; always removes the file.
pub(in crate::app::backup) async fn try_out(target: &dyn Target) -> Vec<Step> {
    let name = format!("frontdesk-try-{}.txt", uuid::Uuid::new_v4());
    let content = format!("{name}: Frontdesk tries whether backups can be kept here.\n");
    let mut steps = Vec::new();
    let mut from = content.as_bytes();
    let upload = Upload {
        name: &name,
        class: Class::Public,
        size: content.len() as u64,
        from: &mut from,
    };
    let began = Instant::now();
    let written = target.put(upload).await;
    let mut is_fine = note(&mut steps, "write", began, written);
    if is_fine {
        let began = Instant::now();
        let listed = is_listed(target, &name).await;
        is_fine = note(&mut steps, "list", began, listed);
    }
    if is_fine {
        let began = Instant::now();
        let read = read_back(target, &name, &content).await;
        is_fine = note(&mut steps, "read", began, read);
    }
    let began = Instant::now();
    let removed = target.delete(&name).await;
    // After a failure, report only the first one.
    if is_fine {
        note(&mut steps, "delete", began, removed);
    }
    steps
}

async fn is_listed(target: &dyn Target, name: &str) -> Result<(), BackupError> {
    let all = target.list().await?;
    if all.iter().any(|stored| stored.name == name) {
        return Ok(());
    }
    Err(BackupError::Target(
        "the file that was written is not in the list of files; allow listing".into(),
    ))
}

async fn read_back(target: &dyn Target, name: &str, content: &str) -> Result<(), BackupError> {
    let mut back = Vec::new();
    let mut take = |piece: &[u8]| {
        back.extend_from_slice(piece);
        Ok(())
    };
    target.get(name, content.len() as u64, &mut take).await?;
    if back == content.as_bytes() {
        return Ok(());
    }
    Err(BackupError::Target(
        "the file that came back is not the one that was written".into(),
    ))
}

fn note(
    steps: &mut Vec<Step>,
    what: &'static str,
    began: Instant,
    outcome: Result<(), BackupError>,
) -> bool {
    let error = outcome.err().map(|error| error.to_string());
    let is_fine = error.is_none();
    steps.push(Step {
        what,
        error,
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    is_fine
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::app::backup::target::{Stored, Take, local};

    /// A place that accepts files but lists none.
    struct Unlisted(Mutex<Vec<u8>>);

    #[async_trait]
    impl Target for Unlisted {
        async fn list(&self) -> Result<Vec<Stored>, BackupError> {
            Ok(Vec::new())
        }

        async fn put(&self, upload: Upload<'_>) -> Result<(), BackupError> {
            let mut bytes = Vec::new();
            let read = upload.from.read_to_end(&mut bytes).await;
            read.map_err(local)?;
            *self.0.lock().unwrap() = bytes;
            Ok(())
        }

        async fn get(&self, _: &str, _: u64, take: Take<'_>) -> Result<(), BackupError> {
            take(&self.0.lock().unwrap()).map_err(local)
        }

        async fn delete(&self, _: &str) -> Result<(), BackupError> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_place_that_does_not_list_what_is_there_is_no_place_for_copies() {
        let target = Unlisted(Mutex::default());
        let steps = try_out(&target).await;
        let done: Vec<_> = steps.iter().map(|step| step.what).collect();
        assert_eq!(done, ["write", "list"]);
        let error = steps[1].error.clone().unwrap_or_default();
        assert!(error.contains("not in the list"), "{error}");
        assert!(target.0.lock().unwrap().is_empty(), "it was taken back");
    }
}
