//! What the owner chose for the widget besides its reach: its look, what it says and asks, and what visitors can do in it.

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::files::is_language;
use crate::reason::Reason;

const MOST_GREETINGS: usize = 20;
/// In seconds.
const LONGEST_WAIT: u32 = 600;
const MOST_SUGGESTIONS: usize = 4;
/// In characters.
const LONGEST_SUGGESTION: usize = 100;
/// In characters.
const LONGEST_TEXT: usize = 500;
/// In characters.
const LONGEST_CONSENT: usize = 1000;
/// In characters.
const LONGEST_PATH: usize = 200;
/// Ages that laws draw a line at: 13 in the USA (COPPA), 13 to 16 in the EU (GDPR Art. 8).
const AGES: [u8; 3] = [0, 13, 16];

/// Look, words and forms of the widget. Absent fields get their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "snake_case")]
pub struct WidgetOptions {
    pub(in crate::http) theme: Theme,
    pub(in crate::http) position: Position,
    /// Language that the embedding line asks for; if empty, that of the page or of the browser.
    pub(in crate::http) language: String,
    /// Questions that a visitor can choose at the beginning.
    pub(in crate::http) suggestions: Vec<String>,
    /// What the widget says by itself on which pages.
    pub(in crate::http) greetings: Vec<Greeting>,
    /// Said at first contact; if empty, a sentence in the visitor's language that an AI answers and a person can be asked for.
    pub(in crate::http) disclosure: String,
    /// What visitors must agree to before they write; if empty, they need not.
    pub(in crate::http) consent: String,
    /// The owner's own page about privacy.
    pub(in crate::http) privacy_link: String,
    /// Visitors younger than this are asked not to write: 13, 16, or 0 for everybody.
    pub(in crate::http) min_age: u8,
    /// What visitors are asked for before they write.
    pub(in crate::http) pre_chat: Vec<Asked>,
    /// Whether visitors can leave a message with their address.
    pub(in crate::http) lead: bool,
    /// Whether visitors can send files to staff.
    pub(in crate::http) files: bool,
    /// Whether visitors are asked how content they were.
    pub(in crate::http) rate: bool,
    /// Whether a visit goes on in all tabs of a website for a day; else it ends with its tab.
    pub(in crate::http) remember: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the visitor's system has it.
    #[default]
    Auto,
    Light,
    Dark,
}

/// The corner of the button, in the direction of the language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    Start,
    #[default]
    End,
}

/// A rule: on these pages, after this time, this is said once a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Greeting {
    /// Path of the pages; `*` stands for anything.
    pub(in crate::http) path: String,
    pub(in crate::http) seconds: u32,
    pub(in crate::http) text: String,
}

/// A field of the form before a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    pub(in crate::http) field: AskedField,
    #[serde(default)]
    pub(in crate::http) required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AskedField {
    Name,
    Email,
    Phone,
}

impl Default for WidgetOptions {
    fn default() -> Self {
        Self {
            theme: Theme::Auto,
            position: Position::End,
            language: String::new(),
            suggestions: Vec::new(),
            greetings: Vec::new(),
            disclosure: String::new(),
            consent: String::new(),
            privacy_link: String::new(),
            min_age: 0,
            pre_chat: Vec::new(),
            lead: true,
            files: true,
            rate: true,
            remember: true,
        }
    }
}

impl WidgetOptions {
    /// Checks and normalises them.
    ///
    /// # Errors
    /// A sentence for the owner.
    pub(super) fn normalize(mut self) -> Result<Self, Reason> {
        self.language = self.language.trim().to_ascii_lowercase();
        if !self.language.is_empty() && !is_language(&self.language) {
            return Err(format!("the widget does not speak \"{}\"", self.language).into());
        }
        self.suggestions = tidy_lines(self.suggestions);
        let longest = self.suggestions.iter().map(|line| line.chars().count());
        if self.suggestions.len() > MOST_SUGGESTIONS || longest.max() > Some(LONGEST_SUGGESTION) {
            return Err(format!(
                "there can be {MOST_SUGGESTIONS} suggested questions of at most {LONGEST_SUGGESTION} characters"
            )
            .into());
        }
        if self.greetings.len() > MOST_GREETINGS {
            return Err(format!("there can be at most {MOST_GREETINGS} greetings").into());
        }
        for greeting in &mut self.greetings {
            greeting.check()?;
        }
        self.disclosure = tidy(self.disclosure, LONGEST_TEXT, "the words at first contact")?;
        self.consent = tidy(self.consent, LONGEST_CONSENT, "the text to agree to")?;
        self.privacy_link = check_link(&self.privacy_link)?;
        if !AGES.contains(&self.min_age) {
            return Err("the least age is 13, 16, or 0 for everybody".into());
        }
        let mut seen = Vec::new();
        self.pre_chat.retain(|asked| {
            let new = !seen.contains(&asked.field);
            seen.push(asked.field);
            new
        });
        Ok(self)
    }
}

impl Greeting {
    fn check(&mut self) -> Result<(), Reason> {
        self.path = self.path.trim().to_owned();
        self.text = tidy(std::mem::take(&mut self.text), LONGEST_TEXT, "a greeting")?;
        if !self.path.starts_with('/') && !self.path.starts_with('*') {
            return Err(format!(
                "\"{}\" is not the path of a page; write it like /prices or /shop/*",
                self.path
            )
            .into());
        }
        if self.path.chars().count() > LONGEST_PATH {
            return Err(format!("a path may have at most {LONGEST_PATH} characters").into());
        }
        // Each star lets the visitor's browser search again.
        if self.path.matches('*').count() > 3 {
            return Err(format!("\"{}\" has more than three stars", self.path).into());
        }
        if self.text.is_empty() {
            return Err(format!("the greeting for {} says nothing", self.path).into());
        }
        if self.seconds > LONGEST_WAIT {
            return Err(format!("a greeting can wait for at most {LONGEST_WAIT} seconds").into());
        }
        Ok(())
    }
}

fn tidy(text: String, most: usize, what: &str) -> Result<String, Reason> {
    let text = text.trim().to_owned();
    if text.chars().count() > most {
        return Err(format!("{what} may have at most {most} characters").into());
    }
    Ok(text)
}

fn tidy_lines(lines: Vec<String>) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::new();
    for line in lines {
        let line = line.trim();
        if !line.is_empty() && !tidy.iter().any(|known| known == line) {
            tidy.push(line.to_owned());
        }
    }
    tidy
}

/// Visitors' browsers go there, so nothing but a web address may pass.
fn check_link(text: &str) -> Result<String, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let url = Url::parse(text).ok();
    let web = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    web.map(|url| url.to_string()).ok_or_else(|| {
        format!("\"{text}\" is not an address; write it like https://www.example.com/privacy")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut WidgetOptions)) -> Result<WidgetOptions, Reason> {
        let mut options = WidgetOptions::default();
        change(&mut options);
        options.normalize()
    }

    #[test]
    fn what_reaches_visitors_is_checked() {
        for (link, fine) in [
            ("", true),
            ("https://shop.example/privacy", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("shop.example", false),
        ] {
            let link = link.to_owned();
            assert_eq!(
                with(|o| o.privacy_link.clone_from(&link)).is_ok(),
                fine,
                "{link}"
            );
        }
        for (language, fine) in [("", true), ("AR", true), ("xx", false), ("../de", false)] {
            assert_eq!(
                with(|o| o.language = language.into()).is_ok(),
                fine,
                "{language}"
            );
        }
        for (age, fine) in [(0, true), (13, true), (16, true), (17, false)] {
            assert_eq!(with(|o| o.min_age = age).is_ok(), fine, "{age}");
        }
    }

    #[test]
    fn a_greeting_needs_a_path_and_words() {
        let greeting = |path: &str, text: &str, seconds| Greeting {
            path: path.into(),
            text: text.into(),
            seconds,
        };
        for (rule, fine) in [
            (greeting("/prices", " Any questions? ", 5), true),
            (greeting("*", "Hello", 0), true),
            (greeting("prices", "Hello", 5), false),
            (greeting("/prices", " ", 5), false),
            (greeting("/prices", "Hello", 601), false),
            (greeting("/*/*/*/*", "Hello", 5), false),
        ] {
            let shown = format!("{rule:?}");
            assert_eq!(with(|o| o.greetings = vec![rule]).is_ok(), fine, "{shown}");
        }
    }

    #[test]
    fn suggestions_are_few_and_short() {
        let many = |count: usize| (0..count).map(|n| format!("Question {n}?")).collect();
        assert!(with(|o| o.suggestions = many(4)).is_ok());
        assert!(with(|o| o.suggestions = many(5)).is_err());
        assert!(with(|o| o.suggestions = vec!["x".repeat(101)]).is_err());
        let tidy = with(|o| o.suggestions = vec![" a? ".into(), String::new(), "a?".into()]);
        assert_eq!(tidy.unwrap().suggestions, ["a?"]);
    }
}
