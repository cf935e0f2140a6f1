//! Your business: what it and its assistant are called, language, clock, hours, address.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::head::Head;
use super::{Fields, Place, Step, mistake};
use crate::app::naming::{self, Names};
use crate::app::voice_settings;
use crate::hours::acts::{self, ClockChange, Decision};
use crate::hours::opening::Weekly;
use crate::hours::{Book, COUNTRIES, Entry, FactsError, What, country, edit};
use crate::http::console::fact_pages::{WeekRow, editor, is_week_confirmed};
use crate::http::console::facts::read_week;
use crate::http::console::view::{self, Shell, filters};
use crate::http::console::{Failure, documents};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::facts::{FactState, Settings};

/// Languages to choose from: those that the front desk has phrases of its own in.
const LANGUAGES: [&str; 12] = [
    "en", "de", "es", "fr", "it", "pt", "nl", "pl", "tr", "ru", "ar", "zh",
];
/// Longest address and telephone number, in characters.
const LONGEST_FACT: usize = 300;

#[derive(Template)]
#[template(path = "welcome_business.html")]
struct Business {
    shell: Shell,
    head: Head,
    error: Option<String>,
    form: BusinessForm,
    zones: Vec<String>,
    countries: &'static [&'static str],
    /// Codes and names.
    languages: Vec<(String, String)>,
}

/// What the fields hold.
struct BusinessForm {
    business: String,
    assistant: String,
    language: String,
    zone: String,
    country: String,
    address: String,
    phone: String,
    week: Vec<WeekRow>,
    /// Whether answers use these hours.
    week_confirmed: bool,
}

impl BusinessForm {
    /// Whether the list of countries has it.
    fn is_listed(&self) -> bool {
        self.country.is_empty() || COUNTRIES.contains(&self.country.as_str())
    }
}

pub(super) async fn show(place: &Place<'_>) -> Result<Response, Failure> {
    let form = load(place).await?;
    Ok(render(place, StatusCode::OK, form, None))
}

fn render(
    place: &Place<'_>,
    status: StatusCode,
    form: BusinessForm,
    error: Option<String>,
) -> Response {
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let named = |code: &'static str| {
        let name = documents::language(code).unwrap_or(code);
        (code.to_owned(), name.to_owned())
    };
    let mut languages: Vec<(String, String)> = LANGUAGES.into_iter().map(named).collect();
    if !languages.iter().any(|(code, _)| *code == form.language) {
        languages.push((form.language.clone(), form.language.clone()));
    }
    let page = Business {
        shell: place.shell("Your business"),
        head: Head::of(&place.walk, Step::Business),
        error,
        form,
        zones: zones.filter(|zone| zone.contains('/')).collect(),
        countries: COUNTRIES,
        languages,
    };
    view::page(status, &page)
}

async fn load(place: &Place<'_>) -> Result<BusinessForm, Failure> {
    let (store, by) = (&place.app.store, place.person.member());
    let names = naming::get(store, by).await?;
    let voice = voice_settings::get(store, by).await?;
    let book = acts::open(store, by).await?;
    let week_confirmed = is_week_confirmed(&book);
    let text = |kind| {
        let found = find(&book, kind);
        found.map_or_else(String::new, |entry| edit::show(&entry.data.what))
    };
    Ok(BusinessForm {
        business: names.business,
        assistant: names.assistant,
        language: voice.language,
        zone: book.zone().iana_name().unwrap_or("UTC").to_owned(),
        country: country(&book.settings).unwrap_or_default(),
        address: text("address"),
        phone: text("phone"),
        week: editor(&book, week_confirmed),
        week_confirmed,
    })
}

/// The fact of a kind that the form shows: one that is confirmed, or else one that a document states.
fn find<'b>(book: &'b Book, kind: &str) -> Option<&'b Entry> {
    let is_main = |what: &What| match what {
        What::Phone { label, .. } => label.is_empty(),
        _ => true,
    };
    let of = |state: FactState| {
        book.entries.iter().find(|entry| {
            let what = &entry.data.what;
            entry.fact.state == state && !entry.superseded && what.kind() == kind && is_main(what)
        })
    };
    of(FactState::Confirmed).or_else(|| of(FactState::Proposed))
}

/// Saves the form; the page with what is wrong, if something is.
pub(super) async fn save(place: &Place<'_>, fields: Fields) -> Result<Option<Response>, Failure> {
    let done = match check(&fields) {
        Ok(week) => keep(place, &fields, week).await,
        Err(problem) => Err(problem),
    };
    let Err(problem) = done else { return Ok(None) };
    let told = mistake(problem)?;
    let before = load(place).await?;
    let typed = BusinessForm {
        week: typed_week(&fields, before.week),
        week_confirmed: before.week_confirmed,
        business: fields.get("business").to_owned(),
        assistant: fields.get("assistant").to_owned(),
        language: fields.get("language").to_owned(),
        zone: fields.get("time_zone").to_owned(),
        country: fields.get("country").to_owned(),
        address: fields.get("address").to_owned(),
        phone: fields.get("phone").to_owned(),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Some(render(place, status, typed, Some(told))))
}

/// What can be wrong without looking at the store, so that nothing is half saved. Gives the week.
fn check(fields: &Fields) -> Result<Vec<Weekly>, Problem> {
    for (name, label) in [("address", "address"), ("phone", "telephone number")] {
        if fields.get(name).chars().count() > LONGEST_FACT {
            let detail = format!("the {label} may have at most {LONGEST_FACT} characters");
            return Err(Problem::invalid(name, detail));
        }
    }
    naming::check(&names(fields))?;
    edit::checked(Settings {
        time_zone: Some(fields.get("time_zone").to_owned()),
        country: Some(fields.get("country").to_owned()),
        ..Settings::default()
    })?;
    Ok(read_week(&fields.0)?)
}

fn names(fields: &Fields) -> Names {
    Names {
        business: fields.get("business").to_owned(),
        assistant: fields.get("assistant").to_owned(),
    }
}

async fn keep(place: &Place<'_>, fields: &Fields, week: Vec<Weekly>) -> Result<(), Problem> {
    let (app, by, now) = (place.app, place.person.member(), now_ms());
    let store = &app.store;
    naming::set(store, by, &names(fields), now).await?;
    let mut voice = voice_settings::get(store, by).await?;
    let language = fields.get("language");
    if !language.is_empty() && voice.language != language {
        language.clone_into(&mut voice.language);
        voice_settings::set(store, by, voice, &app.synthesizer.voices()).await?;
    }
    let clock = ClockChange {
        time_zone: Some(fields.get("time_zone").to_owned()),
        country: Some(fields.get("country").to_owned()),
        holidays: None,
    };
    acts::set_clock(store, by, clock).await?;
    let book = acts::open(store, by).await?;
    // A week that was left empty says nothing, unless there is one that it takes back.
    if is_week_confirmed(&book) || week.iter().any(|row| !row.open.is_empty()) {
        acts::set_week(store, by, week, now).await?;
    }
    for kind in ["address", "phone"] {
        keep_fact(place, &book, kind, fields.get(kind)).await?;
    }
    Ok(())
}

/// Enters, changes or confirms a fact; an empty field changes nothing.
async fn keep_fact(
    place: &Place<'_>,
    book: &Book,
    kind: &str,
    text: &str,
) -> Result<(), FactsError> {
    let (store, by, now) = (&place.app.store, place.person.member(), now_ms());
    if text.is_empty() {
        return Ok(());
    }
    let Some(before) = find(book, kind) else {
        return acts::enter_in_words(store, by, kind, text, now).await;
    };
    let id = before.fact.id;
    let is_same = edit::show(&before.data.what) == text;
    match (is_same, before.fact.state) {
        (true, FactState::Confirmed) => Ok(()),
        (true, _) => {
            let confirmed = acts::decide(store, by, id, Decision::Confirm, now);
            confirmed.await.map(drop)
        }
        (false, _) => acts::change_in_words(store, by, id, text, now).await,
    }
}

/// The rows of the week with what was typed into them.
fn typed_week(fields: &Fields, mut rows: Vec<WeekRow>) -> Vec<WeekRow> {
    let hours = fields.0.iter().filter(|(name, _)| name == "hours");
    for (row, (_, typed)) in rows.iter_mut().zip(hours) {
        row.hours.clone_from(typed);
    }
    rows
}
