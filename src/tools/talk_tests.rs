//! Which tools an assistant calls by itself, and what it may do at once.

use serde_json::json;

use super::*;
use crate::tools::fixtures::{Desk, Reply, Server, say};
use crate::tools::{NewTool, ToolsError, Wanted};

fn wanted(server: &Server, method: &str, approval: Approval) -> Wanted {
    Wanted {
        kind: ToolKind::Http,
        name: "order_status".to_owned(),
        title: "Status of an order".to_owned(),
        about: String::new(),
        arguments: json!({
            "type": "object",
            "required": ["order"],
            "properties": { "order": { "type": "string", "maxLength": 20 } },
        }),
        settings: json!({
            "method": method, "url": server.url("/orders/{order}"),
            "talk": { "examples": ["What is the status of my order?"] },
        }),
        approval,
        timeout_ms: 1_000,
        most_bytes: 10_000,
        active: true,
    }
}

async fn desk_with(server: &Server, wanted: Wanted) -> Desk {
    let desk = Desk::new(server, None).await;
    let secret = None;
    desk.make(NewTool { wanted, secret }).await;
    desk
}

fn errand(desk: &Desk, key: &str, agreed: bool) -> Errand {
    Errand {
        workspace: desk.workspace,
        conversation: None,
        tool: "order_status".to_owned(),
        texts: [("order".to_owned(), "7".to_owned())].into(),
        key: key.to_owned(),
        agreed,
    }
}

fn chooses(tools: &[&str]) -> AssistantSettings {
    AssistantSettings {
        tools: tools.iter().map(|name| (*name).to_owned()).collect(),
        ..AssistantSettings::default()
    }
}

#[tokio::test]
async fn a_look_up_runs_at_once_and_what_acts_waits_for_a_yes() {
    let server = Server::start(|_| say(200, json!({ "state": "shipped" }))).await;
    for (method, approval, consent) in [
        ("get", Approval::Free, Some(Consent::AtOnce)),
        ("get", Approval::Visitor, Some(Consent::Visitor)),
        // Free means that no person has to agree, and not that a misunderstood question may act.
        ("post", Approval::Free, Some(Consent::Visitor)),
        ("delete", Approval::Visitor, Some(Consent::Visitor)),
        ("get", Approval::Staff, Some(Consent::Staff)),
        ("get", Approval::Never, None),
    ] {
        let before = server.got().len();
        let desk = desk_with(&server, wanted(&server, method, approval)).await;
        let own = AssistantSettings::default();
        let listed = desk.tools.in_talk(desk.workspace, &own).await.unwrap();
        assert_eq!(listed.first().and_then(Consent::of), consent, "{method}");
        let called = desk
            .tools
            .call_in_talk(&own, errand(&desk, "a", false))
            .await;
        assert_eq!(called.is_ok(), consent == Some(Consent::AtOnce), "{method}");
        if consent == Some(Consent::Visitor) {
            assert_eq!(server.got().len(), before, "nothing went out");
            for _ in 0..2 {
                let agreed = desk
                    .tools
                    .call_in_talk(&own, errand(&desk, "a", true))
                    .await;
                assert_eq!(agreed.unwrap().text, "state: shipped");
            }
            assert_eq!(server.got().len(), before + 1, "it acts once for its key");
        }
    }
}

#[tokio::test]
async fn only_tools_for_conversations_that_the_assistant_chose_are_called() {
    let server = Server::start(|_| say(200, json!({ "state": "shipped" }))).await;
    let desk = desk_with(&server, wanted(&server, "get", Approval::Free)).await;
    let other = chooses(&["stock"]);
    let listed = desk.tools.in_talk(desk.workspace, &other).await.unwrap();
    assert!(listed.is_empty());
    let refused = desk
        .tools
        .call_in_talk(&other, errand(&desk, "a", true))
        .await;
    assert!(
        matches!(refused, Err(ToolError::NotChosen(_))),
        "{refused:?}"
    );

    let mut silent = wanted(&server, "get", Approval::Free);
    if let Some(settings) = silent.settings.as_object_mut() {
        settings.remove("talk");
    }
    let desk = desk_with(&server, silent).await;
    let own = chooses(&["order_status"]);
    let listed = desk.tools.in_talk(desk.workspace, &own).await.unwrap();
    assert!(listed.is_empty(), "only workflows call it");
    let refused = desk
        .tools
        .call_in_talk(&own, errand(&desk, "a", true))
        .await;
    assert!(
        matches!(refused, Err(ToolError::Forbidden(_))),
        "{refused:?}"
    );
    assert!(server.got().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_told_by_its_status_and_who_hangs_fails() {
    let server = Server::start(|head| match head.contains("/orders/7") {
        true => say(404, json!({})),
        false => Reply::Hang,
    })
    .await;
    let desk = desk_with(&server, wanted(&server, "get", Approval::Free)).await;
    let own = AssistantSettings::default();
    let missing = desk
        .tools
        .call_in_talk(&own, errand(&desk, "a", false))
        .await;
    assert!(matches!(missing, Err(ToolError::Failed(_))), "{missing:?}");
    let noted = desk.tools.find_call(desk.workspace, "a").await.unwrap();
    assert_eq!(noted.and_then(|call| call.status), Some(404));
    let hangs = Errand {
        texts: [("order".to_owned(), "8".to_owned())].into(),
        ..errand(&desk, "b", false)
    };
    let hangs = desk.tools.call_in_talk(&own, hangs).await;
    assert!(matches!(hangs, Err(ToolError::Failed(_))), "{hangs:?}");
}

#[tokio::test]
async fn when_it_is_called_is_checked_as_it_is_set_up() {
    let server = Server::start(|_| say(200, json!({}))).await;
    let desk = Desk::new(&server, None).await;
    let many: Vec<String> = (0..30).map(|n| format!("Where is order {n}?")).collect();
    for (talk, field) in [
        (json!({ "when": "x".repeat(600) }), "talk"),
        (json!({ "examples": [" "] }), "talk"),
        (json!({ "examples": many }), "talk"),
        (json!({ "whenever": "yes" }), "settings"),
    ] {
        let mut new = wanted(&server, "get", Approval::Free);
        new.settings["talk"] = talk;
        let new = NewTool {
            wanted: new,
            secret: None,
        };
        let refused = desk.tools.create(&desk.owner(), new).await;
        assert!(
            matches!(&refused, Err(ToolsError::Wrong { field: found, .. }) if *found == field),
            "{refused:?}"
        );
    }
}
