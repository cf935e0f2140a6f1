//! Synthesises a soft tone that means "I am working on it".

use crate::speech::Clip;

/// Sample rate, in Hz.
const RATE: u32 = 16_000;

/// Two gentle notes, 260 ms, that fade in and out.
pub fn make_earcon() -> Clip {
    let mut pcm = Vec::new();
    for (pitch, ms) in [(523.25_f32, 120_u32), (659.25, 140)] {
        let samples = RATE * ms / 1000;
        for n in 0..samples {
            let at = n as f32 / samples as f32;
            let shape = (std::f32::consts::PI * at).sin().powi(2);
            let wave = (std::f32::consts::TAU * pitch * n as f32 / RATE as f32).sin();
            #[expect(clippy::cast_possible_truncation, reason = "a quiet sample fits")]
            let sample = (wave * shape * 2600.0) as i16;
            pcm.extend(sample.to_le_bytes());
        }
    }
    Clip {
        text: String::new(),
        pcm: pcm.into(),
        rate: RATE,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_short_soft_and_begins_in_silence() {
        let clip = super::make_earcon();
        assert_eq!(clip.duration_ms(), 260);
        let samples = crate::voice::listener::samples(&clip.pcm);
        let peak = samples.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        assert!(samples[0].abs() < 0.001 && (0.03..0.1).contains(&peak));
    }
}
