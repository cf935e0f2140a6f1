//! Groups of a rich text document: what they set, and what opens a destination in one.

use encoding_rs::Encoding;

/// Where the text of a group goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Body,
    /// The number or bullet before a list item.
    ListText,
    FontTable,
    StyleSheet,
    Title,
    /// Nothing that is read on a page.
    Hidden,
}

/// What a group sets and its end takes back.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub destination: Destination,
    pub bold: bool,
    pub hidden: bool,
    /// Its text stands raised.
    pub raised: bool,
    /// Characters after `\u` that stand for readers without Unicode.
    pub fallback: usize,
    pub encoding: Option<&'static Encoding>,
    /// `\*` came: an unknown word makes the group one to pass over.
    pub ignorable: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            destination: Destination::Body,
            bold: false,
            hidden: false,
            raised: false,
            fallback: 1,
            encoding: None,
            ignorable: false,
        }
    }
}

impl Group {
    /// Everything within a hidden group stays hidden, but the title stands among hidden properties.
    pub(super) fn enter(&mut self, destination: Destination) {
        if self.destination != Destination::Hidden || destination == Destination::Title {
            self.destination = destination;
        }
    }
}

/// What a word does to the group that it stands in.
pub(super) enum Opened {
    /// Its text goes elsewhere.
    Hides(Destination),
    /// Its text is read although readers that do not know the word pass over it.
    Shown,
}

/// What a word opens; none for one that opens nothing.
pub(super) fn opened_by(name: &str) -> Option<Opened> {
    Some(Opened::Hides(match name {
        "fonttbl" => Destination::FontTable,
        "stylesheet" => Destination::StyleSheet,
        "title" => Destination::Title,
        "listtext" | "pntext" => Destination::ListText,
        "pict" | "colortbl" | "info" | "object" | "header" | "headerl" | "headerr" | "headerf"
        | "footer" | "footerl" | "footerr" | "footerf" | "filetbl" | "revtbl" | "listtable"
        | "listoverridetable" | "themedata" | "fldinst" | "xe" | "tc" | "nonshppict"
        | "annotation" | "comment" | "pgdsctbl" | "template" => Destination::Hidden,
        // Text boxes and the shown part of fields.
        "shptxt" | "fldrslt" | "shpinst" | "shp" => return Some(Opened::Shown),
        _ => return None,
    }))
}

/// The level of a heading style by its name.
pub(super) fn heading_level(style: &str) -> Option<u8> {
    let name = style.trim().to_lowercase();
    if name == "title" {
        return Some(1);
    }
    ["heading ", "überschrift ", "titre ", "título ", "titolo "]
        .iter()
        .find_map(|word| name.strip_prefix(word))
        .and_then(|n| n.trim().parse().ok())
        .filter(|n| (1..=6).contains(n))
}
