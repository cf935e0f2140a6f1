//! Subtitles of recordings (WebVTT, SubRip): keeps the words, drops the times.

use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, decode};

/// Whether the text begins like WebVTT, or with the first cue of a SubRip file.
pub(super) fn is_subtitles(start: &str, extension: &str) -> bool {
    start.starts_with("WEBVTT") || (extension == "srt" && start.lines().take(10).any(is_timing))
}

fn is_timing(line: &str) -> bool {
    line.split_once("-->").is_some_and(|(from, to)| {
        let is_time = |t: &str| t.trim_start().starts_with(|c: char| c.is_ascii_digit());
        is_time(from) && is_time(to)
    })
}

/// Makes one paragraph of what one speaker says without interruption.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, Some("utf-8")).replace("\r\n", "\n");
    let mut blocks = Blocks::new(limits);
    let (mut speaker, mut said) = (String::new(), String::new());
    for cue in text.split("\n\n") {
        // A line above the times is the cue's name; a block without times is a comment.
        let mut lines = cue.lines().skip_while(|line| !is_timing(line));
        if lines.next().is_none() {
            continue;
        }
        let shown = lines.collect::<Vec<_>>().join(" ");
        let who = shown
            .split_once("<v ")
            .and_then(|(_, rest)| rest.split_once('>'))
            .map_or("", |(name, _)| name);
        if who != speaker || ends_sentence(&said) {
            flush(&mut blocks, &speaker, &mut said)?;
            who.clone_into(&mut speaker);
        }
        said.push(' ');
        said.push_str(&strip_tags(&shown));
    }
    flush(&mut blocks, &speaker, &mut said)?;
    Ok(blocks.finish(Format::Subtitles))
}

fn ends_sentence(text: &str) -> bool {
    text.len() > 400 && text.trim_end().ends_with(['.', '?', '!', '。'])
}

fn flush(blocks: &mut Blocks, speaker: &str, said: &mut String) -> Result<(), ExtractError> {
    let text = std::mem::take(said);
    match speaker {
        "" => blocks.push(BlockKind::Paragraph, &text, None),
        _ if text.trim().is_empty() => Ok(()),
        name => blocks.push(
            BlockKind::Paragraph,
            &format!("{name}: {}", text.trim()),
            None,
        ),
    }
}

/// Removes `<v Ann>`, `<i>` and times within a cue.
fn strip_tags(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' if depth > 0 => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}
