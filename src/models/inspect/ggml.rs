//! whisper.cpp's format: a header, mel filters, the vocabulary, then tensors up to the end.
//! <https://github.com/ggml-org/whisper.cpp/blob/master/models/convert-pt-to-ggml.py>

use std::io::{Read, Seek};

use super::{Fault, Reader, starts_with};

pub(crate) const MAGIC: u32 = 0x6767_6d6c;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhisperInfo {
    /// Size of the vocabulary; above 51864 the model is multilingual.
    pub vocabulary: u32,
    pub width: u32,
    pub encoder_layers: u32,
    pub decoder_layers: u32,
    /// Number of mel bands of the input.
    pub mels: u32,
    pub tensors: u32,
}

impl WhisperInfo {
    /// Whether it transcribes languages other than English.
    #[must_use]
    pub fn multilingual(&self) -> bool {
        self.vocabulary >= 51865
    }

    /// The number of tensors for these dimensions: 11 outside the layers, 15 in each encoder layer
    /// and 24 in each decoder layer.
    fn tensors_expected(&self) -> u32 {
        11 + 15 * self.encoder_layers + 24 * self.decoder_layers
    }
}

pub(super) fn read<R: Read + Seek>(input: R, length: u64) -> Result<WhisperInfo, Fault> {
    let mut file = Reader::new(input, length);
    let magic: [u8; 4] = match file.left() {
        4.. => file.bytes()?,
        0 => return Fault::wrong("the file is empty"),
        _ => return Fault::wrong("the file is not a Whisper model: it has only a few bytes"),
    };
    if u32::from_le_bytes(magic) != MAGIC {
        let magic = starts_with(&magic);
        return Fault::wrong(format!(
            "the file is not a Whisper model: it starts with {magic}"
        ));
    }
    let mut info = read_dimensions(&mut file)?;
    skip_filters_and_words(&mut file, &info)?;
    while file.left() > 0 {
        skip_tensor(&mut file)?;
        info.tensors += 1;
    }
    let (found, expected) = (info.tensors, info.tensors_expected());
    if found != expected {
        return Fault::wrong(format!(
            "the file is cut short: {found} of {expected} tensors"
        ));
    }
    Ok(info)
}

fn read_dimensions<R: Read + Seek>(file: &mut Reader<R>) -> Result<WhisperInfo, Fault> {
    let [vocabulary, frames, width, heads, encoder_layers]: [u32; 5] = numbers(file)?;
    let [text, text_width, text_heads, decoder_layers, mels, kind]: [u32; 6] = numbers(file)?;
    let checks = [
        ("vocabulary", vocabulary, 50_257..=60_000),
        ("audio context", frames, 1..=1500),
        ("width", width, 1..=4096),
        ("heads", heads, 1..=64),
        ("encoder layers", encoder_layers, 1..=64),
        ("text context", text, 1..=448),
        ("text width", text_width, 1..=4096),
        ("text heads", text_heads, 1..=64),
        ("decoder layers", decoder_layers, 1..=64),
        ("mel bands", mels, 1..=128),
        ("type of weights", kind, 0..=4000),
    ];
    for (name, value, allowed) in checks {
        if !allowed.contains(&value) {
            return Fault::wrong(format!("its header promises {value} as {name}"));
        }
    }
    Ok(WhisperInfo {
        vocabulary,
        width,
        encoder_layers,
        decoder_layers,
        mels,
        tensors: 0,
    })
}

fn skip_filters_and_words<R: Read + Seek>(
    file: &mut Reader<R>,
    info: &WhisperInfo,
) -> Result<(), Fault> {
    let [bands, bins]: [u32; 2] = numbers(file)?;
    if bands != info.mels || bins != 201 {
        return Fault::wrong(format!("it has mel filters of {bands} × {bins}"));
    }
    file.skip(u64::from(bands) * u64::from(bins) * 4)?;
    let words = file.u32()?;
    if words > info.vocabulary {
        return Fault::wrong(format!("its header promises {words} words"));
    }
    for _ in 0..words {
        let length = file.u32()?;
        file.skip(u64::from(length))?;
    }
    Ok(())
}

fn skip_tensor<R: Read + Seek>(file: &mut Reader<R>) -> Result<(), Fault> {
    let [rank, name_length, kind]: [u32; 3] = numbers(file)?;
    if !(1..=4).contains(&rank) {
        return Fault::wrong(format!("a tensor has {rank} dimensions"));
    }
    let mut count = Some(1_u64);
    for _ in 0..rank {
        let extent = u64::from(file.u32()?);
        count = count.and_then(|all| all.checked_mul(extent));
    }
    let name = file.text(u64::from(name_length), 256)?;
    // Types 0 and 1 are f32 and f16; the others are the block types that whisper.cpp quantises to.
    let block = match kind {
        0 => (1, 4),
        1 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return Fault::wrong(format!("tensor {name} has the unknown type {kind}")),
    };
    match count.and_then(|n| (n / block.0).checked_mul(block.1)) {
        Some(bytes) => file.skip(bytes),
        None => Fault::wrong(format!("tensor {name} has an impossible size")),
    }
}

fn numbers<R: Read + Seek, const N: usize>(file: &mut Reader<R>) -> Result<[u32; N], Fault> {
    let mut all = [0; N];
    for slot in &mut all {
        *slot = file.u32()?;
    }
    Ok(all)
}
