//! Reads `frontdesk.toml` and the environment; every error names the place of the mistake.

use std::path::{Path, PathBuf};

use super::keys::{Config, KEYS};
use super::place;

/// Values from the command line, which override everything else.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// Key and value pairs, for example `("listen", "127.0.0.1:0")`.
    pub values: Vec<(&'static str, String)>,
}

/// Each message names the place and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the settings file {}: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Syntax {
        path: PathBuf,
        /// The parser's message with line and column.
        source: toml::de::Error,
    },
    #[error("{place}: there is no setting `{key}`{hint}; `frontdesk config show` lists them all")]
    UnknownKey {
        /// File and line, or the variable.
        place: String,
        key: String,
        /// "; did you mean …", or empty.
        hint: String,
    },
    #[error("{place}: `{key}` cannot be `{value}`: it takes {expected}")]
    BadValue {
        /// File and line, or the variable.
        place: String,
        key: String,
        value: String,
        /// Describes a valid value.
        expected: &'static str,
    },
}

/// Variables with the prefix that are not settings.
const OTHER_VARIABLES: [&str; 2] = ["FRONTDESK_CACHE", "FRONTDESK_PASSPHRASE"];

/// Resolves all settings. Returns the first mistake in the file, the environment or the command line.
pub fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
    load_from(overrides, place::config_candidates(), place::variables())
}

pub(super) fn load_from(
    overrides: &Overrides,
    candidates: Vec<PathBuf>,
    variables: Vec<(String, String)>,
) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let file = match &overrides.file {
        Some(named) => Some(named.clone()),
        None => candidates.into_iter().find(|p| p.is_file()),
    };
    if let Some(path) = file {
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable {
            path: path.clone(),
            source,
        })?;
        apply_file(&mut config, &path, &text)?;
        config.file = Some(path);
    }
    for (variable, value) in variables {
        // An unknown variable is an error, because it is most likely a misspelt setting.
        if OTHER_VARIABLES.contains(&variable.as_str()) {
            continue;
        }
        let place = format!("environment variable {variable}");
        if variable == OLD_READER_VARIABLE {
            set_old_reader(&mut config, &value, &place);
            continue;
        }
        let Some(key) = KEYS.iter().find(|k| k.variable() == variable) else {
            let names: Vec<String> = KEYS.iter().map(|k| k.variable()).collect();
            let hint = nearest(&variable, names.iter().map(String::as_str));
            return Err(ConfigError::UnknownKey {
                place,
                key: variable,
                hint,
            });
        };
        set(&mut config, key.name, &value, place)?;
    }
    for (key, value) in &overrides.values {
        set(&mut config, key, value, format!("command line, {key}"))?;
    }
    Ok(config)
}

/// The former name of `reader.model`.
const OLD_READER: &str = "rerank.model";
const OLD_READER_VARIABLE: &str = "FRONTDESK_RERANK_MODEL";

/// Accepts the old setting. `none` stays `none`; the re-ranking models no longer exist, so any other value becomes
/// `auto`.
fn set_old_reader(config: &mut Config, value: &str, place: &str) {
    let value = if value == "none" { "none" } else { "auto" };
    config.reader_model = value.to_owned();
    config.notes.push(format!(
        "{place}: `{OLD_READER}` is now `reader.model`, and was read as `{value}`; rename it"
    ));
}

fn set(config: &mut Config, key: &str, value: &str, place: String) -> Result<(), ConfigError> {
    config
        .set(key, value)
        .map_err(|expected| ConfigError::BadValue {
            place,
            key: key.to_owned(),
            value: value.to_owned(),
            expected,
        })
}

fn apply_file(config: &mut Config, path: &Path, text: &str) -> Result<(), ConfigError> {
    let table = toml::de::DeTable::parse(text).map_err(|source| ConfigError::Syntax {
        path: path.to_owned(),
        source,
    })?;
    apply_table(config, path, text, "", table.get_ref())
}

fn apply_table(
    config: &mut Config,
    path: &Path,
    text: &str,
    prefix: &str,
    table: &toml::de::DeTable<'_>,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        let line = text
            .get(..name.span().start)
            .unwrap_or("")
            .matches('\n')
            .count()
            + 1;
        let place = format!("{}, line {line}", path.display());
        let section = format!("{key}.");
        let is_section =
            KEYS.iter().any(|k| k.name.starts_with(&section)) || OLD_READER.starts_with(&section);
        let known = KEYS.iter().any(|k| k.name == key);
        use toml::de::DeValue;
        match value.get_ref() {
            DeValue::Table(inner) if is_section => {
                apply_table(config, path, text, &format!("{key}."), inner)?;
            }
            DeValue::String(value) if key == OLD_READER => set_old_reader(config, value, &place),
            _ if !known => {
                let hint = nearest(&key, KEYS.iter().map(|k| k.name));
                return Err(ConfigError::UnknownKey { place, key, hint });
            }
            DeValue::String(s) => set(config, &key, s, place)?,
            // Numbers stay as written: variables and the command line are text too, so one parser serves all.
            DeValue::Integer(i) => set(config, &key, i.as_str(), place)?,
            DeValue::Float(f) => set(config, &key, f.as_str(), place)?,
            DeValue::Boolean(b) => set(config, &key, if *b { "true" } else { "false" }, place)?,
            other => {
                return Err(ConfigError::BadValue {
                    place,
                    key,
                    value: other.type_str().to_owned(),
                    expected: "a single value",
                });
            }
        }
    }
    Ok(())
}

/// "; did you mean X" when one of the names is close.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|n| (distance(wrong, n), n))
        .min()
        .filter(|(d, n)| *d <= 2.max(n.len() / 4))
        .map_or_else(String::new, |(_, n)| format!("; did you mean `{n}`?"))
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let cost = (diagonal + usize::from(ca != *cb))
                .min(left + 1)
                .min(above + 1);
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            diagonal = above;
            left = cost;
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or(0)
}
