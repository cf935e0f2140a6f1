//! All figures of a span of days beside those of the days before, read in one walk over each.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::count::Totals;
use super::span::Days;
use crate::hours;
use crate::store::analytics::{self, Calls, Rungs, Span, topics};
use crate::store::conversations::Channel;
use crate::store::{AssistantId, Connection, ReceiptId, StoreError, UnixMs, WorkspaceId, facts};

/// Topics that are shown.
const MOST_TOPICS: usize = 30;

/// What to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub days: Days,
    pub channel: Option<Channel>,
    pub assistant: Option<AssistantId>,
}

/// The figures of some days.
#[derive(Debug, Clone)]
pub struct Report {
    pub wanted: Wanted,
    /// Name of the business's time zone, in which its days begin.
    pub zone: String,
    pub now: Totals,
    /// Of as many days just before.
    pub earlier: Totals,
    /// By channel: now, and before.
    pub channels: Vec<(Channel, Totals, Totals)>,
    pub assistants: Vec<OfAssistant>,
    /// The course of the days.
    pub course: Vec<(Days, Totals)>,
    /// Conversations by day of the week, from Monday, and hour in which they began.
    pub hours: [[u64; 24]; 7],
    pub calls: Vec<Calls>,
    pub calls_earlier: Vec<Calls>,
    /// Answers outside of conversations.
    pub alone: Rungs,
    /// Tried by staff, and in no other figure.
    pub tests: u64,
    pub topics: Vec<OfTopic>,
    /// Questions of the span that are in no topic.
    pub topicless: u64,
    /// The first day from which questions were sorted into topics.
    pub topics_since: Option<Date>,
    /// The day of the oldest conversation that is kept.
    pub oldest: Option<Date>,
    /// Conversations whose figures are not made yet, of all days.
    pub pending: u64,
    /// All assistants: id, short name, title.
    pub known: Vec<(AssistantId, String, String)>,
}

/// The figures of one version of an assistant.
#[derive(Debug, Clone)]
pub struct OfAssistant {
    /// `None` once it was removed.
    pub id: Option<AssistantId>,
    pub title: String,
    pub version: Option<u32>,
    pub totals: Totals,
}

/// What visitors asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfTopic {
    /// The question closest to the middle of the topic, in its visitor's words.
    pub name: String,
    pub receipt: ReceiptId,
    pub questions: u64,
    /// Of these, how many got an answer.
    pub answered: u64,
    /// In the days before.
    pub earlier: u64,
}

/// The zone in which the days of a business begin.
pub(crate) fn zone_of(conn: &Connection, workspace: WorkspaceId) -> Result<TimeZone, StoreError> {
    Ok(hours::time_zone(&facts::settings(conn, workspace)?))
}

/// The day of a moment in a zone.
pub(crate) fn day_of(at: UnixMs, zone: &TimeZone) -> Date {
    local(at, zone).date()
}

pub(crate) fn local(at: UnixMs, zone: &TimeZone) -> jiff::Zoned {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_zoned(zone.clone())
}

/// Reads the figures as they stand at `now`.
pub fn load(
    conn: &Connection,
    workspace: WorkspaceId,
    wanted: Wanted,
    now: UnixMs,
) -> Result<Report, StoreError> {
    let zone = zone_of(conn, workspace)?;
    let span_of = |days: &Days| {
        let (from, until) = days.bounds(&zone);
        let (channel, assistant) = (wanted.channel, wanted.assistant);
        Span {
            from,
            until,
            channel,
            assistant,
        }
    };
    let (span, before) = (span_of(&wanted.days), span_of(&wanted.days.before()));
    let known = analytics::assistants(conn, workspace)?;

    let mut parts = Parts::of(&wanted.days, &zone);
    analytics::scan(conn, workspace, &span, |one| match one.is_test {
        true => parts.tests += 1,
        false => parts.add(one, now),
    })?;
    let (mut earlier, mut by_channel) = (Totals::default(), HashMap::new());
    analytics::scan(conn, workspace, &before, |one| {
        if !one.is_test {
            earlier.add(one, now);
            let of_channel: &mut Totals = by_channel.entry(one.channel).or_default();
            of_channel.add(one, now);
        }
    })?;
    earlier.finish();
    parts.finish();

    let channels = Channel::ALL.iter().filter_map(|channel| {
        let now = parts.channels.remove(channel);
        let earlier = by_channel.remove(channel);
        let some = now.is_some() || earlier.is_some();
        some.then(|| {
            (
                *channel,
                now.unwrap_or_default(),
                earlier.unwrap_or_default(),
            )
        })
    });
    let channels = channels.collect();
    let assistants = std::mem::take(&mut parts.assistants);
    let assistants = assistants.into_iter().map(|((id, version), totals)| {
        let named = known.iter().find(|(known, ..)| Some(*known) == id);
        OfAssistant {
            id,
            title: named.map_or_else(String::new, |(_, _, title)| title.clone()),
            version,
            totals,
        }
    });
    let mut assistants: Vec<OfAssistant> = assistants.collect();
    assistants.sort_by(|a, b| {
        let title = a.title.cmp(&b.title);
        title.then(a.id.cmp(&b.id)).then(b.version.cmp(&a.version))
    });
    let (topics, topicless) = read_topics(conn, workspace, &span, &before)?;
    let (first, _) = topics::extent(conn, workspace)?;
    Ok(Report {
        wanted,
        zone: name_of(&zone),
        now: parts.all,
        earlier,
        channels,
        assistants,
        course: parts.course,
        hours: parts.hours,
        calls: analytics::calls(conn, workspace, &span)?,
        calls_earlier: analytics::calls(conn, workspace, &before)?,
        alone: analytics::alone(conn, workspace, &span)?,
        tests: parts.tests,
        topics,
        topicless,
        topics_since: first.map(|at| day_of(at, &zone)),
        oldest: analytics::oldest(conn, workspace)?.map(|at| day_of(at, &zone)),
        pending: analytics::count_due(conn, workspace)?,
        known,
    })
}

/// The name of a zone for people.
fn name_of(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// What is gathered in the walk over a span.
struct Parts {
    zone: TimeZone,
    all: Totals,
    channels: HashMap<Channel, Totals>,
    assistants: BTreeMap<(Option<AssistantId>, Option<u32>), Totals>,
    course: Vec<(Days, Totals)>,
    hours: [[u64; 24]; 7],
    tests: u64,
}

impl Parts {
    fn of(days: &Days, zone: &TimeZone) -> Self {
        let parts = days.parts().into_iter();
        Self {
            zone: zone.clone(),
            all: Totals::default(),
            channels: HashMap::new(),
            assistants: BTreeMap::new(),
            course: parts.map(|part| (part, Totals::default())).collect(),
            hours: [[0; 24]; 7],
            tests: 0,
        }
    }

    fn add(&mut self, one: &analytics::Figures, now: UnixMs) {
        self.all.add(one, now);
        self.channels.entry(one.channel).or_default().add(one, now);
        let assistant = (one.assistant, one.version);
        self.assistants.entry(assistant).or_default().add(one, now);
        let begun = local(one.started_at, &self.zone);
        let part = self
            .course
            .partition_point(|(days, _)| days.until < begun.date());
        if let Some((_, totals)) = self.course.get_mut(part) {
            totals.add(one, now);
        }
        let day = usize::try_from(begun.weekday().to_monday_zero_offset()).unwrap_or_default();
        let hour = usize::try_from(begun.hour()).unwrap_or_default();
        if let Some(number) = self.hours.get_mut(day).and_then(|day| day.get_mut(hour)) {
            *number += 1;
        }
    }

    fn finish(&mut self) {
        self.all.finish();
        let parts = self.channels.values_mut();
        let parts = parts.chain(self.assistants.values_mut());
        parts
            .chain(self.course.iter_mut().map(|(_, totals)| totals))
            .for_each(Totals::finish);
    }
}

/// The largest topics of a span, and how many questions are in none of all topics.
fn read_topics(
    conn: &Connection,
    workspace: WorkspaceId,
    span: &Span,
    before: &Span,
) -> Result<(Vec<OfTopic>, u64), StoreError> {
    let found = topics::in_span(conn, workspace, span, before.from)?;
    let (mut topics, mut topicless) = (Vec::new(), 0);
    for topic in found.into_iter().filter(|topic| topic.questions > 0) {
        let named = match topic.number {
            Some(number) if topics.len() < MOST_TOPICS => topics::name(conn, workspace, number)?,
            _ => None,
        };
        match named {
            Some((receipt, name)) => topics.push(OfTopic {
                name,
                receipt,
                questions: topic.questions,
                answered: topic.answered,
                earlier: topic.earlier,
            }),
            None => topicless += topic.questions,
        }
    }
    Ok((topics, topicless))
}
