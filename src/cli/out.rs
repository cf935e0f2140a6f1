//! Printing. A closed pipe (`frontdesk … | head`) is not an error.

use std::error::Error;
use std::fs::{File, Permissions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;

use crate::reason::Reason;

/// Prints a line to standard output.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints text without a line end.
pub(super) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = write!(out, "{text}").and_then(|()| out.flush());
}

/// Formats Unix milliseconds to the minute, in the machine's time zone: `2026-05-03 16:47`.
pub(super) fn moment(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Prints data as one JSON document.
pub(super) fn json<T: Serialize>(data: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(data)?);
    Ok(())
}

/// Prints data as JSON on one line, for programs that read line by line.
pub(super) fn json_line<T: Serialize>(data: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string(data)?);
    Ok(())
}

/// Prints a message to standard error, because data goes to standard output.
pub(super) fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _closed_pipe = writeln!(out, "{text}");
}

/// Formats an error with its causes, leaving out those that the sentence already contains.
pub(super) fn explain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let sentence = cause.to_string();
        if !text.contains(&sentence) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&sentence);
        }
        if is_whole_sentence(cause) {
            break;
        }
    }
    text
}

/// Whether the causes behind this one are not meant for people.
fn is_whole_sentence(cause: &(dyn Error + 'static)) -> bool {
    // The chain of an I/O error skips the error that it wraps.
    let inside = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    cause.is::<Reason>() || inside.is_some_and(|inside| inside.is::<Reason>())
}

/// `1 page`, `2 pages`.
pub(super) fn plural(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Creates a file that only this user may read, for personal data.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.is_file() {
        // An existing file keeps its mode, so set it; not every file system can.
        let _unchanged = file.set_permissions(Permissions::from_mode(0o600));
    }
    Ok(file)
}

pub(super) fn error(text: &str) {
    note(&format!("frontdesk: {text}"));
}

/// Whether standard output is a terminal.
pub(super) fn is_seen() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use crate::app::backup::BackupError;

    #[test]
    fn a_cause_that_a_sentence_tells_itself_is_not_told_twice() {
        let missing = || std::io::Error::from_raw_os_error(2);
        let io = BackupError::Io {
            what: "the file cannot be used".into(),
            source: missing(),
        };
        let shown = explain(&anyhow::Error::from(io));
        assert_eq!(shown.matches("os error 2").count(), 1, "{shown}");
        let outcome: Result<(), _> = Err(missing());
        let with = outcome.context("a cannot be read").unwrap_err();
        let shown = explain(&with);
        assert!(shown.starts_with("a cannot be read: ") && shown.contains("os error 2"));
    }

    #[test]
    fn what_is_behind_a_whole_sentence_is_not_told() {
        let missing = std::io::Error::from_raw_os_error(2);
        let error = crate::llm::LlmError::Unavailable(Reason::told("there is no model", missing));
        assert_eq!(explain(&anyhow::Error::from(error)), "there is no model");
    }

    #[test]
    fn one_is_one() {
        assert_eq!(plural(1_i64, "page", "pages"), "1 page");
        assert_eq!(plural(0_usize, "page", "pages"), "0 pages");
    }

    #[test]
    fn files_about_people_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("export.zip");
        std::fs::write(&path, "an older and longer one").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        for _ in 0..2 {
            private_file(&path).unwrap().write_all(b"new").unwrap();
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
            std::fs::remove_file(&path).unwrap();
        }
    }
}
