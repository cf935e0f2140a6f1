//! Recordings: what is fetched, and what is not.

use std::time::Duration;

use frontdesk::crm::{Crm, CrmError, VoiceLink};

use super::kommo_fake::{File, ogg};
use super::{Desk, error_of};

fn link(url: &str) -> VoiceLink {
    VoiceLink {
        message: "m1".into(),
        url: url.into(),
        name: None,
    }
}

const AT: &str = "https://drive-c.kommo.com/attachments/a.ogg";

#[tokio::test]
async fn a_recording_is_fetched_without_our_token() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    desk.fake
        .world()
        .files
        .insert("a.ogg".into(), File::Ogg(ogg()));
    let voice = account.download(&link(AT)).await.unwrap();
    assert_eq!(voice.bytes, ogg());
    assert!(
        voice.media_type.starts_with("audio/"),
        "{}",
        voice.media_type
    );
    assert!(desk.fake.asked().iter().all(|asked| asked.bearer.is_none()));
    // A redirect within Kommo is followed.
    let there = "https://amojo.kommo.com/attachments/a.ogg";
    desk.fake
        .world()
        .files
        .insert("r.ogg".into(), File::Redirect(there.into()));
    account
        .download(&link("https://drive-c.kommo.com/attachments/r.ogg"))
        .await
        .unwrap();
    desk.fake
        .world()
        .files
        .insert("s.ogg".into(), File::Slow(Duration::from_millis(50)));
    account
        .download(&link("https://drive-c.kommo.com/attachments/s.ogg"))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_no_recording_of_kommo_is_refused() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let own = format!("{}attachments/a.ogg", desk.fake.base());
    for url in [
        "https://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/a.ogg",
        "https://drive-c.kommo.com.evil.example/a.ogg",
        "http://drive-c.kommo.com/attachments/a.ogg",
        "file:///etc/passwd",
        "",
        own.as_str(),
    ] {
        let refused = error_of(account.download(&link(url)).await);
        assert!(matches!(refused, CrmError::Host { .. }), "{url}: {refused}");
    }
    assert!(desk.fake.asked().is_empty());
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/a.ogg",
        "https://evil.example/a.ogg",
        own.as_str(),
    ] {
        desk.fake
            .world()
            .files
            .insert("a.ogg".into(), File::Redirect(to.into()));
        let refused = error_of(account.download(&link(AT)).await);
        assert!(matches!(refused, CrmError::Host { .. }), "{to}: {refused}");
        assert_eq!(desk.fake.asked().len(), 1, "the redirect was followed");
    }
}

#[tokio::test]
async fn pages_giants_loops_and_gaps_are_told_apart() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let put = |file: File| drop(desk.fake.world().files.insert("a.ogg".into(), file));
    put(File::Html);
    let page = error_of(account.download(&link(AT)).await);
    assert!(
        page.to_string().contains("does not begin like sound"),
        "{page}"
    );
    put(File::Large((16 << 20) + 1));
    let giant = error_of(account.download(&link(AT)).await);
    assert!(giant.to_string().contains("more than 16 MB"), "{giant}");
    put(File::Redirect(AT.into()));
    let looped = error_of(account.download(&link(AT)).await);
    assert!(matches!(looped, CrmError::Voice(_)), "{looped}");
    put(File::Missing);
    assert!(matches!(
        error_of(account.download(&link(AT)).await),
        CrmError::Missing { .. }
    ));
    put(File::Ogg(Vec::new()));
    assert!(matches!(
        error_of(account.download(&link(AT)).await),
        CrmError::Voice(_)
    ));
}

#[tokio::test]
async fn a_voice_message_whose_hook_had_no_link_is_looked_up() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    desk.fake
        .world()
        .add_talk(5, 77, &[("m9", 1_700_000_000, true, "audio", AT)]);
    let account = desk.connect().await;
    let found = account.find_voice("5", "m9").await.unwrap().unwrap();
    assert_eq!((found.url.as_str(), found.message.as_str()), (AT, "m9"));
    assert_eq!(account.find_voice("5", "m8").await.unwrap(), None);
}
