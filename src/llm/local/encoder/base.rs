//! The base model: vocabulary, embedding table, and the layers that make sentence vectors.

use std::path::Path;
use std::sync::Arc;

use super::words::{END, START, Token, Words};
use crate::reason::Reason;
use frontdesk_encoder::file::{BLOCK, BLOCK_BYTES, EncoderFile, Shape, unpack};
use frontdesk_encoder::network::{Layer, Linear, Network, Norm, Quantised, Space};

/// Prefixes of this model family, by what a vector is for.
const QUERY: &str = "query: ";
const PASSAGE: &str = "passage: ";

/// Vocabulary and embedding table, shared by embedder and reader.
pub(super) struct Table {
    pub(super) words: Words,
    shape: Shape,
    /// Q4_0 blocks, row by row.
    blocks: Vec<u8>,
    positions: Vec<f32>,
    kind: Vec<f32>,
    norm: Norm,
}

pub(super) struct Base {
    pub(super) table: Arc<Table>,
    network: Network,
}

impl Table {
    /// Appends the vectors of a text's tokens, ready for the first layer.
    pub(super) fn look_up(&self, tokens: &[u32], rows: &mut Vec<f32>) -> Result<(), Reason> {
        let width = self.shape.width;
        let bytes = width / BLOCK * BLOCK_BYTES;
        let start = rows.len();
        rows.resize(start + tokens.len() * width, 0.0);
        let new = rows.get_mut(start..).unwrap_or_default();
        let positions = self.positions.chunks_exact(width);
        for ((token, row), position) in tokens
            .iter()
            .zip(new.chunks_exact_mut(width))
            .zip(positions)
        {
            let at = *token as usize * bytes;
            let blocks = self.blocks.get(at..at + bytes);
            unpack(blocks.ok_or("a token is not in the table")?, row);
            for ((value, position), kind) in row.iter_mut().zip(position).zip(&self.kind) {
                *value += position + kind;
            }
        }
        self.norm.apply(new);
        Ok(())
    }

    pub(super) fn window(&self) -> usize {
        self.shape.positions
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }
}

impl Base {
    pub(super) fn load(path: &Path) -> Result<Self, Reason> {
        let data = std::fs::read(path).map_err(Reason::of)?;
        let mut file = EncoderFile::parse(data)?;
        let shape = file.shape;
        let Shape { width, inner, .. } = shape;
        let words = Words::new(std::mem::take(&mut file.pieces), file.unknown)?;
        let network = Network {
            layers: (0..shape.layers)
                .map(|at| layer(&file, at, width, inner))
                .collect::<Result<_, _>>()?,
            width,
            heads: shape.heads,
        };
        let mut kind = file.values("emb.type", 2 * width)?;
        kind.truncate(width);
        let table = Table {
            words,
            shape,
            blocks: file.blocks("emb.word", shape.rows * width)?,
            positions: file.values("emb.pos", shape.positions * width)?,
            kind,
            norm: norm(&file, "emb.ln", width)?,
        };
        Ok(Self {
            table: Arc::new(table),
            network,
        })
    }

    pub(super) fn dimensions(&self) -> usize {
        self.table.shape.width
    }

    /// Tokenizes a text for embedding, with its prefix and marks.
    pub(super) fn tokens(&self, text: &str, is_query: bool) -> Result<Vec<u32>, Reason> {
        // A client of the API may know the model and add the prefix itself.
        let prefix = match is_query {
            _ if text.starts_with(QUERY) || text.starts_with(PASSAGE) => "",
            true => QUERY,
            false => PASSAGE,
        };
        let most = self.table.window() - 2;
        let words = self.table.words.tokens(&format!("{prefix}{text}"), most)?;
        let ids = words.iter().map(|t: &Token| t.id);
        Ok(std::iter::once(START).chain(ids).chain([END]).collect())
    }

    /// Computes a vector of length 1 for each text: the mean over its tokens.
    pub(super) fn embed(
        &self,
        texts: &[&[u32]],
        space: &mut Space,
    ) -> Result<Vec<Vec<f32>>, Reason> {
        let mut rows = Vec::new();
        for tokens in texts {
            self.table.look_up(tokens, &mut rows)?;
        }
        let lengths: Vec<usize> = texts.iter().map(|t| t.len()).collect();
        self.network.run(&mut rows, &lengths, space)?;
        let width = self.dimensions();
        let mut rows = rows.chunks_exact(width);
        Ok(lengths
            .iter()
            .map(|&length| {
                let mut mean = vec![0.0f32; width];
                for row in rows.by_ref().take(length) {
                    for (sum, value) in mean.iter_mut().zip(row) {
                        *sum += value;
                    }
                }
                let norm = mean.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
                mean.iter().map(|v| v / norm).collect()
            })
            .collect())
    }
}

fn layer(file: &EncoderFile, at: usize, width: usize, inner: usize) -> Result<Layer, Reason> {
    let quantised = |part: &str, inputs: usize, outputs: usize| {
        let weights = file.values(&format!("l{at}.{part}.w"), inputs * outputs)?;
        Ok::<_, Reason>(Quantised::of(&weights, inputs))
    };
    let bias = |part: &str, outputs: usize| file.values(&format!("l{at}.{part}.b"), outputs);
    let linear = |part: &str, inputs: usize, outputs: usize| {
        Ok::<_, Reason>(Linear::new(
            quantised(part, inputs, outputs)?,
            bias(part, outputs)?,
            inputs,
        )?)
    };
    let square = |part| quantised(part, width, width);
    let together = Quantised::stack([square("q")?, square("k")?, square("v")?]);
    let biases = [bias("q", width)?, bias("k", width)?, bias("v", width)?].concat();
    Ok(Layer {
        attention_in: Linear::new(together, biases, width)?,
        attention_out: linear("ao", width, width)?,
        attention_norm: norm(file, &format!("l{at}.aln"), width)?,
        inner_in: linear("fi", width, inner)?,
        inner_out: linear("fo", inner, width)?,
        inner_norm: norm(file, &format!("l{at}.oln"), width)?,
    })
}

fn norm(file: &EncoderFile, name: &str, width: usize) -> Result<Norm, Reason> {
    Ok(Norm {
        scale: file.values(&format!("{name}.w"), width)?,
        bias: file.values(&format!("{name}.b"), width)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::local::encoder::tiny;

    #[test]
    fn a_text_has_the_same_vector_alone_and_beside_others() {
        let (_folder, path) = tiny::file();
        let base = Base::load(&path).unwrap();
        let tokens = |text: &str| base.tokens(text, true).unwrap();
        let texts = [tokens("abc"), tokens("a longer one"), tokens("z")];
        let all: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let together = base.embed(&all, &mut Space::default()).unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            let alone = base.embed(&[text.as_slice()], &mut Space::default());
            assert_eq!(alone.unwrap().first(), Some(vector));
            let length: f32 = vector.iter().map(|v| v * v).sum();
            assert!((length - 1.0).abs() < 1e-4);
        }
        assert_ne!(together.first(), together.get(2));
    }

    #[test]
    fn a_text_says_itself_what_it_is_for() {
        let (_folder, path) = tiny::file();
        let base = Base::load(&path).unwrap();
        let tokens = |text: &str, query| base.tokens(text, query).unwrap();
        assert_ne!(tokens("abc", true), tokens("abc", false));
        assert_eq!(tokens("query: abc", false), tokens("abc", true));
        assert!(tokens(&"a ".repeat(5000), true).len() <= base.table.window());
    }

    #[test]
    fn damaged_files_are_refused_with_a_reason() {
        let good = tiny::packed();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.e5s");
        let mut bad = vec![Vec::new(), b"GGUF".to_vec(), vec![0; 4000]];
        bad.extend((1..40).map(|n| good[..good.len() * n / 40].to_vec()));
        let mut version = good.clone();
        version[4] = 9;
        bad.push(version);
        for at in (4..300).step_by(4) {
            let mut wild = good.clone();
            wild[at..at + 4].fill(0xff);
            bad.push(wild);
        }
        for data in bad {
            std::fs::write(&path, &data).unwrap();
            // Some changes only change a score of the vocabulary; none may panic.
            if let Err(reason) = Base::load(&path) {
                assert!(!reason.is_empty());
            } else {
                assert_eq!(data.len(), good.len());
            }
        }
        assert!(Base::load(&folder.path().join("none")).is_err());
    }
}
