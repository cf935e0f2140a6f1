//! Business facts: proposals from documents, opening hours, holidays, contact data, time zone.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::Failure;
use super::fact_pages::render;
use super::guard::SignedIn;
use crate::app::App;
use crate::hours::acts::{self, ClockChange, Decision};
use crate::hours::opening::{Day, Special, Weekly};
use crate::hours::{FactsError, What, edit};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::store::FactId;
use crate::store::facts::HolidayRule;

/// Longest note, in characters.
const LONGEST: usize = 300;

#[derive(Default, Deserialize)]
pub(super) struct Tried {
    pub(super) ask: Option<String>,
    pub(super) at: Option<String>,
}

/// `GET /facts`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(tried): Query<Tried>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    render(&app, &person, StatusCode::OK, None, tried).await
}

/// `POST /facts/{id}/confirm`, `dismiss`, `delete`, `edit`
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let id: FactId = parse_id(&id, "fact")?;
    let (store, by, now) = (&app.store, person.member(), now_ms());
    let done = match verb.as_str() {
        "edit" => {
            let text = clip(form.get("text").map_or("", String::as_str));
            acts::change_in_words(store, by, id, &text, now).await
        }
        "confirm" => {
            let confirmed = acts::decide(store, by, id, Decision::Confirm, now);
            confirmed.await.map(drop)
        }
        "dismiss" => {
            let dismissed = acts::decide(store, by, id, Decision::Dismiss, now);
            dismissed.await.map(drop)
        }
        "delete" => acts::remove(store, by, id, now).await,
        _ => return Err(Problem::not_found("page").into()),
    };
    to_page(&app, &person, done, "").await
}

/// `POST /facts/confirm-all`
pub(super) async fn confirm_all(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    acts::confirm_all(&app.store, person.member(), now_ms()).await?;
    Ok(Redirect::to("/facts").into_response())
}

/// `POST /facts/propose`
pub(super) async fn propose(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    app.knowledge
        .documents()
        .propose_facts(person.workspace.id)
        .await?;
    Ok(Redirect::to("/facts").into_response())
}

/// `POST /facts/week`: rows of `day`, `hours`, `which` and `note`.
pub(super) async fn week(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let done = match read_week(&fields) {
        Ok(rows) => acts::set_week(&app.store, person.member(), rows, now_ms()).await,
        Err(error) => Err(error),
    };
    to_page(&app, &person, done, "#week").await
}

pub(super) fn read_week(fields: &[(String, String)]) -> Result<Vec<Weekly>, FactsError> {
    let mut rows: Vec<Weekly> = Vec::new();
    for (name, value) in fields {
        if name == "day" {
            let day = Day::ALL.into_iter().find(|d| d.code() == value);
            rows.push(Weekly {
                label: None,
                days: day.into_iter().collect(),
                which: Vec::new(),
                open: Vec::new(),
                note: String::new(),
                from: None,
                until: None,
            });
            continue;
        }
        let Some(row) = rows.last_mut() else { continue };
        match name.as_str() {
            "hours" => row.open = edit::read_spans(value)?,
            "which" => row.which = edit::read_which(value)?,
            "note" => row.note = clip(value),
            _ => {}
        }
    }
    rows.retain(|row| !row.days.is_empty());
    Ok(rows)
}

#[derive(Deserialize)]
pub(super) struct NewHoliday {
    from: String,
    until: String,
    hours: String,
    note: String,
}

/// `POST /facts/holiday`
pub(super) async fn holiday(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewHoliday>,
) -> Result<Response, Failure> {
    let done = match read_holiday(&form) {
        Ok(special) => {
            let facts = vec![What::Special(special)];
            let entered = acts::enter(&app.store, person.member(), facts, now_ms());
            entered.await.map(drop)
        }
        Err(error) => Err(error),
    };
    to_page(&app, &person, done, "#holidays").await
}

fn read_holiday(form: &NewHoliday) -> Result<Special, FactsError> {
    let date = |text: &str| text.trim().parse::<Date>().ok();
    let from = date(&form.from).ok_or(FactsError::Missing("choose the day that differs"))?;
    let until = if form.until.trim().is_empty() {
        from
    } else {
        date(&form.until)
            .filter(|until| *until >= from)
            .ok_or(FactsError::Missing(
                "the last day must not be before the first",
            ))?
    };
    let usual = form.hours.trim().eq_ignore_ascii_case("usual");
    Ok(Special {
        label: None,
        from,
        until,
        open: if usual {
            None
        } else {
            Some(edit::read_spans(&form.hours)?)
        },
        note: clip(&form.note),
    })
}

#[derive(Deserialize)]
pub(super) struct NewFact {
    kind: String,
    text: String,
}

/// `POST /facts/add`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewFact>,
) -> Result<Response, Failure> {
    let (by, text) = (person.member(), clip(&form.text));
    let done = acts::enter_in_words(&app.store, by, &form.kind, &text, now_ms()).await;
    to_page(&app, &person, done, "#contact").await
}

#[derive(Deserialize)]
pub(super) struct Clock {
    time_zone: String,
    country: String,
    holidays: String,
}

/// `POST /facts/settings`
pub(super) async fn settings(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Clock>,
) -> Result<Response, Failure> {
    let change = ClockChange {
        time_zone: Some(form.time_zone),
        country: Some(form.country),
        holidays: Some(HolidayRule::parse(&form.holidays).unwrap_or_default()),
    };
    let done = acts::set_clock(&app.store, person.member(), change).await;
    to_page(&app, &person, done, "#clock").await
}

fn clip(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

/// Redirects to a part of the page, or shows the page with the error.
async fn to_page(
    app: &App,
    person: &SignedIn,
    done: Result<(), FactsError>,
    part: &str,
) -> Result<Response, Failure> {
    let told = match done {
        Ok(()) => return Ok(Redirect::to(&format!("/facts{part}")).into_response()),
        Err(error @ (FactsError::Denied(_) | FactsError::Store(_))) => return Err(error.into()),
        Err(mistake) => super::sentence(&mistake.to_string()),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    render(app, person, status, Some(told), Tried::default()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn the_rows_of_the_form_become_a_week() {
        let rows = read_week(&fields(&[
            ("day", "mon"),
            ("hours", "8-12, 13-17"),
            ("which", ""),
            ("note", " Late "),
            ("day", "sat"),
            ("hours", "9-13"),
            ("which", "1, 3"),
            ("note", ""),
            ("day", "noday"),
            ("hours", "9-13"),
        ]))
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(edit::show_spans(&rows[0].open), "08:00-12:00, 13:00-17:00");
        assert_eq!(rows[0].note, "Late");
        assert_eq!(rows[1].which, [1, 3]);
        assert!(read_week(&fields(&[("day", "mon"), ("hours", "sometimes")])).is_err());
    }

    #[test]
    fn an_exception_has_a_day() {
        let form = |from: &str, until: &str, hours: &str| NewHoliday {
            from: from.into(),
            until: until.into(),
            hours: hours.into(),
            note: String::new(),
        };
        let read = read_holiday(&form("2026-12-24", "", "8-12")).unwrap();
        assert_eq!(read.from, read.until);
        assert_eq!(
            read_holiday(&form("2026-12-24", "2026-12-26", "usual"))
                .unwrap()
                .open,
            None
        );
        assert!(read_holiday(&form("", "", "closed")).is_err());
        assert!(read_holiday(&form("2026-12-24", "2026-12-01", "closed")).is_err());
    }
}
