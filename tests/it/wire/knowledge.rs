//! What the front desk knows: documents, notes, approved answers, facts, web sources, synonyms, the gate.

use serde_json::json;

use super::seed::{ABSENT, desk};
use crate::app::{FILE_LIMIT, Form};

#[tokio::test]
async fn documents() {
    let desk = desk().await;
    let one = format!("/api/v1/documents/{}", desk.prices);
    desk.get("documents", "/api/v1/documents").await;
    desk.get("document", &one).await;
    desk.get("document_text", &format!("{one}/text")).await;
    let versions = desk
        .get("document_versions", &format!("{one}/versions"))
        .await
        .json();
    desk.get("document_diff", &format!("{one}/diff")).await;
    let newest = versions["versions"][0]["id"].as_str().unwrap();
    let original = format!("{one}/versions/{newest}/original");
    desk.get("document_original", &original).await;
    let former = versions["versions"][1]["id"].as_str().unwrap();
    let back = json!({"version": former});
    desk.post("document_rollback", &format!("{one}/rollback"), back)
        .await;
    desk.post(
        "document_hidden",
        &format!("{one}/hidden"),
        json!({"read": true}),
    )
    .await;
    desk.post("document_reindex", &format!("{one}/reindex"), json!({}))
        .await;
    desk.patch("document_change", &one, json!({"staff_only": true}))
        .await;
    desk.delete("document_delete", &one).await;
}

#[tokio::test]
async fn documents_that_come() {
    let desk = desk().await;
    let fine = || Form::new().file("file", "a.txt", "The lift is broken.");
    desk.form("upload", "/api/v1/documents", fine()).await;
    let large = vec![b'x'; FILE_LIMIT as usize + 1];
    let some = fine().file("file", "large.txt", &large);
    desk.form("upload_in_part", "/api/v1/documents", some).await;
    let note = json!({"title": "Lift", "text": "It is repaired."});
    desk.post("snippet_create", "/api/v1/snippets", note).await;
    let changed = json!({"title": "Parking", "text": "You can park in the yard."});
    desk.put(
        "snippet_change",
        &format!("/api/v1/snippets/{}", desk.note),
        changed,
    )
    .await;
}

#[tokio::test]
async fn approved_answers() {
    let desk = desk().await;
    let draft = format!("/api/v1/faqs/{}", desk.draft);
    desk.get("faqs", "/api/v1/faqs").await;
    desk.get("faq", &format!("/api/v1/faqs/{}", desk.approved))
        .await;
    let new = json!({"questions": ["Is there wifi?"], "answer": "Yes.", "gaps": [desk.refused]});
    desk.post("faq_create", "/api/v1/faqs", new).await;
    desk.post("faq_approve", &format!("{draft}/approve"), json!({}))
        .await;
    let changed = json!({"questions": ["Do you ship?"], "answer": "No.", "state": "draft"});
    desk.put("faq_change", &draft, changed).await;
    desk.delete("faq_delete", &draft).await;
    let table = "question,answer\nOpen on Sunday?,No\nWhere?,\n";
    let table = Form::new().file("file", "faq.csv", table);
    desk.form("faq_import", "/api/v1/faqs/import", table).await;
}

#[tokio::test]
async fn facts() {
    let desk = desk().await;
    let [first, second, ..] = &desk.facts[..] else {
        panic!("no facts were proposed")
    };
    desk.get("facts", "/api/v1/facts").await;
    let of = |id: &str, what: &str| format!("/api/v1/facts/{id}/{what}");
    desk.post("fact_confirm", &of(first, "confirm"), json!({}))
        .await;
    desk.post("fact_dismiss", &of(second, "dismiss"), json!({}))
        .await;
    let phone = json!({"kind": "phone", "label": "", "number": "555-0143"});
    let made = desk
        .post("fact_create", "/api/v1/facts", phone.clone())
        .await
        .json();
    let made = format!("/api/v1/facts/{}", made["id"].as_str().unwrap());
    desk.put("fact_change", &made, phone).await;
    desk.delete("fact_delete", &made).await;
    desk.post("facts_propose", "/api/v1/facts/propose", json!({}))
        .await;
    desk.post("facts_confirm_all", "/api/v1/facts/confirm", json!({}))
        .await;
    let question =
        json!({"question": "When are you open on Monday?", "now": "2026-11-23T10:00:00-05:00"});
    desk.post("facts_preview", "/api/v1/facts/preview", question)
        .await;
    let clock = json!({"time_zone": "Europe/Berlin", "country": "DE", "holidays": "closed"});
    desk.put("facts_settings", "/api/v1/facts/settings", clock)
        .await;
    desk.get("facts_after", "/api/v1/facts").await;
}

#[tokio::test]
async fn web_sources() {
    let desk = desk().await;
    let one = format!("/api/v1/sources/{}", desk.source);
    desk.get("sources", "/api/v1/sources").await;
    desk.get("source", &one).await;
    desk.patch(
        "source_change",
        &one,
        json!({"every": "week", "paused": true}),
    )
    .await;
    let new = json!({"url": desk.site.url("/more"), "kind": "crawl", "depth": 2, "pages": 5});
    desk.post("source_create", "/api/v1/sources", new).await;
    desk.post("source_sync_refused", &format!("{one}/sync"), json!({}))
        .await;
    desk.delete("source_delete", &one).await;
}

#[tokio::test]
async fn synonyms_and_the_gate() {
    let desk = desk().await;
    let groups = json!({"groups": [["tube", "inner tube"]]});
    desk.put("synonyms_set", "/api/v1/synonyms", groups).await;
    desk.get("synonyms", "/api/v1/synonyms").await;
    desk.post("gate_switch", "/api/v1/gate", json!({"on": true}))
        .await;
    desk.app
        .document("default", "prices.md", "A full service costs $99.")
        .await;
    let words = json!({"instructions": "Be brief."});
    desk.post("instructions", "/api/v1/assistant/instructions", words)
        .await;
    desk.get("gate", "/api/v1/gate").await;
    desk.post("gate_publish_refused", "/api/v1/gate/publish", json!({}))
        .await;
    desk.post("gate_discard", "/api/v1/gate/discard", json!({}))
        .await;
    let absent = format!("/api/v1/documents/{ABSENT}");
    desk.get("document_absent", &absent).await;
}
