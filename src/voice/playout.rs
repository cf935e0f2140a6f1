//! Paces outgoing sound, so that little of it waits on the caller's side, and tracks how much
//! of it was heard. Pure: times are arguments, in ms from the start of the call.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::speech::Clip;

/// How far sending may be ahead of what is heard, in ms.
const AHEAD_MS: u64 = 600;
/// Length of sound per message, in ms.
const PIECE_MS: u64 = 40;
/// How long a transport's report of what it played stays valid, in ms.
const TRUSTED_MS: u64 = 1000;

/// Sound to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub answer: u32,
    /// Signed 16-bit samples, little-endian, mono.
    pub pcm: Bytes,
    /// In Hz.
    pub rate: u32,
    /// When it will be heard, as far as we know.
    pub at: u64,
}

/// What happened while sending.
#[derive(Debug, Clone, PartialEq)]
pub enum Played {
    /// Send this.
    Piece(Piece),
    /// All sound of this answer was sent.
    Handed(u32),
    /// This answer was heard to its end; these were its words.
    Over(u32, String),
}

/// One utterance.
#[derive(Debug)]
struct Speech {
    answer: u32,
    clips: Vec<Clip>,
    /// No more clips will come.
    complete: bool,
    /// Next clip, and byte in it.
    next: (usize, usize),
    handed_ms: u64,
    /// Whether [`Played::Handed`] was returned.
    told: bool,
    /// When its first sample was sent.
    first_at: Option<u64>,
    /// When it began to be heard, as if without breaks: each hold moves it forward.
    started_at: u64,
    /// How many ms the transport says it has played, and when it said so.
    reported: Option<(u64, u64)>,
}

impl Speech {
    fn total_ms(&self) -> u64 {
        self.clips.iter().map(Clip::duration_ms).sum()
    }

    fn heard_ms(&self, now: u64) -> u64 {
        if self.first_at.is_none() {
            return 0;
        }
        let by_time = now.saturating_sub(self.started_at).min(self.handed_ms);
        match self.reported {
            Some((ms, at)) if now.saturating_sub(at) <= TRUSTED_MS => {
                (ms + now.saturating_sub(at)).min(self.handed_ms)
            }
            // The report is stale: go by time, but never far beyond the report.
            Some((ms, _)) => by_time.min(ms.max(by_time.saturating_sub(TRUSTED_MS))),
            None => by_time,
        }
    }
}

/// The queue of outgoing sound.
#[derive(Debug, Default)]
pub struct Playout {
    queue: VecDeque<Speech>,
    held_at: Option<u64>,
}

impl Playout {
    /// Begins an utterance, behind those already queued.
    pub fn begin(&mut self, answer: u32) {
        self.queue.push_back(Speech {
            answer,
            clips: Vec::new(),
            complete: false,
            next: (0, 0),
            handed_ms: 0,
            told: false,
            first_at: None,
            started_at: 0,
            reported: None,
        });
    }

    /// Adds a clause of an answer.
    pub fn add(&mut self, answer: u32, clip: Clip) {
        if let Some(speech) = self.find(answer) {
            speech.clips.push(clip);
        }
    }

    /// Marks an answer as complete.
    pub fn complete(&mut self, answer: u32) {
        if let Some(speech) = self.find(answer) {
            speech.complete = true;
        }
    }

    fn find(&mut self, answer: u32) -> Option<&mut Speech> {
        self.queue.iter_mut().find(|s| s.answer == answer)
    }

    /// The answer that is being spoken.
    pub fn current(&self) -> Option<u32> {
        self.queue.front().map(|s| s.answer)
    }

    /// Whether anything is being spoken, or about to be.
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether there is sound of the current answer.
    pub fn is_sounding(&self) -> bool {
        self.queue.front().is_some_and(|s| !s.clips.is_empty())
    }

    /// Handles the transport's report of what it has played.
    pub fn report(&mut self, answer: u32, ms: u64, now: u64) {
        if let Some(speech) = self.find(answer) {
            let ms = ms.min(speech.handed_ms);
            if speech.reported.is_none_or(|(before, _)| ms >= before) {
                speech.reported = Some((ms, now));
            }
        }
    }

    /// Stops sending.
    pub fn hold(&mut self, now: u64) {
        self.held_at.get_or_insert(now);
    }

    /// Resumes sending.
    pub fn go_on(&mut self, now: u64) {
        if let Some(since) = self.held_at.take() {
            for speech in &mut self.queue {
                if speech.first_at.is_some() {
                    speech.started_at += now.saturating_sub(since);
                }
            }
        }
    }

    /// The next thing to do; call it until it returns `None`.
    pub fn next(&mut self, now: u64) -> Option<Played> {
        if self.held_at.is_some() {
            return None;
        }
        let speech = self.queue.front_mut()?;
        let heard = speech.heard_ms(now);
        let (at, from) = speech.next;
        if let Some(clip) = speech.clips.get(at) {
            if speech.handed_ms >= heard + AHEAD_MS {
                return None;
            }
            if speech.first_at.is_none() {
                speech.first_at = Some(now);
                speech.started_at = now;
            } else if heard >= speech.handed_ms {
                // The queue ran dry: the next sound will be heard from now on.
                speech.started_at = now.saturating_sub(speech.handed_ms);
            }
            let at_ms = speech.started_at + speech.handed_ms;
            let rate = clip.rate.max(1);
            let bytes = usize::try_from(u64::from(rate) * PIECE_MS / 1000 * 2).unwrap_or(2);
            let end = (from + bytes).min(clip.pcm.len() / 2 * 2);
            let pcm = clip.pcm.slice(from.min(end)..end);
            speech.next = if end + 1 >= clip.pcm.len() {
                (at + 1, 0)
            } else {
                (at, end)
            };
            let before: u64 = speech.clips.iter().take(at).map(Clip::duration_ms).sum();
            speech.handed_ms = before + (end as u64 / 2) * 1000 / u64::from(rate);
            return Some(Played::Piece(Piece {
                answer: speech.answer,
                pcm,
                rate,
                at: at_ms,
            }));
        }
        if !speech.complete {
            return None;
        }
        if !speech.told {
            speech.told = true;
            return Some(Played::Handed(speech.answer));
        }
        // Reports may be late or lost; do not wait for them much longer than the sound lasts.
        let by_time = now.saturating_sub(speech.started_at);
        if heard >= speech.total_ms() || by_time >= speech.total_ms() + 2 * TRUSTED_MS {
            let text = speech.clips.iter().map(|c| c.text.as_str()).collect();
            let answer = speech.answer;
            self.queue.pop_front();
            return Some(Played::Over(answer, text));
        }
        None
    }

    /// How much of this answer was heard, in ms; 0 for an unknown one.
    pub fn heard_ms(&self, answer: u32, now: u64) -> u64 {
        let now = self.held_at.unwrap_or(now);
        self.queue
            .iter()
            .find(|s| s.answer == answer)
            .map_or(0, |s| s.heard_ms(now))
    }

    /// The words of this answer that were heard: whole clauses, and of an interrupted clause as many whole words
    /// as its share of the time suggests.
    pub fn heard_text(&self, answer: u32, now: u64) -> String {
        let now = self.held_at.unwrap_or(now);
        let Some(speech) = self.queue.iter().find(|s| s.answer == answer) else {
            return String::new();
        };
        let mut left = speech.heard_ms(now);
        let mut text = String::new();
        for clip in &speech.clips {
            let duration = clip.duration_ms().max(1);
            if left >= duration {
                text.push_str(&clip.text);
                left -= duration;
                continue;
            }
            let chars = clip.text.chars().count() as u64 * left / duration;
            let cut: String = clip
                .text
                .chars()
                .take(usize::try_from(chars).unwrap_or(usize::MAX))
                .collect();
            if let Some(end) = cut.rfind(char::is_whitespace) {
                text.push_str(&cut[..end]);
            }
            break;
        }
        text.trim().to_owned()
    }

    /// All queued words, heard or not: what an echo would contain.
    pub fn words(&self) -> String {
        self.queue
            .iter()
            .flat_map(|s| s.clips.iter().map(|c| c.text.as_str()))
            .collect()
    }

    /// Level of what is being heard now, 0 to 1.
    pub fn level(&self, now: u64) -> f32 {
        let Some(speech) = self.queue.front() else {
            return 0.0;
        };
        if self.held_at.is_some() || speech.first_at.is_none() {
            return 0.0;
        }
        let mut at = now.saturating_sub(speech.started_at);
        for clip in &speech.clips {
            let duration = clip.duration_ms();
            if at < duration {
                let per_ms = u64::from(clip.rate) * 2 / 1000;
                let from = usize::try_from(at * per_ms / 2 * 2).unwrap_or(0);
                let to =
                    (from + usize::try_from(16 * per_ms).unwrap_or(0) / 2 * 2).min(clip.pcm.len());
                let samples = super::listener::samples(clip.pcm.get(from..to).unwrap_or(&[]));
                let sum: f32 = samples.iter().map(|s| s.abs()).sum();
                return sum / samples.len().max(1) as f32;
            }
            at -= duration;
        }
        0.0
    }

    /// Drops everything; returns the numbers of the answers.
    pub fn clear(&mut self) -> Vec<u32> {
        self.held_at = None;
        self.queue.drain(..).map(|s| s.answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(text: &str, ms: usize) -> Clip {
        Clip {
            text: text.into(),
            pcm: vec![1; ms * 16 * 2].into(),
            rate: 16_000,
        }
    }

    fn send_all(playout: &mut Playout, now: u64) -> (u64, Vec<Played>) {
        let (mut ms, mut other) = (0, Vec::new());
        while let Some(played) = playout.next(now) {
            match played {
                Played::Piece(piece) => ms += piece.pcm.len() as u64 / 32,
                more => other.push(more),
            }
        }
        (ms, other)
    }

    #[test]
    fn hands_over_a_little_ahead_and_ends_when_it_was_heard() {
        let mut playout = Playout::default();
        playout.begin(1);
        playout.add(1, clip("One two three four.", 2000));
        playout.complete(1);
        assert_eq!(send_all(&mut playout, 0).0, 600);
        assert_eq!(send_all(&mut playout, 400).0, 400);
        assert_eq!(send_all(&mut playout, 800).0, 400);
        assert_eq!(send_all(&mut playout, 1390), (600, vec![Played::Handed(1)]));
        assert_eq!(send_all(&mut playout, 1999).1, []);
        assert_eq!(
            send_all(&mut playout, 2000).1,
            [Played::Over(1, "One two three four.".into())]
        );
        assert!(!playout.is_busy());
    }

    #[test]
    fn a_hold_stops_the_clock() {
        let mut playout = Playout::default();
        playout.begin(1);
        playout.add(1, clip("One two three four.", 2000));
        playout.complete(1);
        send_all(&mut playout, 0);
        playout.hold(500);
        assert_eq!(send_all(&mut playout, 3000).0, 0);
        assert_eq!(playout.heard_ms(1, 3000), 500);
        playout.go_on(3000);
        assert_eq!(playout.heard_ms(1, 3100), 600);
    }

    #[test]
    fn heard_text_ends_at_a_word() {
        let mut playout = Playout::default();
        playout.begin(1);
        playout.add(1, clip("First clause,", 500));
        playout.add(1, clip(" second clause here.", 1000));
        send_all(&mut playout, 0);
        send_all(&mut playout, 600);
        assert_eq!(playout.heard_text(1, 100), "");
        assert_eq!(playout.heard_text(1, 510), "First clause,");
        assert_eq!(playout.heard_text(1, 1100), "First clause, second");
    }

    #[test]
    fn what_the_transport_reports_counts() {
        let mut playout = Playout::default();
        playout.begin(1);
        playout.add(1, clip("One two three four.", 2000));
        send_all(&mut playout, 0);
        playout.report(1, 100, 500);
        assert_eq!(playout.heard_ms(1, 500), 100);
        assert_eq!(playout.heard_ms(1, 700), 300);
    }
}
