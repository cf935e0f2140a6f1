//! The widget's options as a form: lists are lines, a greeting is a line with bars.

use serde::Deserialize;

use crate::http::voice::options::{Asked, AskedField, Greeting, Position, Theme, WidgetOptions};
use crate::reason::Reason;

/// Fields of the form, named as in the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OptionsForm {
    theme: String,
    position: String,
    suggestions: String,
    greetings: String,
    disclosure: String,
    consent: String,
    privacy_link: String,
    min_age: String,
    ask_name: String,
    ask_email: String,
    ask_phone: String,
    lead: Option<String>,
    files: Option<String>,
    rate: Option<String>,
    remember: Option<String>,
}

/// The options as the page shows them.
pub struct OptionsView {
    pub theme: &'static str,
    pub at_start: bool,
    pub suggestions: String,
    pub greetings: String,
    pub disclosure: String,
    pub consent: String,
    pub privacy_link: String,
    pub min_age: u8,
    pub asked: [AskedView; 3],
    pub lead: bool,
    pub files: bool,
    pub rate: bool,
    pub remember: bool,
}

pub struct AskedView {
    pub name: &'static str,
    pub label: &'static str,
    pub asked: bool,
    pub required: bool,
}

const FIELDS: [(AskedField, &str, &str); 3] = [
    (AskedField::Name, "name", "Name"),
    (AskedField::Email, "email", "E-mail"),
    (AskedField::Phone, "phone", "Phone"),
];

impl OptionsForm {
    /// What was typed, with what the form does not have from `before`.
    ///
    /// # Errors
    /// A sentence about a greeting that is not written as such.
    pub(super) fn read(self, before: WidgetOptions) -> Result<WidgetOptions, Reason> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let greetings = self
            .greetings
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let asked = [&self.ask_name, &self.ask_email, &self.ask_phone];
        let pre_chat = FIELDS
            .into_iter()
            .zip(asked)
            .filter_map(|((field, ..), how)| {
                let required = how == "required";
                (required || how == "asked").then_some(Asked { field, required })
            });
        Ok(WidgetOptions {
            theme: match self.theme.as_str() {
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                _ => Theme::Auto,
            },
            position: if self.position == "start" {
                Position::Start
            } else {
                Position::End
            },
            suggestions: lines(&self.suggestions),
            greetings: greetings.map(read_greeting).collect::<Result<_, _>>()?,
            disclosure: self.disclosure,
            consent: self.consent,
            privacy_link: self.privacy_link,
            // The form has only these values; anything else is for everybody.
            min_age: self.min_age.parse().unwrap_or_default(),
            pre_chat: pre_chat.collect(),
            lead: self.lead.is_some(),
            files: self.files.is_some(),
            rate: self.rate.is_some(),
            remember: self.remember.is_some(),
            ..before
        })
    }
}

fn read_greeting(line: &str) -> Result<Greeting, Reason> {
    let wrong = || {
        format!("\"{line}\" is no greeting; write it like /prices | 20 | Do you have a question?")
    };
    let mut parts = line.splitn(3, '|').map(str::trim);
    let (path, seconds, text) = match (parts.next(), parts.next(), parts.next()) {
        (Some(path), Some(seconds), Some(text)) => (path, seconds, text),
        _ => return Err(wrong().into()),
    };
    Ok(Greeting {
        path: path.to_owned(),
        seconds: seconds.parse().map_err(|_| wrong())?,
        text: text.to_owned(),
    })
}

impl From<WidgetOptions> for OptionsView {
    fn from(options: WidgetOptions) -> Self {
        let greetings: Vec<String> = options
            .greetings
            .iter()
            .map(|one| format!("{} | {} | {}", one.path, one.seconds, one.text))
            .collect();
        let asked = FIELDS.map(|(field, name, label)| {
            let found = options.pre_chat.iter().find(|asked| asked.field == field);
            AskedView {
                name,
                label,
                asked: found.is_some(),
                required: found.is_some_and(|asked| asked.required),
            }
        });
        Self {
            theme: match options.theme {
                Theme::Auto => "auto",
                Theme::Light => "light",
                Theme::Dark => "dark",
            },
            at_start: options.position == Position::Start,
            suggestions: options.suggestions.join("\n"),
            greetings: greetings.join("\n"),
            disclosure: options.disclosure,
            consent: options.consent,
            privacy_link: options.privacy_link,
            min_age: options.min_age,
            asked,
            lead: options.lead,
            files: options.files,
            rate: options.rate,
            remember: options.remember,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again_as_it_was() {
        let options = WidgetOptions {
            theme: Theme::Dark,
            position: Position::Start,
            suggestions: vec!["Are you open?".into(), "Where are you?".into()],
            greetings: vec![Greeting {
                path: "/prices*".into(),
                seconds: 20,
                text: "Any question? | Ask".into(),
            }],
            pre_chat: vec![Asked {
                field: AskedField::Email,
                required: true,
            }],
            min_age: 16,
            files: false,
            ..WidgetOptions::default()
        };
        let shown = OptionsView::from(options.clone());
        let tick = |on: bool| on.then(|| "1".to_owned());
        let choice = |asked: &AskedView| match (asked.asked, asked.required) {
            (_, true) => "required".to_owned(),
            (true, false) => "asked".to_owned(),
            (false, false) => String::new(),
        };
        let form = OptionsForm {
            theme: shown.theme.into(),
            position: if shown.at_start { "start" } else { "end" }.into(),
            suggestions: shown.suggestions,
            greetings: shown.greetings,
            min_age: shown.min_age.to_string(),
            ask_name: choice(&shown.asked[0]),
            ask_email: choice(&shown.asked[1]),
            ask_phone: choice(&shown.asked[2]),
            lead: tick(shown.lead),
            files: tick(shown.files),
            rate: tick(shown.rate),
            remember: tick(shown.remember),
            ..OptionsForm::default()
        };
        assert_eq!(form.read(WidgetOptions::default()).unwrap(), options);
    }

    #[test]
    fn a_greeting_has_three_parts() {
        assert!(read_greeting("/a | 5 | Hello").is_ok());
        for wrong in ["/a", "/a | Hello", "/a | soon | Hello", "/a | -1 | Hello"] {
            assert!(read_greeting(wrong).is_err(), "{wrong}");
        }
    }
}
