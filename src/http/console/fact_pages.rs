//! View data of the business facts page.

use askama::Template;

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::DateTime;

use super::Failure;
use super::facts::Tried;
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::agent::fact_preview;
use crate::app::App;
use crate::hours::opening::{Day, Weekly};
use crate::hours::{Book, COUNTRIES, Entry, What, country, edit};
use crate::store::facts::FactState;
use crate::store::{DocumentId, documents};

#[derive(Debug, Clone)]
pub struct FactRow {
    pub id: String,
    /// What kind, in words.
    pub kind: &'static str,
    pub summary: String,
    /// The document's words.
    pub quote: String,
    /// Address of the place in the document.
    pub link: Option<String>,
    /// Title of the document and its date.
    pub source: String,
    /// Whether a newer document contradicts it.
    pub superseded: bool,
    /// Whether its document no longer states it.
    pub changed: bool,
    /// Whether it has an edit field of its own; weekly hours have an editor for the whole week.
    pub editable: bool,
}

/// A row of the week's editor.
#[derive(Debug, Clone)]
pub struct WeekRow {
    /// `mon` … `sun`.
    pub code: &'static str,
    pub name: &'static str,
    pub hours: String,
    pub which: String,
    /// Whatever else applies that day.
    pub note: String,
}

#[derive(Debug, Clone, Default)]
pub struct Preview {
    pub question: String,
    /// Local time of asking, in the format of `<input type="datetime-local">`.
    pub at: String,
    /// Empty until a question is tried.
    pub answer: String,
    /// Whether the facts did not answer the question.
    pub passed: bool,
}

#[derive(Template)]
#[template(path = "facts.html")]
pub struct Facts {
    pub shell: Shell,
    /// What was wrong with a form.
    pub error: Option<String>,
    /// Found in documents, waiting for confirmation.
    pub proposed: Vec<FactRow>,
    /// Proposals that a newer document contradicts.
    pub outdated: Vec<FactRow>,
    /// How many confirmed facts are no longer in their document.
    pub changed: usize,
    pub week: Vec<WeekRow>,
    pub week_confirmed: bool,
    /// Confirmed exceptions.
    pub holidays: Vec<FactRow>,
    /// Confirmed address, telephone, e-mail, prices, and opening hours of departments.
    pub others: Vec<FactRow>,
    pub zone: String,
    /// Whether the owner chose it.
    pub zone_set: bool,
    pub zones: Vec<String>,
    /// Country code, or empty.
    pub country: String,
    /// Countries whose holidays are known.
    pub countries: &'static [&'static str],
    /// `unstated`, `closed` or `usual`.
    pub rule: &'static str,
    pub preview: Preview,
}

/// Renders the page, with the error of a form or the question that was tried.
pub(super) async fn render(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    error: Option<String>,
    tried: Tried,
) -> Result<Response, Failure> {
    let workspace = person.workspace.id;
    let loaded = app.store.read(move |conn| {
        let titles: HashMap<DocumentId, String> = documents::list(conn, workspace)?
            .into_iter()
            .map(|d| (d.document.id, d.document.title))
            .collect();
        Ok((Book::open(conn, workspace)?, titles))
    });
    let (book, titles) = loaded.await?;
    let rows = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<FactRow> {
        book.entries
            .iter()
            .filter(|e| wanted(e))
            .map(|e| row(e, &titles))
            .collect()
    };
    let confirmed = |e: &Entry| e.fact.state == FactState::Confirmed;
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let week_confirmed = is_week_confirmed(&book);
    let page = Facts {
        shell: person.shell(Section::Documents, "Business facts"),
        error,
        proposed: rows(&|e| e.fact.state == FactState::Proposed && !e.superseded),
        outdated: rows(&|e| e.fact.state == FactState::Proposed && e.superseded),
        changed: book
            .entries
            .iter()
            .filter(|e| confirmed(e) && e.data.changed)
            .count(),
        week: editor(&book, week_confirmed),
        week_confirmed,
        holidays: rows(&|e| confirmed(e) && matches!(e.data.what, What::Special(_))),
        others: rows(&|e| confirmed(e) && !is_week(e) && !matches!(e.data.what, What::Special(_))),
        zone: book.zone().iana_name().unwrap_or("UTC").to_owned(),
        zone_set: book.settings.time_zone.is_some(),
        zones: zones.filter(|z| z.contains('/')).collect(),
        country: country(&book.settings).unwrap_or_default(),
        countries: COUNTRIES,
        rule: book.settings.holidays.as_str(),
        preview: preview(&book, &person.workspace.title, tried),
    };
    Ok(view::page(status, &page))
}

/// Whether it is one of the usual weekly hours of the business itself.
fn is_week(entry: &Entry) -> bool {
    matches!(&entry.data.what, What::Weekly(w) if w.label.is_none() && w.from.is_none() && w.until.is_none())
}

pub(super) fn is_week_confirmed(book: &Book) -> bool {
    let confirmed = |entry: &&Entry| entry.fact.state == FactState::Confirmed;
    book.entries.iter().filter(confirmed).any(is_week)
}

fn preview(book: &Book, business: &str, tried: Tried) -> Preview {
    let Some(question) = tried.ask.filter(|q| !q.trim().is_empty()) else {
        return Preview {
            question: "Are you open tomorrow?".to_owned(),
            ..Preview::default()
        };
    };
    let at = tried.at.unwrap_or_default();
    let now = at
        .parse::<DateTime>()
        .ok()
        .and_then(|at| at.to_zoned(book.zone()).ok())
        .map_or_else(jiff::Timestamp::now, |at| at.timestamp());
    let answer = fact_preview(book, &question, business, now);
    Preview {
        question,
        at,
        passed: answer.is_none(),
        answer: answer.unwrap_or_default(),
    }
}

fn row(entry: &Entry, titles: &HashMap<DocumentId, String>) -> FactRow {
    let place = entry.data.place.as_ref();
    let link = entry.fact.document.zip(place).map(|(document, place)| {
        let version = entry
            .fact
            .version
            .map(|v| format!("version={v}&"))
            .unwrap_or_default();
        format!(
            "/documents/{document}?{version}span={}-{}#quote",
            place.span[0], place.span[1]
        )
    });
    let title = entry.fact.document.and_then(|d| titles.get(&d)).cloned();
    let dated = place.and_then(|p| p.dated).map(|d| format!(", dated {d}"));
    FactRow {
        id: entry.fact.id.to_string(),
        kind: match entry.data.what {
            What::Weekly(_) => "Every week",
            What::Special(_) => "Exception",
            What::Address { .. } => "Address",
            What::Phone { .. } => "Telephone",
            What::Email { .. } => "E-mail",
            What::Price { .. } => "Price",
        },
        summary: summarize(&entry.data.what),
        quote: entry.fact.quote.clone(),
        link: link.filter(|_| title.is_some()),
        source: title.map_or_else(String::new, |t| format!("{t}{}", dated.unwrap_or_default())),
        superseded: entry.superseded,
        changed: entry.data.changed,
        editable: !matches!(entry.data.what, What::Weekly(_) | What::Price { .. }),
    }
}

const NAMES: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The fact in a few words, with names of days instead of their codes.
fn summarize(what: &What) -> String {
    let shown = edit::show(what);
    let What::Weekly(row) = what else {
        return shown;
    };
    let codes: Vec<&str> = row.days.iter().map(|day| day.code()).collect();
    let codes = codes.join(" ");
    let names = name_days(&row.days);
    for end in [":", " ("] {
        let coded = format!("{codes}{end}");
        if !codes.is_empty() && shown.contains(&coded) {
            return shown.replacen(&coded, &format!("{names}{end}"), 1);
        }
    }
    shown
}

/// `Monday to Friday, Sunday`: three days in a row or more become a range.
fn name_days(days: &[Day]) -> String {
    let mut runs: Vec<(usize, Vec<&str>)> = Vec::new();
    let week = Day::ALL.into_iter().zip(NAMES).enumerate();
    for (at, (_, name)) in week.filter(|(_, (day, _))| days.contains(day)) {
        match runs.last_mut() {
            Some((last, names)) if *last + 1 == at => {
                *last = at;
                names.push(name);
            }
            _ => runs.push((at, vec![name])),
        }
    }
    let shown = runs.into_iter().map(|(_, names)| match names.as_slice() {
        [first, _, .., last] => format!("{first} to {last}"),
        few => few.join(", "),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The week's rows: as confirmed, or else as proposed, to start from.
pub(super) fn editor(book: &Book, confirmed: bool) -> Vec<WeekRow> {
    let state = if confirmed {
        FactState::Confirmed
    } else {
        FactState::Proposed
    };
    let (hours, _, _) = book.hours(state, None);
    let mut out = Vec::new();
    for (day, name) in Day::ALL.into_iter().zip(NAMES) {
        let rows: Vec<&Weekly> = hours
            .weekly
            .iter()
            .filter(|w| w.days.contains(&day) && w.from.is_none() && w.until.is_none())
            .collect();
        let field = |row: Option<&Weekly>| WeekRow {
            code: day.code(),
            name,
            hours: row.map_or_else(String::new, |r| edit::show_spans(&r.open)),
            which: row.map_or_else(String::new, |r| {
                let which: Vec<String> = r
                    .which
                    .iter()
                    .map(|n| {
                        if *n < 0 {
                            "last".to_owned()
                        } else {
                            n.to_string()
                        }
                    })
                    .collect();
                which.join(", ")
            }),
            note: row.map_or_else(String::new, |r| r.note.clone()),
        };
        // An empty row, so that hours can be entered for a closed day.
        if rows.is_empty() {
            out.push(field(None));
        }
        out.extend(rows.into_iter().map(|row| field(Some(row))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_become_a_range() {
        let named = |numbers: &[usize]| {
            let days: Vec<Day> = numbers.iter().map(|at| Day::ALL[*at]).collect();
            name_days(&days)
        };
        assert_eq!(named(&[0, 1, 2, 3, 4]), "Monday to Friday");
        assert_eq!(named(&[5, 6]), "Saturday, Sunday");
        assert_eq!(named(&[6, 0, 1, 2]), "Monday to Wednesday, Sunday");
        assert_eq!(named(&[]), "");
    }
}
