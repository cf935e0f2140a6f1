//! Sites that mean harm, or are broken: none hangs, none reaches inside, each says why.

use std::io::Write;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::response::{Html, IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::site::{Site, html, redirect};
use crate::sources::{add, answer, names, settled, sync};

/// Adds the page, and gives the source when it has settled.
async fn fetch(site: &Site, app: &TestApp, path: &str) -> Value {
    let id = add(app, json!({"url": site.url(path), "kind": "page"})).await;
    settled(app, &id).await
}

fn endless() -> Response {
    let piece = Bytes::from(vec![b'x'; 1 << 16]);
    let body = Body::from_stream(stream::repeat_with(move || {
        Ok::<_, std::convert::Infallible>(piece.clone())
    }));
    Response::builder()
        .header("content-type", "text/html")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn an_inside_address_is_never_reached() {
    let site = Site::start().await;
    let inside = Site::start().await;
    inside.page("/", html("Inside", "The secret of the router.", &[]));
    let app = site.app().await;
    let target = inside.url("/");
    site.otherwise(move |request| match request.uri().path() {
        "/ip" => Some(redirect(&target)),
        "/plain" => Some(redirect("http://127.0.0.1/")),
        "/name" => Some(redirect("http://localhost/")),
        "/six" => Some(redirect("http://[::1]/")),
        "/metadata" => Some(redirect("http://169.254.169.254/latest/meta-data/")),
        "/file" => Some(redirect("file:///etc/passwd")),
        "/user" => Some(redirect("http://a:b@127.0.0.1/")),
        _ => None,
    });
    for path in [
        "/ip",
        "/plain",
        "/name",
        "/six",
        "/metadata",
        "/file",
        "/user",
    ] {
        let source = fetch(&site, &app, path).await;
        assert_eq!(source["state"], "failed", "{path}: {source}");
        assert!(!source["error"].as_str().unwrap().is_empty());
    }
    for url in [
        inside.url("/"),
        "http://localhost/".into(),
        "http://2130706433/".into(),
        "http://[::ffff:127.0.0.1]/".into(),
        "http://10.1.2.3/".into(),
    ] {
        let id = add(&app, json!({"url": url})).await;
        let source = settled(&app, &id).await;
        assert_eq!(source["state"], "failed", "{url}: {source}");
    }
    assert!(inside.asked().is_empty());
    assert!(names(&app).await.is_empty());
    let ledger = app.get("/api/v1/egress?limit=1000").await.json();
    let rows = ledger["requests"].as_array().unwrap();
    let refused = rows
        .iter()
        .filter(|row| row["error"].is_string() && row["bytes_sent"] == 0);
    assert!(refused.count() >= 12, "{ledger}");
}

#[tokio::test]
async fn bodies_without_an_end_stop_at_the_limit() {
    let site = Site::start().await;
    site.otherwise(|request| match request.uri().path() {
        "/endless" => Some(endless()),
        "/ten-gigabytes" => {
            let mut response = endless();
            response
                .headers_mut()
                .insert("content-length", "10737418240".parse().unwrap());
            Some(response)
        }
        "/bomb" => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            for _ in 0..100 {
                packer.write_all(&vec![b' '; 1 << 20]).unwrap();
            }
            let headers = [("content-encoding", "gzip"), ("content-type", "text/html")];
            Some((headers, packer.finish().unwrap()).into_response())
        }
        _ => None,
    });
    let app = site.app().await;
    for path in ["/endless", "/ten-gigabytes", "/bomb"] {
        let started = Instant::now();
        let source = fetch(&site, &app, path).await;
        assert_eq!(source["state"], "failed", "{path}: {source}");
        assert!(
            source["error"].as_str().unwrap().contains("more than"),
            "{source}"
        );
        assert!(started.elapsed() < Duration::from_secs(10), "{path}");
    }
    let ledger = app.get("/api/v1/egress").await.json();
    for row in ledger["requests"].as_array().unwrap() {
        assert!(row["bytes_received"].as_u64().unwrap() < 4 << 20, "{row}");
    }
}

#[tokio::test]
async fn what_lies_about_its_type_is_told() {
    let site = Site::start().await;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.bin", zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(&[1, 2, 3]).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let html_type = "text/html; charset=utf-8";
    site.serve("/zip", 200, html_type, zip);
    site.serve(
        "/binary",
        200,
        html_type,
        [0u8, 255, 1, 254, 2, 0, 0, 0].repeat(1_000),
    );
    site.serve("/png", 200, html_type, b"\x89PNG\r\n\x1a\n0000");
    site.serve("/picture", 200, "image/png", b"\x89PNG");
    site.serve("/empty", 200, html_type, b"");
    let app = site.app().await;
    for path in ["/zip", "/binary", "/png", "/picture", "/empty"] {
        let source = fetch(&site, &app, path).await;
        let told = source.to_string();
        assert!(
            source["report"]["failed"] == 1 || source["state"] == "failed",
            "{path}: {told}"
        );
        assert_eq!(source["report"]["added"], 0, "{path}: {told}");
    }
    assert!(names(&app).await.is_empty());
}

#[tokio::test]
async fn loops_and_traps_end() {
    let site = Site::start().await;
    site.page(
        "/",
        html(
            "Home",
            "Welcome.",
            &["/loop", "/calendar/2026/1", "/deep/", "/s?a=1"],
        ),
    );
    site.otherwise(|request| {
        let uri = request.uri();
        let path = uri.path().to_owned();
        if path == "/loop" {
            return Some(redirect("/loop2"));
        }
        if path == "/loop2" {
            return Some(redirect("/loop"));
        }
        if let Some(rest) = path.strip_prefix("/calendar/") {
            let (year, month) = rest.split_once('/')?;
            let n = year.parse::<u32>().ok()? * 12 + month.parse::<u32>().ok()?;
            let next = format!("/calendar/{}/{}", (n + 1) / 12, (n + 1) % 12);
            let text = format!("Nothing in month {n}.");
            return Some(Html(html("Calendar", &text, &[&next])).into_response());
        }
        if path.starts_with("/deep/") {
            let next = format!("{path}deep/");
            return Some(Html(html("Deep", &path, &[&next, "again/"])).into_response());
        }
        if path == "/s" {
            let n: u32 = uri.query()?.rsplit('=').next()?.parse().ok()?;
            let next = format!("/s?a={}", n + 1);
            return Some(Html(html("Search", &format!("Hit {n}."), &[&next])).into_response());
        }
        None
    });
    let app = site.app().await;
    let body = json!({"url": site.url("/"), "kind": "crawl", "depth": 20, "pages": 120});
    let id = add(&app, body).await;
    let source = settled(&app, &id).await;
    assert_eq!(source["state"], "ready", "{source}");
    let documents = source["documents"].as_u64().unwrap();
    assert!((20..=100).contains(&documents), "{documents}");
    let told = source["report"]["pages"].to_string();
    assert!(told.contains("redirects too many times"), "{told}");
}

#[tokio::test]
async fn a_site_in_trouble_deletes_nothing_at_once() {
    let site = Site::start().await;
    site.page("/", html("Home", "Welcome to the mill.", &["/a", "/b"]));
    site.page("/a", html("A", "Flour is sold by the sack.", &[]));
    site.page("/b", html("B", "Bran is sold by weight.", &[]));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    assert_eq!(settled(&app, &id).await["documents"], 3);
    // Everything leads to one page.
    for page in ["/", "/a", "/b"] {
        site.remove(page);
    }
    site.page("/sorry", html("Sorry", "We are away.", &[]));
    site.otherwise(|request| (request.uri().path() != "/robots.txt").then(|| redirect("/sorry")));
    let second = sync(&app, &id).await;
    assert_eq!(second["documents"], 3, "{second}");
    assert_eq!(second["report"]["removed"], 0, "{second}");
    assert!(answer(&app, "flour sack").await.contains("sack"));
    // Everything leads to somebody else.
    let other = Site::start().await;
    other.page("/", html("Casino", "Win now.", &[]));
    let allow = format!("127.0.0.1:{},localhost:{}", site.port, other.port);
    let elsewhere = format!("http://localhost:{}/", other.port);
    site.otherwise(move |request| {
        (request.uri().path() != "/robots.txt").then(|| redirect(&elsewhere))
    });
    let app = app.restart_with(|config| config.egress_allow = allow).await;
    let third = sync(&app, &id).await;
    assert_eq!(
        (third["state"].as_str(), third["documents"].as_u64()),
        (Some("failed"), Some(3)),
        "{third}"
    );
    assert!(
        third["error"].as_str().unwrap().contains("another site"),
        "{third}"
    );
    assert!(answer(&app, "flour sack").await.contains("sack"));
}

#[tokio::test]
async fn a_silent_server_ends_in_time_and_the_next_page_is_fetched() {
    let site = Site::start().await;
    site.otherwise(|request| {
        (request.uri().path() == "/robots.txt").then(|| {
            let never = stream::pending::<Result<Bytes, std::convert::Infallible>>();
            Response::new(Body::from_stream(never))
        })
    });
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/slow"), "kind": "page"})).await;
    // Pausing ends a request that hangs, without waiting for its time-out.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let deleted = app.delete(&format!("/api/v1/sources/{id}")).await;
    assert_eq!(deleted.status, 204);
    let other = Site::start().await;
    let source = fetch(&other, &app, "/").await;
    assert_eq!(source["state"], "failed");
}

#[tokio::test]
async fn a_huge_site_is_bounded_and_blocks_nobody() {
    let site = Site::start().await;
    site.otherwise(|request| {
        let path = request.uri().path().to_owned();
        if path == "/robots.txt" {
            return None;
        }
        let links: Vec<String> = (0..5_000).map(|n| format!("/goods-{}", word(n))).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        let text = format!("The shelf of {path} holds one thing.");
        Some(Html(html(&path, &text, &links)).into_response())
    });
    let app = site.app().await;
    let body = json!({"url": site.url("/"), "kind": "crawl", "pages": 40});
    let id = add(&app, body).await;
    let mut slowest = Duration::ZERO;
    for n in 0..5 {
        let started = Instant::now();
        let name = format!("note-{n}.txt");
        app.document("default", &name, "The bell is at the door.")
            .await;
        slowest = slowest.max(started.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let source = settled(&app, &id).await;
    assert_eq!(source["documents"], 40, "{}", source["report"]);
    assert!(source["report"]["left_out"].as_u64().unwrap() > 500);
}

/// A number in letters, so that the pages have names and no numbers.
fn word(n: usize) -> String {
    n.to_string()
        .bytes()
        .map(|b| char::from(b + (b'a' - b'0')))
        .collect()
}

#[tokio::test]
async fn with_the_cable_pulled_nothing_is_fetched() {
    let site = Site::start().await;
    site.page("/", html("Home", "Welcome.", &[]));
    let allow = format!("127.0.0.1:{}", site.port);
    let app = TestApp::with(|config| {
        config.egress_allow = allow;
        config.egress_web = false;
    })
    .await;
    let source = fetch(&site, &app, "/").await;
    assert_eq!(source["state"], "failed");
    assert!(
        source["error"].as_str().unwrap().contains("egress.web"),
        "{source}"
    );
    assert!(site.asked().is_empty());
    assert_eq!(app.get("/api/v1/egress").await.json()["web"], false);
}
