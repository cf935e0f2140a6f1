//! Collections of documents and questions that say which passage answers: the BEIR layout
//! (`corpus.jsonl`, `queries.jsonl`, `qrels/`), and folders of documents beside a `questions.jsonl`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use frontdesk::llm::{ChatMessage, Role};

/// Share of a passage's word triples that make a found text the passage that was meant.
const SAME: f32 = 0.6;
/// Most words of a quotation that is recognised by its words in any order, as a row of a table.
const ROW: usize = 30;
/// Share of them that has to be there.
const ROW_SAME: f32 = 0.9;

/// Documents and questions.
#[derive(Debug)]
pub struct Collection {
    /// The folder's name.
    pub name: String,
    /// Documents by file name.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Questions that have an answer in them.
    pub questions: Vec<Question>,
}

/// A question, and what is right for it.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// What was said before, oldest first.
    pub history: Vec<ChatMessage>,
    /// What has to be found.
    pub wanted: Wanted,
}

/// What has to be found.
#[derive(Debug)]
pub enum Wanted {
    /// Documents by file name.
    Documents(HashSet<String>),
    /// A text that stands in some document, of which one of the `answers` has to be shown, if there
    /// are any.
    Text {
        /// Its words, folded, each once.
        words: Vec<String>,
        /// Its word triples.
        triples: HashSet<String>,
        /// Folded.
        answers: Vec<String>,
    },
}

/// Why a collection cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{path}, line {line}: {what}; see the layout of BEIR, or give `question` and `quote`")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Nothing to ask.
    #[error(
        "{0} holds neither corpus.jsonl and queries.jsonl nor questions.jsonl: name a folder of a collection"
    )]
    Empty(PathBuf),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Asked {
    question: String,
    #[serde(default = "yes")]
    answerable: bool,
    #[serde(default)]
    answers: Vec<String>,
    #[serde(default)]
    quote: Option<String>,
    #[serde(default)]
    passage: Option<String>,
    #[serde(default)]
    history: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(alias = "speaker")]
    role: String,
    #[serde(alias = "content")]
    text: String,
}

/// A question in a conversation, with the passages that answer it.
#[derive(Deserialize)]
struct Task {
    question: String,
    #[serde(default)]
    history: Vec<Said>,
    passages: Vec<Cited>,
}

#[derive(Deserialize)]
struct Cited {
    #[serde(default)]
    title: String,
    text: String,
}

fn yes() -> bool {
    true
}

impl Collection {
    /// Reads the collection in a folder.
    ///
    /// # Errors
    /// When the folder holds none, or a file has another layout.
    pub fn read(folder: &Path) -> Result<Self, CollectionError> {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let mut collection = Self {
            name: name.to_string_lossy().into_owned(),
            documents: Vec::new(),
            questions: Vec::new(),
        };
        if folder.join("corpus.jsonl").exists() {
            collection.read_beir(folder)?;
        } else if folder.join("tasks.jsonl").exists() {
            collection.read_tasks(&folder.join("tasks.jsonl"))?;
        } else if folder.join("questions.jsonl").exists() {
            collection.read_questions(folder)?;
        }
        if collection.questions.is_empty() || collection.documents.is_empty() {
            return Err(CollectionError::Empty(folder.to_owned()));
        }
        Ok(collection)
    }

    fn read_beir(&mut self, folder: &Path) -> Result<(), CollectionError> {
        for entry in lines::<Entry>(&folder.join("corpus.jsonl"))? {
            let text = if entry.title.trim().is_empty() {
                entry.text
            } else {
                format!("# {}\n\n{}", entry.title.trim(), entry.text)
            };
            if !text.trim().is_empty() {
                self.documents
                    .push((format!("{}.md", entry.id), text.into_bytes()));
            }
        }
        let path = folder.join("qrels/test.tsv");
        let mut wanted: HashMap<String, HashSet<String>> = HashMap::new();
        for row in read(&path)?.lines().skip(1) {
            let mut fields = row.split('\t');
            if let (Some(query), Some(document), Some(score)) =
                (fields.next(), fields.next(), fields.next())
                && score.trim().parse::<i64>().is_ok_and(|s| s > 0)
            {
                wanted
                    .entry(query.to_owned())
                    .or_default()
                    .insert(format!("{document}.md"));
            }
        }
        for query in lines::<Entry>(&folder.join("queries.jsonl"))? {
            if let Some(documents) = wanted.remove(&query.id) {
                self.questions.push(Question {
                    text: query.text,
                    history: Vec::new(),
                    wanted: Wanted::Documents(documents),
                });
            }
        }
        Ok(())
    }

    fn read_questions(&mut self, folder: &Path) -> Result<(), CollectionError> {
        for place in ["docs", "documents", "documents.md", "faq.csv"] {
            collect(&folder.join(place), &mut self.documents)?;
        }
        for asked in lines::<Asked>(&folder.join("questions.jsonl"))? {
            let Some(text) = asked.quote.or(asked.passage).filter(|_| asked.answerable) else {
                continue;
            };
            self.questions.push(Question {
                text: asked.question,
                history: asked.history.into_iter().map(message).collect(),
                wanted: Wanted::text(&text, &asked.answers),
            });
        }
        Ok(())
    }

    fn read_tasks(&mut self, path: &Path) -> Result<(), CollectionError> {
        let mut names: HashMap<String, String> = HashMap::new();
        for task in lines::<Task>(path)? {
            let mut documents = HashSet::new();
            for cited in task.passages {
                let next = format!("{}.md", names.len() + 1);
                let name = names.entry(cited.text.clone()).or_insert_with(|| {
                    let text = format!("# {}\n\n{}", cited.title, cited.text);
                    self.documents.push((next.clone(), text.into_bytes()));
                    next
                });
                documents.insert(name.clone());
            }
            if !documents.is_empty() {
                self.questions.push(Question {
                    text: task.question,
                    history: task.history.into_iter().map(message).collect(),
                    wanted: Wanted::Documents(documents),
                });
            }
        }
        Ok(())
    }
}

impl Wanted {
    /// A text, and what of it has to be shown.
    pub fn text(text: &str, answers: &[String]) -> Self {
        let mut words = folded(text);
        words.sort_unstable();
        words.dedup();
        Self::Text {
            words,
            triples: triples(text),
            answers: answers.iter().map(|a| folded(a).join(" ")).collect(),
        }
    }

    /// Whether a found text, cut from the document `name`, is what was meant.
    pub fn is(&self, name: &str, text: &str) -> bool {
        match self {
            Self::Documents(names) => names.contains(name),
            Self::Text {
                words,
                triples: wanted,
                answers,
            } => {
                let found = triples(text);
                let common = wanted.intersection(&found).count() as f32;
                let shorter = wanted.len().min(found.len()).max(1) as f32;
                let whole = folded(text);
                // A row of a table is shown with the names of its columns between.
                let row = words.len() <= ROW && {
                    let held: HashSet<&String> = whole.iter().collect();
                    words.iter().filter(|w| held.contains(w)).count() as f32
                        >= ROW_SAME * words.len() as f32
                };
                let whole = whole.join(" ");
                (row || common / shorter >= SAME)
                    && (answers.is_empty() || answers.iter().any(|a| whole.contains(a)))
            }
        }
    }
}

fn message(said: Said) -> ChatMessage {
    let role = match said.role.as_str() {
        "assistant" | "agent" => Role::Assistant,
        _ => Role::User,
    };
    ChatMessage::new(role, said.text)
}

fn folded(text: &str) -> Vec<String> {
    frontdesk::language::words::words(text)
        .map(|w| w.folded)
        .collect()
}

fn triples(text: &str) -> HashSet<String> {
    let words = folded(text);
    if words.len() < 3 {
        return HashSet::from([words.join(" ")]);
    }
    words.windows(3).map(|w| w.join(" ")).collect()
}

fn read(path: &Path) -> Result<String, CollectionError> {
    std::fs::read_to_string(path).map_err(|source| CollectionError::Io {
        path: path.to_owned(),
        source,
    })
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, CollectionError> {
    read(path)?
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| {
            serde_json::from_str(line).map_err(|e| CollectionError::Line {
                path: path.to_owned(),
                line: i + 1,
                what: e.to_string(),
            })
        })
        .collect()
}

/// Files below a folder, named by their path in it.
fn collect(path: &Path, into: &mut Vec<(String, Vec<u8>)>) -> Result<(), CollectionError> {
    let io = |source| CollectionError::Io {
        path: path.to_owned(),
        source,
    };
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(io)?;
        let mut inside: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        inside.sort();
        return inside.iter().try_for_each(|p| collect(p, into));
    }
    if path.is_file() {
        // Names are unique in a workspace, and folders are not part of them.
        let name = format!(
            "{:03}-{}",
            into.len(),
            path.file_name().unwrap_or_default().to_string_lossy()
        );
        into.push((name, std::fs::read(path).map_err(io)?));
    }
    Ok(())
}
