use super::*;
use crate::speech::decode::{AudioLimits, SAMPLE_RATE, decode};

/// A tone of 440 Hz at the rate of the usual voice.
fn tone(rate: u32, seconds: f32) -> Vec<u8> {
    let step = std::f32::consts::TAU * 440.0 / rate as f32;
    let count = (rate as f32 * seconds) as usize;
    let samples: Vec<f32> = (0..count).map(|n| 0.5 * (n as f32 * step).sin()).collect();
    integers(&samples)
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect()
}

/// Upward zero crossings with some depth, so that noise near zero does not count.
fn cycles(samples: &[f32]) -> usize {
    let (mut low, mut count) = (false, 0);
    for &sample in samples {
        if sample < -0.1 {
            low = true;
        } else if low && sample > 0.1 {
            low = false;
            count += 1;
        }
    }
    count
}

fn decode_again(format: Format, bytes: Vec<u8>) -> Vec<f32> {
    if format == Format::Pcm {
        let mut mono = Mono::at(SAMPLE_RATE);
        mono.push(&floats(&bytes), 1, RATE).unwrap();
        return mono.finish().unwrap();
    }
    let name = format!("speech.{}", format.name());
    let never = std::sync::atomic::AtomicBool::new(false);
    decode(&bytes, Some(&name), &AudioLimits::default(), &never)
        .unwrap_or_else(|e| panic!("{}: {e}", format.name()))
        .samples
}

#[test]
fn what_is_streamed_in_clauses_comes_back_in_every_format() {
    for format in Format::ALL {
        for rate in [16_000, 22_050, 24_000, 48_000] {
            let mut encoder = Encoder::streaming(format).unwrap();
            let mut bytes = Vec::new();
            // Odd pieces, as clauses are.
            for piece in tone(rate, 2.0).chunks(7_778) {
                bytes.extend(encoder.push(piece, rate).unwrap());
            }
            bytes.extend(encoder.finish().unwrap());
            let what = format!("{} from {rate}", format.name());
            let samples = decode_again(format, bytes);
            let cycles = cycles(&samples);
            assert!((874..=884).contains(&cycles), "{what}: {cycles} cycles");
            // MP3 adds the delay of its filters at the start and fills its last frame.
            let slack = if format == Format::Mp3 { 2_400 } else { 40 };
            let length = samples.len();
            assert!(
                (31_960..=32_000 + slack).contains(&length),
                "{what}: {length}"
            );
        }
    }
}

#[test]
fn a_whole_file_tells_its_length() {
    let wav = whole(Format::Wav, &tone(22_050, 1.0), 22_050).unwrap();
    let field = |at: usize| u32::from_le_bytes(wav[at..at + 4].try_into().unwrap());
    assert_eq!(wav.len(), 44 + 48_000);
    assert_eq!((field(4), field(40)), (48_036, 48_000));
    assert_eq!((field(24), field(28)), (24_000, 48_000));
    let flac = whole(Format::Flac, &tone(24_000, 1.0), 24_000).unwrap();
    // The last 36 bits before the digest are the number of samples.
    let count = u32::from_be_bytes(flac[22..26].try_into().unwrap());
    assert_eq!(count, 24_000);
}

#[test]
fn a_stream_s_header_leaves_the_length_open_and_comes_with_the_first_clause() {
    let mut encoder = Encoder::streaming(Format::Wav).unwrap();
    let first = encoder.push(&tone(24_000, 0.1), 24_000).unwrap();
    assert_eq!(&first[..4], b"RIFF");
    assert_eq!(first[4..8], [0xff; 4]);
    assert_eq!(first[40..44], [0xff; 4]);
    assert_eq!(first.len(), 44 + 4_800);
}

#[test]
fn every_clause_gives_bytes_at_once() {
    for format in Format::ALL {
        let mut encoder = Encoder::streaming(format).unwrap();
        for clause in 0..3 {
            let bytes = encoder.push(&tone(22_050, 0.5), 22_050).unwrap();
            assert!(
                bytes.len() > 400,
                "{} {clause}: {}",
                format.name(),
                bytes.len()
            );
        }
    }
}

#[test]
fn opus_says_what_to_skip_and_where_it_ends() {
    let bytes = whole(Format::Opus, &tone(24_000, 0.5), 24_000).unwrap();
    let mut reader = ogg::PacketReader::new(std::io::Cursor::new(bytes));
    let head = reader.read_packet().unwrap().unwrap();
    assert!(head.data.starts_with(b"OpusHead\x01\x01") && head.data.len() == 19);
    let pre_skip = u64::from(u16::from_le_bytes([head.data[10], head.data[11]]));
    assert!((100..=960).contains(&pre_skip), "{pre_skip}");
    let tags = reader.read_packet().unwrap().unwrap();
    assert!(tags.data.starts_with(b"OpusTags"));
    let mut last = None;
    while let Some(packet) = reader.read_packet().unwrap() {
        last = Some((packet.absgp_page(), packet.last_in_stream()));
    }
    assert_eq!(last, Some((pre_skip + 24_000, true)));
}

#[test]
fn nothing_said_is_still_a_file() {
    for format in [Format::Wav, Format::Flac, Format::Opus, Format::Mp3] {
        let mut encoder = Encoder::streaming(format).unwrap();
        let bytes = encoder.finish().unwrap();
        if format != Format::Mp3 {
            assert!(!bytes.is_empty(), "{}", format.name());
        }
        assert!(encoder.finish().unwrap().is_empty(), "twice");
    }
}

#[test]
fn formats_by_name() {
    assert_eq!(Format::find("MP3"), Some(Format::Mp3));
    assert_eq!(Format::find("ogg"), Some(Format::Opus));
    assert_eq!(Format::find("aac"), None);
}
