use super::*;

/// A configuration with an empty folder of models.
fn config(reader: &str) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        models_dir: folder.path().join("models"),
        reader_model: reader.into(),
        ..Config::default()
    };
    std::fs::create_dir_all(&config.models_dir).unwrap();
    (folder, config)
}

fn embed(name: &str) -> (EmbedSetup, Weights) {
    let weights = Weights {
        name: name.into(),
        sha256: "ab".into(),
    };
    (EmbedSetup::Packed("base.e5s".into()), weights)
}

/// Puts our own reader into the folder of models.
fn install_own(config: &Config, catalogue: &Catalogue) {
    let entry = catalogue.get(AUTO_READER).unwrap();
    let cache = Cache::new(&config.models_dir);
    let options = models::Options::default();
    models::fetch(
        entry,
        &cache,
        &options,
        &|_| (),
        &models::CancellationToken::new(),
    )
    .unwrap();
}

fn name(choice: &ReaderChoice) -> &str {
    &choice.file.weights.name
}

#[test]
fn our_own_goes_on_where_the_chosen_one_is_missing_or_fails() {
    let catalogue = Catalogue::embedded().unwrap();
    let base = embed("multilingual-e5-small-q4");
    for (reader, told) in [
        (
            "roberta-base-squad2",
            "frontdesk models get roberta-base-squad2",
        ),
        ("whisper-base", "is not a reader"),
        ("no-such-reader", "no model named"),
        ("/no/such/folder/model.onnx", "tokenizer.json"),
    ] {
        let (_folder, config) = config(reader);
        let found = ReaderChoices::find(&config, &catalogue, Some(&base));
        let reason = found
            .chosen
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(reason.contains(told), "without our own: {reason}");
        assert_eq!(found.passed_over.as_deref(), Some(reason.as_str()));

        install_own(&config, &catalogue);
        let found = ReaderChoices::find(&config, &catalogue, Some(&base));
        let chosen = found.chosen.unwrap();
        assert_eq!(name(&chosen), AUTO_READER);
        assert!(chosen.file.is_calibrated);
        let reason = found.passed_over.unwrap();
        assert!(
            reason.contains(told) && reason.ends_with("frontdesk-reader reads instead"),
            "{reason}"
        );

        // Beside another embedding model our own cannot read.
        let gguf = (EmbedSetup::Gguf("a.gguf".into()), base.1.clone());
        assert!(
            ReaderChoices::find(&config, &catalogue, Some(&gguf))
                .chosen
                .is_err()
        );
    }
}

#[test]
fn a_reader_of_the_owners_is_found_by_folder_or_file_and_is_not_calibrated() {
    let catalogue = Catalogue::embedded().unwrap();
    let base = embed("multilingual-e5-small-q4");
    let (folder, mut config) = config("auto");
    install_own(&config, &catalogue);
    let hub = folder.path().join("my-reader");
    std::fs::create_dir_all(hub.join("onnx")).unwrap();
    std::fs::write(hub.join("onnx/model.onnx"), "x").unwrap();
    std::fs::write(hub.join("mine.onnx"), "x").unwrap();
    for (path, found_as) in [
        (hub.clone(), "my-reader"),
        (hub.join("onnx/model.onnx"), "my-reader"),
        (hub.join("mine.onnx"), "mine"),
    ] {
        config.reader_model = path.display().to_string();
        let reason = ReaderChoices::find(&config, &catalogue, Some(&base)).passed_over;
        assert!(reason.is_some_and(|told| told.contains("needs its vocabulary")));
        std::fs::write(hub.join("tokenizer.json"), "{}").unwrap();
        let found = ReaderChoices::find(&config, &catalogue, Some(&base));
        let chosen = found.chosen.as_ref().unwrap();
        assert_eq!(name(chosen), found_as);
        assert!(!chosen.file.is_calibrated);
        assert_eq!(found.spare.as_ref().map(name), Some(AUTO_READER));
        assert_eq!(
            found.paths().len(),
            3,
            "model, vocabulary and the spare one"
        );
        std::fs::remove_file(hub.join("tokenizer.json")).unwrap();
    }
    config.reader_model = format!("{}/", folder.path().join("models").display());
    let reason = ReaderChoices::find(&config, &catalogue, Some(&base)).passed_over;
    assert!(reason.is_some_and(|told| told.contains("no model.onnx")));
}

#[test]
fn calibrated_is_a_pair_of_models_and_off_is_off() {
    let catalogue = Catalogue::embedded().unwrap();
    let (_folder, mut config) = config("auto");
    install_own(&config, &catalogue);
    for (base, expected) in [("multilingual-e5-small-q4", true), ("another", false)] {
        let found = ReaderChoices::find(&config, &catalogue, Some(&embed(base)));
        assert_eq!(found.chosen.unwrap().file.is_calibrated, expected);
        assert!(found.spare.is_none() && found.passed_over.is_none());
    }
    config.reader_model = "none".into();
    let found = ReaderChoices::find(&config, &catalogue, None);
    assert!(matches!(found.chosen, Err(WeightsError::TurnedOff(_))));
    assert!(found.spare.is_none() && found.passed_over.is_none());
}
