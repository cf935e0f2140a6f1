//! What messages have in common, however they are stored: who wrote when about what, the text, and what is attached.

use crate::extract::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, html, plain};

/// How deep a message within a message is opened.
pub(crate) const MAX_FORWARDED: usize = 5;
/// Most messages of one file, with those within it.
const MAX_MESSAGES: usize = 200;
/// How many lines of a quotation may pass before its header fields end.
const FIELD_LINES: usize = 8;

/// The head of a message.
#[derive(Debug, Default)]
pub(crate) struct Letter {
    pub subject: Option<String>,
    /// The sender's name and address.
    pub name: Option<String>,
    pub address: Option<String>,
    /// `2026-11-16`
    pub date: Option<String>,
}

/// A message being read, with those within it.
pub(crate) struct Mail {
    pub blocks: Blocks,
    attached: Vec<String>,
    /// Quotations of earlier messages were left out.
    left_out: bool,
    messages: usize,
}

impl Mail {
    pub fn new(limits: &Limits) -> Self {
        Self {
            blocks: Blocks::new(limits),
            attached: Vec::new(),
            left_out: false,
            messages: 0,
        }
    }

    /// Whether a message within one of this depth may be opened.
    pub fn may_open(&self, depth: usize) -> bool {
        depth < MAX_FORWARDED && self.messages < MAX_MESSAGES
    }

    /// Begins a message: its subject is a heading below that of the message around it.
    pub fn begin(&mut self, letter: &Letter, depth: usize) -> Result<(), ExtractError> {
        self.messages += 1;
        let level = u8::try_from(depth + 1).unwrap_or(6).min(6);
        let subject = letter.subject.as_deref().unwrap_or_default();
        self.blocks.push(BlockKind::Heading(level), subject, None)?;
        let known = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let from = match (known(&letter.name), known(&letter.address)) {
            (Some(name), Some(address)) if name != address => Some(format!("{name} ({address})")),
            (name, address) => name.or(address),
        };
        let envelope: Vec<String> = [("From", from), ("Date", letter.date.clone())]
            .into_iter()
            .filter_map(|(field, value)| value.map(|v| format!("{field}: {v}")))
            .collect();
        let envelope = envelope.join(" | ");
        self.blocks.push(BlockKind::Paragraph, &envelope, None)
    }

    /// Appends text, without the earlier messages that it quotes.
    pub fn push_text(&mut self, text: &str) -> Result<(), ExtractError> {
        let (own, quoted) = strip_quoted(text);
        self.left_out |= quoted;
        plain::append(&own, &mut self.blocks, None)
    }

    pub fn push_html(&mut self, page: &str) -> Result<(), ExtractError> {
        html::append_fragment(page, &mut self.blocks)
    }

    pub fn add_attachment(&mut self, name: Option<&str>) {
        self.attached.extend(name.map(str::to_owned));
    }

    pub fn finish(self, format: Format) -> Extracted {
        let mut out = self.blocks.finish(format);
        if !self.attached.is_empty() {
            out.notes.push(format!(
                "Files attached to the e-mail were not read: {}. Upload them on their own.",
                self.attached.join(", ")
            ));
        }
        if self.left_out {
            out.notes.push(
                "Earlier messages that the e-mail quotes were left out, since they may be out of date."
                    .into(),
            );
        }
        out
    }
}

/// Removes quoted lines (RFC 3676, section 4.5), unless there are no others. Also returns whether it removed any.
/// A quotation that begins with header fields is a message that was forwarded, and stays, without its marks.
fn strip_quoted(text: &str) -> (String, bool) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut own, mut quoted, mut wrote) = (Vec::new(), false, false);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if !line.starts_with('>') {
            wrote |= !line.trim().is_empty();
            own.push(*line);
            at += 1;
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|l| l.starts_with('>')).count();
        let quotation = rest.get(..length).unwrap_or_default();
        if is_forwarded(quotation) {
            wrote = true;
            own.extend(quotation.iter().map(|l| unquote(l)));
        } else {
            quoted = true;
        }
        at += length;
    }
    match wrote {
        true => (own.join("\n"), quoted),
        false => (text.to_owned(), false),
    }
}

fn unquote(line: &str) -> &str {
    let inner = line.strip_prefix('>').unwrap_or(line);
    inner.strip_prefix(' ').unwrap_or(inner)
}

/// Whether a quotation begins with three header fields, one of them with an address, in whatever language.
fn is_forwarded(quotation: &[&str]) -> bool {
    let lines = quotation.iter().map(|l| unquote(l).trim());
    let fields: Vec<&str> = lines
        .skip_while(|l| l.is_empty())
        .take(FIELD_LINES)
        .take_while(|l| is_field(l))
        .collect();
    fields.len() >= 3 && fields.iter().any(|l| l.contains('@'))
}

/// `Subject: prices`
fn is_field(line: &str) -> bool {
    let Some((name, value)) = line.split_once(':') else {
        return false;
    };
    let is_short = name.chars().count() <= 20;
    is_short
        && !value.trim().is_empty()
        && name
            .chars()
            .all(|c| c.is_alphabetic() || c == '-' || c == '*')
}
