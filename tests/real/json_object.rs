//! Answers that are to be JSON objects are ones, however short they must be.

use serde_json::{Value, json};

use super::models;
use super::server::Server;

#[tokio::test]
async fn an_answer_that_is_to_be_an_object_ends_as_one_within_its_limit() {
    if models().is_none() {
        println!("left out: get the models with `frontdesk models get --starter test`");
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let mut cut = 0;
    for question in [
        "Give me a JSON object with the key status and the value ok.",
        "Describe three cities as a JSON object with lists of their museums.",
        "Write a JSON object with a long \"quoted\" poem about the sea in it, line by line.",
    ] {
        for most in [2, 3, 5, 8, 13, 21, 34, 80] {
            let request = json!({"model": "default", "temperature": 0, "max_tokens": most,
                "messages": [{"role": "user", "content": question}],
                "response_format": {"type": "json_object"}});
            let (status, reply) = server.post_json("/v1/chat/completions", request).await;
            assert_eq!(status, 200, "{reply}");
            let choice = &reply["choices"][0];
            let content = choice["message"]["content"].as_str().unwrap();
            let made = serde_json::from_str::<Value>(content);
            assert!(made.is_ok_and(|made| made.is_object()), "{most}: {content}");
            let used = reply["usage"]["completion_tokens"].as_u64().unwrap();
            assert!(used <= most, "{used} of {most}: {content}");
            cut += usize::from(choice["finish_reason"] == "length");
        }
    }
    assert!(cut >= 12, "only {cut} were cut, so little was tried");
}
