//! Manifests, ends of turns, quantiles.

use crate::score::{End, Verdict, manifest, quantile};

#[test]
fn a_manifest_is_read_line_by_line() {
    let text = "{\"audio\":\"a.wav\",\"text\":\"Hi.\",\"lang\":\"en\",\"sr\":8000}\n\n{\"audio\":\"b.wav\",\"text\":null,\"lang\":null}\n";
    let read = manifest(text).unwrap();
    assert_eq!(read.len(), 2);
    assert!(read[0].is_english() && !read[1].is_english());
    let error = manifest("{\"audio\":\"a\"}\n[1]").unwrap_err().to_string();
    assert!(error.starts_with("line 2"), "{error}");
}

#[test]
fn ends_are_judged_by_the_speech() {
    let end = |until, at| End {
        spoken_until: until,
        taken_at: at,
        last_at: at,
    };
    for (end, verdict) in [
        (end(Some(2000), Some(2300)), Verdict::Right),
        (end(Some(2000), Some(1950)), Verdict::Right),
        (end(Some(2000), Some(1000)), Verdict::False),
        (end(Some(2000), Some(5500)), Verdict::Missed),
        (end(Some(2000), None), Verdict::Missed),
        (end(None, None), Verdict::Unheard),
    ] {
        assert_eq!(end.verdict(3000, 100), verdict, "{end:?}");
    }
    assert_eq!(end(Some(2000), Some(2300)).delay(), Some(300));
}

#[test]
fn quantiles_are_values() {
    let values = [5, 1, 3, 2, 4];
    assert_eq!(quantile(&values, 0.5), Some(3));
    assert_eq!(quantile(&values, 0.95), Some(5));
    assert_eq!(quantile(&[], 0.5), None);
}
