//! What a tool needs, out of what a visitor says.

use jiff::civil::date;
use serde_json::{Value, json};

use super::choose::tests::tool;
use super::*;
use crate::store::tools::{Approval, ToolKind};

fn world() -> World {
    World {
        // A Wednesday.
        now: date(2026, 12, 2).at(10, 0, 0, 0),
        language: Language::En,
        open: std::collections::BTreeMap::new(),
        country: None,
        consent: None,
    }
}

fn plan(properties: Value, required: Value, approval: Approval) -> Option<Plan> {
    let arguments = json!({ "type": "object", "required": required, "properties": properties });
    Plan::new(tool(arguments, approval), Language::En)
}

fn order(approval: Approval) -> Plan {
    let properties = json!({ "order": { "type": "string", "title": "order number" } });
    plan(properties, json!(["order"]), approval).unwrap()
}

fn begun(plan: &Plan, message: &str) -> Stepped {
    begin(plan, message, codes(plan, &[message]), &world())
}

#[test]
fn what_was_said_is_read_and_what_is_missing_is_asked_for() {
    let plan = order(Approval::Free);
    let stepped = begun(&plan, "What's the status of order 1234?");
    assert!(is_complete(&stepped) && stepped.state == State::Done);
    let texts = plan.texts(&stepped.run);
    assert_eq!(texts.get("order").map(String::as_str), Some("1234"));
    assert_eq!(plan.shown(&stepped.run), "order number: 1234");

    let stepped = begun(&plan, "What's the status of my order?");
    assert!(!is_complete(&stepped));
    assert!(
        stepped.says[0].contains("order number"),
        "{:?}",
        stepped.says
    );
    let hears = |message| answer_in(&plan, &stepped.run, message, Language::En);
    assert_eq!(hears("it is 77, thanks").as_deref(), Some("77"));
    for whole in ["forget it", "Where do I find it?"] {
        assert_eq!(hears(whole).as_deref(), Some(whole));
    }
    for other in ["no", "I have a new lamp here and it does not work"] {
        assert_eq!(hears(other), None, "{other}");
    }
}

#[test]
fn what_acts_is_confirmed_first() {
    for approval in [Approval::Visitor, Approval::Staff] {
        let plan = order(approval);
        let stepped = begun(&plan, "Status of order 1234?");
        assert_eq!(stepped.run.phase, Phase::Confirming);
        assert!(stepped.acts.is_empty());
        let told = stepped.says.join("\n");
        assert!(
            told.contains("Status of an order") && told.contains("1234"),
            "{told}"
        );
        let said = Said {
            text: "yes please",
            ..Said::default()
        };
        let done = workflows::step(&plan.definition, stepped.run, &said, &world());
        assert_eq!(done.state, State::Done);
        let act = done.acts.into_iter().next().unwrap();
        let order = plan.order(&done.run, act);
        assert_eq!(order.deed.with["tool"], "order_status");
        assert_eq!(order.deed.with["order"], "1234");
    }
}

#[test]
fn dates_and_times_are_read_by_the_parsers() {
    let properties = json!({
        "day": { "type": "string", "format": "date" }, "at": { "type": "string", "format": "date-time" },
    });
    let one = plan(properties.clone(), json!(["day"]), Approval::Free).unwrap();
    let stepped = begun(&one, "Is anything on for tomorrow?");
    assert_eq!(one.texts(&stepped.run)["day"], "2026-12-03");
    assert!(
        !one.texts(&stepped.run).contains_key("at"),
        "a day without a time is not enough"
    );
    let two = plan(properties, json!(["at"]), Approval::Free).unwrap();
    let asked = begun(&two, "Is anything on?");
    assert!(!is_complete(&asked));
}

#[test]
fn a_tool_that_needs_what_nobody_says_is_left_to_workflows() {
    let list = json!({ "lines": { "type": "array", "items": { "type": "string" } } });
    assert!(plan(list.clone(), json!(["lines"]), Approval::Free).is_none());
    assert!(plan(list, json!([]), Approval::Free).is_some());
    let fixed = json!({ "lang": { "type": "string", "default": "en" } });
    let plan = plan(fixed, json!(["lang"]), Approval::Free).unwrap();
    let stepped = begun(&plan, "What is on?");
    assert_eq!(plan.texts(&stepped.run)["lang"], "en");
}

#[test]
fn of_a_calendar_a_day_is_looked_at() {
    let calendar = crate::store::tools::Tool {
        kind: ToolKind::Calendar,
        ..tool(json!({}), Approval::Visitor)
    };
    let plan = Plan::new(calendar, Language::En).unwrap();
    assert_eq!(plan.consent, Consent::AtOnce);
    let stepped = begun(&plan, "Is the room free on Friday at 3 pm?");
    assert!(is_complete(&stepped), "{:?}", stepped.says);
    let texts = plan.texts(&stepped.run);
    assert_eq!(texts["from"], "2026-12-04T00:00:00");
    assert_eq!(texts["until"], "2026-12-05T00:00:00");
    assert!(plan::time_asked(&stepped.run).is_some());
}

#[test]
fn what_a_visitor_writes_at_length_is_no_evidence() {
    let plan = order(Approval::Free);
    let said = |text: &str| {
        let known = vec![("order".to_owned(), Filled::Text(text.to_owned()))];
        plan.shown_as_evidence(&begin(&plan, "", known, &world()).run)
    };
    assert_eq!(said("A-1234"), "order number: A-1234");
    for claim in [
        "all of it is free",
        "it-is-free-of-charge-for-everybody-who-asks-us",
    ] {
        assert_eq!(said(claim), "", "{claim}");
    }
}

#[test]
fn another_code_takes_the_place_of_the_one_to_be_confirmed() {
    let plan = order(Approval::Visitor);
    let run = begun(&plan, "Status of order 1234?").run;
    assert_eq!(run.phase, Phase::Confirming);
    let hears = |message: &str| {
        let known = corrected(&plan, &run, message, Language::En);
        let said = Said {
            text: message,
            known: &known,
            ..Said::default()
        };
        workflows::step(&plan.definition, run.clone(), &said, &world())
    };
    let other = hears("No, order 5678");
    assert_eq!(other.run.phase, Phase::Confirming);
    assert!(other.acts.is_empty(), "{:?}", other.acts);
    assert_eq!(plan.texts(&other.run)["order"], "5678");
    assert!(other.says.join(" ").contains("5678"), "{:?}", other.says);
    // A question about another one, and a yes that repeats the code, change nothing.
    let asks = hears("What is the status of order 5678?");
    assert_eq!(plan.texts(&asks.run)["order"], "1234");
    assert_eq!(hears("yes, 1234").state, State::Done);
}

#[test]
fn a_whole_number_may_be_written_with_a_hash() {
    let properties = json!({ "order": { "type": "integer", "title": "order number" } });
    let plan = plan(properties, json!(["order"]), Approval::Free).unwrap();
    let begun_with = begun(&plan, "Where is order #1234?");
    assert_eq!(plan.texts(&begun_with.run)["order"], "1234");
    let asks = begun(&plan, "Where is my order?");
    let text = answer_in(&plan, &asks.run, "#1234", Language::En).unwrap();
    let said = Said {
        text: &text,
        ..Said::default()
    };
    let done = workflows::step(&plan.definition, asks.run, &said, &world());
    assert_eq!(done.state, State::Done);
    assert_eq!(plan.texts(&done.run)["order"], "1234");
}
