//! A version in words, field by field, and the difference of two.

use crate::store::assistants::{
    Body, KnowledgeView, OtherLanguages, Recording, Tone, TopicAct, TopicRule,
};

/// One field of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its path in the file: `ladder.model`, `topics.Tax`.
    pub field: String,
    /// For people.
    pub label: String,
    /// `None` where it is inherited.
    pub value: Option<String>,
}

/// A field that two versions say differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub label: String,
    /// `None` where it is inherited, or not there.
    pub before: Option<String>,
    pub after: Option<String>,
}

fn on(value: Option<bool>) -> Option<String> {
    value.map(|on| if on { "on" } else { "off" }.to_owned())
}

fn yes(value: Option<bool>) -> Option<String> {
    value.map(|yes| if yes { "yes" } else { "no" }.to_owned())
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn list(values: &[String]) -> Option<String> {
    some(&values.join(", "))
}

/// Every field, in the order of the pages.
pub fn describe(body: &Body) -> Vec<Line> {
    let own = &body.settings;
    let mut lines = Vec::new();
    let mut add = |field: &str, label: &str, value: Option<String>| {
        lines.push(Line {
            field: field.to_owned(),
            label: label.to_owned(),
            value,
        });
    };
    add("title", "Name", some(&body.title));
    add("greeting", "Greeting", some(&body.greeting));
    add("instructions", "Persona", some(&body.instructions));
    add(
        "tone",
        "Tone",
        own.tone.map(|tone| tone_word(tone).to_owned()),
    );
    add("model", "Language model", body.model.clone());
    add(
        "languages.answers",
        "Languages",
        list(&own.languages.answers),
    );
    add(
        "languages.others",
        "Questions in other languages",
        others(body),
    );
    add(
        "knowledge.tags",
        "Knowledge with the tags",
        list(&own.knowledge.tags),
    );
    add(
        "knowledge.view",
        "Who it is for",
        own.knowledge.view.map(view),
    );
    add("ladder.faq", "Approved answers", on(own.ladder.faq));
    add("ladder.fact", "Business facts", on(own.ladder.fact));
    add(
        "ladder.read",
        "Quotations from documents",
        on(own.ladder.read),
    );
    add(
        "ladder.model",
        "Words of the language model",
        on(own.ladder.model),
    );
    let threshold = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
    add(
        "ladder.read_threshold",
        "Sure enough to answer from",
        threshold(own.ladder.read_threshold),
    );
    add(
        "ladder.related_threshold",
        "Near enough to show from",
        threshold(own.ladder.related_threshold),
    );
    for topic in &own.topics {
        let (field, label) = (
            format!("topics.{}", topic.name),
            format!("Topic “{}”", topic.name),
        );
        add(&field, &label, Some(topic_words(topic)));
    }
    add("voice.voice", "Voice", own.voice.voice.clone());
    add(
        "voice.speed",
        "Pace of the voice",
        threshold(own.voice.speed),
    );
    add(
        "voice.language",
        "Language of callers",
        own.voice.language.clone(),
    );
    add(
        "voice.greeting",
        "First words of a call",
        own.voice.greeting.clone(),
    );
    add(
        "recording",
        "Recording of calls",
        own.recording.map(recording),
    );
    add(
        "hours",
        "Hours",
        own.hours.as_ref().map(|hours| {
            let days = hours.week.iter().map(|(day, spans)| {
                let spans: Vec<String> = spans
                    .iter()
                    .map(|[from, to]| format!("{from}-{to}"))
                    .collect();
                format!("{day} {}", spans.join(" and "))
            });
            let days: Vec<String> = days.collect();
            let zone = hours.time_zone.as_deref().map(|zone| format!(" ({zone})"));
            match days.is_empty() {
                true => "always closed".to_owned(),
                false => format!("{}{}", days.join(", "), zone.unwrap_or_default()),
            }
        }),
    );
    add(
        "hand_over.risky",
        "Calls a person on risky topics",
        yes(own.hand_over.risky),
    );
    add(
        "hand_over.refusals",
        "Calls a person without an answer",
        own.hand_over.refusals.map(|times| match times {
            0 => "never".to_owned(),
            times => format!("after {times} in a row"),
        }),
    );
    add(
        "hand_over.bad_rating",
        "Calls a person after a bad rating",
        yes(own.hand_over.bad_rating),
    );
    add("workflows", "Workflows", list(&own.workflows));
    add("tools", "Tools", list(&own.tools));
    lines
}

pub(super) fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Formal => "formal",
        Tone::Friendly => "friendly",
        Tone::Brief => "brief",
    }
}

fn others(body: &Body) -> Option<String> {
    let languages = &body.settings.languages;
    let told = match languages.others {
        OtherLanguages::Main => "answered in the main language",
        OtherLanguages::Decline => "the visitor is told which languages it answers in",
        OtherLanguages::HandOver => "the visitor is told, and a person is called",
    };
    (!languages.answers.is_empty()).then(|| told.to_owned())
}

fn view(view: KnowledgeView) -> String {
    match view {
        KnowledgeView::Public => "everybody gets what visitors may know".into(),
        KnowledgeView::Staff => "staff only; no visitor reaches it".into(),
    }
}

fn recording(recording: Recording) -> String {
    match recording {
        Recording::Off => "off".into(),
        Recording::Ask => "callers are asked first".into(),
    }
}

fn topic_words(topic: &TopicRule) -> String {
    let mut told = vec![match topic.act {
        TopicAct::Decline => "declined".to_owned(),
        TopicAct::HandOver => "left to a person".to_owned(),
    }];
    told.extend(list(&topic.words).map(|words| format!("words: {words}")));
    if !topic.examples.is_empty() {
        told.push(format!("questions like: {}", topic.examples.join(" / ")));
    }
    told.extend(topic.closeness.map(|close| format!("closeness {close:.2}")));
    told.extend(some(&topic.say).map(|say| format!("says: “{say}”")));
    told.join("; ")
}

/// What differs, in the order of the pages.
pub fn compare(before: &Body, after: &Body) -> Vec<Difference> {
    let (old, new) = (describe(before), describe(after));
    let value = |lines: &[Line], field: &str| {
        let line = lines.iter().find(|line| line.field == field);
        line.and_then(|line| line.value.clone())
    };
    let gone = old
        .iter()
        .filter(|line| !new.iter().any(|other| other.field == line.field));
    let all = new.iter().chain(gone);
    let differences = all.map(|line| Difference {
        field: line.field.clone(),
        label: line.label.clone(),
        before: value(&old, &line.field),
        after: value(&new, &line.field),
    });
    differences.filter(|one| one.before != one.after).collect()
}

impl Difference {
    /// One sentence, without a full stop.
    pub fn sentence(&self) -> String {
        let label = &self.label;
        match (&self.before, &self.after) {
            (None, Some(after)) => format!("{label}: now {after}"),
            (Some(before), None) if self.field.starts_with("topics.") => {
                format!("{label} is gone (it was: {before})")
            }
            (Some(before), None) => format!("{label}: inherited again (it was: {before})"),
            (Some(before), Some(after)) => format!("{label}: {before} → {after}"),
            (None, None) => label.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assistants::{AssistantSettings, Ladder};

    #[test]
    fn a_difference_is_told_field_by_field() {
        let topic = |words: &[&str]| TopicRule {
            name: "Tax".into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..TopicRule::default()
        };
        let before = Body {
            title: "Desk".into(),
            settings: AssistantSettings {
                tone: Some(Tone::Formal),
                topics: vec![topic(&["vat"])],
                ..AssistantSettings::default()
            },
            ..Body::default()
        };
        let after = Body {
            title: "Marla".into(),
            settings: AssistantSettings {
                ladder: Ladder {
                    model: Some(false),
                    ..Ladder::default()
                },
                ..AssistantSettings::default()
            },
            ..Body::default()
        };
        let told: Vec<String> = compare(&before, &after)
            .iter()
            .map(Difference::sentence)
            .collect();
        assert_eq!(
            told,
            [
                "Name: Desk → Marla",
                "Tone: inherited again (it was: formal)",
                "Words of the language model: now off",
                "Topic “Tax” is gone (it was: declined; words: vat)",
            ]
        );
        assert!(compare(&after, &after).is_empty());
    }

    #[test]
    fn every_setting_has_a_line() {
        // A setting that is forgotten here would change without anybody seeing it.
        let fields: Vec<String> = describe(&Body::default())
            .into_iter()
            .map(|l| l.field)
            .collect();
        for known in [
            "title",
            "greeting",
            "instructions",
            "tone",
            "model",
            "languages.answers",
            "languages.others",
            "knowledge.tags",
            "knowledge.view",
            "ladder.faq",
            "ladder.fact",
            "ladder.read",
            "ladder.model",
            "ladder.read_threshold",
            "ladder.related_threshold",
            "voice.voice",
            "voice.speed",
            "voice.language",
            "voice.greeting",
            "recording",
            "hours",
            "hand_over.risky",
            "hand_over.refusals",
            "hand_over.bad_rating",
            "workflows",
            "tools",
        ] {
            assert!(fields.iter().any(|field| field == known), "{known}");
        }
    }
}
