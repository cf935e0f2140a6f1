//! Hours of the desk: its own, the business's, or none.

use serde_json::json;

use super::*;
use crate::hours::{Data, What};
use crate::store::facts::{self, NewFact};
use crate::store::token::{Token, TokenKind};
use crate::store::users::{self, NewUser, Role};
use crate::store::{Store, workspaces};

fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError>) {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let berlin = json!({ "time_zone": "Europe/Berlin", "country": "DE" });
        workspaces::set_section(tx, workspace, "facts", &berlin)?;
        test(tx, workspace)
    });
    done.unwrap();
}

/// Of December 2026 in Berlin: the 1st is a Tuesday.
fn at(day: i8, hour: i8) -> UnixMs {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at = jiff::civil::date(2026, 12, day).at(hour, 0, 0, 0);
    at.to_zoned(zone).unwrap().timestamp().as_millisecond()
}

fn set(tx: &Transaction<'_>, workspace: WorkspaceId, settings: &serde_json::Value) {
    let settings: DeskSettings = serde_json::from_value(settings.clone()).unwrap();
    settings.check().unwrap();
    settings.save(tx, workspace).unwrap();
}

fn opens(tx: &Transaction<'_>, workspace: WorkspaceId, from: UnixMs) -> Option<UnixMs> {
    let next = next_opening(tx, workspace, from).unwrap();
    next.map(|next| next.timestamp().as_millisecond())
}

fn state(tx: &Transaction<'_>, workspace: WorkspaceId, what: What) {
    let data = Data {
        what,
        place: None,
        changed: false,
    };
    let new = NewFact {
        kind: data.what.kind().to_owned(),
        data: data.write(),
        state: FactState::Confirmed,
        document: None,
        version: None,
        quote: String::new(),
    };
    facts::insert(tx, workspace, &new, 1).unwrap();
}

#[test]
fn the_desk_keeps_its_own_hours() {
    within(|tx, workspace| {
        set(
            tx,
            workspace,
            &json!({ "hours": { "tuesday": [["09:00", "12:00"], ["22:00", "02:00"]] } }),
        );
        let open = |day, hour| is_open(tx, workspace, at(day, hour)).unwrap();
        assert!(!open(1, 8) && open(1, 9) && open(1, 11) && !open(1, 12));
        assert!(open(1, 23) && open(2, 1) && !open(2, 2), "past midnight");
        assert!(!open(2, 10), "a day that is not named");
        assert_eq!(opens(tx, workspace, at(1, 12)), Some(at(1, 22)));
        assert_eq!(opens(tx, workspace, at(2, 12)), Some(at(8, 9)));
        set(tx, workspace, &json!({ "hours": {} }));
        assert_eq!(opens(tx, workspace, at(2, 12)), None);
        Ok(())
    });
}

#[test]
fn without_hours_of_its_own_it_keeps_those_of_the_business_and_its_exceptions() {
    within(|tx, workspace| {
        let nine_to_five = Span {
            from: clock("09:00").unwrap(),
            to: clock("17:00").unwrap(),
        };
        state(
            tx,
            workspace,
            What::Weekly(Weekly {
                label: None,
                days: Day::ALL[..5].to_vec(),
                which: Vec::new(),
                open: vec![nine_to_five],
                note: String::new(),
                from: None,
                until: None,
            }),
        );
        let closed = jiff::civil::date(2026, 12, 3);
        state(
            tx,
            workspace,
            What::Special(Special {
                label: None,
                from: closed,
                until: closed,
                open: Some(Vec::new()),
                note: String::new(),
            }),
        );
        let open = |day, hour| is_open(tx, workspace, at(day, hour)).unwrap();
        assert!(open(2, 10) && !open(2, 18));
        assert!(!open(3, 10), "closed by exception");
        assert!(!open(5, 10), "nobody stated hours for Saturday");
        assert!(
            !open(25, 10),
            "Christmas, and nobody said that it is as usual"
        );
        assert_eq!(opens(tx, workspace, at(2, 18)), Some(at(4, 9)));
        // Its own hours end at the exceptions of the business as well.
        set(
            tx,
            workspace,
            &json!({ "hours": { "thursday": [["09:00", "12:00"]] } }),
        );
        assert!(!open(3, 10) && open(10, 10) && !open(2, 10));
        Ok(())
    });
}

#[test]
fn in_the_nights_when_the_clocks_change_it_is_the_clock_on_the_wall_that_counts() {
    const QUARTER: i64 = 15 * 60 * 1000;
    within(|tx, workspace| {
        let hours = json!({ "hours": { "sunday": [["01:00", "04:00"]] } });
        set(tx, workspace, &hours);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // An hour is left out in March 2026, and one comes twice in October; the third is as usual.
        for (month, day, hours) in [(3, 29, 2), (10, 25, 4), (10, 18, 3)] {
            let midnight = jiff::civil::date(2026, month, day).at(0, 0, 0, 0);
            let midnight = midnight.to_zoned(zone.clone()).unwrap();
            let midnight = midnight.timestamp().as_millisecond();
            let open = (0..40).filter(|n| is_open(tx, workspace, midnight + n * QUARTER).unwrap());
            assert_eq!(open.count(), hours * 4, "{month}/{day}");
            assert_eq!(
                opens(tx, workspace, midnight),
                Some(midnight + 4 * QUARTER),
                "{month}/{day}"
            );
        }
        Ok(())
    });
}

#[test]
fn without_any_hours_the_desk_is_open_while_somebody_is_at_the_console() {
    within(|tx, workspace| {
        let now = at(1, 10);
        assert!(!is_open(tx, workspace, now)?);
        let new = NewUser {
            email: "a@x",
            name: "Anna",
            password_hash: None,
            role: Role::Agent,
        };
        let user = users::create(tx, &new, 1)?;
        let token = Token::generate(TokenKind::Session)?.hash();
        sessions::create(tx, user, &token, now - 60_000, now + 3_600_000)?;
        assert!(is_open(tx, workspace, now)?);
        assert_eq!(opens(tx, workspace, now), None);
        assert!(!is_open(tx, workspace, now + 11 * 60_000)?);
        Ok(())
    });
}

#[test]
fn what_cannot_hold_is_refused_in_words() {
    for (settings, told) in [
        (
            json!({ "hours": { "monday": [["9 o'clock", "12:00"]] } }),
            "`9 o'clock`",
        ),
        (json!({ "time_zone": "Mars/Olympus" }), "Mars/Olympus"),
        (json!({ "wait_minutes": 0 }), "wait_minutes"),
        (json!({ "sla_minutes": [10, 2] }), "sla_minutes"),
        (json!({ "notify": { "email": ["nobody"] } }), "`nobody`"),
        (
            json!({ "notify": { "email": vec!["a@b.example"; 21] } }),
            "20 addresses",
        ),
        (
            json!({ "hours": { "monday": vec![["09:00", "10:00"]; 13] } }),
            "12 spans",
        ),
        (
            json!({ "notify": { "email": ["a@b.example\r\nBcc: c@d.example"] } }),
            "e-mail",
        ),
    ] {
        let read: DeskSettings = serde_json::from_value(settings).unwrap();
        let reason = read.check().unwrap_err();
        assert!(reason.as_str().contains(told), "{reason}");
    }
    let unknown = json!({ "hours": { "someday": [] } });
    assert!(serde_json::from_value::<DeskSettings>(unknown).is_err());
    assert!(DeskSettings::default().check().is_ok());
}

#[test]
fn hours_and_rules_of_an_assistant_go_before_the_desks() {
    within(|tx, workspace| {
        set(
            tx,
            workspace,
            &json!({ "hours": { "tuesday": [["09:00", "17:00"]] } }),
        );
        let own = json!({
            "hours": { "week": { "wednesday": [["09:00", "12:00"]] } },
            "hand_over": { "refusals": 5 },
        });
        let new = assistants::NewAssistant {
            name: "night",
            title: "Night",
            instructions: "",
            greeting: "",
            model: None,
            settings: &own,
        };
        let id = assistants::create(tx, workspace, &new, 1)?;
        let begin = |assistant| {
            let new = crate::store::conversations::NewConversation {
                assistant,
                channel: crate::store::conversations::Channel::Chat,
                visitor: None,
                title: "",
                begun_by: None,
                page: None,
            };
            crate::store::conversations::create(tx, workspace, &new, 1).unwrap()
        };
        let (usual, night) = (begin(None), begin(Some(id)));
        assert!(is_open_for(tx, &usual, at(1, 10))? && !is_open_for(tx, &night, at(1, 10))?);
        assert!(!is_open_for(tx, &usual, at(2, 10))? && is_open_for(tx, &night, at(2, 10))?);
        let rules = DeskSettings::of_conversation(tx, &night)?.hand_over;
        assert_eq!((rules.refusals, rules.risky), (5, true));
        Ok(())
    });
}
