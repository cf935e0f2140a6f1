//! What a browser is told.

use super::*;

#[test]
fn a_browser_is_told_what_concerns_its_person() {
    let shop = Shop::listening();
    let waiting = shop.happen("conversation_waiting", json!({ "reason": "button" }), AT);
    let told = shop.notice(waiting, &shop.anna).unwrap();
    assert_eq!(
        (&*told.kind, &*told.title),
        ("conversation_waiting", "A visitor waits for a person")
    );
    let task = shop.lead(AT + 1);
    let lead = shop
        .notice(shop.write(|tx| notices::newest(tx)), &shop.ben)
        .unwrap();
    assert_eq!(
        (&*lead.kind, &*lead.title),
        ("callback_requested", "Ada Berg asks for a call")
    );
    assert_eq!((lead.task, &*lead.text), (Some(task), "A blue bicycle"));
    shop.write(|tx| {
        let sql = "UPDATE conversations SET state = 'human', assigned_to = ?";
        tx.execute(sql, [shop.anna.id]).map_err(StoreError::from)
    });
    shop.say(&"word ".repeat(100), AT + 2);
    let message = shop.write(|tx| notices::newest(tx));
    let told = shop.notice(message, &shop.anna).unwrap();
    assert_eq!(told.kind, "message_received");
    assert!(told.text.ends_with('…') && told.text.chars().count() <= 201);
    assert_eq!(shop.notice(message, &shop.ben), None);
    let closed = shop.happen("conversation_closed", json!({ "by": shop.ben.id }), AT + 3);
    assert_eq!(shop.notice(closed, &shop.anna), None);
    let taken = json!({ "by": shop.ben.id, "from": shop.anna.id });
    let taken = shop.happen("conversation_taken", taken, AT + 4);
    let lost = shop.notice(taken, &shop.anna).unwrap();
    assert_eq!(lost.title, "Ben took your conversation over");
    assert!(lost.text.starts_with("word word"), "{}", lost.text);
    assert_eq!(shop.notice(taken, &shop.ben), None);
    // A program is told of those who wait and of wishes, and where it has read to.
    let (told, last) = shop.write(|tx| notices_since(tx, shop.workspace, None, EventId(0)));
    let kinds: Vec<_> = told.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["conversation_waiting", "callback_requested"]);
    assert_eq!(last, taken);
}
