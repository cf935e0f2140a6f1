//! What is set for the desk: its hours, how long somebody waits, when the assistant calls a person, who is told.

use serde_json::Value;

use super::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts;
use crate::inbox::desk::DeskSettings;

/// The settings of the desk: `hours` (`{"monday": [["09:00", "17:00"]], …}`, or `null` for the opening hours of the
/// business), `time_zone`, `wait_minutes`, `sla_minutes`, `callback`, `hand_over` and `notify`.
#[utoipa::path(get, path = "/api/v1/desk", tag = "inbox", operation_id = "getDesk",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Object)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<DeskSettings>, Problem> {
    let found = acts::desk_settings(&place.app.inbox, &place.member).await?;
    Ok(axum::Json(found))
}

/// Changes settings of the desk; fields that are absent stay as they are.
#[utoipa::path(put, path = "/api/v1/desk", tag = "inbox", operation_id = "setDesk",
    request_body = Object,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Object), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(changes): Json<serde_json::Map<String, Value>>,
) -> Result<axum::Json<DeskSettings>, Problem> {
    let before = acts::desk_settings(&place.app.inbox, &place.member).await?;
    let mut wanted = serde_json::to_value(before).unwrap_or_default();
    overlay(&mut wanted, Value::Object(changes), "")?;
    let bytes = serde_json::to_vec(&wanted).unwrap_or_default();
    let wanted: DeskSettings = crate::http::body::parse(&bytes)?;
    let set = acts::set_desk_settings(&place.app.inbox, &place.member, wanted).await?;
    Ok(axum::Json(set))
}

/// Puts what is given over what is there. Hours are replaced as a whole.
fn overlay(settings: &mut Value, given: Value, within: &str) -> Result<(), Problem> {
    let (Some(settings), Value::Object(given)) = (settings.as_object_mut(), given) else {
        return Ok(());
    };
    for (name, value) in given {
        let path = match within {
            "" => name.clone(),
            within => format!("{within}.{name}"),
        };
        let Some(known) = settings.get_mut(&name) else {
            return Err(Problem::invalid(
                path,
                "there is no such setting of the desk",
            ));
        };
        match (name.as_str(), &value) {
            ("hand_over" | "notify", Value::Object(_)) => overlay(known, value, &path)?,
            _ => *known = value,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let mut settings =
            json!({"hours": {"monday": []}, "notify": {"email": [], "waiting": true}});
        let given = json!({"hours": null, "notify": {"waiting": false}});
        overlay(&mut settings, given, "").unwrap();
        assert_eq!(
            settings,
            json!({"hours": null, "notify": {"email": [], "waiting": false}})
        );
        let wrong = overlay(&mut settings, json!({"notify": {"fax": true}}), "").unwrap_err();
        assert_eq!(wrong.param.as_deref(), Some("notify.fax"));
    }
}
