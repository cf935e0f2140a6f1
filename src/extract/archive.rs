//! ZIP archives of documents: each file in one becomes a document of its own.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::{ExtractError, Limits, sniff};

const MAX_FILES: usize = 500;
/// How deep archives inside an archive are opened; deeper ones are refused.
const MAX_NESTED: usize = 1;
/// A file may unpack to this many times its packed size. Text compresses to a tenth of its size at best;
/// a thousandth is an attack.
const MAX_RATIO: u64 = 200;
/// Below this size, in bytes, the ratio is not checked.
const SMALL: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The path within the archive: `forms/intake.pdf`.
    pub path: String,
    /// The content, or why it could not be unpacked.
    pub content: Result<bytes::Bytes, ExtractError>,
}

/// Unpacks the files of an archive; `None` if the bytes are not an archive, or a document in a ZIP
/// container (DOCX, EPUB). Folders, hidden files and files added by operating systems are left out.
///
/// # Errors
/// When the list of members cannot be read, is empty, or is too long.
pub fn unpack(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<Member>>, ExtractError> {
    if !sniff::is_archive(bytes) {
        return Ok(None);
    }
    if bytes.len() > limits.max_bytes_in {
        return Err(ExtractError::TooLarge {
            what: format!("the file has {} bytes", bytes.len()),
            limit: limits.max_bytes_in as u64,
        });
    }
    let mut out = Unpacking {
        members: Vec::new(),
        left: limits.max_unpacked_bytes as u64,
        limits,
    };
    out.archive(bytes, "", 0)?;
    if out.members.is_empty() {
        return Err(ExtractError::Empty);
    }
    Ok(Some(out.members))
}

struct Unpacking<'l> {
    members: Vec<Member>,
    left: u64,
    limits: &'l Limits,
}

impl Unpacking<'_> {
    fn archive(&mut self, bytes: &[u8], folder: &str, depth: usize) -> Result<(), ExtractError> {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|e| {
            ExtractError::malformed(format!("its list of files cannot be read: {e}"))
        })?;
        for index in 0..archive.len() {
            let content = self.member(&mut archive, index);
            let Some((path, content)) = content else {
                continue;
            };
            if self.members.len() >= MAX_FILES {
                return Err(ExtractError::TooLarge {
                    what: format!("it holds more than {MAX_FILES} files"),
                    limit: MAX_FILES as u64,
                });
            }
            let path = format!("{folder}{path}");
            match &content {
                Ok(inner) if sniff::is_archive(inner) => {
                    if depth >= MAX_NESTED {
                        let content = Err(ExtractError::SaveAs {
                            what: "an archive in an archive in an archive".into(),
                            remedy: "unpack it and upload the files in it".into(),
                        });
                        self.members.push(Member { path, content });
                    } else if let Err(e) = self.archive(inner, &format!("{path}/"), depth + 1) {
                        let content = Err(e);
                        self.members.push(Member { path, content });
                    }
                }
                _ => self.members.push(Member {
                    path,
                    content: content.map(bytes::Bytes::from),
                }),
            }
        }
        Ok(())
    }

    /// A member's path and content; `None` for what is not a document of the owner's.
    fn member(
        &mut self,
        archive: &mut zip::ZipArchive<std::io::Cursor<&[u8]>>,
        index: usize,
    ) -> Option<(String, Result<Vec<u8>, ExtractError>)> {
        let raw = archive.by_index_raw(index).ok()?;
        // `None` for a path that escapes from the archive: skip it.
        let path = raw.enclosed_name()?;
        let path = path.to_str()?.replace('\\', "/");
        let packed = raw.compressed_size();
        let (is_dir, encrypted) = (raw.is_dir(), raw.encrypted());
        drop(raw);
        let hidden = path
            .split('/')
            .any(|part| part.starts_with('.') || part == "__MACOSX");
        let file = path.rsplit('/').next().unwrap_or_default();
        if is_dir || hidden || matches!(file, "" | "Thumbs.db" | "desktop.ini") {
            return None;
        }
        if encrypted {
            return Some((path, Err(ExtractError::Encrypted)));
        }
        let content = self.content(archive, index, packed);
        Some((path, content))
    }

    fn content(
        &mut self,
        archive: &mut zip::ZipArchive<std::io::Cursor<&[u8]>>,
        index: usize,
        packed: u64,
    ) -> Result<Vec<u8>, ExtractError> {
        let member = archive
            .by_index(index)
            .map_err(|e| ExtractError::malformed(format!("it cannot be unpacked: {e}")))?;
        let by_ratio = packed.saturating_mul(MAX_RATIO).max(SMALL);
        let most = self.left.min(by_ratio).min(self.limits.max_bytes_in as u64);
        let mut content = Vec::new();
        member
            .take(most + 1)
            .read_to_end(&mut content)
            .map_err(|e| ExtractError::malformed(format!("it cannot be unpacked: {e}")))?;
        self.left = self.left.saturating_sub(content.len() as u64);
        if content.len() as u64 > most {
            return Err(ExtractError::TooLarge {
                what: "it unpacks to more than a document does".into(),
                limit: most,
            });
        }
        Ok(content)
    }
}
