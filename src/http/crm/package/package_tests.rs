use std::collections::BTreeMap;
use std::io::Read;

use super::*;

fn files(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

fn json_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

/// All dotted paths of an object's texts.
fn paths(value: &Value, before: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(parts) => {
            for (name, part) in parts {
                let path = if before.is_empty() {
                    name.clone()
                } else {
                    format!("{before}.{name}")
                };
                paths(part, &path, out);
            }
        }
        _ => out.push(before.to_owned()),
    }
}

#[test]
fn the_package_is_a_valid_upload() {
    let package = build("https://desk.example.com", None).unwrap();
    let files = files(&package);
    let manifest = json_of(&files, "manifest.json");
    assert_eq!(manifest["widget"]["interface_version"], 2);
    assert_eq!(
        manifest["locations"],
        json!(["lcard-1", "settings", "advanced_settings"])
    );
    assert!(manifest.get("dp").is_none());
    for (name, width, height) in LOGOS {
        let png = &files[&format!("images/{name}")];
        assert!(png.len() <= 300 * 1024, "{name} has {} bytes", png.len());
        assert_eq!(&png[16..20], width.to_be_bytes(), "{name}");
        assert_eq!(&png[20..24], height.to_be_bytes(), "{name}");
    }
    for (_, bytes) in files.iter().filter(|(name, _)| !name.ends_with(".png")) {
        assert!(!bytes.starts_with(b"\xef\xbb\xbf"));
        assert!(std::str::from_utf8(bytes).is_ok());
    }
    // Every text that the manifest names is in every language that it lists, and every picture in the package.
    let locales = manifest["widget"]["locale"].as_array().unwrap();
    for code in locales {
        let code = code.as_str().unwrap();
        let words = json_of(&files, &format!("i18n/{code}.json"));
        for path in [
            "widget.name",
            "widget.description",
            "widget.short_description",
            "widget.tour_description",
            "settings.connection",
            "advanced.title",
        ] {
            let pointer = format!("/{}", path.replace('.', "/"));
            assert!(words.pointer(&pointer).is_some(), "{code}: {path}");
        }
        let tour = &manifest["tour"]["tour_images"][code][0];
        let tour = tour.as_str().unwrap().trim_start_matches('/');
        assert!(files.contains_key(tour), "{tour}");
    }
}

#[test]
fn every_language_has_the_same_texts() {
    let of = |words: &str| {
        let mut all = Vec::new();
        paths(&serde_json::from_str(words).unwrap(), "", &mut all);
        all.sort();
        all
    };
    let [(_, english), others @ ..] = &LANGUAGES;
    for (code, words) in others {
        assert_eq!(of(english), of(words), "{code}");
    }
}

#[test]
fn the_script_asks_the_server_that_the_package_was_made_for() {
    let package = build("https://desk.example.com:8443/", None).unwrap();
    let files = files(&package);
    for name in ["script.js", "manifest.json"] {
        let text = String::from_utf8(files[name].clone()).unwrap();
        assert!(text.contains("https://desk.example.com:8443"), "{name}");
        assert!(!text.contains(NOWHERE), "{name}");
    }
    let script = String::from_utf8(files["script.js"].clone()).unwrap();
    for no in ["innerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(no), "{no}");
    }
}

#[test]
fn with_a_pipeline_there_is_its_action_and_its_picture() {
    let package = build(
        "https://desk.example.com",
        Some("/crm/kommo/pipeline/s3cret"),
    )
    .unwrap();
    let files = files(&package);
    let manifest = json_of(&files, "manifest.json");
    assert_eq!(
        manifest["dp"]["webhook_url"],
        "https://desk.example.com/crm/kommo/pipeline/s3cret"
    );
    assert_eq!(&files["images/logo_dp.png"][16..20], 174_u32.to_be_bytes());
}

#[test]
fn the_same_address_gives_the_same_bytes() {
    let one = build("https://desk.example.com", None).unwrap();
    assert_eq!(one, build("https://desk.example.com/", None).unwrap());
}

#[test]
fn only_the_address_of_a_server_is_taken() {
    for wrong in [
        "",
        "desk.example.com",
        "http://desk.example.com",
        "https://desk.example.com/path",
        "https://me@desk.example.com",
        "https://desk.example.com?x",
        "https://",
        "javascript:alert(1)",
    ] {
        assert!(
            matches!(build(wrong, None), Err(PackageError::Address(_))),
            "{wrong}"
        );
    }
}
