//! Collects a name and a number by voice: turns spoken digits and letters into text, reads them
//! back, and waits for the caller's yes. Pure.

mod alphabet;
mod spoken;

use self::spoken::{
    LEAST_DIGITS, MOST_DIGITS, contact_in, digits_in, email_in, name_in, read_back,
};
use super::phrases::Phrases;
use super::words::yes_or_no;

/// After this many failed attempts, give up politely.
const TRIES: u32 = 3;

/// The next step after the caller spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Say(String),
    /// The caller confirmed the contact.
    Done {
        /// A telephone number or an e-mail address.
        contact: String,
    },
    /// The caller declined, or we gave up.
    GivenUp,
    /// The caller spoke about something else.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Offered,
    Name,
    Contact,
    Confirm(String),
}

/// A request to be called back, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    state: State,
    name: String,
    /// Digits so far of a number that comes in parts.
    parts: String,
    tries: u32,
}

impl Collect {
    /// Starts after the caller was asked whether they want a call back.
    pub fn begin() -> Self {
        Self {
            state: State::Offered,
            name: String::new(),
            parts: String::new(),
            tries: 0,
        }
    }

    /// Whom to call back; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a number or address comes next.
    pub fn wants_digits(&self) -> bool {
        self.state == State::Contact
    }

    /// A prompt that helps the recogniser with the next answer.
    pub fn hint(&self) -> Option<&'static str> {
        match self.state {
            State::Contact => Some("My number is 555 0142 078. My e-mail is anna.lee@example.com."),
            State::Name => Some("My name is Anna Lee."),
            _ => None,
        }
    }

    /// Handles what the caller said.
    pub(super) fn hear(&mut self, text: &str, phrases: &Phrases) -> Step {
        match self.state.clone() {
            State::Offered => match (yes_or_no(text), contact_in(text)) {
                (_, Some(contact)) => self.confirm(contact, phrases),
                (Some(true), None) => {
                    self.state = State::Name;
                    Step::Say(phrases.ask_name.into())
                }
                (Some(false), None) => Step::GivenUp,
                (None, None) => Step::Other,
            },
            State::Name => {
                if yes_or_no(text) == Some(false) {
                    return Step::GivenUp;
                }
                if text.trim_end().ends_with('?') {
                    return Step::Other;
                }
                self.name = name_in(text);
                match contact_in(text) {
                    Some(contact) => self.confirm(contact, phrases),
                    None => {
                        self.state = State::Contact;
                        Step::Say(phrases.ask_number.into())
                    }
                }
            }
            State::Contact => {
                if yes_or_no(text) == Some(false) && digits_in(text).is_empty() {
                    return Step::GivenUp;
                }
                let heard = digits_in(text);
                if let Some(email) = email_in(text) {
                    return self.confirm(email, phrases);
                }
                self.parts.push_str(&heard);
                let count = self.parts.chars().filter(char::is_ascii_digit).count();
                if (LEAST_DIGITS..=MOST_DIGITS).contains(&count) {
                    let number = std::mem::take(&mut self.parts);
                    return self.confirm(number, phrases);
                }
                self.tries += 1;
                if count == 0 && text.trim_end().ends_with('?') {
                    return Step::Other;
                }
                if self.tries >= TRIES {
                    return Step::GivenUp;
                }
                if count > MOST_DIGITS {
                    self.parts.clear();
                }
                Step::Say(phrases.ask_number_again.into())
            }
            State::Confirm(contact) => match yes_or_no(text) {
                Some(true) => Step::Done { contact },
                answer => {
                    // People correct the number along with the "no".
                    if let Some(corrected) = contact_in(text) {
                        return self.confirm(corrected, phrases);
                    }
                    self.tries += 1;
                    if self.tries >= TRIES {
                        return Step::GivenUp;
                    }
                    if answer == Some(false) {
                        self.state = State::Contact;
                        self.parts.clear();
                        return Step::Say(phrases.ask_number_again.into());
                    }
                    Step::Say(phrases.read_back.replace("{}", &read_back(&contact)))
                }
            },
        }
    }

    fn confirm(&mut self, contact: String, phrases: &Phrases) -> Step {
        let say = phrases.read_back.replace("{}", &read_back(&contact));
        self.state = State::Confirm(contact);
        Step::Say(say)
    }
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;
