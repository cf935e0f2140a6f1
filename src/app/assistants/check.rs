//! Checks and tidies what a version says.

use std::collections::BTreeSet;

use super::{AssistantError, wrong};
use crate::eval::gate::LONGEST_INSTRUCTIONS;
use crate::inbox::desk::{DeskDay, DeskSettings};
use crate::knowledge::tidy_tags;
use crate::language::{Language, codes};
use crate::speech::Voice;
use crate::store::assistants::{AssistantSettings, Body, OtherLanguages, TopicRule};

/// As much as the head of the widget shows, in characters.
const LONGEST_TITLE: usize = 60;
/// Of a greeting or a sentence that is said, in characters.
const LONGEST_SAID: usize = 600;
const MOST_TOPICS: usize = 50;
const MOST_WORDS: usize = 100;
const MOST_EXAMPLES: usize = 30;
/// Of a name, or of a topic's word, in characters.
const LONGEST_WORD: usize = 60;
/// In characters.
const LONGEST_EXAMPLE: usize = 300;
const MOST_NAMES: usize = 100;
const MOST_REFUSALS: u32 = 9;

/// # Errors
/// `Wrong` with the field and a sentence for people.
pub(super) fn check(mut body: Body, voices: &[Voice]) -> Result<Body, AssistantError> {
    body.title = one_line(&body.title);
    if !(1..=LONGEST_TITLE).contains(&body.title.chars().count()) {
        let told = format!("give the assistant a name of at most {LONGEST_TITLE} characters");
        return Err(wrong("title", told));
    }
    body.instructions = body.instructions.trim().to_owned();
    if body.instructions.chars().count() > LONGEST_INSTRUCTIONS {
        let told = format!("the persona may have {LONGEST_INSTRUCTIONS} characters");
        return Err(wrong("instructions", told));
    }
    body.greeting = said("greeting", &body.greeting)?;
    if body.model.is_some() {
        let told = "one chat model answers for all assistants (the setting `chat.model`); leave `model` out";
        return Err(wrong("model", told));
    }
    let settings = &mut body.settings;
    languages(settings)?;
    settings.knowledge.tags = tidy_tags(&settings.knowledge.tags)
        .map_err(|told| wrong("knowledge.tags", told.to_string()))?;
    thresholds(settings)?;
    topics(&mut settings.topics)?;
    voice(settings, voices)?;
    hours(settings)?;
    if settings
        .hand_over
        .refusals
        .is_some_and(|times| times > MOST_REFUSALS)
    {
        let told = format!("refusals must be 0 to {MOST_REFUSALS}; 0 is never");
        return Err(wrong("hand_over.refusals", told));
    }
    settings.workflows = names("workflows", &settings.workflows)?;
    settings.tools = names("tools", &settings.tools)?;
    Ok(body)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(field: &str, text: &str) -> Result<String, AssistantError> {
    let text = one_line(text);
    match text.chars().count() > LONGEST_SAID {
        true => Err(wrong(
            field,
            format!("this text may have {LONGEST_SAID} characters"),
        )),
        false => Ok(text),
    }
}

fn languages(settings: &mut AssistantSettings) -> Result<(), AssistantError> {
    let mut known: Vec<String> = Vec::new();
    for code in &settings.languages.answers {
        let code = code.trim().to_lowercase();
        if Language::of_code(&code).is_none() {
            let spoken: Vec<&str> = Language::KNOWN.iter().map(|one| one.code()).collect();
            let told = format!(
                "the assistant has no words for \"{code}\"; there are: {}",
                spoken.join(", ")
            );
            return Err(wrong("languages.answers", told));
        }
        if !known.contains(&code) {
            known.push(code);
        }
    }
    settings.languages.answers = known;
    if settings.languages.answers.is_empty() {
        // Where every language is answered, there are no others.
        settings.languages.others = OtherLanguages::Main;
    }
    Ok(())
}

fn thresholds(settings: &AssistantSettings) -> Result<(), AssistantError> {
    let ladder = &settings.ladder;
    for (field, value) in [
        ("ladder.read_threshold", ladder.read_threshold),
        ("ladder.related_threshold", ladder.related_threshold),
    ] {
        if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return Err(wrong(field, "the threshold must be a number from 0 to 1"));
        }
    }
    Ok(())
}

fn topics(topics: &mut [TopicRule]) -> Result<(), AssistantError> {
    if topics.len() > MOST_TOPICS {
        return Err(wrong(
            "topics",
            format!("there can be at most {MOST_TOPICS} topics"),
        ));
    }
    let mut seen = BTreeSet::new();
    for topic in topics {
        topic.name = one_line(&topic.name);
        let named = (1..=LONGEST_WORD).contains(&topic.name.chars().count());
        if !named || !seen.insert(topic.name.to_lowercase()) {
            let told =
                format!("each topic needs a name of its own, of at most {LONGEST_WORD} characters");
            return Err(wrong("topics.name", told));
        }
        topic.words = lines("topics.words", &topic.words, MOST_WORDS, LONGEST_WORD)?;
        topic.examples = lines(
            "topics.examples",
            &topic.examples,
            MOST_EXAMPLES,
            LONGEST_EXAMPLE,
        )?;
        if topic.words.is_empty() && topic.examples.is_empty() {
            let told = format!(
                "say how the topic \"{}\" is recognised: by words, by examples of questions, or both",
                topic.name
            );
            return Err(wrong("topics.words", told));
        }
        if topic
            .closeness
            .is_some_and(|close| !(0.5..=1.0).contains(&close))
        {
            return Err(wrong(
                "topics.closeness",
                "closeness must be a number from 0.5 to 1",
            ));
        }
        topic.say = said("topics.say", &topic.say)?;
    }
    Ok(())
}

fn lines(
    field: &str,
    entered: &[String],
    most: usize,
    longest: usize,
) -> Result<Vec<String>, AssistantError> {
    let mut tidy: Vec<String> = Vec::new();
    for line in entered {
        let line = one_line(line);
        if line.chars().count() > longest {
            return Err(wrong(field, format!("each may have {longest} characters")));
        }
        if !line.is_empty() && !tidy.contains(&line) {
            tidy.push(line);
        }
    }
    match tidy.len() > most {
        true => Err(wrong(field, format!("there can be at most {most}"))),
        false => Ok(tidy),
    }
}

fn voice(settings: &mut AssistantSettings, voices: &[Voice]) -> Result<(), AssistantError> {
    let own = &mut settings.voice;
    own.voice = own.voice.take().filter(|name| !name.trim().is_empty());
    // Without installed voices the name cannot be checked; it is kept for when they are back.
    if let Some(name) = &own.voice
        && !voices.is_empty()
        && !voices.iter().any(|voice| voice.name == *name)
    {
        let known: Vec<&str> = voices.iter().map(|voice| voice.name.as_str()).collect();
        let told = format!(
            "{name} is not an installed voice; installed are {}",
            known.join(", ")
        );
        return Err(wrong("voice.voice", told));
    }
    if own.speed.is_some_and(|speed| !(0.5..=2.0).contains(&speed)) {
        let told = "the pace must be between 0.5 and 2; 1 is the voice's normal pace";
        return Err(wrong("voice.speed", told));
    }
    own.language = own.language.take().map(|code| code.trim().to_lowercase());
    own.language = own.language.take().filter(|code| !code.is_empty());
    if own
        .language
        .as_ref()
        .is_some_and(|code| !codes::is_code(code))
    {
        let told = "the language must be a code of two letters, such as en";
        return Err(wrong("voice.language", told));
    }
    let greeting = own
        .greeting
        .take()
        .map(|text| said("voice.greeting", &text));
    own.greeting = greeting.transpose()?.filter(|text| !text.is_empty());
    Ok(())
}

fn hours(settings: &AssistantSettings) -> Result<(), AssistantError> {
    let Some(hours) = &settings.hours else {
        return Ok(());
    };
    if let Some(day) = hours.week.keys().find(|day| DeskDay::parse(day).is_none()) {
        let told = format!("\"{day}\" is no day of the week; write monday to sunday");
        return Err(wrong("hours.week", told));
    }
    let desk = DeskSettings::default().with_own(settings);
    desk.check()
        .map_err(|told| wrong("hours", told.to_string()))
}

fn names(field: &str, entered: &[String]) -> Result<Vec<String>, AssistantError> {
    lines(field, entered, MOST_NAMES, LONGEST_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assistants::{OwnHours, VoiceChoice};

    fn body(change: impl FnOnce(&mut Body)) -> Body {
        let mut body = Body {
            title: "Marla".into(),
            ..Body::default()
        };
        change(&mut body);
        body
    }

    fn wrong_field(change: impl FnOnce(&mut Body)) -> String {
        let voices = [Voice {
            name: "joe".into(),
            title: "Joe".into(),
            language: "en".into(),
            licence: "CC0".into(),
            rate: 22_050,
        }];
        match check(body(change), &voices) {
            Err(AssistantError::Wrong { field, detail }) => {
                assert!(!detail.is_empty());
                field
            }
            _ => String::new(),
        }
    }

    fn topic(name: &str, words: &[&str]) -> TopicRule {
        TopicRule {
            name: name.into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..TopicRule::default()
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert_eq!(wrong_field(|_| {}), "");
        assert_eq!(wrong_field(|b| b.title = " ".into()), "title");
        assert_eq!(
            wrong_field(|b| b.instructions = "x".repeat(4001)),
            "instructions"
        );
        assert_eq!(wrong_field(|b| b.model = Some("small".into())), "model");
        assert_eq!(wrong_field(|b| b.greeting = "x".repeat(601)), "greeting");
        assert_eq!(
            wrong_field(|b| b.settings.languages.answers = vec!["xx".into()]),
            "languages.answers"
        );
        assert_eq!(
            wrong_field(|b| b.settings.knowledge.tags = vec!["a,b".into()]),
            "knowledge.tags"
        );
        assert_eq!(
            wrong_field(|b| b.settings.ladder.read_threshold = Some(1.5)),
            "ladder.read_threshold"
        );
        assert_eq!(
            wrong_field(|b| b.settings.ladder.related_threshold = Some(f64::NAN)),
            "ladder.related_threshold"
        );
        assert_eq!(
            wrong_field(|b| b.settings.topics = vec![topic("a", &["x"]), topic("A", &["y"])]),
            "topics.name"
        );
        assert_eq!(
            wrong_field(|b| b.settings.topics = vec![topic("a", &[" "])]),
            "topics.words"
        );
        let voice = |voice: VoiceChoice| move |b: &mut Body| b.settings.voice = voice;
        assert_eq!(
            wrong_field(voice(VoiceChoice {
                voice: Some("jane".into()),
                ..VoiceChoice::default()
            })),
            "voice.voice"
        );
        assert_eq!(
            wrong_field(voice(VoiceChoice {
                speed: Some(3.0),
                ..VoiceChoice::default()
            })),
            "voice.speed"
        );
        let week = |day: &str, from: &str| OwnHours {
            week: [(day.to_owned(), vec![[from.to_owned(), "17:00".into()]])].into(),
            time_zone: None,
        };
        assert_eq!(
            wrong_field(|b| b.settings.hours = Some(week("monday", "09:00"))),
            ""
        );
        assert_eq!(
            wrong_field(|b| b.settings.hours = Some(week("Funday", "09:00"))),
            "hours.week"
        );
        assert_eq!(
            wrong_field(|b| b.settings.hours = Some(week("monday", "9 am"))),
            "hours"
        );
        assert_eq!(
            wrong_field(|b| b.settings.hand_over.refusals = Some(99)),
            "hand_over.refusals"
        );
    }

    #[test]
    fn what_was_entered_is_tidied() {
        let tidy = check(
            body(|b| {
                b.title = "  Marla  of the desk ".into();
                b.settings.languages.answers = vec!["DE".into(), "de".into()];
                b.settings.topics = vec![topic(" Tax ", &[" vat ", "vat", ""])];
                b.settings.workflows = vec!["order".into(), "order".into(), " ".into()];
            }),
            &[],
        )
        .unwrap();
        assert_eq!(tidy.title, "Marla of the desk");
        assert_eq!(tidy.settings.languages.answers, ["de"]);
        assert_eq!(tidy.settings.topics[0].words, ["vat"]);
        assert_eq!(tidy.settings.workflows, ["order"]);
    }
}
