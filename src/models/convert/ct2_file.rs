//! Parses CTranslate2's binary model file, version 6.
//!
//! The layout: version, name and revision of the specification, number of variables; then for each
//! variable its name, rank, extents, type, size in bytes and data; then aliases. Numbers are
//! little-endian; names have a 16-bit length and end with a zero byte. Source: `serialize` in
//! CTranslate2's `python/ctranslate2/specs/model_spec.py`.

use std::collections::HashMap;

use half::f16;

use crate::reason::Reason;

/// The only version that we can read; others have another header.
const VERSION: u32 = 6;
const MOST_VARIABLES: u32 = 100_000;

pub(super) struct Ct2File<'a> {
    variables: HashMap<&'a str, Variable<'a>>,
}

/// One tensor: a view into the file.
pub(super) struct Variable<'a> {
    pub(super) shape: Vec<usize>,
    kind: Kind,
    data: &'a [u8],
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    F32,
    F16,
    Other,
}

impl<'a> Ct2File<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        let mut rest = Cursor(bytes);
        let version = rest.u32()?;
        if version != VERSION {
            return Err(format!("it is not a CTranslate2 model of version {VERSION}").into());
        }
        let spec = rest.name()?;
        if spec != "WhisperSpec" {
            return Err(format!("it is a “{spec}”, not a Whisper model").into());
        }
        let _revision = rest.u32()?;
        let count = rest.u32()?;
        if count > MOST_VARIABLES {
            return Err(format!("it promises {count} variables").into());
        }
        let mut variables = HashMap::new();
        for _ in 0..count {
            let name = rest.name()?;
            let variable = rest
                .variable()
                .map_err(|e| Reason::told(format!("{name}: {e}"), e))?;
            variables.insert(name, variable);
        }
        // We do not need the aliases, but a file without them is truncated.
        for _ in 0..rest.u32()? {
            rest.name()?;
            rest.name()?;
        }
        if !rest.0.is_empty() {
            return Err(format!("{} bytes follow its end", rest.0.len()).into());
        }
        Ok(Self { variables })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Result<&Variable<'a>, Reason> {
        self.variables
            .get(name)
            .ok_or_else(|| format!("it has no variable {name}").into())
    }

    /// A variable, checked to have these extents.
    pub(super) fn get_shaped(&self, name: &str, shape: &[usize]) -> Result<&Variable<'a>, Reason> {
        let variable = self.get(name)?;
        if variable.shape == shape {
            return Ok(variable);
        }
        Err(format!(
            "{name} has the extents {:?} instead of {shape:?}",
            variable.shape
        )
        .into())
    }
}

impl Variable<'_> {
    /// `count` numbers starting at element `from`, as 32-bit floats.
    pub(super) fn floats(&self, from: usize, count: usize) -> Result<Vec<f32>, Reason> {
        match self.kind {
            Kind::F32 => Ok(self
                .slice(from, count, 4)?
                .as_chunks()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect()),
            Kind::F16 => {
                let pairs = self.slice(from, count, 2)?.as_chunks().0;
                Ok(pairs
                    .iter()
                    .map(|b| f16::from_le_bytes(*b).to_f32())
                    .collect())
            }
            Kind::Other => Err("its weights are quantised; the float16 version is needed".into()),
        }
    }

    /// The same as 16-bit floats, as little-endian bytes.
    pub(super) fn halves(&self, from: usize, count: usize) -> Result<Vec<u8>, Reason> {
        if self.kind == Kind::F16 {
            return self.slice(from, count, 2).map(<[u8]>::to_vec);
        }
        let floats = self.floats(from, count)?;
        Ok(floats
            .into_iter()
            .flat_map(|v| f16::from_f32(v).to_le_bytes())
            .collect())
    }

    fn slice(&self, from: usize, count: usize, size: usize) -> Result<&[u8], Reason> {
        let start = from.checked_mul(size);
        let end = from
            .checked_add(count)
            .and_then(|end| end.checked_mul(size));
        start
            .zip(end)
            .and_then(|(start, end)| self.data.get(start..end))
            .ok_or_else(|| "a tensor is smaller than its extents".into())
    }
}

/// The unread rest of the file.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or("the file is cut short")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        self.take(N)?
            .try_into()
            .map_err(|_| "the file is cut short".into())
    }

    fn u32(&mut self) -> Result<u32, Reason> {
        self.array().map(u32::from_le_bytes)
    }

    fn name(&mut self) -> Result<&'a str, Reason> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let bytes = self.take(length)?;
        let bytes = bytes
            .strip_suffix(&[0])
            .ok_or("a name does not end with a zero byte")?;
        std::str::from_utf8(bytes).map_err(|error| Reason::told("a name is not UTF-8", error))
    }

    fn variable(&mut self) -> Result<Variable<'a>, Reason> {
        let [rank] = self.array()?;
        let mut shape = Vec::new();
        let mut elements = Some(1_usize);
        for _ in 0..rank {
            let extent = usize::try_from(self.u32()?).map_err(Reason::of)?;
            elements = elements.and_then(|all| all.checked_mul(extent));
            shape.push(extent);
        }
        let [kind] = self.array()?;
        let (kind, size) = match kind {
            0 => (Kind::F32, 4),
            1 => (Kind::Other, 1),
            2 => (Kind::Other, 2),
            3 => (Kind::Other, 4),
            4 => (Kind::F16, 2),
            other => return Err(format!("its type {other} is not known").into()),
        };
        let bytes = usize::try_from(self.u32()?).map_err(Reason::of)?;
        if elements.and_then(|n| n.checked_mul(size)) != Some(bytes) {
            return Err(format!("{bytes} bytes do not fit its extents {shape:?}").into());
        }
        Ok(Variable {
            shape,
            kind,
            data: self.take(bytes)?,
        })
    }
}
