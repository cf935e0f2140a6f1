//! A cache of sound for phrases that are said often.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

/// Size of the cache in bytes: about six minutes of sound.
const BYTES: usize = 16 << 20;
/// How many phrases are remembered that were said once.
const MENTIONS: usize = 512;
/// Longer phrases, in characters, are rarely said twice.
const LONGEST: usize = 80;

/// The key of the cache: phrases that agree in all of it sound the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Phrase {
    pub(super) voice: String,
    /// In thousandths of the voice's own pace.
    pub(super) pace: u32,
    pub(super) phonemes: String,
}

/// Sound of phrases that were said at least twice; the least recently used is evicted first.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    kept: HashMap<Phrase, (Bytes, u64)>,
    bytes: usize,
    clock: u64,
    mentioned: VecDeque<Phrase>,
}

impl Phrases {
    pub(super) fn find(&mut self, phrase: &Phrase) -> Option<Bytes> {
        self.clock += 1;
        let (sound, used) = self.kept.get_mut(phrase)?;
        *used = self.clock;
        Some(sound.clone())
    }

    /// Records that a phrase was said. It is kept from the second time on.
    pub(super) fn record(&mut self, phrase: Phrase, text: &str, sound: &Bytes) {
        if text.chars().count() > LONGEST || self.kept.contains_key(&phrase) {
            return;
        }
        let Some(at) = self.mentioned.iter().position(|p| *p == phrase) else {
            self.mentioned.push_back(phrase);
            if self.mentioned.len() > MENTIONS {
                self.mentioned.pop_front();
            }
            return;
        };
        self.mentioned.remove(at);
        self.clock += 1;
        self.bytes += sound.len();
        self.kept.insert(phrase, (sound.clone(), self.clock));
        while self.bytes > BYTES {
            let oldest = self.kept.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(phrase, _)| phrase.clone()) else {
                break;
            };
            if let Some((gone, _)) = self.kept.remove(&oldest) {
                self.bytes -= gone.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(phonemes: &str) -> Phrase {
        Phrase {
            voice: "joe".into(),
            pace: 1000,
            phonemes: phonemes.into(),
        }
    }

    #[test]
    fn what_is_said_twice_is_kept() {
        let mut phrases = Phrases::default();
        let sound = Bytes::from_static(b"sound");
        phrases.record(phrase("a"), "One moment.", &sound);
        assert_eq!(phrases.find(&phrase("a")), None);
        phrases.record(phrase("a"), "One moment.", &sound);
        assert_eq!(phrases.find(&phrase("a")), Some(sound.clone()));
        let faster = Phrase {
            pace: 1200,
            ..phrase("a")
        };
        assert_eq!(phrases.find(&faster), None);
        for _ in 0..2 {
            phrases.record(phrase("b"), &"long ".repeat(30), &sound);
        }
        assert_eq!(phrases.find(&phrase("b")), None);
    }

    #[test]
    fn the_one_that_was_not_asked_for_longest_makes_room() {
        let mut phrases = Phrases::default();
        let half = Bytes::from(vec![0; BYTES / 2]);
        for name in ["a", "b"] {
            phrases.record(phrase(name), name, &half);
            phrases.record(phrase(name), name, &half);
        }
        assert!(phrases.find(&phrase("a")).is_some());
        phrases.record(phrase("c"), "c", &half);
        phrases.record(phrase("c"), "c", &half);
        assert!(phrases.find(&phrase("b")).is_none());
        assert!(phrases.find(&phrase("a")).is_some() && phrases.find(&phrase("c")).is_some());
        assert!(phrases.bytes <= BYTES);
    }
}
