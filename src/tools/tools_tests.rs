//! Calls against servers on this machine that hang, never end, redirect, fail and give orders.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixtures::{Desk, Reply, Server, say};
use super::*;
use crate::access::Scope;
use crate::egress::Secret;
use crate::store::ToolCallId;
use crate::store::tools as stored;

fn order(server: &Server, method: &str, approval: Approval) -> NewTool {
    NewTool {
        wanted: Wanted {
            kind: ToolKind::Http,
            name: "order_status".to_owned(),
            title: "Status of an order".to_owned(),
            about: String::new(),
            arguments: json!({
                "type": "object",
                "required": ["order"],
                "properties": { "order": { "type": "string", "maxLength": 20 }, "note": { "type": "string" } },
            }),
            settings: json!({
                "method": method, "url": server.url("/orders/{order}"), "secret": { "in": "header", "name": "x-key" },
            }),
            approval,
            timeout_ms: 1_000,
            most_bytes: 10_000,
            active: true,
        },
        secret: Some(Secret::new("hunter2")),
    }
}

fn arguments() -> Value {
    json!({ "order": "o 1", "note": "call 0171 555" })
}

#[tokio::test]
async fn a_free_tool_answers_once_per_key_and_its_secret_and_data_stay_out_of_the_ledger() {
    let server = Server::start(|_| say(200, json!({ "state": "shipped" }))).await;
    let desk = Desk::new(&server, None).await;
    let tool = desk.make(order(&server, "post", Approval::Free)).await;
    for _ in 0..2 {
        let answer = desk
            .tools
            .call(&tool, arguments(), "k1", &Asked::default())
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, "state: shipped")
        );
    }
    let got = server.got();
    assert_eq!(got.len(), 1, "the same key never acts twice");
    assert!(
        got[0].starts_with("POST /orders/o%201 HTTP/1.1"),
        "{}",
        got[0]
    );
    assert!(got[0].contains("x-key: hunter2") && got[0].ends_with("{\"note\":\"call 0171 555\"}"));
    let row = &desk.ledger().await[0];
    assert_eq!(row.purpose, "tool");
    assert_eq!(row.data, "metadata, customer, credential");
    let written = format!("{row:?} {:?}", desk.log().await);
    assert!(
        !written.contains("hunter2") && !format!("{row:?}").contains("o%201"),
        "{written}"
    );

    let other = json!({ "order": "o2" });
    let taken = desk.tools.call(&tool, other, "k1", &Asked::default()).await;
    assert!(matches!(taken, Err(ToolError::KeyTaken)), "{taken:?}");
    let wrong = desk
        .tools
        .call(
            &tool,
            json!({ "order": 7, "x": 1 }),
            "k2",
            &Asked::default(),
        )
        .await;
    assert!(
        matches!(&wrong, Err(ToolError::Arguments(wrong)) if wrong.len() == 2),
        "{wrong:?}"
    );
    assert_eq!((server.got().len(), desk.log().await.len()), (1, 1));
}

#[tokio::test]
async fn nothing_runs_without_the_yes_that_its_rule_wants() {
    let server = Server::start(|_| say(200, json!({ "done": true }))).await;
    let desk = Desk::new(&server, None).await;
    let tool = desk.make(order(&server, "post", Approval::Visitor)).await;
    let call = |agreed: bool, key: &'static str| {
        let asked = Asked {
            agreed,
            ..Asked::default()
        };
        let (tools, tool) = (desk.tools.clone(), tool.clone());
        async move { tools.call(&tool, arguments(), key, &asked).await }
    };
    assert!(matches!(
        call(false, "a").await,
        Err(ToolError::AsksVisitor(_))
    ));
    assert!(server.got().is_empty());
    call(true, "a").await.unwrap();
    assert_eq!(server.got().len(), 1);

    let staff = Wanted {
        approval: Approval::Staff,
        ..order(&server, "post", Approval::Staff).wanted
    };
    let new = NewTool {
        wanted: staff,
        secret: None,
    };
    desk.tools
        .change(&desk.owner(), tool.id, new)
        .await
        .unwrap();
    let tool = desk.tool(tool.id).await;
    assert!(tool.has_secret, "it did not move");
    let agreed = Asked {
        agreed: true,
        ..Asked::default()
    };
    let waits = desk.tools.call(&tool, arguments(), "b", &agreed).await;
    let Err(ToolError::AsksStaff(id)) = waits else {
        panic!("a visitor's yes is not enough: {waits:?}");
    };
    assert_eq!(server.got().len(), 1);
    let agent = desk.by(&[Scope::Conversations]);
    assert!(
        desk.tools
            .waiting(&desk.by(&[Scope::Chat]), None)
            .await
            .is_err()
    );
    assert!(
        desk.tools
            .decide(&desk.by(&[Scope::Chat]), id, true)
            .await
            .is_err()
    );
    assert_eq!(desk.tools.waiting(&agent, None).await.unwrap().len(), 1);
    let done = desk.tools.decide(&agent, id, true).await.unwrap();
    assert_eq!((done.state, server.got().len()), (CallState::Done, 2));
    assert!(
        desk.tools.decide(&agent, id, false).await.is_err(),
        "it was decided"
    );
    // Whoever waits for it gets what came of it.
    desk.tools
        .call(&tool, arguments(), "b", &agreed)
        .await
        .unwrap();
    assert_eq!(server.got().len(), 2);

    let waits = desk.tools.call(&tool, arguments(), "c", &agreed).await;
    let Err(ToolError::AsksStaff(id)) = waits else {
        panic!("{waits:?}");
    };
    desk.tools.decide(&agent, id, false).await.unwrap();
    let declined = desk.tools.call(&tool, arguments(), "c", &agreed).await;
    assert!(matches!(declined, Err(ToolError::Declined)), "{declined:?}");

    desk.tools
        .set_active(&desk.owner(), tool.id, false)
        .await
        .unwrap();
    let tool = desk.tool(tool.id).await;
    let off = desk.tools.call(&tool, arguments(), "d", &agreed).await;
    assert!(matches!(off, Err(ToolError::Forbidden(_))), "{off:?}");
    assert_eq!(server.got().len(), 2);
}

#[tokio::test]
async fn each_bad_server_ends_in_a_sentence_and_in_time() {
    for (name, reply, words, is_sure) in [
        ("hangs", Reply::Hang, "did not answer in full", false),
        ("never ends", Reply::Endless, "more than 10000 bytes", false),
        ("hangs up", Reply::HangUp, "could not be reached", false),
        (
            "redirects inside",
            Reply::Say(302, "location: http://169.254.169.254/\r\n", String::new()),
            "redirects",
            true,
        ),
        (
            "redirects elsewhere",
            Reply::Say(307, "location: https://evil.example/\r\n", String::new()),
            "redirects",
            true,
        ),
        (
            "fails",
            say(500, json!({ "error": "no disk" })),
            "its words: error: no disk",
            false,
        ),
        ("refuses", say(401, json!({})), "check the secret", true),
        ("finds nothing", say(404, json!({})), "found nothing", true),
    ] {
        let reply = reply.clone();
        let server = Server::start(move |_| reply.clone()).await;
        let desk = Desk::new(&server, None).await;
        let tool = desk.make(order(&server, "post", Approval::Free)).await;
        let begun = Instant::now();
        let ended = desk
            .tools
            .call(&tool, arguments(), "k", &Asked::default())
            .await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}");
        let told = match (&ended, is_sure) {
            (Err(ToolError::Failed(told)), true) | (Err(ToolError::Unknown(told)), false) => {
                told.to_string()
            }
            _ => panic!("{name}: {ended:?}"),
        };
        assert!(told.to_lowercase().contains(words), "{name}: {told}");
        // Nothing that acts is sent twice unasked.
        let again = desk
            .tools
            .call(&tool, arguments(), "k", &Asked::default())
            .await;
        assert!(again.is_err(), "{name}");
        assert_eq!(server.got().len(), 1, "{name}");
        assert!(desk.log().await[0].error.is_some(), "{name}");
    }
}

#[tokio::test]
async fn only_what_may_be_repeated_is_sent_again() {
    let busy = |count: usize| {
        let left = Mutex::new(count);
        move |_: &str| {
            let mut left = left.lock().unwrap();
            match *left {
                0 => say(200, json!({ "state": "ok" })),
                _ => {
                    *left -= 1;
                    say(503, json!({}))
                }
            }
        }
    };
    for (method, key_header, asked, works) in [
        ("get", false, 2, true),
        ("post", false, 1, false),
        ("post", true, 2, true),
    ] {
        let server = Server::start(busy(1)).await;
        let desk = Desk::new(&server, None).await;
        let mut new = order(&server, method, Approval::Free);
        if key_header {
            new.wanted.settings["idempotency"] = json!("Idempotency-Key");
        }
        new.wanted.timeout_ms = 5_000;
        let tool = desk.make(new).await;
        let ended = desk
            .tools
            .call(&tool, arguments(), "key-1", &Asked::default())
            .await;
        assert_eq!(
            (ended.is_ok(), server.got().len()),
            (works, asked),
            "{method} {key_header}"
        );
        if key_header {
            assert!(
                server
                    .got()
                    .iter()
                    .all(|got| got.contains("idempotency-key: key-1"))
            );
        }
    }
}

#[tokio::test]
async fn a_call_goes_on_when_its_caller_leaves_and_is_unknown_after_a_crash() {
    let server = Server::start(|_| Reply::Late(300)).await;
    let desk = Desk::new(&server, None).await;
    let tool = desk.make(order(&server, "post", Approval::Free)).await;
    let asked = Asked::default();
    let called = desk.tools.call(&tool, arguments(), "k", &asked);
    let left = tokio::time::timeout(Duration::from_millis(100), called).await;
    assert!(left.is_err(), "the caller left");
    for _ in 0..100 {
        if desk
            .log()
            .await
            .first()
            .is_some_and(|call| call.state == CallState::Done)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(desk.log().await[0].state, CallState::Done);

    let lost = desk.store.write({
        let tool = tool.clone();
        move |tx| {
            let arguments = arguments();
            let new = stored::calls::NewCall {
                conversation: None,
                key: "lost",
                asked_by: AskedBy::Workflow,
                arguments: &arguments,
                state: CallState::Running,
                decided_by: Some("rule"),
                expires_at: None,
            };
            stored::calls::create(tx, &tool, &new, now())?;
            stored::calls::mark_lost(tx, now())
        }
    });
    assert_eq!(lost.await.unwrap(), 1);
    let again = desk.tools.call(&tool, arguments(), "lost", &asked).await;
    assert!(matches!(again, Err(ToolError::Unknown(_))), "{again:?}");
    assert_eq!(server.got().len(), 1);
}

#[tokio::test]
async fn nothing_runs_in_a_workspace_that_is_closed() {
    let server = Server::start(|_| say(200, json!({}))).await;
    let desk = Desk::new(&server, None).await;
    let tool = desk.make(order(&server, "get", Approval::Free)).await;
    let workspace = desk.workspace;
    let closed = desk.store.write(move |tx| {
        let workspace = crate::store::workspaces::get(tx, workspace)?;
        crate::store::closures::close(tx, &workspace, false, now())
    });
    closed.await.unwrap();
    let asked = Asked::default();
    let refused = desk.tools.call(&tool, arguments(), "k", &asked).await;
    assert!(
        matches!(refused, Err(ToolError::Forbidden(_))),
        "{refused:?}"
    );
    assert!(server.got().is_empty());
}

#[tokio::test]
async fn owners_are_told_what_is_wrong_and_a_secret_does_not_move_along() {
    let server = Server::start(|_| say(200, json!({}))).await;
    let desk = Desk::new(&server, None).await;
    let owner = desk.owner();
    let change = |set: fn(&mut Wanted)| {
        let mut new = order(&server, "get", Approval::Free);
        set(&mut new.wanted);
        new
    };
    type Set = fn(&mut Wanted);
    let cases: [(&str, Set); 7] = [
        ("name", |wanted| wanted.name = "Order".to_owned()),
        ("title", |wanted| wanted.title = " ".to_owned()),
        ("timeout_ms", |wanted| wanted.timeout_ms = 90_000),
        ("most_bytes", |wanted| wanted.most_bytes = 1),
        ("arguments", |wanted| {
            wanted.arguments = json!({ "type": "object", "not": {} })
        }),
        ("url", |wanted| {
            wanted.settings["url"] = json!("http://shop.example/{order}")
        }),
        ("url", |wanted| {
            wanted.settings["url"] = json!("https://10.0.0.1/{order}")
        }),
    ];
    for (field, set) in cases {
        let refused = desk.tools.create(&owner, change(set)).await;
        let Err(ToolsError::Wrong { field: wrong, .. }) = refused else {
            panic!("{field}: {refused:?}");
        };
        assert_eq!(wrong, field);
    }
    let tool = desk.make(order(&server, "get", Approval::Never)).await;
    let refused = desk.tools.try_out(&owner, tool.id, arguments()).await;
    assert!(
        matches!(refused, Err(ToolsError::Call(ToolError::Forbidden(_)))),
        "{refused:?}"
    );
    let moved = change(|wanted| wanted.settings["url"] = json!("https://shop.example/{order}"));
    let moved = desk
        .tools
        .change(
            &owner,
            tool.id,
            NewTool {
                secret: None,
                ..moved
            },
        )
        .await
        .unwrap();
    assert!(!moved.has_secret);
    assert!(
        desk.tools
            .list(&desk.by(&[Scope::Conversations]))
            .await
            .is_err()
    );
    assert!(
        desk.tools
            .decide(&owner, ToolCallId::new(), true)
            .await
            .is_err()
    );
}
