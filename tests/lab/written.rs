//! Ways of writing that need their neighbours.

use crate::score::words;

#[test]
fn neighbours_tell_how_figures_are_said() {
    for (one, other) in [
        ("until 5:45 p.m.", "until 545PM"),
        ("2 to 3 business days", "2-3 business days"),
        ("1.5 million dollars", "$1.5 million"),
        ("1.5 million dollars.", "$1.5 million dollars."),
        ("at 10:30 with", "at 1030 with"),
        ("paid on 03/05/2026", "paid on March 5, 2026"),
        (
            "paid on March 5, 2026.",
            "paid on march fifth twenty twenty six",
        ),
        ("The invoice no. 10-4471", "the invoice number 1-0 4471"),
        ("No, we do not", "no we do not"),
        ("12 Quay St., 2nd floor", "12 quay street second floor"),
        ("from St. Mary's", "from saint mary's"),
        ("240 V and a 20 A fuse", "240 volts and a 20 amp fuse"),
        ("3/4 of the issues", "three quarters of the issues"),
        ("1,048 seats", "one thousand forty-eight seats"),
        ("€4.95 below", "4 euros and 95 cents below"),
        ("info@blue.com", "info at blue.com"),
        ("on December 24th, 2026", "on December 24, 2026"),
    ] {
        assert_eq!(words(one), words(other), "{one}");
    }
}

#[test]
fn what_differs_stays_different() {
    for (one, other) in [
        ("5:45 p.m.", "5:45 a.m."),
        ("5:45 pm", "5:54 pm"),
        ("2-3 days", "3-2 days"),
        ("March 5, 2026", "May 5, 2026"),
        ("$1.5 million", "1.5 million euros"),
        ("1,200", "1,210"),
        ("1/4", "3/4"),
    ] {
        assert_ne!(words(one), words(other), "{one}");
    }
}
