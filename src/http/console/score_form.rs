//! The settings of analyses as people type them: a line for each rule, field and band, its parts separated by bars.

use serde::Deserialize;

use crate::analysis::settings::{
    Automatic, Band, Field, Kind, Rule, Said, Settings, SettingsError,
};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub rules: String,
    pub fields: String,
    pub bands: String,
    pub on_close: bool,
    pub at_night: bool,
    pub keep_text: bool,
    pub keep_days: String,
}

impl From<&Settings> for Typed {
    fn from(settings: &Settings) -> Self {
        let rules = settings.rules.iter().map(|rule| {
            let by = match rule.said_by {
                Said::Anybody => "",
                Said::Customer => " | customer",
                Said::Business => " | business",
            };
            format!("{} | {:+}{by}", rule.phrase, rule.points)
        });
        let fields = settings.fields.iter().map(|field| {
            let kind = field.kind.as_str().replace('_', "-");
            let choices = match field.choices.is_empty() {
                true => String::new(),
                false => format!(" | {}", field.choices.join(", ")),
            };
            format!("{} | {kind} | {}{choices}", field.name, field.question)
        });
        let bands = settings.bands.iter();
        let bands = bands.map(|band| format!("{} | {}", band.name, band.from));
        Self {
            rules: rules.collect::<Vec<_>>().join("\n"),
            fields: fields.collect::<Vec<_>>().join("\n"),
            bands: bands.collect::<Vec<_>>().join("\n"),
            on_close: settings.automatic.on_close,
            at_night: settings.automatic.at_night,
            keep_text: settings.keep_text,
            keep_days: settings
                .keep_days
                .map(|days| days.to_string())
                .unwrap_or_default(),
        }
    }
}

impl Typed {
    /// The settings that were meant.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn read(&self) -> Result<Settings, SettingsError> {
        let keep_days = match self.keep_days.trim() {
            "" => None,
            days => Some(days.parse().map_err(|_| SettingsError::Days)?),
        };
        Ok(Settings {
            rules: lines("rules", &self.rules, rule)?,
            fields: lines("fields", &self.fields, field)?,
            bands: lines("bands", &self.bands, band)?,
            automatic: Automatic {
                on_close: self.on_close,
                at_night: self.at_night,
            },
            keep_text: self.keep_text,
            keep_days,
        })
    }
}

fn lines<T>(
    field: &'static str,
    text: &str,
    read: fn(&[&str]) -> Result<T, &'static str>,
) -> Result<Vec<T>, SettingsError> {
    let lines = text.lines().enumerate();
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(at, line)| {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            read(&parts).map_err(|what| SettingsError::Line {
                field,
                line: at + 1,
                what: what.to_owned(),
            })
        })
        .collect()
}

fn rule(parts: &[&str]) -> Result<Rule, &'static str> {
    let (phrase, points, by) = match parts {
        [phrase, points] => (phrase, points, ""),
        [phrase, points, by] => (phrase, points, *by),
        _ => return Err("write the words, a bar and the points, such as: budget | +20"),
    };
    let points = points.replace(['−', '–'], "-");
    Ok(Rule {
        phrase: (*phrase).to_owned(),
        points: points
            .parse()
            .map_err(|_| "the points must be a whole number, such as +20 or -10")?,
        said_by: match by.to_lowercase().as_str() {
            "" | "anybody" => Said::Anybody,
            "customer" => Said::Customer,
            "business" => Said::Business,
            _ => return Err("who says it is customer, business or anybody"),
        },
    })
}

fn field(parts: &[&str]) -> Result<Field, &'static str> {
    let (name, kind, question, choices) = match parts {
        [name, kind, question] => (name, kind, question, ""),
        [name, kind, question, choices] => (name, kind, question, *choices),
        _ => {
            return Err(
                "write name, kind and question with bars between them, such as: people | number | How many people are they?",
            );
        }
    };
    let choices = choices.split(',').map(str::trim);
    Ok(Field {
        name: (*name).to_owned(),
        kind: Kind::parse(kind).ok_or("a kind is text, number, choice, date or yes-no")?,
        question: (*question).to_owned(),
        choices: choices
            .filter(|choice| !choice.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

fn band(parts: &[&str]) -> Result<Band, &'static str> {
    let what = "write a name, a bar and the lowest score in it, such as: hot | 70";
    let [name, from] = parts else {
        return Err(what);
    };
    Ok(Band {
        name: (*name).to_owned(),
        from: from.parse().map_err(|_| what)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        let typed = Typed {
            rules: "budget | +20\n\n competitor* | −10 | customer".into(),
            fields: "people | number | How many?\nsize | choice | Which? | S, M".into(),
            bands: "good | 50\nbad | 0".into(),
            at_night: true,
            keep_days: "30".into(),
            ..Typed::default()
        };
        let settings = typed.read().unwrap();
        assert_eq!(settings.rules[1].points, -10);
        assert_eq!(settings.rules[1].said_by, Said::Customer);
        assert_eq!(settings.fields[1].choices, ["S", "M"]);
        assert_eq!(settings.keep_days, Some(30));
        assert_eq!(Typed::from(&settings).read().unwrap(), settings);
        assert_eq!(settings.clone().checked().unwrap(), settings);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (rules, fields) in [
            ("\nbudget", ""),
            ("\nbudget | many", ""),
            ("\nbudget | 5 | dog", ""),
            ("", "\npeople | count | How many?"),
        ] {
            let typed = Typed {
                rules: rules.into(),
                fields: fields.into(),
                ..Typed::default()
            };
            let error = typed.read().unwrap_err();
            assert!(
                matches!(error, SettingsError::Line { line: 2, .. }),
                "{error}"
            );
        }
    }
}
