//! Receives uploads: a document, or an archive of documents.

use bytes::Bytes;

use super::ingest::file_name;
use super::{Documents, KnowledgeError, Submitted};
use crate::reason::Reason;
use crate::store::WorkspaceId;
use crate::store::documents::Origin;

/// Extensions of documents that are ZIP files themselves and must not be unpacked.
const CONTAINERS: [&str; 18] = [
    "docx", "docm", "dotx", "pptx", "pptm", "ppsx", "xlsx", "xlsm", "xltx", "odt", "ods", "odp",
    "ott", "ots", "epub", "pages", "numbers", "key",
];

/// One document of an upload.
#[derive(Debug)]
pub struct Received {
    /// From an archive `forms.zip/intake.pdf`.
    pub name: String,
    pub outcome: Result<Submitted, KnowledgeError>,
}

impl Documents {
    /// Stores an uploaded file. Each file of a ZIP archive becomes a document of its own, named after both;
    /// the archive itself is not kept. Returns once everything is durable.
    ///
    /// # Errors
    /// When the file has no name, is an archive that cannot be opened, or there is no room.
    pub async fn receive(
        &self,
        workspace: WorkspaceId,
        name: String,
        bytes: Bytes,
    ) -> Result<Vec<Received>, KnowledgeError> {
        let name = file_name(&name).ok_or(KnowledgeError::NoName)?;
        let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let members = match CONTAINERS.contains(&ending.as_str()) {
            true => None,
            false => self.inner.extractor.unpack(bytes.clone()).await?,
        };
        let Some(members) = members else {
            let outcome = Ok(self.submit(workspace, name.clone(), bytes).await?);
            return Ok(vec![Received { name, outcome }]);
        };
        let mut received = Vec::with_capacity(members.len());
        for member in members {
            let path: String = member
                .path
                .chars()
                .filter(|c| !c.is_control())
                .take(300)
                .collect();
            let name = format!("{name}/{path}");
            let outcome = match member.content {
                Ok(bytes) => {
                    self.keep(workspace, name.clone(), bytes, Origin::Upload)
                        .await
                }
                Err(error) => Err(KnowledgeError::Document(Reason::of(error))),
            };
            received.push(Received { name, outcome });
        }
        Ok(received)
    }
}
