//! The other adapter: what it sends to a program that is not Kommo.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use frontdesk::crm::generic::{self, Generic, Options, SIGNATURE};
use frontdesk::crm::{Crm, CrmError, NewNote, NewTask, TagChange};
use frontdesk::egress::{Allow, Gateway, Reach, SystemLookup};
use frontdesk::store::{Store, workspaces};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use super::error_of;

#[derive(Clone, Default)]
struct Program {
    got: Arc<Mutex<Vec<(String, Bytes)>>>,
    status: Arc<Mutex<Option<StatusCode>>>,
}

async fn take(State(program): State<Program>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get(SIGNATURE).unwrap().to_str().unwrap().to_owned();
    program.got.lock().unwrap().push((signature, body));
    program.status.lock().unwrap().unwrap_or(StatusCode::OK)
}

#[tokio::test]
async fn results_go_back_signed_and_a_refusal_is_told() {
    let program = Program::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(take).with_state(program.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let store = Store::open_in_memory().unwrap();
    let shop = store
        .write_blocking(|tx| Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id))
        .unwrap();
    let options = Options {
        deliver_to: Some(format!("http://127.0.0.1:{port}/in")),
        voice_hosts: Vec::new(),
    };
    let made = generic::connect(&store, shop, "Old CRM", options)
        .await
        .unwrap();
    let account = made.account.clone();
    let told =
        generic::read_hook(br#"{"event": "lead", "lead": {"id": "L1", "name": "Ana"}}"#).unwrap();
    store
        .write_blocking(move |tx| generic::keep(tx, &account, &told, 5))
        .unwrap();
    let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
    let lookup = Arc::new(SystemLookup);
    let gateway = Gateway::new(store.clone(), Reach::Open, allow, lookup).unwrap();
    let crm = Generic::new(store, gateway, made.account).unwrap();

    let note = NewNote {
        text: "Score 82.".into(),
        message: None,
    };
    let id = crm.write_note("L1", &note).await.unwrap();
    crm.write_number("L1", "Score", Some(82.0)).await.unwrap();
    let change = TagChange {
        add: vec!["hot".into()],
        remove: vec!["cold".into()],
    };
    crm.write_tags("L1", &change).await.unwrap();
    let task = NewTask {
        text: "Call".into(),
        due_at: 1_800_000_000_000,
        responsible: None,
    };
    crm.create_task("L1", &task).await.unwrap();

    let got = std::mem::take(&mut *program.got.lock().unwrap());
    let bodies: Vec<Value> = got
        .iter()
        .map(|(_, body)| serde_json::from_slice(body).unwrap())
        .collect();
    let events: Vec<_> = bodies
        .iter()
        .map(|body| body["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["note", "number", "tags", "task"]);
    assert_eq!(
        (&bodies[0]["id"], &bodies[0]["text"]),
        (&json!(id), &json!("Score 82."))
    );
    assert_eq!(
        (&bodies[1]["field"], &bodies[1]["value"]),
        (&json!("Score"), &json!(82.0))
    );
    assert_eq!(
        (&bodies[2]["add"], &bodies[2]["remove"]),
        (&json!(["hot"]), &json!(["cold"]))
    );
    assert_eq!(bodies[3]["due_at"], 1_800_000_000);
    for (signature, body) in &got {
        let key = made.signing_secret.reveal().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(body);
        let expected = hex::encode(mac.finalize().into_bytes());
        assert_eq!(*signature, format!("sha256={expected}"));
    }

    for (status, passing) in [(500, true), (429, true), (403, false), (302, false)] {
        *program.status.lock().unwrap() = StatusCode::from_u16(status).ok();
        let error = error_of(crm.write_note("L1", &note).await);
        assert_eq!(error.is_passing(), passing, "{status}: {error}");
    }
    let unknown = crm.write_note("L9", &note).await;
    assert!(matches!(error_of(unknown), CrmError::Missing { .. }));
}
