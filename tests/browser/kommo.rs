//! The widget in a lead's card: a harness page stands in for Kommo's, at the address of an account that is connected. What it
//! shows comes from this server, which asks a small CRM of the test.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fantoccini::Client;
use fantoccini::error::CmdError;
use frontdesk::app::{App, Start, default_workspace};
use frontdesk::config::Config;
use frontdesk::store::analyses::{self, NewAnalysis, Source};
use frontdesk::store::casework::{self, CrmTranscript, TranscriptState};
use frontdesk::store::crm::accounts::{self, CrmKind, NewAccount, Tokens};
use frontdesk::store::crm::messages::Writer;
use frontdesk::store::crm::{integrations, leads};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::desk::Desk;
use crate::driver::Driver;
use crate::kommo_card::{files, serve_card};
use crate::widget::finished;
use crate::{ANSWERING, LOADING, fill_setup, find, shoot, text};

const SECRET: &str = "the secret of the integration";
pub const SERVER: &str = "https://desk.example";
pub const HOST: &str = "shop.kommo.com";
/// What somebody wrote who would like to run a script in the card.
const NASTY: &str = "<img src=x onerror='window.hacked = 1'><b>Two places on Tuesday.</b>";

/// What was written into the CRM.
#[derive(Default)]
struct Written {
    notes: Vec<Value>,
    tasks: Vec<Value>,
    leads: Vec<Value>,
}

type Crm = Arc<Mutex<Written>>;

/// A CRM with one talk of one lead.
async fn answer(State(crm): State<Crm>, method: Method, uri: Uri, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let path = uri.path();
    let list = |name: &str, rows: Value| {
        let mut all = json!({"_page": 1, "_embedded": {}});
        all["_embedded"][name] = rows;
        axum::Json(all).into_response()
    };
    let mut written = crm.lock().unwrap();
    match (method.as_str(), path) {
        ("GET", "/api/v4/leads/7" | "/api/v4/leads/8") => {
            let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
            let lead = json!({
                "id": id, "name": "Ines Marlow", "status_id": 1, "pipeline_id": 2,
                "_embedded": {"tags": [], "contacts": [{"id": 70, "is_main": true}]},
            });
            axum::Json(lead).into_response()
        }
        ("GET", "/api/v4/talks") => list(
            "talks",
            json!([{"talk_id": 1, "entity_id": 7, "entity_type": "lead", "created_at": 1_700_000_000,
                    "updated_at": 1_700_000_000, "status": "in_work"}]),
        ),
        ("GET", "/api/v4/talks/1/messages") => {
            let said = |id: &str, kind: &str, at: u64, text: &str| {
                json!({"id": id, "type": kind, "message_type": "text", "text": text, "created_at": at,
                       "author": {"id": "a", "type": "external", "name": "Ines"}})
            };
            list(
                "messages",
                json!([
                    said("m2", "outgoing", 1_700_000_100, "It is 149 euros."),
                    said(
                        "m1",
                        "incoming",
                        1_700_000_000,
                        "How much is the beginner course?"
                    ),
                    said(
                        "m3",
                        "incoming",
                        1_700_000_200,
                        "Great, I would like to book it for Tuesday."
                    ),
                ]),
            )
        }
        ("POST", "/api/v4/leads/notes") => {
            written.notes.push(body);
            list("notes", json!([{"id": 900 + written.notes.len()}]))
        }
        ("GET", "/api/v4/leads/custom_fields") => list(
            "custom_fields",
            json!([{"id": 5, "name": "Frontdesk score", "type": "numeric"}]),
        ),
        ("PATCH", _) => {
            written.leads.push(body);
            axum::Json(json!({"id": 7})).into_response()
        }
        ("POST", "/api/v4/tasks") => {
            written.tasks.push(body);
            list("tasks", json!([{"id": 1000}]))
        }
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn listen() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// The widget's token, as Kommo signs it.
fn token(secret: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": format!("https://{HOST}"), "aud": SERVER, "jti": "1", "iat": now, "nbf": now,
        "exp": now + 1800, "account_id": 77, "user_id": 5, "subdomain": "shop", "client_uuid": "c-1",
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"alg": "HS256", "typ": "JWT"}));
    let signed = format!("{head}.{}", part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// An account that is connected, and a lead 8 that was analysed by a model.
async fn fill(app: &App) {
    let workspace = default_workspace(&app.store).await.unwrap();
    let written = app.store.write(move |tx| {
        let redirect = format!("{SERVER}/crm/kommo/return");
        integrations::keep(tx, workspace, "c-1", SECRET, &redirect, 1)?;
        let new = NewAccount {
            kind: CrmKind::Kommo,
            remote_id: "77",
            client_id: "c-1",
            user_id: None,
            name: "Shop",
            host: HOST,
            hook_secret: "fd_crm_secret",
        };
        let tokens = Tokens {
            access: "access".into(),
            refresh: None,
            expires_at: None,
        };
        let account = accounts::keep(tx, workspace, &new, Some(&tokens), 1)?;
        let body = json!({
            "summary": {"short": "Wants two places.", "medium": NASTY, "long": "Ines wants two places on Tuesday, at noon.",
                        "written": "model"},
            "score": {"value": 82, "own": 62, "rules": 20, "band": "hot",
                      "reasons": [{"text": NASTY, "points": 12, "quote": {"text": NASTY, "turn": 0}}],
                      "by_rules": [{"text": "named a budget", "points": 20, "quote": null}]},
            "sentiment": [{"turn": 0, "value": -1}, {"turn": 2, "value": 0}, {"turn": 4, "value": 1}, {"turn": 6, "value": 2}],
            "intent": null, "objections": [], "promises": [],
            "next_step": {"what": "Send the offer for two places.", "draft": "Dear Ines, here is the offer."},
            "language": "en", "fields": {}, "missing": [],
        });
        let row = NewAnalysis {
            conversation: None,
            source: Source::Crm,
            about: format!("{}/8", account.id),
            title: "Ines Marlow".into(),
            score: 82,
            own_score: 62,
            rule_points: 20,
            band: "hot".into(),
            language: Some("en".into()),
            turns: 7,
            prompt_version: "1".into(),
            model: None,
            weights_hash: None,
            took_ms: 1,
            tokens_read: 0,
            tokens_written: 0,
            digest: String::new(),
            body,
            said: None,
        };
        let id = analyses::keep(tx, workspace, &row, 2)?.id.to_string();
        let judged = leads::Judged {
            analysis: &id,
            score: 82,
            band: Some("hot"),
            note: None,
        };
        leads::note_analysis(tx, &account, "8", &judged, 2)?;
        leads::add_stale(tx, &account, "8", 3, 3)?;
        let transcript = |message: &str| CrmTranscript {
            message: message.into(),
            lead: "8".into(),
            who: Writer::Customer,
            at: 2,
            state: TranscriptState::Done,
            text: "Two places on Tuesday, please.".into(),
            language: "en".into(),
            duration_ms: 4_000,
            code: None,
        };
        // One stands in the feed of the card, the other does not.
        casework::keep_transcript(tx, &account, &transcript("v1"), 3)?;
        casework::keep_transcript(tx, &account, &transcript("v2"), 3)
    });
    written.await.unwrap();
}

#[tokio::test]
async fn browser_the_widget_shows_a_lead_and_acts_for_it() {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let crm = Crm::default();
    let (listener, crm_address) = listen().await;
    let stand_in = Router::new().fallback(answer).with_state(crm.clone());
    tokio::spawn(async move { axum::serve(listener, stand_in).await.unwrap() });

    let data = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: data.path().to_owned(),
        ..Config::default()
    };
    let app = App::open(Arc::new(config), Start::Never).await.unwrap();
    fill(&app).await;
    app.stop().await;
    drop(app);
    let settings = vec![
        ("FRONTDESK_PUBLIC_URL", SERVER.to_owned()),
        ("FRONTDESK_KOMMO_SERVER", format!("http://{crm_address}")),
        ("FRONTDESK_EGRESS_ALLOW", crm_address),
    ];
    let desk = Arc::new(Desk::start_on(data, settings).await);
    let address = desk.address.trim_start_matches("http://").to_owned();
    let port = serve_card(files(&address)).await;
    let resolve = format!("--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}");
    let browser = driver
        .browser_with(&[&resolve, "--ignore-certificate-errors"])
        .await;
    finished(
        browser.clone(),
        "kommo-failure",
        visit(browser, crm, desk.clone()),
    )
    .await;
    desk.kill().await;
}

async fn run(browser: &Client, script: &str) -> Result<Value, CmdError> {
    let script = format!(
        "const panel = document.querySelector('.fd-kommo'); const text = css => panel?.querySelector(css)?.textContent ?? ''; \
         {script}"
    );
    browser.execute(&script, vec![]).await
}

async fn until(
    browser: &Client,
    what: &str,
    script: &str,
    at_most: std::time::Duration,
) -> Result<(), CmdError> {
    let begun = std::time::Instant::now();
    while run(browser, &format!("return Boolean({script})")).await? != json!(true) {
        if begun.elapsed() > at_most {
            let shown = run(browser, "return [panel?.textContent, harness.errors]").await?;
            panic!("not in time: {what}; {shown}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn open(browser: &Client, lead: u32) -> Result<(), CmdError> {
    run(browser, &format!("harness.open({lead})")).await?;
    let returned = run(browser, "return harness.returned").await?;
    for callback in ["render", "init", "bind_actions"] {
        assert_eq!(returned[callback], json!(true), "{callback}");
    }
    Ok(())
}

async fn load(browser: &Client, language: &str, token: &str) -> Result<(), CmdError> {
    browser.goto(&format!("https://{HOST}/card.html")).await?;
    let load = "const done = arguments[2]; harness.token = arguments[1]; \
                harness.load(arguments[0]).then(() => done(true), error => done(String(error)))";
    let loaded = browser
        .execute_async(load, vec![json!(language), json!(token)])
        .await?;
    assert_eq!(loaded, json!(true));
    assert_eq!(
        run(browser, "return harness.globals").await?,
        json!(0),
        "the widget left something in the page's globals"
    );
    Ok(())
}

async fn visit(browser: Client, crm: Crm, desk: Arc<Desk>) -> Result<(), CmdError> {
    let browser = &browser;
    load(browser, "en", &token(SECRET)).await?;
    open(browser, 0).await?;
    until(
        browser,
        "a card that is not saved",
        "panel.textContent.includes('Save the lead first')",
        LOADING,
    )
    .await?;
    shows_what_was_found(browser).await?;
    makes_a_task_once(browser, &crm).await?;
    analyses(browser, &crm).await?;
    tells_errors_as_sentences(browser).await?;
    shows_the_owner_what_is_connected_and_what_left(browser, &desk).await
}

/// The pages beside the panel: connecting, the account with what is held, the ledger of all that went to the CRM.
async fn shows_the_owner_what_is_connected_and_what_left(
    browser: &Client,
    desk: &Desk,
) -> Result<(), CmdError> {
    fill_setup(browser, desk).await?;
    find(browser, ".walk__steps").await?;
    browser.goto(&format!("{}/crm", desk.address)).await?;
    let account = find(browser, "a[href^='/crm/accounts/']").await?;
    assert_eq!(account.text().await?, "Shop");
    shoot(browser, "kommo-connect").await?;
    account.click().await?;
    find(browser, "form[action$='/disconnect']").await?;
    let held = text(browser, "main").await?;
    assert!(held.contains("Ines Marlow"), "{held}");
    shoot(browser, "kommo-account").await?;
    browser.goto(&format!("{}/egress", desk.address)).await?;
    let table = text(browser, "[aria-labelledby=requests-title]").await?;
    for part in ["crm", "POST", "/api/v4/leads/notes"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("Bearer"), "{table}");
    shoot(browser, "ledger").await
}

/// Texts of strangers are texts; transcripts stand under their messages; the lengths of the summary change it.
async fn shows_what_was_found(browser: &Client) -> Result<(), CmdError> {
    open(browser, 8).await?;
    until(
        browser,
        "the score",
        "text('.fd-score__value') === '82'",
        LOADING,
    )
    .await?;
    shoot(browser, "kommo-panel").await?;
    let shown = run(
        browser,
        "return [text('.fd-band'), text('.fd-button_main'), text('.fd-quote'), panel.querySelectorAll('img, b').length, \
         typeof window.hacked, document.querySelector('[data-id=v1] .fd-under')?.textContent, \
         panel.querySelectorAll('.fd-voice').length, panel.querySelectorAll('.fd-mood').length, panel.querySelectorAll('*').length]",
    )
    .await?;
    assert_eq!(shown[0], "hot");
    assert_eq!(shown[1], "Analyse again, 3 new messages");
    assert_eq!(shown[2], NASTY);
    assert_eq!((&shown[3], &shown[4]), (&json!(0), &json!("undefined")));
    assert_eq!(shown[5], "Two places on Tuesday, please.");
    assert_eq!((&shown[6], &shown[7]), (&json!(1), &json!(4)));
    let nodes = shown[8].as_u64().unwrap();
    assert!(nodes < 120, "the panel has {nodes} elements");
    run(browser, "panel.querySelector('[data-length=long]').click()").await?;
    let long = run(browser, "return text('.fd-summary')").await?;
    assert_eq!(long, "Ines wants two places on Tuesday, at noon.");
    run(
        browser,
        "panel.querySelector('[data-length=medium]').click()",
    )
    .await?;
    assert_eq!(run(browser, "return text('.fd-summary')").await?, NASTY);
    run(browser, "harness.leave()").await?;
    let hung = "return document.querySelectorAll('.fd-under').length";
    assert_eq!(run(browser, hung).await?, json!(0));
    Ok(())
}

async fn makes_a_task_once(browser: &Client, crm: &Crm) -> Result<(), CmdError> {
    open(browser, 8).await?;
    let there = "panel.querySelector('[data-act=task]')";
    until(browser, "the button for the task", there, LOADING).await?;
    run(
        browser,
        "const press = panel.querySelector('[data-act=task]'); press.click(); press.click()",
    )
    .await?;
    until(
        browser,
        "the task",
        "text('.fd-done') === 'The task is made.'",
        LOADING,
    )
    .await?;
    open(browser, 8).await?;
    until(
        browser,
        "the task when the card is opened again",
        "text('.fd-done') === 'The task is made.'",
        LOADING,
    )
    .await?;
    assert_eq!(crm.lock().unwrap().tasks.len(), 1);
    Ok(())
}

async fn analyses(browser: &Client, crm: &Crm) -> Result<(), CmdError> {
    open(browser, 7).await?;
    until(
        browser,
        "a lead that was not analysed",
        "panel.textContent.includes('has not been analysed yet')",
        LOADING,
    )
    .await?;
    run(browser, "panel.querySelector('.fd-button_main').click()").await?;
    until(
        browser,
        "the analysis",
        "text('.fd-score__value') !== ''",
        ANSWERING,
    )
    .await?;
    until(
        browser,
        "the end of the work",
        "text('.fd-button') === 'Analyse again' || panel.textContent.includes('Analyse again')",
        ANSWERING,
    )
    .await?;
    shoot(browser, "kommo-analysed").await?;
    let written = crm.lock().unwrap();
    assert_eq!(written.notes.len(), 1, "{:?}", written.notes);
    assert_eq!(written.notes[0][0]["note_type"], "extended_service_message");
    let all = json!(written.leads).to_string();
    assert!(all.contains("\"field_id\":5"), "{all}");
    assert!(
        all.contains("tags_to_add") && !all.contains("_embedded"),
        "{all}"
    );
    Ok(())
}

async fn tells_errors_as_sentences(browser: &Client) -> Result<(), CmdError> {
    load(browser, "es", &token("another secret")).await?;
    open(browser, 8).await?;
    until(
        browser,
        "the sentence about the token",
        "text('.fd-warning').startsWith('El pase de Kommo')",
        LOADING,
    )
    .await?;
    run(browser, "harness.area = 'llist'").await?;
    open(browser, 8).await
}
