//! One entry of the catalogue: a model, what it needs, and where it comes from.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// One model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Short id that people type, such as `whisper-base`.
    pub name: String,
    /// One line for lists.
    pub title: String,
    /// What it is for.
    pub role: Role,
    /// SPDX identifier, or the name of the licence where there is none.
    pub licence: String,
    /// File name in the cache.
    pub file: String,
    /// Size of that file; exact if `sha256` is known, else an estimate.
    pub bytes: u64,
    /// SHA-256 (hex) of that file. Absent where the file is made by a conversion or where only
    /// the hub knows it.
    pub sha256: Option<String>,
    /// Memory that running it needs, in MB.
    pub memory_mb: u32,
    /// Tokens that the model was trained to look at; only language models have it.
    pub context: Option<u32>,
    /// The sets it is part of.
    #[serde(default)]
    pub starter: Vec<StarterSet>,
    /// Names of further files (from the `extra` of its source) that lie beside it in the cache.
    #[serde(default)]
    pub companions: Vec<String>,
    /// Where it comes from, best first.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// What a model is for.
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
    /// Decides whether a speaker is finished.
    Turn,
    /// Decides whether somebody speaks.
    Vad,
    /// Marks the words of a passage that answer a question.
    Reader,
}

/// A set of models that together make a working front desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StarterSet {
    /// Everything but a chat model: answers are read from documents, and nothing is written.
    Lite,
    /// For a machine with 4 GB and more.
    Default,
    /// For a small machine.
    Small,
    /// The smallest that run at all, for tests.
    Test,
}

/// One place that a model can come from.
#[derive(Debug, Clone, Deserialize)]
pub struct Source {
    /// The place.
    #[serde(flatten)]
    pub origin: Origin,
    /// Size of what is downloaded; absent: the entry's.
    pub bytes: Option<u64>,
    /// SHA-256 (hex) of what is downloaded; absent: the entry's, or the hub's own.
    pub sha256: Option<String>,
    /// What turns the download into the file of the cache.
    #[serde(default)]
    pub convert: Convert,
    /// Small files that are needed with it.
    #[serde(default)]
    pub extra: Vec<Extra>,
}

/// The kinds of places.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Origin {
    /// A file on a model hub.
    Hub {
        /// Its address (HTTPS).
        url: String,
    },
    /// It is part of the program.
    Bundled,
    /// A file inside one or several packages of the Python registry.
    Python {
        /// Package name; `{n}` stands for the number of the part, `{nn}` for two digits of it.
        package: String,
        /// Its exact version.
        version: String,
        /// How many packages the file is spread over, numbered from 1.
        #[serde(default = "one")]
        parts: u32,
        /// End of the path of the member in the package; `{n}` and `{nn}` as above.
        member: String,
        /// If the member is itself a ZIP archive: the end of the path in there. The extras then
        /// lie in that archive too.
        inside: Option<String>,
    },
}

/// A small file that comes with a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// File name that the conversion, or the entry's `companions`, knows it by.
    pub name: String,
    /// Its address (hub) or the end of its path (package).
    pub at: String,
    /// Its SHA-256 (hex).
    pub sha256: String,
}

/// How a download becomes the file of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convert {
    /// It is the file.
    #[default]
    None,
    /// Whisper in CTranslate2's format → whisper.cpp's.
    Ct2Whisper,
    /// A BERT sentence encoder as safetensors → GGUF.
    BertGguf,
}

fn one() -> u32 {
    1
}

impl Entry {
    /// The hash and size that a download from `source` must have, where they are known.
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

    /// Hashes that the file in the cache may have, whatever source it came from.
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

    /// The rules that an entry of the catalogue keeps, or the first that it breaks.
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
                .chain(s.extra.iter().map(|e| e.sha256.as_str()))
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

/// Puts the number of a part into a name: `{n}` plain, `{nn}` with two digits.
pub(crate) fn numbered(pattern: &str, part: u32) -> String {
    pattern
        .replace("{nn}", &format!("{part:02}"))
        .replace("{n}", &part.to_string())
}

/// File names come from data, so they must not lead out of the cache.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}
