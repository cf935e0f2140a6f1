//! Whole dialogues in four languages, from `dialogues/*.toml`: each is done within two messages more than the fewest possible.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Weekday, date, time};
use serde::Deserialize;

use super::{Definition, Phase, Run, Said, State, Stepped, World, begin, begins, step, templates};
use crate::language::Language;

#[derive(Deserialize)]
struct File {
    dialogues: Vec<Dialogue>,
}

#[derive(Deserialize)]
struct Dialogue {
    name: String,
    workflow: String,
    fewest: usize,
    says: Vec<String>,
    ends: State,
    acts: usize,
    #[serde(default)]
    has: BTreeMap<String, String>,
}

fn world(language: Language) -> World {
    let today = date(2026, 12, 2);
    let day = |ahead: i64| {
        let day = today.checked_add(ahead.days()).unwrap();
        let open = vec![(time(9, 0, 0, 0), time(22, 0, 0, 0))];
        let closed = day.weekday() == Weekday::Sunday;
        (day, if closed { Vec::new() } else { open })
    };
    World {
        now: today.at(10, 0, 0, 0),
        language,
        open: (0..60).map(day).collect(),
        country: Some("DE".into()),
        consent: None,
    }
}

fn definition(name: &str) -> Definition {
    Definition::parse(templates::find(name).unwrap()).unwrap()
}

fn say(definition: &Definition, run: Option<Run>, text: &str, world: &World) -> Stepped {
    let said = Said {
        text,
        ..Said::default()
    };
    match run {
        None => begin(definition, 1, &said, world),
        Some(run) => step(definition, run, &said, world),
    }
}

fn walk(language: Language, dialogue: &Dialogue) {
    let (world, definition) = (world(language), definition(&dialogue.workflow));
    let about = format!("{language:?}, {}", dialogue.name);
    let first = dialogue.says[0].as_str();
    assert!(
        begins(&definition, first, language),
        "{about}: {first} begins nothing"
    );
    let (mut run, mut acts) = (None, 0);
    for (n, text) in dialogue.says.iter().enumerate() {
        let stepped = say(&definition, run.take(), text, &world);
        acts += stepped.acts.len();
        let is_question = n > 0 && text.ends_with('?');
        assert_eq!(stepped.aside.is_some(), is_question, "{about}: {text}");
        let is_last = n + 1 == dialogue.says.len();
        let told = format!(
            "{about}: after {text}: {:?} {:?}",
            stepped.says, stepped.run
        );
        assert!(!stepped.says.is_empty(), "{told}");
        match is_last {
            true => assert_eq!(stepped.state, dialogue.ends, "{told}"),
            false => assert_eq!(stepped.state, State::Asking, "{told}"),
        }
        // A run is kept as JSON between two messages.
        let kept = serde_json::to_string(&stepped.run).unwrap();
        run = Some(serde_json::from_str::<Run>(&kept).unwrap());
    }
    let run = run.unwrap();
    for (slot, expected) in &dialogue.has {
        let found = serde_json::to_value(&run.filled[slot]).unwrap();
        assert_eq!(
            found["value"].as_str(),
            Some(expected.as_str()),
            "{about}: {slot}"
        );
    }
    assert_eq!(acts, dialogue.acts, "{about}");
    assert!(dialogue.says.len() <= dialogue.fewest + 2, "{about}");
}

#[test]
fn twelve_dialogues_in_each_of_four_languages() {
    for (language, file) in [
        (Language::En, include_str!("dialogues/en.toml")),
        (Language::De, include_str!("dialogues/de.toml")),
        (Language::Fr, include_str!("dialogues/fr.toml")),
        (Language::Es, include_str!("dialogues/es.toml")),
    ] {
        let file: File = toml::from_str(file).unwrap();
        assert_eq!(file.dialogues.len(), 12);
        for dialogue in &file.dialogues {
            walk(language, dialogue);
        }
    }
}

#[test]
fn a_loop_ends() {
    let text = "name = \"loop\"\ntitle.en = \"Loop\"\n[[steps]]\nlabel = \"a\"\nsay.en = \"Again.\"\n[[steps]]\ngo = \"a\"\n";
    let definition = Definition::parse(text).unwrap();
    let stepped = say(&definition, None, "loop", &world(Language::En));
    assert_eq!(stepped.state, State::GivenUp);
    assert!(stepped.says.len() <= 2);
}

#[test]
fn an_essay_is_asked_for_in_short_once_and_then_cut() {
    let definition = definition("ticket");
    let world = world(Language::En);
    let run = say(&definition, None, "I have a problem", &world).run;
    let essay = "The heating makes a noise and then it is quiet again. ".repeat(200);
    let stepped = say(&definition, Some(run), &essay, &world);
    assert_eq!(stepped.run.phase, Phase::Asking("problem".into()));
    let stepped = say(&definition, Some(stepped.run), &essay, &world);
    assert_eq!(stepped.run.phase, Phase::Asking("urgency".into()));
}

#[test]
fn nothing_is_done_without_a_yes_and_nobody_is_asked_forever() {
    let text = "name = \"a\"\ntitle.en = \"A\"\n[[slots]]\nname = \"day\"\nkind = \"date\"\nask.en = \"Which day?\"\n[[steps]]\nask = \"day\"\n[[steps]]\nact = \"task\"\nwith = { wish = \"{day}\" }\n";
    let definition = Definition::parse(text).unwrap();
    let world = world(Language::En);
    let stepped = say(&definition, None, "tomorrow", &world);
    assert!(stepped.acts.is_empty() && stepped.run.phase == Phase::Confirming);
    let done = say(&definition, Some(stepped.run), "yes", &world);
    assert_eq!((done.acts.len(), done.state), (1, State::Done));
    assert_eq!(done.acts[0].deed.with["wish"], "Thursday, 3 December");
    let mut stepped = say(&definition, None, "hello there", &world);
    let mut turns = 0;
    while stepped.state == State::Asking {
        stepped = say(&definition, Some(stepped.run), "purple bananas", &world);
        turns += 1;
        assert!(turns < 10);
    }
    assert_eq!(stepped.state, State::GivenUp);
}

#[test]
fn choices_and_a_yes_or_no_are_offered_as_answers() {
    for (language, first, choices, yes_no) in [
        (
            Language::En,
            "I want to place an order: 3 pieces",
            ["collect", "deliver"],
            ["Yes", "No"],
        ),
        (
            Language::De,
            "Ich möchte bestellen, 3 Stück",
            ["abholen", "liefern"],
            ["Ja", "Nein"],
        ),
    ] {
        let (order, world) = (definition("order"), world(language));
        let mut stepped = say(&order, None, first, &world);
        let mut offered = Vec::new();
        for _ in 0..8 {
            if stepped.state != State::Asking {
                break;
            }
            let text = match &stepped.run.phase {
                Phase::Asking(slot) => match slot.as_str() {
                    "way" => stepped.options[0].clone(),
                    "item" => "Pinot Noir".to_owned(),
                    "count" => "3".to_owned(),
                    "name" => "Anna Weber".to_owned(),
                    _ => "+49 30 12345678".to_owned(),
                },
                _ => stepped.options[0].clone(),
            };
            if !stepped.options.is_empty() {
                offered.push(stepped.options.clone());
            }
            stepped = say(&order, Some(stepped.run), &text, &world);
        }
        assert_eq!(stepped.state, State::Done, "{offered:?}");
        assert_eq!(offered, [choices.to_vec(), yes_no.to_vec()]);
        assert!(stepped.options.is_empty());
    }
}

#[test]
fn a_no_to_the_summary_offers_nothing_to_choose() {
    let (callback, world) = (definition("callback"), world(Language::En));
    let first = "call me back, I am Anna Weber, +49 30 12345678";
    let stepped = say(&callback, None, first, &world);
    let stepped = say(&callback, Some(stepped.run), "nothing", &world);
    assert_eq!(stepped.options, ["Yes", "No"]);
    let stepped = say(&callback, Some(stepped.run), "No", &world);
    assert!(stepped.options.is_empty());
}
