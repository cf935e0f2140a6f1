//! Changes to many leads at once, in batches that shrink when Kommo is too slow for them.

use serde_json::{Value, json};

use super::account::KommoAccount;
use super::client::Call;
use crate::crm::CrmError;
use crate::egress::{Class, Method};

/// Leads of one request; Kommo takes 250 and advises 50.
const BATCH: usize = 50;
/// Gateway timeout: the batch was too large for it.
const TOO_SLOW: u16 = 504;

/// Changes to one lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadPatch {
    pub lead: u64,
    /// Fields of the lead, as Kommo names them.
    pub changes: Value,
}

impl LeadPatch {
    fn row(&self) -> Value {
        let mut row = json!({ "id": self.lead });
        if let (Some(row), Some(changes)) = (row.as_object_mut(), self.changes.as_object()) {
            row.extend(changes.clone());
        }
        row
    }
}

impl KommoAccount {
    /// Changes one lead.
    pub(super) async fn patch(&self, patch: LeadPatch) -> Result<(), CrmError> {
        let path = format!("/api/v4/leads/{}", patch.lead);
        let call = Call::send(
            Method::Patch,
            path,
            Class::Customer,
            patch.changes,
            "the lead",
        );
        self.call(call).await.map(|_| ())
    }

    /// Changes many leads; a change may be sent twice, so it has to say what holds, not what to add to it.
    ///
    /// # Errors
    /// The first that was met; batches before it were written. A batch with one lead that is refused is refused as a whole.
    pub async fn patch_all(&self, patches: &[LeadPatch]) -> Result<(), CrmError> {
        let (mut rest, mut size) = (patches, BATCH);
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            let rows: Value = batch.iter().map(LeadPatch::row).collect();
            let call = Call::send(
                Method::Patch,
                "/api/v4/leads",
                Class::Customer,
                rows,
                "the leads",
            );
            match self.call(call).await {
                Ok(_) => rest = after,
                Err(CrmError::Failing {
                    status: TOO_SLOW, ..
                }) if batch.len() > 1 => size = batch.len().div_ceil(2),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A change that writes a number into a field by its id, for [`patch_all`](Self::patch_all).
    pub fn number_patch(lead: u64, field: u64, value: Option<f64>) -> LeadPatch {
        LeadPatch {
            lead,
            changes: super::records::number_change(field, value),
        }
    }
}
