//! Answers of WebDAV: `multistatus` (RFC 4918, section 14.16).

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

use crate::reason::Reason;

/// The most nested elements, and the most entries.
const DEEPEST: usize = 50;
const MOST: usize = 5_000;

/// A resource of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) href: String,
    pub(super) is_calendar: bool,
    /// iCalendar.
    pub(super) data: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Vec<Resource>, Reason> {
    let broken = |error: quick_xml::Error| Reason::told("its answer is no XML", error);
    let mut reader = Reader::from_str(text);
    let (mut found, mut within, mut heard): (Vec<Resource>, Vec<String>, String) =
        Default::default();
    let mut is_multistatus = false;
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(tag) => {
                let local = tag.local_name();
                let name: &str = local.as_ref();
                if within.len() >= DEEPEST || found.len() >= MOST {
                    return Err("its answer is too large or nested too deeply".into());
                }
                is_multistatus |= within.is_empty() && name == "multistatus";
                match name {
                    "response" => found.push(Resource::default()),
                    "calendar" => mark_calendar(&within, &mut found),
                    _ => {}
                }
                heard.clear();
                within.push(name.to_owned());
            }
            Event::Empty(tag) => {
                let local = tag.local_name();
                let name: &str = local.as_ref();
                // As servers answer where nothing is found.
                is_multistatus |= within.is_empty() && name == "multistatus";
                if name == "calendar" {
                    mark_calendar(&within, &mut found);
                }
            }
            Event::Text(piece) => heard.push_str(&piece.xml10_content()),
            Event::CData(piece) => heard.push_str(&piece.xml10_content()),
            Event::GeneralRef(name) => heard.extend(character(&name)),
            Event::End(_) => {
                let name = within.pop().unwrap_or_default();
                let parent = within.last().map(String::as_str);
                if let Some(resource) = found.last_mut() {
                    match (name.as_str(), parent) {
                        ("href", Some("response")) => resource.href = heard.trim().to_owned(),
                        ("calendar-data", _) => resource.data = Some(std::mem::take(&mut heard)),
                        _ => {}
                    }
                }
                heard.clear();
            }
            // What it would declare is never looked at.
            Event::DocType(_) => return Err("its answer declares a document type".into()),
            Event::Eof => break,
            _ => {}
        }
    }
    match is_multistatus && within.is_empty() {
        true => Ok(found),
        false => Err("its answer is no answer of a calendar; check the address".into()),
    }
}

fn mark_calendar(within: &[String], found: &mut [Resource]) {
    if within.last().is_some_and(|parent| parent == "resourcetype")
        && let Some(resource) = found.last_mut()
    {
        resource.is_calendar = true;
    }
}

/// The character that a reference such as `&amp;` stands for.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Some(c);
    }
    resolve_xml_entity(&reference.xml10_content())?
        .chars()
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_apart() {
        let text = r#"<?xml version="1.0"?>
            <d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
              <d:response><d:href>/a/</d:href><d:propstat><d:prop>
                <d:resourcetype><d:collection/><c:calendar/></d:resourcetype>
                <d:owner><d:href>/principal/</d:href></d:owner></d:prop></d:propstat></d:response>
              <d:response><d:href>/a/1.ics</d:href><d:propstat><d:prop>
                <c:calendar-data>BEGIN:VCALENDAR&#13;
SUMMARY:A &amp; B</c:calendar-data></d:prop></d:propstat></d:response>
            </d:multistatus>"#;
        let found = read(text).unwrap();
        assert_eq!(
            (found[0].href.as_str(), found[0].is_calendar),
            ("/a/", true)
        );
        assert_eq!(
            (found[1].href.as_str(), found[1].is_calendar),
            ("/a/1.ics", false)
        );
        assert_eq!(
            found[1].data.as_deref(),
            Some("BEGIN:VCALENDAR\r\nSUMMARY:A & B")
        );
    }

    #[test]
    fn an_answer_without_resources_is_one() {
        for empty in [
            "<multistatus xmlns=\"DAV:\" />",
            "<multistatus></multistatus>",
        ] {
            assert_eq!(read(empty).unwrap(), [], "{empty}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = format!("<multistatus>{}", "<a>".repeat(100));
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><multistatus>&a;</multistatus>";
        for bad in [
            "",
            "<html></html>",
            "<multistatus>",
            deep.as_str(),
            bomb,
            "<multistatus></b>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
