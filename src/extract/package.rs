//! The ZIP archive that contains an Office document, an OpenDocument file or an e-book, read within limits.

use std::io::{self, BufReader, Read};

use quick_xml::{Reader, events::Event};

use super::{ExtractError, Limits, clean};

/// 2013-12-23T23:15:00Z in Unix seconds: the date of python-docx's template.
const TEMPLATE_OF_PYTHON_DOCX: i64 = 1_387_840_500;

pub(super) type Xml<'a> = Reader<BufReader<&'a mut dyn Read>>;

/// An archive whose members (parts) are unpacked while they are read, and never past the limit.
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

    /// Whether any part's name satisfies `is_such`.
    pub(super) fn has(&self, is_such: impl Fn(&str) -> bool) -> bool {
        self.archive
            .file_names()
            .flatten()
            .any(|name| is_such(&name))
    }

    /// The name of the first part that satisfies `is_such`.
    pub(super) fn find(&self, is_such: impl Fn(&str) -> bool) -> Option<String> {
        let mut names = self.archive.file_names().flatten();
        names
            .find(|name| is_such(name))
            .map(|name| name.into_owned())
    }

    pub(super) fn has_pictures(&self) -> bool {
        self.has(|name| name.contains("/media/") || name.starts_with("Pictures/"))
    }

    /// The name of the part with the text: the usual one (such as `word/document.xml`), or the one that
    /// the package names instead.
    pub(super) fn main_part(&mut self, usual: &str) -> Result<String, ExtractError> {
        if self.archive.index_for_name(usual).is_some() {
            return Ok(usual.to_owned());
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

    /// Reads the part of this name with `read`; `None` if there is no such part.
    pub(super) fn part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Xml<'_>) -> Result<T, ExtractError>,
    ) -> Result<Option<T>, ExtractError> {
        self.unpack_part(name, |inner| {
            let mut xml = Reader::from_reader(BufReader::new(inner));
            // Real documents have unescaped ampersands and crossed tags; their text is readable all the same.
            xml.config_mut().check_end_names = false;
            xml.config_mut().allow_dangling_amp = true;
            xml.config_mut().allow_unmatched_ends = true;
            read(&mut xml)
        })
    }

    /// The bytes of the part of this name; `None` if there is no such part.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ExtractError> {
        self.unpack_part(name, |inner| {
            let mut bytes = Vec::new();
            inner.read_to_end(&mut bytes).map_err(broken)?;
            Ok(bytes)
        })
    }

    /// Unpacks everything once, keeping nothing, and fails if it exceeds the limit. For readers that
    /// unpack on their own.
    pub(super) fn check_size(&mut self) -> Result<(), ExtractError> {
        let names: Vec<String> = (self.archive.file_names().flatten())
            .map(|name| name.into_owned())
            .collect();
        for name in names {
            self.unpack_part(&name, |inner| {
                io::copy(inner, &mut io::sink()).map_err(broken).map(drop)
            })?;
        }
        Ok(())
    }

    /// The parts that a part refers to, from its relationships.
    pub(super) fn relations(&mut self, part: &str) -> Result<Vec<Relation>, ExtractError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}/_rels/{file}.rels");
        let found = self.part(name.trim_start_matches('/'), |xml| {
            let mut found = Vec::new();
            each_event(xml, |event| {
                if let Event::Start(e) | Event::Empty(e) = event
                    && let (Some(id), Some(target)) = (attribute(&e, "Id"), attribute(&e, "Target"))
                    && attribute(&e, "TargetMode").is_none_or(|m| m != "External")
                {
                    found.push(Relation {
                        id,
                        kind: attribute(&e, "Type")
                            .and_then(|t| t.rsplit('/').next().map(str::to_owned))
                            .unwrap_or_default(),
                        target: resolve(folder, &target),
                    });
                }
                Ok(())
            })?;
            Ok(found)
        })?;
        Ok(found.unwrap_or_default())
    }

    fn unpack_part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T, ExtractError>,
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
        let done = read(&mut bounded);
        if bounded.exceeded {
            return Err(ExtractError::TooLarge {
                what: "it unpacks to more than the limit".into(),
                limit: self.limit,
            });
        }
        done.map(Some)
    }
}

/// Stops a decompression bomb: reading fails after `left` bytes.
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

/// Calls `take` with every event of a part.
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

/// The value of an attribute with this local name, in any namespace.
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

/// A name without its namespace prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The character that an entity stands for: numeric ones and the five of XML. Others expand to
/// nothing, so that entity expansion cannot inflate a document.
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

#[derive(Debug, Default)]
pub(super) struct Properties {
    pub title: Option<String>,
    /// When it was last modified, else created, in Unix ms.
    pub written_at: Option<i64>,
}

/// Reads title and dates. Office Open XML's core properties, OpenDocument's `meta.xml` and the package
/// file of an e-book use the same element names.
pub(super) fn properties(xml: &mut Xml<'_>) -> Result<Properties, ExtractError> {
    let (mut element, mut title) = (String::new(), String::new());
    let (mut created, mut modified) = (String::new(), String::new());
    each_event(xml, |event| {
        let mut add = |text: &str| match element.as_str() {
            "title" => title.push_str(text),
            "created" | "creation-date" => created.push_str(text),
            "modified" => modified.push_str(text),
            // OpenDocument's modification date.
            "date" => modified.push_str(text),
            _ => {}
        };
        match event {
            Event::Start(e) => element = local(e.name().as_ref()).to_owned(),
            Event::End(_) => element.clear(),
            Event::Text(t) => add(&t.xml10_content()),
            Event::GeneralRef(e) => {
                if let Some(c) = entity(&e) {
                    add(c.encode_utf8(&mut [0; 4]));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    let title = clean::flowing(&title);
    Ok(Properties {
        title: (!title.is_empty()).then_some(title),
        written_at: parse_moment(&modified).or_else(|| parse_moment(&created)),
    })
}

/// Parses a W3C date and time to Unix ms; without a zone it is taken as UTC.
fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => (text.parse::<jiff::civil::DateTime>().ok())
            .or_else(|| text.parse::<jiff::civil::Date>().ok().map(Into::into))?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp(),
    };
    // Programs without a clock write 1980, and python-docx writes the date of its template.
    let meant = at.as_second() > 315_619_200 && at.as_second() != TEMPLATE_OF_PYTHON_DOCX;
    meant.then_some(at.as_millisecond())
}

/// A part that another one refers to.
#[derive(Debug)]
pub(super) struct Relation {
    pub id: String,
    /// The last segment of its type: "slide", "notesSlide".
    pub kind: String,
    pub target: String,
}

/// Resolves a part's name that is relative to a folder.
pub(super) fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

/// An error of the archive or its XML, worded for the document's owner.
pub(super) fn broken(e: impl std::fmt::Display) -> ExtractError {
    ExtractError::malformed(format!("a part of it cannot be read: {e}"))
}
