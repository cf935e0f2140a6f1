use super::shown::FieldView;
use super::*;
use crate::workflows::templates;

/// What a browser posts of a form that was not changed.
fn posted(draft: &Draft) -> Vec<(String, String)> {
    let view = draft.view(&[]);
    let mut out = vec![
        ("languages".to_owned(), view.languages),
        ("order".to_owned(), view.order),
        ("steps".to_owned(), view.steps.len().to_string()),
        ("unasked".to_owned(), view.unasked.len().to_string()),
    ];
    if view.active {
        out.push(("active".to_owned(), "on".to_owned()));
    }
    let items = view.steps.into_iter().chain(view.unasked);
    let mut fields: Vec<FieldView> = view.fields.into_iter().chain(view.folded).collect();
    for item in items {
        out.extend(item.hidden);
        fields.extend(item.fields.into_iter().chain(item.folded));
        for option in item.options {
            out.push(option.hidden);
            fields.extend(option.fields);
        }
    }
    let sent = fields
        .into_iter()
        .filter(|field| field.ticked != Some(false));
    out.extend(sent.map(|field| (field.name, field.value.replace('\n', "\r\n"))));
    out
}

fn draft_of(template: &str) -> Draft {
    Draft::of(&read(templates::find(template).unwrap()), true)
}

fn read(text: &str) -> Definition {
    Definition::parse(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn press(draft: &Draft, button: &str, chosen: &[(&str, &str)]) -> Draft {
    let mut sent = posted(draft);
    sent.push(("press".to_owned(), button.to_owned()));
    sent.extend(
        chosen
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    );
    let mut next = Draft::read(&draft.name, &sent);
    next.press(&Pressed::of(&sent));
    next
}

/// A draft with another value in a field.
fn with(draft: &Draft, name: &str, value: &str) -> Draft {
    let mut sent = posted(draft);
    assert!(
        sent.iter().any(|(known, _)| known == name),
        "no field {name}"
    );
    sent.retain(|(known, _)| known != name);
    sent.push((name.to_owned(), value.to_owned()));
    Draft::read(&draft.name, &sent)
}

#[test]
fn a_form_that_was_not_changed_keeps_every_template_as_it_is() {
    for (name, text) in templates::ALL {
        let mut back = Draft::read(name, &posted(&draft_of(name)));
        let kept = back.text(&heading(text));
        let kept = kept.unwrap_or_else(|| panic!("{name}: {:?}", back.errors));
        assert_eq!(read(&kept), read(text), "{name}");
        assert!(kept.starts_with("# Begins with"), "{name}");
        assert!(!has_comments(text));
    }
}

#[test]
fn steps_move_and_branches_stay() {
    let draft = draft_of("order");
    let mut moved = press(&draft, "down.0", &[]);
    assert_eq!(moved.steps[0].step, Step::Ask("count".to_owned()));
    let text = moved
        .text("")
        .unwrap_or_else(|| panic!("{:?}", moved.errors));
    let branches = |d: &Definition| {
        d.steps
            .iter()
            .filter(|s| matches!(s, Step::Branch { .. }))
            .count()
    };
    assert_eq!(branches(&read(&text)), 1);
    let up = press(&moved, "up.1", &[]);
    assert_eq!(up.definition(), draft.definition());
    // A branch goes on at this step.
    let target = draft
        .steps
        .iter()
        .position(|row| row.label.is_some())
        .unwrap();
    let refused = press(&draft, &format!("remove.{target}"), &[]);
    assert_eq!(refused.steps.len(), draft.steps.len());
    assert!(refused.errors[&format!("s{target}")].contains("cannot be removed"));
}

#[test]
fn a_question_is_added_filled_and_removed() {
    let draft = draft_of("callback");
    let mut added = press(&draft, "question", &[("new.kind", "choice")]);
    let at = added
        .steps
        .iter()
        .position(|row| row.step == Step::Ask("choice".into()))
        .unwrap();
    assert!(added.text("").is_none());
    assert!(
        added.errors.contains_key(&format!("s{at}.ask.en")),
        "{:?}",
        added.errors
    );
    assert!(
        added.errors.contains_key(&format!("s{at}.o0.say.en")),
        "{:?}",
        added.errors
    );
    for code in ["en", "de", "fr", "es"] {
        added = with(&added, &format!("s{at}.ask.{code}"), "Which?");
    }
    added = with(&added, &format!("s{at}.o0.say.en"), "red\r\ncrimson");
    added = with(&added, &format!("s{at}.o1.say.en"), "blue");
    let text = added
        .text("")
        .unwrap_or_else(|| panic!("{:?}", added.errors));
    let slot = read(&text).slot("choice").cloned().unwrap();
    let Kind::Choice(options) = slot.kind else {
        panic!("{slot:?}");
    };
    assert_eq!(options[0].say["en"], ["red", "crimson"]);
    let removed = press(&added, &format!("remove.{at}"), &[]);
    assert_eq!(removed.definition(), draft.definition());
}

#[test]
fn what_is_wrong_is_told_beside_its_field() {
    let draft = draft_of("table");
    let mut wrong = with(&draft, "s0.least", "many");
    assert!(wrong.text("").is_none());
    assert!(wrong.errors["s0.least"].contains("number"));
    let shown = wrong.view(&[]);
    let field = shown.steps[0]
        .fields
        .iter()
        .find(|f| f.name == "s0.least")
        .unwrap();
    assert_eq!(
        (field.value.as_str(), field.error.is_some()),
        ("many", true)
    );
    let confirm = draft
        .steps
        .iter()
        .position(|row| matches!(row.step, Step::Confirm(_)))
        .unwrap();
    let mut wrong = with(&draft, &format!("s{confirm}.text.de"), "{nobody}?");
    assert!(wrong.text("").is_none());
    assert!(wrong.errors[&format!("s{confirm}.text.de")].contains("{nobody}"));
    // A question is removed whose answer is used.
    let mut used = press(&draft, "remove.0", &[]);
    assert!(used.text("").is_none());
    assert!(!used.errors.is_empty());
}

#[test]
fn acts_begin_with_the_answers_and_emails_need_an_address() {
    let mut draft = press(&draft_of("callback"), "step", &[("new.step", "email")]);
    let at = draft.steps.len() - 2;
    assert!(matches!(&draft.steps[at].step, Step::Act(deed) if deed.act == "email"));
    assert!(draft.text("").is_none());
    assert!(draft.errors.contains_key(&format!("s{at}.with.to")));
    let mut theirs = with(&draft, &format!("s{at}.with.to"), "{phone}");
    assert!(theirs.text("").is_none());
    let mut ours = with(&draft, &format!("s{at}.with.to"), "team@example.com");
    let text = ours.text("").unwrap_or_else(|| panic!("{:?}", ours.errors));
    assert!(
        text.contains("team@example.com") && text.contains("{phone}"),
        "{text}"
    );
}

#[test]
fn a_tool_of_the_workspace_has_a_field_for_each_argument() {
    let tools = [ToolArguments {
        name: "book".to_owned(),
        title: "Book".to_owned(),
        arguments: vec![("day".to_owned(), true), ("note".to_owned(), false)],
    }];
    let draft = press(&draft_of("appointment"), "step", &[("new.step", "tool")]);
    let at = draft.steps.len() - 2;
    let draft = with(&draft, &format!("s{at}.with.tool"), "book");
    let view = draft.view(&tools);
    let names: Vec<&str> = view.steps[at]
        .fields
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    let wanted = ["tool", "day", "note"].map(|name| format!("s{at}.with.{name}"));
    assert_eq!(names, wanted);
}

#[test]
fn languages_are_added_and_taken_away() {
    let draft = draft_of("table");
    let more = press(&draft, "language", &[("new.language", "it")]);
    assert_eq!(more.languages, ["en", "de", "es", "fr", "it"]);
    // Nothing is said in it yet.
    assert_eq!(more.definition(), draft.definition());
    let mut less = press(&draft, "unlanguage.de", &[]);
    let text = less.text("").unwrap_or_else(|| panic!("{:?}", less.errors));
    assert!(!text.contains("Personen") && text.contains("personnes"));
}
