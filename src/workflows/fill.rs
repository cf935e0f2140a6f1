//! Reads the values of a workflow out of a message.

use jiff::civil::{Date, Time};

use super::definition::{Definition, Kind, Lists, Slot};
use super::run::{Phase, Run, Value};
use super::world::World;
use super::{show, texts};
use crate::contacts::{parse_email, parse_phone};
use crate::language::Language;
use crate::language::data::fill;
use crate::language::slots::{
    self, DateRead, Part, Phrases, Read, Text, TimeRead, corrects, settle,
};

/// Furthest day that is taken, in days.
const FURTHEST: i32 = 731;

/// What a message says.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) set: Vec<(String, Value)>,
    /// A slot whose value was said unclearly, and what to ask.
    pub(super) unclear: Option<(String, String)>,
    /// A value to propose with that question.
    pub(super) offer: Option<(String, Value)>,
}

pub(super) struct Reading<'a> {
    pub(super) definition: &'a Definition,
    pub(super) run: &'a Run,
    pub(super) world: &'a World,
    pub(super) language: Language,
    /// Values may replace others: the visitor corrects something, or looks at the summary.
    pub(super) corrects: bool,
    out: Filled,
}

/// The values in a message; what was read of it is marked in the text.
pub(super) fn read(
    definition: &Definition,
    run: &Run,
    world: &World,
    language: Language,
    text: &mut Text<'_>,
) -> Filled {
    let mut reading = Reading {
        definition,
        run,
        world,
        language,
        corrects: corrects(text) || run.phase == Phase::Confirming,
        out: Filled::default(),
    };
    reading.addresses(text);
    reading.numbers(text, true);
    reading.dates(text);
    reading.times(text);
    reading.choices(text);
    reading.name(text);
    reading.numbers(text, false);
    reading.out
}

impl Reading<'_> {
    fn asked(&self) -> Option<&str> {
        match &self.run.phase {
            Phase::Asking(slot) => Some(slot),
            _ => None,
        }
    }

    fn is_open(&self, slot: &Slot) -> bool {
        let known = self.run.filled.contains_key(&slot.name);
        !known && !self.out.set.iter().any(|(name, _)| *name == slot.name)
    }

    /// The slot that a value of a kind is for: what was asked for, the next open one, or the last filled one in a correction.
    fn target(&self, fits: impl Fn(&Kind) -> bool) -> Option<Slot> {
        let of_kind = |name: &&String| {
            self.definition
                .slot(name)
                .is_some_and(|slot| fits(&slot.kind))
        };
        let filled = self.run.order.iter().rev().find(of_kind);
        let filled = filled.and_then(|name| self.definition.slot(name));
        if self.corrects && filled.is_some() {
            return filled.cloned();
        }
        let asked = self.asked().and_then(|name| self.definition.slot(name));
        let asked = asked.filter(|slot| fits(&slot.kind) && self.is_open(slot));
        let mut open = self.definition.slots.iter();
        asked
            .or_else(|| open.find(|slot| fits(&slot.kind) && self.is_open(slot)))
            .cloned()
    }

    fn is_asked(&self, slot: &Slot) -> bool {
        self.asked() == Some(slot.name.as_str())
    }

    fn set(&mut self, slot: &Slot, value: Value) {
        self.out.set.push((slot.name.clone(), value));
    }

    fn unclear(&mut self, slot: &Slot, question: String, offer: Option<Value>) {
        if self.out.unclear.is_none() {
            self.out.unclear = Some((slot.name.clone(), question));
            self.out.offer = offer.map(|value| (slot.name.clone(), value));
        }
    }

    fn addresses(&mut self, text: &mut Text<'_>) {
        if let Some(slot) = self.target(|kind| matches!(kind, Kind::Email)) {
            let asked = self.is_asked(&slot);
            if let Some(found) = slots::email(text, asked) {
                text.take(&found.tokens);
                match parse_email(&found.what) {
                    Ok(address) => self.set(&slot, Value::Email(address)),
                    Err(_) => {
                        self.unclear(&slot, texts::of(self.language).again_email.to_owned(), None)
                    }
                }
            }
        }
        if let Some(slot) = self.target(|kind| matches!(kind, Kind::Phone)) {
            let asked = self.is_asked(&slot);
            if let Some(found) = slots::phone(text, asked) {
                match parse_phone(&found.what, self.world.country.as_deref()) {
                    Ok(number) => {
                        text.take(&found.tokens);
                        self.set(&slot, Value::Phone(number));
                    }
                    Err(_) if asked => {
                        text.take(&found.tokens);
                        self.unclear(&slot, texts::of(self.language).again_phone.to_owned(), None);
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// `beside`: only numbers beside their unit.
    fn numbers(&mut self, text: &mut Text<'_>, beside: bool) {
        let Some(slot) = self.target(|kind| matches!(kind, Kind::Number { .. })) else {
            return;
        };
        let Kind::Number { least, most, units } = &slot.kind else {
            return;
        };
        let units = phrases(units, self.language);
        let asked = self.is_asked(&slot) && !beside;
        let Some(Read { what, tokens }) = slots::number(text, &units, asked) else {
            return;
        };
        text.take(&tokens);
        match (*least..=*most).contains(&what) {
            true => self.set(&slot, Value::Number(what)),
            false => {
                let (least, most) = (least.to_string(), most.to_string());
                let range = fill(
                    texts::of(self.language).range,
                    &[("least", least.as_str()), ("most", most.as_str())],
                );
                self.unclear(&slot, range, None);
            }
        }
    }

    fn dates(&mut self, text: &mut Text<'_>) {
        // A second date fills a second slot.
        for _ in 0..2 {
            let Some(slot) = self.target(|kind| matches!(kind, Kind::Date { .. })) else {
                return;
            };
            if self.out.set.iter().any(|(name, _)| *name == slot.name) {
                return;
            }
            let near = match self.run.filled.get(&slot.name) {
                Some(Value::Date(date)) => Some(*date),
                _ => None,
            };
            let today = self.world.now.date();
            let asked = self.is_asked(&slot) || self.corrects;
            let Some(Read { what, tokens }) = slots::date(text, today, near, asked) else {
                return;
            };
            text.take(&tokens);
            self.judge_date(&slot, what);
        }
    }

    fn judge_date(&mut self, slot: &Slot, said: DateRead) {
        let (language, world) = (self.language, self.world);
        let phrases = texts::of(language);
        let today = world.now.date();
        let must_be_open = matches!(slot.kind, Kind::Date { open: true });
        let example = |from: Date| {
            let from = from.max(today.tomorrow().unwrap_or(today));
            world.next_open(from).unwrap_or(from)
        };
        let show = |date: Date| show::date(date, language);
        match said {
            DateRead::Day(day) if day < today => {
                self.unclear(
                    slot,
                    fill(phrases.past, &[("value", show(day).as_str())]),
                    None,
                );
            }
            DateRead::Day(day)
                if today
                    .until(day)
                    .is_ok_and(|span| span.get_days() > FURTHEST) =>
            {
                let shown = show(example(today));
                self.unclear(
                    slot,
                    fill(phrases.again_date, &[("example", shown.as_str())]),
                    None,
                );
            }
            DateRead::Day(day) if must_be_open && world.on(day).is_some_and(<[_]>::is_empty) => {
                match world.next_open(day) {
                    Some(next) => {
                        let values = [("value", show(day)), ("example", show(next))];
                        let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
                        let question = fill(phrases.closed_offer, &values);
                        self.unclear(slot, question, Some(Value::Date(next)));
                    }
                    None => self.unclear(
                        slot,
                        fill(phrases.closed, &[("value", show(day).as_str())]),
                        None,
                    ),
                }
            }
            DateRead::Day(day) => self.set(slot, Value::Date(day)),
            DateRead::Within(from, until) => {
                let (first, last, one) = (show(from), show(until), show(example(from)));
                let values = [
                    ("from", first.as_str()),
                    ("until", last.as_str()),
                    ("example", one.as_str()),
                ];
                self.unclear(slot, fill(phrases.which_day, &values), None);
            }
            DateRead::Either(days) => {
                let shown: Vec<String> = days.into_iter().map(show).collect();
                if let [first, .., second] = shown.as_slice() {
                    let values = [("first", first.as_str()), ("second", second.as_str())];
                    self.unclear(slot, fill(phrases.either, &values), None);
                }
            }
            DateRead::Impossible => {
                let shown = show(example(today));
                self.unclear(
                    slot,
                    fill(phrases.no_such_day, &[("example", shown.as_str())]),
                    None,
                );
            }
            DateRead::Soon => {
                let next = example(today);
                let question = fill(phrases.offer, &[("example", show(next).as_str())]);
                self.unclear(slot, question, Some(Value::Date(next)));
            }
        }
    }

    /// The day that a time is of: the date said in this message, or before.
    fn day(&self) -> Option<Date> {
        let new = self.out.set.iter().map(|(_, value)| value);
        let known = self
            .run
            .order
            .iter()
            .rev()
            .filter_map(|name| self.run.filled.get(name));
        new.chain(known).find_map(|value| match value {
            Value::Date(date) => Some(*date),
            _ => None,
        })
    }

    fn times(&mut self, text: &mut Text<'_>) {
        let Some(slot) = self.target(|kind| matches!(kind, Kind::Time { .. })) else {
            return;
        };
        let asked = self.is_asked(&slot);
        let Some(Read { what, tokens }) = slots::time(text, asked) else {
            return;
        };
        text.take(&tokens);
        let (language, world) = (self.language, self.world);
        let phrases = texts::of(language);
        let day = self.day();
        let open = day.and_then(|day| world.on(day));
        let spans = open.unwrap_or_default();
        let must_be_open = matches!(slot.kind, Kind::Time { open: true });
        let show = |time: Time| show::time(time, language);
        match what {
            TimeRead::At { time, sure } => {
                let time = settle(time, sure, spans);
                let inside = spans
                    .iter()
                    .any(|(from, until)| *from <= time && (time < *until || *until == Time::MIN));
                let now = world.now.time();
                if must_be_open && open.is_some() && !inside {
                    let hours: Vec<String> = spans
                        .iter()
                        .map(|(from, until)| format!("{} – {}", show(*from), show(*until)))
                        .collect();
                    let (value, hours) = (show(time), hours.join(", "));
                    let values = [("value", value.as_str()), ("hours", hours.as_str())];
                    self.unclear(&slot, fill(phrases.outside, &values), None);
                } else if day == Some(world.now.date()) && time <= now {
                    self.unclear(
                        &slot,
                        fill(phrases.past_time, &[("value", show(time).as_str())]),
                        None,
                    );
                } else {
                    self.set(&slot, Value::Time(time));
                }
            }
            TimeRead::In(part) => {
                let example = show(of_part(part, spans));
                self.unclear(
                    &slot,
                    fill(phrases.part, &[("example", example.as_str())]),
                    None,
                );
            }
            TimeRead::Any => {
                let example = show(of_part(Part::Morning, spans));
                self.unclear(
                    &slot,
                    fill(phrases.part, &[("example", example.as_str())]),
                    None,
                );
            }
        }
    }

    fn choices(&mut self, text: &mut Text<'_>) {
        let slots: Vec<Slot> = self.definition.slots.clone();
        for slot in slots {
            let Kind::Choice(options) = &slot.kind else {
                continue;
            };
            let may = self.is_open(&slot) || self.corrects;
            if !may {
                continue;
            }
            let lists: Vec<Phrases> = options
                .iter()
                .map(|option| phrases(&option.say, self.language))
                .collect();
            let found = slots::choice(text, &lists, self.is_asked(&slot));
            if let Some(found) = found
                && let Some(option) = options.get(found.what)
            {
                text.take(&found.tokens);
                self.set(&slot, Value::Choice(option.name.clone()));
            }
        }
    }

    /// A name that is introduced as one; the answer to the question for it is read later.
    fn name(&mut self, text: &mut Text<'_>) {
        let Some(slot) = self.target(|kind| matches!(kind, Kind::Name)) else {
            return;
        };
        if let Some(found) = slots::name(text, false) {
            text.take(&found.tokens);
            self.set(&slot, Value::Text(found.what));
        }
    }
}

/// The phrases of a language and English ones; all if there are none, as an option is shown in some language.
fn phrases(lists: &Lists, language: Language) -> Phrases {
    let own = lists.get(language.code()).into_iter().flatten();
    let english = lists.get("en").into_iter().flatten();
    let known: Vec<&String> = own.chain(english).collect();
    match known.is_empty() {
        true => Phrases::of(lists.values().flatten()),
        false => Phrases::of(known),
    }
}

/// A time in a part of the day when the business is open, for an example.
fn of_part(part: Part, open: &[(Time, Time)]) -> Time {
    let (from, until) = match part {
        Part::Morning => (Time::constant(10, 0, 0, 0), Time::constant(12, 0, 0, 0)),
        Part::Afternoon => (Time::constant(15, 0, 0, 0), Time::constant(18, 0, 0, 0)),
        Part::Evening => (Time::constant(18, 0, 0, 0), Time::constant(22, 0, 0, 0)),
    };
    let inside = |time: Time| {
        open.iter()
            .any(|(first, last)| *first <= time && time < *last)
    };
    let opens = open.iter().map(|(first, _)| *first);
    match open.is_empty() || inside(from) {
        true => from,
        false => opens
            .into_iter()
            .find(|first| (from..until).contains(first))
            .unwrap_or(from),
    }
}
