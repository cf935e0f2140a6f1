//! Notes, fields, tags and tasks.

use frontdesk::crm::kommo::{KommoAccount, LeadPatch};
use frontdesk::crm::{Crm, CrmError, NewNote, NewTask, TagChange};
use frontdesk::store::crm::notes;
use serde_json::{Value, json};

use super::{Desk, error_of};

fn note(text: &str) -> NewNote {
    NewNote {
        text: text.into(),
        message: Some("m1".into()),
    }
}

fn tags(desk: &Desk, lead: u64) -> Vec<String> {
    let world = desk.fake.world();
    let tags = world.leads[&lead]["_embedded"]["tags"].as_array().unwrap();
    tags.iter()
        .map(|tag| tag["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn our_note_is_an_extended_service_message_and_is_not_read_back() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let id = account.write_note("77", &note("Score 82.")).await.unwrap();
    let kept = desk.fake.world().notes[0].clone();
    assert_eq!(kept["note_type"], "extended_service_message");
    assert_eq!(
        kept["params"],
        json!({ "service": "Frontdesk", "text": "Score 82." })
    );
    assert_eq!(
        desk.fake.asked()[0].json()[0]["is_need_to_trigger_digital_pipeline"],
        false
    );
    desk.fake.world().notes.push(json!({
        "id": 1, "entity_id": 77, "created_at": 1_700_000_000, "note_type": "common",
        "params": { "text": "wants a discount" },
    }));
    // Somebody edited ours away from its service: its id is still known.
    desk.fake.world().notes[0]["params"]["service"] = json!("x");
    let others = account.notes("77").await.unwrap();
    let texts: Vec<_> = others.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(texts, ["wants a discount"]);
    let of = account.account().clone();
    let found = desk.store.read_blocking(|conn| {
        Ok((
            notes::is_own(conn, &of, &id)?,
            notes::find_of_message(conn, &of, "m1")?,
        ))
    });
    assert_eq!(found.unwrap(), (true, Some(id)));
    assert!(matches!(
        error_of(account.write_note("78", &note("x")).await),
        CrmError::Refused { .. }
    ));
}

async fn score(account: &KommoAccount, value: Option<f64>) {
    account.write_number("77", "Score", value).await.unwrap();
}

fn field_values(desk: &Desk) -> Value {
    desk.fake.world().leads[&77]["custom_fields_values"].clone()
}

#[tokio::test]
async fn a_field_is_made_once_found_again_and_emptied() {
    for bare_field in [false, true] {
        let desk = Desk::start().await;
        desk.fake
            .switch(|switches| switches.bare_field = bare_field);
        desk.fake.world().add_lead(77, "Ana");
        let account = desk.connect().await;
        score(&account, Some(82.0)).await;
        score(&account, Some(40.0)).await;
        let fields = desk.fake.world().fields.clone();
        assert_eq!(fields.len(), 1);
        assert_eq!(
            (&fields[0]["type"], &fields[0]["is_api_only"]),
            (&json!("numeric"), &json!(true))
        );
        let values = field_values(&desk);
        assert_eq!(values[0]["values"], json!([{ "value": 40 }]));
        score(&account, None).await;
        assert_eq!(field_values(&desk), Value::Null);
        // Somebody deletes it over there: it is made again.
        desk.fake.world().fields.clear();
        score(&account, Some(7.0)).await;
        assert_eq!(desk.fake.world().fields.len(), 1);
        // Another field of that name is not ours.
        desk.fake.world().fields[0]["type"] = json!("text");
        let (workspace, id) = (desk.workspace, account.account().id);
        desk.store
            .write_blocking(move |tx| {
                use frontdesk::store::crm::accounts;
                let account = accounts::get(tx, workspace, id)?;
                accounts::set_settings(tx, &account, &json!({}), 9)
            })
            .unwrap();
        score(&account, Some(8.0)).await;
        assert_eq!(desk.fake.world().fields.len(), 2);
    }
}

#[tokio::test]
async fn tags_are_merged_and_those_of_people_stay() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let change = |add: &[&str], remove: &[&str]| TagChange {
        add: add.iter().map(|&tag| tag.to_owned()).collect(),
        remove: remove.iter().map(|&tag| tag.to_owned()).collect(),
    };
    account
        .write_tags("77", &change(&["hot"], &[]))
        .await
        .unwrap();
    account
        .write_tags("77", &change(&["warm"], &["hot", "warm", "cold"]))
        .await
        .unwrap();
    assert_eq!(tags(&desk, 77), ["from the owner", "warm"]);
    desk.fake.asked();
    account
        .write_tags("77", &TagChange::default())
        .await
        .unwrap();
    assert!(desk.fake.asked().is_empty(), "nothing to do");
}

#[tokio::test]
async fn a_task_is_made_for_the_lead() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let task = NewTask {
        text: "Send the offer".into(),
        due_at: 1_800_000_000_000,
        responsible: Some("900001".into()),
    };
    let id = account.create_task("77", &task).await.unwrap();
    let kept = desk.fake.world().tasks[0].clone();
    assert_eq!(kept["id"].to_string(), id);
    assert_eq!(
        (&kept["complete_till"], &kept["entity_type"]),
        (&json!(1_800_000_000), &json!("leads"))
    );
    assert_eq!(kept["responsible_user_id"], 900_001);
}

#[tokio::test]
async fn batches_have_fifty_leads_and_shrink_when_kommo_is_slow() {
    let desk = Desk::start().await;
    for id in 1..=120 {
        desk.fake.world().add_lead(id, "x");
    }
    let account = desk.connect().await;
    let patch = |lead| LeadPatch {
        lead,
        changes: json!({ "tags_to_add": [{ "name": "seen" }] }),
    };
    let patches: Vec<LeadPatch> = (1..=120).map(patch).collect();
    account.patch_all(&patches).await.unwrap();
    let sizes = |desk: &Desk| -> Vec<usize> {
        let asked = desk.fake.asked();
        asked
            .iter()
            .map(|asked| asked.json().as_array().unwrap().len())
            .collect()
    };
    assert_eq!(sizes(&desk), [50, 50, 20]);
    desk.fake.switch(|switches| switches.batch_limit = Some(20));
    account.patch_all(&patches).await.unwrap();
    let sizes = sizes(&desk);
    assert_eq!(sizes[..3], [50, 25, 13]);
    assert!(sizes[2..].iter().all(|size| *size <= 13));
    assert!((1..=120).all(|id| tags(&desk, id).contains(&"seen".to_owned())));
    // It does not shrink for ever.
    desk.fake.switch(|switches| switches.batch_limit = Some(0));
    let error = error_of(account.patch_all(&patches).await);
    assert!(matches!(error, CrmError::Failing { status: 504, .. }) && error.is_passing());
}

#[tokio::test]
async fn webhooks_are_asked_for_again_without_the_newest_kind() {
    let desk = Desk::start().await;
    desk.fake
        .switch(|switches| switches.no_outgoing_hook = true);
    let account = desk.connect().await;
    let destination = "https://desk.example/crm/hooks/secret";
    account.subscribe(destination).await.unwrap();
    account.subscribe(destination).await.unwrap();
    let all = account.subscriptions().await.unwrap();
    assert_eq!(all.len(), 1);
    assert!(!all[0].settings.contains(&"add_outgoing_message".to_owned()));
    assert!(all[0].settings.contains(&"add_message".to_owned()));
    account.unsubscribe(destination).await.unwrap();
    account.unsubscribe(destination).await.unwrap();
    assert!(desk.fake.world().webhooks.is_empty());
}
