//! Outlook messages (MS-OXMSG): a compound file with a stream for each long property and a table of the short ones.

#[cfg(test)]
mod outlook_tests;
mod packed;
mod properties;

#[cfg(test)]
pub(crate) use self::outlook_tests::compound;

use self::properties::Properties;
use super::compound::Compound;
use super::email::{Letter, Mail};
use super::{ExtractError, Extracted, Format, Limits, decode, rtf};

/// Properties by their number (MS-OXPROPS 2).
const SUBJECT: u16 = 0x0037;
const SUBMITTED: u16 = 0x0039;
const SENT_NAME: u16 = 0x0042;
const SENT_ADDRESS: u16 = 0x0065;
const SENDER_NAME: u16 = 0x0C1A;
const SENDER_ADDRESS: u16 = 0x0C1F;
const DELIVERED: u16 = 0x0E06;
const BODY: u16 = 0x1000;
const RTF: u16 = 0x1009;
const HTML: u16 = 0x1013;
const DISPLAY_NAME: u16 = 0x3001;
const FILE_NAME: u16 = 0x3704;
const LONG_FILE_NAME: u16 = 0x3707;
const SENDER_SMTP: u16 = 0x5D01;
const SENT_SMTP: u16 = 0x5D02;
/// The picture of an HTML message, which nobody sees as an attachment.
const CONTENT_ID: u16 = 0x3712;

/// Most attachments of one message.
const MAX_ATTACHMENTS: usize = 1_000;

/// Reads subject, sender and date, then the text, then forwarded messages. Other attachments are only named in a note.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut file = Compound::open(bytes, limits)?;
    let mut mail = Mail::new(limits);
    let outermost = append(&mut file, &mut mail, "", 0, limits)?;
    let mut out = mail.finish(Format::Msg);
    out.title = outermost.0;
    out.written_at = outermost.1;
    Ok(out)
}

/// Appends the message in a storage and those attached to it. Returns its subject and date in Unix ms.
fn append(
    file: &mut Compound<'_>,
    mail: &mut Mail,
    storage: &str,
    depth: usize,
    limits: &Limits,
) -> Result<(Option<String>, Option<i64>), ExtractError> {
    let head = if depth == 0 { 32 } else { 24 };
    let properties = Properties::read(file, storage, head)?;
    let mut first = |numbers: &[u16]| -> Result<Option<String>, ExtractError> {
        for number in numbers {
            let text = properties.text(file, *number)?;
            if let Some(text) = text.filter(|t| !t.trim().is_empty()) {
                return Ok(Some(text.trim().to_owned()));
            }
        }
        Ok(None)
    };
    let subject = first(&[SUBJECT])?;
    let at = properties
        .moment(SUBMITTED)
        .or(properties.moment(DELIVERED));
    let letter = Letter {
        subject: subject.clone(),
        name: first(&[SENT_NAME, SENDER_NAME])?,
        // Inside a company the address may be a path of its directory, which tells nobody anything.
        address: first(&[SENT_SMTP, SENDER_SMTP, SENT_ADDRESS, SENDER_ADDRESS])?
            .filter(|a| a.contains('@')),
        date: at.and_then(|ms| {
            let at = jiff::Timestamp::from_millisecond(ms).ok()?;
            Some(at.strftime("%Y-%m-%d").to_string())
        }),
    };
    mail.begin(&letter, depth)?;
    append_body(file, mail, &properties, limits)?;
    let attached = file.storages(&format!("{storage}/"));
    for name in (attached.iter().filter(|n| n.starts_with("__attach"))).take(MAX_ATTACHMENTS) {
        let place = format!("{storage}/{name}");
        // An attached message is a storage instead of a stream.
        let inner = format!("{place}/__substg1.0_3701000D");
        let is_message = file.has(&format!("{inner}/__properties_version1.0"));
        if is_message && mail.may_open(depth) {
            append(file, mail, &inner, depth + 1, limits)?;
            continue;
        }
        let properties = Properties::read(file, &place, 8)?;
        if properties.text(file, CONTENT_ID)?.is_some() && !is_message {
            continue;
        }
        let mut name = None;
        for number in [LONG_FILE_NAME, FILE_NAME, DISPLAY_NAME] {
            name = name.or(properties.text(file, number)?);
        }
        mail.add_attachment(
            name.as_deref()
                .or(is_message.then_some("a forwarded message")),
        );
    }
    Ok((subject, at))
}

/// Plain text, else the web page, else rich text: a message has one or more of these.
fn append_body(
    file: &mut Compound<'_>,
    mail: &mut Mail,
    properties: &Properties,
    limits: &Limits,
) -> Result<(), ExtractError> {
    let text = properties.text(file, BODY)?;
    if let Some(text) = text.filter(|t| !t.trim().is_empty()) {
        return mail.push_text(&text);
    }
    if let Some(page) = properties.bytes(file, HTML)? {
        return mail.push_html(&decode::decode(&page, Some(properties.encoding().name())));
    }
    let packed = properties.bytes(file, RTF)?;
    let Some(text) = packed.and_then(|bytes| packed::unpack(&bytes, limits.max_unpacked_bytes))
    else {
        return Ok(());
    };
    let blocks = match rtf::read(&text, limits) {
        Ok(read) => read.blocks,
        // A picture alone.
        Err(ExtractError::NoText) => Vec::new(),
        Err(e) => return Err(e),
    };
    blocks
        .iter()
        .try_for_each(|block| mail.blocks.push(block.kind, &block.text, None))
}
