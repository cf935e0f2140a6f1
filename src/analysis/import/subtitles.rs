//! Subtitles of a recorded call (SubRip, WebVTT), with who speaks as `<v Name>` or `Name:`.

use super::Line;
use crate::analysis::conversation::UnixMs;

fn timing(line: &str) -> Option<UnixMs> {
    let (from, to) = line.split_once("-->")?;
    to.trim_start()
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(())?;
    let mut ms = 0_i64;
    let (whole, fraction) = from.trim().split_once([',', '.'])?;
    for part in whole.split(':') {
        ms = ms * 60
            + part
                .parse::<i64>()
                .ok()
                .filter(|part| (0..100_000).contains(part))?;
    }
    let fraction = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    Some(ms * 1000 + fraction)
}

pub(super) fn is_subtitles(start: &str) -> bool {
    start.starts_with("WEBVTT") || start.lines().take(4).any(|line| timing(line).is_some())
}

/// Joins what one speaker says without interruption.
pub(super) fn read(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for cue in text.split("\n\n") {
        let mut rest = cue.lines().skip_while(|line| timing(line).is_none());
        let Some(at) = rest.next().and_then(timing) else {
            continue;
        };
        let shown = rest.collect::<Vec<_>>().join(" ");
        let (name, said) = speaker(&shown);
        match lines.last_mut() {
            Some(last) if last.name == name || name.is_none() => {
                last.text.push(' ');
                last.text.push_str(&said);
            }
            _ => lines.push(Line {
                name,
                who: None,
                at: Some(at),
                text: said,
            }),
        }
    }
    lines
}

fn speaker(shown: &str) -> (Option<String>, String) {
    if let Some((_, rest)) = shown.split_once("<v ")
        && let Some((name, said)) = rest.split_once('>')
    {
        return (Some(name.trim().to_owned()), without_tags(said));
    }
    let plain = without_tags(shown);
    match plain.split_once(": ") {
        // A name has few words and begins like one.
        Some((name, said))
            if name.split_whitespace().count() <= 3
                && name.chars().count() <= 40
                && name.starts_with(char::is_uppercase) =>
        {
            (
                Some(name.trim_start_matches("- ").to_owned()),
                said.to_owned(),
            )
        }
        _ => (None, plain),
    }
}

fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        kept.push_str(before);
        let Some((_, after)) = after.split_once('>') else {
            rest = after;
            break;
        };
        rest = after;
    }
    kept.push_str(rest);
    kept.trim().to_owned()
}
