//! `/api/v1/voice`, `/api/v1/pronunciations`, hearing a voice, and their page.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::TestApp;
use crate::auth::{sign_in, with_cookie};
use crate::calls::json_put;

#[tokio::test]
async fn settings_are_kept_and_nonsense_is_refused() {
    let app = TestApp::new().await;
    let usual = app.get("/api/v1/voice").await.json();
    assert_eq!(usual["settings"]["recording"], "off");
    assert_eq!(usual["voices"][0]["name"], "fake-voice");
    assert_eq!(usual["voices"][0]["licence"], "CC0-1.0");
    let wanted =
        json!({"voice": "fake-voice", "speed": 1.2, "recording": "ask", "recording_days": 7});
    let set = app.send(json_put(&app, "/api/v1/voice", wanted)).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let kept = app.get("/api/v1/voice").await.json();
    assert_eq!(kept["settings"]["recording_days"], 7);
    assert_eq!(kept["settings"]["recording"], "ask");
    assert_eq!(
        kept["settings"]["max_minutes"],
        usual["settings"]["max_minutes"]
    );
    for (wrong, param) in [
        (json!({"voice": "gone"}), "voice"),
        (json!({"speed": 9}), "speed"),
        (json!({"speed": "fast"}), "speed"),
        (json!({"recording": "always"}), "recording"),
        (json!({"record_days": 0}), "record_days"),
    ] {
        let reply = app
            .send(json_put(&app, "/api/v1/voice", wanted_of(&wrong)))
            .await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(reply.json()["param"], param, "{}", reply.text());
    }
    assert_eq!(app.get("/api/v1/voice").await.json(), kept);
}

fn wanted_of(value: &serde_json::Value) -> serde_json::Value {
    value.clone()
}

#[tokio::test]
async fn words_are_set_imported_heard_and_deleted() {
    let app = TestApp::new().await;
    let put = async |body| {
        app.send(json_put(&app, "/api/v1/pronunciations", body))
            .await
    };
    assert_eq!(
        put(json!({"word": "Bluefin", "say": "Boo-fin"}))
            .await
            .status,
        StatusCode::OK
    );
    let all = put(json!({"csv": "word,say\nNguyen,\"win, sort of\"\nbluefin,/bluːfɪn/\n"})).await;
    let all = all.json()["pronunciations"].clone();
    assert_eq!(
        all,
        json!([{"word": "bluefin", "say": "/bluːfɪn/"}, {"word": "Nguyen", "say": "win, sort of"}])
    );
    for (wrong, param) in [
        (json!({"word": "", "say": "x"}), "word"),
        (json!({"word": "x"}), "say"),
        (json!({"csv": "Good,fine\nBad,\n"}), "csv"),
        (json!({"csv": "\n"}), "csv"),
    ] {
        let reply = put(wrong.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(reply.json()["param"], param);
    }
    assert_eq!(
        app.get("/api/v1/pronunciations").await.json()["pronunciations"],
        all
    );
    let heard = app
        .post("/api/v1/voice/preview", json!({"text": "Bluefin is open."}))
        .await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.text());
    assert_eq!(heard.header("content-type"), "audio/wav");
    assert!(heard.body.starts_with(b"RIFF") && heard.body.len() > 1000);
    for wrong in [
        json!({"text": " "}),
        json!({"text": "a".repeat(501)}),
        json!({"text": "Hi.", "speed": 5}),
        json!({"text": "Hi.", "voice": "gone"}),
        json!({"text": "…"}),
    ] {
        let reply = app.post("/api/v1/voice/preview", wrong.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let gone = app.delete("/api/v1/pronunciations?word=BLUEFIN").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        app.delete("/api/v1/pronunciations?word=BLUEFIN")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_page_saves_without_scripts_and_keeps_what_was_typed_when_it_is_wrong() {
    let app = TestApp::new().await;
    let (_, session) = sign_in(&app, Role::Owner).await;
    let send = async |path: &str, form: &str| {
        let asked = with_cookie(Method::POST, path, &session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        app.send(asked.body(Body::from(form.to_owned())).unwrap())
            .await
    };
    let form = "enabled=on&voice=fake-voice&speed=1.1&language=en&greeting=%3Cb%3EHi&recording=on\
        &recording_notice=May+we%3F&recording_days=9&record_days=90&max_minutes=15&silence_seconds=12\
        &silence_prompts=2&filler=&filler_ms=1200";
    let saved = send("/voice", form).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/voice")
    );
    let kept = app.get("/api/v1/voice").await.json();
    assert_eq!(kept["settings"]["recording_days"], 9);
    assert_eq!(kept["settings"]["barge_in"], false);
    for (field, told) in [
        ("recording_days=x", "whole number"),
        ("recording_days=0", "1 to 3650"),
    ] {
        let wrong = send("/voice", &form.replace("recording_days=9", field)).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(wrong.text().contains(told), "{}", wrong.text());
        assert!(
            wrong.text().contains("&#60;b&#62;Hi"),
            "what was typed stays, escaped"
        );
    }
    assert_eq!(
        send("/voice/words", "word=%3Ci%3EBlue&say=Boo")
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        send("/voice/words/import", "csv=Fin%2Cfeen").await.status,
        StatusCode::SEE_OTHER
    );
    let wrong = send("/voice/words", "word=&say=").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let asked = with_cookie(Method::GET, "/voice", &session)
        .body(Body::empty())
        .unwrap();
    let page = app.send(asked).await;
    assert!(page.text().contains("&#60;i&#62;Blue") && page.text().contains("feen"));
    assert!(!page.text().contains("<i>Blue") && !page.text().contains("<b>Hi"));
    assert_eq!(
        send("/voice/words/delete", "word=fin").await.status,
        StatusCode::SEE_OTHER
    );
    let left = app.get("/api/v1/pronunciations").await.json();
    assert_eq!(left["pronunciations"].as_array().unwrap().len(), 1);
}
