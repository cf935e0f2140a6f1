//! Rich Text Format. `rtf-grimoire` cuts the file into tokens; this follows the groups (RTF
//! Specification 1.9.1) and keeps what a reader would see.

mod charset;
mod group;
mod state;

use rtf_grimoire::tokenizer::{Token, read_token};

use self::state::Reading;
use super::{ExtractError, Extracted, Limits};

/// Read a rich text document.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut reading = Reading::new(limits);
    let mut rest = bytes;
    // Token by token: a list of all would take forty times the file.
    while !rest.is_empty() {
        let (after, token) = match read_token(rest) {
            Ok(read) => read,
            // A stray byte is passed over.
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
