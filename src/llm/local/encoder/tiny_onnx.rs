//! Tiny ONNX readers for tests, written as protocol buffers; `tests/real/` includes this file too.

/// A whole number as protocol buffers write it, seven bits a byte.
fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A field with bytes or another message.
fn bytes(field: usize, content: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(content.len()),
        content.to_vec(),
    ]
    .concat()
}

fn number(field: usize, value: usize) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A constant of the graph: its shape, ONNX's number of its type, its values in little endian.
fn constant(name: &str, shape: &[usize], kind: usize, values: &[u8]) -> Vec<u8> {
    let dims = shape.iter().flat_map(|d| number(1, *d)).collect();
    let parts = [
        dims,
        number(2, kind),
        bytes(8, name.as_bytes()),
        bytes(9, values),
    ];
    bytes(5, &parts.concat())
}

/// `output` is `table` at the indices in `ids`, along an axis.
fn gather(table: &str, ids: &str, output: &str, axis: usize) -> Vec<u8> {
    let axis = [bytes(1, b"axis"), number(3, axis), number(20, 2)].concat();
    let parts = [
        bytes(1, table.as_bytes()),
        bytes(1, ids.as_bytes()),
        bytes(2, output.as_bytes()),
        bytes(4, b"Gather"),
        bytes(5, &axis),
    ];
    bytes(1, &parts.concat())
}

fn value(field: usize, name: &str) -> Vec<u8> {
    bytes(field, &bytes(1, name.as_bytes()))
}

/// What a test's graph is like.
#[derive(Clone, Copy)]
pub struct Tiny {
    pub outputs: [&'static str; 2],
    /// Tokens in the table.
    pub rows: usize,
    /// Positions that it knows, if it counts them.
    pub positions: Option<usize>,
    /// Whether it takes the kinds of the tokens: those of the passage then count 1 more, as start and as end.
    pub kinds: bool,
    /// The length that its input is declared to have.
    pub fixed: Option<usize>,
    /// Another input, which nobody gives.
    pub further: Option<&'static str>,
    /// Whether its outputs keep start and end together, so that there are two numbers for a token.
    pub together: bool,
}

pub const TINY: Tiny = Tiny {
    outputs: ["start_logits", "end_logits"],
    rows: 8,
    positions: None,
    kinds: false,
    fixed: None,
    further: None,
    together: false,
};

fn floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// `output` is an operation on two inputs.
fn operate(operation: &str, inputs: [&str; 2], output: &str) -> Vec<u8> {
    let parts = [
        bytes(1, inputs[0].as_bytes()),
        bytes(1, inputs[1].as_bytes()),
        bytes(2, output.as_bytes()),
        bytes(4, operation.as_bytes()),
    ];
    bytes(1, &parts.concat())
}

/// An input of whole numbers with one row of this many.
fn row_of(field: usize, name: &str, length: usize) -> Vec<u8> {
    let dims = [1, length].map(|d| bytes(1, &number(1, d)));
    let shape = bytes(2, &dims.concat());
    let kind = bytes(1, &[number(1, 7), shape].concat());
    bytes(
        field,
        &[bytes(1, name.as_bytes()), bytes(2, &kind)].concat(),
    )
}

/// A reader whose logits depend on the token, and on its kind if it knows kinds: "nine" begins an answer and "five" ends one.
pub fn graph(tiny: Tiny) -> Vec<u8> {
    let mut table = vec![[0f32, 0.0]; tiny.rows];
    table[0] = [1.0, 1.0];
    for (token, logits) in [(4, [5.0, 0.0]), (6, [0.0, 5.0])] {
        if let Some(row) = table.get_mut(token) {
            *row = logits;
        }
    }
    let mut parts = vec![
        bytes(2, b"tiny"),
        constant(
            "table",
            &[tiny.rows, 2],
            1,
            &floats(table.into_iter().flatten()),
        ),
        constant("zero", &[], 7, &0i64.to_le_bytes()),
        constant("one", &[], 7, &1i64.to_le_bytes()),
        match tiny.fixed {
            Some(length) => row_of(11, "input_ids", length),
            None => value(11, "input_ids"),
        },
        gather("table", "input_ids", "tokens", 0),
    ];
    let mut last = "tokens";
    if tiny.kinds {
        parts.extend([
            constant("kind_table", &[2, 2], 1, &floats([0.0, 0.0, 1.0, 1.0])),
            value(11, "token_type_ids"),
            gather("kind_table", "token_type_ids", "kinds", 0),
            operate("Add", [last, "kinds"], "with_kinds"),
        ]);
        last = "with_kinds";
    }
    if let Some(positions) = tiny.positions {
        let table = floats(std::iter::repeat_n(0.0, 2 * positions));
        parts.extend([
            constant("place_table", &[positions, 2], 1, &table),
            value(11, "attention_mask"),
            operate("CumSum", ["attention_mask", "one"], "counted"),
            operate("Sub", ["counted", "one"], "place"),
            gather("place_table", "place", "places", 0),
            operate("Add", [last, "places"], "with_places"),
        ]);
        last = "with_places";
    }
    for (output, which) in tiny.outputs.iter().zip(["zero", "one"]) {
        parts.push(match tiny.together {
            true => operate("Add", [last, "table_of_one"], output),
            false => gather(last, which, output, 2),
        });
        parts.push(value(12, output));
    }
    parts.push(constant("table_of_one", &[1], 1, &floats([0.0])));
    parts.extend(tiny.further.map(|name| value(11, name)));
    [
        number(1, 8),
        bytes(7, &parts.concat()),
        bytes(8, &number(2, 13)),
    ]
    .concat()
}

pub const VOCABULARY: &str = r#"{"version": "1.0", "truncation": null, "padding": null, "normalizer": {"type": "Lowercase"},
    "added_tokens": [
        {"id": 0, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 1, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
    "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab":
        {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "open": 3, "nine": 4, "to": 5, "five": 6, "when": 7}}}"#;
