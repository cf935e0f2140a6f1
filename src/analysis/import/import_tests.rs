use super::*;

fn said(import: &Import) -> Vec<(Who, &str)> {
    let turns = import.conversation.turns.iter();
    turns.map(|turn| (turn.who, turn.text.as_str())).collect()
}

fn at(text: &str) -> Option<UnixMs> {
    Some(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn whatsapp_of_an_iphone_with_notes_files_and_lines_that_go_on() {
    let text = "[31.12.25, 18:05:09] \u{200e}Messages and calls are end-to-end encrypted.\n\
        [31.12.25, 18:05:09] Ana: Hallo,\nhabt ihr morgen offen?\n\
        \u{200e}[31.12.25, 18:06:00] ~ Ski Shop: \u{200e}<Medien ausgeschlossen>\n\
        [01.01.26, 09:00:00] Ski Shop: Ab 10 Uhr: ja.\n";
    let import = read(text.as_bytes(), "_chat.txt", &["ski shop".into()]).unwrap();
    assert_eq!(import.format, Format::WhatsApp);
    assert_eq!(
        said(&import),
        [
            (Who::Customer, "Hallo,\nhabt ihr morgen offen?"),
            (Who::Staff, "[file]"),
            (Who::Staff, "Ab 10 Uhr: ja."),
        ]
    );
    assert_eq!(import.conversation.turns[2].at, at("2026-01-01T09:00:00Z"));
    assert!(!import.guessed);
}

#[test]
fn whatsapp_of_android_orders_its_dates_as_the_file_shows() {
    let american = "12/31/25, 6:05\u{202f}PM - Ana: Hi\n1/1/26, 12:10 AM - Bo: Hello\n";
    let import = read(american.as_bytes(), "chat.txt", &[]).unwrap();
    assert_eq!(import.conversation.turns[0].at, at("2025-12-31T18:05:00Z"));
    assert_eq!(import.conversation.turns[1].at, at("2026-01-01T00:10:00Z"));
    assert_eq!(
        said(&import),
        [(Who::Customer, "Hi"), (Who::Staff, "Hello")]
    );
    assert!(import.guessed);
    let british = "01/02/2026, 18:05 - Ana: Hi\n";
    let import = read(british.as_bytes(), "chat.txt", &[]).unwrap();
    assert_eq!(import.conversation.turns[0].at, at("2026-02-01T18:05:00Z"));
    let iso = "2026-02-01, 18:05 - Ana: Hi\n";
    let import = read(iso.as_bytes(), "chat.txt", &[]).unwrap();
    assert_eq!(import.conversation.turns[0].at, at("2026-02-01T18:05:00Z"));
}

#[test]
fn telegram_with_pieces_of_text_services_and_a_voice_message() {
    let text = r#"{"name":"Ana","type":"personal_chat","id":7,"messages":[
        {"id":1,"type":"service","action":"phone_call"},
        {"id":2,"type":"message","date":"2026-01-02T10:00:00","date_unixtime":"1767348000","from":"Ana",
         "text":["See ",{"type":"link","text":"a.example"}," please"]},
        {"id":3,"type":"message","date":"2026-01-02T10:01:00","from":null,"text":"","media_type":"voice_message","file":"v.ogg"}]}"#;
    let import = read(text.as_bytes(), "result.json", &[]).unwrap();
    assert_eq!(import.format, Format::Telegram);
    assert_eq!(
        said(&import),
        [
            (Who::Customer, "See a.example please"),
            (Who::Staff, "[voice message]")
        ]
    );
    assert_eq!(import.conversation.turns[0].at, Some(1_767_348_000_000));
}

#[test]
fn json_of_chat_programs_and_crms() {
    let list = r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"text","text":"Hello"}]}]"#;
    let import = read(list.as_bytes(), "x.json", &[]).unwrap();
    assert_eq!(
        said(&import),
        [(Who::Customer, "Hi"), (Who::Assistant, "Hello")]
    );
    let crm = r#"{"messages":[
        {"type":"outgoing","message_type":"text","text":"Yes","created_at":20,"author":{"type":"internal","name":"Ines"}},
        {"type":"incoming","message_type":"text","text":"Free tomorrow?","created_at":10,"author":{"name":"Ana"}}]}"#;
    let import = read(crm.as_bytes(), "x.json", &[]).unwrap();
    assert_eq!(
        said(&import),
        [(Who::Customer, "Free tomorrow?"), (Who::Staff, "Yes")]
    );
    assert_eq!(import.speakers, ["Ana", "Ines"]);
    let lines =
        "{\"speaker\":\"agent\",\"text\":\"A\"}\n{\"speaker\":\"prospect\",\"text\":\"B\"}\n";
    let import = read(lines.as_bytes(), "x.jsonl", &[]).unwrap();
    assert_eq!(said(&import), [(Who::Staff, "A"), (Who::Customer, "B")]);
}

#[test]
fn tables_with_any_delimiter() {
    let text =
        "Time;Sender;Text\n2026-01-02 10:00;Ana;\"Hi; there\"\n2026-01-02 10:01;Ines;Hello\n";
    let import = read(text.as_bytes(), "x.csv", &["Ines".into()]).unwrap();
    assert_eq!(
        said(&import),
        [(Who::Customer, "Hi; there"), (Who::Staff, "Hello")]
    );
    let error = read(b"a,b\n1,2\n", "x.csv", &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("CSV, line 1: no column has"),
        "{error}"
    );
}

#[test]
fn subtitles_name_speakers_in_both_ways() {
    let text = "1\n00:00:01,500 --> 00:00:03,000\nAna: Hi,\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>are you open?</i>\n\n\
        3\n00:00:05,000 --> 00:00:06,000\n<v Ines>Yes.\n";
    let import = read(text.as_bytes(), "call.srt", &[]).unwrap();
    assert_eq!(import.format, Format::Subtitles);
    assert_eq!(
        said(&import),
        [(Who::Customer, "Hi, are you open?"), (Who::Staff, "Yes.")]
    );
    assert_eq!(import.conversation.turns[0].at, Some(1500));
}

#[test]
fn a_mailbox_without_what_its_messages_quote() {
    let text = "From ana@a.example Fri Jan  2 10:00:00 2026\nFrom: Ana <ana@a.example>\nDate: Fri, 2 Jan 2026 10:00:00 +0000\nSubject: Course\n\nIs there a place?\n\n\
        From desk@b.example Fri Jan  2 11:00:00 2026\nFrom: Desk <desk@b.example>\nDate: Fri, 2 Jan 2026 11:00:00 +0000\nSubject: Re: Course\n\nYes, two.\n\nOn Fri, Ana wrote:\n> Is there a place?\n";
    let import = read(text.as_bytes(), "thread.mbox", &["Desk".into()]).unwrap();
    assert_eq!(import.format, Format::Email);
    assert_eq!(
        said(&import),
        [
            (Who::Customer, "Is there a place?"),
            (Who::Staff, "Yes, two.")
        ]
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    let error = |bytes: &[u8], name: &str| read(bytes, name, &[]).unwrap_err().to_string();
    assert!(error(b"\x00\x01\x02", "x.bin").contains("none of the exports"));
    assert!(error(b"", "x.txt").contains("none of the exports"));
    assert_eq!(error(b"[]", "x.json"), "nobody says anything in this file");
    assert!(error(b"{\"a\": 1}", "x.json").contains("no list of messages"));
    assert!(error(b"[{\"text\": 3}]", "x.json").contains("have no text"));
    assert!(error(b"[{\"text\": \"a\"},", "x.json").starts_with("JSON, line 1"));
    assert!(error(&vec![b'a'; LARGEST + 1], "x.txt").contains("17 MB"));
    let missing = read(
        b"[{\"name\":\"Ana\",\"text\":\"Hi\"}]",
        "x.json",
        &["Bo".into()],
    )
    .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "nobody is called \"Bo\" there; the speakers are Ana"
    );
    // Times at the edge of what can be written.
    let odd = "[99.99.9999, 99:99:99] Ana: Hi\n";
    assert_eq!(
        read(odd.as_bytes(), "c.txt", &[])
            .unwrap()
            .conversation
            .turns[0]
            .at,
        None
    );
    let long = format!("[{}]", vec!["\"a\""; MOST_TURNS + 1].join(","));
    assert!(error(long.as_bytes(), "x.json").contains("more than 20000"));
}
