//! Ends of turns: each recording is one turn. It is played frame by frame, with silence behind it, to what
//! a call listens with; the clock is the sound's own, and engines take as long as the command line says.

use std::collections::BTreeMap;
use std::fmt::Write;

use frontdesk::speech::live::LiveEngine;
use frontdesk::speech::{Ears, FRAME, SAMPLE_RATE, Utterance, VoiceDetector};
use frontdesk::voice::{Decision, FRAME_MS, Fact, Floor, Listener, TurnSettings, TurnTaker};
use serde::Serialize;

use super::{Args, Engines, ms, pcm, percent, sound};
use crate::score::{End, Recording, Verdict, quantile};

/// Silence behind a recording.
const SILENCE: usize = 4 * SAMPLE_RATE as usize;
/// An end so shortly before the last voice is none in the middle of the speech, in ms: voices fade.
const TOLERANCE: u64 = 200;
/// Until so long after an end, in ms, an answer has not begun to sound: whoever goes on speaking is
/// understood as a whole.
const UNANSWERED: u64 = 700;

#[derive(Debug, Serialize)]
struct Turn {
    audio: String,
    condition: String,
    #[serde(flatten)]
    end: End,
    verdict: Verdict,
    /// The speech went on before an answer sounded, so the end did no harm.
    mended: bool,
    pauses: Vec<Pause>,
}

/// A pause that was considered.
#[derive(Debug, Clone, Serialize)]
struct Pause {
    at: u64,
    likely: Option<f32>,
    words: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    turns: Vec<Turn>,
}

pub(super) async fn measure(
    args: &Args,
    engines: &Engines,
    recordings: &[Recording],
) -> anyhow::Result<Report> {
    let mut turns = Vec::new();
    for recording in recordings {
        let (_, samples) = sound(args, recording).await?;
        let play = play(args, &engines.live, &samples).await?;
        turns.push(Turn {
            audio: recording.audio.clone(),
            condition: recording.condition.clone(),
            end: play.end,
            verdict: play.end.verdict(args.ceiling, TOLERANCE),
            mended: play.mended,
            pauses: play.pauses,
        });
    }
    Ok(Report { turns })
}

struct Play {
    end: End,
    mended: bool,
    pauses: Vec<Pause>,
}

/// What becomes known of a pause, and when.
struct Later {
    at: u64,
    pause: u32,
    known: Known,
}

enum Known {
    Words(String),
    End(Option<f32>),
}

async fn play(args: &Args, live: &LiveEngine, samples: &[f32]) -> anyhow::Result<Play> {
    let mut line = samples.to_vec();
    line.resize(samples.len() + SILENCE, 0.0);
    let line = pcm(&line);
    let mut listener = Listener::default();
    let mut taker = TurnTaker::new(TurnSettings::default(), true);
    let mut later: Vec<Later> = Vec::new();
    let mut play = Play {
        end: End {
            spoken_until: last_voice(samples),
            taken_at: None,
            last_at: None,
        },
        mended: false,
        pauses: Vec::new(),
    };
    for (index, bytes) in line.chunks(FRAME * 2).enumerate() {
        let now = (index as u64 + 1) * FRAME_MS;
        let mut decisions = Vec::new();
        while let Some(due) = later.iter().position(|l| l.at <= now) {
            let due = later.swap_remove(due);
            let fact = match &due.known {
                Known::Words(text) => Fact::Heard(due.pause, text),
                Known::End(likely) => Fact::TurnEnd(due.pause, *likely),
            };
            decisions.extend(taker.take(fact, now));
        }
        listener.feed(bytes);
        if let Some(frame) = listener.next_frame() {
            decisions.extend(taker.take(Fact::Frame(frame.score), now));
        }
        for decision in decisions {
            match decision {
                Decision::Started => listener.open(),
                Decision::Consider(pause) => {
                    let likely = live.turn_end(listener.tail()).await.ok();
                    let utterance = Utterance {
                        pcm: listener.turn(),
                        language: Some("en".into()),
                        ..Utterance::default()
                    };
                    let words = live.hear(utterance).await?.text;
                    play.pauses.push(Pause {
                        at: now,
                        likely,
                        words: words.clone(),
                    });
                    let known = Known::End(likely);
                    later.push(Later {
                        at: now + args.turn_ms,
                        pause,
                        known,
                    });
                    let known = Known::Words(words);
                    later.push(Later {
                        at: now + args.words_ms,
                        pause,
                        known,
                    });
                }
                Decision::Ended(_) => {
                    play.end.taken_at.get_or_insert(now);
                    play.end.last_at = Some(now);
                    listener.close();
                    taker.set_floor(Floor::Thinking);
                }
                Decision::Nothing => listener.close(),
                Decision::Merge => {
                    let taken = play.end.last_at.unwrap_or(now);
                    play.mended |= now <= taken + UNANSWERED;
                }
                Decision::GoesOn | Decision::Pause | Decision::Resume | Decision::Cancel => {}
            }
        }
    }
    Ok(play)
}

/// When the last voice ended: the last of at least six frames in ten that score as voice.
fn last_voice(samples: &[f32]) -> Option<u64> {
    let mut detector = VoiceDetector::default();
    let voice: Vec<bool> = samples
        .chunks(FRAME)
        .map(|f| detector.score(f) >= 0.5)
        .collect();
    let sure = |end: usize| {
        let from = end.saturating_sub(9);
        let ten = voice.get(from..=end).unwrap_or_default();
        ten.iter().filter(|v| **v).count() >= 6
    };
    let last = (0..voice.len())
        .rev()
        .find(|&i| voice.get(i) == Some(&true) && sure(i))?;
    Some((last as u64 + 1) * FRAME_MS)
}

impl Report {
    pub(super) fn told(&self, details: bool) -> String {
        let mut out = String::from("Ends of turns\n");
        let mut by: BTreeMap<&str, Vec<&Turn>> = BTreeMap::new();
        for turn in &self.turns {
            by.entry("all").or_default().push(turn);
            by.entry(turn.condition.as_str()).or_default().push(turn);
        }
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "{:<26} {:>5} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
            "condition", "turns", "false", "mended", "missed", "unheard", "delay p50", "p95"
        );
        for (condition, turns) in by {
            let count = |verdict| turns.iter().filter(|t| t.verdict == verdict).count();
            let share = |verdict| percent(count(verdict) as f64 / turns.len().max(1) as f64);
            let mended = turns
                .iter()
                .filter(|t| t.verdict == Verdict::False && t.mended)
                .count();
            let right = turns.iter().filter(|t| t.verdict == Verdict::Right);
            let delays: Vec<u64> = right.filter_map(|t| t.end.delay()).collect();
            let _ = writeln!(
                out,
                "{condition:<26} {:>5} {:>8} {mended:>8} {:>8} {:>8} {:>9} {:>9}",
                turns.len(),
                share(Verdict::False),
                share(Verdict::Missed),
                count(Verdict::Unheard),
                ms(quantile(&delays, 0.5)),
                ms(quantile(&delays, 0.95)),
            );
        }
        for turn in self
            .turns
            .iter()
            .filter(|t| details && t.verdict != Verdict::Right)
        {
            let _ = writeln!(
                out,
                "\n{} {:?}: spoken until {}, taken at {}",
                turn.audio,
                turn.verdict,
                ms(turn.end.spoken_until),
                ms(turn.end.taken_at)
            );
            for pause in &turn.pauses {
                let likely = pause.likely.map_or("-".into(), |p| format!("{p:.2}"));
                let _ = writeln!(out, "  {:>6} ms {likely} {}", pause.at, pause.words);
            }
        }
        out
    }
}
