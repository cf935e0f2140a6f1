//! Unsupported formats, limits, and archives of documents.

use super::archive::{Member, unpack};
use super::formats_tests::{book, presentation, refuse, zipped};
use super::*;

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let compound = |stream: &str| {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(640, 0);
        bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    let locked = zipped(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("content.xml", b"\x01\x02"),
        (
            "META-INF/manifest.xml",
            b"<m><file-entry><encryption-data/></file-entry></m>",
        ),
    ]);
    for (bytes, name, says) in [
        (compound("WordDocument"), "a.doc", "save it again"),
        (compound("PowerPoint Document"), "a.ppt", "save it again"),
        (
            compound("__properties_version1.0"),
            "a.msg",
            "save it again",
        ),
        (
            compound("EncryptedPackage"),
            "a.docx",
            "without the password",
        ),
        (compound("nothing"), "a.xyz", "Frontdesk reads PDF, Word"),
        (locked, "a.odt", "without the password"),
        (
            b"\x89PNG\r\n\x1a\n0000".to_vec(),
            "a.png",
            "text recognition",
        ),
        (
            b"GIF89a00000000".to_vec(),
            "a.gif",
            "save it as JPEG or PNG",
        ),
        (
            zipped(&[("a.txt", b"Hello")]),
            "a.zip",
            "upload the files in it",
        ),
        (b"just text".to_vec(), "a.xlsx", "plain text"),
        (zipped(&[("xl/workbook.xml", b"<a")]), "a.xlsx", "damaged"),
        (zipped(&[("ppt/presentation.xml", b"")]), "a.pptx", "empty"),
        (
            zipped(&[("META-INF/container.xml", b"<a/>")]),
            "a.epub",
            "damaged",
        ),
    ] {
        let reason = refuse(&bytes, name);
        assert!(reason.contains(says), "{name}: {reason}");
    }
}

#[test]
fn a_part_that_unpacks_beyond_the_limit_is_refused() {
    let zeros = vec![b' '; 3 << 20];
    let limits = Limits {
        max_unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    for (part, name) in [
        ("xl/worksheets/sheet1.xml", "a.xlsx"),
        ("ppt/presentation.xml", "a.pptx"),
        ("content.xml", "a.odt"),
    ] {
        let error = extract(&zipped(&[(part, &zeros)]), name, &limits).expect_err("too large");
        assert!(
            matches!(error, ExtractError::TooLarge { .. }),
            "{name}: {error}"
        );
    }
}

fn paths(members: &[Member]) -> Vec<(&str, bool)> {
    members
        .iter()
        .map(|m| (m.path.as_str(), m.content.is_ok()))
        .collect()
}

#[test]
fn an_archive_gives_its_files_and_those_of_one_archive_in_it() {
    let deepest = zipped(&[("c.txt", b"c")]);
    let inner = zipped(&[("b.txt", b"b"), ("deep.zip", &deepest)]);
    let bomb = vec![0; 4 << 20];
    let all = zipped(&[
        ("forms/a.txt", b"Hello"),
        ("__MACOSX/forms/._a.txt", b"x"),
        (".hidden", b"x"),
        ("forms/.DS_Store", b"x"),
        ("../../etc/passwd", b"x"),
        ("more.zip", &inner),
        ("bomb.txt", &bomb),
    ]);
    let members = unpack(&all, &Limits::default())
        .expect("it is opened")
        .expect("it is an archive");
    assert_eq!(
        paths(&members),
        [
            ("forms/a.txt", true),
            ("more.zip/b.txt", true),
            ("more.zip/deep.zip", false),
            ("bomb.txt", false),
        ]
    );
    assert_eq!(members[0].content.as_deref(), Ok(b"Hello".as_slice()));
    for document in [presentation(), book(&[]), b"Hello".to_vec()] {
        assert_eq!(unpack(&document, &Limits::default()), Ok(None));
    }
    assert_eq!(
        unpack(&zipped(&[(".x", b"x")]), &Limits::default()),
        Err(ExtractError::Empty)
    );
}
