//! Folded content of a web page is read with its question; permanently hidden content is not read.

use super::BlockKind::{Heading, Paragraph};
use super::formats_tests::read;
use super::{BlockKind, Extracted};

fn page(body: &str) -> Extracted {
    let page = format!(
        "<html><body><main><h1>Questions</h1><p>We are glad to help.</p>{body}</main></body></html>"
    );
    read(page.as_bytes(), "questions.html")
}

fn blocks(doc: &Extracted) -> Vec<(BlockKind, &str)> {
    let blocks = doc.blocks.iter().skip(2);
    blocks.map(|b| (b.kind, b.text.as_str())).collect()
}

#[test]
fn folded_answers_are_read_below_their_questions() {
    for accordion in [
        // Linked by id, as in Bootstrap.
        r##"<div class="card"><h2 class="accordion-header"><button class="accordion-button collapsed" data-bs-toggle="collapse"
            data-bs-target="#a1" aria-expanded="false">Do you sell ropes?</button></h2>
            <div id="a1" class="accordion-collapse collapse" style="display: none"><p>Yes, of 60 m.</p></div></div>"##,
        r##"<div class="panel"><div class="panel-title"><a data-toggle="collapse" href="#a1">Do you sell ropes?</a></div>
            <div id="a1" aria-hidden="true"><p>Yes, of 60 m.</p></div></div>"##,
        // Linked by ARIA attributes alone.
        r#"<div><div role="button" aria-controls="a1" aria-expanded="false">Do you sell ropes?</div><div id="a1" hidden><p>Yes, of 60 m.</p></div></div>"#,
        r#"<h3 role="tab" aria-controls="a1">Do you sell ropes?</h3><div id="a1" role="tabpanel" style="display:none"><p>Yes, of 60 m.</p></div>"#,
        r#"<h3 onclick="show('a1')">Do you sell ropes?</h3><div id="a1" style="display:none"><p>Yes, of 60 m.</p></div>"#,
        // Recognised by class names, by order, by the question mark.
        r#"<h3 class="faq-question">Do you sell ropes?</h3><div class="faq-answer" style="visibility:hidden"><p>Yes, of 60 m.</p></div>"#,
        r#"<h3><button aria-expanded="false">Do you sell ropes?</button></h3><div hidden><p>Yes, of 60 m.</p></div>"#,
        r#"<h3>Do you sell ropes?</h3><div style="display:none"><p>Yes, of 60 m.</p></div>"#,
        r#"<h3>Do you sell ropes?</h3><div hidden="until-found"><p>Yes, of 60 m.</p></div>"#,
        r##"<h2 id="h"><button data-accordion-target="#a1" aria-expanded="false"><span>Do you sell ropes?</span><svg></svg></button></h2>
            <div id="a1" class="hidden" aria-labelledby="h"><p>Yes, of 60 m.</p></div>"##,
        r#"<div class="elementor-tab-title" role="button" aria-controls="a1"><span aria-hidden="true">+</span><a>Do you sell ropes?</a></div>
            <div id="a1" class="elementor-tab-content" style="display: none;"><p>Yes, of 60 m.</p></div>"#,
        r#"<h4><button aria-controls="a1" aria-expanded="false"><span>Do you sell ropes?</span></button></h4>
            <div class="accordion-item__dropdown" id="a1" role="region" style="display:none"><p>Yes, of 60 m.</p></div>"#,
        "<details><summary>Do you sell ropes?</summary><p>Yes, of 60 m.</p></details>",
    ] {
        let doc = page(accordion);
        let found = blocks(&doc);
        assert!(
            matches!(
                found.as_slice(),
                [
                    (Heading(_), "Do you sell ropes?"),
                    (Paragraph, "Yes, of 60 m.")
                ]
            ),
            "{accordion}\n{found:?}"
        );
    }
    let doc =
        page("<dl><dt>Do you sell ropes?</dt><dd style='display:none'>Yes, of 60 m.</dd></dl>");
    assert_eq!(blocks(&doc)[0].1, "Do you sell ropes?: Yes, of 60 m.");
}

#[test]
fn panels_behind_tabs_have_the_names_of_their_tabs() {
    for tabs in [
        r##"<ul class="nav nav-tabs" role="tablist"><li><a role="tab" data-toggle="tab" href="#week">On weekdays</a></li>
            <li><a role="tab" data-toggle="tab" href="#end">At weekends</a></li></ul>
            <div class="tab-content"><div id="week" class="tab-pane active">Entry is 9 euros.</div>
            <div id="end" class="tab-pane" style="display:none">Entry is 12 euros.</div></div>"##,
        r#"<div><button onclick="show(event, 'week')">On weekdays</button><button onclick="show(event, 'end')">At weekends</button></div>
            <div id="week" style="display:block">Entry is 9 euros.</div><div id="end" style="display:none">Entry is 12 euros.</div>"#,
    ] {
        let doc = page(tabs);
        assert_eq!(
            blocks(&doc),
            [
                (Heading(4), "On weekdays"),
                (Paragraph, "Entry is 9 euros."),
                (Heading(4), "At weekends"),
                (Paragraph, "Entry is 12 euros."),
            ],
            "{tabs}"
        );
    }
    let doc = page(
        r#"<p>Open daily<span id="dots">…</span><span id="more" style="display:none">, also on holidays.</span></p>"#,
    );
    assert_eq!(
        blocks(&doc),
        [(Paragraph, "Open daily…, also on holidays.")]
    );
}

#[test]
fn what_is_hidden_for_good_is_not_read() {
    let accordion = r##"<div class="panel-group" id="acc"><div class="panel"><a data-toggle="collapse" href="#a1">Do you sell ropes?</a>
        <div id="a1" class="collapse" style="display:none" aria-expanded="false">Yes.</div></div></div>"##;
    for hidden in [
        "<div hidden>SECRET 9999</div>",
        r#"<div style="display:none">SECRET 9999</div>"#,
        r#"<div class="panel" hidden>SECRET 9999</div>"#,
        r#"<div class="faq-item template" style="display:none">SECRET 9999</div>"#,
        r#"<div id="row-template" class="answer" hidden>SECRET 9999</div>"#,
        r##"<button data-toggle="modal" data-target="#m">Log in</button><div id="m" class="fade" style="display:none">SECRET 9999</div>"##,
        r#"<button aria-haspopup="dialog" aria-controls="m">Terms</button><div id="m" hidden>SECRET 9999</div>"#,
        r#"<div id="m" role="dialog" aria-labelledby="acc" hidden>SECRET 9999</div>"#,
        r#"<button aria-controls="side-menu" aria-expanded="false">9999 pages</button><ul id="side-menu" hidden><li>SECRET 9999</li></ul>"#,
        r#"<button type="submit">Send</button><div hidden>SECRET 9999</div>"#,
        "<details><summary>Why?</summary>Because.</details><div hidden>SECRET 9999</div>",
        r#"<div class="row d-none">SECRET 9999</div>"#,
        r#"<tr-row class="hidden">SECRET 9999</tr-row>"#,
        "<template><p>SECRET 9999</p></template>",
        r#"<script type="text/x-template"><p>SECRET 9999</p></script>"#,
        r#"<noscript><img src="/p.gif" alt="">SECRET 9999</noscript>"#,
        "<p>{{question}}</p><div><b>{{ answer }}</b></div>",
        "<table><tr><td>{{question}}</td><td>{{answer}}</td></tr></table>",
    ] {
        let doc = page(&format!("{accordion}{hidden}<p>Call us.</p>"));
        let texts: Vec<&str> = blocks(&doc).iter().map(|b| b.1).collect();
        let all = texts.join("\n");
        assert!(all.contains("Do you sell ropes?\nYes."), "{hidden}\n{all}");
        assert!(
            !all.contains("9999") && !all.contains("{{"),
            "{hidden}\n{all}"
        );
        assert!(all.ends_with("Call us."), "{hidden}\n{all}");
    }
}

#[test]
fn what_is_hidden_on_small_screens_only_is_read() {
    let doc = page(
        r#"<p class="d-none d-md-block">Free parking.</p><p class="hidden md:block">Free Wi-Fi.</p>"#,
    );
    assert_eq!(
        blocks(&doc),
        [(Paragraph, "Free parking."), (Paragraph, "Free Wi-Fi.")]
    );
}

#[test]
fn a_link_in_a_sentence_is_no_heading_and_a_button_without_a_panel_is_not_read() {
    let doc = page(
        r##"<p>See <a data-toggle="collapse" href="#a1">all prices</a> here.</p><div id="a1" style="display:none">Entry is 9 euros.</div><button>Send it now</button>"##,
    );
    assert_eq!(
        blocks(&doc),
        [
            (Paragraph, "See all prices here."),
            (Paragraph, "Entry is 9 euros.")
        ]
    );
}
