//! Files that visitors and staff send each other: what they are, and how they may be shown.

/// Of one file, in bytes.
pub const LARGEST: usize = 10_000_000;
/// Files of one message.
pub const MOST: usize = 5;
/// In characters.
const LONGEST_NAME: usize = 120;
/// Media types that a browser may show: raster pictures, which run nothing. A picture that is text (SVG) is not among them.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A file to send.
#[derive(Debug, Clone)]
pub struct Sent {
    pub name: String,
    pub media_type: &'static str,
    pub content: Vec<u8>,
}

impl Sent {
    pub fn new(name: &str, content: Vec<u8>) -> Self {
        Self {
            name: clean_name(name),
            media_type: find_type(&content),
            content,
        }
    }
}

/// The media type by the first bytes of a file. What is not known is just bytes.
pub fn find_type(content: &[u8]) -> &'static str {
    let begins = |magic: &[u8]| content.starts_with(magic);
    let webp = begins(b"RIFF") && content.get(8..12) == Some(b"WEBP");
    match () {
        () if begins(b"\x89PNG\r\n\x1a\n") => "image/png",
        () if begins(b"\xff\xd8\xff") => "image/jpeg",
        () if begins(b"GIF87a") || begins(b"GIF89a") => "image/gif",
        () if webp => "image/webp",
        () if begins(b"%PDF-") => "application/pdf",
        () if begins(b"PK\x03\x04") => "application/zip",
        () if is_text(content) => "text/plain",
        () => "application/octet-stream",
    }
}

fn is_text(content: &[u8]) -> bool {
    let odd = |byte: &u8| *byte < b' ' && !matches!(byte, b'\n' | b'\r' | b'\t');
    std::str::from_utf8(content).is_ok() && !content.iter().any(odd)
}

/// Whether a browser may show it; everything else is only saved.
pub fn is_picture(media_type: &str) -> bool {
    PICTURES.contains(&media_type)
}

/// A file's name without folders, control characters and signs that change the direction of text.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|sign| {
            !sign.is_control()
                && !is_direction(*sign)
                && !matches!(sign, '"' | '<' | '>' | '|' | ':' | '*' | '?')
        })
        .take(LONGEST_NAME)
        .collect();
    match kept.trim().trim_start_matches('.') {
        "" => "file".to_owned(),
        name => name.to_owned(),
    }
}

/// Signs of Unicode that are not seen but change how what follows is shown, such as an ending of a file's name.
fn is_direction(sign: char) -> bool {
    matches!(sign, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_by_the_bytes() {
        for (content, expected) in [
            (b"\x89PNG\r\n\x1a\nrest".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\0\0\0\0WAVE", "application/octet-stream"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", "text/plain"),
            (b"<html><script>", "text/plain"),
            (b"", "text/plain"),
            (b"\0\x01", "application/octet-stream"),
        ] {
            assert_eq!(find_type(content), expected, "{content:?}");
        }
        assert!(
            is_picture("image/gif") && !is_picture("image/svg+xml") && !is_picture("text/plain")
        );
    }

    #[test]
    fn a_name_is_only_a_name() {
        for (name, expected) in [
            ("a.png", "a.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\b.txt", "b.txt"),
            ("inv\u{202e}gpj.exe", "invgpj.exe"),
            ("a\"\r\nX: y.png", "aX y.png"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("...", "file"),
            ("größe 配送.pdf", "größe 配送.pdf"),
        ] {
            assert_eq!(clean_name(name), expected, "{name:?}");
        }
        assert_eq!(clean_name(&"x".repeat(500)).len(), LONGEST_NAME);
    }
}
