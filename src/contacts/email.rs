//! E-mail addresses, by their form only: whether one exists is known once somebody answers from it.

use super::PointError;

/// Most bytes before the `@`, of a label of the host, and of the whole (RFC 5321, 4.5.3.1; RFC 1035, 2.3.4).
const LONGEST_NAME: usize = 64;
const LONGEST_LABEL: usize = 63;
const LONGEST: usize = 254;
/// Signs beside letters and digits that may stand before the `@` without quotes (RFC 5322, 3.2.3).
const SIGNS: &str = "!#$%&'*+/=?^_`{|}~-.";

/// The address in lower case.
///
/// # Errors
/// For anything else, such as an address with quotes or of a machine without a name.
pub fn parse_email(text: &str) -> Result<String, PointError> {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let address = text.to_lowercase();
    let (name, host) = address.rsplit_once('@').ok_or(PointError::Email)?;
    match address.len() <= LONGEST && is_name(name) && is_host(host) {
        true => Ok(address),
        false => Err(PointError::Email),
    }
}

fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || SIGNS.contains(c);
    (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(known)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
}

fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    labels.len() >= 2
        && labels.iter().all(is_label)
        // No top-level domain is a number (RFC 3696, 2); an address of a machine ends with one.
        && labels.last().is_some_and(|top| top.chars().count() >= 2 && !top.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        for (text, kept) in [
            ("Ann.Smith@Example.COM", "ann.smith@example.com"),
            (" mailto:a+b@mail.example.co.uk ", "a+b@mail.example.co.uk"),
            ("o'hara@example.org", "o'hara@example.org"),
            ("用户@例子.中国", "用户@例子.中国"),
            ("müller@bäcker.de", "müller@bäcker.de"),
        ] {
            assert_eq!(parse_email(text).as_deref(), Ok(kept), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "b".repeat(260));
        for text in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "ann@@example.com",
            "a b@example.com",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "ann@example..com",
            "ann@-a.com",
            "ann@10.0.0.1",
            "ann@[10.0.0.1]",
            "\"a\"@example.com",
            "ann@example.com\r\nBcc: x@y.example",
            "<ann@example.com>",
            "ann@example.c",
            &long,
            &longer,
        ] {
            assert_eq!(parse_email(text), Err(PointError::Email), "{text:?}");
        }
    }
}
