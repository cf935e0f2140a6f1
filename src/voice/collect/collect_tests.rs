//! Parses what callers say when they give numbers, addresses and names.

use super::spoken::*;
use super::*;
use crate::voice::phrases::phrases;

#[test]
fn spoken_digits_are_digits() {
    for (said, digits) in [
        ("five five five, zero one four two", "5550142"),
        ("double five triple three oh one", "5533301"),
        ("555-0142", "5550142"),
        ("plus four nine, one seven one", "+49171"),
        ("twenty one forty two fifty", "214250"),
        ("It's 207 555 0100.", "2075550100"),
        ("null eins sieben zwo", "0172"),
        ("oh well", ""),
    ] {
        assert_eq!(digits_in(said), digits, "{said}");
    }
}

#[test]
fn spoken_addresses_are_addresses() {
    for (said, address) in [
        (
            "anna dot lee at example dot com",
            Some("anna.lee@example.com"),
        ),
        ("It is anna.lee@example.com.", Some("anna.lee@example.com")),
        (
            "my email is bob at mail dot example dot org",
            Some("bob@mail.example.org"),
        ),
        ("a n n a at example dot com", Some("anna@example.com")),
        (
            "bob underscore two at example dot de",
            Some("bob_2@example.de"),
        ),
        ("meet me at nine", None),
    ] {
        assert_eq!(email_in(said).as_deref(), address, "{said}");
    }
}

#[test]
fn names_lose_the_words_around_them() {
    for (said, name) in [
        ("My name is Anna Lee.", "Anna Lee"),
        ("Yes, it's Bob", "Bob"),
        ("Ich heiße Jörg Maier", "Jörg Maier"),
        ("Anna Lee, thank you", "Anna Lee"),
        ("It's A N N A", "Anna"),
        ("B as in Bravo, O, B.", "Bob"),
    ] {
        assert_eq!(name_in(said), name, "{said}");
    }
}

#[test]
fn spelled_codes() {
    for (said, code) in [
        ("B as in Bravo, C, four two", "BC42"),
        ("alpha tango seven", "AT7"),
        ("N like Nora, O", "NO"),
    ] {
        assert_eq!(code_in(said), code, "{said}");
    }
}

#[test]
fn numbers_are_read_back_in_groups() {
    assert_eq!(read_back("5550142"), "five five five, zero one four two");
    assert_eq!(read_back("a.b@c.com"), "a dot b at c dot com");
}

#[test]
fn a_call_back_is_asked_for_confirmed_and_corrected() {
    let en = phrases("en");
    let mut collect = Collect::begin();
    assert_eq!(
        collect.hear("Yes, please.", en),
        Step::Say(en.ask_name.into())
    );
    assert_eq!(
        collect.hear("Anna Lee", en),
        Step::Say(en.ask_number.into())
    );
    assert!(collect.wants_digits());
    let Step::Say(back) = collect.hear("five five five zero one four two", en) else {
        panic!("no read-back")
    };
    assert!(back.contains("five five five, zero one four two"), "{back}");
    let Step::Say(back) = collect.hear("No, it's five five five zero one four three", en) else {
        panic!("no correction")
    };
    assert!(back.contains("one four three"), "{back}");
    assert_eq!(
        collect.hear("Yes, that's right.", en),
        Step::Done {
            contact: "5550143".into()
        }
    );
    assert_eq!(collect.name(), "Anna Lee");
}

#[test]
fn a_number_may_come_in_parts_and_anything_else_is_the_agents() {
    let en = phrases("en");
    let mut collect = Collect::begin();
    collect.hear("yes", en);
    collect.hear("Bob", en);
    assert_eq!(
        collect.hear("five five", en),
        Step::Say(en.ask_number_again.into())
    );
    assert!(
        matches!(collect.hear("five zero one four two", en), Step::Say(b) if b.contains("one four two"))
    );
    assert_eq!(Collect::begin().hear("When do you open?", en), Step::Other);
    assert_eq!(Collect::begin().hear("No, thanks.", en), Step::GivenUp);
}
