//! The whole way against the server that behaves like Kommo: connect, a hook, the widget asks for an analysis, what is written
//! back, disconnect.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::config::PublicUrl;
use serde_json::{Value, json};

use super::kommo_fake::{CLIENT, File, HOST, KommoFake, SECRET, mint, sender};
use crate::app::TestApp;

const SERVER: &str = "https://desk.example";
const LEAD: u64 = 7;
const VOICE: &str = "https://drive-c.kommo.com/attachments/a.wav";

/// A request of the widget from a card of the account.
async fn ask(app: &TestApp, method: Method, end: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/crm/kommo/widget/leads/{LEAD}{end}"))
        .header(header::ORIGIN, format!("https://{HOST}"))
        .header("x-auth-token", mint::widget_token(SERVER));
    let reply = app.send(request.body(Body::empty()).unwrap()).await;
    (reply.status, reply.json())
}

/// The card once the work on it has ended.
async fn card_at_the_end(app: &TestApp) -> Value {
    for _ in 0..300 {
        let (status, card) = ask(app, Method::GET, "").await;
        assert_eq!(status, StatusCode::OK, "{card}");
        if matches!(card["job"]["state"].as_str(), Some("done" | "failed")) {
            return card;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the work does not end");
}

/// Connects the account as an owner does; its id.
async fn connect(app: &TestApp, fake: &KommoFake) -> String {
    let keys = json!({"client_id": CLIENT, "client_secret": SECRET});
    let kept = app.post("/api/v1/crm/integrations", keys).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
    let begun = app
        .post("/api/v1/crm/connect", json!({"client_id": CLIENT}))
        .await
        .json();
    let state = begun["state"].as_str().unwrap();
    let code = fake.issue_code();
    let back =
        format!("/crm/kommo/return?code={code}&state={state}&referer={HOST}&client_id={CLIENT}");
    let request = Request::get(&back).body(Body::empty()).unwrap();
    let reply = app.send(request).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    let again = Request::get(&back).body(Body::empty()).unwrap();
    assert_eq!(app.send(again).await.status, StatusCode::BAD_REQUEST);
    let all = app.get("/api/v1/crm").await.json();
    assert_eq!(all["accounts"][0]["state"], "active");
    all["accounts"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_connects_a_card_asks_and_results_are_written_back() {
    let fake = KommoFake::start().await;
    {
        let mut world = fake.world();
        world.add_lead(LEAD, "Ines Marlow");
        let said = [
            ("m2", 1_700_000_100, false, "text", "It is 149 euros."),
            (
                "m1",
                1_700_000_000,
                true,
                "text",
                "How much is the beginner course?",
            ),
            ("v1", 1_700_000_200, true, "voice", VOICE),
        ];
        world.add_talk(1, LEAD, &said);
        let wav = b"RIFF\x24\0\0\0WAVEfmt ".to_vec();
        world.files.insert("a.wav".into(), File::Ogg(wav));
    }
    let app = TestApp::with(|config| {
        config.public_url = PublicUrl(Some(SERVER.to_owned()));
        config.kommo_server = PublicUrl(Some(format!("http://127.0.0.1:{}", fake.port)));
        config.egress_allow = format!("127.0.0.1:{}", fake.port);
    })
    .await;
    let id = connect(&app, &fake).await;

    // Kommo was told where to send what happens, and sends it twice.
    let destination = fake.world().webhooks[0]["destination"].clone();
    let path = destination.as_str().unwrap().strip_prefix(SERVER).unwrap();
    let row = sender::message("m9", LEAD, 1_700_000_300, "Is Tuesday possible?");
    for wrapped in [true, false, true] {
        let hook = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(sender::messages(
                std::slice::from_ref(&row),
                wrapped,
            )));
        assert_eq!(app.send(hook.unwrap()).await.status, StatusCode::OK);
    }

    let (status, card) = ask(&app, Method::GET, "").await;
    assert_eq!(status, StatusCode::OK, "{card}");
    assert!(card["analysis"].is_null());
    let (status, asked) = ask(&app, Method::POST, "/analyse").await;
    assert_eq!(status, StatusCode::OK, "{asked}");
    let card = card_at_the_end(&app).await;
    assert_eq!(card["job"]["state"], "done", "{card}");
    let score = card["analysis"]["score"].as_u64().unwrap();
    let band = card["analysis"]["band"].as_str().unwrap().to_owned();
    assert_eq!(card["voices"][0]["message"], "v1");
    {
        let world = fake.world();
        // The transcript and the analysis; nothing starts the owner's automations.
        assert_eq!(world.notes.len(), 2, "{:?}", world.notes);
        for note in &world.notes {
            assert_eq!(note["note_type"], "extended_service_message");
        }
        let lead = world.leads[&LEAD].to_string();
        assert!(
            lead.contains(&band) && lead.contains("from the owner"),
            "{lead}"
        );
        assert!(lead.contains(&score.to_string()), "{lead}");
    }

    let path = format!("/api/v1/crm/accounts/{id}/disconnect");
    let gone = app.post(&path, json!({})).await;
    assert_eq!(gone.json()["unhooked"], true, "{}", gone.text());
    assert!(fake.world().webhooks.is_empty());
    let all = app.get("/api/v1/crm").await.json();
    assert_eq!(all["accounts"], json!([]));
    // Its pages may no longer call.
    let (status, refused) = ask(&app, Method::GET, "").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
}

#[tokio::test]
async fn a_poor_tariff_analyses_what_hooks_brought() {
    let fake = KommoFake::start().await;
    fake.world().add_lead(LEAD, "Ines Marlow");
    fake.world()
        .add_talk(1, LEAD, &[("m1", 1_700_000_000, true, "text", "Hello")]);
    fake.switch(|switches| switches.poor_tariff = true);
    let app = TestApp::with(|config| {
        config.public_url = PublicUrl(Some(SERVER.to_owned()));
        config.kommo_server = PublicUrl(Some(format!("http://127.0.0.1:{}", fake.port)));
        config.egress_allow = format!("127.0.0.1:{}", fake.port);
    })
    .await;
    connect(&app, &fake).await;
    ask(&app, Method::POST, "/analyse").await;
    let card = card_at_the_end(&app).await;
    assert_eq!(card["job"]["code"], "tariff", "{card}");

    let destination = fake.world().webhooks[0]["destination"].clone();
    let path = destination.as_str().unwrap().strip_prefix(SERVER).unwrap();
    let row = sender::message("m9", LEAD, 1_700_000_300, "I would like to book it.");
    let hook = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(sender::messages(&[row], true)));
    assert_eq!(app.send(hook.unwrap()).await.status, StatusCode::OK);
    for _ in 0..100 {
        let (_, card) = ask(&app, Method::GET, "").await;
        if card["new_messages"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ask(&app, Method::POST, "/analyse").await;
    let card = card_at_the_end(&app).await;
    assert_eq!(card["job"]["state"], "done", "{card}");
    assert_eq!(card["notices"], json!(["tariff"]));
}
