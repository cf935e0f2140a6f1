//! Text recognition in the built binary, in its sandbox.

use crate::server::{Server, model};
use crate::{settled, upload};

/// A price list, scanned 1.2 degrees askew.
const PRICES: &[u8] = include_bytes!("../fixtures/documents/price-list.png");

#[tokio::test]
async fn a_crooked_price_list_is_read_row_by_row() {
    if model("pp-ocrv6-tiny").is_none() {
        println!("left out: get the model with `frontdesk models get pp-ocrv6-tiny`");
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let document = upload(&server, "price-list.png", PRICES.to_vec()).await;
    let state = settled(&server, &document).await;
    assert_eq!(state["state"], "ready", "{state}");
    let (_, text) = server
        .get(&format!("/api/v1/documents/{document}/text"))
        .await;
    let text = text["text"].as_str().unwrap();
    for (name, price) in [
        ("Haircut", "24.50 €"),
        ("Beard trim", "12.00 €"),
        ("Färben, lang", "79.00 €"),
    ] {
        let row = text.lines().find(|line| line.contains(name));
        assert!(row.is_some_and(|row| row.contains(price)), "{text}");
    }
}
