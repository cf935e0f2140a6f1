//! Appointments in an owner's calendar over CalDAV (RFC 4791): free times within business hours, request, cancel.
//!
//! Invariants:
//! - An appointment lies within opening hours, not in the past, and over no other event. Bookings of this server go one after
//!   another; after writing, the calendar is read again, and whoever came second withdraws.
//! - The name of an appointment follows from the call's key, so a repeated call never books twice.
//! - Only appointments that were made here are cancelled: nobody can name another event.
//! - An event that cannot be read counts as an error, never as free time.

mod dav;
mod events;
mod slots;
mod xml;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use self::dav::{Dav, Put};
pub use self::slots::Span;
use super::answer::Answer;
use super::now;
use super::send::{Failure, Line};
use super::talk::InTalk;
use crate::reason::Reason;
use crate::store::tools::Tool;
use crate::store::{StoreError, UnixMs, WorkspaceId};

/// The action that only looks.
pub(crate) const FREE: &str = "free";
const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Free times in one answer.
const MOST_SLOTS: usize = 60;
/// Bytes of what a calendar may send.
const MOST_BYTES: u64 = 4 << 20;

/// When a business is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// In order, in Unix ms.
    pub spans: Vec<Span>,
    /// IANA name of its time zone.
    pub zone: String,
}

/// Knows when businesses are open.
#[async_trait]
pub trait Opening: Send + Sync {
    /// When a business is open between two times; `None` while its hours are not confirmed.
    async fn open(
        &self,
        workspace: WorkspaceId,
        from: UnixMs,
        until: UnixMs,
    ) -> Result<Option<Open>, StoreError>;

    /// The time zone of a business.
    async fn zone(&self, workspace: WorkspaceId) -> Result<TimeZone, StoreError>;
}

/// A calendar and the rules of its appointments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The calendar itself, such as `https://dav.example.com/anna/appointments/`.
    pub url: String,
    pub user: String,
    /// Length of an appointment where none is asked for, in minutes.
    #[serde(default = "half_an_hour")]
    pub minutes: u32,
    /// Appointments begin every so many minutes.
    #[serde(default = "half_an_hour")]
    pub step: u32,
    /// Minutes that stay free before and after each event.
    #[serde(default)]
    pub buffer: u32,
    /// The earliest appointment, in minutes from now.
    #[serde(default = "two_hours")]
    pub notice: u32,
    /// The latest appointment, in days from now.
    #[serde(default = "thirty")]
    pub days: u32,
    /// Title of an appointment; the visitor's name is added.
    #[serde(default = "appointment")]
    pub title: String,
    /// When an assistant looks for free times by itself; without it only workflows do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<InTalk>,
}

fn half_an_hour() -> u32 {
    30
}

fn two_hours() -> u32 {
    120
}

fn thirty() -> u32 {
    30
}

fn appointment() -> String {
    "Appointment".to_owned()
}

impl Calendar {
    pub(crate) fn read(settings: &Value) -> Result<Self, Reason> {
        Self::deserialize(settings)
            .map_err(|error| Reason::told(format!("the calendar cannot be read: {error}"), error))
    }

    /// Checks its rules. Returns the field that is wrong, and why.
    pub(crate) fn check(&self) -> Result<Url, (&'static str, String)> {
        let url = self
            .collection()
            .map_err(|reason| ("url", reason.to_string()))?;
        for (field, value, least, most) in [
            ("minutes", self.minutes, 5, 24 * 60),
            ("step", self.step, 5, 24 * 60),
            ("buffer", self.buffer, 0, 24 * 60),
            ("notice", self.notice, 0, 60 * 24 * 60),
            ("days", self.days, 1, 366),
        ] {
            if !(least..=most).contains(&value) {
                return Err((field, format!("a whole number from {least} to {most}")));
            }
        }
        if self.user.len() > 200
            || self.user.contains(':')
            || self.user.chars().any(char::is_control)
        {
            return Err((
                "user",
                "a name of at most 200 bytes, without a colon".to_owned(),
            ));
        }
        if self.title.chars().count() > 200 {
            return Err(("title", "at most 200 characters".to_owned()));
        }
        if let Some(talk) = &self.talk {
            talk.check()?;
        }
        Ok(url)
    }

    /// Its address with a slash at the end, since appointments lie below it.
    fn collection(&self) -> Result<Url, Reason> {
        let told = "write the address of the calendar in full, such as https://dav.example.com/anna/appointments/";
        let mut url = Url::parse(self.url.trim()).map_err(|e| Reason::told(told, e))?;
        if !url.has_host() || !url.username().is_empty() || url.password().is_some() {
            return Err(told.into());
        }
        url.set_fragment(None);
        url.set_query(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(url)
    }

    fn window(&self, at: UnixMs) -> Span {
        Span {
            from: at + i64::from(self.notice) * MINUTE,
            until: at + i64::from(self.days) * DAY,
        }
    }
}

/// JSON Schema of the arguments of every calendar.
pub(crate) fn arguments() -> Value {
    json!({
        "type": "object",
        "required": ["action"],
        "additionalProperties": false,
        "properties": {
            "action": { "enum": [FREE, "request", "cancel"], "description": "What to do." },
            "from": { "type": "string", "format": "date-time", "description": "Free times from then on." },
            "until": { "type": "string", "format": "date-time", "description": "Free times until then." },
            "start": { "type": "string", "format": "date-time", "description": "Beginning of the appointment." },
            "minutes": { "type": "integer", "minimum": 5, "maximum": 1440, "description": "Its length." },
            "name": { "type": "string", "minLength": 1, "maxLength": 200, "description": "Who comes." },
            "contact": { "type": "string", "maxLength": 200, "description": "Telephone number or e-mail address." },
            "note": { "type": "string", "maxLength": 2000, "description": "What it is about." },
            "event": { "type": "string", "pattern": "^frontdesk-[0-9a-f]{32}$", "description": "The appointment to cancel." },
        },
    })
}

/// A free time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub span: Span,
}

/// An appointment that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name in the calendar; whoever has it can cancel it.
    pub uid: String,
    pub span: Span,
}

/// Who comes, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guest<'a> {
    pub name: &'a str,
    pub contact: &'a str,
    pub note: &'a str,
}

/// Does what the arguments ask for; they were checked.
pub(crate) async fn act(
    line: &Line<'_>,
    tool: &Tool,
    arguments: &Map<String, Value>,
    key: &str,
    hours: Option<&dyn Opening>,
    lock: &tokio::sync::Mutex<()>,
) -> Result<Answer, Failure> {
    let calendar = Calendar::read(&tool.settings).map_err(Failure::sure)?;
    let url = calendar.collection().map_err(Failure::sure)?;
    let dav = Dav::new(line, url, &calendar.user, MOST_BYTES);
    let text = |name: &str| {
        arguments
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let time = |name: &str| time_of(text(name));
    let length = minutes_of(arguments, &calendar);
    let window = calendar.window(now());
    if text("action") == "cancel" {
        let uid = text("event");
        if uid.is_empty() {
            return Err(Failure::sure(
                "say which appointment to cancel: `event` is missing",
            ));
        }
        let _one = lock.lock().await;
        dav.cancel(uid).await?;
        return Ok(answer(json!({ "event": uid, "cancelled": true })));
    }
    let open = match hours {
        Some(hours) => hours.open(line.workspace, window.from, window.until).await,
        None => Ok(None),
    };
    let open = open.map_err(|error| Failure::sure(Reason::of(error)))?;
    let open = open.ok_or_else(|| {
        Failure::sure("the opening hours are not confirmed yet; confirm them under Business facts")
    })?;
    let zone = TimeZone::get(&open.zone).unwrap_or(TimeZone::UTC);
    if text("action") == FREE {
        let from = time("from").unwrap_or(window.from).max(window.from);
        let until = time("until").unwrap_or(from + 7 * DAY).min(window.until);
        let found = free(&dav, &calendar, &open, Span { from, until }, length).await?;
        let told: Vec<Value> = (found.iter())
            .map(|slot| json!({ "start": show(slot.span.from, &zone), "end": show(slot.span.until, &zone) }))
            .collect();
        return Ok(answer(json!({ "slots": told, "zone": open.zone })));
    }
    let start =
        time("start").ok_or_else(|| Failure::sure("say when it begins: `start` is missing"))?;
    let span = Span {
        from: start,
        until: start + length,
    };
    let guest = Guest {
        name: text("name"),
        contact: text("contact"),
        note: text("note"),
    };
    let _one = lock.lock().await;
    let event = request(&dav, &calendar, &open, span, &guest, &uid_of(tool, key)).await?;
    Ok(answer(json!({
        "event": event.uid,
        "start": show(event.span.from, &zone),
        "end": show(event.span.until, &zone),
    })))
}

/// The free times in a span, earliest first.
async fn free(
    dav: &Dav<'_>,
    calendar: &Calendar,
    open: &Open,
    within: Span,
    length: i64,
) -> Result<Vec<Slot>, Failure> {
    if within.from >= within.until {
        return Ok(Vec::new());
    }
    let busy = busy(dav, open, within, calendar).await?;
    let step = i64::from(calendar.step) * MINUTE;
    let found = slots::free(&open.spans, &busy, within, length, step);
    Ok(found
        .into_iter()
        .take(MOST_SLOTS)
        .map(|span| Slot { span })
        .collect())
}

/// Makes an appointment, if that time is still free.
async fn request(
    dav: &Dav<'_>,
    calendar: &Calendar,
    open: &Open,
    span: Span,
    guest: &Guest<'_>,
    uid: &str,
) -> Result<Event, Failure> {
    let made = Event {
        uid: uid.to_owned(),
        span,
    };
    let taken = || Failure::sure("this time is not free any more; choose another one");
    if !slots::is_within(span, calendar.window(now())) || !slots::is_open(&open.spans, span) {
        return Err(Failure::sure(
            "appointments lie within opening hours, and neither too soon nor too late; choose another time",
        ));
    }
    let before = busy(dav, open, span, calendar).await?;
    if before
        .iter()
        .any(|other| other.uid != uid && other.span.meets(span))
    {
        return Err(taken());
    }
    let written = events::write(uid, &calendar.title, span, guest, now());
    if dav.put(uid, written).await? == Put::WasThere {
        // The same call was made before.
        return Ok(made);
    }
    // Somebody else may have written meanwhile: of two, the one whose name comes first stays.
    let after = busy(dav, open, span, calendar).await;
    let met = match &after {
        Ok(after) => after
            .iter()
            .any(|other| other.span.meets(span) && is_first(&other.uid, uid)),
        // Rather an appointment too many than one that nobody knows.
        Err(_) => false,
    };
    if met {
        dav.cancel(uid).await?;
        return Err(taken());
    }
    Ok(made)
}

/// Whether the other event stays: one that was not made here does, and of two that were the first by name.
fn is_first(other: &str, own: &str) -> bool {
    other != own && (!other.starts_with("frontdesk-") || other < own)
}

/// What the calendar has in a span, each event with the minutes around it that stay free.
async fn busy(
    dav: &Dav<'_>,
    open: &Open,
    within: Span,
    calendar: &Calendar,
) -> Result<Vec<slots::Busy>, Failure> {
    let buffer = i64::from(calendar.buffer) * MINUTE;
    let wide = within.widened(buffer);
    let objects = dav.find(wide).await?;
    let zone = open.zone.clone();
    // A calendar of years takes a moment to unfold.
    let read = tokio::task::spawn_blocking(move || -> Result<Vec<slots::Busy>, Reason> {
        let mut busy = Vec::new();
        for object in &objects {
            busy.extend(events::read(object, &zone, wide)?);
        }
        Ok(busy)
    });
    let busy: Result<Vec<slots::Busy>, Reason> = match read.await {
        Ok(read) => read,
        Err(fault) => Err(Reason::told(
            "an event of the calendar cannot be read",
            fault,
        )),
    };
    let busy = busy.map_err(Failure::sure)?;
    Ok(busy
        .into_iter()
        .map(|one| slots::Busy {
            span: one.span.widened(buffer),
            ..one
        })
        .collect())
}

/// The name of an appointment: the same for the same call.
fn uid_of(tool: &Tool, key: &str) -> String {
    let digest = Sha256::new()
        .chain_update(tool.id.to_string())
        .chain_update([0u8])
        .chain_update(key)
        .finalize();
    let digest = hex::encode(digest);
    format!("frontdesk-{}", digest.get(..32).unwrap_or_default())
}

fn minutes_of(arguments: &Map<String, Value>, calendar: &Calendar) -> i64 {
    let asked = arguments.get("minutes").and_then(Value::as_i64);
    asked.unwrap_or_else(|| i64::from(calendar.minutes)) * MINUTE
}

fn time_of(text: &str) -> Option<UnixMs> {
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

/// `2026-12-24T09:30:00+01:00`
fn show(at: UnixMs, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

fn answer(json: Value) -> Answer {
    Answer::read(200, None, json.to_string().as_bytes(), &[])
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
