//! A weekly digest by e-mail, for whoever wants it: figures of the week that ended on Sunday, beside the week before. It has no
//! words of visitors, as an e-mail outlives their retention.

mod words;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::count::Totals;
use super::report::{Wanted, load, local, zone_of};
use super::span::{monday_of, week_before};
use super::tables::{percent, seconds};
use super::{Address, AnalyticsError, MAY, Report};
use crate::access::{Caller, Member, roles};
use crate::mail::{self, Enqueued, MailKind, NewMail};
use crate::store::members::{self, Person};
use crate::store::{
    Connection, Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, workspaces,
};
use words::Words;

/// From this hour on, on Monday, where the business is.
const FROM_HOUR: i8 = 7;
/// A machine that was off on Monday sends it later, up to so many days after.
const LATEST_DAYS: i32 = 1;

/// The section "analytics" of a workspace's settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    /// Who wants the digest.
    people: Vec<UserId>,
    /// The Monday of the last one, as a day.
    last: Option<Date>,
    /// To how many people it went.
    sent: usize,
    /// Why it went to nobody.
    skipped: Option<String>,
}

const SECTION: &str = "analytics";

/// How it stands with somebody's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub wanted: bool,
    /// Whether the workspace can send e-mail.
    pub can_send: bool,
    /// The Monday of the last one that was due.
    pub last: Option<Date>,
    /// To how many people it went.
    pub sent: usize,
    /// Why it went to nobody.
    pub skipped: Option<String>,
}

/// The person behind a member.
pub(crate) fn person(by: &Member) -> Result<UserId, AnalyticsError> {
    match by.principal().caller() {
        Caller::User(user) => Ok(user.id),
        _ => Err(AnalyticsError::People),
    }
}

pub(crate) fn standing(
    conn: &Connection,
    workspace: WorkspaceId,
    person: UserId,
) -> Result<Standing, StoreError> {
    let settings: Settings = workspaces::section(conn, workspace, SECTION)?;
    Ok(Standing {
        wanted: settings.people.contains(&person),
        can_send: mail::is_set_up(conn, workspace)?,
        last: settings.last,
        sent: settings.sent,
        skipped: settings.skipped,
    })
}

pub(crate) fn choose(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    person: UserId,
    wanted: bool,
) -> Result<(), StoreError> {
    let mut settings: Settings = workspaces::section(tx, workspace, SECTION)?;
    settings.people.retain(|one| *one != person);
    if wanted {
        settings.people.push(person);
    }
    workspaces::set_section(tx, workspace, SECTION, &settings)
}

/// Queues the digest of a workspace, if it is time and somebody wants it.
pub(crate) async fn look(
    store: &Store,
    address: &Address,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(), StoreError> {
    let due = store.read(move |conn| find_due(conn, workspace, now));
    let Some(monday) = due.await? else {
        return Ok(());
    };
    let link = address();
    store
        .write(move |tx| send(tx, workspace, monday, &link, now))
        .await
}

/// The Monday of the digest that is due.
fn find_due(
    conn: &Connection,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<Option<Date>, StoreError> {
    let settings: Settings = workspaces::section(conn, workspace, SECTION)?;
    if settings.people.is_empty() {
        return Ok(None);
    }
    let here = local(now, &zone_of(conn, workspace)?);
    let monday = monday_of(here.date());
    let since = monday.until(here.date()).unwrap_or_default().get_days();
    let is_time = since <= LATEST_DAYS && (since > 0 || here.hour() >= FROM_HOUR);
    Ok((is_time && settings.last != Some(monday)).then_some(monday))
}

/// Whether somebody may still see the figures, and could end the digest: who chose it may have left the workspace since, or
/// only look on.
fn may_get(person: &Person) -> bool {
    let sees = roles::scopes(person.role)
        .iter()
        .any(|scope| MAY.contains(scope));
    sees && roles::changes(person.role) && person.user.suspended_at.is_none()
}

/// Queues it once, or notes why nobody gets it.
fn send(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    monday: Date,
    address: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let mut settings: Settings = workspaces::section(tx, workspace, SECTION)?;
    if settings.last == Some(monday) {
        return Ok(());
    }
    (settings.last, settings.sent, settings.skipped) = (Some(monday), 0, None);
    if mail::is_set_up(tx, workspace)? {
        let wanting = settings.people.clone();
        let people = members::people(tx, workspace)?
            .into_iter()
            .filter(|person| wanting.contains(&person.user.id) && may_get(person));
        let wanted = Wanted {
            days: week_before(monday),
            channel: None,
            assistant: None,
        };
        let report = load(tx, workspace, wanted, now)?;
        let words = Words::of(&language(tx, workspace)?);
        let business = workspaces::get(tx, workspace)?.title;
        let (title, text) = compose(&report, words, &business, address);
        for person in people {
            let new = NewMail {
                kind: MailKind::Notice,
                about: None,
                recipient: &person.user.email,
                title: &title,
                text: &text,
                reply_to: None,
            };
            match mail::enqueue(tx, workspace, &new, now)? {
                Enqueued::Queued(_) => settings.sent += 1,
                Enqueued::NotSetUp => {}
                Enqueued::BadRecipient(told) => settings.skipped = Some(told),
            }
        }
        if settings.sent == 0 && settings.skipped.is_none() {
            settings.skipped =
                Some("nobody who wants it may see the figures of this workspace".to_owned());
        }
    } else {
        let told = "no server for e-mail is set up; set one up on the page E-mail";
        settings.skipped = Some(told.to_owned());
    }
    workspaces::set_section(tx, workspace, SECTION, &settings)
}

/// The language in which the front desk speaks, which is its owner's: the field of that name in the settings of the voice.
fn language(conn: &Connection, workspace: WorkspaceId) -> Result<String, StoreError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Voice {
        language: String,
    }
    Ok(workspaces::section::<Voice>(conn, workspace, "voice")?.language)
}

/// Title and text.
fn compose(of: &Report, words: &Words, business: &str, address: &str) -> (String, String) {
    let days = of.wanted.days;
    let fill = |text: &str| {
        text.replace("{business}", business)
            .replace("{from}", &days.from.to_string())
            .replace("{until}", &days.until.to_string())
    };
    let line = |name: &str, figure: &dyn Fn(&Totals) -> String| {
        let (now, earlier) = (figure(&of.now), figure(&of.earlier));
        format!("{name}: {now} ({} {earlier})", words.before)
    };
    let count = |figure: fn(&Totals) -> u64| move |of: &Totals| figure(of).to_string();
    let calls = |of: &[crate::store::analytics::Calls]| {
        let calls: u64 = of.iter().map(|of| of.calls).sum();
        calls
    };
    let lines = [
        line(&words.conversations, &count(|of| of.conversations)),
        line(&words.resolved, &|of| {
            format!("{} ({})", of.resolved, percent(of.resolution()))
        }),
        line(&words.left, &count(|of| of.left)),
        line(&words.unanswered, &count(|of| of.unanswered)),
        line(&words.person, &count(|of| of.person)),
        line(&words.missed, &count(|of| of.missed)),
        line(&words.satisfaction, &|of| {
            let mean = of.satisfaction();
            mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1}"))
        }),
        line(&words.reported, &count(|of| of.reported)),
        line(&words.gaps, &count(|of| of.gaps)),
        line(&words.leads, &count(|of| of.leads)),
        line(&words.time, &|of| seconds(of.answer_ms(50))),
        format!(
            "{}: {} ({} {})",
            words.calls,
            calls(&of.calls),
            words.before,
            calls(&of.calls_earlier)
        ),
    ];
    let text = format!(
        "{}\n\n{}\n\n{}\n{address}/analytics?from={}&until={}\n\n{}\n{address}/analytics#digest\n",
        fill(&words.intro),
        lines.join("\n"),
        words.more,
        days.from,
        days.until,
        words.stop,
    );
    (fill(&words.title), text)
}

#[cfg(test)]
mod digest_tests;
