//! `/v1/responses` and `/v1/conversations`.

use axum::http::StatusCode;
use frontdesk::llm::{LlmError, OutputFormat, Role};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::fakes::Plan;
use axum::body::Body;
use axum::http::Method;

const PATH: &str = "/v1/responses";

async fn ask(app: &TestApp, body: Value) -> Value {
    let reply = app.post(PATH, body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()
}

fn id(response: &Value) -> String {
    response["id"].as_str().unwrap().to_owned()
}

/// The events, whose names must be their types and whose numbers must be without a gap.
fn events(reply: &Reply, first: u64) -> Vec<Value> {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let mut read = Vec::new();
    for (at, (name, data)) in (first..).zip(reply.events()) {
        let event: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(event["type"], name.as_str());
        assert_eq!(event["sequence_number"], at);
        read.push(event);
    }
    read
}

/// A background response once it is over.
async fn wait(app: &TestApp, id: &str) -> Value {
    for _ in 0..500 {
        let response = app.get(&format!("{PATH}/{id}")).await.json();
        if !["queued", "in_progress"].contains(&response["status"].as_str().unwrap()) {
            return response;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it does not end");
}

#[tokio::test]
async fn a_response_has_openais_shape_and_is_kept() {
    let app = TestApp::new().await;
    let made = ask(
        &app,
        json!({"input": "Hi", "instructions": "Be brief.", "metadata": {"a": "b"}}),
    )
    .await;
    assert_eq!(made["object"], "response");
    assert_eq!(
        (&made["status"], &made["model"]),
        (&json!("completed"), &json!("fake-chat"))
    );
    assert_eq!(made["output"][0]["content"][0]["text"], "Hello there.");
    assert_eq!(made["usage"]["total_tokens"], 15);
    assert_eq!(made["usage"]["input_tokens_details"]["cached_tokens"], 5);
    assert_eq!(made["text"]["format"]["type"], "text");
    assert_eq!(made["metadata"]["a"], "b");
    let seen = app.chat.script.last();
    assert_eq!(seen.messages[0].role, Role::System);
    assert_eq!(seen.messages[1].content, "Hi");

    let path = format!("{PATH}/{}", id(&made));
    assert_eq!(app.get(&path).await.json(), made);
    let items = app.get(&format!("{path}/input_items")).await.json();
    assert_eq!(items["data"][0]["content"][0]["text"], "Hi");
    assert_eq!(app.delete(&path).await.json()["deleted"], true);
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_goes_on_from_another_and_not_from_what_was_not_stored() {
    let app = TestApp::new().await;
    let first = ask(&app, json!({"input": "one"})).await;
    let second = ask(
        &app,
        json!({"input": "two", "previous_response_id": id(&first)}),
    )
    .await;
    ask(
        &app,
        json!({"input": "three", "previous_response_id": id(&second)}),
    )
    .await;
    let said: Vec<_> = app
        .chat
        .script
        .last()
        .messages
        .iter()
        .map(|m| m.content.clone())
        .collect();
    assert_eq!(
        said,
        ["one", "Hello there.", "two", "Hello there.", "three"]
    );

    let item = first["output"][0]["id"].clone();
    ask(&app, json!({"input": [{"type": "item_reference", "id": item}, {"role": "user", "content": "x"}]})).await;
    assert_eq!(app.chat.script.last().messages[0].content, "Hello there.");

    let unkept = ask(&app, json!({"input": "x", "store": false})).await;
    assert_eq!(
        app.get(&format!("{PATH}/{}", id(&unkept))).await.status,
        StatusCode::NOT_FOUND
    );
    let reply = app
        .post(
            PATH,
            json!({"input": "y", "previous_response_id": id(&unkept)}),
        )
        .await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn what_is_streamed_comes_in_order_and_is_kept() {
    let app = TestApp::new().await;
    let reply = app.post(PATH, json!({"input": "Hi", "stream": true})).await;
    let all = events(&reply, 0);
    let kinds: Vec<_> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds[..4],
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|k| **k == "response.output_text.delta")
            .count(),
        3
    );
    let last = all.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let path = format!("{PATH}/{}", id(&last["response"]));
    assert_eq!(app.get(&path).await.json(), last["response"]);
    let again = app.get(&format!("{path}?stream=true")).await;
    assert_eq!(
        events(&again, 0).last().unwrap()["response"],
        last["response"]
    );
    assert_eq!(
        events(
            &app.get(&format!("{path}?stream=true&starting_after=7"))
                .await,
            8
        )
        .len(),
        1
    );
}

#[tokio::test]
async fn a_function_is_called_and_its_output_sent_back() {
    let app = TestApp::new().await;
    app.chat
        .script
        .set(Plan::Call("hours".into(), "{\"day\":\"Mon\"}".into()));
    let tool = json!({"type": "function", "name": "hours", "parameters": {"type": "object"}, "strict": true});
    let made = ask(
        &app,
        json!({"input": "When?", "tools": [tool], "tool_choice": "required"}),
    )
    .await;
    let call = &made["output"][0];
    assert_eq!(
        (&call["type"], &call["call_id"]),
        (&json!("function_call"), &json!("call_1"))
    );
    assert_eq!(call["arguments"], "{\"day\":\"Mon\"}");
    assert!(
        app.chat
            .script
            .last()
            .tools
            .unwrap()
            .contains("\"function\":{\"name\":\"hours\"")
    );

    app.chat.script.set(Plan::Words(vec!["At eight.".into()]));
    let output = json!({"type": "function_call_output", "call_id": "call_1", "output": "8:00"});
    let body = json!({"input": [output], "previous_response_id": id(&made)});
    assert_eq!(
        ask(&app, body).await["output"][0]["content"][0]["text"],
        "At eight."
    );
    let seen = app.chat.script.last().messages;
    assert_eq!(seen[1].tool_calls[0].name, "hours");
    assert_eq!(
        (seen[2].role, seen[2].content.as_str()),
        (Role::Tool, "8:00")
    );
}

#[tokio::test]
async fn a_schema_and_a_seedless_sampling_reach_the_model() {
    let app = TestApp::new().await;
    let format = json!({"type": "json_schema", "name": "x", "schema": {"type": "object"}});
    ask(&app, json!({"input": "x", "text": {"format": format}, "temperature": 0.2, "max_output_tokens": 9})).await;
    let seen = app.chat.script.last();
    assert_eq!(
        seen.format,
        OutputFormat::JsonSchema("{\"type\":\"object\"}".into())
    );
    assert_eq!(seen.sampling.max_tokens, Some(9));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_failures_have_their_status() {
    let app = TestApp::new().await;
    let image =
        json!([{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]);
    for (body, param) in [
        (json!({"input": image}), "input[0].content[0]"),
        (json!({"input": "x", "prompt": {"id": "p"}}), "prompt"),
        (
            json!({"input": "x", "tools": [{"type": "web_search"}]}),
            "tools[0].type",
        ),
        (
            json!({"input": "x", "conversation": "conv_nothing"}),
            "conversation",
        ),
        (json!({"input": "x", "model": "gpt-9"}), "model"),
        (
            json!({"input": [{"type": "function_call_output", "call_id": "c", "output": ""}]}),
            "input",
        ),
        (
            json!({"model": "assistant:desk", "input": "x", "text": {"format": {"type": "json_object"}}}),
            "text.format",
        ),
    ] {
        let reply = app.post(PATH, body.clone()).await;
        assert!(reply.status.is_client_error(), "{body}");
        assert_eq!(
            reply.json()["error"]["param"],
            param,
            "{body}: {}",
            reply.text()
        );
    }
    app.chat
        .script
        .set(Plan::Refuse(LlmError::Busy { waiting: 64 }));
    assert_eq!(
        app.post(PATH, json!({"input": "x"})).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    app.chat.script.set(Plan::Break(
        vec!["Hel".into()],
        LlmError::Interrupted("killed".into()),
    ));
    assert_eq!(
        app.post(PATH, json!({"input": "x"})).await.status,
        StatusCode::BAD_GATEWAY
    );
    let reply = app.post(PATH, json!({"input": "x", "stream": true})).await;
    let all = events(&reply, 0);
    assert_eq!(all.last().unwrap()["type"], "response.failed");
    assert_eq!(
        all.last().unwrap()["response"]["error"]["code"],
        "server_error"
    );
}

#[tokio::test]
async fn an_assistant_cites_with_annotations() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    let made = ask(
        &app,
        json!({"model": "assistant:desk", "input": "When are you open on Mondays?"}),
    )
    .await;
    assert_eq!(made["model"], "assistant:desk");
    let cited = made["frontdesk"]["citations"].as_array().unwrap();
    let notes = made["output"][0]["content"][0]["annotations"]
        .as_array()
        .unwrap();
    assert!(!cited.is_empty(), "{made}");
    assert_eq!(notes.len(), cited.len());
    assert_eq!(notes[0]["type"], "file_citation");
    assert_eq!(notes[0]["file_id"], cited[0]["document"]);
}

#[tokio::test]
async fn work_in_the_background_is_read_followed_and_cancelled() {
    let app = TestApp::new().await;
    let begun = ask(&app, json!({"input": "Hi", "background": true})).await;
    assert_eq!(begun["status"], "queued");
    let done = wait(&app, &id(&begun)).await;
    assert_eq!(done["output"][0]["content"][0]["text"], "Hello there.");
    let path = format!("{PATH}/{}", id(&begun));
    let followed = events(&app.get(&format!("{path}?stream=true")).await, 0);
    assert_eq!(followed[1]["type"], "response.queued");
    assert_eq!(followed.last().unwrap()["response"]["status"], "completed");
    let late = events(
        &app.get(&format!("{path}?stream=true&starting_after=2"))
            .await,
        3,
    );
    assert_eq!(late.len() + 3, followed.len());

    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let stuck = ask(&app, json!({"input": "Hi", "background": true})).await;
    let path = format!("{PATH}/{}", id(&stuck));
    let reply = app
        .post(
            PATH,
            json!({"input": "x", "previous_response_id": id(&stuck)}),
        )
        .await;
    assert_eq!(
        reply.json()["error"]["code"],
        "previous_response_not_finished"
    );
    let cancelled = app.post(&format!("{path}/cancel"), json!({})).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(app.get(&path).await.json()["status"], "cancelled");

    app.chat.script.set(Plan::Words(vec!["x".into()]));
    let plain = ask(&app, json!({"input": "Hi"})).await;
    let refused = app
        .post(&format!("{PATH}/{}/cancel", id(&plain)), json!({}))
        .await;
    assert_eq!(refused.json()["error"]["code"], "not_in_background");
}

#[tokio::test]
async fn after_a_restart_nobody_works_on_it_any_more() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Words(vec!["x".into()]));
    let begun = ask(&app, json!({"input": "Hi", "background": true})).await;
    wait(&app, &id(&begun)).await;
    // As a crash would have left it.
    let key = id(&begun);
    let left = app.app.store.write(move |tx| {
        let sql =
            "UPDATE api_answers SET body = json_set(body, '$.status', 'in_progress') WHERE id = ?";
        tx.execute(sql, [&key])?;
        Ok(())
    });
    left.await.unwrap();
    let app = app.restart().await;
    let found = app.get(&format!("{PATH}/{}", id(&begun))).await.json();
    assert_eq!(found["status"], "failed");
    assert!(
        found["error"]["message"]
            .as_str()
            .unwrap()
            .contains("restarted")
    );
}

#[tokio::test]
async fn a_conversation_gathers_what_is_said() {
    let app = TestApp::new().await;
    let items = json!([{"role": "user", "content": "I am Ada."}]);
    let made = app
        .post(
            "/v1/conversations",
            json!({"items": items, "metadata": {"a": "b"}}),
        )
        .await
        .json();
    assert_eq!(
        (&made["object"], &made["metadata"]["a"]),
        (&json!("conversation"), &json!("b"))
    );
    let path = format!("/v1/conversations/{}", id(&made));
    let response = ask(
        &app,
        json!({"input": "Who am I?", "conversation": {"id": id(&made)}}),
    )
    .await;
    assert_eq!(response["conversation"]["id"], made["id"]);
    let said: Vec<_> = app
        .chat
        .script
        .last()
        .messages
        .iter()
        .map(|m| m.content.clone())
        .collect();
    assert_eq!(said, ["I am Ada.", "Who am I?"]);
    let list = app
        .get(&format!("{path}/items?order=asc&limit=2"))
        .await
        .json();
    assert_eq!(
        (list["data"].as_array().unwrap().len(), &list["has_more"]),
        (2, &json!(true))
    );
    let rest = format!(
        "{path}/items?order=asc&after={}",
        list["last_id"].as_str().unwrap()
    );
    let rest = app.get(&rest).await.json();
    assert_eq!(rest["data"][0]["content"][0]["text"], "Hello there.");

    let item = format!("{path}/items/{}", id(&rest["data"][0]));
    assert_eq!(app.get(&item).await.json()["role"], "assistant");
    assert_eq!(app.delete(&item).await.json()["id"], made["id"]);
    assert_eq!(app.get(&item).await.status, StatusCode::NOT_FOUND);
    let changed = app
        .post(&path, json!({"metadata": {"c": "d"}}))
        .await
        .json();
    assert_eq!(changed["metadata"], json!({"c": "d"}));
    let added = app
        .post(&format!("{path}/items"), json!({"items": items}))
        .await
        .json();
    assert_eq!(added["data"][0]["role"], "user");
    assert_eq!(
        app.delete(&path).await.json()["object"],
        "conversation.deleted"
    );
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_its_key_reads_what_was_kept() {
    let app = TestApp::new().await;
    let (mine, _) = app.make_key(&["chat"], None).await;
    let (other, _) = app.make_key(&["chat"], None).await;
    let made = app
        .post_as(&mine, PATH, json!({"input": "Hi"}))
        .await
        .json();
    let read = |key: String, path: String| {
        let request = request(Method::GET, &path, &key)
            .body(Body::empty())
            .unwrap();
        let app = &app;
        async move { app.send(request).await.status }
    };
    let path = format!("{PATH}/{}", id(&made));
    assert_eq!(read(mine.clone(), path.clone()).await, StatusCode::OK);
    assert_eq!(
        read(other.clone(), path.clone()).await,
        StatusCode::NOT_FOUND
    );
    // Whoever may read all conversations.
    assert_eq!(read(app.key.clone(), path).await, StatusCode::OK);
    let body = json!({"input": "x", "previous_response_id": id(&made)});
    assert_eq!(
        app.post_as(&other, PATH, body).await.status,
        StatusCode::BAD_REQUEST
    );
    let elsewhere = app.workspace("elsewhere").await;
    let (bound, _) = app
        .make_key(&["chat", "conversations"], Some(elsewhere))
        .await;
    assert_eq!(
        read(bound, format!("{PATH}/{}", id(&made))).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn tokens_are_counted_without_an_answer() {
    let app = TestApp::new().await;
    let counted = app
        .post("/v1/responses/input_tokens", json!({"input": "Hi"}))
        .await
        .json();
    assert_eq!(
        counted,
        json!({"object": "response.input_tokens", "input_tokens": 12})
    );
    let reply = app.post("/v1/responses/compact", json!({})).await;
    assert_eq!(reply.json()["error"]["code"], "not_supported");
}
