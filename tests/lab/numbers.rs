//! Figures as words.

use crate::score::numbers::{cardinal, ordinal, year};

#[test]
fn numbers_are_said_in_each_way() {
    let said = |way: fn(u64, &mut Vec<String>), number| {
        let mut out = Vec::new();
        way(number, &mut out);
        out.join(" ")
    };
    assert_eq!(said(cardinal, 0), "zero");
    assert_eq!(said(cardinal, 20), "twenty");
    assert_eq!(said(cardinal, 1048), "one thousand forty eight");
    assert_eq!(
        said(cardinal, 1_500_000),
        "one million five hundred thousand"
    );
    assert_eq!(said(year, 2026), "twenty twenty six");
    assert_eq!(said(year, 2005), "two thousand five");
    assert_eq!(said(year, 1905), "nineteen oh five");
    assert_eq!(said(ordinal, 24), "twenty fourth");
    assert_eq!(said(ordinal, 30), "thirtieth");
    assert_eq!(said(ordinal, 12), "twelfth");
}
