//! What is kept of people, and for how long.

use serde_json::json;

use super::seed::desk;

#[tokio::test]
async fn people() {
    let desk = desk().await;
    let who = "who=jo%40shop.example";
    let found = desk
        .get("people", &format!("/api/v1/people?{who}"))
        .await
        .json();
    desk.get("people_copy", &format!("/api/v1/people/copy?{who}"))
        .await;
    let erased = json!({"conversations": [found["found"][0]["id"]]});
    desk.post("people_erase", "/api/v1/people/erase", erased)
        .await;
}

#[tokio::test]
async fn retention() {
    let desk = desk().await;
    desk.get("retention", "/api/v1/retention").await;
    let days = json!({"conversation_days": 30});
    desk.put("retention_set", "/api/v1/retention", days).await;
    desk.post(
        "retention_take_back",
        "/api/v1/retention/take-back",
        json!({}),
    )
    .await;
}
