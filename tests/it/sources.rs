//! `/api/v1/sources`: added, walked, kept up to date, paused, deleted.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::site::{Site, html, redirect};

/// Adds a source; its id.
pub async fn add(app: &TestApp, body: Value) -> String {
    let mut body = body;
    body["per_second"] = json!(20);
    let reply = app.post("/api/v1/sources", body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// Waits for the sync to end; the source.
pub async fn settled(app: &TestApp, id: &str) -> Value {
    for _ in 0..1_500 {
        let source = app.get(&format!("/api/v1/sources/{id}")).await.json();
        if !matches!(source["state"].as_str(), Some("queued" | "syncing")) {
            return source;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the sync did not end");
}

pub async fn sync(app: &TestApp, id: &str) -> Value {
    let before = settled(app, id).await["report"]["started_at"].clone();
    let reply = app
        .post_raw(&format!("/api/v1/sources/{id}/sync"), "")
        .await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text());
    // The end of the walk before may be written down only now; a walk that was refused has no new report.
    let mut source = settled(app, id).await;
    for _ in 0..50 {
        if source["report"]["started_at"] != before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        source = settled(app, id).await;
    }
    source
}

pub async fn names(app: &TestApp) -> Vec<String> {
    let list = app.get("/api/v1/documents").await.json();
    let all = list["documents"].as_array().unwrap().iter();
    all.map(|d| d["name"].as_str().unwrap().to_owned())
        .collect()
}

pub async fn answer(app: &TestApp, question: &str) -> String {
    let passages = app
        .app
        .knowledge
        .search()
        .find(app.workspace("default").await, question, 3)
        .await
        .unwrap();
    format!("{:?}", passages.passages)
}

pub fn counts(source: &Value) -> [u64; 6] {
    [
        "added",
        "changed",
        "unchanged",
        "removed",
        "failed",
        "skipped",
    ]
    .map(|name| source["report"][name].as_u64().unwrap())
}

#[tokio::test]
async fn a_crawl_makes_documents_and_a_second_one_fetches_only_what_changed() {
    let site = Site::start().await;
    site.page(
        "/",
        html(
            "Bakery",
            "Welcome.",
            &["/prices", "/about/", "https://other.example/", "/logo.png"],
        ),
    );
    site.page(
        "/prices",
        html("Prices", "A croissant costs 2.40 euros.", &["/"]),
    );
    site.page(
        "/about/",
        html(
            "About",
            "Founded in 1931.",
            &["team?utm_source=x", "/prices"],
        ),
    );
    site.page("/about/team", html("Team", "Marta bakes.", &[]));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    let first = settled(&app, &id).await;
    assert_eq!(first["state"], "ready", "{first}");
    assert_eq!(counts(&first), [4, 0, 0, 0, 0, 0], "{first}");
    assert_eq!(names(&app).await.len(), 4);
    assert!(answer(&app, "croissant price").await.contains("2.40"));
    let asked = site.asked();
    assert_eq!(asked[0].0, "/robots.txt");
    let agent = asked[1].1["user-agent"].to_str().unwrap().to_owned();
    assert!(agent.starts_with("FrontdeskBot/"), "{agent}");
    assert!(
        asked
            .iter()
            .all(|(_, h)| !h.contains_key("cookie") && !h.contains_key("referer"))
    );

    site.page(
        "/prices",
        html("Prices", "A croissant costs 2.60 euros.", &["/", "/new"]),
    );
    site.page("/new", html("New", "We now have rye bread.", &[]));
    let second = sync(&app, &id).await;
    assert_eq!(counts(&second), [1, 1, 3, 0, 0, 0], "{second}");
    let conditional = site
        .asked()
        .iter()
        .filter(|(_, headers)| headers.contains_key("if-none-match"))
        .count();
    assert_eq!(conditional, 4);
    let found = answer(&app, "croissant price").await;
    assert!(found.contains("2.60") && !found.contains("2.40"), "{found}");
    let title = app.get("/api/v1/documents").await.json();
    assert!(
        title.to_string().contains("\"title\":\"Prices\""),
        "{title}"
    );
}

#[tokio::test]
async fn a_page_that_is_gone_twice_is_removed_and_one_that_fails_is_kept() {
    let site = Site::start().await;
    site.page("/", html("Home", "Welcome.", &["/a", "/b"]));
    site.page("/a", html("A", "The cellar is open on Mondays.", &[]));
    site.page("/b", html("B", "The garden is open on Fridays.", &[]));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    settled(&app, &id).await;
    site.page("/", html("Home", "Welcome.", &["/b"]));
    site.remove("/a");
    site.serve("/b", 500, "text/plain", "fault");
    let second = sync(&app, &id).await;
    assert_eq!(second["state"], "ready", "{second}");
    assert_eq!(counts(&second), [0, 0, 1, 0, 2, 0], "{second}");
    assert!(second.to_string().contains("removed if it is still gone"));
    assert!(answer(&app, "garden Fridays").await.contains("garden"));
    assert!(answer(&app, "cellar Mondays").await.contains("cellar"));
    let third = sync(&app, &id).await;
    assert_eq!(counts(&third), [0, 0, 1, 1, 1, 0], "{third}");
    assert!(!answer(&app, "cellar Mondays").await.contains("cellar"));
    assert!(answer(&app, "garden Fridays").await.contains("garden"));
    let page = &third["known"][0];
    assert_eq!(
        (page["status"].as_u64(), page["state"].as_str()),
        (Some(500), Some("ready"))
    );
}

#[tokio::test]
async fn a_site_that_is_down_keeps_everything_and_says_so() {
    let site = Site::start().await;
    site.page("/", html("Home", "The lift is on the left.", &[]));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    settled(&app, &id).await;
    site.serve("/", 503, "text/plain", "down");
    let second = sync(&app, &id).await;
    assert_eq!(second["state"], "failed", "{second}");
    assert!(
        second["error"].as_str().unwrap().contains("503"),
        "{second}"
    );
    assert!(second["next_at"].is_i64(), "{second}");
    assert!(answer(&app, "lift left").await.contains("lift"));
    site.page("/", html("Home", "The lift is on the right.", &[]));
    assert_eq!(sync(&app, &id).await["state"], "ready");
    assert!(answer(&app, "lift right").await.contains("right"));
}

#[tokio::test]
async fn a_sitemap_names_the_pages_and_takes_them_away() {
    let site = Site::start().await;
    let app = site.app().await;
    let map = |paths: &[&str]| {
        let urls: String = paths
            .iter()
            .map(|p| format!("<url><loc>{}</loc></url>", site.url(p)))
            .collect();
        site.serve(
            "/pages.xml",
            200,
            "application/xml",
            format!("<urlset>{urls}</urlset>"),
        );
    };
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>",
        site.url("/pages.xml")
    );
    site.serve("/index.xml", 200, "application/xml", index);
    site.serve(
        "/robots.txt",
        200,
        "text/plain",
        format!("Sitemap: {}\n", site.url("/index.xml")),
    );
    map(&["/one", "/two", "/three"]);
    for (name, text) in [
        ("one", "Alpha desk."),
        ("two", "Beta desk."),
        ("three", "Gamma desk."),
    ] {
        site.page(&format!("/{name}"), html(name, text, &["/not-named"]));
    }
    let id = add(&app, json!({"url": site.url("/"), "kind": "sitemap"})).await;
    assert_eq!(counts(&settled(&app, &id).await), [3, 0, 0, 0, 0, 0]);
    map(&["/one", "/three"]);
    let second = sync(&app, &id).await;
    assert_eq!(counts(&second), [0, 0, 2, 1, 0, 0], "{second}");
    assert_eq!(names(&app).await, [site.url("/one"), site.url("/three")]);
    // An empty sitemap is a mistake of the site, not a wish to delete everything.
    map(&[]);
    let third = sync(&app, &id).await;
    assert_eq!(
        (third["state"].as_str(), names(&app).await.len()),
        (Some("failed"), 2),
        "{third}"
    );
}

#[tokio::test]
async fn robots_noindex_and_duplicates_are_respected() {
    let site = Site::start().await;
    site.serve(
        "/robots.txt",
        200,
        "text/plain",
        "User-agent: *\nDisallow: /\n\nUser-agent: FrontdeskBot\nDisallow: /private\n",
    );
    let twin = html("Twin", "The same words.", &[]);
    site.page(
        "/",
        html(
            "Home",
            "Welcome.",
            &[
                "/private/x",
                "/hidden",
                "/twin1",
                "/twin2",
                "/list?sort=up",
                "/moved",
            ],
        ),
    );
    site.page(
        "/hidden",
        html("Hidden", "Not for you.", &[])
            .replace("<head>", "<head><meta name=robots content=noindex>"),
    );
    site.page("/twin1", &twin);
    site.page("/twin2", &twin);
    site.page(
        "/list?sort=up",
        html("List", "Sorted.", &[]).replace("<head>", "<head><link rel=canonical href=/list>"),
    );
    site.page("/list", html("List", "Sorted.", &[]));
    site.otherwise(|request| (request.uri().path() == "/moved").then(|| redirect("/list")));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    let source = settled(&app, &id).await;
    assert_eq!(counts(&source), [3, 0, 0, 0, 1, 4], "{source}");
    assert!(!site.asked_paths().iter().any(|p| p.starts_with("/private")));
    let told = source["report"]["pages"].to_string();
    for reason in [
        "robots.txt",
        "noindex",
        "says the same as",
        "is a spelling of",
        "leads to",
    ] {
        assert!(told.contains(reason), "{reason}: {told}");
    }
    assert_eq!(
        names(&app).await,
        [site.url("/"), site.url("/list"), site.url("/twin1")]
    );
}

#[tokio::test]
async fn documents_on_a_site_are_read_by_what_they_are() {
    let site = Site::start().await;
    site.page(
        "/",
        html(
            "Home",
            "Welcome.",
            &["/guide.pdf", "/notes", "/page.php?id=3"],
        ),
    );
    site.serve(
        "/guide.pdf",
        200,
        "application/pdf",
        include_bytes!("../fixtures/documents/guide.pdf"),
    );
    site.serve(
        "/notes",
        200,
        "text/plain",
        "The key hangs behind the door.",
    );
    site.page(
        "/page.php?id=3",
        html("Php", "The pool opens at nine.", &[]),
    );
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    let source = settled(&app, &id).await;
    assert_eq!(counts(&source), [4, 0, 0, 0, 0, 0], "{source}");
    assert!(
        answer(&app, "where is the key")
            .await
            .contains("behind the door")
    );
    assert!(answer(&app, "pool opens").await.contains("nine"));
}
