//! The walk through the first steps: led, put off, taken up elsewhere, and closed to whoever does not manage.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use frontdesk::app::{load_demo, setup_token};
use frontdesk::config::PublicUrl;
use frontdesk::http::auth::SESSION_COOKIE;
use serde_json::json;

use crate::app::{Form, Reply, TestApp, json_request};
use crate::browser::{Browser, between, leads_to, person};
use crate::site::{Site, html};

const SITE: &str = "https://www.marlow.example";
const WEEK: &str =
    "day=mon&hours=9-17&which=&note=&day=tue&hours=9-17&which=&note=&day=sun&hours=&which=&note=";

/// The owner, right after the setup link; what setup answered.
async fn set_up(app: &TestApp) -> (Browser<'_>, Reply) {
    let token = setup_token(&app.app.store).await.unwrap().unwrap();
    let mut browser = Browser::new(app);
    let form = format!(
        "token={token}&business=Marlow+Bicycles&name=Ines&email=ines%40marlow.example\
         &password=four+plain+words+here&password_again=four+plain+words+here"
    );
    let reply = browser.post("/setup", &form).await;
    (browser, reply)
}

async fn tests_app() -> TestApp {
    let nowhere = std::env::temp_dir().join("frontdesk-no-models");
    TestApp::with(|config| config.models_dir = nowhere).await
}

fn business(change: &str) -> String {
    format!(
        "business=Marlow+Bicycles&assistant=Marla&language=de&time_zone=Europe%2FBerlin&country=DE\
         &address=Marlow+Street+5%2C+Berlin&phone=%2B49+30+123456&{change}{WEEK}"
    )
}

/// How many steps the page says are done.
fn count(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    between(reply.text(), "First steps · ", " of 5 done").to_owned()
}

/// Waits until a page holds these words.
async fn wait_for(browser: &mut Browser<'_>, path: &str, words: &str) -> Reply {
    for _ in 0..1_200 {
        let page = browser.get(path).await;
        if page.text().contains(words) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{path} never said {words}");
}

async fn begin_visit(app: &TestApp, site: &str, origin: &'static str) -> Reply {
    let mut request = json_request("", "/api/v1/visit", json!({"site": site}).to_string());
    let origin = HeaderValue::from_static(origin);
    request.headers_mut().insert(header::ORIGIN, origin);
    app.send(request).await
}

#[tokio::test]
async fn a_new_owner_is_led_from_the_setup_link_to_a_visit_from_the_website() {
    let app = tests_app().await;
    let (mut ines, made) = set_up(&app).await;
    assert_eq!(leads_to(&made), "/welcome");
    assert_eq!(leads_to(&ines.get("/welcome").await), "/welcome/business");
    let first = ines.get("/welcome/business").await;
    assert_eq!(count(&first), "0");
    assert!(first.text().contains("value=\"Marlow Bicycles\""));

    let saved = ines.post("/welcome/business/save", &business("")).await;
    assert_eq!(leads_to(&saved), "/welcome/knowledge");
    let facts = ines.get("/facts").await;
    for kept in [
        "09:00-17:00",
        "Europe/Berlin",
        "Marlow Street 5, Berlin",
        "+49 30 123456",
    ] {
        assert!(facts.text().contains(kept), "{kept}: {}", facts.text());
    }
    assert_eq!(
        app.get("/api/v1/voice").await.json()["settings"]["language"],
        "de",
        "the language of callers"
    );
    assert_eq!(count(&ines.get("/welcome/knowledge").await), "1");

    app.document(
        "default",
        "prices.md",
        "# Prices\n\nA full service costs 89 euros.\n",
    )
    .await;
    let knowledge = ines.get("/welcome/knowledge").await;
    assert_eq!(count(&knowledge), "2");
    assert!(knowledge.text().contains("prices.md"));

    let chat = ines.get("/welcome/try").await;
    assert!(chat.text().contains("Marla"), "{}", chat.text());
    assert!(chat.text().contains("data-ask"), "questions to try");
    let asked = "question=How+much+does+a+full+service+cost%3F";
    let answered = ines.post("/welcome/try/save", asked).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.text());
    assert!(answered.text().contains("walk__answer"));
    assert_eq!(count(&ines.get("/welcome/try").await), "3");

    let form = "sites=www.marlow.example&open=1";
    let saved = ines.post("/welcome/website/save", form).await;
    assert_eq!(leads_to(&saved), "/welcome/website");
    let page = ines.get("/welcome/website").await;
    assert!(page.text().contains(SITE) && page.text().contains("No visit yet"));
    assert!(
        page.text().contains("has no encryption"),
        "the address is http"
    );
    let line = between(page.text(), "id=\"embed\"", "</pre>");
    let site = format!("fd_site_{}", between(line, "fd_site_", "&"));
    let home = ines.get("/documents").await;
    assert!(home.text().contains("First steps: 3 of 5 done"));
    let begun = begin_visit(&app, &site, SITE).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let page = ines.get("/welcome/website").await;
    assert!(page.text().contains("A visit came from here"));
    assert_eq!(count(&page), "4");

    let machine = ines.get("/welcome/machine").await;
    for part in ["Search by meaning", "Memory", "Disk", "Backups"] {
        assert!(machine.text().contains(part), "{part}: {}", machine.text());
    }
    let read = ines.post("/welcome/machine/save", "").await;
    assert_eq!(leads_to(&read), "/welcome");
    let end = ines.get("/welcome").await;
    assert!(end.text().contains("Your front desk is set up"));
    let home = ines.get("/documents").await;
    assert!(!home.text().contains("First steps"), "{}", home.text());
}

#[tokio::test]
async fn steps_can_be_put_off_and_taken_up_in_another_browser() {
    let app = tests_app().await;
    let (mut ines, _) = set_up(&app).await;
    for (step, next) in [
        ("business", "/welcome/knowledge"),
        ("knowledge", "/welcome/try"),
    ] {
        let skipped = ines.post(&format!("/welcome/{step}/skip"), "").await;
        assert_eq!(leads_to(&skipped), next);
    }
    let mut elsewhere = Browser::new(&app);
    let form = "email=ines%40marlow.example&password=four+plain+words+here&next=%2Fwelcome%2Ftry";
    elsewhere.post("/login", form).await;
    let page = elsewhere.get("/welcome/try").await;
    assert_eq!(count(&page), "0");
    assert_eq!(page.text().matches("data-state=\"skipped\"").count(), 2);
    assert!(page.text().contains("There is nothing to answer from yet"));

    // What is done on another page counts here.
    let week = elsewhere.post("/facts/week", WEEK).await;
    assert_eq!(leads_to(&week), "/facts#week");
    assert_eq!(count(&ines.get("/welcome/try").await), "1");

    let hidden = ines.post("/welcome/dismiss", "").await;
    let path = leads_to(&hidden).to_owned();
    let page = ines.get(&path).await;
    assert!(page.text().contains("action=\"/welcome/resume\""));
    assert!(!page.text().contains("First steps: "), "{}", page.text());
    assert!(
        !elsewhere
            .get("/documents")
            .await
            .text()
            .contains("First steps: ")
    );
    assert_eq!(
        leads_to(&ines.post("/welcome/resume", "").await),
        "/documents"
    );
    assert!(
        ines.get("/documents")
            .await
            .text()
            .contains("First steps: 1 of 5")
    );

    for odd in ["/welcome/owner", "/welcome/dismissed"] {
        assert_eq!(ines.get(odd).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
    let odd = ines.post("/welcome/owner/skip", "").await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_who_manages_is_led() {
    let app = tests_app().await;
    let (ines, _) = set_up(&app).await;
    drop(ines);
    for (name, role, led) in [("ada", "admin", true), ("ben", "agent", false)] {
        person(&app, name, role).await;
        let mut browser = Browser::new(&app);
        browser.password(name).await;
        let home = browser.get("/documents").await;
        assert_eq!(home.text().contains("First steps: "), led, "{name}");
        let status = match led {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        };
        for step in ["business", "knowledge", "try", "website", "machine"] {
            let page = browser.get(&format!("/welcome/{step}")).await;
            assert_eq!(page.status, status, "{name} {step}");
        }
        if !led {
            for path in [
                "/welcome/business/save",
                "/welcome/website/save",
                "/welcome/machine/save",
                "/welcome/try/skip",
                "/welcome/dismiss",
            ] {
                let refused = browser.post(path, &business("")).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            }
        }
    }
    let stranger = Browser::new(&app).get("/welcome/business").await;
    assert!(leads_to(&stranger).starts_with("/login"));
}

#[tokio::test]
async fn a_demo_and_an_older_front_desk_are_not_reminded() {
    let app = tests_app().await;
    load_demo(&app.app).await.unwrap();
    let (mut ines, made) = set_up(&app).await;
    assert_eq!(leads_to(&made), "/documents");
    assert!(
        !ines
            .get("/documents")
            .await
            .text()
            .contains("First steps: ")
    );

    let older = tests_app().await;
    person(&older, "ann", "owner").await;
    let mut ann = Browser::new(&older);
    ann.password("ann").await;
    assert!(!ann.get("/documents").await.text().contains("First steps: "));
    assert_eq!(ann.get("/welcome/business").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_with_the_business_is_told_and_nothing_is_half_saved() {
    let app = tests_app().await;
    let (mut ines, _) = set_up(&app).await;
    let long = "x".repeat(81);
    let longer = "x".repeat(301);
    for (field, value, why) in [
        ("business", long.as_str(), "at most 80 characters"),
        ("business", "", "at most 80 characters"),
        ("assistant", long.as_str(), "at most 60 characters"),
        ("time_zone", "Middle-earth", "there is no time zone"),
        ("address", longer.as_str(), "at most 300 characters"),
        ("hours", "sometimes", "cannot be read as hours"),
    ] {
        // The first field of a name counts, but for the rows of the week.
        let form = match field {
            "hours" => format!("{}&day=wed&hours={value}", business("")),
            _ => format!("{field}={value}&{}", business("")),
        };
        let refused = ines.post("/welcome/business/save", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let text = refused.text();
        assert!(
            text.to_lowercase().contains(&why.to_lowercase()),
            "{why}: {text}"
        );
        assert!(text.contains("Marlow Street 5") || field == "address");
    }
    let facts = ines.get("/facts").await;
    assert!(
        !facts.text().contains("Marlow Street 5"),
        "nothing was saved"
    );
    let page = ines.get("/welcome/business").await;
    assert_eq!(count(&page), "0");
    assert!(!page.text().contains("value=\"Marla\""));

    let names =
        |business: &str, assistant: &str| json!({"business": business, "assistant": assistant});
    let put = |body: serde_json::Value| {
        let mut request = json_request(&app.key, "/api/v1/names", body.to_string());
        *request.method_mut() = Method::PUT;
        app.send(request)
    };
    let refused = put(names("Shop", &long)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let kept = put(names(" Marlow ", "Marla")).await;
    assert_eq!(kept.json(), names("Marlow", "Marla"));
    assert_eq!(
        app.get("/api/v1/names").await.json(),
        names("Marlow", "Marla")
    );

    // Without hours it is saved, and no week is claimed.
    let bare = "business=Marlow&assistant=Marla&language=en&time_zone=Europe%2FBerlin&country=\
                &address=&phone=&day=mon&hours=&which=&note=";
    let saved = ines.post("/welcome/business/save", bare).await;
    assert_eq!(leads_to(&saved), "/welcome/knowledge");
    let facts = app.get("/api/v1/facts").await;
    assert!(!facts.text().contains("weekly"), "{}", facts.text());
}

#[tokio::test]
async fn files_without_scripts_are_kept_or_refused_with_a_reason() {
    let app = tests_app().await;
    let (mut ines, _) = set_up(&app).await;
    let to = |path: &str, form: Form, session: &str| {
        let mut request = form.request("", path);
        let cookie = format!("{SESSION_COOKIE}={session}");
        for (name, value) in [
            (header::HOST, "desk.example"),
            (header::ORIGIN, "http://desk.example"),
            (header::COOKIE, cookie.as_str()),
        ] {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(name, value);
        }
        app.send(request)
    };
    let send = |form: Form, session: &str| to("/welcome/knowledge/files", form, session);
    let none = send(Form::new().text("other", "x"), &ines.session).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().contains("Choose a file first"));
    let empty = send(Form::new().file("file", "empty.txt", ""), &ines.session).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("empty.txt: The file is empty"));
    let both = Form::new()
        .file("file", "prices.txt", "A full service costs 89 euros.")
        .file("file", "broken.pdf", "%PDF-1.7 and then nothing");
    assert_eq!(
        leads_to(&send(both, &ines.session).await),
        "/welcome/knowledge"
    );
    let page = wait_for(&mut ines, "/welcome/knowledge", ">Failed<").await;
    assert!(page.text().contains("broken.pdf"));
    wait_for(&mut ines, "/welcome/knowledge", "1 of 5 done").await;
    // The page Documents takes them as well.
    let page = "/documents/files";
    let empty = Form::new().file("file", "empty.txt", "");
    let empty = to(page, empty, &ines.session).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("empty.txt: The file is empty"));
    let hours = Form::new().file("file", "hours.txt", "We open at nine.");
    assert_eq!(
        leads_to(&to(page, hours, &ines.session).await),
        "/documents"
    );
    assert!(ines.get("/documents").await.text().contains("hours.txt"));
    let wrong_step = Form::new().file("file", "a.txt", "x");
    let mut request = wrong_step.request("", "/welcome/try/files");
    let cookie = format!("{SESSION_COOKIE}={}", ines.session);
    let headers = request.headers_mut();
    headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    assert_eq!(app.send(request).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_website_is_read_or_it_is_said_why_not() {
    let site = Site::start().await;
    site.page("/", html("Home", "A full service costs 89 euros.", &[]));
    let app = site.app().await;
    let (mut ines, _) = set_up(&app).await;
    for wrong in ["", "ftp%3A%2F%2Fx", "not+a+site"] {
        let form = format!("url={wrong}");
        let refused = ines.post("/welcome/knowledge/save", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text().contains("role=\"alert\""), "{wrong}");
    }
    let form = format!("url=http%3A%2F%2F127.0.0.1%3A{}%2F", site.port);
    let added = ines.post("/welcome/knowledge/save", &form).await;
    assert_eq!(leads_to(&added), "/welcome/knowledge");
    wait_for(&mut ines, "/welcome/knowledge", "1 of 5 done").await;
    wait_for(&mut ines, "/welcome/knowledge", "Up to date").await;
    // Its address is what the owner most likely puts the line on.
    let page = ines.get("/welcome/website").await;
    let suggested = format!("value=\"{}\"", site.url(""));
    assert!(page.text().contains(&suggested), "{}", page.text());
}

#[tokio::test]
async fn a_website_that_does_not_answer_is_told() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let app = TestApp::with(|config| config.egress_allow = format!("127.0.0.1:{port}")).await;
    let (mut ines, _) = set_up(&app).await;
    let form = format!("url=http%3A%2F%2F127.0.0.1%3A{port}%2F");
    let added = ines.post("/welcome/knowledge/save", &form).await;
    assert_eq!(leads_to(&added), "/welcome/knowledge");
    let page = wait_for(&mut ines, "/welcome/knowledge", "Not reached").await;
    assert_eq!(count(&page), "0");
    let skipped = ines.post("/welcome/knowledge/skip", "").await;
    assert_eq!(leads_to(&skipped), "/welcome/try");
}

#[tokio::test]
async fn a_website_is_an_origin_and_others_stay_refused() {
    let app = tests_app().await;
    let (mut ines, _) = set_up(&app).await;
    for wrong in ["https%3A%2F%2F*.marlow.example", "nowhere"] {
        let form = format!("sites={wrong}&open=1");
        let refused = ines.post("/welcome/website/save", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text().contains("is not the address of a website"));
    }
    assert_eq!(app.get("/api/v1/widget").await.json()["enabled"], false);
    let form = "sites=marlow.example%2C+www.marlow.example&open=1";
    ines.post("/welcome/website/save", form).await;
    let widget = app.get("/api/v1/widget").await.json();
    let named = json!(["https://marlow.example", SITE]);
    assert_eq!(
        (&widget["origins"], &widget["enabled"]),
        (&named, &json!(true))
    );
    let site = widget["site"].as_str().unwrap();
    let other = begin_visit(&app, site, "https://evil.example").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&ines.get("/welcome/website").await), "0");
    // Without the tick the desk is closed again.
    ines.post("/welcome/website/save", "sites=").await;
    assert_eq!(app.get("/api/v1/widget").await.json()["enabled"], false);
}

#[tokio::test]
async fn the_public_address_is_written_wherever_an_address_is() {
    let app = TestApp::with(|config| {
        config.public_url = PublicUrl(Some("https://chat.marlow.example".to_owned()));
    })
    .await;
    let link = app.post("/api/v1/setup-link", json!({})).await.json();
    let link = link["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://chat.marlow.example/setup?token="),
        "{link}"
    );
    let (mut ines, _) = set_up(&app).await;
    for (page, written) in [
        ("/welcome/website", "https://chat.marlow.example/widget.js"),
        ("/widget", "https://chat.marlow.example/widget.js"),
        ("/status", "https://chat.marlow.example/v1"),
        ("/keys", "https://chat.marlow.example/v1"),
    ] {
        let text = ines.get(page).await;
        assert!(text.text().contains(written), "{page}: {}", text.text());
        assert!(!text.text().contains("has no encryption"), "{page}");
    }
}
