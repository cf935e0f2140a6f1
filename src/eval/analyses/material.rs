//! Conversations with what people said about them, as public data sets have them: one JSON object a line.

use std::path::Path;

use serde::Deserialize;

use crate::analysis::{Conversation, Turn, Who};
use crate::eval::EvalError;
use crate::reason::Reason;

/// Ratings of 1 to 5 up to here are "not satisfied", and from there "satisfied".
const NOT_SATISFIED: f64 = 2.75;
const SATISFIED: f64 = 3.25;

/// A conversation whose customer turns have a mood.
#[derive(Debug, Clone, PartialEq)]
pub struct Felt {
    pub set: String,
    pub conversation: Conversation,
    /// Turn and class: −1, 0 or 1.
    pub moods: Vec<(usize, i8)>,
}

/// A conversation with a summary by people.
#[derive(Debug, Clone, PartialEq)]
pub struct Summed {
    pub conversation: Conversation,
    pub summary: String,
}

/// A conversation with what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub conversation: Conversation,
    /// 0 for nothing.
    pub outcome: f64,
}

#[derive(Debug, Clone, Default)]
pub struct Material {
    pub felt: Vec<Felt>,
    pub summed: Vec<Summed>,
    pub ended: Vec<Ended>,
}

#[derive(Deserialize)]
struct TurnLine {
    speaker: String,
    text: String,
    /// Separated by commas.
    #[serde(default)]
    ratings: String,
}

#[derive(Deserialize)]
struct TurnsLine {
    turns: Vec<TurnLine>,
    #[serde(default)]
    outcome_amount: Option<f64>,
}

#[derive(Deserialize)]
struct SummedLine {
    dialogue: String,
    summary: String,
}

/// Reads `satisfaction_*.jsonl`, `dialogsum.jsonl` and `persuasion_outcome.jsonl` of a folder; each may be missing.
///
/// # Errors
/// With the line of a file that has another form, or if none of them is there.
pub fn read(folder: &Path) -> Result<Material, EvalError> {
    let mut material = Material::default();
    let failed = |error: std::io::Error| {
        let told = format!("{} cannot be read: {error}", folder.display());
        EvalError::Ask(Reason::told(told, error))
    };
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(stem) = name.strip_suffix(".jsonl").map(str::to_owned) else {
            continue;
        };
        let is_known = stem == "dialogsum" || stem == "persuasion_outcome";
        let set = stem.strip_prefix("satisfaction_").map(str::to_owned);
        if !is_known && set.is_none() {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let added = match (&set, stem.as_str()) {
                (Some(set), _) => felt(set, line).map(|one| material.felt.push(one)),
                (None, "dialogsum") => summed(line).map(|one| material.summed.push(one)),
                (None, _) => ended(line).map(|one| material.ended.push(one)),
            };
            added.map_err(|error| EvalError::Line {
                line: at + 1,
                what: Reason::told(format!("{name}: {error}"), error),
            })?;
        }
    }
    if material.felt.is_empty() && material.summed.is_empty() && material.ended.is_empty() {
        return Err(EvalError::Ask(
            "there is none of satisfaction_*.jsonl, dialogsum.jsonl and persuasion_outcome.jsonl in this folder"
                .into(),
        ));
    }
    Ok(material)
}

fn who(speaker: &str) -> Who {
    match speaker.to_lowercase().as_str() {
        "user" | "prospect" | "customer" => Who::Customer,
        "system" => Who::Assistant,
        _ => Who::Staff,
    }
}

fn turn(speaker: &str, text: &str) -> Turn {
    Turn {
        who: who(speaker),
        name: None,
        at: None,
        text: text.trim().to_owned(),
    }
}

fn felt(set: &str, line: &str) -> Result<Felt, serde_json::Error> {
    let read: TurnsLine = serde_json::from_str(line)?;
    let mut moods = Vec::new();
    for (at, turn) in read.turns.iter().enumerate() {
        if who(&turn.speaker) == Who::Customer
            && let Some(class) = class_of(&turn.ratings)
        {
            moods.push((at, class));
        }
    }
    let turns = read.turns.iter();
    Ok(Felt {
        set: set.to_owned(),
        conversation: Conversation {
            turns: turns.map(|one| turn(&one.speaker, &one.text)).collect(),
        },
        moods,
    })
}

/// The mean of the ratings as a class; `None` without any.
fn class_of(ratings: &str) -> Option<i8> {
    let all: Vec<f64> = ratings
        .split(',')
        .filter_map(|one| one.trim().parse().ok())
        .collect();
    if all.is_empty() {
        return None;
    }
    let mean = all.iter().sum::<f64>() / super::statistics::to_f64(all.len());
    Some(match mean {
        mean if mean <= NOT_SATISFIED => -1,
        mean if mean >= SATISFIED => 1,
        _ => 0,
    })
}

/// The first to speak counts as the customer: the set has no roles.
fn summed(line: &str) -> Result<Summed, serde_json::Error> {
    let read: SummedLine = serde_json::from_str(line)?;
    let mut first = None;
    let mut turns = Vec::new();
    for line in read.dialogue.lines() {
        let (speaker, text) = line.split_once(':').unwrap_or(("", line));
        let first = first.get_or_insert(speaker);
        turns.push(Turn {
            who: match speaker == *first {
                true => Who::Customer,
                false => Who::Staff,
            },
            name: None,
            at: None,
            text: text.trim().to_owned(),
        });
    }
    Ok(Summed {
        conversation: Conversation { turns },
        summary: read.summary,
    })
}

fn ended(line: &str) -> Result<Ended, serde_json::Error> {
    let read: TurnsLine = serde_json::from_str(line)?;
    let turns = read.turns.iter();
    Ok(Ended {
        conversation: Conversation {
            turns: turns.map(|one| turn(&one.speaker, &one.text)).collect(),
        },
        outcome: read.outcome_amount.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "satisfaction_x.jsonl",
            "{\"turns\":[{\"speaker\":\"USER\",\"text\":\"Hi\",\"ratings\":\"4,3,4\"},{\"speaker\":\"SYSTEM\",\"text\":\"Hello\",\"ratings\":\"\"}]}\n",
        );
        write(
            "dialogsum.jsonl",
            "{\"dialogue\":\"#Person1#: Hi.\\n#Person2#: Yes: now.\",\"summary\":\"They greet.\"}\n",
        );
        write(
            "persuasion_outcome.jsonl",
            "{\"turns\":[{\"speaker\":\"agent\",\"text\":\"Give?\"},{\"speaker\":\"prospect\",\"text\":\"Yes\"}],\"outcome_amount\":0.5}\n",
        );
        write("notes.txt", "no");
        let material = read(folder.path()).unwrap();
        assert_eq!(material.felt[0].moods, [(0, 1)]);
        assert_eq!(material.summed[0].conversation.turns[1].text, "Yes: now.");
        assert_eq!(material.summed[0].conversation.turns[1].who, Who::Staff);
        assert_eq!(material.ended[0].outcome, 0.5);
        assert_eq!(material.ended[0].conversation.turns[1].who, Who::Customer);
        write("dialogsum.jsonl", "\n{\n");
        assert!(matches!(
            read(folder.path()),
            Err(EvalError::Line { line: 2, .. })
        ));
    }

    #[test]
    fn a_folder_without_any_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err());
        assert!(read(&folder.path().join("missing")).is_err());
    }
}
