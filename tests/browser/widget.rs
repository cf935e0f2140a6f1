//! The widget on other people's pages: swapped without a reload, the line where owners put it, text from the right.

use std::sync::Arc;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::driver::Driver;
use crate::site::Site;
use crate::voice::{run, until};
use crate::{ANSWERING, LOADING, open_to_visitors, set_up, shoot};

pub const QUESTION: &str = "How much is a beginner course?";
pub const ANSWER: &str = "A beginner course costs 149 euros.";
const ARABIC_QUESTION: &str = "كم تكلفة دورة المبتدئين؟";
/// With a telephone number, whose groups keep their order.
const ARABIC_ANSWER: &str = "تكلفة دورة المبتدئين 149 يورو، والهاتف +49 30 123 456.";
const TELEPHONE: &str = "+49 30 123 456";

/// Storage as a browser blocks it.
const BLOCKED: &str = "<script>for (const name of ['sessionStorage', 'localStorage']) \
    Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError') } })</script>";
const COUNT: &str = "document.querySelectorAll('frontdesk-widget').length";
/// Long enough for a second widget to show itself.
const SETTLING: Duration = Duration::from_millis(1200);

/// The key in the console's line.
fn key(line: &str) -> &str {
    let (_, rest) = line.split_once("data-site=\"").unwrap();
    rest.split_once('"').unwrap().0
}

/// The line as README.md writes it, with this key.
fn readme_line(desk: &Desk, key: &str) -> String {
    let line = include_str!("../../README.md")
        .lines()
        .find(|line| line.starts_with("<script src="));
    line.expect("README.md has no line for the widget")
        .replace("https://desk.example.com", &desk.address)
        .replace("fd_site_…", key)
}

pub fn page(attributes: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html {attributes}><head><meta charset=\"utf-8\"><title>Shop</title>{head}</head>\
         <body><h1>Shop</h1>{body}</body></html>"
    )
}

/// A desk that is open and knows two approved answers.
pub struct Prepared {
    pub browser: Client,
    pub desk: Arc<Desk>,
    /// The line as the console's page "Widget" shows it.
    pub line: String,
}

/// None without Chromium.
#[expect(clippy::print_stdout, reason = "it says why nothing is tested")]
pub async fn prepared() -> Option<(Driver, Prepared)> {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return None;
    };
    let desk = Arc::new(Desk::start().await);
    let browser = driver.browser().await;
    set_up(&browser, &desk).await.unwrap();
    for (question, answer) in [(QUESTION, ANSWER), (ARABIC_QUESTION, ARABIC_ANSWER)] {
        let approve = "const done = arguments[2]; fetch('/api/v1/faqs', { method: 'POST', \
            headers: { 'content-type': 'application/json' }, \
            body: JSON.stringify({ questions: [arguments[0]], answer: arguments[1], state: 'approved' }) }) \
            .then(r => done(r.status), e => done(String(e)))";
        let pair = vec![json!(question), json!(answer)];
        let status = browser.execute_async(approve, pair).await.unwrap();
        assert_eq!(status, json!(201));
    }
    let line = open_to_visitors(&browser, &desk).await.unwrap();
    let prepared = Prepared {
        browser,
        desk,
        line,
    };
    Some((driver, prepared))
}

/// Closes the browser, even after a failed assertion, and leaves a picture of the failure.
pub async fn finished(
    browser: Client,
    name: &str,
    test: impl Future<Output = Result<(), CmdError>> + Send + 'static,
) {
    let outcome = tokio::spawn(test).await;
    if !matches!(outcome, Ok(Ok(()))) {
        shoot(&browser, name).await.ok();
    }
    browser.close().await.ok();
    outcome.unwrap().unwrap();
}

/// Goes to a page and waits for the widget.
pub async fn visit(browser: &Client, site: &Site, path: &str) -> Result<(), CmdError> {
    browser.goto(&format!("{}{path}", site.address)).await?;
    let there = format!("return {COUNT} > 0");
    until(browser, &format!("the widget on {path}"), &there, LOADING).await
}

/// Forgets the visit, as a browser that was never here.
pub async fn start_anew(browser: &Client) -> Result<(), CmdError> {
    run(browser, "localStorage.clear(); sessionStorage.clear()").await?;
    browser.refresh().await?;
    let there = format!("return {COUNT} > 0");
    until(browser, "the widget anew", &there, LOADING).await
}

async fn count(browser: &Client) -> Result<Value, CmdError> {
    tokio::time::sleep(SETTLING).await;
    run(browser, &format!("return {COUNT}")).await
}

/// Writes to the widget and waits for the answer.
pub async fn write(browser: &Client, text: &str) -> Result<String, CmdError> {
    run(browser, "widget.open()").await?;
    let greeted = "return Boolean(in_shadow('.log .said'))";
    until(browser, "the greeting", greeted, LOADING).await?;
    let send = format!(
        "const box = in_shadow('textarea'); box.value = {}; \
         box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, cancelable: true }}))",
        json!(text)
    );
    run(browser, &send).await?;
    let answered = format!(
        "const said = [...widget.shadowRoot.querySelectorAll('.said')].slice(-2); \
         return said[0].classList.contains('me') && said[0].textContent === {} && !said[1].classList.contains('live')",
        json!(text)
    );
    until(browser, "the answer", &answered, ANSWERING).await?;
    let answer = "return [...widget.shadowRoot.querySelectorAll('.said')].at(-1).textContent";
    let answer = run(browser, answer).await?;
    Ok(answer.as_str().unwrap().to_owned())
}

/// Waits until the opened widget shows the question, and sees that it does so once.
pub async fn shows_the_question_once(browser: &Client, when: &str) -> Result<(), CmdError> {
    run(browser, "widget.open()").await?;
    let times = format!(
        "[...widget.shadowRoot.querySelectorAll('.said.me')].filter(said => said.textContent === {}).length",
        json!(QUESTION)
    );
    let what = format!("the conversation {when}");
    until(browser, &what, &format!("return {times} === 1"), LOADING).await
}

#[tokio::test]
async fn browser_widget_stays_where_pages_are_swapped() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = swapped(prepared);
    finished(browser, "widget-swap-failure", test).await;
}

async fn swapped(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, line) = (&prepared.browser, &prepared.line);
    let site = Site::start(vec![
        ("/head", page("lang=\"en\"", line, ""), String::new()),
        ("/body", page("lang=\"en\"", "", line), String::new()),
    ])
    .await;
    // A router that puts a new body in, with its scripts run again, and keeps a copy of the old one for the way back.
    let swap = "window.old = document.body.cloneNode(true); const next = document.createElement('body'); \
        next.innerHTML = '<h1>Page two</h1>' + arguments[0]; document.body.replaceWith(next); \
        history.pushState({}, '', '/two'); \
        for (const script of next.querySelectorAll('script')) { const again = document.createElement('script'); \
          for (const { name, value } of script.attributes) again.setAttribute(name, value); script.replaceWith(again) }";
    for (path, in_body) in [("/head", ""), ("/body", line.as_str())] {
        visit(browser, &site, path).await?;
        start_anew(browser).await?;
        run(browser, "window.first = widget").await?;
        assert_eq!(write(browser, QUESTION).await?, ANSWER);
        run(browser, "in_shadow('textarea').value = 'half a'").await?;
        browser.execute(swap, vec![json!(in_body)]).await?;
        assert_eq!(count(browser).await?, json!(1), "{path}, the next page");
        shows_the_question_once(browser, "on the next page").await?;
        for (way, script) in [
            ("back", "document.body.replaceWith(window.old)"),
            ("emptied", "document.body.innerHTML = '<h1>Three</h1>'"),
            (
                "emptied one by one",
                "while (document.body.firstChild) document.body.firstChild.remove()",
            ),
            (
                "all new",
                "document.documentElement.innerHTML = '<head></head><body>Four</body>'",
            ),
        ] {
            run(browser, script).await?;
            assert_eq!(count(browser).await?, json!(1), "{path}, {way}");
            shows_the_question_once(browser, way).await?;
        }
        let same = "return [window.first === widget, in_shadow('textarea').value]";
        assert_eq!(run(browser, same).await?, json!([true, "half a"]));
        assert_eq!(write(browser, QUESTION).await?, ANSWER);
    }
    // A page that throws it out each time stays usable.
    let fight = "window.thrown = 0; new MutationObserver(() => { \
        for (const one of document.querySelectorAll('frontdesk-widget')) { one.remove(); window.thrown++ } \
        }).observe(document.body, { childList: true }); widget.remove()";
    run(browser, fight).await?;
    tokio::time::sleep(SETTLING).await;
    let thrown = run(browser, "return window.thrown").await?;
    assert!((1..60).contains(&thrown.as_u64().unwrap()), "{thrown}");
    Ok(())
}

#[tokio::test]
async fn browser_widget_takes_the_line_as_it_is_written() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = written(prepared);
    finished(browser, "widget-line-failure", test).await;
}

async fn written(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, desk, long) = (&prepared.browser, &prepared.desk, &prepared.line);
    let key = key(long);
    let short = readme_line(desk, key);
    // As it was before there were keys.
    let old = long.replace(
        &format!("data-site=\"{key}\""),
        "data-workspace=\"default\"",
    );
    let bare = long.replace(&format!(" data-site=\"{key}\""), "");
    let by_hand = "<frontdesk-widget></frontdesk-widget>";
    let html = |head: &str, body: &str| page("lang=\"en\"", head, body);
    let policy = format!(
        "default-src 'none'; script-src {0}; style-src 'self'; connect-src {0}; require-trusted-types-for 'script'",
        desk.address
    );
    let in_shadow = format!(
        "<x-foot></x-foot><script>const foot = document.querySelector('x-foot').attachShadow({{ mode: 'open' }}); \
         const line = document.createElement('script'); line.src = '{}/widget.js'; \
         line.dataset.site = '{key}'; foot.append(line)</script>",
        desk.address
    );
    let pages = [
        ("/readme-head", html(&short, "")),
        ("/readme-body", html("", &short)),
        ("/old", html(&old, "")),
        ("/bare", html("", &bare)),
        ("/waiting", html(&long.replace(" async", ""), "")),
        ("/defer", html(&long.replace(" async", " defer"), "")),
        (
            "/module",
            html(&long.replace(" async", " type=\"module\""), ""),
        ),
        ("/element", html("", &format!("<x-foot>{long}</x-foot>"))),
        ("/shadow", html("", &in_shadow)),
        (
            "/base",
            html(&format!("<base href=\"http://127.0.0.1:9/\">{long}"), ""),
        ),
        ("/twice", html(&format!("{long}{bare}"), long)),
        ("/by-hand", html(long, by_hand)),
        ("/copy", html(long, "<frontdesk-widget data-embedded>")),
        ("/blocked", html(&format!("{BLOCKED}{long}"), "")),
        ("/policy", page("lang=\"de\"", long, "")),
        (
            "/none",
            html(&short.replace(" async", " data-embed=\"no\" async"), ""),
        ),
    ];
    let paths: Vec<&str> = pages.iter().map(|(path, _)| *path).collect();
    let pages = pages.into_iter().map(|(path, page)| {
        let policy = if path == "/policy" {
            policy.as_str()
        } else {
            ""
        };
        (path, page, policy.to_owned())
    });
    let site = Site::start(pages.collect()).await;
    for path in paths.into_iter().filter(|path| *path != "/none") {
        visit(browser, &site, path).await?;
        assert_eq!(count(browser).await?, json!(1), "{path}");
    }
    browser.goto(&format!("{}/none", site.address)).await?;
    assert_eq!(count(browser).await?, json!(0), "/none");

    visit(browser, &site, "/policy").await?;
    let look =
        "const look = getComputedStyle(in_shadow('.launch')); return [look.position, look.width]";
    assert_eq!(run(browser, look).await?, json!(["fixed", "60px"]));
    // Words and parts are fetched under the same policy, and nothing is left in the page but one name.
    let german = "return in_shadow('textarea')?.placeholder === 'Nachricht schreiben'";
    until(browser, "words in German", german, LOADING).await?;
    run(
        browser,
        "widget.open(); in_shadow('header button:nth-of-type(2)').click()",
    )
    .await?;
    let menu = "return Boolean(in_shadow('.menu button'))";
    until(browser, "the menu, which is fetched", menu, LOADING).await?;
    let names = "return Object.keys(window).filter(name => /front|desk/i.test(name)).join()";
    assert_eq!(run(browser, names).await?, json!("Frontdesk"));
    let styles = "return [document.styleSheets.length, document.adoptedStyleSheets.length, \
                  document.querySelector('h1').className + document.body.className]";
    assert_eq!(run(browser, styles).await?, json!([0, 0, ""]));

    visit(browser, &site, "/shadow").await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    browser.refresh().await?;
    let there = format!("return {COUNT} > 0");
    until(browser, "the widget again", &there, LOADING).await?;
    shows_the_question_once(browser, "after a reload").await?;
    visit(browser, &site, "/readme-head").await?;
    shows_the_question_once(browser, "with the other line").await?;

    visit(browser, &site, "/blocked").await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    // A framework that makes its elements again.
    let again = "const next = document.createElement('frontdesk-widget'); \
                 next.setAttribute('site', widget.getAttribute('site')); widget.replaceWith(next)";
    run(browser, again).await?;
    shows_the_question_once(browser, "in memory").await
}

#[tokio::test]
async fn browser_widget_runs_from_the_right() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = from_the_right(prepared);
    finished(browser, "widget-right-failure", test).await;
}

async fn from_the_right(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, line) = (&prepared.browser, &prepared.line);
    let site = Site::start(vec![
        ("/en", page("lang=\"en\"", line, ""), String::new()),
        (
            "/ar",
            page("lang=\"ar\" dir=\"rtl\"", line, ""),
            String::new(),
        ),
    ])
    .await;
    let way = "const way = css => getComputedStyle([...widget.shadowRoot.querySelectorAll(css)].at(-1)).direction; \
               const left = css => { const { left, right } = in_shadow(css).getBoundingClientRect(); \
                 return left < innerWidth - right };";
    let mirrored = format!(
        "{way} return [way('.panel'), left('.panel'), left('.launch'), \
         in_shadow('header button').offsetLeft < in_shadow('h2').offsetLeft]"
    );
    let mirrored_now = mirrored.replace("return [", "return JSON.stringify([") + ")";
    visit(browser, &site, "/en").await?;
    assert_eq!(write(browser, ARABIC_QUESTION).await?, ARABIC_ANSWER);
    run(browser, "in_shadow('textarea').value = 'مرحبا'").await?;
    let ways = format!(
        "{way} return [way('.said.me p'), way('.said:not(.me) p'), way('textarea'), way('bdi[dir=ltr]'), \
         getComputedStyle(in_shadow('.said p')).unicodeBidi, \
         [...widget.shadowRoot.querySelectorAll('bdi[dir=ltr]')].at(-1).textContent]"
    );
    let expected = json!(["rtl", "rtl", "rtl", "ltr", "plaintext", TELEPHONE]);
    assert_eq!(run(browser, &ways).await?, expected);
    let plain = json!(["ltr", false, false, false]);
    assert_eq!(run(browser, &mirrored).await?, plain, "on an English page");

    visit(browser, &site, "/ar").await?;
    start_anew(browser).await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    let arabic = "return [in_shadow('textarea').placeholder, in_shadow('.panel').lang]";
    assert_eq!(run(browser, arabic).await?, json!(["اكتب رسالة", "ar"]));
    let ways = format!("{way} return [way('.said.me p'), way('.said:not(.me) p')]");
    assert_eq!(run(browser, &ways).await?, json!(["ltr", "ltr"]));
    shoot(browser, "widget-right").await?;
    let right = json!(["rtl", true, true, true]);
    assert_eq!(run(browser, &mirrored).await?, right, "on an Arabic page");
    let bubbles = "const edge = css => [...widget.shadowRoot.querySelectorAll(css)].at(-1).getBoundingClientRect(); \
                   return edge('.said.me').left < edge('.said:not(.me)').left";
    assert_eq!(run(browser, bubbles).await?, json!(true));

    // The direction is that of the widget's own words, whatever the page's is.
    for (change, expected) in [
        ("document.documentElement.dir = 'ltr'", &right),
        ("document.documentElement.lang = 'en'", &plain),
        ("document.body.dir = 'rtl'", &plain),
        ("document.documentElement.lang = 'he'", &right),
    ] {
        run(browser, change).await?;
        let same = format!("{mirrored_now} === {:?}", expected.to_string());
        until(browser, change, &same, LOADING).await?;
    }
    let kept = "return in_shadow('.said.me').textContent";
    assert_eq!(run(browser, kept).await?, json!(QUESTION));
    Ok(())
}
