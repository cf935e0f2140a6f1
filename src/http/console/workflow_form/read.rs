//! Reads what the form posted.

use std::collections::BTreeMap;

use super::{Draft, HIGHEST, LONGEST, Row};
use crate::workflows::{Choice, Deed, Kind, Lists, Slot, Step, Texts};

/// Most steps, slots and options that are read; a definition may have fewer.
const MOST: usize = 200;

struct Fields(BTreeMap<String, String>);

impl Fields {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    fn count(&self, name: &str) -> usize {
        self.text(name).parse().unwrap_or(0).min(MOST)
    }

    fn texts(&self, name: &str, languages: &[String]) -> Texts {
        let texts = languages.iter().filter_map(|code| {
            let text = self.text(&format!("{name}.{code}"));
            (!text.is_empty()).then(|| (code.clone(), text.to_owned()))
        });
        Texts(texts.collect())
    }

    fn lists(&self, name: &str, languages: &[String]) -> Lists {
        let lists = languages.iter().filter_map(|code| {
            let lines = lines(self.text(&format!("{name}.{code}")));
            (!lines.is_empty()).then(|| (code.clone(), lines))
        });
        lists.collect()
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Draft {
    /// Of the fields that the form of a workflow posted.
    pub(in crate::http::console) fn read(name: &str, posted: &[(String, String)]) -> Self {
        // Browsers send line breaks of two characters.
        let posted = posted
            .iter()
            .map(|(name, text)| (name.clone(), text.replace("\r\n", "\n")));
        let fields = Fields(posted.collect());
        let languages: Vec<String> = fields
            .text("languages")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let mut draft = Self {
            name: name.to_owned(),
            title: fields.texts("title", &languages),
            begin: fields.lists("begin", &languages),
            languages,
            slots: Vec::new(),
            steps: Vec::new(),
            active: !fields.text("active").is_empty(),
            raw: BTreeMap::new(),
            errors: BTreeMap::new(),
        };
        for at in 0..fields.count("steps") {
            draft.read_step(&fields, &format!("s{at}"));
        }
        for at in 0..fields.count("unasked") {
            draft.read_slot(&fields, &format!("u{at}"));
        }
        let order = lines(fields.text("order"));
        let place = |slot: &Slot| order.iter().position(|name| *name == slot.name);
        draft
            .slots
            .sort_by_key(|slot| place(slot).unwrap_or(usize::MAX));
        draft
    }

    fn read_step(&mut self, fields: &Fields, at: &str) {
        let field = |name: &str| format!("{at}.{name}");
        let text = |name: &str| fields.text(&field(name)).to_owned();
        let texts = || fields.texts(&field("text"), &self.languages);
        let step = match fields.text(&field("do")) {
            "ask" => {
                self.read_slot(fields, at);
                Step::Ask(text("slot"))
            }
            "again" => Step::Ask(text("slot")),
            "say" => Step::Say(texts()),
            "confirm" => Step::Confirm(texts()),
            "end" => Step::End(texts()),
            "branch" => Step::Branch {
                slot: text("when"),
                is: lines(&text("is")),
                to: text("go"),
            },
            "go" => Step::Go(text("go")),
            "act" => {
                let prefix = field("with.");
                let with = fields.0.iter().filter_map(|(name, text)| {
                    let name = name.strip_prefix(&prefix)?;
                    let text = text.trim();
                    (!text.is_empty()).then(|| (name.to_owned(), text.to_owned()))
                });
                Step::Act(Deed {
                    act: text("act"),
                    with: with.collect(),
                })
            }
            _ => return,
        };
        let label = Some(text("label")).filter(|label| !label.is_empty());
        self.steps.push(Row { label, step });
    }

    fn read_slot(&mut self, fields: &Fields, at: &str) {
        let field = |name: &str| format!("{at}.{name}");
        let texts = |name: &str| fields.texts(&field(name), &self.languages);
        let is_on = |name: &str| !fields.text(&field(name)).is_empty();
        let open = is_on("open");
        let kind = match fields.text(&field("kind")) {
            "date" => Kind::Date { open },
            "time" => Kind::Time { open },
            "phone" => Kind::Phone,
            "email" => Kind::Email,
            "name" => Kind::Name,
            "yes_no" => Kind::YesNo,
            "choice" => {
                let options = (0..fields.count(&field("options"))).map(|n| Choice {
                    name: fields.text(&field(&format!("o{n}.name"))).to_owned(),
                    say: fields.lists(&field(&format!("o{n}.say")), &self.languages),
                });
                Kind::Choice(options.collect())
            }
            "number" => Kind::Number {
                least: number(
                    fields.text(&field("least")),
                    0.0,
                    &field("least"),
                    &mut self.raw,
                ),
                most: number(
                    fields.text(&field("most")),
                    HIGHEST,
                    &field("most"),
                    &mut self.raw,
                ),
                units: fields.lists(&field("units"), &self.languages),
            },
            _ => Kind::Text {
                longest: whole(
                    fields.text(&field("longest")),
                    &field("longest"),
                    &mut self.raw,
                ),
            },
        };
        let slot = Slot {
            name: fields.text(&field("slot")).to_owned(),
            label: texts("label"),
            ask: texts("ask"),
            again: texts("again"),
            optional: is_on("optional"),
            kind,
        };
        self.slots.push(slot);
    }
}

/// The number in a field, or the usual one; what is none is noted with its field.
fn number(text: &str, usual: f64, field: &str, raw: &mut BTreeMap<String, String>) -> f64 {
    if text.is_empty() {
        return usual;
    }
    let read: Option<f64> = text.replace(',', ".").parse().ok();
    read.filter(|read| read.is_finite()).unwrap_or_else(|| {
        raw.insert(field.to_owned(), text.to_owned());
        usual
    })
}

fn whole(text: &str, field: &str, raw: &mut BTreeMap<String, String>) -> usize {
    match text.parse() {
        Ok(read) if read > 0 => read,
        _ if text.is_empty() => LONGEST,
        _ => {
            raw.insert(field.to_owned(), text.to_owned());
            LONGEST
        }
    }
}
