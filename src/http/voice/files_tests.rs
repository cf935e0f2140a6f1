use super::*;
use std::collections::BTreeSet;
use std::io::Write;

/// For the script and the largest language together, in bytes after gzip.
const MOST_BYTES: usize = 25 * 1024;

fn gzipped(text: &str) -> usize {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap().len()
}

/// All that a browser fetches before somebody uses a part: the script with English, and one other language.
#[test]
fn the_first_load_is_small() {
    let languages = PARTS.iter().filter(|(name, _)| name.ends_with(".json"));
    let (name, largest) = languages
        .map(|(name, file)| (name, gzipped(&file.text)))
        .max_by_key(|(_, size)| *size)
        .unwrap();
    let script = gzipped(&WIDGET.text);
    assert!(
        script + largest <= MOST_BYTES,
        "{script} bytes, and {largest} of {name}"
    );
}

#[test]
fn the_widget_makes_no_markup_of_text() {
    let parts = PARTS.values().map(|file| &file.text);
    for text in parts.chain([&WIDGET.text, &WORKLET_FILE.text]) {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "document.cookie",
        ] {
            assert!(!text.contains(word), "{word}");
        }
    }
}

/// The names in braces.
fn places(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices('{').map(|(at, _)| &text[at + 1..]);
    starts
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_language_says_everything() {
    let words = |text: &str| -> BTreeMap<String, String> { serde_json::from_str(text).unwrap() };
    let english = LANGUAGES.iter().find(|(code, _)| *code == "en").unwrap();
    let english = words(english.1);
    assert_eq!(LANGUAGES.len(), 20);
    for (code, text) in LANGUAGES {
        let theirs = words(text);
        let keys: Vec<_> = theirs.keys().collect();
        assert_eq!(keys, english.keys().collect::<Vec<_>>(), "{code}");
        let mut same = 0;
        for (key, said) in &theirs {
            assert_eq!(places(said), places(&english[key]), "{code}: {key}");
            assert!(!said.trim().is_empty(), "{code}: {key}");
            same += usize::from(*said == english[key]);
        }
        assert!(
            *code == "en" || same < 12,
            "{same} texts of {code} are English"
        );
    }
}

/// A text that the scripts ask for by its name, and nobody wrote.
#[test]
fn every_word_that_is_asked_for_is_there() {
    let english = LANGUAGES.iter().find(|(code, _)| *code == "en").unwrap();
    let english: BTreeMap<String, String> = serde_json::from_str(english.1).unwrap();
    let parts = [CALL, VOICE, MORE];
    for text in FIRST.iter().map(|(_, text)| *text).chain(parts) {
        for (at, _) in text
            .match_indices(" t(\"")
            .chain(text.match_indices("(t(\""))
        {
            let name = text[at + 4..].split('"').next().unwrap();
            assert!(english.contains_key(name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_known_tag_gets_no_body() {
    let first = widget(HeaderMap::new()).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(
        first.headers()["cross-origin-resource-policy"],
        "cross-origin"
    );
    let mut headers = HeaderMap::new();
    let etag = first.headers()[header::ETAG].to_str().unwrap();
    headers.insert(header::IF_NONE_MATCH, format!("W/{etag}").parse().unwrap());
    let again = widget(headers).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let worklet = worklet(HeaderMap::new()).await;
    assert!(
        !worklet
            .headers()
            .contains_key("cross-origin-resource-policy")
    );
    assert_eq!(worklet.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let part = |name: &str| part(Path(name.to_owned()), HeaderMap::new());
    assert_eq!(part("ar.json").await.status(), StatusCode::OK);
    assert_eq!(part("../en.json").await.status(), StatusCode::NOT_FOUND);
}
