//! E-books: reads the chapters in the order of the book's spine, each as a web page.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::package::{self, Package, Xml, attribute, each_event, local};
use super::{Blocks, ExtractError, Extracted, Format, Limits, decode, html};

const MAX_CHAPTERS: usize = 5_000;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    let root = package
        .part("META-INF/container.xml", |xml| {
            let mut root = None;
            each_event(xml, |event| {
                if let Event::Start(e) | Event::Empty(e) = event
                    && local(e.name().as_ref()) == "rootfile"
                    && root.is_none()
                {
                    root = attribute(&e, "full-path");
                }
                Ok(())
            })?;
            Ok(root)
        })?
        .flatten()
        .ok_or_else(|| ExtractError::malformed("it does not say where its contents begin"))?;
    let locked = package
        .part("META-INF/encryption.xml", read_locked_parts)?
        .unwrap_or_default();
    let chapters = package
        .part(&root, read_spine)?
        .ok_or_else(|| ExtractError::malformed("its table of contents is missing"))?;
    let properties = package
        .part(&root, package::properties)?
        .unwrap_or_default();
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut blocks = Blocks::new(limits);
    let mut missing = 0;
    for chapter in chapters.iter().take(MAX_CHAPTERS) {
        let name = package::resolve(folder, &decode_path(chapter));
        // Only an encrypted chapter makes the book unreadable; encrypted fonts do not matter.
        if locked.contains(&name) {
            return Err(ExtractError::Encrypted);
        }
        match package.bytes(&name)? {
            Some(page) => {
                html::append_fragment(&decode::decode(&page, Some("utf-8")), &mut blocks)?
            }
            None => missing += 1,
        }
    }
    let mut out = blocks.finish(Format::Epub);
    out.title = properties.title;
    out.written_at = properties.written_at;
    if missing > 0 {
        out.notes.push(format!(
            "{missing} chapters that the book names are missing in the file."
        ));
    }
    Ok(out)
}

/// The files of the spine, in reading order.
fn read_spine(xml: &mut Xml<'_>) -> Result<Vec<String>, ExtractError> {
    let mut files = HashMap::new();
    let mut order = Vec::new();
    each_event(xml, |event| {
        if let Event::Start(e) | Event::Empty(e) = event {
            match local(e.name().as_ref()) {
                "item" => {
                    let is_text = attribute(&e, "media-type")
                        .is_some_and(|t| t.contains("html") || t.contains("xml+dtbook"));
                    if let (Some(id), Some(href), true) =
                        (attribute(&e, "id"), attribute(&e, "href"), is_text)
                    {
                        files.insert(id, href);
                    }
                }
                "itemref" => order.extend(attribute(&e, "idref")),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(order.iter().filter_map(|id| files.remove(id)).collect())
}

/// The encrypted parts (DRM). Free books may have encrypted fonts too, so the mere presence of this file means nothing.
fn read_locked_parts(xml: &mut Xml<'_>) -> Result<Vec<String>, ExtractError> {
    let mut parts = Vec::new();
    each_event(xml, |event| {
        if let Event::Start(e) | Event::Empty(e) = event
            && local(e.name().as_ref()) == "CipherReference"
        {
            parts.extend(attribute(&e, "URI").map(|uri| decode_path(&uri)));
        }
        Ok(())
    })?;
    Ok(parts)
}

/// Decodes a path within the book: no percent encoding and no fragment.
fn decode_path(href: &str) -> String {
    let path = href.split('#').next().unwrap_or_default();
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
}
