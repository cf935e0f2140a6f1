//! The archive around a Word document, read within limits.

use std::io::{self, BufReader, Read};

use quick_xml::{Reader, events::Event};

use super::broken;
use crate::knowledge::extract::{ExtractError, Limits};

/// A part as a stream of XML events.
pub(super) type Xml<'a> = Reader<BufReader<&'a mut dyn Read>>;

/// An Office archive whose members are unpacked as they are read, never past the limit.
pub(super) struct Package<'b> {
    archive: zip::ZipArchive<io::Cursor<&'b [u8]>>,
    left: u64,
    limit: u64,
}

impl<'b> Package<'b> {
    pub(super) fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, ExtractError> {
        let archive = zip::ZipArchive::new(io::Cursor::new(bytes))
            .map_err(|e| ExtractError::malformed(format!("its archive cannot be opened: {e}")))?;
        let limit = limits.max_unpacked_bytes as u64;
        Ok(Self {
            archive,
            left: limit,
            limit,
        })
    }

    /// Whether pictures are in the document.
    pub(super) fn has_pictures(&self) -> bool {
        self.archive
            .file_names()
            .any(|name| name.contains("/media/"))
    }

    /// The name of the part with the text: `word/document.xml`, or what the package says instead.
    pub(super) fn main_part(&mut self) -> Result<String, ExtractError> {
        const USUAL: &str = "word/document.xml";
        if self.archive.index_for_name(USUAL).is_some() {
            return Ok(USUAL.into());
        }
        let found = self.part("_rels/.rels", |xml| {
            let mut target = None;
            each_event(xml, |event| {
                if let Event::Start(e) | Event::Empty(e) = event
                    && attribute(&e, "Type").is_some_and(|t| t.ends_with("/officeDocument"))
                {
                    target = attribute(&e, "Target");
                }
                Ok(())
            })?;
            Ok(target)
        })?;
        found
            .flatten()
            .map(|t| t.trim_start_matches('/').to_owned())
            .ok_or_else(|| ExtractError::malformed("its main part is missing"))
    }

    /// Read the part of this name with `read`; `None` if there is none.
    pub(super) fn part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Xml<'_>) -> Result<T, ExtractError>,
    ) -> Result<Option<T>, ExtractError> {
        let mut member = match self.archive.by_name(name) {
            Ok(member) => member,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(zip::result::ZipError::UnsupportedArchive(why)) if why.contains("assword") => {
                return Err(ExtractError::Encrypted);
            }
            Err(e) => return Err(broken(e)),
        };
        let mut bounded = Bounded {
            inner: &mut member,
            left: &mut self.left,
            exceeded: false,
        };
        let mut xml = Reader::from_reader(BufReader::new(&mut bounded as &mut dyn Read));
        // Real documents hold unescaped ampersands and crossed tags; their text is still text.
        xml.config_mut().check_end_names = false;
        xml.config_mut().allow_dangling_amp = true;
        xml.config_mut().allow_unmatched_ends = true;
        let done = read(&mut xml);
        drop(xml);
        if bounded.exceeded {
            return Err(ExtractError::TooLarge {
                what: "it unpacks to more than the limit".into(),
                limit: self.limit,
            });
        }
        done.map(Some)
    }
}

/// Stops a decompression bomb: after `left` bytes it fails.
struct Bounded<'a> {
    inner: &'a mut dyn Read,
    left: &'a mut u64,
    exceeded: bool,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => *self.left = left,
            None => {
                self.exceeded = true;
                return Err(io::Error::other("unpacked size exceeds the limit"));
            }
        }
        Ok(count)
    }
}

/// Give every event of a part to `take`.
pub(super) fn each_event(
    xml: &mut Xml<'_>,
    mut take: impl FnMut(Event<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut buffer = Vec::new();
    loop {
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Eof => return Ok(()),
            event => take(event)?,
        }
        buffer.clear();
    }
}

/// The value of an attribute, whatever its namespace prefix.
pub(super) fn attribute(e: &quick_xml::events::BytesStart<'_>, name: &str) -> Option<String> {
    e.attributes()
        .flatten()
        .find(|a| local(a.key.as_ref()) == name)
        .and_then(|a| {
            a.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .ok()
                .map(|v| v.into_owned())
        })
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The characters that an entity stands for: the five of XML and numbered ones. Others expand to
/// nothing, so that no document can grow by expansion.
pub(super) fn entity(e: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = e.resolve_char_ref() {
        return Some(c);
    }
    match e.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// The title among the document's properties.
pub(super) fn title(xml: &mut Xml<'_>) -> Result<Option<String>, ExtractError> {
    let (mut inside, mut text) = (false, String::new());
    each_event(xml, |event| {
        match event {
            Event::Start(e) => inside = local(e.name().as_ref()) == "title",
            Event::End(_) => inside = false,
            Event::Text(t) if inside => text.push_str(&t.xml10_content()),
            Event::GeneralRef(e) if inside => text.extend(entity(&e)),
            _ => {}
        }
        Ok(())
    })?;
    Ok((!text.trim().is_empty()).then_some(text))
}
