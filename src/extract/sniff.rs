//! Detects the format of a document.

use std::io::Read;

use super::{ExtractError, Format, decode, iwork, photo, subtitles, tiff};

/// How many bytes from the start of a file are examined for a signature.
const HEAD: usize = 2_048;

/// The format, and a note for the owner if the file's name suggests another.
#[derive(Debug)]
pub(super) struct Sniffed {
    pub format: Format,
    pub note: Option<String>,
}

/// Formats that we cannot read but recognise, so that the error can name them.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"RIFF", "a sound or video file"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS", "a sound file (Ogg)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"7z\xbc\xaf", "an archive (7-Zip)"),
    (b"Rar!", "an archive (RAR)"),
    (b"%!PS", "a PostScript file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database (SQLite)"),
];

/// Signatures of picture formats that are not read, and where in the file they stand.
const PICTURES: &[(usize, &[u8], &str)] = &[
    (0, b"GIF8", "a picture (GIF)"),
    (8, b"WEBP", "a picture (WebP)"),
    (4, b"ftypavif", "a picture (AVIF)"),
    (4, b"jP  ", "a picture (JPEG 2000)"),
    (4, b"JXL ", "a picture (JPEG XL)"),
    (0, b"8BPS", "a picture (Photoshop)"),
];

/// Compound File Binary, the container of Office documents until 2007 and of Outlook messages.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// How long an entry of a compound file's list of streams is.
const ENTRY: usize = 128;

/// Streams that identify a compound file, its format and what it is, and the endings of its name.
const COMPOUND_KINDS: &[(&str, Format, &str, &[&str])] = &[
    (
        "WordDocument",
        Format::Doc,
        "an old Word document (DOC)",
        &["doc", "dot"],
    ),
    (
        "PowerPoint Document",
        Format::Ppt,
        "an old presentation (PPT)",
        &["ppt", "pps", "pot"],
    ),
    (
        "Workbook",
        Format::Xls,
        "an old Excel workbook (XLS)",
        &["xls", "xlt"],
    ),
    (
        "Book",
        Format::Xls,
        "an old Excel workbook (XLS)",
        &["xls", "xlt"],
    ),
    (
        "__properties_version1.0",
        Format::Msg,
        "an Outlook message (MSG)",
        &["msg"],
    ),
];

/// Decides the format by the bytes first and the extension second.
pub(super) fn sniff(bytes: &[u8], name: &str) -> Result<Sniffed, ExtractError> {
    let extension = extension(name);
    if bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Err(ExtractError::Empty);
    }
    let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or(bytes);
    if contains(head, b"%PDF-") {
        return Ok(recognise(Format::Pdf, &extension, &["pdf"], "a PDF"));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return identify_zip(bytes, &extension);
    }
    if head.starts_with(COMPOUND) {
        return identify_compound(bytes, &extension);
    }
    if head.starts_with(b"{\\rtf") {
        return Ok(recognise(
            Format::Rtf,
            &extension,
            &["rtf", "doc"],
            "a Rich Text document (RTF)",
        ));
    }
    for (magic, usual, what) in [
        (photo::PNG, &["png"][..], "a picture (PNG)"),
        (
            photo::JPEG,
            &["jpg", "jpeg", "jpe", "jfif"],
            "a picture (JPEG)",
        ),
    ] {
        if head.starts_with(magic) {
            return Ok(recognise(Format::Picture, &extension, usual, what));
        }
    }
    if photo::is_heic(head) {
        let usual = &["heic", "heif"];
        return Ok(recognise(
            Format::Picture,
            &extension,
            usual,
            "a picture (HEIC)",
        ));
    }
    if tiff::is_tiff(head) {
        let usual = &["tif", "tiff"];
        return Ok(recognise(
            Format::Picture,
            &extension,
            usual,
            "a picture (TIFF)",
        ));
    }
    if let Some(what) = unread_picture(head) {
        return Err(ExtractError::SaveAs {
            what: what.to_owned(),
            remedy: "save it as JPEG or PNG and upload that, or write what it says as a note"
                .to_owned(),
        });
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic))
        // A text may well begin with the letters "MZ".
        && (*what != "a program" || !decode::is_text(&decode::decode(head, None)))
    {
        return Err(unsupported(what));
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Err(unsupported("a sound or video file"));
    }
    let text = decode::decode(head, None);
    if !decode::is_text(&text) {
        // A PDF may have lost its start and still be readable.
        if extension == "pdf" {
            return Ok(Sniffed {
                format: Format::Pdf,
                note: None,
            });
        }
        return Err(unsupported("binary data of an unknown kind"));
    }
    text_format(&text, &extension)
}

/// The name of a picture format that is not read.
fn unread_picture(head: &[u8]) -> Option<&'static str> {
    let stands =
        |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if is_bitmap(head) {
        return Some("a picture (BMP)");
    }
    let known = PICTURES.iter().find(|(at, magic, _)| stands(*at, magic));
    known.map(|(_, _, what)| *what)
}

/// Whether it is a Windows bitmap: its letters "BM" alone begin many a text, and the light points of a page look like
/// letters. Four bytes are 0, and the header that follows has one of few lengths.
fn is_bitmap(head: &[u8]) -> bool {
    const HEADERS: [u8; 7] = [12, 40, 52, 56, 64, 108, 124];
    head.starts_with(b"BM")
        && head.get(6..10) == Some(&[0; 4])
        && matches!(head.get(14..18), Some([length, 0, 0, 0]) if HEADERS.contains(length))
}

fn text_format(text: &str, extension: &str) -> Result<Sniffed, ExtractError> {
    let start = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    let lower: String = start
        .chars()
        .take(1_000)
        .collect::<String>()
        .to_ascii_lowercase();
    let tag = |t: &str| lower.starts_with(t);
    let is_html = tag("<!doctype html")
        || tag("<html")
        || tag("<head")
        || tag("<body")
        || ((tag("<?xml") || tag("<!--"))
            && (lower.contains("<html") || lower.contains("<!doctype html")));
    // Text formats have no signature, so the extension decides; HTML is recognised by its first tag too.
    match extension {
        "html" | "htm" | "xhtml" => {
            return Ok(Sniffed {
                format: Format::Html,
                note: None,
            });
        }
        _ if is_html && !matches!(extension, "md" | "mdx" | "markdown") => {
            return Ok(recognise(
                Format::Html,
                extension,
                &["html", "htm", "xhtml"],
                "a web page (HTML)",
            ));
        }
        "md" | "markdown" | "mdx" | "mdown" => {
            return Ok(Sniffed {
                format: Format::Markdown,
                note: None,
            });
        }
        "csv" | "tsv" | "tab" => {
            return Ok(Sniffed {
                format: Format::Csv,
                note: None,
            });
        }
        "eml" => {
            return Ok(Sniffed {
                format: Format::Email,
                note: None,
            });
        }
        _ => {}
    }
    if subtitles::is_subtitles(start, extension) {
        return Ok(Sniffed {
            format: Format::Subtitles,
            note: None,
        });
    }
    if tag("<?xml") || tag("<svg") || extension == "xml" {
        return Err(unsupported("an XML file"));
    }
    if extension == "pdf" {
        return Err(ExtractError::malformed(
            "the name ends in .pdf, but it does not begin as a PDF does",
        ));
    }
    if matches!(
        extension,
        "docx" | "pptx" | "xlsx" | "odt" | "ods" | "odp" | "epub" | "zip"
    ) {
        return Err(ExtractError::malformed(format!(
            "the name ends in .{extension}, but it is plain text"
        )));
    }
    if is_mail(start) {
        return Ok(recognise(
            Format::Email,
            extension,
            &["eml", "txt", ""],
            "an e-mail",
        ));
    }
    Ok(Sniffed {
        format: Format::Text,
        note: None,
    })
}

/// An e-mail begins with header fields; a letter may have `From:`, but none of the technical ones.
fn is_mail(start: &str) -> bool {
    let mut fields = 0;
    for line in start.lines().take(40) {
        if line.is_empty() {
            break;
        }
        let Some((field, _)) = line.split_once(':') else {
            continue;
        };
        if matches!(
            field,
            "Received"
                | "Return-Path"
                | "Message-ID"
                | "Message-Id"
                | "MIME-Version"
                | "Delivered-To"
        ) {
            fields += 1;
        }
    }
    fields >= 1 && start.lines().take(40).any(|l| l.starts_with("From:"))
}

/// Identifies a compound file by the streams at its top, since other documents may lie deeper within it. Where the
/// list of streams is damaged, by their names, which are in UTF-16 and at the start of an entry of the list.
fn identify_compound(bytes: &[u8], extension: &str) -> Result<Sniffed, ExtractError> {
    let file = cfb::CompoundFile::open(std::io::Cursor::new(bytes)).ok();
    let has = |name: &str| match &file {
        Some(file) => file.is_stream(name),
        None => {
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            memchr::memmem::find_iter(bytes, &wide).any(|at| at % ENTRY == 0)
        }
    };
    if has("EncryptedPackage") {
        return Err(ExtractError::Encrypted);
    }
    match COMPOUND_KINDS.iter().find(|(stream, ..)| has(stream)) {
        Some((_, format, what, usual)) => Ok(recognise(*format, extension, usual, what)),
        None => Err(unsupported(
            "an old Microsoft Office file of an unknown kind",
        )),
    }
}

/// Whether the bytes are an archive of files, and not a document in a ZIP container.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") && matches!(identify_zip(bytes, ""), Err(ExtractError::SaveAs { .. }))
}

/// Identifies a ZIP file by the names of its members.
fn identify_zip(bytes: &[u8], extension: &str) -> Result<Sniffed, ExtractError> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|_| {
        ExtractError::malformed(
            "it begins as an archive, as Office documents do, but its list of parts cannot be read",
        )
    })?;
    let has = |prefix: &str| {
        archive
            .file_names()
            .flatten()
            .any(|n| n.starts_with(prefix))
    };
    let office = has("[Content_Types].xml");
    let is_iwork = iwork::is_iwork(archive.file_names().flatten());
    let (format, usual, what): (_, &[&str], _) = if has("word/") || (office && extension == "docx")
    {
        let usual = &["docx", "docm", "dotx"];
        (Format::Docx, usual, "a Word document (DOCX)")
    } else if has("xl/") || (office && extension == "xlsx") {
        let usual = &["xlsx", "xlsm", "xltx"];
        (Format::Xlsx, usual, "a spreadsheet (XLSX)")
    } else if has("ppt/") || (office && extension == "pptx") {
        let usual = &["pptx", "pptm", "ppsx", "potx"];
        (Format::Pptx, usual, "a presentation (PPTX)")
    } else if is_iwork {
        let usual = &["pages", "numbers", "key"];
        (
            Format::Iwork,
            usual,
            "a document of Pages, Numbers or Keynote",
        )
    } else if has("META-INF/container.xml") {
        (Format::Epub, &["epub"], "an e-book (EPUB)")
    } else if has("content.xml") {
        match media_type(&mut archive).as_str() {
            t if t.contains("spreadsheet") => (Format::Ods, &["ods", "ots"], "a spreadsheet (ODS)"),
            t if t.contains("presentation") => {
                (Format::Odp, &["odp", "otp"], "a presentation (ODP)")
            }
            _ if extension == "ods" => (Format::Ods, &["ods"], "a spreadsheet (ODS)"),
            _ => (Format::Odt, &["odt", "ott"], "an OpenDocument text (ODT)"),
        }
    } else {
        return Err(ExtractError::SaveAs {
            what: "an archive (ZIP)".to_owned(),
            remedy: "unpack it and upload the files in it".to_owned(),
        });
    };
    Ok(recognise(format, extension, usual, what))
}

/// The content of an OpenDocument file's member `mimetype`, or nothing.
fn media_type(archive: &mut zip::ZipArchive<std::io::Cursor<&[u8]>>) -> String {
    let mut text = String::new();
    if let Ok(member) = archive.by_name("mimetype") {
        // If it is not text, it tells us nothing.
        let _ = member.take(200).read_to_string(&mut text);
    }
    text
}

fn recognise(format: Format, extension: &str, usual: &[&str], what: &str) -> Sniffed {
    let note = (!extension.is_empty() && !usual.contains(&extension)).then(|| {
        format!("The name ends in .{extension}, but the file is {what}; it was read as that.")
    });
    Sniffed { format, note }
}

fn unsupported(what: &str) -> ExtractError {
    ExtractError::Unsupported {
        seems_to_be: what.to_owned(),
    }
}

fn extension(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .and_then(|file| file.rsplit_once('.'))
        .map(|(_, e)| e.to_ascii_lowercase())
        .unwrap_or_default()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}
