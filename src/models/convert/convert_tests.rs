//! Conversions of tiny models built here: one layer, a few numbers.

use std::collections::HashMap;
use std::io::Cursor;

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::*;

const WIDTH: usize = 64;
const MELS: usize = 80;
const VOCABULARY: usize = 50_258;

/// Writes a file in CTranslate2's format.
fn ct2(variables: &[(String, Vec<u32>)]) -> Vec<u8> {
    let name = |text: &str| {
        let mut bytes = u16::try_from(text.len() + 1)
            .unwrap()
            .to_le_bytes()
            .to_vec();
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        bytes
    };
    let mut bytes = 6_u32.to_le_bytes().to_vec();
    bytes.extend(name("WhisperSpec"));
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(u32::try_from(variables.len()).unwrap().to_le_bytes());
    for (variable, shape) in variables {
        bytes.extend(name(variable));
        bytes.push(u8::try_from(shape.len()).unwrap());
        shape.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        let count: u32 = shape.iter().product();
        bytes.push(4);
        bytes.extend((count * 2).to_le_bytes());
        // Each row is filled with its number, so that a wrong split of a stacked matrix shows.
        let row = count / shape.first().copied().unwrap_or(1).max(1);
        for i in 0..count {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let value = (i / row.max(1)) as f32;
            bytes.extend(half::f16::from_f32(value).to_le_bytes());
        }
    }
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(name("decoder/projection/weight"));
    bytes.extend(name("decoder/embeddings/weight"));
    bytes
}

fn tiny_whisper() -> Vec<(String, Vec<u32>)> {
    let d = u32::try_from(WIDTH).unwrap();
    let mut all = vec![
        (
            "decoder/embeddings/weight".to_owned(),
            vec![u32::try_from(VOCABULARY).unwrap(), d],
        ),
        (
            "decoder/position_encodings/encodings".to_owned(),
            vec![448, d],
        ),
        (
            "encoder/position_encodings/encodings".to_owned(),
            vec![1500, d],
        ),
        (
            "encoder/conv1/weight".to_owned(),
            vec![d, u32::try_from(MELS).unwrap(), 3],
        ),
        ("encoder/conv1/bias".to_owned(), vec![d]),
        ("encoder/conv2/weight".to_owned(), vec![d, d, 3]),
        ("encoder/conv2/bias".to_owned(), vec![d]),
    ];
    let mut add = |name: String, shape: &[u32]| all.push((name, shape.to_vec()));
    for side in ["encoder", "decoder"] {
        let layer = format!("{side}/layer_0");
        let mut norms = vec![
            format!("{side}/layer_norm"),
            format!("{layer}/self_attention/layer_norm"),
            format!("{layer}/ffn/layer_norm"),
        ];
        let mut linears = vec![
            (format!("{layer}/self_attention/linear_0"), 3 * d, d),
            (format!("{layer}/self_attention/linear_1"), d, d),
            (format!("{layer}/ffn/linear_0"), 4 * d, d),
            (format!("{layer}/ffn/linear_1"), d, 4 * d),
        ];
        if side == "decoder" {
            norms.push(format!("{layer}/attention/layer_norm"));
            linears.push((format!("{layer}/attention/linear_0"), d, d));
            linears.push((format!("{layer}/attention/linear_1"), 2 * d, d));
            linears.push((format!("{layer}/attention/linear_2"), d, d));
        }
        for norm in norms {
            add(format!("{norm}/gamma"), &[d]);
            add(format!("{norm}/beta"), &[d]);
        }
        for (linear, rows, columns) in linears {
            add(format!("{linear}/weight"), &[rows, columns]);
            add(format!("{linear}/bias"), &[rows]);
        }
    }
    all
}

fn words() -> Vec<String> {
    (0..VOCABULARY).map(|i| format!("Ġw{i}")).collect()
}

fn run_whisper(bytes: &[u8], words: &[String]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    ct2_whisper::convert(bytes, words, &mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

/// The first number of a tensor in a whisper.cpp file.
fn first_number(file: &[u8], name: &str) -> f32 {
    let at = file
        .windows(name.len())
        .position(|w| w == name.as_bytes())
        .unwrap();
    let data = at + name.len();
    if name.ends_with("bias") {
        f32::from_le_bytes(file[data..data + 4].try_into().unwrap())
    } else {
        half::f16::from_le_bytes(file[data..data + 2].try_into().unwrap()).to_f32()
    }
}

#[test]
fn whisper_keeps_its_tensors_and_its_words() {
    let out = run_whisper(&ct2(&tiny_whisper()), &words()).unwrap();
    let info = inspect::whisper_bytes(Cursor::new(&out), out.len() as u64).unwrap();
    assert_eq!(
        (info.encoder_layers, info.decoder_layers, info.tensors),
        (1, 1, 11 + 15 + 24)
    );
    assert_eq!((info.width, info.mels), (64, 80));
    assert!((first_number(&out, "encoder.blocks.0.attn.query.weight") - 0.0).abs() < 1e-6);
    assert!((first_number(&out, "encoder.blocks.0.attn.key.weight") - 64.0).abs() < 1e-6);
    assert!((first_number(&out, "encoder.blocks.0.attn.value.weight") - 128.0).abs() < 1e-6);
    assert!((first_number(&out, "encoder.blocks.0.attn.value.bias") - 128.0).abs() < 1e-6);
    assert!((first_number(&out, "decoder.blocks.0.cross_attn.value.weight") - 64.0).abs() < 1e-6);
    assert!(!out.windows(13).any(|w| w == b"attn.key.bias"));
    assert!(
        out.windows(4).any(|w| w == b" w12"),
        "the space is a byte again"
    );
}

#[test]
fn a_cut_whisper_file_is_an_error_wherever_it_is_cut() {
    let whole = ct2(&tiny_whisper());
    let words = words();
    let step = whole.len() / 300;
    for end in (0..400)
        .chain((400..whole.len()).step_by(step))
        .chain(whole.len() - 80..whole.len())
    {
        assert!(run_whisper(&whole[..end], &words).is_err(), "cut at {end}");
    }
}

#[test]
fn a_cut_result_is_noticed_before_it_is_used() {
    let whole = run_whisper(&ct2(&tiny_whisper()), &words()).unwrap();
    for end in (0..200).chain((200..whole.len()).step_by(whole.len() / 300)) {
        let cut = &whole[..end];
        assert!(
            inspect::whisper_bytes(Cursor::new(cut), end as u64).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn whisper_faults_are_named() {
    let mut variables = tiny_whisper();
    variables.retain(|(name, _)| name != "encoder/conv2/bias");
    let error = run_whisper(&ct2(&variables), &words()).unwrap_err();
    assert!(error.contains("encoder/conv2/bias"), "{error}");
    let mut variables = tiny_whisper();
    variables[1].1 = vec![447, 64];
    let error = run_whisper(&ct2(&variables), &words()).unwrap_err();
    assert!(error.contains("decoder/position_encodings"), "{error}");
    let error = run_whisper(&ct2(&tiny_whisper()), &words()[..5]).unwrap_err();
    assert!(error.contains("5 words are too few"), "{error}");
    assert!(ct2_whisper::words_from_json(b"{}").is_err());
    assert!(ct2_whisper::words_from_text(&[0xff]).is_err());
    assert_eq!(ct2_whisper::words_from_text(b"a\nb\n").unwrap(), ["a", "b"]);
}

fn bert_tensors() -> Vec<(String, Vec<usize>)> {
    let mut all = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![6, 4]),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![8, 4],
        ),
        (
            "embeddings.token_type_embeddings.weight".to_owned(),
            vec![2, 4],
        ),
        ("embeddings.LayerNorm.weight".to_owned(), vec![4]),
        ("embeddings.LayerNorm.bias".to_owned(), vec![4]),
    ];
    let parts = [
        ("attention.self.query", vec![4, 4]),
        ("attention.self.key", vec![4, 4]),
        ("attention.self.value", vec![4, 4]),
        ("attention.output.dense", vec![4, 4]),
        ("attention.output.LayerNorm", vec![4]),
        ("intermediate.dense", vec![16, 4]),
        ("output.dense", vec![4, 16]),
        ("output.LayerNorm", vec![4]),
    ];
    for (part, shape) in parts {
        all.push((format!("encoder.layer.0.{part}.bias"), vec![shape[0]]));
        all.push((format!("encoder.layer.0.{part}.weight"), shape));
    }
    all
}

fn safetensors(tensors: &[(String, Vec<usize>)]) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape)| 0.5_f32.to_le_bytes().repeat(shape.iter().product()))
        .collect();
    let views: HashMap<String, TensorView> = tensors
        .iter()
        .zip(&data)
        .map(|((name, shape), data)| {
            (
                name.clone(),
                TensorView::new(Dtype::F32, shape.clone(), data).unwrap(),
            )
        })
        .collect();
    serialize(views, None).unwrap()
}

const TOKENIZER: &str = r###"{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3,
    "[MASK]": 4, "##ing": 5}}}"###;
const CONFIG: &str = r#"{"num_attention_heads": 2, "layer_norm_eps": 1e-12}"#;

fn run_bert(weights: &[u8], tokenizer: &str, config: Option<&str>) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let config = config.map(str::as_bytes);
    bert_gguf::convert(weights, tokenizer.as_bytes(), config, &mut out)
        .map_err(|e| e.to_string())?;
    Ok(out)
}

#[test]
fn bert_keeps_its_tensors_and_its_words() {
    let out = run_bert(&safetensors(&bert_tensors()), TOKENIZER, Some(CONFIG)).unwrap();
    let info = inspect::gguf_bytes(Cursor::new(&out), out.len() as u64).unwrap();
    assert_eq!(info.architecture.as_deref(), Some("bert"));
    assert_eq!(info.context, Some(8));
    assert_eq!(info.tensors.len(), 5 + 16);
    let tensor = |name: &str| info.tensors.iter().find(|t| t.name == name).unwrap();
    assert_eq!(
        (
            tensor("blk.0.ffn_up.weight").kind,
            tensor("blk.0.ffn_up.bias").kind
        ),
        (1, 0)
    );
    assert_eq!(tensor("blk.0.ffn_up.weight").shape, [4, 16]);
    assert_eq!(tensor("position_embd.weight").kind, 0);
    assert!(out.windows(3).any(|w| w == b"ing") && !out.windows(5).any(|w| w == b"##ing"));
}

#[test]
fn bert_faults_are_named() {
    let weights = safetensors(&bert_tensors());
    let few = r#"{"model": {"vocab": {"[CLS]": 0}}}"#;
    let error = run_bert(&weights, few, Some(CONFIG)).unwrap_err();
    assert!(
        error.contains("6 word vectors do not fit 1 words"),
        "{error}"
    );
    let twice = TOKENIZER.replace("\"##ing\": 5", "\"##ing\": 4");
    let error = run_bert(&weights, &twice, Some(CONFIG)).unwrap_err();
    assert!(error.contains("same number"), "{error}");
    let heads = r#"{"num_attention_heads": 3, "layer_norm_eps": 1e-12}"#;
    assert!(
        run_bert(&weights, TOKENIZER, Some(heads))
            .unwrap_err()
            .contains("3 heads")
    );
    assert!(
        run_bert(&weights, "{", Some(CONFIG))
            .unwrap_err()
            .contains("tokenizer.json")
    );
    let lacking: Vec<_> = bert_tensors()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("output.dense.bias"))
        .collect();
    let error = run_bert(&safetensors(&lacking), TOKENIZER, Some(CONFIG)).unwrap_err();
    assert!(error.contains("output.dense.bias"), "{error}");
    for end in (0..weights.len()).step_by(7) {
        assert!(
            run_bert(&weights[..end], TOKENIZER, Some(CONFIG)).is_err(),
            "cut at {end}"
        );
    }
}

proptest! {
    #[test]
    fn damaged_headers_never_panic(at in 0_usize..600, with in any::<[u8; 6]>()) {
        let mut variables = tiny_whisper();
        // Without the large tensors, damage hits the small ones, and the test is fast.
        variables.retain(|(_, shape)| shape.iter().product::<u32>() < 10_000);
        let mut bytes = ct2(&variables);
        bytes.iter_mut().skip(at).zip(with).for_each(|(slot, byte)| *slot = byte);
        let _ = ct2_file::Ct2File::parse(&bytes).map(drop);
        let mut weights = safetensors(&bert_tensors());
        weights.iter_mut().skip(at).zip(with).for_each(|(slot, byte)| *slot = byte);
        let _ = run_bert(&weights, TOKENIZER, None);
    }
}
