//! Reads the JSON description of a Piper voice: its sample rate, its pace, and the ids of its symbols.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::reason::Reason;

/// Marks around an utterance, and the one after each symbol.
const BEGIN: &str = "^";
const END: &str = "$";
const PAD: &str = "_";

#[derive(Debug, Clone, Deserialize)]
pub(super) struct VoiceFile {
    pub(super) audio: Audio,
    #[serde(default)]
    pub(super) inference: Inference,
    #[serde(default)]
    num_speakers: u32,
    phoneme_id_map: HashMap<String, Vec<i32>>,
    #[serde(default)]
    espeak: Espeak,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Audio {
    pub(super) sample_rate: u32,
}

/// How random the sound is, and the pace. The defaults are Piper's.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Inference {
    pub(super) noise_scale: f32,
    pub(super) length_scale: f32,
    pub(super) noise_w: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self {
            noise_scale: 0.667,
            length_scale: 1.0,
            noise_w: 0.8,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Espeak {
    #[serde(default)]
    voice: String,
}

impl VoiceFile {
    pub(super) fn read(path: &Path) -> Result<Self, Reason> {
        let wrong = |what: Reason| {
            let told = format!("{} does not describe a voice ({what})", path.display());
            Reason::told(told, what)
        };
        let bytes = std::fs::read(path).map_err(|e| wrong(Reason::of(e)))?;
        let file: Self = serde_json::from_slice(&bytes).map_err(|e| wrong(Reason::of(e)))?;
        file.check().map_err(wrong)?;
        Ok(file)
    }

    fn check(&self) -> Result<(), Reason> {
        if !(8_000..=48_000).contains(&self.audio.sample_rate) {
            return Err(format!("{} samples a second", self.audio.sample_rate).into());
        }
        for mark in [BEGIN, END, PAD] {
            if self.phoneme_id_map.get(mark).is_none_or(Vec::is_empty) {
                return Err(format!("it lacks the symbol {mark}").into());
            }
        }
        Ok(())
    }

    pub(super) fn has_many_speakers(&self) -> bool {
        self.num_speakers > 1
    }

    /// As an ISO 639-1 code; English if the description names none.
    pub(super) fn language(&self) -> String {
        let code = self.espeak.voice.split('-').next().unwrap_or_default();
        if code.is_empty() {
            "en".into()
        } else {
            code.into()
        }
    }

    /// Returns the ids of the symbols as the graph takes them, and how many symbols it does not know.
    pub(super) fn ids(&self, phonemes: &str) -> (Vec<i32>, usize) {
        let numbers = |symbol: &str| {
            self.phoneme_id_map
                .get(symbol)
                .map_or(&[][..], Vec::as_slice)
        };
        let mut ids = [numbers(BEGIN), numbers(PAD)].concat();
        let mut unknown = 0;
        for symbol in phonemes.chars() {
            let of = numbers(symbol.encode_utf8(&mut [0; 4]));
            if of.is_empty() {
                unknown += 1;
                continue;
            }
            ids.extend(of);
            ids.extend(numbers(PAD));
        }
        ids.extend(numbers(END));
        (ids, unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(json: serde_json::Value) -> Result<VoiceFile, Reason> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("voice.json");
        std::fs::write(&path, json.to_string()).unwrap();
        VoiceFile::read(&path)
    }

    fn small() -> serde_json::Value {
        serde_json::json!({
            "audio": {"sample_rate": 22_050},
            "espeak": {"voice": "en-us"},
            "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [14], "ː": [122], ".": [10]},
        })
    }

    #[test]
    fn each_symbol_is_followed_by_the_pad() {
        let voice = voice(small()).unwrap();
        assert_eq!(voice.ids("aː."), (vec![1, 0, 14, 0, 122, 0, 10, 0, 2], 0));
        assert_eq!(voice.ids("x☂a"), (vec![1, 0, 14, 0, 2], 2));
        assert_eq!(
            (voice.language().as_str(), voice.has_many_speakers()),
            ("en", false)
        );
    }

    #[test]
    fn a_description_that_lacks_something_is_refused() {
        let mut lacking = small();
        lacking["phoneme_id_map"]["_"] = serde_json::json!([]);
        assert!(voice(lacking).unwrap_err().contains("symbol _"));
        let mut slow = small();
        slow["audio"]["sample_rate"] = serde_json::json!(8);
        assert!(voice(slow).unwrap_err().contains("8 samples"));
        assert!(voice(serde_json::json!([1])).is_err());
    }
}
