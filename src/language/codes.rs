//! Codes of languages.

/// ISO 639-1, as the Library of Congress lists it (<https://www.loc.gov/standards/iso639-2/php/code_list.php>).
const CODES: &str = "
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
    fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km
    kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om
    or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
    ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether this is a code of ISO 639-1, in small letters.
pub fn is_code(code: &str) -> bool {
    CODES.split_ascii_whitespace().any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn codes_are_known_and_other_words_are_not() {
        assert!(Language::KNOWN.iter().all(|known| is_code(known.code())));
        assert!(is_code("cs"));
        for wrong in ["", "xx", "EN", "eng", "en de", "klingon"] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }
}
