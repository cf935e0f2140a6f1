//! Reply addresses: one mailbox has as many as there are tokens, by an address with a part after its name (RFC 5233).

use crate::mail::error::wrong;
use crate::mail::{MailError, parse_address};

/// Stands for the token in an address as entered.
const PLACE: &str = "{token}";
/// Letters of a token: hexadecimal digits of 16 bytes.
const TOKEN: usize = 32;
/// Most letters before the `@` (RFC 5321, section 4.5.3.1.1).
const LONGEST_NAME: usize = 64;

/// Checks an address as entered: `desk@example.com`, or with `{token}` anywhere before the `@`.
pub(crate) fn check(text: &str) -> Result<String, MailError> {
    let field = "mailbox.address";
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@').ok_or_else(|| {
        wrong(
            field,
            "the mailbox needs its address, such as desk@example.com",
        )
    })?;
    if domain.contains(PLACE) || name.matches(PLACE).count() > 1 {
        let told = "{token} may stand once, before the @: desk+{token}@example.com";
        return Err(wrong(field, told));
    }
    let example = "0".repeat(TOKEN);
    let whole = reply_address(text, &example);
    let name = whole.rsplit_once('@').map_or(0, |(name, _)| name.len());
    if name > LONGEST_NAME {
        let told = format!(
            "with its token the address has more than {LONGEST_NAME} letters before the @, which mail servers do not take; \
             choose a shorter one"
        );
        return Err(wrong(field, told));
    }
    let address = parse_address(&whole).map_err(|told| wrong(field, told))?;
    // The domain may have changed its letters.
    let (name, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
    let kept = format!("{}@{domain}", name.replacen(&example, PLACE, 1));
    Ok(kept.replace("+r.{token}@", "@"))
}

/// The address with a token in it.
pub(crate) fn reply_address(address: &str, token: &str) -> String {
    if address.contains(PLACE) {
        return address.replace(PLACE, token);
    }
    match address.rsplit_once('@') {
        Some((name, domain)) => format!("{name}+r.{token}@{domain}"),
        None => address.to_owned(),
    }
}

/// What stands before and after the token, in lower case.
pub(super) struct Pattern {
    before: String,
    after: String,
}

impl Pattern {
    /// `None` for what is no address.
    pub(super) fn new(address: &str) -> Option<Self> {
        let whole = reply_address(&address.to_ascii_lowercase(), PLACE);
        let (before, after) = whole.split_once(PLACE)?;
        Some(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The first token in header lines.
    pub(super) fn find_token(&self, lines: &[u8]) -> Option<String> {
        // Mail servers may change the case of an address, and fold long lines.
        let lines = String::from_utf8_lossy(lines).to_ascii_lowercase();
        let lines = lines.replace("\r\n", "\n");
        let lines = lines.replace("\n ", " ").replace("\n\t", " ");
        lines.match_indices(&self.before).find_map(|(at, before)| {
            let begins_word = lines.get(..at)?.chars().next_back();
            if begins_word.is_some_and(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c)) {
                return None;
            }
            let rest = lines.get(at + before.len()..)?;
            let (token, rest) = (rest.get(..TOKEN)?, rest.get(TOKEN..)?);
            let is_token = token.bytes().all(|byte| byte.is_ascii_hexdigit());
            let ends = rest.strip_prefix(&self.after)?.chars().next();
            let ends_word = ends.is_none_or(|c| !(c.is_ascii_alphanumeric() || "-.".contains(c)));
            (is_token && ends_word).then(|| token.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_is_found_in_any_address_line() {
        let plain = Pattern::new("Desk@Example.com").unwrap();
        let own = Pattern::new("reply-{token}@example.com").unwrap();
        let of = |pattern: &Pattern, lines: &str| pattern.find_token(lines.as_bytes());
        let found = Some(TOKEN.to_owned());
        for lines in [
            format!("To: <desk+r.{TOKEN}@example.com>\r\n"),
            format!(
                "To: Front desk <DESK+R.{}@EXAMPLE.COM>\r\n",
                TOKEN.to_uppercase()
            ),
            format!("To: Bo <bo@example.com>,\r\n desk+r.{TOKEN}@example.com\r\nCc: x@y.z\r\n"),
            format!("Delivered-To: desk+r.{TOKEN}@example.com"),
        ] {
            assert_eq!(of(&plain, &lines), found, "{lines}");
            assert_eq!(of(&own, &lines), None, "{lines}");
        }
        assert_eq!(of(&own, &format!("To: reply-{TOKEN}@example.com")), found);
        for lines in [
            "To: desk@example.com".to_owned(),
            "To: desk+r.0123@example.com".to_owned(),
            format!("To: desk+r.{TOKEN}@example.com.evil.org"),
            format!("To: desk+r.{TOKEN}@example.org"),
            format!("To: helpdesk+r.{TOKEN}@example.com"),
            format!("To: desk+r.{}@example.com", "g".repeat(32)),
            format!("To: desk+r.{TOKEN}"),
            "To: desk+r.äääääääääääääääääääääääääää@example.com".to_owned(),
        ] {
            assert_eq!(of(&plain, &lines), None, "{lines}");
        }
    }

    #[test]
    fn addresses_are_checked_with_their_token() {
        assert_eq!(check(" desk@Example.com ").unwrap(), "desk@example.com");
        assert_eq!(
            check("r-{token}@bücher.example").unwrap(),
            "r-{token}@xn--bcher-kva.example"
        );
        assert_eq!(
            reply_address("desk@example.com", "x"),
            "desk+r.x@example.com"
        );
        assert_eq!(
            reply_address("r-{token}@example.com", "x"),
            "r-x@example.com"
        );
        let long = format!("{}@example.com", "a".repeat(40));
        for address in [
            "desk",
            "{token}@{token}.com",
            "a{token}b{token}@c.de",
            "a@{token}.com",
            &long,
        ] {
            assert!(
                matches!(check(address), Err(MailError::Wrong { .. })),
                "{address}"
            );
        }
    }
}
