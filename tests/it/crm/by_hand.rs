//! Kommo's stand-in for somebody who tries the pages:
//! `cargo test --test it -- --ignored --nocapture kommo_by_hand`.

use std::future::pending;

use super::kommo_fake::{CLIENT, File, KommoFake, REDIRECT, SECRET, ogg};

#[tokio::test]
#[ignore = "it serves until it is ended"]
async fn kommo_by_hand() {
    let fake = KommoFake::start().await;
    {
        let mut world = fake.world();
        for (lead, name) in [(77, "Ana Lima"), (78, "Bo Berg"), (79, "Chen Li")] {
            world.add_lead(lead, name);
        }
        let said: &[(&str, i64, bool, &str, &str)] = &[
            (
                "m1",
                1_700_000_100,
                true,
                "text",
                "Good morning! How much is a course for two?",
            ),
            (
                "m2",
                1_700_000_200,
                false,
                "text",
                "Good morning, it is 1,200 euros for both of you.",
            ),
            (
                "m3",
                1_700_000_300,
                true,
                "voice",
                "https://drive-c.kommo.com/attachments/a.ogg",
            ),
            (
                "m4",
                1_700_000_400,
                true,
                "text",
                "That is a bit much. Could we pay in two parts?",
            ),
        ];
        world.add_talk(5, 77, said);
        world.files.insert("a.ogg".into(), File::Ogg(ogg()));
    }
    println!(
        "{}\nclient {CLIENT}\nsecret {SECRET}\nredirect {REDIRECT}",
        fake.base()
    );
    pending::<()>().await;
}
