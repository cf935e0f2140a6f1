//! The page about tasks, as data, and the words for what the store names.

use askama::Template;

use super::call_pages::Named;
use super::contact_pages::{NAMELESS, UNKNOWN};
use super::format::{Moment, moment};
use super::view::{Shell, filters};
use crate::contacts::show_phone;
use crate::http::api::tasks::{TaskQuery, TaskView};
use crate::inbox::leads::LeadSettings;
use crate::inbox::notify::{Arrival, Way};

const fn named(name: &'static str, label: &'static str, state: &'static str) -> Named {
    Named { name, label, state }
}

pub const STATES: [Named; 4] = [
    named("open", "Open", "ready"),
    named("done", "Done", ""),
    named("dropped", "Dropped", ""),
    named("any", "Any", ""),
];
pub const KINDS: [Named; 3] = [
    named("lead", "Get back to them", ""),
    named("callback", "Call them", ""),
    named("todo", "Note", ""),
];

fn word(all: &[Named], name: &str) -> Named {
    let known = all.iter().copied().find(|one| one.name == name);
    known.unwrap_or(UNKNOWN)
}

pub fn kind(name: &str) -> Named {
    word(&KINDS, name)
}

/// Somebody who was or is to be told of a lead.
pub struct Told {
    pub way: &'static str,
    pub to: String,
    pub state: Named,
    pub detail: String,
    /// Where to look what went wrong, and what that is called; of one that did not arrive.
    pub fix: Option<(&'static str, &'static str)>,
}

impl From<Arrival> for Told {
    fn from(arrival: Arrival) -> Self {
        Self {
            way: match arrival.way {
                Way::Email => "E-mail",
                Way::Webhook => "Webhook",
                Way::Browser => "Notice in the browser",
            },
            fix: match (arrival.arrived, arrival.way) {
                (Some(false), Way::Email) => Some(("/mail", "See why, and send it again")),
                (Some(false), Way::Webhook) => Some(("/webhooks", "See why, and send it again")),
                _ => None,
            },
            to: arrival.to,
            state: match arrival.arrived {
                Some(true) => named("", "Arrived", "ready"),
                Some(false) => named("", "Failed", "failed"),
                None => named("", "On its way", "degraded"),
            },
            detail: arrival.detail.unwrap_or_default(),
        }
    }
}

/// A telephone number to call and to read.
pub struct Phone {
    pub value: String,
    pub shown: String,
}

/// A task, in words.
pub struct TaskRow {
    pub id: String,
    pub kind: Named,
    pub state: Named,
    pub is_open: bool,
    /// Whether a visitor left it.
    pub is_lead: bool,
    pub overdue: bool,
    /// Id of the contact; empty without one.
    pub contact: String,
    pub name: String,
    pub email: String,
    pub phone: Option<Phone>,
    pub conversation: Option<String>,
    pub wish: String,
    pub page: String,
    pub due: Moment,
    /// The time of the call, in words; empty without one.
    pub call: String,
    pub assignee: String,
    pub at: Moment,
    pub told: Vec<Told>,
    /// In words, which ways are missing and what to do about it.
    pub untold: Vec<&'static str>,
}

impl TaskRow {
    /// Notes who was told, and by which ways nobody was.
    pub fn note_told(&mut self, arrivals: Vec<Arrival>) {
        let missing = |way: Way| !arrivals.iter().any(|one| one.way == way);
        if missing(Way::Email) {
            self.untold.push(
                "No e-mail was sent: name who is told under “Desk”, and set a mail server up under “E-mail”.",
            );
        }
        if missing(Way::Browser) {
            self.untold.push(
                "No browser has shown it: nobody of the team had the inbox open when it came.",
            );
        }
        self.told = arrivals.into_iter().map(Told::from).collect();
    }

    /// Whether something did not arrive.
    pub fn has_failed(&self) -> bool {
        self.told.iter().any(|told| told.state.state == "failed")
    }
}

impl From<TaskView> for TaskRow {
    fn from(task: TaskView) -> Self {
        let kind = kind(task.kind);
        let call = task.call.map(|call| {
            let (from, until) = (moment(call.from).shown, moment(call.until).shown);
            // "3 Dec 2026, 14:00 – 14:30"
            let end = until.rsplit(' ').next().unwrap_or_default().to_owned();
            format!("{from} – {end}")
        });
        let name = match (task.name.is_empty(), task.contact.is_some()) {
            (false, _) => task.name,
            (true, true) => task
                .email
                .clone()
                .or_else(|| task.phone.as_deref().map(show_phone))
                .unwrap_or_else(|| NAMELESS.to_owned()),
            (true, false) => kind.label.to_owned(),
        };
        Self {
            id: task.id,
            kind,
            state: word(&STATES, task.state),
            is_open: task.state == "open",
            is_lead: task.kind != "todo",
            overdue: task.overdue,
            contact: task.contact.unwrap_or_default(),
            name,
            email: task.email.unwrap_or_default(),
            phone: task.phone.map(|value| Phone {
                shown: show_phone(&value),
                value,
            }),
            conversation: task.conversation,
            wish: task.wish,
            page: task.page.unwrap_or_default(),
            due: moment(task.due_at),
            call: call.unwrap_or_default(),
            assignee: task.assignee.unwrap_or_default(),
            at: moment(task.created_at),
            told: Vec::new(),
            untold: Vec::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "tasks.html")]
pub struct Tasks {
    pub shell: Shell,
    pub wanted: TaskQuery,
    pub rows: Vec<TaskRow>,
    pub filtered: bool,
    /// Query string of the next page.
    pub next: Option<String>,
    pub states: [Named; 4],
    pub kinds: [Named; 3],
    /// How many are open, in a number and in words, and how many of those are overdue.
    pub open: u64,
    pub open_words: String,
    pub overdue: u64,
    /// A task that was just ended, and what became of it.
    pub undo: Option<(String, &'static str)>,
    pub done: Option<&'static str>,
    pub error: Option<String>,
    /// `None` for people who may not change them.
    pub leads: Option<LeadSettings>,
}
