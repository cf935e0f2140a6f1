//! Sites that redirect to machines of the owner's own network.

use super::*;
use crate::egress::guard::Way;

#[tokio::test]
async fn a_strangers_site_does_not_lead_to_an_own_machine() {
    let own = server(ok(b"internal", ""), None).await;
    let head = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://wiki.example:{own}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let stranger = server(head, None).await;
    let names: &[(&str, &[&str])] = &[
        ("wiki.example", &["127.0.0.1"]),
        ("blog.example", &["127.0.0.1"]),
    ];
    // A network that holds the stranger's site stands for the public internet.
    let allow = format!("wiki.example:{own}, 127.0.0.1:{stranger}");
    let allowed = bench(&allow, names);
    let from_own = allowed.get(&format!("http://127.0.0.1:{stranger}/")).await;
    assert_eq!(
        from_own.unwrap(),
        "internal",
        "one's own machines lead to each other"
    );

    let mut vetted = request(&format!("http://127.0.0.1:{stranger}/"));
    vetted.url = "http://blog.example/".parse().unwrap();
    let own_url = format!("http://wiki.example:{own}/").parse().unwrap();
    let refused = allowed.gateway.check_origin(Way::Opened, &vetted, &own_url);
    assert!(matches!(refused, Err(EgressError::Url { .. })));
}
