//! Tracks a JSON text while it is being written, and finds the shortest text that completes it. The input
//! must be JSON, which a grammar ensures; otherwise the ending is meaningless.

/// A JSON text that is being written.
#[derive(Debug, Clone)]
pub(super) struct Unfinished {
    /// Open objects and arrays, innermost last.
    open: Vec<Open>,
    place: JsonPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonPlace {
    /// Before the outermost object.
    Start,
    /// A value must follow.
    Value,
    /// An element or the end of the array must follow.
    Element,
    /// A key or the end of the object must follow.
    Key,
    /// A key must follow, after a comma.
    NextKey,
    /// After a key.
    Colon,
    /// After a value.
    Ended,
    /// Within a string, which may be a key.
    Text { is_key: bool, at: InText },
    /// Within `true`, `false` or `null`; holds the rest of it.
    Word(&'static str),
    /// Within a number.
    Number { lacks_digit: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InText {
    /// Outside of escapes.
    Plain,
    /// After a backslash; `paired` if the first half of a surrogate pair came before it.
    Escape { paired: bool },
    /// After `\u` and `count` hexadecimal digits.
    Digits { paired: bool, count: u8, value: u16 },
    /// After the first half of a surrogate pair: the second must follow.
    Half,
}

impl Unfinished {
    /// An object of which nothing is written yet.
    pub(super) fn object() -> Self {
        Self {
            open: Vec::new(),
            place: JsonPlace::Start,
        }
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        for byte in text {
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        match self.place {
            JsonPlace::Text { is_key, at } => self.place = step_in_text(byte, is_key, at),
            JsonPlace::Word(rest) => match rest.get(1..) {
                Some("") | None => self.place = JsonPlace::Ended,
                Some(left) => self.place = JsonPlace::Word(left),
            },
            JsonPlace::Number { .. } if byte.is_ascii_digit() => {
                self.place = JsonPlace::Number { lacks_digit: false };
            }
            JsonPlace::Number { .. } if b".eE+-".contains(&byte) => {
                self.place = JsonPlace::Number { lacks_digit: true };
            }
            _ => self.step_between(byte),
        }
    }

    /// Handles a byte outside of strings, words and numbers.
    fn step_between(&mut self, byte: u8) {
        let is_key = matches!(self.place, JsonPlace::Key | JsonPlace::NextKey);
        self.place = match byte {
            b'{' => {
                self.open.push(Open::Object);
                JsonPlace::Key
            }
            b'[' => {
                self.open.push(Open::Array);
                JsonPlace::Element
            }
            b'}' | b']' => {
                self.open.pop();
                JsonPlace::Ended
            }
            b',' if self.open.last() == Some(&Open::Object) => JsonPlace::NextKey,
            b',' | b':' => JsonPlace::Value,
            b'"' => JsonPlace::Text {
                is_key,
                at: InText::Plain,
            },
            b't' => JsonPlace::Word("rue"),
            b'f' => JsonPlace::Word("alse"),
            b'n' => JsonPlace::Word("ull"),
            b'-' => JsonPlace::Number { lacks_digit: true },
            b'0'..=b'9' => JsonPlace::Number { lacks_digit: false },
            _ if matches!(self.place, JsonPlace::Number { .. }) => JsonPlace::Ended,
            _ => self.place,
        };
    }

    /// What completes the text; empty if it is complete.
    pub(super) fn ending(&self) -> String {
        let mut ending = match self.place {
            JsonPlace::Start => "{}".to_owned(),
            JsonPlace::Value => "null".into(),
            JsonPlace::Element | JsonPlace::Key | JsonPlace::Ended => String::new(),
            JsonPlace::NextKey => "\"\":null".into(),
            JsonPlace::Colon => ":null".into(),
            JsonPlace::Word(rest) => rest.into(),
            JsonPlace::Number { lacks_digit: true } => "0".into(),
            JsonPlace::Number { lacks_digit: false } => String::new(),
            JsonPlace::Text { is_key, at } => {
                let after = if is_key { "\":null" } else { "\"" };
                format!("{}{after}", finish_escape(at))
            }
        };
        ending.extend(self.open.iter().rev().map(|open| match open {
            Open::Object => '}',
            Open::Array => ']',
        }));
        ending
    }
}

fn step_in_text(byte: u8, is_key: bool, at: InText) -> JsonPlace {
    let paired = at == InText::Half;
    let at = match (at, byte) {
        (InText::Plain | InText::Half, b'"') if is_key => return JsonPlace::Colon,
        (InText::Plain | InText::Half, b'"') => return JsonPlace::Ended,
        (InText::Plain | InText::Half, b'\\') => InText::Escape { paired },
        (InText::Escape { paired }, b'u') => InText::Digits {
            paired,
            count: 0,
            value: 0,
        },
        (
            InText::Digits {
                paired,
                count,
                value,
            },
            digit,
        ) => {
            let digit = char::from(digit).to_digit(16).unwrap_or_default();
            let value = (value << 4) | u16::try_from(digit).unwrap_or_default();
            match count + 1 {
                4 if !paired && is_first_half(value) => InText::Half,
                4 => InText::Plain,
                count => InText::Digits {
                    paired,
                    count,
                    value,
                },
            }
        }
        (InText::Plain | InText::Half | InText::Escape { .. }, _) => InText::Plain,
    };
    JsonPlace::Text { is_key, at }
}

/// Whether a code is the first half of a surrogate pair.
fn is_first_half(code: u16) -> bool {
    (0xd800..0xdc00).contains(&code)
}

/// What completes an unfinished escape.
fn finish_escape(at: InText) -> String {
    const SECOND_HALF: &str = "dc00";
    match at {
        InText::Plain => String::new(),
        InText::Half => format!("\\u{SECOND_HALF}"),
        InText::Escape { paired: true } => format!("u{SECOND_HALF}"),
        InText::Escape { paired: false } => "\\".into(),
        InText::Digits {
            paired: true,
            count,
            ..
        } => SECOND_HALF.chars().skip(count.into()).collect(),
        InText::Digits {
            paired: false,
            count,
            value,
        } => {
            let left = 4_usize.saturating_sub(count.into());
            let padded = value << (4 * left).min(15);
            let second = if is_first_half(padded) {
                format!("\\u{SECOND_HALF}")
            } else {
                String::new()
            };
            format!("{}{second}", "0".repeat(left))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn whatever_is_left_out_at_the_end_the_text_ends_as_an_object() {
        for text in [
            r#"{"status":"ok"}"#,
            r#"{ "a" : [ 1 , -2.5e+10, {"b" : [[], {}, ""]} , true,false ,null ] , "c":0 }"#,
            "{\n  \"name\": \"a \\\"quoted\\\" \\\\ line\\n\",\n  \"n\": -0.5\n}\n",
            r#"{"é":"\u00e9\ud83d\ude00x","😀":"ü\ud83d\ude00"}"#,
            r#"{"deep":[[[[{"a":{"b":{"c":[1E5]}}}]]]]}"#,
        ] {
            serde_json::from_str::<Value>(text).unwrap();
            let mut unfinished = Unfinished::object();
            for end in 0..=text.len() {
                let written = &text.as_bytes()[..end];
                let whole = [written, unfinished.ending().as_bytes()].concat();
                // A character that was cut becomes the replacement character.
                let whole = String::from_utf8_lossy(&whole);
                let parsed = serde_json::from_str::<Value>(&whole);
                assert!(parsed.is_ok_and(|v| v.is_object()), "{whole}");
                if let Some(byte) = text.as_bytes().get(end) {
                    unfinished.push(&[*byte]);
                }
            }
            assert_eq!(unfinished.ending(), "", "{text}");
        }
    }

    #[test]
    fn an_ending_is_short() {
        for (written, ending) in [
            ("", "{}"),
            (" {", "}"),
            (r#"{"a"#, r#"":null}"#),
            (r#"{"a":"b"#, r#""}"#),
            (r#"{"a":[1,"#, "null]}"),
            (r#"{"a":1,"#, r#""":null}"#),
            (r#"{"a":tr"#, "ue}"),
            (r#"{"a":1"#, "}"),
            (r#"{"a":"x\u00"#, r#"00"}"#),
            (r#"{"a":"\ud8"#, r#"00\udc00"}"#),
        ] {
            let mut unfinished = Unfinished::object();
            unfinished.push(written.as_bytes());
            assert_eq!(unfinished.ending(), ending, "{written}");
        }
    }
}
