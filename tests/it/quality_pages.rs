//! The pages of receipts, gaps and golden questions, as a browser without scripts uses them.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::{Form, Reply, TestApp};
use crate::auth::{sign_in, with_cookie};
use crate::fakes::Plan;
use crate::quality::{finished, golden};
use crate::receipts::ask;

const PRICE: &str = "A full service costs $89 <b>today</b>.";

struct Browser {
    app: TestApp,
    session: String,
}

impl Browser {
    async fn new(role: Role) -> Self {
        let app = TestApp::new().await;
        app.document("default", "prices.txt", PRICE).await;
        app.chat.script.set(Plan::Words(vec![PRICE.to_owned()]));
        let (_, session) = sign_in(&app, role).await;
        Self { app, session }
    }

    async fn get(&self, path: &str) -> Reply {
        let request = with_cookie(Method::GET, path, &self.session);
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form; where it leads.
    async fn send(&self, path: &str, form: &str) -> Reply {
        let request = with_cookie(Method::POST, path, &self.session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.to_owned())).unwrap();
        self.app.send(request).await
    }

    async fn page(&self, path: &str) -> String {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.text().to_owned()
    }
}

#[tokio::test]
async fn a_receipt_is_read_rated_replayed_and_made_golden() {
    let browser = Browser::new(Role::Owner).await;
    let empty = browser.page("/receipts").await;
    assert!(empty.contains("No receipts yet"), "{empty}");
    let id = ask(&browser.app, "What does a full service cost?").await;
    ask(&browser.app, "Zebra xylophone?").await;
    let list = browser.page("/receipts?rung=read").await;
    assert!(list.contains("What does a full service cost?"));
    assert!(!list.contains("Zebra"), "the filter holds");
    assert!(
        browser
            .page("/receipts?q=nowhere")
            .await
            .contains("No receipt matches")
    );
    let wrong = browser.page("/receipts?from=may").await;
    assert!(wrong.contains("From must be a day"), "{wrong}");

    let path = format!("/receipts/{id}");
    let page = browser.page(&path).await;
    assert!(
        page.contains("<mark>A full service costs $89 &#60;b&#62;today&#60;/b&#62;.</mark>"),
        "{page}"
    );
    assert!(!page.contains("<b>today"), "text of documents is escaped");
    assert!(page.contains("says this, word for word"));
    assert!(
        page.contains("&span=0-38#quote") || page.contains("&#38;span=0-38#quote"),
        "{page}"
    );

    let rated = browser
        .send(&format!("{path}/rating"), "value=-1&comment=wrong")
        .await;
    assert_eq!(rated.header("location"), format!("{path}#rating"));
    assert!(browser.page(&path).await.contains(">wrong</textarea>"));
    assert!(
        browser
            .page("/gaps")
            .await
            .contains("an answer was rated bad")
    );

    let again = browser.send(&format!("{path}/replay"), "").await;
    assert!(
        again.text().contains("Word for word the same answer"),
        "{}",
        again.text()
    );

    let made = browser.send(&format!("{path}/golden"), "").await;
    let to = made.header("location").to_owned();
    assert!(to.starts_with("/golden?open="), "{to}");
    let second = browser.send(&format!("{path}/golden"), "").await;
    assert_eq!(
        second.header("location"),
        to,
        "one golden question per receipt"
    );
    assert!(browser.page("/golden").await.contains("Must say “$89”"));
}

#[tokio::test]
async fn a_gap_is_dismissed_and_undone_without_scripts() {
    let browser = Browser::new(Role::Admin).await;
    assert!(browser.page("/gaps").await.contains("No open gaps"));
    let id = ask(&browser.app, "Do you rent <i>zebras</i> & co?").await;
    let page = browser.page("/gaps").await;
    assert!(
        page.contains("/faq?question=Do+you+rent+%3Ci%3Ezebras"),
        "{page}"
    );
    assert!(!page.contains("<i>zebras"));
    let gone = browser.send(&format!("/gaps/{id}/dismiss"), "").await;
    let after = browser.page(gone.header("location")).await;
    assert!(
        after.contains("was dismissed") && after.contains("No open gaps"),
        "{after}"
    );
    browser.send(&format!("/gaps/{id}/reopen"), "").await;
    assert!(browser.page("/gaps").await.contains("asked once<"));
    let unknown = browser.send("/gaps/nonsense/dismiss", "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn golden_questions_are_written_by_hand_and_imported() {
    let browser = Browser::new(Role::Owner).await;
    assert!(
        browser
            .page("/golden")
            .await
            .contains("No golden questions yet")
    );
    let form = "question=Open%3F&answerable=yes&must=8+am+%7C+eight&must_not=&source=";
    assert_eq!(
        browser.send("/golden", form).await.status,
        StatusCode::SEE_OTHER
    );
    let list = browser.app.get("/api/v1/golden").await.json();
    let golden = &list["questions"][0];
    assert_eq!(golden["expectation"]["must"], json!([["8 am", "eight"]]));
    let path = format!("/golden/{}", golden["id"].as_str().unwrap());
    let refused = browser
        .send(&path, "question=&answerable=yes&must=typed")
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("typed"),
        "what was typed is shown again"
    );
    browser.send(&path, "question=Cats%3F&answerable=no").await;
    assert!(
        browser
            .page("/golden")
            .await
            .contains("Must say that it does not know")
    );

    let file = Form::new().file(
        "file",
        "golden.jsonl",
        "{\"question\": \"Dogs?\", \"answerable\": false}\n",
    );
    let mut request = file.request("", "/golden/import");
    let cookie = with_cookie(Method::POST, "/", &browser.session)
        .body(())
        .unwrap();
    request.headers_mut().extend(cookie.headers().clone());
    request
        .headers_mut()
        .insert(header::ORIGIN, "http://desk.example".parse().unwrap());
    let imported = browser.app.send(request).await;
    assert_eq!(
        imported.header("location"),
        "/golden?imported=1&known=0",
        "{}",
        imported.text()
    );
    browser.send(&format!("{path}/delete"), "").await;
    let page = browser.page("/golden").await;
    assert!(page.contains("Dogs?") && !page.contains("Cats?"));
}

#[tokio::test]
async fn staff_may_read_a_receipt_but_not_all_of_them() {
    let browser = Browser::new(Role::Agent).await;
    let id = ask(&browser.app, "What does a full service cost?").await;
    let page = browser.page(&format!("/receipts/{id}")).await;
    assert!(
        !page.contains("Ask again today"),
        "no button that does not work"
    );
    for path in ["/receipts", "/gaps", "/golden"] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let replay = browser.send(&format!("/receipts/{id}/replay"), "").await;
    assert_eq!(replay.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn how_sure_an_answer_must_be_is_chosen_from_a_run() {
    let browser = Browser::new(Role::Owner).await;
    let app = &browser.app;
    app.reader
        .mark_asked(&[("service", "$89", 6.0), ("free", "today", 2.0)]);
    for (question, expectation) in [
        ("What does a full service cost?", json!({"must": [["$89"]]})),
        ("Is anything free?", json!({"answerable": false})),
    ] {
        golden(app, question, expectation).await;
    }
    let started = browser.send("/quality/run", "").await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text());
    let run = app.get("/api/v1/evals").await.json()["runs"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    finished(app, &run).await;
    let path = format!("/quality/runs/{run}");
    let page = browser.page(&path).await;
    assert!(page.contains("How sure must an answer be?"), "{page}");
    assert!(page.contains("<polyline class=\"chart__right\""), "{page}");
    let offered: Vec<&str> = page
        .split("name=\"threshold\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!offered.is_empty(), "{page}");
    let chosen = browser
        .send(
            &format!("{path}/sureness"),
            &format!("threshold={}", offered[0]),
        )
        .await;
    assert_eq!(chosen.header("location"), format!("{path}#sureness"));
    let workspace = app.workspace("default").await;
    let settings = app
        .app
        .store
        .read(move |conn| frontdesk::agent::AnswerSettings::of(conn, workspace))
        .await
        .unwrap();
    let wanted: f32 = offered[0].parse().unwrap();
    assert!((settings.read_threshold - wanted).abs() < 1e-6);
    let wrong = browser
        .send(&format!("{path}/sureness"), "threshold=7")
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text().contains("a number from 0 to 1"),
        "{}",
        wrong.text()
    );
}
