//! Reads sources: the files of the project, and the paths that each of them names.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::io;
use std::path::{Path, PathBuf};

/// A path as a source names it: `std::env::var`, or, from the crate's root, `crate::llm::chat`.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

impl Mention {
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }

    pub(crate) fn starts_with(&self, path: &str) -> bool {
        let mut own = self.segments.iter();
        path.split("::")
            .all(|part| own.next().is_some_and(|segment| segment == part))
    }
}

/// A source file: where it lies in the module tree, and its text.
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
}

impl Source {
    /// `file` is relative to the project: `src/http/api/chat.rs` is the module `http::api::chat`.
    pub(crate) fn new(file: &str, text: impl Into<String>) -> Self {
        let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
        let module = inner
            .split('/')
            .filter(|part| *part != "mod")
            .map(String::from)
            .collect();
        Self {
            file: file.to_owned(),
            module,
            text: text.into(),
        }
    }

    pub(crate) fn is_within(&self, path: &str) -> bool {
        let mut own = self.module.iter();
        path.split("::")
            .all(|part| own.next().is_some_and(|segment| segment == part))
    }

    pub(crate) fn mentions(&self) -> Vec<Mention> {
        let tokens: TokenStream = match self.text.parse() {
            Ok(tokens) => tokens,
            Err(error) => panic!("{} is not Rust: {error}", self.file),
        };
        let mut found = Vec::new();
        collect(tokens, &self.module, &[], &mut found);
        found
    }
}

/// Adds every path in `tokens` to `found`. `module` is where the tokens stand, which `self` and
/// `super` are counted from; `prefix` is what stands before a `{…}` of a `use`.
fn collect(tokens: TokenStream, module: &[String], prefix: &[String], found: &mut Vec<Mention>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let first = match token {
            TokenTree::Ident(first) => first,
            TokenTree::Group(group) => {
                collect(group.stream(), module, &[], found);
                continue;
            }
            _ => continue,
        };
        if first == "mod"
            && let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                (tokens.get(at), tokens.get(at + 1))
        {
            let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
            collect(body.stream(), &inner, &[], found);
            at += 2;
            continue;
        }
        let mut segments = prefix.to_vec();
        segments.push(first.to_string());
        let line = first.span().start().line;
        let mut list = None;
        while is_double_colon(&tokens, at) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => segments.push("*".into()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    list = Some(group.stream());
                }
                _ => break,
            }
            at += 3;
        }
        let segments = absolute(segments, module);
        match list {
            Some(list) => collect(list, module, &segments, found),
            None => found.push(Mention { segments, line }),
        }
    }
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(tokens.get(at)) && colon(tokens.get(at + 1))
}

/// Writes `self::…` and `super::…` as paths from the crate's root; `crate::x::self` is `crate::x`, and so is the
/// crate `frontdesk_x`, which is the room `x`.
fn absolute(segments: Vec<String>, module: &[String]) -> Vec<String> {
    let room = segments[0].strip_prefix("frontdesk_");
    if let Some(room) = room.filter(|room| crate::rank(room).is_some()) {
        let room = ["crate".to_owned(), room.to_owned()];
        return room.into_iter().chain(segments[1..].to_vec()).collect();
    }
    let is_relative = matches!(segments[0].as_str(), "self" | "super");
    let mut path = Vec::new();
    if is_relative {
        path.push("crate".to_owned());
        path.extend_from_slice(module);
    }
    for segment in segments {
        match segment.as_str() {
            "self" => {}
            "super" => path.truncate(path.len().saturating_sub(1).max(1)),
            _ => path.push(segment),
        }
    }
    path
}

/// All Rust files under `folder` of the project, in a stable order.
pub(crate) fn sources(folder: &str) -> io::Result<Vec<Source>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&project.join(folder), &mut files)?;
    files.sort();
    let read = |path: &PathBuf| {
        let inner = path.strip_prefix(project).unwrap_or(path);
        let name = inner.to_string_lossy().replace('\\', "/");
        Ok(Source::new(&name, std::fs::read_to_string(path)?))
    };
    files.iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
