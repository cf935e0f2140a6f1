//! Every page of the console, with some content: axe-core's rules of WCAG 2.2 AA in light and dark, one heading of the first
//! rank, a title of its own, and nothing wider than the window. `benches/pages.py` looks closer, and at more widths.

use std::collections::HashMap;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::axe::{PACKAGE, axe};
use crate::desk::Desk;
use crate::driver::Driver;
use crate::voice::{run, until};
use crate::widget::finished;
use crate::{LOADING, set_up};

/// `{…}` is an id that `fixtures/content.js` gives.
const PAGES: [&str; 73] = [
    "/inbox",
    "/inbox/{conversation}",
    "/desk",
    "/routing",
    "/documents",
    "/documents/new",
    "/documents/{document}",
    "/documents/{document}/edit",
    "/faq",
    "/faq/{faq}",
    "/facts",
    "/sources",
    "/synonyms",
    "/tags",
    "/assistants",
    "/assistants/frontdesk",
    "/assistants/frontdesk?tab=topics",
    "/assistants/frontdesk?tab=versions",
    "/assistants/frontdesk?tab=try",
    "/egress",
    "/chat",
    "/calls",
    "/voice",
    "/contacts",
    "/contacts/{contact}",
    "/tasks",
    "/scores",
    "/scores/settings",
    "/receipts",
    "/receipts/{receipt}",
    "/gaps",
    "/golden",
    "/quality",
    "/transcribe",
    "/keys",
    "/crm",
    "/workflows",
    "/workflows/table",
    "/workflows/table/runs",
    "/tools",
    "/tools/new?kind=calendar",
    "/tools/waiting",
    "/webhooks",
    "/providers",
    "/subprocessors",
    "/webhooks/{webhook}",
    "/account",
    "/account/second-factor",
    "/accounts",
    "/audit",
    "/overview",
    "/sign-on",
    "/backups",
    "/mail",
    "/privacy",
    "/privacy?q=amelia%40stone.example",
    "/workspaces",
    "/analytics",
    "/usage",
    "/plans",
    "/billing",
    "/status",
    "/widget",
    "/widget/examples",
    "/widget/privacy-notice",
    "/talk",
    "/welcome",
    "/welcome/business",
    "/welcome/knowledge",
    "/welcome/try",
    "/welcome/website",
    "/welcome/machine",
    "/nothing-here",
];

/// The faults of a page in one colour scheme, in words. In the dark only colours can differ.
const LOOK: &str = "
    const done = arguments[arguments.length - 1], dark = arguments[0];
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    const rules = dark ? { type: 'rule', values: ['color-contrast'] }
        : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
    const found = [];
    if (!dark) {
        const heads = document.querySelectorAll('h1').length;
        if (heads !== 1) found.push(`${heads} h1`);
        if (!document.documentElement.lang) found.push('no language');
        const over = document.documentElement.scrollWidth - innerWidth;
        if (over > 0) found.push(`${over} px wider than the window`);
    }
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] })
        .then(({ violations }) => done([...found, ...violations.map(({ id, nodes: [{ target, failureSummary }] }) =>
            `${id} at ${target.join(' ')}: ${failureSummary}`)]), error => done([String(error)]));";

#[tokio::test]
async fn browser_console_is_accessible_on_every_page() {
    let Some(axe) = axe() else {
        println!("skipped: this test needs npm and its registry, for {PACKAGE}");
        return;
    };
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let desk = Desk::start().await;
    // A colour on its way to another one has neither's contrast.
    let browser = driver
        .browser_with(&["--force-prefers-reduced-motion"])
        .await;
    finished(browser.clone(), "pages-failure", async move {
        look_at_all(&browser, &desk, &axe).await
    })
    .await;
}

async fn look_at_all(browser: &Client, desk: &Desk, axe: &str) -> Result<(), CmdError> {
    set_up(browser, desk).await?;
    let ids = browser
        .execute_async(include_str!("fixtures/content.js"), vec![])
        .await?;
    assert!(ids.is_object(), "{ids}");
    let mut titles: HashMap<String, &str> = HashMap::new();
    let mut faults = Vec::new();
    for page in PAGES {
        browser
            .goto(&format!("{}{}", desk.address, path_of(page, &ids)))
            .await?;
        browser.execute(axe, vec![]).await?;
        for dark in [false, true] {
            let found = browser.execute_async(LOOK, vec![json!(dark)]).await?;
            let found = found.as_array().cloned().unwrap_or_default();
            let colours = if dark { "dark" } else { "light" };
            faults.extend(found.iter().map(|one| format!("{page}, {colours}: {one}")));
        }
        // A number of waiting visitors may stand before it.
        let title = browser.title().await?;
        if let Some(other) = titles.insert(title.clone(), page)
            && other.split('?').next() != page.split('?').next()
        {
            faults.push(format!("{page}: the title {title:?} is that of {other}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    ask_before_deleting(browser, desk).await
}

/// Deleting asks, with the harmless button in focus; it is done only after a yes.
async fn ask_before_deleting(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    let rows = "return document.querySelectorAll('main fd-confirm').length";
    let press =
        "document.querySelector('main fd-confirm form[action$=\"/delete\"] button').click()";
    let choose = |at: usize| {
        format!("document.querySelectorAll('dialog[open] .dialog__foot button')[{at}].click()")
    };
    let asked =
        "return Boolean(document.querySelector('dialog[open] h2')?.textContent.endsWith('?'))";
    browser.goto(&format!("{}/faq", desk.address)).await?;
    let before = run(browser, rows).await?;
    run(browser, press).await?;
    until(browser, "the question", asked, LOADING).await?;
    let focused = run(browser, "return document.activeElement.textContent").await?;
    assert_eq!(focused, json!("Leave it"));
    run(browser, &choose(0)).await?;
    assert_eq!(run(browser, rows).await?, before);
    run(browser, press).await?;
    until(browser, "the question again", asked, LOADING).await?;
    run(browser, &choose(1)).await?;
    let gone = format!("{rows} < {before}");
    until(browser, "the answer to be gone", &gone, LOADING).await
}

/// The path with the ids of what was made.
fn path_of(page: &str, ids: &Value) -> String {
    let Some((before, rest)) = page.split_once('{') else {
        return page.to_owned();
    };
    let (name, after) = rest.split_once('}').unwrap();
    let id = ids[name].as_str();
    let id = id.unwrap_or_else(|| panic!("no id of a {name}: {ids}"));
    format!("{before}{id}{after}")
}
