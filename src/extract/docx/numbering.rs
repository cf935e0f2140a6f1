//! Reads how the lists of a Word document count (ECMA-376 part 1, 17.9).

use quick_xml::events::{BytesStart, Event};

use crate::extract::ExtractError;
use crate::extract::numbering::{Kind, LEVELS, Level, List, Numbering};
use crate::extract::package::{Xml, attribute, each_event, local};

pub(super) fn read(xml: &mut Xml<'_>) -> Result<Numbering, ExtractError> {
    let mut reading = Reading::default();
    each_event(xml, |event| {
        match event {
            Event::Start(e) | Event::Empty(e) => reading.start(&e),
            Event::End(e) if local(e.name().as_ref()) == "abstractNum" => reading.kind = None,
            Event::End(e) if local(e.name().as_ref()) == "num" => reading.list = None,
            _ => {}
        }
        Ok(())
    })?;
    Ok(reading.numbering)
}

#[derive(Default)]
struct Reading {
    numbering: Numbering,
    /// The open kind or list.
    kind: Option<String>,
    list: Option<String>,
    level: usize,
}

impl Reading {
    fn start(&mut self, e: &BytesStart<'_>) {
        let value = attribute(e, "val").unwrap_or_default();
        let level = || {
            attribute(e, "ilvl")
                .and_then(|v| v.parse().ok())
                .unwrap_or(LEVELS)
        };
        match local(e.name().as_ref()) {
            "abstractNum" => {
                let id = attribute(e, "abstractNumId").unwrap_or_default();
                self.numbering.kinds.insert(id.clone(), Kind::default());
                (self.kind, self.list) = (Some(id), None);
            }
            "num" => {
                let id = attribute(e, "numId").unwrap_or_default();
                self.numbering.lists.insert(id.clone(), List::default());
                (self.kind, self.list) = (None, Some(id));
            }
            "abstractNumId" => self.with_list(|list| list.kind = value),
            "styleLink" => self.with_kind(|kind| kind.style = Some(value)),
            "numStyleLink" => self.with_kind(|kind| kind.stands_for = Some(value)),
            "lvlOverride" => self.level = level(),
            "startOverride" => {
                let (at, start) = (self.level, value.parse().ok());
                self.with_list(|list| {
                    if let Some(place) = list.starts.get_mut(at) {
                        *place = start;
                    }
                });
            }
            "lvl" => {
                self.level = level();
                let at = self.level;
                if at < LEVELS {
                    self.with_list(|list| {
                        list.levels.insert(at, Level::default());
                    });
                }
            }
            "start" => self.with_level(|l| l.start = value.parse().unwrap_or(1)),
            "numFmt" => self.with_level(|l| l.format = value),
            "lvlText" => self.with_level(|l| l.label = value),
            "pStyle" => self.with_level(|l| l.style = Some(value)),
            "lvlRestart" => self.with_level(|l| l.restart = value.parse().ok()),
            "isLgl" => self.with_level(|l| l.legal = !matches!(value.as_str(), "0" | "false")),
            _ => {}
        }
    }

    fn with_kind(&mut self, change: impl FnOnce(&mut Kind)) {
        let kind = self.kind.as_ref();
        if let Some(kind) = kind.and_then(|id| self.numbering.kinds.get_mut(id)) {
            change(kind);
        }
    }

    fn with_list(&mut self, change: impl FnOnce(&mut List)) {
        let list = self.list.as_ref();
        if let Some(list) = list.and_then(|id| self.numbering.lists.get_mut(id)) {
            change(list);
        }
    }

    fn with_level(&mut self, change: impl FnOnce(&mut Level)) {
        let at = self.level;
        let mut change = Some(change);
        self.with_kind(|kind| {
            if let (Some(level), Some(change)) = (kind.levels.get_mut(at), change.take()) {
                change(level);
            }
        });
        self.with_list(|list| {
            if let (Some(level), Some(change)) = (list.levels.get_mut(&at), change.take()) {
                change(level);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `numbering.xml` and counts paragraphs, each given as list and level.
    fn count(xml: &str, paragraphs: &[(&str, usize)]) -> Vec<String> {
        let mut bytes = xml.as_bytes();
        let inner: &mut dyn std::io::Read = &mut bytes;
        let mut xml = quick_xml::Reader::from_reader(std::io::BufReader::new(inner));
        let mut numbering = read(&mut xml).expect("the part is read");
        paragraphs
            .iter()
            .map(|(list, level)| numbering.next(list, *level).unwrap_or_default())
            .collect()
    }

    fn level(at: usize, label: &str, more: &str) -> String {
        format!(
            r#"<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>{more}<w:lvlText w:val="{label}"/></w:lvl>"#
        )
    }

    fn kind(id: usize, levels: &str) -> String {
        format!(r#"<w:abstractNum w:abstractNumId="{id}">{levels}</w:abstractNum>"#)
    }

    fn list(id: usize, kind: usize, more: &str) -> String {
        format!(r#"<w:num w:numId="{id}"><w:abstractNumId w:val="{kind}"/>{more}</w:num>"#)
    }

    #[test]
    fn deeper_levels_start_again_and_lists_of_a_kind_count_on() {
        let levels = level(0, "%1.", "") + &level(1, "%1.%2", "");
        let xml = kind(0, &levels) + &list(1, 0, "") + &list(2, 0, "");
        let places = [
            ("1", 0),
            ("1", 1),
            ("1", 1),
            ("2", 0),
            ("1", 1),
            ("9", 0),
            ("1", 9),
        ];
        let found = ["1.", "1.1", "1.2", "2.", "2.1", "", ""];
        assert_eq!(count(&xml, &places), found);
    }

    #[test]
    fn a_level_that_was_left_out_counts() {
        let levels = level(0, "%1.", "") + &level(1, "%1.%2.", "") + &level(2, "%1.%2.%3.", "");
        let xml = kind(0, &levels) + &list(1, 0, "");
        let found = ["1.", "1.1.1.", "1.2.", "2."];
        assert_eq!(
            count(&xml, &[("1", 0), ("1", 2), ("1", 1), ("1", 0)]),
            found
        );
    }

    #[test]
    fn a_list_may_begin_at_a_number_of_its_own_and_differ_from_its_kind() {
        let own = level(1, "§ %1 (%2)", "");
        let more = format!(
            r#"<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride><w:lvlOverride w:ilvl="1">{own}</w:lvlOverride>"#
        );
        let levels = level(0, "%1.", "") + &level(1, "%1.%2", "");
        let xml = kind(0, &levels) + &list(1, 0, "") + &list(2, 0, &more);
        let places = [("1", 0), ("2", 0), ("2", 1), ("2", 0), ("1", 0), ("1", 1)];
        let found = ["1.", "5.", "§ 5 (1)", "6.", "7.", "7.1"];
        assert_eq!(count(&xml, &places), found);
    }

    #[test]
    fn levels_may_go_on_counting_and_articles_in_roman_have_clauses_in_digits() {
        let roman = r#"<w:numFmt w:val="upperRoman"/>"#;
        let levels = level(0, "Article %1", roman)
            + &level(1, "%1.%2", r#"<w:isLgl/><w:lvlRestart w:val="0"/>"#);
        let xml = kind(0, &levels) + &list(1, 0, "");
        let places = [("1", 0), ("1", 1), ("1", 0), ("1", 1), ("1", 1)];
        let found = ["Article I", "1.1", "Article II", "2.2", "2.3"];
        assert_eq!(count(&xml, &places), found);
    }

    #[test]
    fn a_kind_may_stand_for_another_and_a_level_belongs_to_a_style() {
        let linked = r#"<w:pStyle w:val="Clause"/>"#;
        let levels = level(0, "%1", "") + &level(1, "%1.%2", linked);
        let named = r#"<w:styleLink w:val="Contract"/>"#.to_owned() + &levels;
        let xml =
            kind(3, r#"<w:numStyleLink w:val="Contract"/>"#) + &kind(4, &named) + &list(1, 3, "");
        assert_eq!(count(&xml, &[("1", 0), ("1", 1)]), ["1", "1.1"]);
        let mut bytes = xml.as_bytes();
        let inner: &mut dyn std::io::Read = &mut bytes;
        let mut xml = quick_xml::Reader::from_reader(std::io::BufReader::new(inner));
        let numbering = read(&mut xml).expect("the part is read");
        assert_eq!(numbering.level_of("1", "Clause"), Some(1));
        assert_eq!(numbering.level_of("1", "Normal"), None);
    }
}
