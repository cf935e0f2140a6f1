//! Rich Text Format. `rtf-grimoire` splits the file into tokens; this module follows the groups (RTF
//! Specification 1.9.1) and keeps what a reader would see.

pub(super) mod charset;
mod group;
mod state;

use rtf_grimoire::tokenizer::{Token, read_token};

use self::state::Reading;
use super::{ExtractError, Extracted, Limits};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut reading = Reading::new(limits);
    let mut rest = bytes;
    // Token by token, since a list of all tokens takes forty times the file's size.
    while !rest.is_empty() {
        let (after, token) = match read_token(rest) {
            Ok(read) => read,
            // Skip a stray byte.
            Err(_) => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
        };
        if after.len() >= rest.len() {
            break;
        }
        rest = after;
        match token {
            Token::StartGroup => reading.open()?,
            Token::EndGroup => reading.close()?,
            Token::ControlSymbol(c) => reading.symbol(c)?,
            Token::ControlWord { name, arg } => reading.word(&name, arg)?,
            Token::Text(text) => reading.text(&text),
            Token::ControlBin(_) | Token::Newline(_) => {}
        }
    }
    reading.finish()
}
