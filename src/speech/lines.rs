//! Splits the tokens of a window into lines (what Whisper put between two timestamps) and words.

use super::hearing::Token;

/// A stretch of text with its times in ms from the start of the window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SubtitleLine {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) tokens: Vec<Token>,
}

/// A word with its times in ms from the start of the window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimedWord {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) text: String,
    pub(super) probability: f32,
}

impl SubtitleLine {
    pub(super) fn text(&self) -> String {
        join_text(&self.tokens)
    }

    pub(super) fn avg_logprob(&self) -> f32 {
        self.tokens.iter().map(|token| token.logprob).sum::<f32>() / self.tokens.len().max(1) as f32
    }
}

/// Splits at the timestamps. Text after the last one lasts until `end_ms`.
pub(super) fn lines(tokens: &[Token], end_ms: u64) -> Vec<SubtitleLine> {
    let mut lines: Vec<SubtitleLine> = Vec::new();
    let mut start_ms = 0;
    let mut text: Vec<Token> = Vec::new();
    for token in tokens {
        match token.stamp_ms {
            None => text.push(token.clone()),
            Some(stamp) => {
                let stamp = stamp.clamp(start_ms, end_ms.max(start_ms));
                if !text.is_empty() {
                    let tokens = std::mem::take(&mut text);
                    lines.push(SubtitleLine {
                        start_ms,
                        end_ms: stamp,
                        tokens,
                    });
                }
                start_ms = stamp;
            }
        }
    }
    if !text.is_empty() {
        lines.push(SubtitleLine {
            start_ms,
            end_ms: end_ms.max(start_ms),
            tokens: text,
        });
    }
    // After the last word the model tends to repeat the last sentence.
    while lines.last().is_some_and(|line| is_unsayable(line, end_ms)) {
        lines.pop();
    }
    // The model writes musical notes and dots for sounds without words.
    lines.retain(|line| line.text().contains(char::is_alphanumeric));
    lines
}

/// Whether a line is too long for the time from its start to the end of the sound. Fast speech has
/// 20 characters a second; the slack of a word or two allows for the model's rough times.
fn is_unsayable(line: &SubtitleLine, end_ms: u64) -> bool {
    let seconds = end_ms.saturating_sub(line.start_ms) as f32 / 1000.0;
    line.text().chars().count() as f32 > 14.0 + seconds * 30.0
}

/// Splits a line into words. A word begins with a space; scripts without spaces get one word per
/// token that completes a character. Times come from the alignment, up to `limit_ms`; without one,
/// each word gets a share of the line's time by its length.
pub(super) fn words(line: &SubtitleLine, limit_ms: u64) -> Vec<TimedWord> {
    let groups = group_by_word(&line.tokens);
    let mut words = Vec::new();
    if line.tokens.iter().all(|token| token.aligned_ms.is_some()) {
        let mut earliest = line.start_ms;
        for tokens in &groups {
            let end = spoken_end_ms(tokens)
                .unwrap_or(0)
                .clamp(earliest, limit_ms.max(earliest));
            let start = end.saturating_sub(longest_ms(tokens)).max(earliest);
            words.push(time_word(tokens, start, end));
            earliest = end;
        }
    } else {
        let total: usize = groups.iter().map(|group| weigh(group)).sum();
        let span = line.end_ms.saturating_sub(line.start_ms);
        let at = |units: usize| line.start_ms + span * units as u64 / total.max(1) as u64;
        let mut said = 0;
        for tokens in &groups {
            words.push(time_word(tokens, at(said), at(said + weigh(tokens))));
            said += weigh(tokens);
        }
    }
    words.retain(|word| !word.text.is_empty());
    words
}

fn time_word(tokens: &[Token], start_ms: u64, end_ms: u64) -> TimedWord {
    let probability = tokens
        .iter()
        .map(|token| token.probability)
        .fold(1.0, f32::min);
    TimedWord {
        start_ms,
        end_ms,
        text: join_text(tokens),
        probability,
    }
}

/// When the last sound of a word ended. Punctuation does not count: the alignment puts it into the
/// pause after the word.
fn spoken_end_ms(tokens: &[Token]) -> Option<u64> {
    let sounds = |token: &&Token| {
        String::from_utf8_lossy(&token.bytes)
            .contains(|c: char| c.is_alphanumeric() || c == '\u{fffd}')
    };
    tokens
        .iter()
        .rev()
        .find(sounds)
        .or(tokens.first())
        .and_then(|token| token.aligned_ms)
}

/// How long a word of this length lasts when it is spoken slowly, in ms. The alignment only knows
/// where words end; anything beyond this is a pause before the word.
fn longest_ms(tokens: &[Token]) -> u64 {
    150 + 90 * join_text(tokens).chars().count() as u64
}

/// Groups tokens by word.
fn group_by_word(tokens: &[Token]) -> Vec<Vec<Token>> {
    let mut groups: Vec<Vec<Token>> = Vec::new();
    for token in tokens {
        let joins = groups.last().is_some_and(|word| {
            let so_far: Vec<u8> = word.iter().flat_map(|part| part.bytes.clone()).collect();
            match (
                std::str::from_utf8(&so_far),
                std::str::from_utf8(&token.bytes),
            ) {
                (Ok(before), Ok(next)) => continues_word(before, next),
                // Half a character on either side: keep it with its other half.
                _ => !token.bytes.starts_with(b" "),
            }
        });
        match groups.last_mut() {
            Some(word) if joins => word.push(token.clone()),
            _ => groups.push(vec![token.clone()]),
        }
    }
    groups
}

/// Whether `next` continues the word `before`.
fn continues_word(before: &str, next: &str) -> bool {
    let Some(first) = next.chars().next() else {
        return true;
    };
    if first.is_whitespace() {
        return false;
    }
    let last = before.chars().next_back();
    !first.is_alphanumeric() || !(is_unspaced(first) || last.is_some_and(is_unspaced))
}

/// Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, kana and Han.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Roughly how long a word takes to say: its characters, plus one for the pause.
fn weigh(tokens: &[Token]) -> usize {
    join_text(tokens).chars().count() + 1
}

fn join_text(tokens: &[Token]) -> String {
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| token.bytes.iter().copied())
        .collect();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Token {
        token(text.as_bytes(), None, None)
    }

    fn stamp(ms: u64) -> Token {
        token(b"[_TT_]", Some(ms), None)
    }

    fn token(bytes: &[u8], stamp_ms: Option<u64>, aligned_ms: Option<u64>) -> Token {
        let bytes = bytes.to_vec();
        Token {
            id: 7,
            logprob: -0.2,
            probability: 0.8,
            bytes,
            stamp_ms,
            aligned_ms,
        }
    }

    fn line(tokens: Vec<Token>) -> SubtitleLine {
        SubtitleLine {
            start_ms: 1000,
            end_ms: 3000,
            tokens,
        }
    }

    fn texts(tokens: Vec<Token>) -> Vec<String> {
        words(&line(tokens), 5000)
            .into_iter()
            .map(|word| word.text)
            .collect()
    }

    #[test]
    fn timestamps_end_and_begin_lines() {
        let tokens = [
            stamp(0),
            word(" Hello."),
            stamp(900),
            stamp(1200),
            word(" Good"),
            word(" bye."),
        ];
        let lines = lines(&tokens, 2500);
        let seen: Vec<_> = lines
            .iter()
            .map(|line| (line.start_ms, line.end_ms, line.text()))
            .collect();
        assert_eq!(
            seen,
            [(0, 900, "Hello.".into()), (1200, 2500, "Good bye.".into())]
        );
    }

    #[test]
    fn timestamps_beyond_the_window_are_drawn_back() {
        let lines = lines(&[stamp(0), word(" Yes."), stamp(9000)], 1500);
        assert_eq!(lines[0].end_ms, 1500);
    }

    #[test]
    fn a_sentence_in_the_last_moment_is_an_echo() {
        let tokens = [
            stamp(0),
            word(" The leader has left the conference."),
            stamp(1900),
            word(" The leader has left the conference."),
            stamp(2200),
        ];
        assert_eq!(lines(&tokens, 2200).len(), 1);
        assert_eq!(lines(&tokens, 4200).len(), 2);
    }

    #[test]
    fn sounds_without_words_give_no_line() {
        assert!(lines(&[stamp(0), word(" \u{266a}\u{266a}"), stamp(900)], 1000).is_empty());
    }

    #[test]
    fn a_word_begins_with_a_space() {
        let tokens = vec![
            word(" Hof"),
            word("mann"),
            word(","),
            word(" it"),
            word("'s"),
        ];
        assert_eq!(texts(tokens), ["Hofmann,", "it's"]);
    }

    #[test]
    fn halves_of_a_character_stay_together() {
        let tokens = vec![
            token(b" caf\xc3", None, None),
            token(b"\xa9", None, None),
            word(" au"),
        ];
        assert_eq!(texts(tokens), ["café", "au"]);
    }

    #[test]
    fn scripts_without_spaces_are_split_by_token() {
        assert_eq!(
            texts(vec![word("今日"), word("は"), word("。"), word("雨")]),
            ["今日", "は。", "雨"]
        );
    }

    #[test]
    fn time_is_shared_by_length_without_an_alignment() {
        let words = words(
            &line(vec![word(" one"), word(" sixteen"), word(" two")]),
            5000,
        );
        assert_eq!(words[0].start_ms, 1000);
        assert_eq!(words[1].start_ms, words[0].end_ms);
        assert_eq!(words[2].end_ms, 3000);
        assert!(words[1].end_ms - words[1].start_ms > words[0].end_ms - words[0].start_ms);
    }

    #[test]
    fn an_alignment_says_where_words_end() {
        let tokens = vec![
            token(b" one", None, Some(1300)),
            token(b",", None, Some(1900)),
            token(b" two", None, Some(2500)),
            token(b" three", None, Some(2400)),
            token(b" four", None, Some(9000)),
        ];
        let words = words(&line(tokens), 4000);
        let times: Vec<_> = words
            .iter()
            .map(|word| (word.start_ms, word.end_ms))
            .collect();
        assert_eq!(
            times,
            [(1000, 1300), (2080, 2500), (2500, 2500), (3490, 4000)]
        );
    }
}
