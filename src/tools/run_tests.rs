//! Which tools the workflows of an assistant may call, and what waits while its tool changes.

use super::*;
use crate::access::Scope;
use crate::store::assistants::NewAssistant;
use crate::store::conversations::{Channel, NewConversation};
use crate::store::{AssistantId, tools as stored};
use crate::tools::fixtures::{Desk, Server, say};
use crate::tools::{NewTool, Wanted};

fn wanted(server: &Server, approval: Approval, longest: u32) -> Wanted {
    Wanted {
        kind: ToolKind::Http,
        name: "order_status".to_owned(),
        title: "Status of an order".to_owned(),
        about: String::new(),
        arguments: json!({
            "type": "object",
            "required": ["order"],
            "properties": { "order": { "type": "string", "maxLength": longest } },
        }),
        settings: json!({ "method": "post", "url": server.url("/orders/{order}") }),
        approval,
        timeout_ms: 1_000,
        most_bytes: 10_000,
        active: true,
    }
}

async fn desk_with(server: &Server, approval: Approval) -> (Desk, Scoped<Tool>) {
    let desk = Desk::new(server, None).await;
    let new = NewTool {
        wanted: wanted(server, approval, 20),
        secret: None,
    };
    let tool = desk.make(new).await;
    (desk, tool)
}

/// What comes of a call that a workflow of this assistant orders.
async fn order_by(
    desk: &Desk,
    assistant: Option<AssistantId>,
    key: &str,
) -> Result<Answer, ToolError> {
    let workspace = desk.workspace;
    let made = desk.store.write(move |tx| {
        let new = NewConversation {
            assistant,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        Ok(conversations::create(tx, workspace, &new, 1)?.id)
    });
    let order = Order {
        workspace,
        conversation: made.await.unwrap(),
        tool: "order_status".to_owned(),
        texts: [("order".to_owned(), "o 1".to_owned())].into(),
        key: key.to_owned(),
    };
    desk.tools.call_ordered(order).await
}

#[tokio::test]
async fn a_workflow_calls_only_the_tools_that_its_assistant_chose() {
    let server = Server::start(|_| say(200, json!({ "state": "shipped" }))).await;
    let (desk, _) = desk_with(&server, Approval::Free).await;
    let workspace = desk.workspace;
    let made = desk.store.write(move |tx| {
        let make = |name: &str, settings: Value| {
            let new = NewAssistant {
                name,
                title: "Desk",
                instructions: "",
                greeting: "",
                model: None,
                settings: &settings,
            };
            assistants::create(tx, workspace, &new, 1)
        };
        Ok((
            make("without", json!({ "tools": ["stock"] }))?,
            make("with", json!({ "tools": ["order_status"] }))?,
            make("all", json!({}))?,
        ))
    });
    let (without, with, all) = made.await.unwrap();
    let refused = order_by(&desk, Some(without), "k1").await;
    assert!(
        matches!(refused, Err(ToolError::NotChosen(_))),
        "{refused:?}"
    );
    assert!(server.got().is_empty() && desk.log().await.is_empty());
    for (assistant, key) in [(Some(with), "k2"), (Some(all), "k3"), (None, "k4")] {
        order_by(&desk, assistant, key).await.unwrap();
    }
    assert_eq!(server.got().len(), 3);
}

#[tokio::test]
async fn a_call_that_waits_is_not_allowed_after_its_tool_takes_other_arguments() {
    let server = Server::start(|_| say(200, json!({}))).await;
    let (desk, tool) = desk_with(&server, Approval::Staff).await;
    let (asked, order) = (Asked::default(), json!({ "order": "o 1" }));
    let Err(ToolError::AsksStaff(id)) = desk.tools.call(&tool, order, "k1", &asked).await else {
        panic!("it must wait");
    };
    let (workspace, tool) = (desk.workspace, tool.id);
    let changed = wanted(&server, Approval::Staff, 2);
    let written = desk.store.write(move |tx| {
        let tool = stored::get(tx, workspace, tool)?;
        stored::change(tx, &tool, &changed, 2)
    });
    written.await.unwrap();
    let agent = desk.by(&[Scope::Conversations]);
    assert!(desk.tools.decide(&agent, id, true).await.is_err());
    assert!(server.got().is_empty());
    // It still waits, and can be declined.
    desk.tools.decide(&agent, id, false).await.unwrap();
}

#[tokio::test]
async fn a_call_that_its_caller_left_is_made_and_ends_in_the_log() {
    let server = Server::start(|_| say(200, json!({ "state": "shipped" }))).await;
    let (desk, tool) = desk_with(&server, Approval::Free).await;
    let asked = Asked::default();
    let call = desk.tools.call(&tool, json!({ "order": "7" }), "a", &asked);
    // Its caller is gone before it is noted.
    let left = tokio::time::timeout(Duration::ZERO, call).await;
    assert!(left.is_err(), "{left:?}");
    for _ in 0..100 {
        let log = desk.log().await;
        if log
            .first()
            .is_some_and(|call| call.state == CallState::Done)
        {
            assert_eq!(server.got().len(), 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the call was left alone: {:?}", desk.log().await);
}
