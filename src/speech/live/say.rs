//! The speaking thread: turns phonemes into sound, clause by clause, with a Piper voice (VITS).

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::cache::{Phrase, Phrases};
use super::process::Answers;
use super::protocol::{Event, VoiceFiles};
use super::voice_file::VoiceFile;
use super::{Clip, SpeakRequest, sound};
use crate::reason::Reason;
use crate::speech::spoken::{self, Clause};

/// The most symbols that are computed at once; a longer clause is cut at a space. This bounds memory and
/// the time that other requests wait.
const AT_ONCE: usize = 280;
/// Silence after a sentence, after a comma, and after a clause without a mark, in ms.
const SENTENCE_MS: f32 = 260.0;
const COMMA_MS: f32 = 130.0;
const BARE_MS: f32 = 40.0;

pub(super) struct Speaker {
    model: Model,
    file: VoiceFile,
    ids: NodeId,
    lengths: NodeId,
    scales: NodeId,
    output: NodeId,
}

impl Speaker {
    /// Reads a voice and runs it once, so that the first caller does not wait for warm-up.
    fn load(files: &VoiceFiles, threads: &Arc<ThreadPool>) -> Result<Self, Reason> {
        let file = VoiceFile::read(&files.config)?;
        let wrong = |what: Reason| {
            let told = format!("the voice {} cannot speak ({what})", files.voice.name);
            Reason::told(told, what)
        };
        if file.has_many_speakers() {
            let what = "it has several speakers, which Frontdesk does not support";
            return Err(wrong(what.into()));
        }
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(&files.model)
            .map_err(|e| wrong(Reason::of(e)))?;
        let node = |name: &str| model.node_id(name).map_err(|e| wrong(Reason::of(e)));
        let speaker = Self {
            ids: node("input")?,
            lengths: node("input_lengths")?,
            scales: node("scales")?,
            output: *model
                .output_ids()
                .first()
                .ok_or_else(|| wrong("it has no output".into()))?,
            file,
            model,
        };
        speaker.run("ə.", 1.0, threads).map_err(wrong)?;
        Ok(speaker)
    }

    /// Computes the raw sound of phonemes.
    fn run(
        &self,
        phonemes: &str,
        speed: f32,
        threads: &Arc<ThreadPool>,
    ) -> Result<Vec<f32>, Reason> {
        let (ids, unknown) = self.file.ids(phonemes);
        if unknown > 0 {
            tracing::debug!(unknown, phonemes, "symbols that the voice does not know");
        }
        let how = &self.file.inference;
        let pace = how.length_scale / speed;
        let count = ids.len();
        let length = NdTensor::from_data([1], vec![i32::try_from(count).unwrap_or(i32::MAX)]);
        let inputs = vec![
            (
                self.ids,
                ValueOrView::from(NdTensor::from_data([1, count], ids)),
            ),
            (self.lengths, ValueOrView::from(length)),
            (
                self.scales,
                ValueOrView::from(NdTensor::from_data(
                    [3],
                    vec![how.noise_scale, pace, how.noise_w],
                )),
            ),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(threads)));
        let run = || self.model.run_n(inputs, [self.output], Some(options));
        let [value] = catch_unwind(AssertUnwindSafe(run))
            .map_err(|_| "it cannot compute this text")?
            .map_err(Reason::of)?;
        let value: Tensor<f32> = value.try_into().map_err(|_| "it returned no sound")?;
        Ok(value.to_vec())
    }

    /// Computes a clause as it is played, with its pause.
    fn speak(
        &self,
        part: &Part,
        speed: f32,
        threads: &Arc<ThreadPool>,
    ) -> Result<Vec<f32>, Reason> {
        let rate = self.file.audio.sample_rate;
        let mut spoken = sound::polish(&self.run(&part.phonemes, speed, threads)?, rate);
        if !spoken.is_empty() {
            // Fast speech has shorter pauses; slow speech does not get more than twice as long ones.
            let pause = part.pause_ms / speed.max(0.5) * rate as f32 / 1000.0;
            spoken.resize(spoken.len() + pause as usize, 0.0);
        }
        Ok(spoken)
    }
}

/// The voices, loaded on first use.
pub(super) struct Choir {
    files: Vec<VoiceFiles>,
    loaded: HashMap<String, Speaker>,
    threads: Arc<ThreadPool>,
    phrases: Phrases,
}

impl Choir {
    /// Loads the first voice and the pronouncing dictionary.
    pub(super) fn load(files: Vec<VoiceFiles>, threads: u16) -> Result<Self, Reason> {
        let first = files.first().map(|f| f.voice.name.clone());
        let mut choir = Self {
            files,
            loaded: HashMap::new(),
            threads: Arc::new(ThreadPool::with_num_threads(usize::from(threads.max(1)))),
            phrases: Phrases::default(),
        };
        let first = first.ok_or("there is no voice")?;
        choir.get(&first)?;
        spoken::clauses("One moment, please.", &[]);
        Ok(choir)
    }

    fn get(&mut self, name: &str) -> Result<&Speaker, Reason> {
        let missing = || Reason::from(format!("there is no voice named `{name}`"));
        if !self.loaded.contains_key(name) {
            let files = self.files.iter().find(|f| f.voice.name == name);
            let speaker = Speaker::load(files.ok_or_else(missing)?, &self.threads)?;
            self.loaded.insert(name.to_owned(), speaker);
        }
        self.loaded.get(name).ok_or_else(missing)
    }

    fn say(&mut self, voice: &str, speed: f32, part: &Part) -> Result<Clip, Reason> {
        let threads = Arc::clone(&self.threads);
        let phrase = Phrase {
            voice: voice.to_owned(),
            pace: (speed * 1000.0) as u32,
            // The pause is part of the sound, so it is part of the key.
            phonemes: format!("{}|{}", part.phonemes, part.pause_ms),
        };
        let speaker = self.get(voice)?;
        let rate = speaker.file.audio.sample_rate;
        let clip = |pcm| Clip {
            text: part.text.clone(),
            pcm,
            rate,
        };
        if let Some(pcm) = self.phrases.find(&phrase) {
            return Ok(clip(pcm));
        }
        let speaker = self.get(voice)?;
        let pcm = sound::pcm(&speaker.speak(part, speed, &threads)?, 0);
        self.phrases.record(phrase, &part.text, &pcm);
        Ok(clip(pcm))
    }
}

/// A part of a request that is computed at once.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    text: String,
    phonemes: String,
    pause_ms: f32,
}

/// What is left to say for a request.
#[derive(Debug)]
struct Speech {
    id: u64,
    voice: String,
    speed: f32,
    parts: VecDeque<Part>,
    /// Parts that were computed.
    said: usize,
}

impl Speech {
    fn of(id: u64, request: SpeakRequest) -> Self {
        let clauses = spoken::clauses(&request.text, &request.lexicon);
        Self {
            id,
            voice: request.voice.unwrap_or_default(),
            speed: request.speed,
            parts: cut_parts(clauses),
            said: 0,
        }
    }
}

/// Cuts clauses into parts. Text without sound is added to its neighbour, so that the texts in order make
/// up the whole; the last part has no pause.
fn cut_parts(clauses: Vec<Clause>) -> VecDeque<Part> {
    let mut parts: VecDeque<Part> = VecDeque::new();
    let mut silent = String::new();
    for clause in clauses {
        if clause.phonemes.trim().is_empty() {
            match parts.back_mut() {
                Some(last) => last.text.push_str(&clause.text),
                None => silent.push_str(&clause.text),
            }
            continue;
        }
        let mut text = std::mem::take(&mut silent) + &clause.text;
        for phonemes in cut_phonemes(&clause.phonemes) {
            let pause_ms = pause_after(&phonemes);
            parts.push_back(Part {
                text: std::mem::take(&mut text),
                phonemes,
                pause_ms,
            });
        }
    }
    if let Some(last) = parts.back_mut() {
        last.pause_ms = 0.0;
    }
    parts
}

/// Cuts phonemes into pieces of at most [`AT_ONCE`] symbols, at spaces if there are any.
fn cut_phonemes(phonemes: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut length = 0;
    for word in phonemes.split_inclusive(' ') {
        for (index, symbol) in word.chars().enumerate() {
            let whole = word.chars().count().min(AT_ONCE);
            if length >= AT_ONCE || (index == 0 && length + whole > AT_ONCE) {
                pieces.push(String::new());
                length = 0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(symbol);
            }
            length += 1;
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

fn pause_after(phonemes: &str) -> f32 {
    match phonemes.trim_end().chars().next_back() {
        Some('.' | '?' | '!' | '…') => SENTENCE_MS,
        Some(',' | ';' | ':' | '—') => COMMA_MS,
        _ => BARE_MS,
    }
}

/// Chooses whose turn it is: the request that has been served least, so that new requests begin at once
/// and a long one does not block the others.
fn choose_next(speeches: &[Speech]) -> Option<usize> {
    (0..speeches.len()).min_by_key(|&i| speeches.get(i).map(|s| s.said))
}

/// Speaks until the process ends.
pub(super) fn run(
    asked: &mpsc::Receiver<(u64, SpeakRequest)>,
    mut choir: Choir,
    answers: &Answers,
) -> std::io::Result<()> {
    let mut speeches: Vec<Speech> = Vec::new();
    loop {
        if speeches.is_empty() {
            let Ok((id, request)) = asked.recv() else {
                return Ok(());
            };
            speeches.extend(begin(id, request, answers)?);
        }
        // Between parts, so that a new request gets its turn soon.
        while let Ok((id, request)) = asked.try_recv() {
            speeches.extend(begin(id, request, answers)?);
        }
        let Some(speech) = choose_next(&speeches).and_then(|i| speeches.get_mut(i)) else {
            continue;
        };
        let id = speech.id;
        let part = speech
            .parts
            .pop_front()
            .filter(|_| !answers.is_cancelled(id));
        let Some(part) = part else {
            speeches.retain(|s| s.id != id);
            answers.end(id)?;
            continue;
        };
        speech.said += 1;
        match choir.say(&speech.voice, speech.speed, &part) {
            // Cancelled meanwhile (the next round ends it), or nothing to hear.
            Ok(clip) if answers.is_cancelled(id) || clip.pcm.is_empty() => {}
            Ok(clip) => answers.send_part(id, &Event::Clip(clip))?,
            Err(reason) => {
                speeches.retain(|s| s.id != id);
                answers.send_last(id, &Event::Broken(reason))?;
            }
        }
    }
}

/// Cuts a request into parts. A panic over the text rejects this request only.
fn begin(id: u64, request: SpeakRequest, answers: &Answers) -> std::io::Result<Option<Speech>> {
    match catch_unwind(AssertUnwindSafe(|| Speech::of(id, request))) {
        Ok(speech) => Ok(Some(speech)),
        Err(_) => {
            let reason = "this text cannot be read out".into();
            answers.send_last(id, &Event::Rejected(reason))?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(text: &str, phonemes: &str) -> Clause {
        Clause {
            text: text.into(),
            phonemes: phonemes.into(),
        }
    }

    #[test]
    fn all_parts_make_the_whole_text_and_only_what_sounds_is_spoken() {
        let parts = cut_parts(vec![
            clause("* ", ""),
            clause("Yes, ", "jɛs,"),
            clause("[1] ", " "),
            clause("we do.", "wiː duː."),
            clause(" ☂", ""),
        ]);
        let texts: Vec<_> = parts.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts, ["* Yes, [1] ", "we do. ☂"]);
        let pauses: Vec<_> = parts.iter().map(|p| p.pause_ms).collect();
        assert_eq!(pauses, [COMMA_MS, 0.0]);
        assert!(cut_parts(vec![clause("☂", "")]).is_empty());
    }

    #[test]
    fn what_is_too_long_is_cut_at_spaces_or_anywhere() {
        let long = "abc ".repeat(200);
        let cut = cut_phonemes(&long);
        assert!(
            cut.iter()
                .all(|p| p.chars().count() <= AT_ONCE && p.starts_with("abc")),
            "{cut:?}"
        );
        assert_eq!(cut.concat(), long);
        let endless = "a".repeat(1000);
        let cut = cut_phonemes(&endless);
        assert!(cut.iter().all(|p| p.chars().count() <= AT_ONCE));
        assert_eq!(cut.concat(), endless);
        assert!(cut_phonemes("  ").is_empty());
    }

    #[test]
    fn who_has_got_least_is_next() {
        let speech = |id, said| Speech {
            id,
            voice: String::new(),
            speed: 1.0,
            parts: VecDeque::new(),
            said,
        };
        let speeches = [speech(1, 5), speech(2, 1), speech(3, 1)];
        assert_eq!(choose_next(&speeches), Some(1));
        assert_eq!(choose_next(&[]), None);
    }
}
