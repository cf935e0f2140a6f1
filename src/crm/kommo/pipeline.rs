//! What the digital pipeline sends when a lead came into a stage where the owner put our widget. It is not signed, so its
//! address has the account's secret in it.

use serde_json::Value;

use super::wire::id_in;
use crate::crm::CrmError;

/// Kommo's number for "lead" among types of elements.
const LEAD: i64 = 2;

/// A lead came into a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReached {
    pub lead: String,
    pub stage: Option<String>,
    pub pipeline: Option<String>,
    /// Kommo's number of the account, to be compared with that of the address.
    pub account: Option<String>,
}

/// # Errors
/// `Input` for anything that is not about a lead.
pub fn read_pipeline(body: &[u8]) -> Result<StageReached, CrmError> {
    let wrong =
        || CrmError::Input("this is no message of Kommo's digital pipeline about a lead".into());
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    let data = body.pointer("/event/data").ok_or_else(wrong)?;
    let other = data
        .get("element_type")
        .and_then(Value::as_i64)
        .is_some_and(|kind| kind != LEAD);
    let lead = id_in(data, "id").filter(|_| !other).ok_or_else(wrong)?;
    Ok(StageReached {
        lead,
        stage: id_in(data, "status_id"),
        pipeline: id_in(data, "pipeline_id"),
        account: id_in(&body, "account_id"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_in_a_stage_is_read_and_anything_else_refused() {
        let body = br#"{"event": {"type": 15, "type_code": "lead_appeared_in_status", "data": {"id": 77,
            "element_type": 2, "status_id": 142, "pipeline_id": 10}, "time": 1}, "account_id": 31}"#;
        let read = read_pipeline(body).unwrap();
        assert_eq!(
            (read.lead.as_str(), read.stage.as_deref()),
            ("77", Some("142"))
        );
        assert_eq!(read.account.as_deref(), Some("31"));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"event":{"data":{"id":0}}}"#,
            r#"{"event":{"data":{"id":1,"element_type":1}}}"#,
        ] {
            assert!(read_pipeline(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
