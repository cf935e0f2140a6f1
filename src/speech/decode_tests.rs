use super::*;

fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data = (samples.len() * 2) as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

fn tone(frames: usize) -> Vec<i16> {
    (0..frames)
        .map(|n| ((n as f32 * 0.2).sin() * 9000.0) as i16)
        .collect()
}

fn read(bytes: &[u8], name: Option<&str>) -> Result<Pcm, AudioError> {
    decode(
        bytes,
        name,
        &AudioLimits::default(),
        &AtomicBool::new(false),
    )
}

/// A second of "hello" by a synthetic voice, in each container.
const FIXTURES: [(&str, &[u8]); 8] = [
    (
        "hello.wav",
        include_bytes!("../../tests/fixtures/audio/hello.wav"),
    ),
    (
        "hello-mulaw.wav",
        include_bytes!("../../tests/fixtures/audio/hello-mulaw.wav"),
    ),
    (
        "hello.mp3",
        include_bytes!("../../tests/fixtures/audio/hello.mp3"),
    ),
    (
        "hello.ogg",
        include_bytes!("../../tests/fixtures/audio/hello.ogg"),
    ),
    (
        "hello.opus",
        include_bytes!("../../tests/fixtures/audio/hello.opus"),
    ),
    (
        "hello.flac",
        include_bytes!("../../tests/fixtures/audio/hello.flac"),
    ),
    (
        "hello.m4a",
        include_bytes!("../../tests/fixtures/audio/hello.m4a"),
    ),
    (
        "hello.webm",
        include_bytes!("../../tests/fixtures/audio/hello.webm"),
    ),
];

/// Loudness of each 50 ms.
fn envelope(samples: &[f32]) -> Vec<f32> {
    let energy = |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>();
    samples
        .chunks_exact(800)
        .map(energy)
        .map(f32::sqrt)
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn every_container_gives_the_same_sound() {
    let reference = read(FIXTURES[0].1, None).unwrap();
    for (name, bytes) in FIXTURES {
        let pcm = read(bytes, Some(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let off = pcm.samples.len().abs_diff(reference.samples.len());
        assert!(off < 16_000 / 10, "{name} is {off} samples off");
        // AAC begins up to 100 ms late: its encoder's delay is not always in the file.
        let (given, wanted) = (envelope(&pcm.samples), envelope(&reference.samples));
        let likeness = (0..3)
            .map(|lag| correlation(&given[lag..], &wanted))
            .fold(0.0, f32::max);
        assert!(likeness > 0.95, "{name}: {likeness}");
        assert_eq!(pcm.skipped_packets, 0, "{name}");
    }
}

#[test]
fn the_bytes_decide_and_not_the_name() {
    for (name, bytes) in FIXTURES {
        assert!(read(bytes, Some("voice.mp3")).is_ok(), "{name} as mp3");
        assert!(read(bytes, None).is_ok(), "{name} without a name");
    }
}

#[test]
fn stereo_is_mixed_and_resampled() {
    let left = tone(48_000);
    let both: Vec<i16> = left.iter().flat_map(|&sample| [sample, 0]).collect();
    let pcm = read(&wav(48_000, 2, &both), None).unwrap();
    assert_eq!((pcm.source_rate, pcm.source_channels), (48_000, 2));
    assert_eq!(pcm.duration_ms(), 1000);
    let peak = pcm
        .samples
        .iter()
        .fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    assert!((0.1..0.16).contains(&peak), "{peak}");
}

#[test]
fn an_empty_file_is_called_empty() {
    assert!(matches!(read(b"", None), Err(AudioError::Empty)));
}

#[test]
fn other_files_are_called_what_they_are() {
    let message = read(b"%PDF-1.4\n%\xff\xff", Some("call.wav"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("it seems to be a PDF file"), "{message}");
    let random: Vec<u8> = (0..5000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    assert!(read(&random, Some("call.wav")).is_err());
}

#[test]
fn limits_hold() {
    let bytes = wav(16_000, 1, &tone(48_000));
    let limits = AudioLimits {
        max_seconds: 2,
        max_bytes: 1 << 20,
    };
    let cancel = AtomicBool::new(false);
    let long = decode(&bytes, None, &limits, &cancel);
    assert!(matches!(long, Err(AudioError::TooLong { max: 2, .. })));
    let limits = AudioLimits {
        max_seconds: 20,
        max_bytes: 1000,
    };
    assert!(matches!(
        decode(&bytes, None, &limits, &cancel),
        Err(AudioError::TooLarge { .. })
    ));
}

#[test]
fn cancelling_stops_it() {
    let bytes = wav(16_000, 1, &tone(48_000));
    let cancelled = decode(
        &bytes,
        None,
        &AudioLimits::default(),
        &AtomicBool::new(true),
    );
    assert!(matches!(cancelled, Err(AudioError::Cancelled)));
}

#[test]
fn a_file_without_sound_is_an_error() {
    assert!(read(&wav(16_000, 1, &[]), None).is_err());
}

#[test]
fn what_came_before_the_cut_is_kept() {
    for (name, bytes) in FIXTURES {
        // M4A keeps its index at one end, an Ogg page holds the whole second, and a WebM file that
        // states its length must be that long.
        if !name.ends_with("wav") && !name.ends_with("mp3") && !name.ends_with("flac") {
            continue;
        }
        let start = read(&bytes[..bytes.len() * 17 / 20], Some(name));
        let pcm = start.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(pcm.duration_ms() > 200, "{name}: {} ms", pcm.duration_ms());
    }
}

#[test]
fn damage_anywhere_gives_plausible_sound_or_an_error() {
    let plausible = |pcm: &Pcm| {
        pcm.duration_ms() < 60_000 && pcm.samples.iter().all(|sample| sample.abs() <= 1.0)
    };
    for (name, bytes) in FIXTURES {
        for seed in 0..40usize {
            let mut broken = bytes.to_vec();
            for n in 0..8usize {
                let at = (seed * 7919 + n * 104_729) % broken.len();
                broken[at] ^= (seed as u8).wrapping_mul(37) | 1;
            }
            let cut = broken.len() * (seed + 1) / 41;
            for damaged in [&broken[..], &broken[..cut]] {
                match read(damaged, Some(name)) {
                    Ok(pcm) => assert!(plausible(&pcm), "{name} with damage {seed}"),
                    Err(error) => assert!(!matches!(error, AudioError::Cancelled)),
                }
            }
        }
    }
}
