//! Addresses of e-mail.

use lettre::Address;
use url::Host;

/// Most bytes of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const LONGEST: usize = 254;

/// Reads an address as a person types it. A domain in other letters becomes its ASCII form (IDNA); before the `@` only
/// ASCII is taken, since few servers take more.
///
/// # Errors
/// A sentence for people.
pub fn parse_address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = || {
        format!(
            "“{}” is no e-mail address; write it as name@example.com",
            shown(text)
        )
    };
    if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong());
    }
    let (user, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    if !user.is_ascii() {
        return Err(format!(
            "“{}” has letters before the @ that most mail servers do not take; use an address in a–z",
            shown(text)
        ));
    }
    let domain = match Host::parse(domain) {
        Ok(Host::Domain(domain)) if domain.contains('.') => domain,
        _ => return Err(wrong()),
    };
    let address = Address::new(user, domain).map_err(|_| wrong())?;
    Ok(address.to_string())
}

/// The domain of an address.
pub(crate) fn domain(address: &str) -> &str {
    address
        .rsplit_once('@')
        .map_or(address, |(_, domain)| domain)
}

/// A text for a sentence: short and on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tidied_and_their_domains_made_ascii() {
        for (typed, address) in [
            (" anna@example.com ", "anna@example.com"),
            ("anna@Example.COM", "anna@example.com"),
            (
                "o'neil+desk@mail.example.com",
                "o'neil+desk@mail.example.com",
            ),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ] {
            assert_eq!(parse_address(typed).as_deref(), Ok(address), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_or_holds_more_than_one_is_refused() {
        for typed in [
            "",
            "anna",
            "anna@",
            "@example.com",
            "anna@localhost",
            "anna@[127.0.0.1]",
            "anna@example.com, bo@example.com",
            "anna@example.com\r\nBcc: bo@example.com",
            "anna@example.com>\r\nRCPT TO:<bo@example.com",
            "Anna <anna@example.com>",
            "a b@example.com",
            "anna@exa mple.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("a@{}.com", "b.".repeat(200)),
        ] {
            assert!(parse_address(typed).is_err(), "{typed}");
        }
        let told = parse_address("änna@example.com").unwrap_err();
        assert!(told.contains("before the @"), "{told}");
    }
}
