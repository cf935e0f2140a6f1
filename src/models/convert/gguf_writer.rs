//! Writes a GGUF file (version 3).

use std::io::{self, Write};

use half::f16;

const ALIGNMENT: usize = 32;

/// A metadata value in the header.
pub(crate) enum Value {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Ints(Vec<i32>),
}

struct Tensor {
    name: String,
    /// Fastest extent first, as the format wants it.
    shape: Vec<u64>,
    kind: u32,
    data: Vec<u8>,
}

/// Collects keys and tensors, then writes them all at once.
pub(crate) struct GgufWriter {
    keys: Vec<(String, Value)>,
    tensors: Vec<Tensor>,
}

impl GgufWriter {
    pub(crate) fn new(architecture: &str) -> Self {
        let architecture = Value::Text(architecture.to_owned());
        Self {
            keys: vec![("general.architecture".to_owned(), architecture)],
            tensors: vec![],
        }
    }

    pub(crate) fn key(&mut self, name: impl Into<String>, value: Value) {
        self.keys.push((name.into(), value));
    }

    /// Adds a tensor of 32-bit floats; `shape` is slowest first, as in other formats.
    pub(crate) fn tensor_f32(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let data = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.tensor(name, shape, 0, data);
    }

    /// Adds a tensor of 16-bit floats, rounded from 32-bit ones.
    pub(crate) fn tensor_f16(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let data = values
            .into_iter()
            .flat_map(|v| f16::from_f32(v).to_le_bytes())
            .collect();
        self.tensor(name, shape, 1, data);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], kind: u32, data: Vec<u8>) {
        let shape = shape.iter().rev().map(|n| *n as u64).collect();
        self.tensors.push(Tensor {
            name: name.to_owned(),
            shape,
            kind,
            data,
        });
    }

    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut header = Vec::new();
        header.extend_from_slice(b"GGUF");
        header.extend_from_slice(&3_u32.to_le_bytes());
        header.extend_from_slice(&(self.tensors.len() as u64).to_le_bytes());
        header.extend_from_slice(&(self.keys.len() as u64).to_le_bytes());
        for (name, value) in &self.keys {
            put_text(&mut header, name);
            put_value(&mut header, value);
        }
        let mut offset = 0;
        for tensor in &self.tensors {
            put_text(&mut header, &tensor.name);
            header.extend_from_slice(&narrow(tensor.shape.len())?.to_le_bytes());
            for extent in &tensor.shape {
                header.extend_from_slice(&extent.to_le_bytes());
            }
            header.extend_from_slice(&tensor.kind.to_le_bytes());
            header.extend_from_slice(&(offset as u64).to_le_bytes());
            offset += tensor.data.len().next_multiple_of(ALIGNMENT);
        }
        header.resize(header.len().next_multiple_of(ALIGNMENT), 0);
        out.write_all(&header)?;
        for tensor in &self.tensors {
            out.write_all(&tensor.data)?;
            let padding = tensor.data.len().next_multiple_of(ALIGNMENT) - tensor.data.len();
            out.write_all(&vec![0; padding])?;
        }
        out.flush()
    }
}

fn put_text(header: &mut Vec<u8>, text: &str) {
    header.extend_from_slice(&(text.len() as u64).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
}

fn put_value(header: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u32, bytes: &[u8]| {
        header.extend_from_slice(&kind.to_le_bytes());
        header.extend_from_slice(bytes);
    };
    match value {
        Value::U32(number) => put(4, &number.to_le_bytes()),
        Value::F32(number) => put(6, &number.to_le_bytes()),
        Value::Bool(truth) => put(7, &[u8::from(*truth)]),
        Value::Text(text) => {
            put(8, &[]);
            put_text(header, text);
        }
        Value::Texts(texts) => {
            put(9, &8_u32.to_le_bytes());
            header.extend_from_slice(&(texts.len() as u64).to_le_bytes());
            texts.iter().for_each(|text| put_text(header, text));
        }
        Value::Ints(numbers) => {
            put(9, &5_u32.to_le_bytes());
            header.extend_from_slice(&(numbers.len() as u64).to_le_bytes());
            numbers
                .iter()
                .for_each(|n| header.extend_from_slice(&n.to_le_bytes()));
        }
    }
}

fn narrow(number: usize) -> io::Result<u32> {
    u32::try_from(number).map_err(io::Error::other)
}
