//! When somebody is at the desk, and what the owner decided about handing conversations over: the section "desk" of a
//! workspace's settings.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span as Length, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::hours::opening::{Basis, Day, Hours, Span, Special, Weekly, clock};
use crate::hours::{self, Book};
use crate::reason::Reason;
use crate::store::assistants::{self, AssistantSettings};
use crate::store::conversations::Conversation;
use crate::store::facts::FactState;
use crate::store::{
    Connection, StoreError, Transaction, UnixMs, WorkspaceId, sessions, workspaces,
};

/// Days ahead in which the desk's next opening is looked for.
const AHEAD: i32 = 30;
/// Without any hours, the desk is open while somebody of staff used the console within this time.
const PRESENT_MS: i64 = 10 * 60 * 1000;
/// In minutes.
const LONGEST_WAIT: u32 = 60;
/// Spans of a day, and addresses that are written to: each who waits writes to all of them.
const MOST_SPANS: usize = 12;
const MOST_ADDRESSES: usize = 20;

/// A day of the week, as in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeskDay {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl DeskDay {
    const ALL: [(Self, Day); 7] = [
        (Self::Monday, Day::Mon),
        (Self::Tuesday, Day::Tue),
        (Self::Wednesday, Day::Wed),
        (Self::Thursday, Day::Thu),
        (Self::Friday, Day::Fri),
        (Self::Saturday, Day::Sat),
        (Self::Sunday, Day::Sun),
    ];

    /// The day of an English name in small letters.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "monday" => Self::Monday,
            "tuesday" => Self::Tuesday,
            "wednesday" => Self::Wednesday,
            "thursday" => Self::Thursday,
            "friday" => Self::Friday,
            "saturday" => Self::Saturday,
            "sunday" => Self::Sunday,
            _ => return None,
        })
    }
}

/// From and until, as `HH:MM`; an end at or before its beginning is on the next day.
pub type DeskSpan = [String; 2];

/// The section "desk".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeskSettings {
    /// A day that is missing is closed; `None`: as the business's opening hours.
    pub hours: Option<BTreeMap<DeskDay, Vec<DeskSpan>>>,
    /// IANA name; `None`: as the business's.
    pub time_zone: Option<String>,
    /// How long a visitor waits for somebody who does not come.
    pub wait_minutes: u32,
    /// After how many minutes without a word a conversation is shown as late, and as much too late.
    pub sla_minutes: [u32; 2],
    /// Whether a visitor who meets nobody is asked for a number or an address.
    pub callback: bool,
    pub hand_over: HandOver,
    pub notify: Notify,
}

/// When the assistant itself calls a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandOver {
    /// It has no sure answer about prices, refunds, rights or health.
    pub risky: bool,
    /// It had no answer this many times in a row; 0 for never.
    pub refusals: u32,
    /// The visitor rated an answer as bad.
    pub bad_rating: bool,
}

/// Who is told by e-mail, and of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notify {
    /// Addresses; empty: the people of the workspace.
    pub email: Vec<String>,
    pub new_lead: bool,
    pub waiting: bool,
    /// Only the person who is mentioned.
    pub mention: bool,
    /// Only the person or team that a conversation was assigned to.
    pub assignment: bool,
    /// Whether e-mails have what visitors wrote, and how to reach them.
    pub words: bool,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            hours: None,
            time_zone: None,
            wait_minutes: 3,
            sla_minutes: [2, 10],
            callback: true,
            hand_over: HandOver::default(),
            notify: Notify::default(),
        }
    }
}

impl Default for HandOver {
    fn default() -> Self {
        Self {
            risky: true,
            refusals: 2,
            bad_rating: true,
        }
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            email: Vec::new(),
            new_lead: true,
            waiting: true,
            mention: true,
            assignment: true,
            words: false,
        }
    }
}

impl DeskSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "desk";

    pub fn load(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        workspaces::section(conn, workspace, Self::SECTION)
    }

    /// As [`load`](Self::load), with what the conversation's assistant has of its own.
    pub fn of_conversation(
        conn: &Connection,
        conversation: &Conversation,
    ) -> Result<Self, StoreError> {
        let (workspace, assistant) = (conversation.workspace, conversation.assistant);
        let own = assistants::own_of(conn, workspace, assistant)?;
        Ok(Self::load(conn, workspace)?.with_own(&own))
    }

    /// What an assistant has of its own goes before the desk's settings.
    #[must_use]
    pub fn with_own(mut self, own: &AssistantSettings) -> Self {
        let rules = &own.hand_over;
        self.hand_over = HandOver {
            risky: rules.risky.unwrap_or(self.hand_over.risky),
            refusals: rules.refusals.unwrap_or(self.hand_over.refusals),
            bad_rating: rules.bad_rating.unwrap_or(self.hand_over.bad_rating),
        };
        if let Some(hours) = &own.hours {
            let days = hours.week.iter().filter_map(|(name, spans)| {
                let day = DeskDay::parse(name)?;
                Some((day, spans.clone()))
            });
            self.hours = Some(days.collect());
            self.time_zone = hours.time_zone.clone().or(self.time_zone);
        }
        self
    }

    pub fn save(&self, tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
        workspaces::set_section(tx, workspace, Self::SECTION, self)
    }

    /// Says what cannot hold, for its owner.
    pub fn check(&self) -> Result<(), Reason> {
        for span in self.hours.iter().flat_map(|days| days.values().flatten()) {
            if let Some(wrong) = span.iter().find(|time| clock(time).is_none()) {
                let told = format!("`{wrong}` is no time of day; write HH:MM, such as 09:00");
                return Err(told.into());
            }
        }
        let mut days = self.hours.iter().flat_map(BTreeMap::values);
        if days.any(|spans| spans.len() > MOST_SPANS) {
            return Err(format!("a day may have at most {MOST_SPANS} spans of hours").into());
        }
        if self.notify.email.len() > MOST_ADDRESSES {
            let told = format!("at most {MOST_ADDRESSES} addresses can be written to");
            return Err(told.into());
        }
        if let Some(name) = &self.time_zone
            && TimeZone::get(name).is_err()
        {
            let told =
                format!("there is no time zone `{name}`; write its name as in Europe/Berlin");
            return Err(told.into());
        }
        if !(1..=LONGEST_WAIT).contains(&self.wait_minutes) {
            let told = format!("wait_minutes must be from 1 to {LONGEST_WAIT}");
            return Err(told.into());
        }
        let [late, too_late] = self.sla_minutes;
        if late == 0 || late > too_late {
            return Err("sla_minutes are two numbers of minutes, the smaller one first".into());
        }
        let is_address = |text: &&String| {
            let parts = text.split_once('@');
            let whole = !text.chars().any(|c| c.is_whitespace() || c.is_control());
            whole && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        };
        if let Some(wrong) = self.notify.email.iter().find(|text| !is_address(text)) {
            return Err(format!("`{wrong}` is no e-mail address").into());
        }
        Ok(())
    }
}

/// Whether somebody is at the desk, and when it opens.
#[derive(Debug, Clone)]
pub struct Desk {
    pub settings: DeskSettings,
    schedule: Option<Hours>,
    zone: TimeZone,
    /// Somebody of staff used the console a moment ago.
    staffed: bool,
}

impl Desk {
    /// The desk of a workspace around a time.
    pub fn load(conn: &Connection, workspace: WorkspaceId, at: UnixMs) -> Result<Self, StoreError> {
        Self::with(conn, workspace, DeskSettings::load(conn, workspace)?, at)
    }

    /// The desk for a conversation: at the hours of its assistant, if that has its own.
    pub fn of_conversation(
        conn: &Connection,
        conversation: &Conversation,
        at: UnixMs,
    ) -> Result<Self, StoreError> {
        let settings = DeskSettings::of_conversation(conn, conversation)?;
        Self::with(conn, conversation.workspace, settings, at)
    }

    fn with(
        conn: &Connection,
        workspace: WorkspaceId,
        settings: DeskSettings,
        at: UnixMs,
    ) -> Result<Self, StoreError> {
        let book = Book::open(conn, workspace)?;
        let named = settings.time_zone.as_deref();
        let zone = named
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| book.zone());
        let today = zoned(at, &zone);
        let schedule = make_schedule(&settings, &book, &today);
        let staffed =
            schedule.is_none() && sessions::is_anyone_active(conn, workspace, at - PRESENT_MS, at)?;
        Ok(Self {
            settings,
            schedule,
            zone,
            staffed,
        })
    }

    pub fn is_open(&self, at: UnixMs) -> bool {
        let schedule = self.schedule.as_ref();
        schedule.map_or(self.staffed, |hours| hours.is_open(&zoned(at, &self.zone)))
    }

    /// `None` if it does not open within a month, or has no hours.
    pub fn next_opening(&self, at: UnixMs) -> Option<Zoned> {
        let hours = self.schedule.as_ref()?;
        hours.next_open(&zoned(at, &self.zone), &|_| false)
    }

    /// The time there.
    pub fn local(&self, at: UnixMs) -> Zoned {
        zoned(at, &self.zone)
    }
}

fn zoned(at: UnixMs, zone: &TimeZone) -> Zoned {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_zoned(zone.clone())
}

/// The desk's own hours, or the business's; on days when the business is closed by exception, or that are public holidays
/// which nobody said are as usual, nobody is there. `None` if nobody stated any hours.
fn make_schedule(settings: &DeskSettings, book: &Book, today: &Zoned) -> Option<Hours> {
    let (business, ..) = book.hours(FactState::Confirmed, None);
    let mut hours = match &settings.hours {
        Some(days) => {
            let closures = business.special.iter();
            let closures = closures.filter(|s| s.open.as_ref().is_some_and(Vec::is_empty));
            Hours {
                weekly: week(days),
                special: closures.cloned().collect(),
            }
        }
        None if business.weekly.is_empty() && business.special.is_empty() => return None,
        None => business,
    };
    // `Hours` says nothing about a day that is in doubt, or that nobody stated; here it is closed.
    for ahead in -1..=AHEAD {
        let Ok(date) = today.date().checked_add(Length::new().days(ahead)) else {
            continue;
        };
        let closed = match hours.on(date).basis {
            Basis::Special(_) => false,
            Basis::Weekly(_) => book.doubt(date).is_some(),
            Basis::Unstated => true,
        };
        if closed {
            hours.special.push(Special {
                label: None,
                from: date,
                until: date,
                open: Some(Vec::new()),
                note: String::new(),
            });
        }
    }
    Some(hours)
}

fn week(days: &BTreeMap<DeskDay, Vec<DeskSpan>>) -> Vec<Weekly> {
    let spans = |day| {
        let written = days.get(&day).into_iter().flatten();
        let read = written.filter_map(|[from, to]| {
            Some(Span {
                from: clock(from)?,
                to: clock(to)?,
            })
        });
        read.collect()
    };
    let day = |(day, of_week)| Weekly {
        label: None,
        days: vec![of_week],
        which: Vec::new(),
        open: spans(day),
        note: String::new(),
        from: None,
        until: None,
    };
    DeskDay::ALL.into_iter().map(day).collect()
}

/// Whether somebody is at the desk of a workspace.
pub fn is_open(conn: &Connection, workspace: WorkspaceId, at: UnixMs) -> Result<bool, StoreError> {
    Ok(Desk::load(conn, workspace, at)?.is_open(at))
}

/// Whether somebody is there for a conversation.
pub fn is_open_for(
    conn: &Connection,
    conversation: &Conversation,
    at: UnixMs,
) -> Result<bool, StoreError> {
    Ok(Desk::of_conversation(conn, conversation, at)?.is_open(at))
}

/// When the desk opens next; `None` if that is not known.
pub fn next_opening(
    conn: &Connection,
    workspace: WorkspaceId,
    at: UnixMs,
) -> Result<Option<Zoned>, StoreError> {
    Ok(Desk::load(conn, workspace, at)?.next_opening(at))
}

/// The time zone of the business.
pub fn time_zone(conn: &Connection, workspace: WorkspaceId) -> Result<TimeZone, StoreError> {
    let settings = crate::store::facts::settings(conn, workspace)?;
    Ok(hours::time_zone(&settings))
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
