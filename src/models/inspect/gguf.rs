//! GGUF, the format of llama.cpp, versions 2 and 3.
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>

use std::io::{Read, Seek};

use super::{Fault, Reader, starts_with};

const MOST_KEYS: u64 = 10_000;
const MOST_TENSORS: u64 = 100_000;
const MOST_NAME: u64 = 1 << 16;
/// The format allows arrays of arrays, but no known file uses them.
const DEEPEST: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GgufInfo {
    pub version: u32,
    /// Such as `qwen2` or `bert`.
    pub architecture: Option<String>,
    /// Context length in tokens that the model was trained with.
    pub context: Option<u64>,
    /// Number of metadata keys.
    pub keys: u64,
    /// In the order of the file.
    pub tensors: Vec<TensorInfo>,
    /// The size that the file must have at least, in bytes.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    pub name: String,
    /// Extents, fastest first.
    pub shape: Vec<u64>,
    /// Its `ggml_type`.
    pub kind: u32,
    /// Start of its data, relative to the start of all tensor data.
    pub offset: u64,
    /// Size of its data in bytes; `None` for unknown types.
    pub bytes: Option<u64>,
}

pub(super) fn read<R: Read + Seek>(input: R, length: u64) -> Result<GgufInfo, Fault> {
    let mut file = Reader::new(input, length);
    let magic: [u8; 4] = match file.left() {
        4.. => file.bytes()?,
        0 => return Fault::wrong("the file is empty"),
        _ => return Fault::wrong("the file is not a GGUF model: it has only a few bytes"),
    };
    if &magic != b"GGUF" {
        let magic = starts_with(&magic);
        return Fault::wrong(format!(
            "the file is not a GGUF model: it starts with {magic}"
        ));
    }
    let version = file.u32()?;
    if !(2..=3).contains(&version) {
        return Fault::wrong(format!(
            "it is GGUF version {version}; versions 2 and 3 are known"
        ));
    }
    let (tensors, keys) = (file.u64()?, file.u64()?);
    if tensors > MOST_TENSORS || keys > MOST_KEYS {
        return Fault::wrong(format!(
            "its header promises {tensors} tensors and {keys} keys"
        ));
    }
    let mut info = GgufInfo {
        version,
        architecture: None,
        context: None,
        keys,
        tensors: vec![],
        bytes: 0,
    };
    let mut alignment = 32;
    for _ in 0..keys {
        let key_length = file.u64()?;
        let key = file.text(key_length, MOST_NAME)?;
        let kind = file.u32()?;
        match (key.as_str(), kind) {
            ("general.architecture", 8) => {
                let length = file.u64()?;
                info.architecture = Some(file.text(length, MOST_NAME)?);
            }
            ("general.alignment", 4) => alignment = u64::from(file.u32()?),
            (key, 4) if key.ends_with(".context_length") => {
                info.context = Some(u64::from(file.u32()?));
            }
            (key, 10) if key.ends_with(".context_length") => info.context = Some(file.u64()?),
            _ => skip_value(&mut file, kind, 0)?,
        }
    }
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Fault::wrong(format!("its header promises an alignment of {alignment}"));
    }
    for _ in 0..tensors {
        info.tensors.push(read_tensor(&mut file)?);
    }
    let data = file.at().next_multiple_of(alignment);
    // Tensors may come in any order, so the last end counts. One of an unknown type has at least one byte.
    let end = |t: &TensorInfo| t.offset.checked_add(t.bytes.unwrap_or(1));
    let ends = info.tensors.iter().map(end).collect::<Option<Vec<_>>>();
    let end = ends.and_then(|ends| data.checked_add(ends.into_iter().max().unwrap_or(0)));
    match end {
        None => Fault::wrong("a tensor lies outside of any file"),
        Some(end) if end > length => Err(Fault::cut(length, end, false)),
        Some(end) => Ok(GgufInfo { bytes: end, ..info }),
    }
}

fn read_tensor<R: Read + Seek>(file: &mut Reader<R>) -> Result<TensorInfo, Fault> {
    let name_length = file.u64()?;
    let name = file.text(name_length, MOST_NAME)?;
    let rank = file.u32()?;
    if rank > 8 {
        return Fault::wrong(format!("tensor {name} has {rank} dimensions"));
    }
    let shape = (0..rank)
        .map(|_| file.u64())
        .collect::<Result<Vec<_>, _>>()?;
    let (kind, offset) = (file.u32()?, file.u64()?);
    let bytes = match block(kind) {
        None => None,
        Some((elements, bytes)) => {
            let count = shape.iter().try_fold(1_u64, |all, n| all.checked_mul(*n));
            match count.and_then(|n| (n / elements).checked_mul(bytes)) {
                Some(size) => Some(size),
                None => return Fault::wrong(format!("tensor {name} has an impossible size")),
            }
        }
    };
    Ok(TensorInfo {
        name,
        shape,
        kind,
        offset,
        bytes,
    })
}

fn skip_value<R: Read + Seek>(file: &mut Reader<R>, kind: u32, depth: u8) -> Result<(), Fault> {
    if let Some(size) = scalar(kind) {
        return file.skip(size);
    }
    match kind {
        8 => {
            let length = file.u64()?;
            file.skip(length)
        }
        9 if depth < DEEPEST => {
            let (kind, count) = (file.u32()?, file.u64()?);
            if let Some(size) = scalar(kind) {
                return file.skip(count.saturating_mul(size));
            }
            // Each element takes at least its own 8-byte length field, so this count does not fit
            // in the file.
            if count > file.left() / 8 {
                return Err(Fault::cut(
                    file.length(),
                    file.at().saturating_add(count),
                    true,
                ));
            }
            (0..count).try_for_each(|_| skip_value(file, kind, depth + 1))
        }
        _ => Fault::wrong(format!("its header has a value of the unknown type {kind}")),
    }
}

/// Size in bytes of a scalar metadata value, by its type.
fn scalar(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Elements and bytes per block of a tensor type (`ggml.h`, `enum ggml_type`).
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        24 => (1, 1),
        27 | 28 => (1, 8),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        39 => (32, 17),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        29 => (256, 56),
        34 => (256, 54),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::models::convert::gguf_writer::{GgufWriter, Value};

    fn small() -> Vec<u8> {
        let mut writer = GgufWriter::new("bert");
        writer.key("bert.context_length", Value::U32(512));
        writer.key("names", Value::Texts(vec!["a".into(), "b".into()]));
        writer.tensor_f32("one", &[3], vec![1.0, 2.0, 3.0]);
        writer.tensor_f32("two", &[2, 2], vec![1.0; 4]);
        let mut bytes = Vec::new();
        writer.write(&mut bytes).unwrap();
        bytes
    }

    fn sentence(bytes: &[u8]) -> String {
        match read(Cursor::new(bytes), bytes.len() as u64) {
            Ok(info) => format!("accepted: {info:?}"),
            Err(fault) => fault.reason().into(),
        }
    }

    #[test]
    fn a_whole_file_is_described() {
        let bytes = small();
        let info = read(Cursor::new(&bytes), bytes.len() as u64).ok().unwrap();
        assert_eq!(info.architecture.as_deref(), Some("bert"));
        assert_eq!(info.context, Some(512));
        assert_eq!(info.tensors.len(), 2);
        assert_eq!(info.tensors[1].bytes, Some(16));
        assert!(info.bytes <= bytes.len() as u64 && bytes.len() as u64 - info.bytes < 32);
    }

    #[test]
    fn every_cut_is_noticed_and_no_cut_panics() {
        let bytes = small();
        let whole = read(Cursor::new(&bytes), bytes.len() as u64)
            .ok()
            .unwrap()
            .bytes;
        for end in 0..usize::try_from(whole).unwrap() {
            let text = sentence(&bytes[..end]);
            assert!(!text.starts_with("accepted"), "cut at {end}: {text}");
        }
    }

    #[test]
    fn sentences_name_the_fault() {
        assert_eq!(sentence(b""), "the file is empty");
        assert_eq!(
            sentence(b"<!DOCTYPE html>"),
            "the file is not a GGUF model: it starts with “<!DO”"
        );
        let mut long = small();
        long.truncate(long.len() - 40);
        assert!(
            sentence(&long).starts_with("the file is cut short: "),
            "{}",
            sentence(&long)
        );
        let mut many = small();
        many[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(
            sentence(&many).contains("its header promises"),
            "{}",
            sentence(&many)
        );
    }

    proptest! {
        #[test]
        fn damage_anywhere_never_panics(at in 0_usize..200, with in any::<[u8; 8]>()) {
            let mut bytes = small();
            for (slot, byte) in bytes.iter_mut().skip(at).zip(with) {
                *slot = byte;
            }
            let _ = sentence(&bytes);
        }
    }
}
