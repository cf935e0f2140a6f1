//! Finds tool calls in a model's text: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, as in the
//! chat templates of the Hermes and Qwen families.

use serde_json::Value;

use crate::llm::ToolCall;

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

/// Separates the text of an answer from the tool calls in it, while it streams.
#[derive(Debug, Default)]
pub(super) struct ToolScanner {
    /// Text that cannot be decided on yet.
    held: String,
    inside: bool,
    found: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Call(ToolCall),
}

impl ToolScanner {
    /// Takes text and returns the pieces that are certain. `seed` makes the ids of calls unique.
    pub(super) fn push(&mut self, text: &str, seed: u64) -> Vec<Piece> {
        self.held.push_str(text);
        let mut out = Vec::new();
        loop {
            let mark = if self.inside { CLOSE } else { OPEN };
            let Some(at) = self.held.find(mark) else {
                break;
            };
            let rest = self.held.split_off(at + mark.len());
            let before = std::mem::replace(&mut self.held, rest);
            let before = before.strip_suffix(mark).unwrap_or(&before);
            if self.inside {
                self.found += 1;
                out.push(parse(before, seed, self.found).map_or_else(
                    || Piece::Text(format!("{OPEN}{before}{CLOSE}")),
                    Piece::Call,
                ));
            } else if !before.trim().is_empty() {
                out.push(Piece::Text(before.to_owned()));
            }
            self.inside = !self.inside;
        }
        if !self.inside {
            let keep = (1..OPEN.len()).rev().find(|&n| {
                OPEN.get(..n)
                    .is_some_and(|start| self.held.ends_with(start))
            });
            let rest = self.held.split_off(self.held.len() - keep.unwrap_or(0));
            let shown = std::mem::replace(&mut self.held, rest);
            // White space around calls is layout of the template, not part of the answer.
            if !(shown.is_empty() || self.found > 0 && shown.trim().is_empty()) {
                out.push(Piece::Text(shown));
            }
        }
        out
    }

    pub(super) fn has_found(&self) -> bool {
        self.found > 0
    }

    /// Returns what is left at the end of the answer. A complete call counts even without its closing tag.
    pub(super) fn finish(&mut self, seed: u64) -> Vec<Piece> {
        let rest = std::mem::take(&mut self.held);
        if self.inside {
            self.found += 1;
            let call = parse(&rest, seed, self.found);
            return vec![call.map_or_else(|| Piece::Text(format!("{OPEN}{rest}")), Piece::Call)];
        }
        if rest.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Text(rest)]
        }
    }
}

/// Parses `{"name": …, "arguments": {…}}`; also used for answers that a grammar forced into this form.
pub(super) fn parse(json: &str, seed: u64, number: u32) -> Option<ToolCall> {
    let value: Value = serde_json::from_str(json.trim()).ok()?;
    let name = value.get("name")?.as_str()?.to_owned();
    let arguments = match value.get("arguments").or_else(|| value.get("parameters")) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "{}".to_owned(),
    };
    Some(ToolCall {
        id: format!("call_{seed:x}_{number}"),
        name,
        arguments,
    })
}

/// JSON Schema of one call to any of `tools` (in OpenAI's form), or to `only`. `None` if there is none.
pub(super) fn call_schema(tools: &Value, only: Option<&str>) -> Option<Value> {
    let options: Vec<Value> = tools
        .as_array()?
        .iter()
        .filter_map(|tool| {
            let function = tool.get("function")?;
            let name = function.get("name")?.as_str()?;
            if only.is_some_and(|wanted| wanted != name) {
                return None;
            }
            let arguments = function
                .get("parameters")
                .cloned()
                .unwrap_or_else(|| serde_json::json!({"type": "object"}));
            Some(serde_json::json!({
                "type": "object",
                "properties": {"name": {"const": name}, "arguments": arguments},
                "required": ["name", "arguments"],
            }))
        })
        .collect();
    match options.len() {
        0 => None,
        1 => options.into_iter().next(),
        _ => Some(serde_json::json!({ "anyOf": options })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(pieces: &[&str]) -> Vec<Piece> {
        let mut scanner = ToolScanner::default();
        let mut out: Vec<Piece> = pieces.iter().flat_map(|p| scanner.push(p, 1)).collect();
        out.extend(scanner.finish(1));
        out
    }

    #[test]
    fn a_call_in_pieces_is_read_and_the_text_before_it_kept() {
        let got = scan(&[
            "Let me look. <tool",
            "_call>\n{\"name\": \"find\", \"argum",
            "ents\": {\"q\": 1}}\n</tool_call>\n",
        ]);
        assert_eq!(got.len(), 2, "{got:?}");
        assert_eq!(got[0], Piece::Text("Let me look. ".into()));
        let Piece::Call(call) = &got[1] else {
            panic!("{got:?}")
        };
        assert_eq!(
            (call.name.as_str(), call.arguments.as_str()),
            ("find", "{\"q\":1}")
        );
    }

    #[test]
    fn plain_text_and_broken_calls_come_through_as_text() {
        let text: String = scan(&["a < b", " <tool"])
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Call(call) => panic!("{call:?}"),
            })
            .collect();
        assert_eq!(text, "a < b <tool");
        let got = scan(&["<tool_call>no json</tool_call>"]);
        assert_eq!(got, [Piece::Text("<tool_call>no json</tool_call>".into())]);
    }

    #[test]
    fn a_call_without_its_closing_tag_counts_if_it_is_whole() {
        let got = scan(&["<tool_call>{\"name\":\"f\",\"arguments\":{}}"]);
        assert!(matches!(&got[..], [Piece::Call(call)] if call.name == "f"));
    }

    #[test]
    fn the_schema_of_a_required_call_names_only_the_allowed_functions() {
        let tools = serde_json::json!([
            {"type": "function", "function": {"name": "a", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "b"}},
        ]);
        assert!(call_schema(&tools, None).unwrap().get("anyOf").is_some());
        let only = call_schema(&tools, Some("b")).unwrap();
        assert_eq!(only["properties"]["name"]["const"], "b");
        assert!(call_schema(&tools, Some("c")).is_none());
    }
}
