//! Reads documents: bytes in, blocks of text out.
//!
//! The bytes decide what format a file has; its name only decides where the bytes are ambiguous. Each
//! format is one file with one function `read(bytes, &Limits)`. To add a format, add a file, a variant
//! of [`Format`], a line in `sniff` and a line in [`extract()`]; tests in `formats_tests`, with `damage` (`damaged_tests`) on a
//! sample; its ending in `ACCEPT` (`http/console/documents.rs`) and, if it has a ZIP inside, in `CONTAINERS`
//! (`knowledge/receive.rs`). Raise `EXTRACTOR` (`knowledge/ingest.rs`) if texts change; documents are read again only on request.
//!
//! This is not a sandbox. A parser may still need more memory or time than it should, so callers
//! run [`extract()`] in a separate process with limits on both.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as extract;

pub mod archive;
#[cfg(test)]
mod archive_tests;
mod chart;
mod clean;
mod compound;
pub mod csv;
#[cfg(test)]
mod damaged_tests;
pub mod decode;
mod docx;
mod email;
mod epub;
#[cfg(test)]
mod extract_tests;
#[cfg(test)]
mod folded_tests;
#[cfg(test)]
mod formats_tests;
#[cfg(test)]
mod forms_tests;
mod hidden;
#[cfg(test)]
mod hidden_tests;
pub mod html;
mod iwork;
mod looking;
mod markdown;
#[cfg(test)]
mod marks_tests;
mod numbering;
pub mod ocr;
mod opendocument;
#[cfg(test)]
mod others_tests;
mod outlook;
mod package;
mod pdf;
#[cfg(test)]
mod pdf_ruled_tests;
#[cfg(test)]
mod pdf_tables_tests;
mod photo;
mod plain;
mod ppt97;
mod pptx;
mod raised;
mod rtf;
mod sheet;
mod sniff;
mod subtitles;
mod summary;
mod table;
#[cfg(test)]
mod tables_tests;
mod tiff;
mod word97;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use looking::{Looked, draw_spots, extract_to_check, look, page_picture};
use ocr::SeenPage;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Pdf,
    /// Word document (Office Open XML).
    Docx,
    /// Word 97 to 2003 document.
    Doc,
    /// PowerPoint presentation (Office Open XML); its slides are pages.
    Pptx,
    /// PowerPoint 97 to 2003 presentation; its slides are pages.
    Ppt,
    /// Excel workbook (Office Open XML); its sheets are sections.
    Xlsx,
    /// Excel 97 to 2003 workbook.
    Xls,
    Ods,
    Odt,
    /// OpenDocument presentation; its slides are pages.
    Odp,
    Rtf,
    Epub,
    Html,
    /// Markdown, also with embedded components (`.mdx`).
    Markdown,
    /// Comma, semicolon, pipe or tab separated values.
    Csv,
    /// Subtitles of a recording (WebVTT, SubRip).
    Subtitles,
    Email,
    /// Outlook message.
    Msg,
    /// Pages, Numbers or Keynote, by the preview in the file.
    Iwork,
    /// A photograph or scan (JPEG, PNG, HEIC, TIFF) that is read by its looks.
    Picture,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading; 1 is the highest level, 6 the lowest.
    Heading(u8),
    Paragraph,
    ListItem,
    /// One row of a table; each cell repeats the name of its column.
    TableRow,
    /// Preformatted text; line ends are kept.
    Code,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// White space is normalised, except in code.
    pub text: String,
    /// The page that it starts on, counted from 1; `None` if the format has no pages.
    pub page: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// The document's own title, else its first heading.
    pub title: Option<String>,
    pub kind: Format,
    /// `None` if the format has no pages.
    pub pages: Option<u32>,
    /// In reading order.
    pub blocks: Vec<Block>,
    /// Sentences for the owner about what was left out or read in an unexpected way.
    pub notes: Vec<String>,
    /// The file has hidden content, which was left out, or read because the owner chose so.
    #[serde(default)]
    pub hidden: bool,
    /// When it was written, from its properties or header, in Unix ms.
    #[serde(default)]
    pub written_at: Option<i64>,
    /// Only for web pages.
    #[serde(default)]
    pub web: Option<WebPage>,
    /// Pages with pictures that may hold text, which nobody has looked at.
    #[serde(default)]
    pub scans: Vec<u32>,
    /// Blocks that were left out because a line of them is doubtful ([`ocr::DOUBTFUL`]).
    #[serde(default)]
    pub kept_back: u32,
}

/// Head and links of a web page. Addresses are as written, and may be relative.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebPage {
    /// Targets of its links, without those marked `nofollow`.
    pub links: Vec<String>,
    /// The `<base>` that links are relative to, if not the page's own address.
    pub base: Option<String>,
    /// The canonical address that it declares.
    pub canonical: Option<String>,
    /// The language that it declares.
    pub language: Option<String>,
    /// It asks search engines not to index it.
    pub noindex: bool,
    pub nofollow: bool,
}

/// Limits on reading one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file, in bytes.
    pub max_bytes_in: usize,
    /// Most text to extract, in bytes of UTF-8.
    pub max_text_bytes: usize,
    /// Most bytes that a compressed file may unpack to: each member, and all together.
    pub max_unpacked_bytes: usize,
    pub max_pages: u32,
    /// Whether to read hidden content of office files too: sheets, rows, columns, slides, speaker notes, comments, text.
    pub hidden: bool,
}

impl Default for Limits {
    /// 50 MiB in, 20 MiB of text, 100 MiB unpacked, 3,000 pages.
    fn default() -> Self {
        Self {
            max_bytes_in: 50 << 20,
            max_text_bytes: 20 << 20,
            max_unpacked_bytes: 100 << 20,
            max_pages: 3_000,
            hidden: false,
        }
    }
}

/// Why a document gave no text. The messages tell its owner what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ExtractError {
    #[error("the document is empty: check the file and upload it again")]
    Empty,
    #[error(
        "the document is protected by a password: save it without the password and upload it again"
    )]
    Encrypted,
    #[error(
        "the document is damaged ({what}): open it in the program that made it, save it again and upload that file"
    )]
    Malformed {
        /// The damage, in plain words.
        what: String,
    },
    /// The file, or what it unpacks to, exceeds a limit.
    #[error(
        "the document is too large ({what}; the limit is {limit} bytes): split it into smaller documents"
    )]
    TooLarge { what: String, limit: u64 },
    /// Not a document of a known kind.
    #[error(
        "this seems to be {seems_to_be}. Frontdesk reads PDF, Word (DOCX, DOC), PowerPoint (PPTX, PPT), Excel (XLSX, XLS), \
         OpenDocument (ODT, ODS, ODP), RTF, e-books (EPUB), web pages, Markdown, CSV, e-mails (EML, MSG), text, pictures \
         of text (JPEG, PNG, HEIC, TIFF), and ZIP files of these: save it as one of them"
    )]
    Unsupported {
        /// What the bytes look like, with an article.
        seems_to_be: String,
    },
    /// A known format that we do not read, but that is easily saved as one that we do.
    #[error("this is {what}, which Frontdesk cannot read: {remedy}")]
    SaveAs {
        /// The format, with an article.
        what: String,
        /// What to do, in the imperative.
        remedy: String,
    },
    /// The pages have no text, only pictures.
    #[error(
        "the pages are pictures and hold no text: run text recognition (OCR) over the document, or upload the text itself"
    )]
    NoText,
    /// All text is in pictures, which nobody has looked at.
    #[error(
        "the pages are pictures: get text recognition with `frontdesk models get pp-ocrv6-tiny` and read the document \
         again, or upload the text itself"
    )]
    Pictures {
        /// The pages to look at.
        pages: Vec<u32>,
    },
    /// The pictures were looked at.
    #[error(
        "no text was found in the pictures: photograph or scan the page closer, straight and in good light, or write what \
         it says as a note"
    )]
    NothingSeen,
    /// What was found is all doubtful.
    #[error(
        "{lines} lines were found in the pictures, and all are too faint or small to be sure of: photograph or scan the \
         page closer, straight and in good light, or write what it says as a note"
    )]
    AllDoubtful { lines: usize },
    #[error(
        "the document has {pages} pages and the limit is {limit}: split it into smaller documents"
    )]
    TooManyPages { pages: u32, limit: u32 },
}

impl ExtractError {
    fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }
}

/// Reads a document. `name` is the file's name as it was uploaded; only its extension matters.
pub fn extract(bytes: &[u8], name: &str, limits: &Limits) -> Result<Extracted, ExtractError> {
    extract_seen(bytes, name, limits, &[])
}

/// Reads a document of which some pages were looked at ([`look`]).
pub fn extract_seen(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
    seen: &[SeenPage],
) -> Result<Extracted, ExtractError> {
    check_size(bytes, limits)?;
    let sniffed = sniff::sniff(bytes, name)?;
    let read = || match sniffed.format {
        Format::Pdf => pdf::read(bytes, limits, seen),
        Format::Picture => photo::read(bytes, limits, seen),
        Format::Docx => docx::read(bytes, limits),
        Format::Doc => word97::read(bytes, limits),
        Format::Pptx => pptx::read(bytes, limits),
        Format::Ppt => ppt97::read(bytes, limits),
        Format::Xlsx | Format::Xls => sheet::read(bytes, sniffed.format, limits),
        Format::Odt | Format::Ods | Format::Odp => {
            opendocument::read(bytes, sniffed.format, limits)
        }
        Format::Rtf => rtf::read(bytes, limits),
        Format::Epub => epub::read(bytes, limits),
        Format::Html => html::read(bytes, limits),
        Format::Markdown => markdown::read(bytes, limits),
        Format::Csv => csv::read(bytes, name, limits),
        Format::Email => email::read(bytes, limits),
        Format::Msg => outlook::read(bytes, limits),
        Format::Iwork => iwork::read(bytes, limits),
        Format::Subtitles => subtitles::read(bytes, limits),
        Format::Text => plain::read(bytes, limits),
    };
    // A parser that panics fails this document, not the whole process.
    let mut out =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|_| {
            ExtractError::malformed("it is built in a way that its reader does not expect")
        })??;
    if !seen.is_empty() {
        keep_back(&mut out, seen)?;
    }
    if out.blocks.is_empty() {
        return Err(ExtractError::Empty);
    }
    out.notes.extend(sniffed.note);
    if out.title.is_none() {
        out.title = out
            .blocks
            .iter()
            .take(20)
            .find(|b| matches!(b.kind, BlockKind::Heading(1 | 2)))
            .map(|b| b.text.clone());
    }
    Ok(out)
}

fn check_size(bytes: &[u8], limits: &Limits) -> Result<(), ExtractError> {
    if bytes.len() > limits.max_bytes_in {
        return Err(ExtractError::TooLarge {
            what: format!("the file has {} bytes", bytes.len()),
            limit: limits.max_bytes_in as u64,
        });
    }
    Ok(())
}

/// Stands in the text of a doubtful recognised word, from the page to the finished block (of the private use area).
const DOUBT: char = '\u{E0D7}';

/// Leaves out the blocks with a doubtful line: the rest of a sentence may say the contrary of the whole.
fn keep_back(out: &mut Extracted, seen: &[SeenPage]) -> Result<(), ExtractError> {
    let before = out.blocks.len();
    out.blocks.retain(|block| !block.text.contains(DOUBT));
    out.kept_back = u32::try_from(before - out.blocks.len()).unwrap_or(u32::MAX);
    let lines: usize = seen.iter().map(|page| page.lines.len()).sum();
    match (out.blocks.is_empty(), lines) {
        (false, _) => Ok(()),
        (true, 0) => Err(ExtractError::NothingSeen),
        (true, lines) => Err(ExtractError::AllDoubtful { lines }),
    }
}

/// Readers put this where the author of a document broke a line (Unicode LINE SEPARATOR).
const LINE_BREAK: char = '\u{2028}';

/// Collects blocks: cleans their text, drops empty ones, and enforces the limit on their total size.
struct Blocks {
    blocks: Vec<Block>,
    bytes: usize,
    limit: usize,
}

impl Blocks {
    fn new(limits: &Limits) -> Self {
        Self {
            blocks: Vec::new(),
            bytes: 0,
            limit: limits.max_text_bytes,
        }
    }

    fn push(&mut self, kind: BlockKind, text: &str, page: Option<u32>) -> Result<(), ExtractError> {
        match kind {
            BlockKind::Code => self.push_clean(kind, clean::preformatted(text), page),
            // A line that its author broke deliberately is a paragraph of its own: an address, the hours of a day.
            BlockKind::Paragraph => text
                .split(LINE_BREAK)
                .try_for_each(|line| self.push_clean(kind, clean::flowing(line), page)),
            _ => self.push_clean(kind, clean::flowing(text), page),
        }
    }

    fn push_clean(
        &mut self,
        kind: BlockKind,
        text: String,
        page: Option<u32>,
    ) -> Result<(), ExtractError> {
        if !text.chars().any(|c| !c.is_whitespace()) {
            return Ok(());
        }
        self.bytes += text.len();
        if self.bytes > self.limit {
            return Err(ExtractError::TooLarge {
                what: "its text is longer than the limit".into(),
                limit: self.limit as u64,
            });
        }
        self.blocks.push(Block { kind, text, page });
        Ok(())
    }

    fn push_table(&mut self, table: &table::Table, page: Option<u32>) -> Result<(), ExtractError> {
        for row in table.rows() {
            self.push(BlockKind::TableRow, &row, page)?;
        }
        Ok(())
    }

    fn finish(self, kind: Format) -> Extracted {
        Extracted {
            title: None,
            kind,
            pages: None,
            blocks: self.blocks,
            notes: Vec::new(),
            hidden: false,
            written_at: None,
            web: None,
            scans: Vec::new(),
            kept_back: 0,
        }
    }
}
