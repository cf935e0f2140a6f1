//! Printing. A closed pipe (`frontdesk … | head`) is no error.

use std::io::{IsTerminal, Write};

use serde::Serialize;

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

/// A moment from Unix milliseconds, to the minute, in the machine's time zone: `2026-05-03 16:47`.
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

/// Tells the person something while the data goes to standard output.
pub(super) fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _closed_pipe = writeln!(out, "{text}");
}

/// Prints an error.
pub(super) fn error(text: &str) {
    note(&format!("frontdesk: {text}"));
}

/// Whether a person watches.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}
