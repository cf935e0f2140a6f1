//! Groups of a rich text document: their properties, and the words that open destinations.

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
    /// Not shown on a page.
    Hidden,
}

/// The properties of a group; they end with the group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub destination: Destination,
    pub bold: bool,
    pub hidden: bool,
    /// Superscript.
    pub raised: bool,
    /// How many characters after `\u` are a fallback for readers without Unicode.
    pub fallback: usize,
    pub encoding: Option<&'static Encoding>,
    /// `\*` was read: if the next word is unknown, the group is skipped.
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
    /// Sets the destination. Everything in a hidden group stays hidden, except the title, which is a hidden property.
    pub(super) fn enter(&mut self, destination: Destination) {
        if self.destination != Destination::Hidden || destination == Destination::Title {
            self.destination = destination;
        }
    }
}

/// What a control word does to its group.
pub(super) enum Opened {
    /// The group's text goes to this destination.
    Redirects(Destination),
    /// The group's text is read despite `\*`.
    Shown,
}

/// What a control word opens; `None` if it opens nothing.
pub(super) fn opened_by(name: &str) -> Option<Opened> {
    Some(Opened::Redirects(match name {
        "fonttbl" => Destination::FontTable,
        "stylesheet" => Destination::StyleSheet,
        "title" => Destination::Title,
        "listtext" | "pntext" => Destination::ListText,
        "pict" | "colortbl" | "info" | "object" | "header" | "headerl" | "headerr" | "headerf"
        | "footer" | "footerl" | "footerr" | "footerf" | "filetbl" | "revtbl" | "listtable"
        | "listoverridetable" | "themedata" | "fldinst" | "xe" | "tc" | "nonshppict"
        | "annotation" | "comment" | "pgdsctbl" | "template" => Destination::Hidden,
        // Text boxes and the results of fields.
        "shptxt" | "fldrslt" | "shpinst" | "shp" => return Some(Opened::Shown),
        _ => return None,
    }))
}

/// The level of a heading style, from its name.
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
