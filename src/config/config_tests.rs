use std::path::PathBuf;

use super::load::load_from;
use super::*;

fn from_text(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("frontdesk.toml");
    std::fs::write(&file, text).unwrap();
    load_from(
        &Overrides {
            file: Some(file),
            values: vec![],
        },
        vec![],
        vec![],
    )
}

#[test]
fn a_file_sets_plain_and_nested_keys() {
    let config =
        from_text("listen = \"0.0.0.0:9000\"\n[chat]\nmodel = \"x\"\nparallel = 3\n").unwrap();
    assert_eq!(config.listen.port(), 9000);
    assert_eq!(config.chat_model, "x");
    assert_eq!(config.chat_parallel, 3);
}

#[test]
fn the_old_name_of_the_readers_setting_is_read_and_told() {
    for (text, expected) in [
        ("[rerank]\nmodel = \"none\"\n", "none"),
        ("rerank.model = \"ms-marco-minilm-l12-v2\"\n", "auto"),
    ] {
        let config = from_text(text).unwrap();
        assert_eq!(config.reader_model, expected);
        let [note] = config.notes.as_slice() else {
            panic!("{:?}", config.notes)
        };
        assert!(note.contains("is now `reader.model`"), "{note}");
    }
    assert!(from_text("rerank.limit = \"5\"\n").is_err());
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
    let error = from_text("\n[chat]\nmodle = \"x\"\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 3") && error.contains("chat.modle"),
        "{error}"
    );
    assert!(error.contains("did you mean `chat.model`"), "{error}");
}

#[test]
fn a_bad_value_says_what_is_expected() {
    let error = from_text("listen = \"here\"\n").unwrap_err().to_string();
    assert!(
        error.contains("line 1") && error.contains("127.0.0.1:8080"),
        "{error}"
    );
    let error = from_text("[chat]\nparallel = \"many\"\n")
        .unwrap_err()
        .to_string();
    assert!(error.contains("whole number"), "{error}");
    let error = from_text("[chat]\nparallel = [1]\n")
        .unwrap_err()
        .to_string();
    assert!(error.contains("single value"), "{error}");
}

#[test]
fn broken_toml_gives_the_place() {
    let error = from_text("listen = \n").unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("f.toml");
    std::fs::write(&file, "threads = 1\nlog = \"warn\"\n").unwrap();
    let overrides = Overrides {
        file: Some(file),
        values: vec![("log", "debug".into())],
    };
    let variables = vec![
        ("FRONTDESK_THREADS".into(), "2".into()),
        ("FRONTDESK_LOG".into(), "error".into()),
    ];
    let config = load_from(&overrides, vec![], variables).unwrap();
    assert_eq!((config.threads, config.log.as_str()), (2, "debug"));
}

#[test]
fn an_unknown_variable_is_an_error() {
    let overrides = Overrides::default();
    let variables = vec![("FRONTDESK_LISTEM".into(), "x".into())];
    let error = load_from(&overrides, vec![], variables)
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `FRONTDESK_LISTEN`"), "{error}");
}

#[test]
fn every_key_can_be_shown_and_set_to_what_it_shows() {
    let mut config = Config::default();
    for key in KEYS {
        let shown = config.show(key.name).unwrap();
        // Empty paths are derived from the data folder, or name no file.
        let is_empty_path = [
            "key.file",
            "backup.dir",
            "https.certificate",
            "https.key",
            "https.acme_root",
        ]
        .contains(&key.name);
        if !is_empty_path {
            config.set(key.name, &shown).unwrap();
        }
        assert!(key.doc.len() > 10);
    }
    assert_eq!(
        config,
        Config {
            key_file: PathBuf::new(),
            ..Config::default()
        }
    );
}

#[test]
fn a_port_can_be_left_alone_and_a_mode_is_one_of_its_words() {
    let config =
        from_text("[https]\nnames = \"desk.local\"\nmode = \"private\"\nredirect = \"none\"\n")
            .unwrap();
    assert_eq!(config.https_mode, HttpsMode::Private);
    assert_eq!(config.https_redirect, Listen(None));
    assert_eq!(config.show("https.redirect").as_deref(), Some("none"));
    let config = from_text("https.redirect = \"0.0.0.0:8081\"\n").unwrap();
    assert_eq!(
        config.show("https.redirect").as_deref(),
        Some("0.0.0.0:8081")
    );
    for (text, expected) in [
        ("https.mode = \"own\"\n", "auto, files, acme or private"),
        ("https.redirect = \"80\"\n", "or none"),
    ] {
        let error = from_text(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_public_address_is_an_address_and_nothing_below_it() {
    let mut config = Config::default();
    for (text, kept) in [
        (" https://desk.example.com/ ", "https://desk.example.com"),
        ("http://10.0.0.5:8080", "http://10.0.0.5:8080"),
        ("https://desk.example.com:443", "https://desk.example.com"),
        ("", ""),
    ] {
        config.set("public.url", text).unwrap();
        assert_eq!(config.show("public.url").as_deref(), Some(kept), "{text}");
    }
    for wrong in [
        "desk.example.com",
        "ftp://desk.example.com",
        "https://desk.example.com/front",
        "https://desk.example.com?x",
        "https://me:secret@desk.example.com",
        "https://",
    ] {
        let told = config.set("public.url", wrong).unwrap_err();
        assert!(told.contains("https://desk.example.com"), "{wrong}");
    }
}

#[test]
fn aliases_stand_for_models_the_exact_ones_first() {
    let mut config = Config::default();
    let text = "gpt-*=default, gpt-4o-mini = assistant:desk,gpt-4*=frontdesk";
    config.set("openai.aliases", text).unwrap();
    let resolved = |name: &str| config.openai_aliases.resolve(name).to_owned();
    assert_eq!(resolved("gpt-4o-mini"), "assistant:desk");
    assert_eq!(resolved("gpt-4o"), "frontdesk");
    assert_eq!(resolved("gpt-3.5-turbo"), "default");
    assert_eq!(resolved("claude"), "claude");
    let shown = config.show("openai.aliases").unwrap();
    assert_eq!(
        shown,
        "gpt-*=default, gpt-4o-mini=assistant:desk, gpt-4*=frontdesk"
    );
    let exact: Vec<_> = config.openai_aliases.exact().collect();
    assert_eq!(exact, [("gpt-4o-mini", "assistant:desk")]);
    for bad in [
        "gpt-4o",
        "=default",
        "gpt-4o=",
        "*gpt=default",
        "a*b*=c",
        "a=b*",
    ] {
        assert!(
            Config::default().set("openai.aliases", bad).is_err(),
            "{bad}"
        );
    }
}
