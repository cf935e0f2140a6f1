//! One step of a run: what somebody said goes in, what to say and what to do comes out.

use super::definition::{Definition, Kind, Slot, Step};
use super::fill::{self, Filled};
use super::run::{Act, Phase, Run, Said, State, Stepped, Value};
use super::world::World;
use super::{show, texts};
use crate::language::Language;
use crate::language::data;
use crate::language::slots::{self, Answer, Text, answer, corrects, is_question, wants_to_stop};

/// Most turns of the visitor in a run, and most steps, so that a loop ends.
const MOST_TURNS: u32 = 40;
const MOST_STEPS: u32 = 200;
/// Most options that are offered as buttons.
const MOST_OPTIONS: usize = 10;
/// Answers in a row that say nothing before a run is given up.
const MOST_TRIES: u32 = 3;

/// Begins a workflow with the message that asked for it, and reads what was said before.
pub fn begin(definition: &Definition, version: u32, said: &Said<'_>, world: &World) -> Stepped {
    let mut on = On::new(definition, Run::new(&definition.name, version), world);
    for (slot, value) in said.known {
        on.run.set(slot, value.clone());
    }
    let mut text = Text::new(said.text, on.language);
    let filled = fill::read(definition, &on.run, world, on.language, &mut text);
    on.take(filled);
    for earlier in said.earlier {
        let mut text = Text::new(earlier, on.language);
        let known = fill::read(definition, &on.run, world, on.language, &mut text);
        // Only what is clear: nobody is asked again about what they said before.
        for (slot, value) in known.set {
            if !on.run.filled.contains_key(&slot) {
                on.run.set(&slot, value);
            }
        }
    }
    on.advance();
    on.finish(None)
}

/// Goes on with a run.
pub fn step(definition: &Definition, run: Run, said: &Said<'_>, world: &World) -> Stepped {
    let mut on = On::new(definition, run, world);
    on.run.turns += 1;
    if on.run.turns > MOST_TURNS {
        on.give_up();
        return on.finish(None);
    }
    let mut text = Text::new(said.text, on.language);
    let corrected = corrects(&text);
    let mut filled = fill::read(definition, &on.run, world, on.language, &mut text);
    let is_new = |(slot, value): &&(String, Value)| on.run.filled.get(slot) != Some(value);
    filled.set.extend(said.known.iter().filter(is_new).cloned());
    if !filled.set.is_empty() || filled.unclear.is_some() {
        let before = on.run.filled.clone();
        let question = slots::question_beside(&text).map(str::to_owned);
        on.take(filled);
        on.tell_changes(&before, corrected);
        on.advance();
        return on.finish(question);
    }
    if said.stops || wants_to_stop(&text) {
        on.says.push(texts::of(on.language).cancelled.to_owned());
        on.run.phase = Phase::Ended(State::Cancelled);
        return on.finish(None);
    }
    if let Some(offer) = on.run.offer.take() {
        match answer(&text) {
            Some(Answer::Yes) => {
                on.run.set(&offer.0, offer.1);
                on.run.tries = 0;
                on.advance();
                return on.finish(None);
            }
            Some(Answer::No) => {
                on.advance();
                return on.finish(None);
            }
            _ => {}
        }
    }
    if !said.insists && on.is_aside(&text) {
        let question = Some(said.text.to_owned());
        on.resume();
        return on.finish(question);
    }
    match on.run.phase.clone() {
        Phase::Confirming => on.hear_confirmation(&text),
        Phase::Asking(name) => match definition.slot(&name) {
            Some(slot) => on.hear_answer(slot, &text),
            None => on.give_up(),
        },
        Phase::Ended(_) => {}
    }
    on.finish(None)
}

/// A step in progress.
struct On<'a> {
    definition: &'a Definition,
    world: &'a World,
    language: Language,
    run: Run,
    says: Vec<String>,
    acts: Vec<Act>,
    /// What was unclear in this message, by slot.
    unclear: Option<(String, String)>,
    /// They said no to the summary, and may say anything now.
    asks_what_to_change: bool,
}

impl<'a> On<'a> {
    fn new(definition: &'a Definition, run: Run, world: &'a World) -> Self {
        Self {
            definition,
            world,
            language: definition.language(world.language),
            run,
            says: Vec::new(),
            acts: Vec::new(),
            unclear: None,
            asks_what_to_change: false,
        }
    }

    fn finish(self, aside: Option<String>) -> Stepped {
        let state = match self.run.phase {
            Phase::Ended(state) => state,
            _ => State::Asking,
        };
        Stepped {
            options: self.options(),
            run: self.run,
            says: self.says,
            acts: self.acts,
            state,
            aside,
        }
    }

    /// What answers the question that was asked last, if it can be chosen.
    fn options(&self) -> Vec<String> {
        let phrases = texts::of(self.language);
        let yes_no = || [phrases.yes, phrases.no].map(show::with_capital).to_vec();
        let asked = match &self.run.phase {
            Phase::Confirming if self.asks_what_to_change => return Vec::new(),
            Phase::Confirming => return yes_no(),
            Phase::Asking(name) => self.definition.slot(name),
            Phase::Ended(_) => None,
        };
        let Some(slot) = asked else {
            return Vec::new();
        };
        let is_offered = self.run.offer.as_ref().is_some_and(|of| of.0 == slot.name);
        match &slot.kind {
            _ if is_offered => yes_no(),
            Kind::YesNo => yes_no(),
            Kind::Choice(options) if options.len() <= MOST_OPTIONS => {
                let labels = options.iter().map(|option| option.label(self.language));
                labels.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    fn take(&mut self, filled: Filled) {
        self.run.offer = filled.offer;
        match (filled.set.is_empty(), filled.unclear.is_some()) {
            (false, _) => self.run.tries = 0,
            (true, true) => self.run.tries += 1,
            (true, false) => {}
        }
        for (slot, value) in filled.set {
            self.run.set(&slot, value);
        }
        if let Some((slot, question)) = filled.unclear {
            self.run.filled.remove(&slot);
            self.unclear = Some((slot, question));
        }
    }

    /// Says which values are others now, and goes the way again from its beginning, as it may part elsewhere.
    fn tell_changes(
        &mut self,
        before: &std::collections::BTreeMap<String, Value>,
        corrected: bool,
    ) {
        let changed: Vec<String> = before
            .iter()
            .filter_map(|(slot, old)| {
                let new = self.run.filled.get(slot).filter(|new| *new != old)?;
                Some(show::value(self.definition, slot, new, self.language))
            })
            .collect();
        let removed = before
            .keys()
            .any(|slot| !self.run.filled.contains_key(slot));
        if self.run.acts == 0 && (!changed.is_empty() || removed || corrected) {
            self.run.at = 0;
            self.run.confirmed = false;
        }
        if !changed.is_empty() && self.run.phase != Phase::Confirming {
            let noted = texts::of(self.language).noted;
            self.says
                .push(data::fill(noted, &[("value", changed.join(", ").as_str())]));
        }
    }

    /// Whether a message is a question of its own rather than an answer.
    fn is_aside(&self, text: &Text<'_>) -> bool {
        let told = answer(text).is_some() && !text.raw().contains('?');
        is_question(text) && !told
    }

    /// Asks again what was asked before.
    fn resume(&mut self) {
        let question = self.question();
        let resume = texts::of(self.language).resume;
        self.says
            .push(data::fill(resume, &[("question", question.as_str())]));
    }

    /// What the run waits for.
    fn question(&self) -> String {
        match &self.run.phase {
            Phase::Asking(name) => {
                let slot = self.definition.slot(name);
                slot.map_or_else(String::new, |slot| {
                    show::filled(
                        self.definition,
                        &self.run,
                        slot.ask.of(self.language),
                        self.language,
                    )
                })
            }
            Phase::Confirming => self.confirmation(),
            Phase::Ended(_) => String::new(),
        }
    }

    fn confirmation(&self) -> String {
        let phrases = texts::of(self.language);
        let own = match self.definition.steps.get(self.run.at) {
            Some(Step::Confirm(text)) => text.of(self.language).to_owned(),
            _ => String::new(),
        };
        let mut text = match own.is_empty() {
            false => show::filled(self.definition, &self.run, &own, self.language),
            true => {
                let summary = show::summary(self.definition, &self.run, self.language);
                data::fill(phrases.confirm, &[("summary", summary.as_str())])
            }
        };
        if let Some(consent) = self.consent() {
            text.push_str("\n\n");
            text.push_str(&data::fill(phrases.consent, &[("text", consent)]));
        }
        text
    }

    /// What the visitor has to agree to, if this workflow keeps how to reach them.
    fn consent(&self) -> Option<&'a str> {
        let keeps = |step: &Step| matches!(step, Step::Act(deed) if deed.act == "lead");
        let consent = self.world.consent.as_deref();
        consent.filter(|_| self.definition.steps.iter().any(keeps))
    }

    fn hear_confirmation(&mut self, text: &Text<'_>) {
        let phrases = texts::of(self.language);
        match answer(text) {
            Some(Answer::Yes) => {
                self.run.tries = 0;
                self.run.confirmed = true;
                self.run.agreed = self.consent().map(str::to_owned);
                self.advance();
            }
            Some(Answer::No) => {
                self.run.tries += 1;
                self.asks_what_to_change = true;
                self.try_again(phrases.change.to_owned());
            }
            _ => {
                self.run.tries += 1;
                let question = self.confirmation();
                self.try_again(format!("{}\n{question}", phrases.yes_or_no));
            }
        }
    }

    fn hear_answer(&mut self, slot: &Slot, text: &Text<'_>) {
        let said = answer(text);
        let value = match &slot.kind {
            Kind::YesNo => match said {
                Some(Answer::Yes) => Some(Value::YesNo(true)),
                Some(Answer::No) => Some(Value::YesNo(false)),
                _ => None,
            },
            Kind::Name => slots::name(text, true).map(|read| Value::Text(read.what)),
            Kind::Text { longest } => {
                let words = text.raw().trim();
                let is_short = words.chars().count() <= *longest;
                // An essay is asked for in short once; then its beginning has to do.
                let kept: String = words.chars().take(*longest).collect();
                let enough = is_short || self.run.tries > 0;
                (enough && !kept.is_empty()).then_some(Value::Text(kept))
            }
            _ => None,
        };
        let skips = matches!(said, Some(Answer::Nothing | Answer::No | Answer::Unsure));
        if slot.optional && skips && slot.kind != Kind::YesNo {
            self.run.set(&slot.name, Value::Nothing);
        } else if let Some(value) = value {
            self.run.set(&slot.name, value);
        } else {
            self.run.tries += 1;
            if self.run.tries >= MOST_TRIES && slot.optional {
                self.run.set(&slot.name, Value::Nothing);
            } else {
                let question = self.second_question(slot, text);
                self.try_again(question);
                return;
            }
        }
        self.run.tries = 0;
        self.advance();
    }

    /// Asks once more, or gives up.
    fn try_again(&mut self, question: String) {
        match self.run.tries > MOST_TRIES {
            true => self.give_up(),
            false => self.says.push(question),
        }
    }

    /// A question that helps more than the first.
    fn second_question(&self, slot: &Slot, text: &Text<'_>) -> String {
        let phrases = texts::of(self.language);
        if !slot.again.is_empty() {
            return show::filled(
                self.definition,
                &self.run,
                slot.again.of(self.language),
                self.language,
            );
        }
        let today = self.world.now.date();
        match &slot.kind {
            Kind::Date { .. } => {
                let next = today.tomorrow().unwrap_or(today);
                let next = self.world.next_open(next).unwrap_or(next);
                data::fill(
                    phrases.again_date,
                    &[("example", show::date(next, self.language).as_str())],
                )
            }
            Kind::Time { .. } => {
                let example = show::time(jiff::civil::Time::constant(15, 0, 0, 0), self.language);
                data::fill(phrases.again_time, &[("example", example.as_str())])
            }
            Kind::Phone => phrases.again_phone.to_owned(),
            Kind::Email => phrases.again_email.to_owned(),
            Kind::Choice(options) => {
                let labels: Vec<&str> = options.iter().map(|o| o.label(self.language)).collect();
                data::fill(phrases.options, &[("options", labels.join(", ").as_str())])
            }
            Kind::Number { .. } => phrases.again_number.to_owned(),
            Kind::Text { longest } if text.raw().chars().count() > *longest => {
                phrases.too_long.to_owned()
            }
            Kind::Name => phrases.again_name.to_owned(),
            Kind::YesNo => phrases.yes_or_no.to_owned(),
            Kind::Text { .. } => {
                data::fill(phrases.again, &[("question", self.question().as_str())])
            }
        }
    }

    fn give_up(&mut self) {
        self.says.push(texts::of(self.language).given_up.to_owned());
        self.run.phase = Phase::Ended(State::GivenUp);
    }

    /// Goes through the steps up to the next question or the end.
    fn advance(&mut self) {
        if self.run.tries > MOST_TRIES {
            self.give_up();
            return;
        }
        loop {
            self.run.steps += 1;
            if self.run.steps > MOST_STEPS {
                self.give_up();
                return;
            }
            let Some(step) = self.definition.steps.get(self.run.at) else {
                self.end(None);
                return;
            };
            let mut next = self.run.at + 1;
            match step {
                Step::Ask(name) => {
                    if !self.run.filled.contains_key(name) {
                        self.ask(name);
                        return;
                    }
                }
                Step::Branch { slot, is, to } => {
                    if self.has(slot, is) {
                        next = self.label(to);
                    }
                }
                Step::Go(to) => next = self.label(to),
                Step::Say(text) => {
                    if self.run.said.insert(self.run.at) {
                        let text = text.of(self.language);
                        self.says.push(show::filled(
                            self.definition,
                            &self.run,
                            text,
                            self.language,
                        ));
                    }
                }
                Step::Confirm(_) if !self.run.confirmed => return self.confirm(),
                Step::Confirm(_) => {}
                Step::Act(deed) if deed.needs_confirmation() && !self.run.confirmed => {
                    return self.confirm();
                }
                Step::Act(deed) => {
                    let mut deed = deed.clone();
                    for text in deed.with.values_mut() {
                        *text = match deed.act.as_str() {
                            "tool" => show::filled_plainly(&self.run, text),
                            _ => show::filled(self.definition, &self.run, text, self.language),
                        };
                    }
                    self.acts.push(Act {
                        number: self.run.acts,
                        deed,
                        agreed: self.run.agreed.clone(),
                    });
                    self.run.acts += 1;
                }
                Step::End(text) => {
                    let text = text.of(self.language);
                    let text = show::filled(self.definition, &self.run, text, self.language);
                    self.end(Some(text));
                    return;
                }
            }
            self.run.at = next;
        }
    }

    fn label(&self, name: &str) -> usize {
        let known = self.definition.labels.get(name).copied();
        known.unwrap_or(self.definition.steps.len())
    }

    fn has(&self, slot: &str, is: &[String]) -> bool {
        let known = match self.run.filled.get(slot) {
            Some(Value::Choice(name)) => name.clone(),
            Some(Value::YesNo(true)) => "yes".to_owned(),
            Some(Value::YesNo(false)) => "no".to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Nothing) | None => "nothing".to_owned(),
            Some(_) => return is.is_empty(),
        };
        is.contains(&known)
    }

    fn ask(&mut self, name: &str) {
        self.run.phase = Phase::Asking(name.to_owned());
        let unclear = self.unclear.take().filter(|(slot, _)| slot == name);
        let question = unclear.map_or_else(|| self.question(), |(_, question)| question);
        self.says.push(question);
    }

    fn confirm(&mut self) {
        self.run.phase = Phase::Confirming;
        let question = self.confirmation();
        self.says.push(question);
    }

    fn end(&mut self, text: Option<String>) {
        self.run.phase = Phase::Ended(State::Done);
        match text {
            Some(text) => self.says.push(text),
            None if self.says.is_empty() => {
                self.says.push(texts::of(self.language).done.to_owned())
            }
            None => {}
        }
    }
}
