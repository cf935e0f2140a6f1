//! What this machine can do: the verdict of `frontdesk doctor` on the running server.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::head::Head;
use super::{Place, Step};
use crate::app::App;
use crate::app::doctor::{Level, Part};
use crate::http::console::view::{self, Shell, filters};
use crate::http::console::{Failure, sentence};
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "welcome_machine.html")]
struct Machine {
    shell: Shell,
    head: Head,
    summary: String,
    parts: Vec<PartView>,
}

struct PartView {
    label: &'static str,
    /// As the badges name their colours.
    state: &'static str,
    state_label: &'static str,
    text: String,
    /// Path and name of the page that changes it.
    link: Option<(&'static str, &'static str)>,
}

pub(super) async fn show(place: &Place<'_>, app: &Arc<App>) -> Result<Response, Failure> {
    let app = Arc::clone(app);
    // It reads files and asks the system, which takes moments.
    let verdict = tokio::task::spawn_blocking(move || app.verdict_blocking()).await;
    let parts = verdict
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let page = Machine {
        shell: place.shell("What this machine can do"),
        head: Head::of(&place.walk, Step::Machine),
        summary: summarize(&parts),
        parts: parts.into_iter().map(show_part).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn summarize(parts: &[Part]) -> String {
    let count = |level| parts.iter().filter(|part| part.level == level).count();
    match (count(Level::Problem), count(Level::Hint)) {
        (0, 0) => "Everything works.".to_owned(),
        (0, 1) => "Everything works; one thing could be better.".to_owned(),
        (0, hints) => format!("Everything works; {hints} things could be better."),
        (1, _) => "One thing does not work.".to_owned(),
        (problems, _) => format!("{problems} things do not work."),
    }
}

fn show_part(part: Part) -> PartView {
    let (state, state_label) = match part.level {
        Level::Ok => ("ready", "Works"),
        Level::Hint => ("degraded", "Could be better"),
        Level::Problem => ("failed", "Does not work"),
    };
    PartView {
        label: label(part.name),
        state,
        state_label,
        text: sentence(&part.text),
        link: match part.name {
            "backups" => Some(("/backups", "Backups")),
            "network" | "certificate" | "database" => Some(("/status", "Status")),
            "calls" => Some(("/voice", "Voice")),
            _ => None,
        },
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "answers" => "Answers in its own words",
        "search" => "Search by meaning",
        "reading" => "Finding answers in documents",
        "recordings" => "Recordings and voice notes",
        "calls" => "Voice calls",
        "processor" => "Processor",
        "memory" => "Memory",
        "disk" => "Disk",
        "model" => "Model file",
        "backups" => "Backups",
        "store_key" => "Key of the data",
        "database" => "Database",
        "network" => "Network",
        "certificate" => "Certificate",
        _ => "Another part",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_no_better_than_the_worst_part() {
        let part = |level| Part {
            name: "memory",
            level,
            text: "16 GB".to_owned(),
        };
        assert_eq!(summarize(&[part(Level::Ok)]), "Everything works.");
        let told = summarize(&[part(Level::Hint), part(Level::Ok)]);
        assert!(told.contains("one thing could be better"), "{told}");
        let told = summarize(&[part(Level::Problem), part(Level::Hint)]);
        assert_eq!(told, "One thing does not work.");
    }

    #[test]
    fn a_part_is_told_as_a_sentence() {
        let shown = show_part(Part {
            name: "backups",
            level: Level::Hint,
            text: "no backups are made".to_owned(),
        });
        assert_eq!(shown.text, "No backups are made.");
        assert_eq!(shown.link, Some(("/backups", "Backups")));
    }
}
